import json
from dataclasses import replace

import mne
import numpy as np
import pandas as pd
import pytest
from scipy.io import loadmat

from mmme_neuro import read_eeg, read_events, read_physio, read_ratings
from mmme_neuro.clocks.triggers import annotation_codes, recording_codes, stim_codes
from mmme_neuro.simulate import DEMO, StudyParameters, simulate_study
from mmme_neuro.simulate.files.devices import DeviceClock

NAMES = ["sub01", "sub02", "sub03"]
CDT, MAT = "Acquisition 01.cdt", "Untitled1 (001).mat"


@pytest.fixture(scope="module")
def truth(study):
    return json.loads((study / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tiny(small_parameters, few_virtual_participants):
    """Function that writes two participants and two short videos."""
    parameters = replace(small_parameters, video_s=(6.0, 7.0), gap_s=(1.0, 2.0), lead_s=3.0)

    def make(folder, seed=11, **options):
        options = {"n_participants": 2, "n_videos": 2, "parameters": parameters} | options
        return simulate_study(folder, seed=seed, **options)

    return make


def content(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_layout(study):
    assert sorted(content(study)) == sorted(
        ["coding_file.xlsx", "ratings.csv", "truth.json"]
        + [f"{name}/{file}" for name in NAMES for file in (CDT, f"{CDT}.cef", f"{CDT}.dpa", MAT)]
    )


@pytest.mark.parametrize("name", NAMES)
def test_mnes_own_curry_reader_opens_it(study, name):
    theirs = mne.io.read_raw_curry(study / name / CDT, preload=True, verbose="error")
    ours = read_eeg(study / name / CDT)
    assert theirs.ch_names == ours.ch_names
    assert theirs.ch_names[-5:] == ["HEO", "VEO", "EKG", "EMG", "Trigger"]
    stored = np.fromfile(study / name / CDT, "<f4").reshape(-1, 47).T
    np.testing.assert_allclose(theirs.get_data()[:46], 1e-6 * stored[:46], rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(ours.get_data()[:46], 1e-6 * stored[:46], rtol=1e-6, atol=1e-30)
    assert theirs.info["sfreq"] == ours.info["sfreq"] == 250.0


def test_mne_sees_the_events_that_we_see(study):
    for name in ("sub01", "sub03"):
        theirs = mne.io.read_raw_curry(study / name / CDT, verbose="error").annotations
        ours = annotation_codes(read_eeg(study / name / CDT))
        codes = [
            100 if text == "video end" else int(text.split()[-1]) for text in theirs.description
        ]
        assert codes == ours["code"].tolist()
        np.testing.assert_allclose(theirs.onset, ours["onset"], atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_event_list_and_trigger_channel_say_the_same(study, name):
    raw = read_eeg(study / name / CDT)
    listed, channel = annotation_codes(raw), stim_codes(raw, "Trigger")
    assert listed["code"].tolist() == channel["code"].tolist()
    np.testing.assert_allclose(listed["onset"], channel["onset"], atol=1e-9)


def test_a_chinese_recorder_writes_gbk(study):
    text = (study / "sub02" / f"{CDT}.cef").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        text.decode("utf-8")
    assert "视频开始 101" in text.decode("gbk")
    assert "视频" not in (study / "sub01" / f"{CDT}.cef").read_text("utf-8")
    assert len(annotation_codes(read_eeg(study / "sub02" / CDT))) > 4


@pytest.mark.parametrize("name", NAMES)
def test_both_devices_store_the_codes_that_were_sent(study, truth, name):
    person = next(p for p in truth["participants"] if p["participant"] == name)
    videos = pd.DataFrame(person["videos"])
    clock = DeviceClock(**person["physio_clock"])
    eeg = recording_codes(read_eeg(study / name / CDT))
    physio = recording_codes(read_physio(study / name / MAT))
    physio = physio.assign(onset=clock.to_eeg(physio["onset"]))
    sent = [*zip(videos["code"], videos["start"], strict=True)]
    sent += [(100, end) for end in videos["end"]]
    for stored in (eeg, physio):
        stored = stored[~stored["code"].isin([77, 88])]
        assert len(sent) - 2 <= len(stored) <= len(sent)
        for code, onset in stored[["code", "onset"]].to_numpy():
            error = min(abs(onset - when) for number, when in sent if number == code)
            assert error < 5 * 0.0015 + 1 / 250


def test_physio_is_an_acqknowledge_export(study):
    raw = loadmat(study / "sub01" / MAT)
    assert raw["data"].shape[1] == len(raw["labels"]) == len(raw["units"]) == 17
    assert raw["isi"].item() == 4.0 and raw["isi_units"].item().strip() == "ms"
    assert set(np.unique(raw["data"][:, 8:16])) <= {0.0, 5.0}
    physio = read_physio(study / "sub01" / MAT)
    values = {name: physio.get_data(picks=name)[0] for name in ("ECG", "EDA", "SKT_A")}
    assert 0.0005 < values["ECG"].max() < 0.002  # volts
    assert 1e-6 < np.median(values["EDA"]) < 30e-6  # siemens
    assert 29 < np.median(values["SKT_A"]) < 36  # degrees Celsius


def test_sheet_and_truth_hold_the_same_events(study, truth, merged_events):
    for person in truth["participants"]:
        own = merged_events[merged_events["participant"] == person["participant"]]
        n_true = len(person["events"]["onset"])
        assert 0.75 * n_true <= len(own) <= n_true
    coded = read_events(study / "coding_file.xlsx")
    assert coded["annotation_pass"].nunique() == 2


def test_truth_holds_every_parameter(truth, small_parameters):
    assert truth["parameters"] == json.loads(json.dumps(small_parameters.to_dict()))
    assert (truth["seed"], truth["n_participants"], truth["n_videos"]) == (5, 3, 5)
    for person in truth["participants"]:
        events = pd.DataFrame(person["events"])
        assert {"onset", "apex", "offset", "expression", "scr", "premotor", "muscle_uv"} <= set(
            events
        )
        assert set(person) >= {"physio_clock", "camera_clock", "latency", "width", "deviations"}


def test_same_seed_same_bytes_in_every_file(tiny, tmp_path):
    first, second = content(tiny(tmp_path / "a")), content(tiny(tmp_path / "b"))
    assert first == second
    other = content(tiny(tmp_path / "c", seed=12))
    same = [name for name in first if other[name] == first[name]]
    # Header files hold neither data nor events.
    assert all(name.endswith(".dpa") for name in same)


def test_more_participants_leave_the_first_as_they_were(tiny, tmp_path):
    small = content(tiny(tmp_path / "a", n_participants=2))
    large = content(tiny(tmp_path / "b", n_participants=3))
    assert small[f"sub01/{CDT}"] == large[f"sub01/{CDT}"]


def test_a_study_without_any_expression_is_refused_before_it_is_written(tiny, tmp_path):
    mute = replace(DEMO, video_s=(1.0, 1.2))
    with pytest.raises(ValueError, match="no expression fell into 2 x 2 videos.*longer"):
        tiny(tmp_path / "a", parameters=mute)
    assert not (tmp_path / "a").exists()


def test_progress_and_ratings(tiny, tmp_path):
    lines = []
    folder = tiny(tmp_path / "a", progress=lines.append)
    assert lines == ["wrote sub01 (1 of 2)", "wrote sub02 (2 of 2)"]
    ratings = read_ratings(folder / "ratings.csv")
    assert len(ratings) == 2 * 2 * ratings["item"].nunique()
    assert not list(folder.rglob("*part*"))


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "mine.txt").touch()
    with pytest.raises(FileExistsError, match="must be empty.*name another"):
        simulate_study(tmp_path, n_participants=1, n_videos=1, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ({"n_participants": 0}, "n_participants must be at least 1, got 0"),
        ({"n_videos": 0}, "n_videos must be 1 to 48"),
        ({"n_videos": 49}, "n_videos must be 1 to 48 .*got 49"),
    ],
)
def test_sizes_that_the_design_does_not_have(tmp_path, size, message):
    size = {"n_participants": 1, "n_videos": 1} | size
    with pytest.raises(ValueError, match=message):
        simulate_study(tmp_path / "a", seed=1, parameters=DEMO, **size)
    assert not (tmp_path / "a").exists()


def test_channels_without_the_sources_electrodes_are_refused(tmp_path):
    parameters = replace(DEMO, channels=("FZ", "CZ", "PZ", "OZ"))
    with pytest.raises(ValueError, match="channels must hold"):
        simulate_study(tmp_path / "a", n_participants=1, n_videos=1, seed=1, parameters=parameters)


def test_default_parameters_are_the_real_studys():
    real = StudyParameters()
    assert (real.eeg_sfreq, real.physio_sfreq, real.channels) == (1000.0, 1000.0, None)
