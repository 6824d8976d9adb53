import pickle

import curryreader
import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.io.curry import read_curry
from mmme_neuro.io.montage import MISC_CHANNELS, QUIK_CAP_64, template_positions
from mmme_neuro.simulate.files.curry_file import write_curry

REFERENCES = {
    "Float.cdt": "ref_data_continuos.npy",
    "ASCII.cdt": "ref_data_impedance.npy",
    "Legacy.dat": "ref_data_epochs.npy",
    "Legacy ASCII.dat": "ref_data_epochs.npy",
}


def curry(shared_data, name):
    return shared_data / "curry" / name


def samples_uv(recording):
    """Samples x channels, epochs one after the other."""
    data = recording.get_data()
    if data.ndim == 3:
        data = data.transpose(1, 0, 2).reshape(data.shape[1], -1)
    return data.T * 1e6


@pytest.fixture
def recording(tmp_path):
    """Path of a written recording of 69 channels, its samples and its events."""
    data = np.random.default_rng(3).normal(scale=20, size=(69, 4000)).astype("f4")
    data[-1] = 0
    data[-1, 1000:1010], data[-1, 3000:3010] = 101, 100
    events = pd.DataFrame(
        {
            "sample": [0, 1000, 2000, 3000],
            "code": [700010, 101, 77, 100],
            "remark": ["Impedance Check", "视频开始", "", "stop"],
            "end": [800, 1000, 2250, 3000],
        }
    )
    path = write_curry(
        tmp_path / "Acquisition 01.cdt",
        data,
        sfreq=1000.0,
        ch_names=QUIK_CAP_64,
        misc_names=MISC_CHANNELS,
        events=events,
    )
    return path, data, events


def edit(path, old, new, ending=".dpa"):
    header = path.with_name(path.name + ending)
    content = header.read_bytes()
    assert old.encode() in content
    header.write_bytes(content.replace(old.encode(), new.encode()))


# Real recordings


@pytest.mark.parametrize(("name", "reference"), REFERENCES.items())
def test_equals_the_reference_samples(shared_data, name, reference):
    expected = np.load(curry(shared_data, "tests_ref_output") / reference)
    # The references of text files hold float32 of the same decimals.
    np.testing.assert_allclose(samples_uv(read_curry(curry(shared_data, name))), expected, 1e-6)


def test_equals_the_reference_samples_of_a_magnetometer_file(shared_data):
    raw = read_curry(curry(shared_data, "MEG2085.cdt"))
    expected = np.load(curry(shared_data, "tests_ref_output") / "ref_data_meg_eeg.npy")
    np.testing.assert_allclose(raw.get_data("mag").T * 1e15, expected[:, :306], rtol=1e-6)
    np.testing.assert_array_equal(raw.get_data("stim").T, expected[:, -3:])
    assert len(raw.annotations) == 0


@pytest.mark.parametrize("name", ["Float.cdt", "ASCII.cdt"])
def test_agrees_with_curryreader(shared_data, name):
    path = curry(shared_data, name)
    theirs = curryreader.read(str(path), plotdata=0, verbosity=1)
    raw = read_curry(path)
    assert raw.ch_names == theirs["labels"]
    assert raw.info["sfreq"] == theirs["info"]["samplingfreq"]
    sample, code = theirs["events"][:, 0], theirs["events"][:, 1].astype(int)
    np.testing.assert_allclose(raw.annotations.onset * 250, sample)
    ours = [700010 if text.startswith("BAD") else int(text) for text in raw.annotations.description]
    assert ours == code.tolist()


@pytest.mark.parametrize("name", ["Float.cdt", "ASCII.cdt", "Legacy.dat"])
def test_electrodes_stand_the_right_way_round(shared_data, name):
    positions = read_curry(curry(shared_data, name)).get_montage().get_positions()["ch_pos"]
    template = template_positions(list(positions))
    found = np.array([positions[name] for name in template])
    expected = np.array(list(template.values()))
    for axis in range(3):
        assert np.corrcoef(found[:, axis], expected[:, axis])[0, 1] > 0.95
    # The Curry origin is about a centimeter from MNE's.
    assert np.linalg.norm(found - expected, axis=1).max() < 0.03


def test_epoched_file_gives_epochs_with_their_trials(shared_data):
    epochs = read_curry(curry(shared_data, "Legacy.dat"))
    assert isinstance(epochs, mne.BaseEpochs)
    assert epochs.tmin == -0.5 and len(epochs.times) == 251
    assert epochs.event_id == {"1": 1, "2": 2}
    assert len(epochs["1"]) == 6 and len(epochs["2"]) == 10
    theirs = mne.io.read_raw_curry(curry(shared_data, "Legacy.dat"), verbose="error")
    np.testing.assert_array_equal(epochs.events[:, 2], theirs.events[:, 2])
    np.testing.assert_allclose(epochs.get_data(), theirs.get_data(), rtol=1e-6, atol=1e-15)
    assert {"accept", "response_time", "label"} <= set(epochs.metadata)


