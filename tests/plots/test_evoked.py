import matplotlib.pyplot as plt
import mne
import numpy as np
import pytest

from mmme_neuro.plots.evoked import evoked_figure, plot_evoked, plot_topography
from mmme_neuro.responses.grandaverage import grand_average, region_average
from mmme_neuro.responses.measures import Measure
from mmme_neuro.responses.potentials import evoked

NAMES = {"macro": "Macro-expression", "micro": "Micro-expression"}

MEASURES = [
    Measure(name="premotor", roi="fronto_central", window=(-0.4, 0.0), baseline=(-1.0, -0.5)),
    Measure(name="late", roi="parietal", window=(0.3, 0.6), baseline=(-1.0, -0.5)),
]


@pytest.fixture(scope="module")
def grand(study):
    epochs = study.copy().apply_baseline((-1.5, -1.0), verbose="error")
    return grand_average(evoked(epochs, ["participant", "expression"]))


def test_traces_show_the_numbers(grand):
    region = region_average(grand, "parietal")
    ax = plot_evoked(
        region, plt.figure().subplots(), measures=MEASURES, baseline=(-1.5, -1.0), levels=NAMES
    )
    drawn = {line.get_label(): line.get_ydata() for line in ax.lines}
    np.testing.assert_array_equal(drawn["Micro-expression"], region["mean"].sel(condition="micro"))
    low, high = ax.get_ylim()
    assert low < float(region["ci_low"].min())
    assert high > float(region["ci_high"].max())
    assert ax.get_ylabel() == "Amplitude (µV)"
    assert {"premotor", "late", "baseline"} <= {text.get_text() for text in ax.texts}
    plt.close("all")


def test_figure_shares_one_symmetric_color_scale(grand):
    figure = evoked_figure(
        grand, rois=["fronto_central", "parietal"], measures=MEASURES, levels=NAMES
    )
    images = [image for ax in figure.axes for image in ax.images]
    assert len(images) == 6
    limits = {image.get_clim() for image in images}
    assert len(limits) == 1
    low, high = limits.pop()
    assert low == -high
    spans = [grand.data["mean"].sel(time=slice(*one.window)).mean("time") for one in MEASURES]
    assert high == pytest.approx(max(float(abs(span).max()) for span in spans))
    assert "Amplitude (µV)" in [ax.get_ylabel() for ax in figure.axes]
    traces = figure.axes[:2]
    assert traces[0].get_ylim() == traces[1].get_ylim()
    plt.close("all")


def test_scalp_maps_need_positions(grand):
    info = mne.create_info(grand.info["ch_names"], 100.0, "eeg", verbose="error")
    values = grand.data["mean"].sel(condition="micro").isel(time=0)
    with pytest.raises(ValueError, match="have none"):
        plot_topography(values, info, plt.figure().subplots(), limit=1.0)
    plt.close("all")
