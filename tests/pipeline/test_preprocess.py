import json
import shutil
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import asdict, replace

import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro import Recording, read_recording
from mmme_neuro.epochs import Epoching
from mmme_neuro.io.files import write_json
from mmme_neuro.muscles.event_power import event_muscle_power
from mmme_neuro.pipeline.decisions import COLUMNS, Decisions
from mmme_neuro.pipeline.derivatives import (
    TABLES,
    clock_table,
    read_epochs,
    read_table,
    run_record,
    write_derivatives,
)
from mmme_neuro.pipeline.inputs import DeviceFolder
from mmme_neuro.pipeline.preprocess import (
    Options,
    preprocess_participant,
    preprocess_recording,
    preprocess_study,
)
from mmme_neuro.rejection import Rejection
from mmme_neuro.signals import Cleaning, CleaningDecisions, Deriving
from mmme_neuro.signals.eeg import clean
from mmme_neuro.signals.eeg.ica import separate

QUICK = Options(clean=Cleaning(ica=False), reject=Rejection(eeg_uv=1e4), rng=0)


def test_every_participant_is_done_and_counted(preprocessed):
    table = preprocessed.participants
    assert table["participant"].tolist() == ["sub01", "sub02", "sub03"]
    assert (table["status"] == "done").all() and (table["reason"] == "").all()
    for row in table.itertuples():
        epochs = read_epochs(preprocessed.out, [row.participant], "eeg")
        assert len(epochs) == row.n_epochs
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
    assert (eeg.tmin, eeg.tmax) == preprocessed.options.epochs.eeg
    assert (physio.tmin, physio.tmax) == preprocessed.options.epochs.physio
    assert physio.info["sfreq"] == preprocessed.options.physio.sfreq
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


def test_tables_say_what_was_used_and_files_hold_no_record(preprocessed):
    used = read_table(preprocessed.out, ["sub01"], "cleaning").set_index("item")["setting"]
    assert used["seed"] == str(preprocessed.options.rng)
    assert used["line_hz"] == "50.0" and used["lowpass_hz"] == "none"
    assert used["ica"] == "picard, extended" and used["iclabel"] == "True"
    for name in ("eeg-epo", "physio-epo", "physio_raw"):
        path = preprocessed.out / f"sub01_{name}.fif"
        assert mne.io.read_info(path, verbose="error")["description"] is None


def test_record_of_a_run_is_what_it_used(preprocessed):
    names = list(preprocessed.participants["participant"])
    record = run_record(preprocessed.out, names)
    options = json.loads(json.dumps(asdict(preprocessed.options)))
    assert {name: record[name] for name in options} == options
    assert record["muscle_band_hz"] == [51.0, 69.0]
    counts = ("n_participants", "n_already_clean", "n_without_iclabel")
    assert [record[name] for name in counts] == [3, 0, 0]
    with pytest.raises(ValueError, match="no participant was processed"):
        run_record(preprocessed.out, [])


def test_a_decision_about_a_component_costs_no_second_ica(study, merged_events, monkeypatch):
    recording = read_recording(study / "sub01", sheet=merged_events)
    options = Options(clean=Cleaning(iclabel=False), reject=Rejection(eeg_uv=1e4), rng=3)
    before = preprocess_recording(recording, options)
    rows = before.cleaned.components
    kept = int(rows.loc[rows["removed_as"] == "", "component"].iloc[0])
    decided = pd.DataFrame(
        [
            ("sub01", "remove_component", str(kept), "heart", before.cleaned.fingerprint),
            ("sub01", "remove_component", "0", "old", "1a2b3c4d"),
        ],
        columns=list(COLUMNS),
    )
    fits = []
    monkeypatch.setattr(clean, "separate", lambda *a, **k: fits.append(1) or separate(*a, **k))
    done = preprocess_recording(recording, options, decisions=decided)
    assert len(fits) == 1
    assert done.cleaned.components.set_index("component").loc[kept, "decision"] == "removed: heart"
    assert done.decisions["outcome"].iloc[0] == "applied"
    assert done.decisions["outcome"].iloc[1].startswith("made for other components")
    straight = clean.clean_eeg(
        recording.eeg,
        decisions=CleaningDecisions(remove_components={kept: "heart"}),
        iclabel=False,
        rng=3,
    )
    np.testing.assert_array_equal(done.recording.eeg.get_data(), straight.raw.get_data())


