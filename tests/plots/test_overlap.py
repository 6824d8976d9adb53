import numpy as np
import pandas as pd
import pytest

from mmme_neuro.plots.robustness import overlap_figure, overlap_panel
from mmme_neuro.plots.style import close_figure, new_figure

NAMES = {"macro": "Macro-expression", "micro": "Micro-expression"}

TIMES = np.arange(-2.0, 10.0, 0.1)


@pytest.fixture
def curves():
    """Bumps of two conditions, the average twice the deconvolved one."""
    parts = []
    for method, factor in (("average", 2.0), ("deconvolution", 1.0)):
        for condition, size in (("macro", 1.0), ("micro", 3.0)):
            course = factor * size * np.exp(-((TIMES - 4) ** 2))
            parts.append(
                pd.DataFrame(
                    {"measure": "scr", "unit": "uS", "method": method, "condition": condition,
                     "time": TIMES, "estimate": course, "ci_low": course - 0.1,
                     "ci_high": course + 0.1}
                )
            )  # fmt: skip
    return pd.concat(parts)


@pytest.fixture
def table():
    return pd.DataFrame(
        {"measure": "scr", "method": "deconvolution",
         "condition": ["macro", "micro", "micro - macro"], "truth": [0.8, 2.4, 1.6]}
    )  # fmt: skip


@pytest.fixture
def ax():
    figure = new_figure(height_mm=50)
    yield figure.add_subplot()
    close_figure(figure)


def line_at(ax, height):
    return [line for line in ax.lines if np.isclose(np.max(line.get_ydata()), height, atol=0.01)]


def test_panel_shows_both_methods_and_the_truth(curves, table, ax):
    overlap_panel(
        curves, ax, truth=table.iloc[:2], window=(2.5, 5.5), span=(-1.0, 8.0), levels=NAMES
    )
    for height in (1.0, 2.0, 3.0, 6.0):
        assert line_at(ax, height)
    assert line_at(ax, 6.0)[0].get_linestyle() == "--"
    truth = line_at(ax, 2.4)
    assert truth and list(truth[0].get_xdata()) == [2.5, 5.5]
    assert ax.get_xlim() == (-1.0, 8.0)
    assert ax.get_ylabel() == "Change (\u00b5S)"
    assert len(ax.collections) == 2


def test_figure_has_a_panel_a_measure_and_leaves_out_absent_ones(curves, table):
    windows = {"scr": (2.5, 5.5), "heart_rate": (4.0, 8.0)}
    figure = overlap_figure(
        curves, table, windows=windows, spans={}, measures=["scr", "heart_rate"], levels=NAMES
    )
    titles = [ax.get_title(loc="left") for ax in figure.axes if ax.get_title(loc="left")]
    assert titles == ["Skin conductance response"]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "Truth in the window" in texts
    close_figure(figure)


def test_a_real_study_has_no_truth_in_the_legend(curves, table):
    figure = overlap_figure(
        curves,
        table.assign(truth=np.nan),
        windows={"scr": (2.5, 5.5)},
        spans={},
        measures=["scr"],
        levels=NAMES,
    )
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "Truth in the window" not in texts
    close_figure(figure)
