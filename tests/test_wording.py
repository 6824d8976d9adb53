import math

import pytest

from mmme_neuro.wording import (
    estimate_text,
    interval_decimals,
    interval_text,
    number_text,
    p_relation,
    p_text,
    quantity_text,
    response_name,
    unit_text,
)

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (12.3456, "12.3"),
        (123456.7, "123457"),
        (-0.00034567, f"{MINUS}0.000346"),
        (1.234e-7, "1.23×10⁻⁷"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_numbers_have_three_significant_digits(value, text):
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.00099, "< .001"), (0.001, ".001"), (0.0499, ".050"), (0.73, ".73"), (1.0, "1.00"),
     (math.nan, "–")],
)  # fmt: skip
def test_p_values_have_no_leading_zero(value, text):
    assert p_text(value) == text


def test_p_values_with_their_relation():
    assert p_relation(1e-9) == "p < .001"
    assert p_relation(0.05) == "p = .050"


@pytest.mark.parametrize(
    ("low", "high", "decimals"),
    [(-4.09, -1.52, 2), (-11.9, -3.6, 1), (0.112, 0.292, 3), (-500.0, 700.0, 0), (1.0, 1.0, 3)],
)
def test_interval_chooses_the_decimals(low, high, decimals):
    assert interval_decimals(low, high) == decimals


def test_estimate_and_interval_agree():
    assert estimate_text(-7.7344, -11.88, -3.589) == f"{MINUS}7.7"
    assert interval_text(-11.88, -3.589) == f"[{MINUS}11.9, {MINUS}3.6]"
    assert estimate_text(2.0, math.nan, 3.0) == "2.00"
    assert interval_text(math.nan, 3.0) == "–"


def test_names_and_units():
    assert response_name("scr_us") == "Skin conductance response"
    assert response_name("own_measure") == "Own measure"
    assert quantity_text("late_positivity micro - macro") == f"Late positivity, micro {MINUS} macro"
    assert quantity_text("scr micro - macro") == f"SCR, micro {MINUS} macro"
    assert quantity_text("ICC(A,1) of ratings") == "ICC(A,1) of ratings"
    assert unit_text("uV^2") == "µV²"
    assert unit_text("ppm") == "ppm"


def test_rounded_zero_has_no_sign():
    assert estimate_text(-0.0004, -0.033, 0.032) == "0.000"
    assert estimate_text(-0.0006, -0.033, 0.032).startswith(MINUS)