def test_the_mains_of_the_options_reach_the_muscles(study, merged_events):
    recording = read_recording(study / "sub01", sheet=merged_events)
    european, american = (
        preprocess_recording(recording, replace(QUICK, clean=replace(QUICK.clean, line_hz=hz)))
        for hz in (50.0, 60.0)
    )
    assert american.cleaned.notched_hz == (60.0, 120.0)
    expected = event_muscle_power(
        recording.eeg,
        american.recording.eeg,
        recording.events["onset"],
        line_hz=60.0,
        interpolated=american.cleaned.bad_channels,
    )
    np.testing.assert_array_equal(american.muscles["before_db"], expected["before_db"])
    assert not np.allclose(
        american.muscles["before_db"], european.muscles["before_db"], equal_nan=True
    )


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
        clean=Cleaning(ica=False, line_hz=60.0, highpass_hz=0.5, sfreq=200.0),
        physio=Deriving(sfreq=20.0),
        epochs=Epoching(lock="apex", eeg=(-0.5, 0.5), physio=(-1.0, 3.0)),
        reject=Rejection(eeg_uv=1e4),
        rng=0,
    )
    done = preprocess_recording(recording, options)
    locked = done.locked
    assert locked.lock == "apex"
    assert (locked.eeg.tmin, locked.eeg.tmax) == (-0.5, 0.5)
    assert (locked.physio.tmin, locked.physio.tmax) == (-1.0, 3.0)
    assert locked.physio.info["sfreq"] == 20.0
    assert locked.eeg.info["sfreq"] == 200.0 and locked.eeg.info["highpass"] == 0.5
    assert done.cleaned.method == "none" and done.cleaned.options == options.clean
    assert done.cleaned.notched_hz == (60.0,)
    assert done.derived.options == options.physio


def test_a_decision_concerns_one_of_two_simultaneous_events(tmp_path):
    eeg = np.zeros((1, 2000))
    eeg[0, 1000:1010] = 400e-6
    raw = mne.io.RawArray(eeg, mne.create_info(["CZ"], 100.0, "eeg"), verbose="error")
    events = pd.DataFrame(
        {"event": list("abcde"), "onset": [5.0, 5.0, 10.0, 10.0, 15.0], "expression": "micro"}
    )
    decisions = pd.DataFrame(
        [("p", "exclude_event", "b", "speech", ""), ("p", "keep_event", "d", "looked at", "")],
        columns=["participant", "kind", "target", "reason", "made_for"],
    )
    recording = Recording(eeg=raw, physio=None, events=events, participant="p")
    done = preprocess_recording(
        recording,
        Options(rng=1, epochs=Epoching(eeg=(-0.5, 0.5))),
        decisions=decisions,
        is_clean=True,
    )
    assert done.locked.events["event"].tolist() == ["a", "d", "e"]
    reasons = done.locked.excluded.set_index("event")["exclusion_reason"]
    assert reasons["b"] == "decided: speech" and reasons["c"].startswith("EEG deviates")
    write_derivatives(done, "p", tmp_path, continuous=False)
    assert read_epochs(tmp_path, ["p"], "eeg").metadata["event"].tolist() == ["a", "d", "e"]
    moments = read_table(tmp_path, ["p"], "moments").set_index("event")["fate"]
    assert moments.to_dict() == {
        "a": "epoch", "b": "excluded", "c": "excluded", "d": "epoch", "e": "epoch"
    }  # fmt: skip


