"""Simulated power equals that of the non-central t where it is known, and alpha under the null."""

from functools import partial

import numpy as np
import pytest
import scipy.stats

from mmme_neuro.models.contrasts import contrast
from mmme_neuro.models.planning import StatedModel, crossed_events
from mmme_neuro.models.simulated_power import power, power_table, sample_size

WITHIN = {"expression": ("macro", "micro")}
TERM = "expression[T.micro]"
MODEL = StatedModel(
    "y ~ expression + (1 | participant)",
    {TERM: 0.8},
    {"participant": {"Intercept": 1.0}},
    sigma=1.5,
)


def paired_power(n, effect, m=4, sigma=1.5):
    """Balanced cells: non-central t on n * 2 m - n - 1 degrees of freedom."""
    dof = 2 * m * n - n - 1
    shift = effect / np.sqrt(2 * sigma**2 / (m * n))
    limit = scipy.stats.t.isf(0.025, dof)
    return scipy.stats.nct.sf(limit, dof, shift) + scipy.stats.nct.cdf(-limit, dof, shift)


def events_of(n, rng):
    return crossed_events(n, 8, WITHIN, 4, rng=rng)


@pytest.mark.parametrize("effect", [0.0, 0.8])
def test_equals_the_closed_form(effect):
    model = MODEL.with_coefficients(**{TERM: effect})
    found = power(model, events_of(12, 1), TERM, 300, rng=2)
    expected = paired_power(12, effect)
    error = np.sqrt(expected * (1 - expected) / 300)
    assert abs(found["power"] - expected) < 3.3 * error
    assert found["ci_low"] < found["power"] < found["ci_high"]
    assert found["n_failed"] == 0
    assert found["n_significant"] == 300 * found["power"]


def test_interval_is_clopper_and_pearson():
    found = power(MODEL, events_of(6, 1), TERM, 60, rng=2)
    k = found["n_significant"]
    assert found["ci_low"] == pytest.approx(scipy.stats.beta.ppf(0.025, k, 61 - k))
    assert found["ci_high"] == pytest.approx(scipy.stats.beta.ppf(0.975, k + 1, 60 - k))


def test_contrast_as_the_test_and_events_made_anew():
    p_value = lambda fit: contrast(fit, "expression")["p_value"].iloc[0]  # noqa: E731
    shared = power(MODEL, events_of(10, 1), p_value, 100, rng=5)
    assert shared.equals(power(MODEL, events_of(10, 1), TERM, 100, rng=5))
    anew = power(MODEL, lambda rng: events_of(10, rng), TERM, 100, rng=5)
    assert abs(anew["power"] - paired_power(10, 0.8)) < 0.17


def test_analysis_without_the_slope_is_anticonservative():
    model = StatedModel(
        "y ~ expression + (1 + expression | participant)",
        {},
        {"participant": {"Intercept": 1.0, TERM: 1.5}},
        sigma=1.0,
    )
    events = crossed_events(14, 8, WITHIN, 8, rng=1)
    right = power(model, events, TERM, 120, rng=3)
    wrong = power(model, events, TERM, 120, rng=3, analysis="y ~ expression + (1 | participant)")
    assert right["power"] < 0.12
    assert wrong["power"] > 0.25


def test_sample_size_is_that_of_the_closed_form():
    sizes = list(range(4, 40, 4))
    found = sample_size(MODEL, events_of, TERM, sizes, 120, rng=7)
    expected = next(n for n in sizes if paired_power(n, 0.8) >= 0.8)
    assert abs(found.size - expected) <= 4
    assert len(found.tried) <= 4
    assert found.tried.index.is_monotonic_increasing
    assert str(found.size) in repr(found)
    for n, row in found.tried.iterrows():
        assert abs(row["power"] - paired_power(n, 0.8)) < 0.16


def test_no_candidate_reaches_the_target():
    found = sample_size(MODEL, events_of, TERM, [3, 4], 60, rng=1, target=0.95)
    assert found.size is None
    assert 4 in found.tried.index


def test_table_of_plans_rises_with_participants_and_events():
    plans = [
        {"n_participants": n, "n_stimuli": 8, "events_per_cell": m}
        for n, m in ((5, 2), (5, 8), (20, 8))
    ]
    found = power_table(MODEL, partial(crossed_events, within=WITHIN), plans, TERM, 50, rng=2)
    assert found[["n_participants", "events_per_cell"]].to_numpy().tolist() == [
        [5, 2],
        [5, 8],
        [20, 8],
    ]
    assert found["power"].is_monotonic_increasing
    for _, row in found.iterrows():
        expected = paired_power(int(row["n_participants"]), 0.8, m=int(row["events_per_cell"]))
        assert abs(row["power"] - expected) < 0.24


def test_studies_that_cannot_be_fitted_count_as_failed():
    def rarely_micro(rng):
        counts = {"macro": 4.0, "micro": 0.1}
        return crossed_events(6, 8, WITHIN, counts, rng=rng, is_random=True)

    found = power(MODEL, rarely_micro, TERM, 40, rng=4)
    assert 5 < found["n_failed"] < 35  # exp(-0.6) of the studies have no micro-expression
    assert found["power"] <= 1 - found["n_failed"] / 40
    with pytest.raises(ValueError, match="one level"):
        power(MODEL, lambda rng: events_of(6, rng).assign(expression="macro"), TERM, 3, rng=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"test": "expression[T.tiny]"}, "no term"),
        ({"n_simulations": 0}, "n_simulations"),
        ({"alpha": 5}, "alpha"),
    ],
)
def test_bad_requests_are_refused(arguments, message):
    values = {"test": TERM, "n_simulations": 3, "rng": 1} | arguments
    with pytest.raises(ValueError, match=message):
        power(MODEL, events_of(6, 1), **values)


def test_bad_searches_are_refused():
    with pytest.raises(ValueError, match="candidates"):
        sample_size(MODEL, events_of, TERM, [], 10, rng=1)
    with pytest.raises(ValueError, match="target"):
        sample_size(MODEL, events_of, TERM, [5], 10, rng=1, target=0.01)
    with pytest.raises(ValueError, match="one level 'macro'"):
        power(MODEL, events_of(6, 1).assign(expression="macro"), TERM, 3, rng=1)
