import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from mmme_neuro.plots.autonomic import autonomic_figure, response_panel
from mmme_neuro.plots.style import LEVEL_COLORS

NAMES = {"macro": "Macro-expression", "micro": "Micro-expression", "control": "No expression"}


@pytest.fixture
def band():
    """Band of two channels, one without data."""
    times = np.linspace(-2, 10, 121)
    parts = []
    for channel, scale in (("eda", 1e-6), ("heart_rate", np.nan)):
        for i, condition in enumerate(("macro", "micro", "control")):
            mean = scale * (3 - i) * np.exp(-0.5 * ((times - 4) / 1.5) ** 2)
            parts.append(
                pd.DataFrame(
                    {
                        "channel": channel,
                        "condition": condition,
                        "time": times,
                        "mean": mean,
                        "ci_low": mean - 0.2 * scale,
                        "ci_high": mean + 0.2 * scale,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_panel_shows_the_numbers_in_field_units(band):
    _, ax = plt.subplots()
    assert response_panel(band, ax, channel="eda", levels=NAMES) is ax
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert lines[NAMES["macro"]].get_ydata().max() == pytest.approx(3.0, rel=1e-3)
    assert lines[NAMES["micro"]].get_xdata()[0] == -2
    assert ax.get_ylabel() == "Change (µS)"
    assert ax.get_xlabel() == "Time from onset (s)"
    assert ax.get_xlim() == (-2, 10)
    assert any(
        np.ptp(line.get_xdata()) == 0 and line.get_xdata()[0] == 0 for line in ax.get_lines()
    )


def test_bands_are_drawn_in_the_color_of_their_line(band):
    _, ax = plt.subplots()
    response_panel(band, ax, channel="eda", levels=NAMES)
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert to_hex(lines[NAMES["macro"]].get_color()).upper() == "#D55E00"
    assert to_hex(lines[NAMES["micro"]].get_color()).upper() == "#0072B2"
    assert len(ax.collections) == 3
    low = ax.collections[0].get_paths()[0].vertices[:, 1].min()
    assert low == pytest.approx(-0.2, abs=0.01)
    assert to_hex(ax.collections[0].get_facecolor()[0]).upper() == "#D55E00"


def test_channel_without_data_says_so(band):
    _, ax = plt.subplots()
    response_panel(band, ax, channel="heart_rate", levels=NAMES)
    assert [text.get_text() for text in ax.texts] == ["no data"]


def test_unknown_channel_and_condition_are_refused(band):
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="eda"):
        response_panel(band, ax, channel="pupil", levels=NAMES)
    with pytest.raises(ValueError, match="tiny"):
        response_panel(band.replace("micro", "tiny"), ax, channel="eda", levels=NAMES)


def test_figure_has_a_panel_per_channel_and_one_legend(band):
    figure = autonomic_figure(band, windows={"eda": (2.5, 5.5)}, levels=NAMES)
    assert [ax.get_title() for ax in figure.axes] == ["Skin conductance", "Heart rate"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        NAMES[name] for name in ("macro", "micro", "control")
    ]
    assert figure.get_figwidth() == pytest.approx(180 / 25.4, abs=0.05)
    chosen = autonomic_figure(band, channels=["heart_rate"], levels=NAMES)
    assert len(chosen.axes) == 1


def test_colors_differ():
    assert len({to_hex(color) for color in LEVEL_COLORS}) == len(LEVEL_COLORS)


def test_input_is_not_changed(band):
    before = band.copy()
    autonomic_figure(band, levels=NAMES)
    pd.testing.assert_frame_equal(band, before)
