import numpy as np
import pandas as pd
import pytest

from mmme_neuro.plots.cleaning import (
    cleaning_figure,
    components_figure,
    electrode_panel,
    scalp_panel,
    spectrum_panel,
)
from mmme_neuro.plots.style import close_figure, new_figure

CHANNELS = ["FZ", "CZ", "PZ", "OZ", "C3", "C4", "T7", "T8", "FP1", "FP2"]


@pytest.fixture
def ax():
    figure = new_figure(height_mm=50)
    yield figure.add_subplot()
    close_figure(figure)


@pytest.fixture
def spectra():
    frequency = np.arange(0.5, 100, 0.5)
    parts = [
        pd.DataFrame(
            {
                "participant": name,
                "frequency": frequency,
                "before_db": level - 10 * np.log10(frequency),
                "after_db": level - 3 - 10 * np.log10(frequency),
            }
        )
        for name, level in (("a", 10.0), ("b", 12.0))
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def components():
    rows = [("a", 0, "eye"), ("a", 3, "muscle"), ("a", 4, ""), ("b", 1, "muscle")]
    return pd.DataFrame(rows, columns=["participant", "component", "removed_as"])


@pytest.fixture
def maps(components):
    removed = components[components["removed_as"] != ""]
    rows = [
        (row.participant, row.component, name, (at - 4) / 5)
        for row in removed.itertuples()
        for at, name in enumerate(CHANNELS)
    ]
    return pd.DataFrame(rows, columns=["participant", "component", "channel", "weight"])


def test_the_mean_spectrum_is_thick_and_lower_after_cleaning(spectra, ax):
    spectrum_panel(spectra, ax)
    thick = {line.get_label(): line for line in ax.lines if line.get_linewidth() > 1}
    assert set(thick) == {"as recorded", "cleaned"}
    before, after = (thick[name].get_ydata() for name in ("as recorded", "cleaned"))
    assert before[10] - after[10] == pytest.approx(3.0)
    assert ax.get_xlim()[0] == 1


def test_electrodes_with_something_are_larger_dots_at_their_places(ax):
    values = pd.Series(0.0, index=CHANNELS)
    values["OZ"] = 20.0
    electrode_panel(values, ax, limit=20.0)
    dots = ax.collections[0]
    places = dict(zip(CHANNELS, dots.get_offsets(), strict=True))
    assert places["OZ"][1] < places["CZ"][1] < places["FP1"][1]
    assert places["T7"][0] < 0 < places["T8"][0]
    assert dots.get_sizes()[CHANNELS.index("OZ")] == dots.get_sizes().max()


def test_without_positions_the_panel_says_so(ax):
    scalp_panel(pd.Series([1.0, 2.0], index=["X1", "X2"]), ax, limit=1.0)
    assert [text.get_text() for text in ax.texts] == ["no positions"]


def test_figure_counts_the_components(spectra, components, maps):
    bad = pd.DataFrame({"participant": ["a", "b"], "channel": ["T7", "T7"]})
    figure = cleaning_figure(spectra, bad, components, maps)
    titles = [ax.get_title() for ax in figure.axes]
    assert "Eye components (1)" in titles and "Muscle components (2)" in titles
    assert figure.axes[1].collections[0].get_array().max() == 100.0
    close_figure(figure)


def test_figure_without_bad_channels_shows_zero_at_every_channel(spectra, components, maps):
    none = pd.DataFrame({"participant": [], "channel": []}, dtype=object)
    figure = cleaning_figure(spectra, none, components, maps)
    shares = figure.axes[1].collections[0]
    assert shares.get_array().tolist() == [0.0] * maps["channel"].nunique()
    assert shares.get_clim() == (0.0, 10.0)
    close_figure(figure)


def test_every_removed_component_has_a_map(components, maps):
    figure = components_figure(components, maps)
    titles = [ax.get_title() for ax in figure.axes if ax.get_title()]
    assert titles == ["0 eye", "3 muscle", "1 muscle"]
    close_figure(figure)
    with pytest.raises(ValueError, match="no component was removed"):
        components_figure(components, maps.iloc[:0])
