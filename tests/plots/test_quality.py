import matplotlib.pyplot as plt
import pandas as pd
import pytest

from mmme_neuro.plots.quality import quality_figure

NAMES = {"macro": "Macro-expression", "micro": "Micro-expression"}


@pytest.fixture
def table():
    return pd.DataFrame(
        {"participant": ["P01", "P02"], "n_micro": [3, 0], "n_macro": [5, 6], "n_other": [1, 0],
         "n_excluded": [2, 0], "n_bad_channels": [0, 2], "n_components": [30, 31],
         "n_eye": [1, 2], "n_muscle": [9, 4], "eye_share": [0.5, 0.4], "muscle_share": [0.1, 0.2]}
    )  # fmt: skip


def test_bars_stack_to_the_counts(table):
    figure = quality_figure(table, levels=NAMES)
    events, bad, parts, shares = figure.axes
    ends = [bars[0].get_x() + bars[0].get_width() for bars in events.containers]
    assert ends == [5, 8, 9, 11]
    assert bad.containers[0][1].get_width() == 2
    assert parts.containers[1][0].get_width() == 9
    assert shares.containers[1][1].get_width() == pytest.approx(20)
    assert [label.get_text() for label in events.get_yticklabels()] == ["P01", "P02"]
    assert shares.get_xlabel() == "Variance removed (%)"
    plt.close("all")


def test_bad_tables_are_refused(table):
    with pytest.raises(ValueError, match="n_eye"):
        quality_figure(table.drop(columns="n_eye"), levels=NAMES)
    with pytest.raises(ValueError, match="rows"):
        quality_figure(table[:0], levels=NAMES)
