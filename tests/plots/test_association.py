from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.plots.association import (
    order_measures,
    plot_association_matrix,
    plot_association_network,
)
from mmme_neuro.plots.crossmodal import cross_modal_figure, plot_components, plot_lags

MODALITY = {"log_rise": "face", "premotor": "brain", "alpha_power": "brain", "scr_us": "body"}


@pytest.fixture
def pairs():
    rows = [
        {"x": x, "y": y, "modality_x": MODALITY[x], "modality_y": MODALITY[y],
         "adjusted_for": held, "r": -0.1 if held else 0.3, "p_holm": 0.5}
        for held in ("", "kind") for x, y in combinations(MODALITY, 2)
    ]  # fmt: skip
    changed = {
        ("premotor", "scr_us", ""): {"r": 0.5, "p_holm": 0.01},
        ("premotor", "scr_us", "kind"): {"p_holm": 0.02},
        ("log_rise", "scr_us", ""): {"r": -0.4, "p_holm": 0.03},
        ("premotor", "alpha_power", ""): {"p_holm": 0.001},  # in one modality: no mark
        ("log_rise", "alpha_power", "kind"): {"r": np.nan, "p_holm": np.nan},
    }
    return pd.DataFrame(
        [row | changed.get((row["x"], row["y"], row["adjusted_for"]), {}) for row in rows]
    )


@pytest.fixture
def lags():
    return pd.DataFrame(
        {"x": "late_positivity", "channel": "eda", "lag": [0.5, 1.5], "r": [0.1, 0.4],
         "null_low": -0.2, "null_high": 0.2, "p_max": [0.4, 0.01]}
    )  # fmt: skip


@pytest.fixture
def components():
    return pd.DataFrame(
        {"modality_x": "brain", "modality_y": "body", "method": ["cca", "cca", "pls"],
         "adjusted_for": ["", "kind", ""], "r": [0.4, 0.3, 0.2], "r_cv": [0.35, np.nan, 0.1],
         "null_high": 0.12, "p_holm": [0.01, np.nan, 0.3]}
    )  # fmt: skip


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_order_is_that_of_the_modalities(pairs):
    assert order_measures(pairs) == MODALITY


def test_triangles_hold_their_values(pairs):
    ax = plot_association_matrix(pairs, plt.figure().subplots(), limit=0.5, upper="kind")
    drawn = ax.images[1].get_array().filled(np.nan)
    expected = np.array(
        [
            [np.nan, -0.1, np.nan, -0.1],
            [0.3, np.nan, -0.1, -0.1],
            [0.3, 0.3, np.nan, -0.1],
            [-0.4, 0.5, 0.3, np.nan],
        ]
    )
    np.testing.assert_allclose(drawn, expected)
    (marks,) = (line for line in ax.lines if line.get_marker() == "o")
    assert set(zip(*marks.get_data(), strict=True)) == {(1, 3), (3, 1), (0, 3)}
    assert [label.get_text() for label in ax.get_yticklabels()][0] == "Rise (log)"


def test_network_draws_what_passes_and_dashes_what_does_not_hold(pairs):
    ax = plot_association_network(pairs, plt.figure().subplots(), limit=0.5, held="kind")
    edges = [line for line in ax.lines if len(line.get_xdata()) == 2]
    assert len(edges) == 2
    weak, strong = edges  # the stronger one on top
    assert strong.get_linewidth() > weak.get_linewidth()
    assert strong.get_linestyle() == "-" and weak.get_linestyle() == "--"
    red, blue = strong.get_color(), weak.get_color()
    assert red[0] > red[2] and blue[2] > blue[0]
    nobody = plot_association_network(
        pairs.assign(p_holm=1.0), plt.figure().subplots(), limit=0.5, held="kind"
    )
    assert "no pair passes" in " ".join(text.get_text() for text in nobody.texts)


def test_lags_and_components_mark_what_passes(lags, components):
    ax = plot_lags(lags, plt.figure().subplots())
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_markerfacecolor() == "white" for dot in dots] == [True, False]
    ax = plot_components(components[components["method"] == "cca"], plt.figure().subplots())
    dots = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
    assert dots == [0.4, 0.35]
    assert ax.patches[0].get_width() == 0.12


def test_figure_scale_is_set_between_modalities(pairs, lags, components):
    twins = (pairs["x"] == "premotor") & (pairs["y"] == "alpha_power")
    figure = cross_modal_figure(
        pairs.assign(r=pairs["r"].mask(twins, 0.99)), lags, components, held="kind"
    )
    images = [image for ax in figure.axes for image in ax.images]
    assert images[1].get_clim() == (-0.5, 0.5)
    assert {"a", "b", "c", "d"} <= {text.get_text() for ax in figure.axes for text in ax.texts}
    empty = cross_modal_figure(
        pairs, lags, components.assign(r_cv=np.nan), held="kind", method="pls"
    )
    assert "not estimated" in {text.get_text() for ax in empty.axes for text in ax.texts}


def test_bad_tables_are_refused(pairs):
    with pytest.raises(ValueError, match=r"lacks \['p_holm'\]"):
        plot_association_matrix(pairs.drop(columns="p_holm"), plt.figure().subplots(), limit=1)
    with pytest.raises(ValueError, match="no row to draw"):
        plot_association_network(pairs[:0], plt.figure().subplots(), limit=1)
