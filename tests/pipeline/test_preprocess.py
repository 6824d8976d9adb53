import json
import shutil
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro import Recording, read_recording
from mmme_neuro.io.files import write_json
from mmme_neuro.pipeline.derivatives import TABLES, clock_table, read_epochs, read_table
from mmme_neuro.pipeline.inputs import DeviceFolder
from mmme_neuro.pipeline.preprocess import (
    Options,
    preprocess_participant,
    preprocess_recording,
    preprocess_study,
)
from mmme_neuro.signals import removed_by_cleaning

QUICK = Options(clean=False, reject_uv=1e4)


def test_every_participant_is_done_and_counted(preprocessed):
    table = preprocessed.participants
    assert table["participant"].tolist() == ["sub01", "sub02", "sub03"]
    assert (table["status"] == "done").all() and (table["reason"] == "").all()
    for row in table.itertuples():
        epochs = read_epochs(preprocessed.out, [row.participant], "eeg")
        kinds = epochs.metadata["expression"].value_counts()
        assert len(epochs) == row.n_epochs
        assert kinds.get("micro", 0) == row.n_micro and kinds.get("macro", 0) == row.n_macro
        excluded = read_table(preprocessed.out, [row.participant], "excluded")
        assert len(excluded) == row.n_excluded


def test_no_event_is_lost_between_sheet_and_epochs(preprocessed, merged_events):
    for name in preprocessed.participants["participant"]:
        kept = read_epochs(preprocessed.out, [name], "eeg").metadata["source_row"]
        lost = read_table(preprocessed.out, [name], "excluded")
        assert (lost["exclusion_reason"] != "").all()
        own = merged_events.loc[merged_events["participant"] == name, "source_row"]
        assert sorted([*kept, *lost["source_row"]]) == sorted(own)


def test_modalities_hold_the_same_events_in_the_same_order(preprocessed):
    names = preprocessed.participants["participant"]
    eeg, physio = (read_epochs(preprocessed.out, names, name) for name in ("eeg", "physio"))
    pd.testing.assert_frame_equal(
        eeg.metadata.reset_index(drop=True), physio.metadata.reset_index(drop=True)
    )
    assert (eeg.tmin, eeg.tmax) == preprocessed.options.eeg_window
    assert (physio.tmin, physio.tmax) == preprocessed.options.physio_window
    assert physio.info["sfreq"] == preprocessed.options.physio_sfreq
    assert {"heart_rate", "eda_phasic", "skt"} <= set(physio.ch_names)


def test_every_table_is_there_and_names_its_participant(preprocessed):
    names = list(preprocessed.participants["participant"])
    for table in TABLES:
        for name in names:
            assert "participant" in read_table(preprocessed.out, [name], table)
    clocks = read_table(preprocessed.out, names, "clocks")
    assert clocks.groupby("device").size().to_dict() == {"camera": 3, "physio": 3}
    codes = read_table(preprocessed.out, names, "codes")
    unmatched = codes[codes["reason"] != ""]
    assert len(codes) > len(unmatched) > 0
    components = read_table(preprocessed.out, names, "components")
    assert set(components["removed_as"]) >= {"", "eye", "muscle"}


def test_bad_channels_of_the_truth_are_found(study, preprocessed):
    people = json.loads((study / "truth.json").read_text())["participants"]
    for person in people:
        found = read_table(preprocessed.out, [person["participant"]], "bad_channels")
        assert set(person["bad_channels"]) <= set(found["channel"])


def test_written_epochs_say_what_was_removed(preprocessed):

    epochs = mne.read_epochs(preprocessed.out / "sub01_eeg-epo.fif", verbose="error")
    bad = read_table(preprocessed.out, ["sub01"], "bad_channels")
    assert set(removed_by_cleaning(epochs).bad_channels) == set(bad["channel"])
    assert removed_by_cleaning(epochs).steps["seed"] == preprocessed.options.rng


