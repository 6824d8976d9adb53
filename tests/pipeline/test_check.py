import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mmme_neuro.cli import app
from mmme_neuro.epochs import epoch
from mmme_neuro.events.controls import clip_spans, control_events
from mmme_neuro.pipeline import check
from mmme_neuro.pipeline.check import StudyCheck, check_study
from mmme_neuro.recording import read_recording
from mmme_neuro.simulate import DEMO, simulate_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Three participants: one with a flat electrode, one without physiology, one whole."""
    folder = tmp_path_factory.mktemp("check") / "study"
    simulate_study(folder, n_participants=3, n_videos=3, seed=5, parameters=DEMO)
    n_channels = len(channel_names(folder / "sub01"))
    data = folder / "sub01" / "Acquisition 01.cdt"
    samples = np.memmap(data, dtype="<f4", mode="r+").reshape(-1, n_channels)
    samples[:, 2] = 3.0
    samples.flush()
    (folder / "sub02" / "Untitled1 (001).mat").unlink()
    return folder


def channel_names(folder):
    """Labels in a header, read without the package's reader."""
    lines = (folder / "Acquisition 01.cdt.dpa").read_text("utf-8-sig").splitlines()
    names = []
    for block in ("LABELS START_LIST", "LABELS_OTHERS START_LIST"):
        first = next(k for k, line in enumerate(lines) if line.startswith(block))
        last = next(k for k in range(first, len(lines)) if "END_LIST" in lines[k])
        names += lines[first + 1 : last]
    return names


@pytest.fixture(scope="module")
def checked(study):
    return check_study(study)


def test_one_failure_does_not_stop_the_others(checked):
    status = checked.participants.set_index("participant")["status"]
    assert status.to_dict() == {"sub01": "ok", "sub02": "failed", "sub03": "ok"}
    assert not checked.is_ok
    text = checked.to_text()
    assert "sub02  FAILED" in text and "no physio file" in text
    assert "2 of 3 participants can be analyzed" in text


def test_a_bug_stops_no_other_and_is_told_from_a_failure(study, monkeypatch, caplog):
    def read(folder, **options):
        return {}["channels"] if folder.name == "sub01" else read_recording(folder, **options)

    monkeypatch.setattr(check, "read_recording", read)
    found = check_study(study)
    status = found.participants.set_index("participant")["status"]
    assert status.to_dict() == {"sub01": "crashed", "sub02": "failed", "sub03": "ok"}
    assert "sub01  CRASHED: unexpected KeyError: 'channels'" in found.to_text()
    assert "Traceback" in caplog.text and str(study / "sub01") in caplog.text
    assert CliRunner().invoke(app, ["check", str(study)]).exit_code == 3


def test_flat_channels_are_named(study, checked):
    flat = checked.channels.set_index(["participant", "device", "kind"])["flat"]
    name = channel_names(study / "sub01")[2]
    assert flat["sub01", "EEG", "EEG"] == name
    assert flat["sub03", "EEG", "EEG"] == ""
    assert f"flat: {name}" in checked.to_text()
    kinds = checked.channels.query("participant == 'sub03'").set_index(["device", "kind"])
    assert (kinds["n_channels"] > 0).all()


