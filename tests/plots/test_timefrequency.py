import matplotlib.pyplot as plt
import numpy as np
import pytest

from mmme_neuro.plots.timefrequency import plot_time_frequency, time_frequency_figure
from mmme_neuro.responses.spectral.timefrequency import time_frequency

NAMES = {"macro": "Macro-expression", "micro": "Micro-expression"}


@pytest.fixture(scope="module")
def maps(study):
    return time_frequency(
        study, picks=["O1", "OZ", "O2"], frequencies=np.geomspace(4, 40, 8), by="expression"
    )


@pytest.mark.parametrize("log", [True, False])
def test_one_map_is_labeled_and_symmetric(maps, log):
    values = maps.data.sel(condition="macro").mean("channel")
    ax = plot_time_frequency(values, plt.figure().subplots(), limit=3.0, log=log)
    assert ax.get_yscale() == ("log" if log else "linear")
    assert ax.collections[0].get_clim() == (-3.0, 3.0)
    assert [label.get_text() for label in ax.get_yticklabels()][:3] == ["4", "6", "8"]
    assert ax.get_ylabel() == "Frequency (Hz)"
    plt.close("all")


def test_figure_holds_both_conditions_and_their_difference(maps):
    figure = time_frequency_figure(maps, rois=["occipital"], levels=NAMES)
    panels, bar = figure.axes[:3], figure.axes[3]
    assert [ax.get_title() for ax in panels] == [
        "Micro-expression (48 epochs)",
        "Macro-expression (96 epochs)",
        "Micro \N{MINUS SIGN} macro",
    ]
    drawn = [np.asarray(ax.collections[0].get_array()).ravel() for ax in panels]
    np.testing.assert_allclose(drawn[2], drawn[0] - drawn[1])
    assert len({ax.collections[0].get_clim() for ax in panels}) == 1
    assert bar.get_ylabel() == "Power change (dB)"
    assert "281 ms at 4 Hz" in figure.get_supxlabel()
    plt.close("all")


def test_unknown_condition_is_refused(maps):
    with pytest.raises(ValueError, match="the maps have conditions"):
        time_frequency_figure(maps, rois=["occipital"], levels=("mixed", "micro"))


def test_one_row_a_region_on_one_scale(maps):
    figure = time_frequency_figure(maps, rois=["OZ", ["O1", "O2"]], levels=NAMES)
    assert len(figure.axes) == 7
    assert [figure.axes[row].get_ylabel() for row in (0, 3)] == [
        "OZ\nFrequency (Hz)",
        "O1, O2\nFrequency (Hz)",
    ]
    assert len({ax.collections[0].get_clim() for ax in figure.axes[:6]}) == 1
    with pytest.raises(ValueError, match=r"\['OZ'\]"):
        time_frequency_figure(maps, rois="OZ", levels=NAMES)
    plt.close("all")