def run(study, events, out, executor):
    return preprocess_study(
        [DeviceFolder(study / "sub01", events)], out, options=QUICK, executor=executor
    )


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_gives_the_same_samples(study, merged_events, tmp_path, kind):
    with kind(1) as executor:
        run(study, merged_events, tmp_path / "out", executor)
    with ThreadPoolExecutor(1) as executor:
        run(study, merged_events, str(tmp_path / "again"), executor)
    one, other = (read_epochs(tmp_path / name, ["sub01"], "eeg") for name in ("out", "again"))
    np.testing.assert_array_equal(one.get_data(), other.get_data())


def test_progress_hears_of_every_participant(study, merged_events, tmp_path):
    heard = []
    with ThreadPoolExecutor(1) as executor:
        preprocess_study(
            [DeviceFolder(study / "absent", merged_events)],
            tmp_path,
            options=QUICK,
            executor=executor,
            progress=heard.append,
        )
    assert [(outcome.participant, outcome.status) for outcome in heard] == [("absent", "failed")]


def test_options_reach_the_epochs(study, merged_events):
    recording = read_recording(study / "sub01", sheet=merged_events)
    options = Options(
        eeg_window=(-0.5, 0.5),
        physio_window=(-1.0, 3.0),
        lock="apex",
        clean=False,
        reject_uv=1e4,
        physio_sfreq=20.0,
    )
    locked = preprocess_recording(recording, options).locked
    assert locked.lock == "apex"
    assert (locked.eeg.tmin, locked.eeg.tmax) == (-0.5, 0.5)
    assert (locked.physio.tmin, locked.physio.tmax) == (-1.0, 3.0)
    assert locked.physio.info["sfreq"] == 20.0
    assert removed_by_cleaning(locked.eeg).steps["ica"] == "none"


@pytest.mark.parametrize("modality", ["eeg", "physio"])
def test_one_modality_is_enough(study, merged_events, modality):
    whole = read_recording(study / "sub01", sheet=merged_events)
    signals = {"eeg": None, "physio": None, modality: getattr(whole, modality)}
    events = whole.events
    if modality == "physio":
        moved = whole.clock.from_reference(events["onset"].to_numpy())
        events = events.assign(onset=moved)
    locked = preprocess_recording(Recording(**signals, events=events), QUICK).locked
    assert len(locked) > 5
    assert (locked.eeg is None) == (modality == "physio")


def test_an_unexpected_error_is_not_swallowed(study, merged_events, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise TypeError("a bug")

    monkeypatch.setattr("mmme_neuro.pipeline.inputs.read_recording", broken)
    with pytest.raises(TypeError, match="a bug"):
        preprocess_participant(DeviceFolder(study / "sub01", merged_events), tmp_path, QUICK)


def test_a_rerun_replaces_files(study, merged_events, tmp_path):
    shutil.copytree(study / "sub01", tmp_path / "study" / "sub01")
    out = tmp_path / "out"
    out.mkdir()
    (out / "sub01_excluded.csv").write_text("old")
    source = DeviceFolder(tmp_path / "study" / "sub01", merged_events)
    preprocess_participant(source, out, QUICK)
    assert (out / "sub01_excluded.csv").read_text() != "old"


def test_clock_table_leaves_out_absent_clocks():
    assert clock_table("p", {"physio": None, "camera": None}).empty


def test_json_takes_numpy_and_nothing_odd(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": np.float64(1.5), "b": np.arange(2), "c": np.bool_(True)})
    assert json.loads(path.read_text()) == {"a": 1.5, "b": [0, 1], "c": True}
    with pytest.raises(TypeError, match="cannot write set"):
        write_json(path, {"a": {1}})
    assert json.loads(path.read_text())["a"] == 1.5
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"reject_rule": "none"}, "reject_rule must be one of"),
        ({"ica_method": "jade"}, "ica_method must be one of"),
        ({"eda_method": "ledalab"}, "eda_method must be one of"),
        ({"lock": "peak"}, "lock must be one of"),
        ({"reject_uv": 0.0}, "must be positive"),
    ],
)
def test_impossible_options_are_refused_before_anything_runs(choice, message):
    with pytest.raises(ValueError, match=message):
        Options(**choice)
