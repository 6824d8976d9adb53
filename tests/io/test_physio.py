import gzip
import json

import mne
import numpy as np
import pytest

from mmme_neuro.io.physio import read_physio
from mmme_neuro.simulate.files.acqknowledge_file import write_acqknowledge_mat


@pytest.fixture
def export(tmp_path):
    data = np.random.default_rng(7).normal(size=(2000, 17))
    data[:, 8:16] = 0
    data[700:750, [8, 10, 13, 14]] = 5.0
    data[3, 4] = np.nan
    return write_acqknowledge_mat(tmp_path / "Untitled1 (001).mat", data, start_sample=400), data


def test_export_as_recording(export):
    raw = read_physio(export[0])
    data = export[1].T
    assert raw.info["sfreq"] == 1000.0 and raw.n_times == 2000 and raw.first_samp == 400
    assert raw.times[0] == 0
    np.testing.assert_allclose(raw.get_data("ECG")[0], data[5] * 1e-3)
    np.testing.assert_allclose(raw.get_data("SKT_B")[0], data[7])
    np.testing.assert_array_equal(raw.get_data("ECG rate (.5 - 35 Hz)")[0], data[16])
    assert "EDA: 'EDA, X, PPGED-R' (microsiemens)" in raw.info["description"]


def test_missing_samples_stay_missing(export):
    eda = read_physio(export[0]).get_data("EDA")[0]
    assert np.flatnonzero(np.isnan(eda)).tolist() == [3]


def test_digital_lines_hold_the_bits_of_the_code(export):
    raw = read_physio(export[0])
    lines = raw.get_data([f"D{bit}" for bit in range(8)]) > 2.5
    codes = (lines * 2 ** np.arange(8)[:, None]).sum(0)
    assert codes[700] == 101 and codes[699] == codes[750] == 0
    found = mne.find_events(raw, "D0", verbose="error")
    assert found[:, 0].tolist() == [1100]


def test_markers_become_annotations(shared_data):
    raw = read_physio(shared_data / "biopac" / "physio-5.0.1-c.acq")
    assert list(raw.annotations.description[:2]) == ["Segment 1", "Breathe In"]
    np.testing.assert_allclose(raw.annotations.onset[:2], [0, 4.309])
    assert raw.annotations.extras[1]["kind"] == "Inspire Start"
    assert dict(zip(raw.ch_names, raw.get_channel_types(), strict=True)) == {
        "EDA filtered, differentiated": "misc",
        "ECG": "ecg",
        "RSP": "resp",
        "EDA": "gsr",
    }


def test_acq_and_its_mat_agree(shared_data):
    acq = read_physio(shared_data / "biopac" / "physio-4.4.0.acq")
    mat = read_physio(shared_data / "biopac" / "physio-4.4.0_AcqKnowledge_style.mat")
    np.testing.assert_array_equal(acq.get_data("EDA"), mat.get_data("EDA"))
    assert np.corrcoef(acq.get_data("ECG")[0], mat.get_data("ECG")[0])[0, 1] > 0.999
    assert 1e-6 < np.nanmedian(acq.get_data("EDA")) < 50e-6
    onsets = mne.find_events(mat, "D0", verbose="error")[:, 0] / 2000
    marks = acq.annotations.onset
    assert all(np.abs(marks - onset).min() < 0.001 for onset in onsets)


def test_real_text_without_header(shared_data):
    folder = shared_data / "physio_events" / "fmov"
    raw = read_physio(
        folder / "09_FMOV_preprocessed.txt.gz",
        sfreq=100,
        ch_names=["SCR", "EMG A", "EMG B", "A smoothed", "B smoothed", "angry", "happy", "neutral"],
        units={"SCR": "microsiemens", "EMG A": "mV", "EMG B": "mV"},
        channel_types=dict.fromkeys(["angry", "happy", "neutral"], "stim"),
    )
    assert raw.ch_names[:3] == ["EDA", "EMG_A", "EMG_B"]
    assert raw.get_channel_types()[-3:] == ["stim"] * 3
    assert raw.get_data("EDA")[0, 0] == pytest.approx(4.9115e-6)
    assert set(np.unique(raw.get_data("angry"))) == {0.0, 5.0}


def test_real_table_with_names(shared_data):
    path = shared_data / "physio_events" / "bio_eventrelated_100hz.csv"
    raw = read_physio(path, sfreq=100, units={"ECG": "mV", "EDA": "uS"})
    assert raw.ch_names == ["ECG", "EDA", "Photosensor", "RSP"]
    assert raw.n_times == 15000


def test_text_export_with_header(tmp_path):
    (tmp_path / "a.txt").write_text(
        "a.acq\n2 msec/sample\n1 channels\nSKT A, X, SKT2-R\nDeg. F\nCH1\n3\n89.6\n91.4\n93.2\n"
    )
    raw = read_physio(tmp_path / "a.txt")
    assert raw.ch_names == ["SKT_A"] and raw.info["sfreq"] == 500
    np.testing.assert_allclose(raw.get_data(), [[32, 33, 34]])


def test_bids_table_before_the_eeg(tmp_path):
    path = tmp_path / "sub-01_task-expression_physio.tsv.gz"
    path.write_bytes(gzip.compress(b"4.5\t0\n4.6\t5\n"))
    (tmp_path / "sub-01_task-expression_physio.json").write_text(
        json.dumps(
            {
                "SamplingFrequency": 10,
                "StartTime": -3.0,
                "Columns": ["eda", "trigger"],
                "eda": {"Units": "uS"},
            }
        )
    )
    raw = read_physio(path, channel_types={"trigger": "stim"})
    assert raw.first_samp == -30 and raw.first_time == -3.0
    np.testing.assert_allclose(raw.get_data("EDA"), [[4.5e-6, 4.6e-6]])
    assert raw.get_channel_types() == ["gsr", "stim"]


def test_options_the_file_makes_superfluous_are_refused(export):
    with pytest.raises(ValueError, match="leave them out"):
        read_physio(export[0], sfreq=1000)


@pytest.mark.parametrize("name", ["a.mat", "a.acq", "a.csv", "a.txt.gz", "a_physio.tsv.gz"])
def test_missing_and_empty_files_are_refused(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=name):
        read_physio(tmp_path / name)
    (tmp_path / name).touch()
    with pytest.raises(ValueError, match=f"{name}: .*empty"):
        read_physio(tmp_path / name, sfreq=None)


def test_unknown_suffix_lists_the_known(tmp_path):
    (tmp_path / "a.xdf").write_text("x")
    with pytest.raises(ValueError, match=r"\.mat, \.acq, \.txt, \.csv, \.tsv"):
        read_physio(tmp_path / "a.xdf")


def test_other_content_than_the_suffix_says_is_refused(tmp_path):
    for name in ("a.mat", "a.acq", "a.txt.gz"):
        (tmp_path / name).write_bytes(b"these are no samples at all " * 40)
        with pytest.raises(ValueError, match=name):
            read_physio(tmp_path / name)
