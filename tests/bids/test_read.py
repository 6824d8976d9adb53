import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmme_neuro import epoch, read_physio
from mmme_neuro.bids import read_bids_recording
from mmme_neuro.clocks.triggers import recording_codes
from mmme_neuro.vocabulary import CAMERA_COLUMNS

WINDOWS = {"eeg": (-0.5, 0.5), "physio": (-1.0, 1.0)}


@pytest.fixture(scope="module")
def restored(dataset):
    return read_bids_recording(dataset.root, "sub-01")


def test_eeg_has_the_same_samples(restored, original):
    assert restored.eeg.ch_names == original.eeg.ch_names
    assert restored.eeg.get_channel_types() == original.eeg.get_channel_types()
    assert restored.eeg.info["sfreq"] == original.eeg.info["sfreq"]
    assert restored.eeg.info["bads"] == original.eeg.info["bads"]
    expected, found = original.eeg.get_data(), restored.eeg.get_data()
    np.testing.assert_allclose(found, expected, rtol=3e-7, atol=1e-15)
    assert restored.eeg.info["meas_date"] is None


def test_electrodes_stay_in_place(restored, original):
    expected = original.eeg.get_montage().get_positions()["ch_pos"]
    found = restored.eeg.get_montage().get_positions()["ch_pos"]
    for name, position in expected.items():
        np.testing.assert_allclose(found[name], position, atol=1e-6)


def test_trigger_codes_are_restored(restored, original):
    columns = ["code", "onset", "duration"]
    pd.testing.assert_frame_equal(
        recording_codes(restored.eeg)[columns], recording_codes(original.eeg)[columns]
    )


def test_physio_has_the_same_samples_at_the_same_times(restored, original):
    assert restored.physio.ch_names == original.physio.ch_names
    assert restored.physio.get_channel_types() == original.physio.get_channel_types()
    np.testing.assert_allclose(
        restored.physio.get_data(), original.physio.get_data(), rtol=1e-8, atol=0
    )
    np.testing.assert_array_equal(restored.physio.times, original.physio.times)
    np.testing.assert_allclose(
        restored.clock.to_reference(restored.physio.times),
        original.clock.to_reference(original.physio.times),
        atol=1e-9,
    )


def test_plain_bids_keys_place_the_physio_on_the_eeg_clock(dataset, original):
    """What any other BIDS software computes, against triggers sent to both devices."""
    sidecar = dataset.root / "sub-01/eeg/sub-01_task-expression_recording-biopac_physio.json"
    described = json.loads(sidecar.read_text(encoding="utf-8"))
    index = np.arange(original.physio.n_times)
    time = described["StartTime"] + index / described["SamplingFrequency"]
    assert described["SamplingFrequency"] != original.physio.info["sfreq"]
    expected = original.clock.to_reference(original.physio.times)
    assert np.abs(time - expected).max() < 1e-6
    codes = recording_codes(original.physio)
    sample = np.round(codes["onset"] * original.physio.info["sfreq"]).astype(int)
    matched = original.clock.matched
    here = time[sample[codes["onset"].isin(matched["onset_other"])]]
    residual = matched["onset_reference"].to_numpy() - here
    np.testing.assert_allclose(1e3 * residual, matched["residual_ms"], atol=1e-3)


def test_events_are_restored(restored, original):
    assert set(restored.events) == set(original.events)
    changed = ["event", "participant", "clip", *CAMERA_COLUMNS, "source_row", "source_rows"]
    same = sorted(set(original.events) - set(changed))
    pd.testing.assert_frame_equal(restored.events[same], original.events[same], check_exact=True)
    assert set(restored.events["participant"]) == {"sub-01"}
    assert restored.events["clip"].tolist() == [
        clip.replace("Marlene", "sub-01") for clip in original.events["clip"]
    ]
    assert restored.events[list(CAMERA_COLUMNS)].isna().all(axis=None)


def test_epochs_are_the_same(restored, original):
    expected, found = epoch(original, **WINDOWS), epoch(restored, **WINDOWS)
    assert len(found) == len(expected) > 0
    np.testing.assert_array_equal(found.events["onset"], expected.events["onset"])
    for modality in ("eeg", "physio"):
        np.testing.assert_allclose(
            getattr(found, modality).get_data(),
            getattr(expected, modality).get_data(),
            rtol=3e-7,
            atol=1e-15,
        )


