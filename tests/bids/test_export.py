import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import mmme_neuro
from mmme_neuro.bids import export
from mmme_neuro.cli import app

RECOMMENDED = {
    "JSON_KEY_RECOMMENDED",
    "SIDECAR_KEY_RECOMMENDED",
    "NO_AUTHORS",
    "TOO_FEW_AUTHORS",
}
TEXT = {".tsv", ".json", ".vhdr", ".vmrk", ""}


def _files(root):
    return {path.relative_to(root): path for path in sorted(root.rglob("*")) if path.is_file()}


def _texts(root):
    """Every file that holds text, unpacked."""
    for name, path in _files(root).items():
        if path.suffix in TEXT:
            yield name, path.read_bytes()
        elif path.suffix == ".gz":
            yield name, gzip.decompress(path.read_bytes())


def test_every_file_is_there(dataset):
    names = {name.as_posix() for name in _files(dataset.root)}
    stem = "sub-01/eeg/sub-01_task-expression"
    assert {
        "dataset_description.json",
        "README",
        "CHANGES",
        "participants.tsv",
        "participants.json",
        "task-expression_events.json",
        f"{stem}_eeg.vhdr",
        f"{stem}_eeg.vmrk",
        f"{stem}_eeg.eeg",
        f"{stem}_eeg.json",
        f"{stem}_channels.tsv",
        f"{stem}_events.tsv",
        f"{stem}_recording-biopac_physio.tsv.gz",
        f"{stem}_recording-biopac_physio.json",
        "sub-01/eeg/sub-01_space-CapTrak_electrodes.tsv",
        "sub-01/eeg/sub-01_space-CapTrak_coordsystem.json",
    } <= names
    assert {name.split("/")[0] for name in names if name.startswith("sub")} == {"sub-01", "sub-03"}
    assert not [name for name in names if "writing" in name]