def test_the_command_says_it_and_fails(study, tmp_path):
    done = CliRunner().invoke(app, ["check", str(study), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "sub01" in done.output and "FAILED" in done.output
    assert "Traceback" not in done.output
    assert len(pd.read_csv(tmp_path / "out" / "channels.csv")) == 18


def test_the_command_succeeds_where_nothing_lacks(study, tmp_path):
    whole = tmp_path / "study"
    shutil.copytree(study, whole, ignore=shutil.ignore_patterns("sub02"))
    sheet = pd.read_excel(study / "coding_file.xlsx", dtype=object)
    (whole / "coding_file.xlsx").unlink()
    sheet[sheet["Subject"] != "sub02"].to_csv(whole / "coding_file.csv", index=False)
    done = CliRunner().invoke(app, ["check", str(whole)])
    assert done.exit_code == 0, done.output


def test_missing_kinds_conditions_and_packages_are_told():
    participants = pd.DataFrame(
        [{"participant": "a", "status": "ok", "reason": "", "n_events": 4, "n_remaining": 4}]
    )
    conditions = pd.DataFrame({"participant": "a", "label": ["macro", "micro"], "n": [4, 0]})
    channels = pd.DataFrame(
        [("EEG", "EEG", 64, ""), ("EEG", "EOG", 0, ""), ("physio", "SKT", 2, "SKT_B")],
        columns=["device", "kind", "n_channels", "flat"],
    ).assign(participant="a")
    empty = pd.DataFrame(columns=["participant"])
    absent = {"dask": "a cluster"}
    check = StudyCheck(participants, empty, empty, empty, channels, conditions, absent)
    lines = [line.strip() for line in check.to_text().splitlines()]
    assert "a  4 of 4 events remain: 4 macro, 0 micro" in lines
    assert "no event of the condition micro remains" in lines
    assert "EEG (64 channels) lacks EOG" in lines
    assert "physio (2 channels) flat: SKT_B" in lines
    assert "optional packages not installed: dask (a cluster)" in lines


def test_a_recordings_codes_give_clips_and_controls(study):
    recording = read_recording(study / "sub03")
    truth = json.loads((study / "truth.json").read_text())["participants"][2]
    spans = clip_spans(recording.codes)
    np.testing.assert_allclose(spans["start"], truth["videos"]["start"], atol=0.01)
    controls = control_events(recording.events, spans, condition="expression", rng=1)
    assert len(controls) == len(recording.events)
    locked = epoch(recording.with_controls(controls))
    counts = locked.events["expression"].value_counts()
    assert counts["control"] > 0 and locked.physio is not None


def test_a_participant_left_out_is_no_failure(study, tmp_path):
    folder = shutil.copytree(study, tmp_path / "study")
    shutil.rmtree(folder / "sub03")
    (folder / "decisions.csv").write_text(
        "participant,kind,target,reason\nsub02,exclude_participant,all,fell asleep\n"
        "sub03,exclude_participant,all,withdrew consent\n"
    )
    checked = check_study(folder)
    assert checked.is_ok
    states = checked.participants.set_index("participant")
    assert states["status"].to_dict() == {"sub01": "ok", "sub02": "excluded", "sub03": "excluded"}
    assert "sub03  EXCLUDED: withdrew consent" in checked.to_text()


def test_every_source_of_codes_is_shown_with_its_first_codes(checked, study):
    text = checked.to_text()
    assert re.search(
        r"EEG triggers: annotations \(taken\) \d+ codes: 10\d, 100, .*; Trigger \d+", text
    )
    assert re.search(r"physio triggers: digital \(taken\) \d+ codes: 10\d, 100", text)
    named = check_study(study, source={"eeg": "Trigger"})
    assert "EEG triggers: Trigger (taken)" in named.to_text()
    failed = check_study(study, source="Status").participants.set_index("participant")
    assert "which has annotations" in failed.loc["sub01", "reason"]


def test_the_command_takes_a_source_for_each_device(study, tmp_path):
    run = CliRunner().invoke(
        app,
        ["check", str(study), "--source", "eeg=Trigger", "--source", "physio=digital", "--out",
         str(tmp_path)],
    )  # fmt: skip
    assert "EEG triggers: Trigger (taken)" in run.output
    table = pd.read_csv(tmp_path / "sources.csv").set_index(["participant", "device", "source"])
    assert table.loc[("sub01", "EEG", "Trigger"), "is_taken"]
    wrong = CliRunner().invoke(app, ["check", str(study), "--source", "Trigger"])
    assert wrong.exit_code == 2 and "DEVICE=NAME" in wrong.output
