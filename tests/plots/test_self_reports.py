import pandas as pd
import pytest

from mmme_neuro.plots.self_reports import (
    plot_agreement,
    plot_dominance,
    plot_felt,
    self_report_figure,
)
from mmme_neuro.plots.style import close_figure, new_figure

EMOTIONS = ("sadness", "fear", "calm")


def felt():
    rows = [
        (one, other, 0.8 if one == other else 0.1) for one in EMOTIONS[:2] for other in EMOTIONS
    ]
    return pd.DataFrame(rows, columns=["intended", "felt", "share"])


def dominance():
    rows = [
        (name, measure, 0.7, 0.5, 0.9, 1 / 3)
        for name in (*EMOTIONS, "all")
        for measure in ("dominance", "margin")
    ]
    return pd.DataFrame(
        rows, columns=["intended", "measure", "estimate", "ci_low", "ci_high", "chance"]
    )


def icc(*items):
    rows = [(item, form, 0.4, 0.2, 0.6) for item in items for form in ("ICC(A,1)", "ICC(C,1)")]
    return pd.DataFrame(rows, columns=["item", "form", "icc", "ci_low", "ci_high"])


@pytest.fixture
def ax():
    figure = new_figure(height_mm=60)
    yield figure.subplots()
    close_figure(figure)


def test_matrix_has_the_intended_emotion_in_rows_and_shares_in_percent(ax):
    plot_felt(felt(), ax)
    shares = ax.collections[0].get_array()
    assert shares.shape == (2, 3)
    assert shares[0, 0] == shares[1, 1] == 0.8
    texts = {(text.get_position(), text.get_text()) for text in ax.texts}
    assert ((0.5, 0.5), "80") in texts and ((2.5, 1.5), "10") in texts


def test_dominance_has_chance_as_a_line_and_leaves_the_margin_out(ax):
    plot_dominance(dominance(), ax)
    assert ax.lines[0].get_xdata()[0] == pytest.approx(1 / 3)
    assert len([line for line in ax.lines if line.get_marker() == "o"]) == 4
    assert [text.get_text() for text in ax.get_yticklabels()][-1] == "All"


def test_agreement_draws_one_form(ax):
    plot_agreement(icc("valence", "eda"), ax, ["Valence", "Skin conductance"])
    assert len([line for line in ax.lines if line.get_marker() == "o"]) == 2
    assert "ICC(A,1)" in ax.get_xlabel()


def test_figure_with_and_without_emotions():
    names = ["Skin conductance"]
    full = self_report_figure(icc("valence"), icc("eda"), names, dominance(), felt())
    assert len(full.axes) == 3
    assert [t.get_text() for t in full.axes[2].get_yticklabels()] == ["Valence", *names]
    only = self_report_figure(icc("valence"), icc("eda"), names)
    assert len(only.axes) == 1
    for figure in (full, only):
        close_figure(figure)