def test_validator_accepts_it(dataset):
    pytest.importorskip("bids_validator_deno")
    validator = Path(sys.executable).with_name("bids-validator-deno")
    done = subprocess.run(
        [validator, dataset.root, "--format", "json"], capture_output=True, text=True, timeout=120
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    errors = [issue for issue in issues if issue["severity"] == "error"]
    assert done.returncode == 0 and not errors
    assert {issue["code"] for issue in issues} <= RECOMMENDED


def test_no_name_date_or_remark_leaks(dataset, study):
    sheet = pd.read_excel(study / "coding_file.xlsx")
    dates = set(re.findall(r"_(\d{8})\.avi", " ".join(sheet["Filename"])))
    hours = {frame[:5] for frame in sheet["OnsetFrame"]}
    secrets = {"Marlene", "Quentin", "Odette", "sub01", "coughs", "Acquisition", "Untitled", ".avi"}
    secrets |= dates | hours | {f"{date[:4]}-{date[4:6]}-{date[6:]}" for date in dates}
    assert len(dates) and len(hours)
    searched = 0
    for name, content in _texts(dataset.root):
        text = f"{name}\n".encode() + content
        found = [secret for secret in secrets if secret.lower().encode() in text.lower()]
        assert not found, name
        if name.suffix != ".gz":
            assert not re.search(rb"\b(19|20)\d\d[-/.]?[01]\d[-/.]?[0-3]\d\b", text), name
        searched += 1
    assert searched > 20


def test_names_do_reach_a_dataset_with_own_codes(study, tmp_path):
    """The search above can find a leak."""
    done = export.write_bids(study, tmp_path / "out", pseudonyms=False, modalities=("eeg",))
    assert {"sub-Marlene", "sub-Quentin"} < set(done.participants["participant_id"])
    assert any(b"Marlene" in content for _, content in _texts(done.root))


def test_failed_participant_is_listed_and_left_out(dataset):
    rows = dataset.participants.set_index("participant")
    assert rows["status"].to_dict() == {
        "Marlene": "written",
        "Odette": "failed",
        "Quentin": "written",
    }
    assert ".cdt" in rows.loc["Odette", "reason"] and not dataset.is_complete
    listed = pd.read_csv(dataset.root / "participants.tsv", sep="\t")
    # Labels do not depend on who fails.
    assert listed["participant_id"].tolist() == ["sub-01", "sub-03"]
    assert "1 left out" in (dataset.root / "README").read_text()
    assert repr(dataset).startswith("<BidsDataset | 2 of 3 participants")


def test_a_bug_leaves_out_its_participant_only(study, tmp_path, monkeypatch, caplog):
    write = export._write_recording

    def faulty(recording, files, job):
        if job.folder.name == "Marlene":
            raise KeyError("channels")
        write(recording, files, job)

    monkeypatch.setattr(export, "_write_recording", faulty)
    done = export.write_bids(study, tmp_path / "out")
    rows = done.participants.set_index("participant")
    assert rows["status"].to_dict() == {
        "Marlene": "crashed",
        "Odette": "failed",
        "Quentin": "written",
    }
    assert rows.loc["Marlene", "reason"].startswith(
        "unexpected KeyError: 'channels' (test_export.py"
    )
    assert "Traceback" in caplog.text and not (done.root / "sub-01").exists()


def test_key_is_written_elsewhere(dataset, study, tmp_path):
    key = pd.read_csv(dataset.root.parent / "key.tsv", sep="\t")
    assert key.set_index("participant")["participant_id"]["Quentin"] == "sub-03"
    with pytest.raises(ValueError, match="undo the pseudonyms"):
        export.write_bids(study, tmp_path / "out", key=tmp_path / "out" / "key.tsv")
    assert not (tmp_path / "out").exists()


def test_same_study_same_bytes(dataset, study, tmp_path):
    again = export.write_bids(study, tmp_path / "again").root
    first, second = _files(dataset.root), _files(again)
    assert first.keys() == second.keys()
    assert all(first[name].read_bytes() == second[name].read_bytes() for name in first)


def test_folder_with_something_in_it_is_refused(study, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match="notes.txt"):
            export.write_bids(study, tmp_path, overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_overwriting_replaces_only_what_was_written(tmp_path):
    (tmp_path / "dataset_description.json").write_text('{"GeneratedBy": [{"Name": "mmme_neuro"}]}')
    (tmp_path / "sub-09" / "eeg").mkdir(parents=True)
    (tmp_path / "derivatives").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    export._make_empty(tmp_path, overwrite=True)
    assert {path.name for path in tmp_path.iterdir()} == {"derivatives", "notes.txt"}


def test_study_without_anybody_written_is_an_error(study, tmp_path):
    sheet = study / "coding_file.xlsx"
    (tmp_path / "study" / "Marlene").mkdir(parents=True)
    (tmp_path / "study" / "coding_file.xlsx").write_bytes(sheet.read_bytes())
    (tmp_path / "study" / "Marlene" / "a.cdt").write_bytes(b"")
    with pytest.raises(ValueError, match="no participant could be written"):
        export.write_bids(tmp_path / "study", tmp_path / "out")


@pytest.mark.parametrize("task", ["", "two words", "a_b"])
def test_task_must_be_a_label(study, tmp_path, task):
    with pytest.raises(ValueError, match="task must consist"):
        export.write_bids(study, tmp_path / "out", task=task)


def test_command_exits_with_1_when_somebody_is_left_out(dataset, monkeypatch, tmp_path):
    def write(*arguments, progress, **options):
        assert options["pseudonyms"] and options["executor"]._max_workers == 2
        for row in dataset.participants.to_dict("records"):
            progress(row)
        return dataset

    monkeypatch.setattr(mmme_neuro.bids, "write_bids", write)
    done = CliRunner().invoke(app, ["bids", str(tmp_path), str(tmp_path / "out"), "--jobs", "2"])
    assert done.exit_code == 1
    assert "Odette  FAILED" in done.output and "Marlene  written" in done.output


def test_command_shows_a_refusal_without_a_traceback(study, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    done = CliRunner().invoke(app, ["bids", str(study), str(tmp_path)])
    assert done.exit_code == 2 and "expected a new or empty folder" in " ".join(done.output.split())
