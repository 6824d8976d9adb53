"""The methods text says what a run used."""

import importlib
import json
from dataclasses import asdict

import pytest

from mmme_neuro.epochs import Epoching
from mmme_neuro.pipeline import Options
from mmme_neuro.rejection import Rejection
from mmme_neuro.report.constants import constants_table
from mmme_neuro.report.methods import methods_text
from mmme_neuro.signals import Cleaning, Deriving, muscle_band


def used_of(options, **numbers):
    """What ``run_record`` says of a run with these options."""
    return {
        **asdict(options),
        "muscle_band_hz": list(muscle_band(options.clean.line_hz)),
        "n_participants": 5,
        "n_already_clean": 0,
        "n_without_iclabel": 0,
        **numbers,
    }


@pytest.fixture(scope="module")
def text_of(tmp_path_factory):
    """Function that gives the methods text of a run, through step 12's files."""
    folder = tmp_path_factory.mktemp("methods")

    def text(*, numbers=(), **options):
        used = used_of(Options(rng=1, **options), **dict(numbers))
        (folder / "used.json").write_text(json.dumps(used))
        importlib.import_module("analyses.12_methods").main(folder, folder)
        return methods_text(json.loads((folder / "methods.json").read_text()))

    return text


def test_the_defaults(text_of):
    eeg = text_of()["EEG"]
    assert eeg.startswith(
        "The EEG was notch-filtered at 50 Hz and harmonics, resampled to at most 250 Hz, high-pass "
        "filtered at 0.1 Hz and re-referenced to the average. Flat, noisy or uncorrelated channels "
        "were interpolated, as were channels whose RANSAC prediction correlated below"
    )
    assert "Independent components (Picard, extended)" in eeg and "51\u201369 Hz" in eeg
    assert "if ICLabel gave a probability of at least 0.8" in eeg
    assert "deviate by more than 150 µV" in eeg


@pytest.mark.parametrize(
    ("clean", "says", "not_said"),
    [
        ({"ica_method": "infomax"}, "Independent components (Infomax, extended)", "Picard"),
        ({"iclabel": False}, "ICLabel was not used.", "if ICLabel gave"),
        ({"line_hz": 60.0}, "notch-filtered at 60 Hz", "at 50 Hz"),
        ({"line_hz": 60.0}, "61\u201379 Hz activity", "51\u201369"),
        ({"line_hz": None}, "The EEG was resampled to", "notch"),
        ({"ransac": False}, "channels were interpolated.", "RANSAC"),
        ({"ica": False}, "No independent component was removed.", "Picard"),
        ({"highpass_hz": 1.0}, "high-pass filtered at 1 Hz and", "0.1 Hz"),
        ({"lowpass_hz": 40.0}, "low-pass filtered at 40 Hz", "0.1 Hz and"),
        ({"sfreq": 500.0}, "at most 500 Hz", "250 Hz"),
        ({"eye_r": 0.61}, "EOG channel by at least 0.61", "0.5,"),
        ({"muscle_r": 0.41}, "an EMG channel by at least 0.41", "0.35"),
        ({"reference": "csd"}, "Current source densities", "average. Flat"),
    ],
)
def test_what_cleaning_used_is_said(text_of, clean, says, not_said):
    eeg = text_of(clean=Cleaning(**clean))["EEG"]
    assert says in eeg and not_said not in eeg


def test_muscles_are_measured_in_the_band_of_the_run(text_of):
    assert "(61\u201379 Hz)" in text_of(clean=Cleaning(line_hz=60.0))["Robustness"]


def test_what_other_steps_used_is_said(text_of):
    found = text_of(
        physio=Deriving(sfreq=25.0, eda_method="cvxeda"),
        epochs=Epoching(lock="apex", eeg=(-1.0, 1.25), slow=None, baseline=(-1.0, -0.5)),
        reject=Rejection(rule="autoreject"),
        merge="intersection",
    )
    assert "(rule: intersection)" in found["Events"] and "locked to the apex" in found["Events"]
    assert "\N{MINUS SIGN}1 to 1.25 s in the EEG" in found["Events"]
    assert "Skin temperature" not in found["Events"] and "was subtracted" in found["Events"]
    assert "derived at 25 Hz" in found["Peripheral physiology"]
    assert "by cvxEDA" in found["Peripheral physiology"]
    assert "autoreject" in found["EEG"] and "150 µV" not in found["EEG"]
    alone = text_of(epochs=Epoching(physio=None))["Events"]
    assert "physiology" not in alone and "only if its window lies inside" in alone


def test_recordings_that_came_clean_are_said(text_of):
    some = text_of(numbers={"n_already_clean": 2}.items())["EEG"]
    assert "The EEG of 2 of 5 participants had been cleaned elsewhere." in some
    every = text_of(numbers={"n_already_clean": 5}.items())["EEG"]
    assert every.startswith("The EEG had been cleaned elsewhere.") and "Picard" not in every
    without = text_of(numbers={"n_without_iclabel": 1}.items())["EEG"]
    assert "ICLabel could not be used in 1 of 5 participants." in without


def test_the_table_of_constants_holds_what_was_used():
    used = used_of(Options(clean=Cleaning(line_hz=60.0), rng=1))
    rows = constants_table({"study": {}, "used": used, "methods": {}})["rows"]
    assert ["run", "clean.line_hz", "60"] in rows and ["run", "muscle_band_hz", "61, 79"] in rows
