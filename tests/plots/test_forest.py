import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.plots.forest import (
    contrast_figure,
    forest_figure,
    plot_forest,
    plot_recovery,
    recovery_figure,
)
from mmme_neuro.wording import fixed_text


@pytest.fixture
def estimates():
    return pd.DataFrame(
        {
            "label": ["premotor", "late", "alpha", "rate"],
            "estimate": [-1.2, 0.8, -4.0, np.nan],
            "ci_low": [-1.6, 0.3, -6.2, np.nan],
            "ci_high": [-0.8, 1.3, -1.8, np.nan],
            "unit": ["µV", "µV", "µV²", "bpm"],
        }
    )


@pytest.fixture
def recovery():
    return pd.DataFrame(
        {
            "quantity": ["amplitude", "power"],
            "truth": [2.0, -0.5],
            "estimate": [2.3, -0.2],
            "std_error": [0.2, 0.1],
            "ci_low": [1.9, -0.4],
            "ci_high": [2.7, 0.0],
            "covered": [True, False],
            "unit": ["µV", "dB"],
        }
    )


def test_forest_draws_each_row_and_names_the_missing(estimates):
    ax = plot_forest(estimates, plt.figure().subplots(), xlabel="Amplitude (µV)")
    dots = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dots, [-1.2, 0.8, -4.0])
    assert [text.get_text() for text in ax.texts] == ["no estimate"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    plt.close("all")


def test_units_are_never_mixed_on_an_axis(estimates):
    figure = forest_figure(estimates)
    labels = [ax.get_xlabel() for ax in figure.axes if ax.axison]
    assert labels == ["Estimate (µV)", "Estimate (µV²)", "Estimate (bpm)"]
    plt.close("all")


def test_recovery_is_in_standard_errors(recovery):
    ax = plot_recovery(recovery, plt.figure().subplots())
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    np.testing.assert_allclose([dot.get_xdata()[0] for dot in dots], [1.5, 3.0])
    intervals = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2][1:]
    np.testing.assert_allclose(intervals, [[-0.5, 3.5], [1.0, 5.0]])
    assert dots[0].get_markerfacecolor() != "white"
    assert dots[1].get_markerfacecolor() == "white"
    low, high = ax.get_xlim()
    assert low == -high
    assert high > 5
    plt.close("all")


def test_recovery_figure_writes_the_numbers(recovery):
    figure = recovery_figure(recovery)
    texts = {text.get_text() for ax in figure.axes for text in ax.texts}
    assert {"2.00", "2.30", "[1.90, 2.70]", "\N{MINUS SIGN}0.50"} <= texts
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["Amplitude (µV)", "Power (dB)"]
    assert "1 of 2 intervals" in figure.get_suptitle()
    plt.close("all")


def test_numbers_are_short():
    assert fixed_text(-0.0123, 3) == "\N{MINUS SIGN}0.012"
    assert fixed_text(1234.5, 0) == "1234"
    assert fixed_text(-1.25e-7, 9) == "\N{MINUS SIGN}1.2×10⁻⁷"
    assert fixed_text(np.nan, 2) == "–"


def test_bad_tables_are_refused(estimates, recovery):
    with pytest.raises(ValueError, match="lacks"):
        forest_figure(estimates.drop(columns="unit"))
    with pytest.raises(ValueError, match="no row"):
        plot_forest(estimates[:0], plt.figure().subplots(), xlabel="x")
    with pytest.raises(ValueError, match="power"):
        plot_recovery(recovery.assign(std_error=[0.1, 0.0]), plt.figure().subplots())
    plt.close("all")


def test_contrasts_are_drawn_by_unit_with_their_numbers():
    models = pd.DataFrame(
        {
            "response": ["premotor", "scr_us", "scr_us"],
            "term": ["expression[T.micro]", "expression[T.micro]", "Intercept"],
            "estimate": [-2.8057, 0.202, 0.13],
            "ci_low": [-4.0931, 0.1123, 0.08],
            "ci_high": [-1.5184, 0.2917, 0.18],
            "p_value": [0.0007, 0.2, 0.1],
            "unit": ["uV", "uS", "uS"],
        }
    )
    figure = contrast_figure(models, condition="expression", levels=("macro", "micro"))
    minus = "\N{MINUS SIGN}"
    labels = [ax.get_yticklabels()[0].get_text() for ax in figure.axes]
    assert labels[0] == f"Premotor potential\n{minus}2.81 [{minus}4.09, {minus}1.52], p < .001"
    assert [ax.get_xlabel() for ax in figure.axes] == [
        f"Micro {minus} macro (µV)",
        f"Micro {minus} macro (µS)",
    ]
    with pytest.raises(ValueError, match="Intercept"):
        contrast_figure(models, condition="valence", levels=("negative", "positive"))
    plt.close("all")