def test_tables_name_the_same_events(preprocessed, merged_events):
    names = preprocessed.participants["participant"]
    epochs = read_epochs(preprocessed.out, names, "eeg")
    assert epochs.metadata["event"].is_unique
    known = set(merged_events["event"])
    assert set(epochs.metadata["event"]) <= known
    for name in ("muscles", "excluded"):
        assert set(read_table(preprocessed.out, names, name)["event"]) <= known
    moments = read_table(preprocessed.out, names, "moments")
    kept = moments.loc[moments["fate"] == "epoch", "event"]
    assert sorted(kept) == sorted(epochs.metadata["event"])
    faces = moments[moments["event_type"] == "event"]
    assert sorted(faces["event"]) == sorted(known)


def test_epochs_that_share_an_id_are_not_joined(preprocessed):
    with pytest.raises(ValueError, match="ids must be unique in a study"):
        read_epochs(preprocessed.out, ["sub01", "sub01"], "eeg")


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
    outcome = preprocess_participant(DeviceFolder(study / "sub01", merged_events), tmp_path, QUICK)
    assert outcome.status == "crashed" and outcome.n_epochs == 0
    assert "unexpected TypeError: a bug (test_preprocess.py, " in outcome.reason
    assert "in broken)" in outcome.reason and "logs/sub01.log" in outcome.reason
    log = (tmp_path / "logs" / "sub01.log").read_text()
    assert "CRASHED: Traceback" in log and 'raise TypeError("a bug")' in log
    assert not list(tmp_path.glob("sub01_*"))


def test_a_rerun_replaces_files(study, merged_events, tmp_path):
    shutil.copytree(study / "sub01", tmp_path / "study" / "sub01")
    out = tmp_path / "out"
    out.mkdir()
    (out / "sub01_excluded.csv").write_text("old")
    source = DeviceFolder(tmp_path / "study" / "sub01", merged_events)
    preprocess_participant(source, out, QUICK)
    assert (out / "sub01_excluded.csv").read_text() != "old"


def test_a_participant_left_out_is_not_processed_and_loses_its_epochs(
    study, merged_events, tmp_path
):
    sources = [DeviceFolder(study / name, merged_events) for name in ("sub01", "sub02")]
    arguments = {"options": QUICK, "executor": ThreadPoolExecutor(1)}
    preprocess_study(sources, tmp_path, **arguments)
    assert (tmp_path / "sub02_eeg-epo.fif").is_file()
    row = ("sub02", "exclude_participant", "all", "fell asleep", "")
    made = Decisions(pd.DataFrame([row], columns=list(COLUMNS)))
    table = preprocess_study(sources, tmp_path, decisions=made, **arguments)
    assert table["status"].tolist() == ["done", "excluded"]
    assert table["reason"].tolist() == ["", "fell asleep"]
    assert table["reran"].tolist() == ["", ""]
    assert not list(tmp_path.glob("sub02_*"))
    assert (tmp_path / "sub01_eeg-epo.fif").is_file()


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
        (lambda: Rejection(rule="none"), "rule must be one of"),
        (lambda: Rejection(eeg_uv=0.0), "eeg_uv must be positive"),
        (lambda: Cleaning(ica_method="jade"), "ica_method must be one of"),
        (lambda: Cleaning(reference="REST"), "reference must be one of"),
        (lambda: Cleaning(highpass_hz=0.0), "highpass_hz and sfreq must be positive"),
        (lambda: Cleaning(lowpass_hz=0.05), "lowpass_hz must be above highpass_hz=0.1"),
        (lambda: Cleaning(line_hz=16.7), "line_hz must be at least 20 Hz, or None"),
        (lambda: Deriving(eda_method="ledalab"), "eda_method must be one of"),
        (lambda: Deriving(sfreq=0.0), "expected a positive rate"),
        (lambda: Epoching(lock="peak"), "lock must be one of"),
        (lambda: Options(merge="all", rng=1), "merge must be one of"),
    ],
)
def test_impossible_options_are_refused_before_anything_runs(choice, message):
    with pytest.raises(ValueError, match=message):
        choice()


def test_a_run_needs_a_seed():
    with pytest.raises(TypeError, match="rng"):
        Options()