def test_compressed_file_is_refused_with_the_remedy(shared_data):
    with pytest.raises(ValueError, match="compressed.*Raw Float"):
        read_curry(curry(shared_data, "Compressed.cdt"))


def test_header_without_data_is_refused(shared_data):
    with pytest.raises(FileNotFoundError, match=r"Missing Data\.cdt\.dpa describes"):
        read_curry(curry(shared_data, "Missing Data.cdt"))


def test_no_dates_nor_devices_are_carried_on(shared_data):
    raw = read_curry(curry(shared_data, "Float.cdt"))
    assert raw.info["meas_date"] is None
    assert raw.info["device_info"] is None
    assert "Simulator" not in repr(dict(raw.info)) and "2020" not in repr(dict(raw.info))


# Written recordings


def test_samples_types_and_units(recording):
    path, data, _ = recording
    raw = read_curry(path)
    assert raw.get_channel_types() == ["eeg"] * 64 + ["eog", "eog", "ecg", "emg", "stim"]
    np.testing.assert_array_equal(np.float32(raw.get_data()[:-1] * 1e6), data[:-1])
    np.testing.assert_array_equal(raw.get_data("stim")[0], data[-1])


def test_trigger_channel_gives_its_codes(recording):
    found = mne.find_events(read_curry(recording[0]), "Trigger", verbose="error")
    assert found[:, [0, 2]].tolist() == [[1000, 101], [3000, 100]]


def test_events_keep_code_remark_and_duration(recording):
    annotations = read_curry(recording[0]).annotations
    assert list(annotations.description) == ["BAD_impedance", "101", "77", "100"]
    np.testing.assert_allclose(annotations.onset, [0, 1, 2, 3])
    np.testing.assert_allclose(annotations.duration, [0.8, 0, 0.25, 0])
    assert [extra["remark"] for extra in annotations.extras] == [
        "Impedance Check",
        "视频开始",
        "",
        "stop",
    ]


def test_impedance_checks_are_no_events_and_reject_epochs(recording):
    raw = read_curry(recording[0])
    events, event_id = mne.events_from_annotations(raw, event_id=int, verbose="error")
    assert set(event_id) == {"101", "77", "100"}
    epochs = mne.Epochs(raw, events, tmin=-0.5, tmax=0.1, baseline=None, verbose="error")
    epochs.drop_bad(verbose="error")
    assert [len(log) for log in epochs.drop_log] == [1, 0, 0]


def test_remarks_in_the_code_page_of_a_chinese_windows(tmp_path):
    events = pd.DataFrame({"sample": [3, 5], "code": [101, 100], "remark": ["微表情开始", "结束"]})
    path = write_curry(
        tmp_path / "被试.cdt",
        np.zeros((1, 10)),
        sfreq=100.0,
        ch_names=["FZ"],
        events=events,
        encoding="gbk",
    )
    with pytest.raises(UnicodeDecodeError):
        path.with_name(path.name + ".cef").read_text(encoding="utf-8")
    annotations = read_curry(path).annotations
    assert list(annotations.description) == ["101", "100"]
    assert [extra["remark"] for extra in annotations.extras] == ["微表情开始", "结束"]


def test_header_in_the_code_page_of_a_chinese_windows(recording):
    path, data, _ = recording
    header = path.with_name(path.name + ".dpa")
    text = header.read_text(encoding="utf-8-sig")
    header.write_bytes(text.replace("Comments             = ", "Comments = 备注").encode("gbk"))
    assert read_curry(path).n_times == data.shape[1]


def test_samples_stay_on_disk_and_parts_are_read(recording):
    path, data, _ = recording
    raw = read_curry(path)
    assert not raw.preload
    part = raw[[3, 60, 5], 1234:1240][0]
    np.testing.assert_array_equal(np.float32(part * 1e6), data[[3, 60, 5], 1234:1240])
    cropped = raw.copy().pick(["CZ", "HEO"]).crop(1.0, 2.0)
    rows = [raw.ch_names.index(name) for name in ("CZ", "HEO")]
    np.testing.assert_array_equal(np.float32(cropped.get_data() * 1e6), data[rows, 1000:2001])


def test_projections_copies_pickles_and_fif_hold_the_same(recording, tmp_path):
    raw = read_curry(recording[0])
    referenced = raw.copy().load_data(verbose="error").set_eeg_reference(verbose="error")
    projected = raw.copy().set_eeg_reference(projection=True, verbose="error")
    projected.apply_proj(verbose="error")
    np.testing.assert_allclose(projected[:64][0], referenced[:64][0], atol=1e-15)
    again = pickle.loads(pickle.dumps(raw))
    np.testing.assert_array_equal(again.get_data(), raw.get_data())
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    saved = mne.io.read_raw_fif(tmp_path / "a_raw.fif", verbose="error")
    np.testing.assert_allclose(saved.get_data(), raw.get_data(), rtol=1e-6)
    assert saved.annotations.extras[1]["remark"] == "视频开始"


