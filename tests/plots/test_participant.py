import numpy as np
import pandas as pd
import pytest

from mmme_neuro.pipeline.screening import spectrum_range
from mmme_neuro.plots.participant import ParticipantData, participant_figure
from mmme_neuro.plots.style import close_figure
from mmme_neuro.responses.curves import participant_curves
from mmme_neuro.responses.measures import Measure

NAMES = {"macro": "Macro-expression", "micro": "Micro-expression"}

MEASURES = [
    Measure(name="premotor", roi="fronto_central", window=(-0.5, 0.0), baseline=(-1.0, -0.5)),
    Measure(name="late_positivity", roi="parietal", window=(0.25, 0.55), baseline=(-1.0, -0.5)),
]


@pytest.fixture(scope="module")
def curves(study):
    return participant_curves(study, [measure.roi for measure in MEASURES], condition="expression")


@pytest.fixture
def tables():
    frequency = np.arange(0.25, 100, 0.25)
    spectra = pd.DataFrame(
        {"participant": "p00", "frequency": frequency, "before_db": 10 - 10 * np.log10(frequency),
         "after_db": 8 - 10 * np.log10(frequency)}
    )  # fmt: skip
    codes = pd.DataFrame(
        {"device": ["physio", "physio", "camera"], "onset_reference": [60.0, np.nan, 120.0],
         "residual_ms": [2.0, np.nan, -15.0]}
    )  # fmt: skip
    quality = pd.DataFrame(
        {"measure": ["usable_eda", "usable_skt", "n_micro"], "value": [0.3, 1.0, 6.0],
         "median": [0.99, 1.0, np.nan], "is_beyond_limit": [True, False, False]}
    )  # fmt: skip
    return spectra, codes, quality


def test_panels_show_the_participants_own_values(curves, tables):
    spectra, codes, quality = tables
    data = ParticipantData("p00", curves, spectra, codes, quality)
    figure = participant_figure(data, spectrum_range(spectra), measures=MEASURES, levels=NAMES)
    front, parietal, spectrum, physio, camera, usable = figure.axes
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles[:2] == ["Fronto-central", "Parietal"]
    assert titles[3:] == ["Physiology recorder", "Camera", "Usable share"]
    labels = [text.get_text() for text in front.get_legend().get_texts()]
    assert labels == ["macro (12)", "micro (6)"]
    micro = [line for line in parietal.lines if line.get_label() == "micro (6)"][0]
    own = curves["mean"].sel(participant="p00", roi="parietal", condition="micro")
    np.testing.assert_allclose(micro.get_ydata(), own)
    assert len(spectrum.collections) == 2 and len(spectrum.lines) == 2
    assert physio.lines[-1].get_xdata().tolist() == [1.0]  # unmatched codes have no residual
    assert camera.lines[-1].get_ydata().tolist() == [-15.0]
    bars = usable.patches
    assert [bar.get_width() for bar in bars] == [30, 100]
    assert [bar.get_hatch() or "" for bar in bars] == ["////", ""]
    close_figure(figure)


def test_what_is_absent_is_said(curves, tables):
    empty = [table[:0] for table in tables]
    data = ParticipantData("nobody", curves, *empty)
    figure = participant_figure(data, spectrum_range(tables[0]), measures=MEASURES, levels=NAMES)
    texts = {text.get_text() for ax in figure.axes for text in ax.texts}
    assert {"no events of the compared conditions", "the EEG came cleaned"} <= texts
    assert {"not aligned by codes", "no physiology"} <= texts
    close_figure(figure)
