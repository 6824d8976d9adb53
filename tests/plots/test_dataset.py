from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mmme_neuro.plots.dataset import (
    COLOR_BY_EXPRESSION,
    dataset_figure,
    plot_action_units,
    plot_durations,
    plot_emotions,
    plot_participants,
    plot_valence,
)


def counts(column, levels, expressions=("macro", "micro", "mixed")):
    rows = [(level, name) for name in expressions for level in levels]
    table = pd.DataFrame(rows, columns=[column, "expression"])
    table["n"] = np.arange(len(table)) % 7 + 1
    return table.assign(share=table["n"] / table.groupby("expression")["n"].transform("sum"))


def times(n=60):
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "expression": np.repeat(["macro", "micro"], n // 2),
            "duration": np.r_[rng.uniform(0.5, 4, n // 2), rng.uniform(0.2, 0.5, n // 2)],
            "censored": rng.random(n) < 0.3,
        }
    )


EMOTIONS = ["anger", "calm", "contempt", "disgust", "fear", "happiness", "tension", "sadness"]


def description(n_participants):
    return SimpleNamespace(
        emotions=counts("emotion", [*EMOTIONS, "surprise"]),
        valence=counts("valence", ["negative", "surprise", "positive", "neutral"]),
        action_units=counts("action_unit", [f"AU{number}" for number in range(1, 29)]),
        participants=counts("participant", [f"P{n:03d}" for n in range(1, n_participants + 1)]),
        times=times(),
    )


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.mark.parametrize(
    ("plot", "column", "levels"),
    [
        (plot_emotions, "emotion", EMOTIONS),
        (plot_action_units, "action_unit", ["AU1", "AU12"]),
    ],
)
def test_grouped_bars_show_the_counts_in_the_colors(ax, plot, column, levels):
    table = counts(column, levels)
    assert plot(table, ax) is ax
    for name, bars in zip(("macro", "micro", "mixed"), ax.containers, strict=True):
        shown = [bar.get_height() for bar in bars]
        assert shown == table.loc[table["expression"] == name, "n"].tolist()
        assert bars.get_label() == name
    micro = to_hex(ax.containers[1][0].get_facecolor())
    assert micro == COLOR_BY_EXPRESSION["micro"].lower()


def test_valence_fills_one_hundred_percent(ax):
    plot_valence(counts("valence", ["negative", "surprise", "positive"]), ax)
    ends = [bar.get_x() + bar.get_width() for bar in ax.containers[-1]]
    np.testing.assert_allclose(ends, 100)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["mixed", "micro", "macro"]


def test_durations_count_coded_offsets_once(ax):
    table = times()
    plot_durations(table, ax)
    outlines = [patch for patch in ax.patches if patch.get_fill() is False]
    coded = table[~table["censored"]]
    labels = [patch.get_label() for patch in outlines]
    n_by_expression = coded["expression"].value_counts()
    assert labels == [f"{name} (n = {n_by_expression[name]})" for name in ("macro", "micro")]


def test_half_a_second_lies_left_of_the_limit(ax):
    table = pd.DataFrame({"expression": "micro", "duration": [0.5] * 3, "censored": False})
    plot_durations(table, ax)
    highest = max((y, x) for x, y in ax.patches[-1].get_xy())
    assert highest[0] == 3 and highest[1] <= 0.502


def test_participants_are_ordered_and_stacked(ax):
    table = counts("participant", ["P01", "P02", "P03"], ("macro", "micro"))
    plot_participants(table, ax)
    totals = table.groupby("participant")["n"].sum().sort_values(ascending=False, kind="stable")
    assert [label.get_text() for label in ax.get_xticklabels()] == totals.index.tolist()
    tops = [bar.get_y() + bar.get_height() for bar in ax.containers[-1]]
    assert tops == totals.tolist()


@pytest.mark.parametrize("n_participants", [3, 24, 110])
def test_figure_is_180_mm_wide_and_its_texts_do_not_overlap(n_participants):
    figure = dataset_figure(description(n_participants))
    assert figure.get_figwidth() * 25.4 == pytest.approx(180)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            labels = [label for label in axis.get_ticklabels() if label.get_text()]
            # Rotated words are wider than their slots as boxes, not as text.
            if any(label.get_rotation() not in (0, 90) for label in labels):
                continue
            boxes = [label.get_window_extent(renderer) for label in labels]
            assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    legend = figure.legends[0].get_window_extent(renderer)
    class_legend = figure.axes[1].get_legend().get_window_extent(renderer)
    axis_label = figure.axes[1].xaxis.label.get_window_extent(renderer)
    assert not class_legend.overlaps(axis_label)
    assert all(not legend.overlaps(ax.title.get_window_extent(renderer)) for ax in figure.axes)