@pytest.mark.parametrize(("unit", "scale"), [("mV", 1e-3), ("V", 1.0), ("nV", 1e-9), ("µV", 1e-6)])
def test_units_of_each_group(recording, unit, scale):
    path, data, _ = recording
    edit(path, "DataUnit             = uV", f"DataUnit             = {unit}")
    raw = read_curry(path)
    np.testing.assert_allclose(raw.get_data("CZ")[0], data[27].astype(float) * scale)
    np.testing.assert_array_equal(raw.get_data("Trigger")[0], data[-1])


def test_blank_unit_is_taken_as_microvolt_with_a_warning(recording):
    path, data, _ = recording
    edit(path, "DataUnit             = uV", "DataUnit             = ")
    with pytest.warns(UserWarning, match="microvolt"):
        raw = read_curry(path)
    np.testing.assert_array_equal(np.float32(raw.get_data("CZ")[0] * 1e6), data[27])


def test_unknown_unit_is_refused(recording):
    edit(recording[0], "DataUnit             = uV", "DataUnit             = ADU")
    with pytest.raises(ValueError, match="'ADU'.*uV"):
        read_curry(recording[0])


def test_samples_stored_channel_by_channel(recording):
    path, data, _ = recording
    data.astype("<f4").tofile(path)
    edit(path, "DataSampOrder        = SAMP", "DataSampOrder        = CHAN")
    np.testing.assert_array_equal(np.float32(read_curry(path)[:68][0] * 1e6), data[:68])


def test_big_endian_samples(recording):
    path, data, _ = recording
    data.T.astype(">f4").tofile(path)
    edit(path, "DataByteOrder        = INTEL", "DataByteOrder        = MOTOROLA")
    np.testing.assert_array_equal(np.float32(read_curry(path)[:68][0] * 1e6), data[:68])


def test_number_of_samples_not_stated(recording):
    path, data, _ = recording
    edit(path, "NumSamples           =  4000", "NumSamples           =  -1")
    assert read_curry(path).n_times == data.shape[1]


@pytest.mark.parametrize("n_bytes", [-4, -276, -1, 276])
def test_truncated_or_overlong_data_are_refused(recording, n_bytes):
    path, data, _ = recording
    content = path.read_bytes()
    path.write_bytes(content[:n_bytes] if n_bytes < 0 else content + bytes(n_bytes))
    with pytest.raises(ValueError, match=r"4000 samples x 1 trials x 69 channels.*truncated"):
        read_curry(path)


def test_empty_data_are_refused_even_without_a_stated_length(recording):
    path = recording[0]
    path.write_bytes(b"")
    edit(path, "NumSamples           =  4000", "NumSamples           =  -1")
    with pytest.raises(ValueError, match="found 0 values"):
        read_curry(path)


def test_interval_decides_where_it_and_the_frequency_disagree(recording):
    edit(recording[0], "SampleFreqHz         =  1000", "SampleFreqHz         =  500")
    with pytest.warns(UserWarning, match="by the interval"):
        assert read_curry(recording[0]).info["sfreq"] == 1000.0


def test_exact_frequency_wins_over_a_rounded_interval(recording):
    edit(recording[0], "SampleTimeUsec       =  1000", "SampleTimeUsec       =  488.281")
    edit(recording[0], "SampleFreqHz         =  1000", "SampleFreqHz         =  2048")
    assert read_curry(recording[0]).info["sfreq"] == 2048.0


def test_channels_listed_but_not_stored(recording):
    path, data, _ = recording
    header = path.with_name(path.name + ".dpa")
    text = header.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    text = text.replace("FP1\nFPZ\n", "FP1\nREF\nFPZ\n", 1)
    text = text.replace("ListNrRows           =  64\n", "ListNrRows           =  65\n")
    first, second = text.split("SENSORS START_LIST", 1)
    rows = second.split("\n")
    rows.insert(2, " 0\t 0\t 0")
    text = first + "SENSORS START_LIST" + "\n".join(rows)
    # The first two stored channels change places; REF is not stored.
    indices = [2, 0, 1, *range(3, 65)]
    text += "CHAN_IN_FILE START_LIST\n" + "".join(f"{i}\n" for i in indices)
    text += "CHAN_IN_FILE END_LIST\nCHAN_IN_FILE_OTHERS START_LIST\n"
    text += "".join(f"{i}\n" for i in range(65, 70)) + "CHAN_IN_FILE_OTHERS END_LIST\n"
    header.write_text(text, encoding="utf-8")
    raw = read_curry(path)
    assert raw.ch_names[:4] == ["FPZ", "FP1", "FP2", "AF3"]
    assert raw.ch_names[-5:] == list(MISC_CHANNELS)
    positions = raw.get_montage().get_positions()["ch_pos"]
    for name, xyz in template_positions(["FPZ", "FP1", "FP2"]).items():
        np.testing.assert_allclose(positions[name], xyz, atol=1e-6)