def test_label_goes_without_prefix(dataset):
    assert read_bids_recording(dataset.root, "03").participant == "sub-03"


def test_unknown_participant_is_refused(dataset):
    with pytest.raises(FileNotFoundError, match=r"has \['sub-01', 'sub-03'\]"):
        read_bids_recording(dataset.root, "02")


def test_unknown_task_is_refused(dataset):
    with pytest.raises(FileNotFoundError, match="events.tsv"):
        read_bids_recording(dataset.root, "01", task="rest")


def test_events_keep_their_ids_through_the_dataset(dataset, restored, original):
    ids = restored.events["event"]
    assert ids.is_unique and ids.str.fullmatch(r"e\d{4}-01").all()
    order = original.events["event"].argsort()
    np.testing.assert_array_equal(ids.argsort(), order)
    other = read_bids_recording(dataset.root, "sub-03").events["event"]
    assert not set(ids) & set(other)
    np.testing.assert_array_equal(restored.events["onset"], original.events["onset"])


def of_others(dataset, folder):
    """The dataset as other software writes one: own columns, physiology without our keys."""
    root = Path(shutil.copytree(dataset.root, folder / "others"))
    eeg = root / "sub-01" / "eeg"
    stem = "sub-01_task-expression"
    table = "onset\tduration\ttrial_type\tvalue\tface_id\trt\tnote\n"
    table += "5.0\t0.5\thappy\t7\t012\t0.31\tlate\n9.5\tn/a\tangry\tn/a\t013\tn/a\tn/a\n"
    (eeg / f"{stem}_events.tsv").write_text(table, encoding="utf-8")
    (physio,) = eeg.glob("*_physio.tsv.gz")
    physio.rename(eeg / f"{stem}_physio.tsv.gz")
    sidecar = json.loads((eeg / physio.name.replace(".tsv.gz", ".json")).read_text())
    plain = {name: sidecar[name] for name in ("SamplingFrequency", "Columns")}
    (eeg / f"{stem}_physio.json").write_text(json.dumps({**plain, "StartTime": -2.0}))
    return root


def test_datasets_of_others_keep_columns_and_physiology(dataset, tmp_path):
    root = of_others(dataset, tmp_path)
    recording = read_bids_recording(root, "01")
    events = recording.events
    assert events["trial_type"].tolist() == ["happy", "angry"]
    assert events["note"].isna().tolist() == [False, True]
    np.testing.assert_array_equal(events["rt"], [0.31, np.nan])
    np.testing.assert_array_equal(events["value"], [7, np.nan])
    np.testing.assert_array_equal(events["duration"], [0.5, np.nan])
    assert recording.clock.to_reference(0.0) == -2.0
    plain = read_physio(root / "sub-01/eeg/sub-01_task-expression_physio.tsv.gz")
    np.testing.assert_array_equal(recording.physio.get_data(), plain.get_data())
    assert epoch(recording, **WINDOWS, condition="trial_type").eeg["happy"].metadata["rt"].item()


def test_events_without_trial_type(dataset, tmp_path):
    root = of_others(dataset, tmp_path)
    path = root / "sub-01/eeg/sub-01_task-expression_events.tsv"
    path.write_text("onset\tduration\tstimulus\n5.0\t0.5\tface.png\n", encoding="utf-8")
    events = read_bids_recording(root, "01").events
    assert events["stimulus"].tolist() == ["face.png"]
    assert "clip" not in events


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sub-01/eeg", "sub-01/ses-1/eeg", r"sessions \['ses-1'\]"),
        ("task-expression", "task-expression_run-1", "datasets with runs"),
        ("task-expression", "task-faces", r"task-faces_events.tsv.*give its task"),
    ],
)
def test_other_names_are_said(dataset, tmp_path, old, new, message):
    root = Path(shutil.copytree(dataset.root, tmp_path / "others"))
    for path in sorted(root.glob("sub-01/eeg/*")):
        target = root / str(path.relative_to(root)).replace(old, new)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    if not any((root / "sub-01/eeg").iterdir()):
        (root / "sub-01/eeg").rmdir()
    with pytest.raises(FileNotFoundError, match=message):
        read_bids_recording(root, "01")
