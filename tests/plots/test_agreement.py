import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from mmme_neuro.plots.agreement import (
    WIDEST_MS,
    agreement_figure,
    plot_action_unit_kappas,
    plot_confusion,
    plot_detection,
    plot_time_differences,
)
from mmme_neuro.plots.style import close_figure
from mmme_neuro.reliability import OverlapAbove, agreement_tables

NAMES = ("detection", "confusion", "action_units", "timing", "differences")


@pytest.fixture(scope="module")
def tables():
    """Two coders of 200 events of 10 participants."""
    rng = np.random.default_rng(2)
    onset = np.tile(3.0 * np.arange(1, 21), 10)
    coders = []
    for _ in "ab":
        own = pd.DataFrame(
            {
                "participant": np.repeat([f"sub{n:02d}" for n in range(10)], 20),
                "clip": np.repeat([f"clip{n}" for n in range(10)], 20),
                "onset": onset + rng.normal(0, 0.05, 200),
                "apex": onset + 0.4 + rng.normal(0, 0.05, 200),
                "offset": onset + 1.0 + rng.normal(0, 0.05, 200),
                "expression": rng.choice(["micro", "macro"], 200),
                "action_units": rng.choice(["AU4", "AU4,AU7", "AU12"], 200),
            }
        )
        coders.append(own[rng.random(200) < 0.9])
    criteria, how = [OverlapAbove()], {"condition": "expression", "rng": 1}
    found = agreement_tables(*coders, criteria, n_resamples=100, **how)
    return {name: getattr(found, name) for name in NAMES}


@pytest.fixture
def ax():
    return Figure().subplots()


def test_detection_is_drawn_by_overlap_or_onset(tables, ax):
    rows = tables["detection"]
    (line,) = plot_detection(rows, ax).get_lines()[:1]
    assert line.get_ydata().tolist() == rows["f1"].tolist()[:10]
    other = Figure().subplots()
    plot_detection(rows, other, by="onset")
    assert other.get_lines()[0].get_xdata().tolist() == [50, 100, 200, 300, 500, 1000]


def test_confusion_has_the_first_coder_in_rows(ax):
    table = pd.DataFrame(
        {
            "label_a": ["macro", "macro", "micro", "micro"],
            "label_b": ["macro", "micro", "macro", "micro"],
            "n": [6, 3, 0, 1], "share": [0.6, 0.3, 0.0, 0.1],
        }
    )  # fmt: skip
    plot_confusion(table, ax)
    texts = {text.get_position(): text.get_text() for text in ax.texts}
    assert texts[(1.5, 0.5)] == "3\n(30 %)"  # x is coder B's micro, y coder A's macro
    assert texts[(0.5, 1.5)] == "0\n(0 %)"


def test_kappa_without_interval_has_a_dot_only(ax):
    table = pd.DataFrame(
        {
            "action_unit": ["AU4", "AU11"], "prevalence": [0.5, 0.004], "kappa": [0.8, 0.0],
            "kappa_ci_low": [0.6, np.nan], "kappa_ci_high": [0.9, np.nan], "ac1": [0.9, 0.95],
        }
    )  # fmt: skip
    beside = Figure().subplots()
    plot_action_unit_kappas(table, ax, beside)
    spans = [line.get_xdata() for line in ax.get_lines() if line.get_linewidth() == 1.0]
    assert [list(span) for span in spans] == [[0.6, 0.9]]
    assert [text.get_text() for text in beside.texts] == ["50", "<1"]


def test_far_differences_are_in_the_last_bins(ax):
    limits = pd.Series(
        {"n": 4, "median_abs_ms": 20.0, "bias_ms": -10.0, "loa_low_ms": -3000, "loa_high_ms": 90}
    )
    plot_time_differences(pd.Series([-5000.0, 0.0, 20.0, WIDEST_MS]), limits, ax)
    heights = [bar.get_height() for bar in ax.patches]
    assert (heights[0], heights[-1], sum(heights)) == (1, 1, 4)
    assert len(ax.get_lines()) == 2  # A limit beyond the axis has no line, but is written.
    assert "\N{MINUS SIGN}3000 to 90" in ax.texts[0].get_text()


def test_figure_has_all_panels_and_leaves_rare_units_out(tables):
    figure = agreement_figure(**tables)
    assert figure.get_figwidth() * 25.4 == pytest.approx(180)
    assert {text.get_text() for ax in figure.axes for text in ax.texts} >= set("abcde")
    close_figure(figure)
    rare = tables["action_units"].iloc[:1].assign(action_unit="AU13", n_a=2, n_b=1, n_both=1)
    more = pd.concat([tables["action_units"], rare])
    figure = agreement_figure(**{**tables, "action_units": more})
    labels = [label.get_text() for ax in figure.axes for label in ax.get_yticklabels()]
    assert "AU7" in labels and "AU13" not in labels
    close_figure(figure)


def test_nothing_matched_is_refused(tables):
    empty = {**tables, "differences": tables["differences"][:0]}
    with pytest.raises(ValueError, match="no event was seen by both coders"):
        agreement_figure(**empty)
