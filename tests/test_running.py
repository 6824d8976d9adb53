"""The preprocessing as a command: resumed after kills, on a cluster, from other inputs."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import mne
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mmme_neuro import cli
from mmme_neuro.bids import read_bids_recording, write_bids
from mmme_neuro.cli import SEED, app
from mmme_neuro.pipeline.decisions import HEADER_LINE
from mmme_neuro.pipeline.derivatives import read_table
from mmme_neuro.pipeline.executors import dask_cluster, processes
from mmme_neuro.pipeline.inputs import BidsParticipant, CleanedFolder, study_sources
from mmme_neuro.pipeline.preprocess import Options, Outcome, preprocess_study
from mmme_neuro.rejection import Rejection
from mmme_neuro.signals import Cleaning

QUICK = Options(clean=Cleaning(ica=False, ransac=False), reject=Rejection(eeg_uv=1e4), rng=0)
COMMAND = [sys.executable, "-m", "mmme_neuro.cli", "preprocess"]
CHOICES = ["--no-clean-ica", "--reject-eeg-uv", "10000"]


def contents(out):
    """Digest of every derivative; logs are not derivatives."""
    return {
        path.name: hashlib.blake2b(path.read_bytes()).hexdigest()
        for path in sorted(out.iterdir())
        if path.is_file()
    }


@pytest.fixture(scope="module")
def undisturbed(made_once, study):
    """What a run that nobody disturbs writes."""

    def fill(folder):
        run = CliRunner().invoke(app, ["preprocess", str(study), "--out", str(folder), *CHOICES])
        assert run.exit_code == 0, run.output

    return made_once("undisturbed", fill)


def kill_and_resume(study, out, n_kills, seed):
    """Start the command, kill it with all its workers at a random moment, again and again."""
    chance = random.Random(seed)
    longest = 6.0
    for _ in range(n_kills):
        run = subprocess.Popen(
            [*COMMAND, str(study), "--out", str(out), "--jobs", "2", *CHOICES],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.2, longest))
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    final = subprocess.run(
        [*COMMAND, str(study), "--out", str(out), *CHOICES], capture_output=True, text=True
    )
    assert final.returncode == 0, final.stdout + final.stderr


def test_killed_and_resumed_is_byte_for_byte_the_same(study, undisturbed, tmp_path):
    kill_and_resume(study, tmp_path / "out", 2, seed=1)
    assert contents(tmp_path / "out") == contents(undisturbed)


@pytest.mark.slow
def test_killed_twenty_times_is_byte_for_byte_the_same(study, undisturbed, tmp_path):
    kill_and_resume(study, tmp_path / "out", 20, seed=2)
    assert contents(tmp_path / "out") == contents(undisturbed)


def test_a_second_run_leaves_finished_participants_alone(study, undisturbed, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    (out / "sub02_eeg-epo.fif").unlink()
    (out / ".part_sub03_eeg-epo.fif").write_bytes(b"half")
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("sub01_*")}
    run = CliRunner().invoke(app, ["preprocess", str(study), "--out", str(out), *CHOICES])
    assert run.exit_code == 0
    assert "2 were up to date" in run.output
    assert "sub02_eeg-epo.fif is missing" in run.output
    assert before == {path.name: path.stat().st_mtime_ns for path in out.glob("sub01_*")}
    assert contents(out) == contents(undisturbed)
    assert "up to date" in (out / "logs" / "sub01.log").read_text()


def test_changed_options_say_why_a_participant_is_done_again(study, undisturbed, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    choices = ["--no-clean-ica", "--reject-eeg-uv", "9999", "--only", "sub01"]
    run = CliRunner().invoke(app, ["preprocess", str(study), "--out", str(out), *choices])
    assert "options changed: reject.eeg_uv 10000.0 -> 9999.0" in " ".join(run.output.split())


def test_a_dask_cluster_gives_the_same_bytes(study, undisturbed, tmp_path):
    pytest.importorskip("distributed", reason="the dask extra is not installed")
    with dask_cluster("local", jobs=1) as executor:
        table = preprocess_study(
            study_sources(study, only=["sub01"]),
            tmp_path,
            options=QUICK_AS_COMMAND,
            executor=executor,
        )
    assert table["status"].tolist() == ["done"]
    own = {name: digest for name, digest in contents(undisturbed).items() if "sub01" in name}
    assert contents(tmp_path) == own


QUICK_AS_COMMAND = Options(clean=Cleaning(ica=False), reject=Rejection(eeg_uv=1e4), rng=SEED)


class DeadlySource:
    """A participant whose reading kills the worker."""

    participant, is_clean = "sub00", False

    def __init__(self, folder):
        self.folder = folder

    def files(self):
        return []

    def tables(self):
        return {}

    def read(self):
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_dies_fails_its_participant_only(study, tmp_path):
    sources = [DeadlySource(study / "sub00"), *study_sources(study, only=["sub01"])]
    with processes(1) as executor:
        table = preprocess_study(sources, tmp_path, options=QUICK, executor=executor)
    assert table["status"].tolist() == ["failed", "done"]
    assert "the worker process died" in table.loc[0, "reason"]


class FaultySource(DeadlySource):
    """A participant on whom the program has a bug."""

    def read(self):
        return {}["channels"]


def test_a_bug_is_told_from_a_failure_and_costs_its_participant_only(study, tmp_path):
    sources = [FaultySource(study / "sub00"), *study_sources(study, only=["sub01"])]
    with processes(1) as executor:
        table = preprocess_study(sources, tmp_path, options=QUICK, executor=executor)
    assert table["status"].tolist() == ["crashed", "done"]
    reason = table.loc[0, "reason"]
    assert reason.startswith("unexpected KeyError: 'channels' (test_running.py, line ")
    assert "in read)" in reason and "logs/sub00.log" in reason
    log = (tmp_path / "logs" / "sub00.log").read_text()
    assert "CRASHED: Traceback" in log and 'return {}["channels"]' in log


def test_a_crash_has_an_exit_status_of_its_own(study, tmp_path, monkeypatch):
    outcomes = [
        Outcome("sub01", "done", "", n_epochs=3),
        Outcome("sub02", "failed", "no .cdt"),
        Outcome("sub03", "crashed", "unexpected KeyError"),
    ]

    def run(n_participants):
        table = pd.DataFrame([vars(outcome) for outcome in outcomes[:n_participants]])
        monkeypatch.setattr(cli, "preprocess_study", lambda *_, **__: table)
        return CliRunner().invoke(app, ["preprocess", str(study), "--out", str(tmp_path)])

    assert [run(n).exit_code for n in (1, 2, 3)] == [0, 1, 3]
    text = run(3).output
    assert "1 of 3 participants done" in text
    assert "FAILED sub02: no .cdt" in text and "CRASHED sub03: unexpected KeyError" in text


def test_decisions_are_respected_and_listed(study, tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(study / "sub01", folder / "sub01")
    shutil.copy(next(study.glob("coding_file.*")), folder)
    events = study_sources(folder)[0].read().events
    target = int(events["source_row"].iloc[3])
    lines = [
        HEADER_LINE,
        "sub01,bad_channel,PZ,came off,",
        f"sub01,exclude_event,{target},speech,",
        "sub01,bad_channel,QQ,no such,",
    ]
    (folder / "decisions.csv").write_text("\n".join(lines) + "\n")
    run = CliRunner().invoke(app, ["preprocess", str(folder), *CHOICES])
    assert run.exit_code == 0, run.output
    out = folder / "derivatives"
    log = read_table(out, ["sub01"], "decisions")
    assert log["outcome"].tolist() == ["applied", "applied", "no channel 'QQ'"]
    bad = read_table(out, ["sub01"], "bad_channels").set_index("channel")["reason"]
    assert bad["PZ"] == "decided: came off"
    excluded = read_table(out, ["sub01"], "excluded").set_index("source_row")
    assert excluded.loc[target, "exclusion_reason"] == "decided: speech"


def test_bids_and_cleaned_files_are_inputs_too(study, tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(study / "sub01", folder / "sub01")
    shutil.copy(next(study.glob("coding_file.*")), folder)
    write_bids(folder, tmp_path / "bids", pseudonyms=False)
    (source,) = study_sources(tmp_path / "bids")
    assert isinstance(source, BidsParticipant)
    recording = read_bids_recording(tmp_path / "bids", source.participant)
    cleaned = tmp_path / "cleaned" / "p1"
    cleaned.mkdir(parents=True)
    recording.eeg.copy().pick("eeg").save(cleaned / "p1_eeg.fif", verbose="error")
    recording.events.to_csv(cleaned / "events.csv", index=False)
    (mine,) = study_sources(tmp_path / "cleaned")
    assert isinstance(mine, CleanedFolder) and mine.is_clean
    with processes(1) as executor:
        for sources, name in (([source], "from_bids"), ([mine], "from_cleaned")):
            table = preprocess_study(sources, tmp_path / name, options=QUICK, executor=executor)
            assert table["status"].tolist() == ["done"], table["reason"].tolist()
            assert table["n_epochs"].item() > 5
    epochs = mne.read_epochs(tmp_path / "from_cleaned" / "p1_eeg-epo.fif", verbose="error")
    first = epochs.metadata["onset"].iloc[0]
    begin = round(first * recording.eeg.info["sfreq"]) + round(-1.5 * recording.eeg.info["sfreq"])
    raw = recording.eeg.copy().pick("eeg").get_data(start=begin, stop=begin + 5)
    np.testing.assert_allclose(epochs.get_data(picks="eeg")[0, :, :5], raw, atol=1e-8)


def test_wrong_use_is_explained(study, tmp_path):
    run = CliRunner().invoke(app, ["preprocess", str(tmp_path / "nowhere")])
    assert run.exit_code == 2 and "no such study folder" in run.output
    run = CliRunner().invoke(app, ["preprocess", str(study), "--only", "sub99"])
    assert run.exit_code == 2 and "no participant ['sub99']" in run.output
    run = CliRunner().invoke(app, ["preprocess", str(tmp_path), "--decisions-template"])
    assert run.exit_code == 0 and (tmp_path / "decisions.csv").is_file()


def test_a_failed_participant_gives_exit_status_1_and_a_log(study, tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(study / "sub01", folder / "sub01")
    shutil.copy(next(study.glob("coding_file.*")), folder)
    next((folder / "sub01").glob("*.cdt")).write_bytes(b"")
    run = CliRunner().invoke(app, ["preprocess", str(folder), *CHOICES])
    assert run.exit_code == 1
    assert "FAILED sub01" in run.output
    assert "FAILED" in (folder / "derivatives" / "logs" / "sub01.log").read_text()
    assert not list((folder / "derivatives").glob("sub01_*"))


def test_continuous_signals_and_moments_are_kept(undisturbed):
    regions = mne.io.read_raw_fif(undisturbed / "sub01_regions_raw.fif", verbose="error")
    assert {"fronto_central", "alpha_occipital"} <= set(regions.ch_names)
    physio = mne.io.read_raw_fif(undisturbed / "sub01_physio_raw.fif", verbose="error")
    assert {"eda", "heart_rate"} <= set(physio.ch_names)
    moments = pd.read_csv(undisturbed / "sub01_moments.csv")
    assert set(moments["event_type"]) == {"event", "stimulus_onset", "stimulus_offset"}
    assert moments["onset"].is_monotonic_increasing
    assert (moments.loc[moments["event_type"] == "event", "fate"] != "").all()