def test_landmarks_define_the_head(recording):
    path = recording[0]
    header = path.with_name(path.name + ".dpa")
    head = template_positions(["CZ"])["CZ"]
    # Everything 2 cm higher in the file; the landmarks say where the head is.
    text = header.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    start = text.index("SENSORS START_LIST")
    before, block = text[:start], text[start:].split("\n")
    for row in range(1, 65):
        x, y, z = map(float, block[row].split())
        block[row] = f"{x}\t{y}\t{z + 20}"
    text = before + "\n".join(block) + "LANDMARKS START_LIST\n80\t0\t20\n0\t-100\t20\n-80\t0\t20\n"
    text += "LANDMARKS END_LIST\nLM_REMARKS START_LIST\nLPA\nNasion\nRPA\nLM_REMARKS END_LIST\n"
    header.write_text(text, encoding="utf-8")
    montage = read_curry(path).get_montage()
    np.testing.assert_allclose(montage.get_positions()["nasion"], [0, 0.1, 0], atol=1e-6)
    np.testing.assert_allclose(montage.get_positions()["ch_pos"]["CZ"], head, atol=1e-6)


def test_positions_that_contradict_the_names_are_replaced(tmp_path):
    turned = {name: xyz * (-1, -1, 1) for name, xyz in template_positions(QUIK_CAP_64).items()}
    path = write_curry(
        tmp_path / "a.cdt",
        np.zeros((64, 10)),
        sfreq=100.0,
        ch_names=QUIK_CAP_64,
        positions_m=turned,
    )
    with pytest.warns(UserWarning, match="contradict"):
        positions = read_curry(path).get_montage().get_positions()["ch_pos"]
    assert positions["FPZ"][1] > 0.08


def test_companions_in_upper_case(recording):
    path, data, _ = recording
    for ending in ("", ".dpa", ".cef"):
        file = path.with_name(path.name + ending)
        file.rename(file.with_name(file.name.upper()))
    raw = read_curry(path.with_name(path.name.upper()))
    assert raw.n_times == data.shape[1] and len(raw.annotations) == 4


def test_missing_event_file_gives_no_events(recording):
    path = recording[0]
    path.with_name(path.name + ".cef").unlink()
    assert len(read_curry(path).annotations) == 0


def test_remarks_that_cannot_be_matched_are_left_out_with_a_warning(recording):
    edit(recording[0], "stop\r\n", "stop\r\nmore\r\n", ".cef")
    with pytest.warns(UserWarning, match="4 events but 5 remarks"):
        annotations = read_curry(recording[0]).annotations
    assert list(annotations.description) == ["BAD_impedance", "101", "77", "100"]
    assert {extra["remark"] for extra in annotations.extras} == {""}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("NumChannels", "NumberChannels", "'NumChannels'"),
        ("NumChannels          =  69", "NumChannels          =  70", "labels of the 70 channels"),
        ("NumSamples           =  4000", "NumSamples           =  many", "'many'"),
        ("DataFormat           =  6", "DataFormat           =  2", "DataFormat.*'2'"),
        ("DataByteOrder        = INTEL", "DataByteOrder        = VAX", "'VAX'"),
        ("SampleTimeUsec       =  1000", "SampleTimeUsec       =  x", "'x'"),
    ],
)
def test_damaged_headers_are_refused_by_file_and_key(recording, old, new, message):
    edit(recording[0], old, new)
    with pytest.raises(ValueError, match=rf"(?s)Acquisition 01\.cdt\.dpa.*{message}"):
        read_curry(recording[0])


def test_missing_header_is_refused(recording):
    path = recording[0]
    path.with_name(path.name + ".dpa").unlink()
    with pytest.raises(FileNotFoundError, match=r"header in Acquisition 01\.cdt\.dpa or .*next to"):
        read_curry(path)


def test_missing_recording_and_other_files_are_refused(recording, tmp_path):
    with pytest.raises(FileNotFoundError, match="neither it nor the data"):
        read_curry(tmp_path / "no.cdt")
    with pytest.raises(FileNotFoundError, match="neither it nor the data"):
        read_curry(tmp_path / "no folder" / "no.cdt")
    with pytest.raises(ValueError, match="'.dpa'.*give the data file"):
        read_curry(recording[0].with_name(recording[0].name + ".dpa"))
