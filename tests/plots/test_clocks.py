import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.plots.clocks import clocks_figure, plot_residuals


@pytest.fixture
def clocks():
    return pd.DataFrame(
        {"participant": ["P01", "P02"], "device": "physio", "drift_ppm": [-41.43, 5.0],
         "drift_se_ppm": [2.0, 1.0], "residual_sd_ms": [1.9, 2.5]}
    )  # fmt: skip


@pytest.fixture
def codes():
    return pd.DataFrame(
        {"participant": ["P01", "P01", "P02", "P02"], "device": "physio",
         "onset_reference": [60.0, 120.0, 60.0, np.nan], "residual_ms": [2.0, -4.0, 1.0, np.nan]}
    )  # fmt: skip


def test_residuals_are_drawn_to_scale_upwards(clocks, codes):
    ax = plot_residuals(codes, clocks, plt.figure().subplots(), color="#000000", reach_ms=5.0)
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dots[0].get_xdata(), [1.0, 2.0])
    np.testing.assert_allclose(dots[0].get_ydata(), [-0.2, 0.4])
    low, high = ax.get_ylim()
    assert low > high  # the first participant is on top, and positive residuals point upwards
    texts = [text.get_text() for text in ax.texts]
    assert "\N{MINUS SIGN}41.4 ± 2.0" in texts and "5 ms" in texts
    plt.close("all")


def test_figure_has_a_column_for_each_device(clocks, codes):
    both = pd.concat([clocks, clocks.assign(device="camera")])
    figure = clocks_figure(both, codes)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["Physiology recorder", "Camera"]
    plt.close("all")


def test_bad_tables_are_refused(clocks, codes):
    with pytest.raises(ValueError, match="drift_ppm"):
        clocks_figure(clocks.drop(columns="drift_ppm"), codes)
    with pytest.raises(ValueError, match="no row"):
        clocks_figure(clocks[:0], codes)
