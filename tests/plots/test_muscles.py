import numpy as np
import pandas as pd
import pytest

from mmme_neuro.plots.muscles import muscles_figure, power_panel, sensitivity_panel
from mmme_neuro.plots.style import close_figure, new_figure

NAMES = {"macro": "Macro-expression", "micro": "Micro-expression"}


@pytest.fixture
def ax():
    figure = new_figure(height_mm=50)
    yield figure.add_subplot()
    close_figure(figure)


@pytest.fixture
def power():
    rows = [
        (roi, expression, cleaning, level, level - 1, level + 1)
        for roi, level in (("temporal", 5.0), ("face", 9.0), ("parietal", 1.0))
        for expression in ("macro", "micro")
        for cleaning in (("before",) if roi == "face" else ("before", "after"))
    ]
    columns = ["roi", "condition", "cleaning", "mean_db", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture
def sensitivity():
    rows = [
        (analysis, response, t, 0.01 if abs(t) > 2 else 0.5)
        for response in ("premotor", "theta_power")
        for analysis, t in (("primary", -4.0), ("matched muscle power", -1.0), ("none", np.nan))
    ]
    return pd.DataFrame(rows, columns=["analysis", "response", "statistic", "p_value"])


def test_regions_stand_in_order_from_the_face_backwards(power, ax):
    power_panel(power, ax, levels=NAMES)
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == ["Facial EMG", "Temporal", "Parietal"]
    assert ax.yaxis_inverted()
    assert len(ax.get_legend_handles_labels()[1]) == 4


def test_full_dots_are_significant_and_missing_ones_are_written(sensitivity, ax):
    part = sensitivity[sensitivity["response"] == "premotor"]
    sensitivity_panel(part, ax, analyses=["primary", "matched muscle power", "none"], levels=NAMES)
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == [-4.0, -1.0]
    assert dots[1].get_markerfacecolor() == "white" != dots[0].get_markerfacecolor()
    assert [text.get_text() for text in ax.texts] == ["no estimate"]


def test_figure_has_a_panel_a_response(power, sensitivity):
    figure = muscles_figure(power, sensitivity, levels=NAMES)
    titles = [ax.get_title(loc="left") for ax in figure.axes if ax.get_title(loc="left")]
    assert titles == ["Premotor potential", "Theta power"]
    close_figure(figure)
