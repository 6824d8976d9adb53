import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.clocks.align import align_clocks
from mmme_neuro.clocks.camera import align_camera
from mmme_neuro.plots.alignment import plot_alignment


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def codes(rng, pause=0.0):
    onset = np.cumsum(rng.uniform(20, 60, 40))
    reference = pd.DataFrame({"code": np.arange(40), "onset": onset})
    other = reference.assign(onset=onset * (1 - 1e-4) + rng.normal(0, 0.002, 40))
    reference.loc[20:, "onset"] += pause
    return reference.drop(index=[3, 4]), other.drop(index=[8])


def test_shows_each_residual_the_unmatched_codes_and_the_drift(ax):
    fit = align_clocks(*codes(np.random.default_rng(1)))
    assert plot_alignment(fit, ax) is ax
    points = next(line for line in ax.lines if line.get_marker() == "o")
    np.testing.assert_allclose(points.get_ydata(), fit.residual_ms)
    assert points.get_xdata()[0] == 0
    assert f"{fit.drift_ppm:.1f}" in ax.get_title(loc="left").replace("\N{MINUS SIGN}", "-")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert {"matched (37)", "reference only (1)", "other device only (2)"} <= set(labels)
    assert ax.get_ylim()[0] < fit.residual_ms.min() and ax.get_ylim()[1] > fit.residual_ms.max()


def test_marks_a_pause(ax):
    plot_alignment(align_clocks(*codes(np.random.default_rng(2), pause=300.0)), ax)
    assert "2 segments" in ax.get_title(loc="left")


def test_says_when_the_drift_was_fixed(ax):
    events = pd.DataFrame({"clip": ["a"], "code": [101], "onset": [2.0], "onset_clock": [5e4]})
    fit = align_camera(events, pd.DataFrame({"code": [101], "onset": [30.0]}))
    plot_alignment(fit, ax)
    assert "fixed at 0" in ax.get_title(loc="left")
