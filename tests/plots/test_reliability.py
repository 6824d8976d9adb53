import numpy as np
import pandas as pd
import pytest

from mmme_neuro.plots.reliability import (
    plot_by_trials,
    plot_coefficients,
    reliability_figure,
    reliability_time_figure,
)
from mmme_neuro.plots.style import close_figure, color_of, new_figure

NAMES = {"macro": "Macro-expression", "micro": "Micro-expression"}

CONDITIONS = ("macro", "micro", "micro - macro")


def coefficients():
    rows = [
        (response, condition, kind, value, value - 0.3, value + 0.2)
        for response in ("premotor", "scr_us")
        for place, condition in enumerate(CONDITIONS)
        for kind, value in (("split_half", 0.5), ("dependability", 0.6 - 0.3 * place))
    ]
    columns = ["response", "condition", "coefficient", "estimate", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def by_trials():
    n = np.arange(1, 41)
    parts = [
        pd.DataFrame({"response": response, "condition": condition, "n_trials": n,
                      "dependability": n / (n + 10), "ci_low": n / (n + 30),
                      "ci_high": n / (n + 2)})
        for response in ("premotor", "scr_us") for condition in CONDITIONS
    ]  # fmt: skip
    return pd.concat(parts)


def test_filled_and_hollow_dots_arrows_and_intervals():
    figure = new_figure(height_mm=60)
    ax = plot_coefficients(coefficients(), figure.subplots(), levels=NAMES)
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    hollow = [dot for dot in dots if dot.get_markerfacecolor() == "white"]
    assert len(dots) == 12 and len(hollow) == 6
    assert {dot.get_xdata()[0] for dot in hollow} == {0.5}
    # The differences have dependability 0 and an interval that goes on below it.
    assert sum(line.get_marker() == "<" for line in ax.lines) == 2
    spans = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2][2:]
    np.testing.assert_allclose(spans[0], [0.3, 0.8])
    np.testing.assert_allclose(spans[2], [0, 0.2])
    assert [text.get_text() for text in ax.get_yticklabels()] == [
        "Premotor potential",
        "Skin conductance response",
    ]
    close_figure(figure)


def test_interval_of_split_half_where_it_is_alone_and_no_dot_below_zero():
    table = coefficients()
    table = table[table["coefficient"] == "split_half"].assign(
        estimate=-0.2, ci_low=-0.6, ci_high=0.4
    )
    figure = new_figure(height_mm=60)
    ax = plot_coefficients(table.assign(ci_low=np.nan), figure.subplots(), levels=NAMES)
    assert not [line for line in ax.lines if line.get_marker() == "o"]
    drawn = len(ax.lines)
    other = plot_coefficients(table, new_figure(height_mm=60).subplots(), levels=NAMES)
    assert len(other.lines) == drawn + 2 * 6  # interval and arrow
    close_figure(figure)
    close_figure(other.figure)


def test_lines_by_condition_with_the_interval_of_the_difference():
    figure = new_figure(height_mm=60)
    table = by_trials()
    ax = plot_by_trials(table[table["response"] == "premotor"], figure.subplots(), levels=NAMES)
    colors = [line.get_color() for line in ax.lines if len(line.get_xdata()) == 40]
    assert colors == [*(color_of(name, NAMES) for name in NAMES), "#000000"]
    assert len(ax.collections) == 1
    close_figure(figure)


def test_figures_compose():
    figure = reliability_figure(coefficients(), by_trials(), levels=NAMES)
    assert [ax.get_title(loc="left") for ax in figure.axes] == [
        "", "Premotor potential", "Skin conductance\nresponse",
    ]  # fmt: skip
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[2:] == ["Micro − macro", "Dependability", "Split-half"]
    close_figure(figure)
    times = np.linspace(-1, 1, 9)
    curves = pd.concat(
        pd.DataFrame({"roi": roi, "condition": condition, "time": times, "estimate": times,
                      "ci_low": times - 0.5, "ci_high": times + 0.5})
        for roi in ("fronto_central", "parietal") for condition in CONDITIONS
    )  # fmt: skip
    figure = reliability_time_figure(curves, levels=NAMES)
    assert len(figure.axes) == 6
    assert figure.axes[2].get_title(loc="left") == "Fronto-central: Micro − macro"
    line = next(line for line in figure.axes[0].lines if len(line.get_xdata()) == 9)
    assert line.get_ydata().min() == 0
    close_figure(figure)


def test_errors():
    figure = new_figure(height_mm=60)
    with pytest.raises(ValueError, match="lacks .*'estimate'"):
        plot_coefficients(coefficients().drop(columns="estimate"), figure.subplots(), levels=NAMES)
    with pytest.raises(ValueError, match="needs rows"):
        reliability_time_figure(pd.DataFrame(columns=["roi"]), levels=NAMES)
    close_figure(figure)
