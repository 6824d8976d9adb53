import gzip

import bioread
import numpy as np
import pytest
from scipy.io import loadmat, savemat

from mmme_neuro.io.acqknowledge import read_acq, read_mat, read_text_export
from mmme_neuro.simulate.files.acqknowledge_file import LABELS, write_acqknowledge_mat

RECORDINGS = (
    "physio-3.9.1-c.acq",
    "physio-4.4.0.acq",
    "physio-5.0.1-c.acq",
    "physio-5.0.1.acq",
    "r42_test.acq",
    "small-unicode-4.4.0.acq",
)
TEXT = """\
Paw.gtl
Recording on: 2001-02-03 11:05:38.634
0.5 msec/sample
2 channels
EDA - GSR100C
microsiemens
ECG
mV
{columns}
{counts}
{rows}
"""


@pytest.fixture
def mat(tmp_path):
    data = np.random.default_rng(6).normal(size=(300, 17))
    return write_acqknowledge_mat(tmp_path / "a.mat", data, start_sample=1200), data


def text_export(tmp_path, *, separator="\t", time=None, trailing="", compressed=False):
    lead = f"{time}{separator}" if time else ""
    rows = [
        (f"{n * 0.5}{separator}" if time else "") + f"{n}{separator}{-n / 4}{trailing}"
        for n in range(20)
    ]
    content = TEXT.format(
        columns=f"{lead}CH1{separator}CH2{trailing}",
        counts=f"{separator if time else ''}20{separator}20{trailing}",
        rows="\n".join(rows),
    )
    path = tmp_path / ("a.txt.gz" if compressed else "a.txt")
    path.write_bytes(gzip.compress(content.encode()) if compressed else content.encode())
    return path


# MATLAB export


def test_mat_variables(mat):
    signals = read_mat(mat[0])
    assert signals.labels == LABELS
    np.testing.assert_array_equal(signals.data, mat[1].T)
    assert signals.sfreq == 1000.0 and signals.first_sample == 1200


def test_real_mat(shared_data):
    path = shared_data / "biopac" / "physio-4.4.0_AcqKnowledge_style.mat"
    signals = read_mat(path)
    assert signals.labels[-1] == "STP Input 0" and signals.units[0] == "microsiemens"
    assert signals.sfreq == 2000.0
    np.testing.assert_array_equal(signals.data, loadmat(path)["data"].T)


@pytest.mark.parametrize(
    ("isi", "unit", "sfreq"), [(1.0, "ms", 1000), (0.001, "s", 1000), (0.3, "ms", 1e4 / 3)]
)
def test_mat_intervals(tmp_path, mat, isi, unit, sfreq):
    content = loadmat(mat[0]) | {"isi": isi, "isi_units": unit}
    savemat(tmp_path / "b.mat", {k: v for k, v in content.items() if not k.startswith("__")})
    assert read_mat(tmp_path / "b.mat").sfreq == pytest.approx(sfreq, rel=1e-11)


def test_mat_of_one_channel_and_cell_labels(tmp_path):
    one = {"data": np.arange(5.0), "labels": "ECG ", "units": "mV", "isi": 1.0, "start_sample": 0}
    savemat(tmp_path / "one.mat", one)
    signals = read_mat(tmp_path / "one.mat")
    assert signals.labels == ("ECG",) and signals.data.tolist() == [[0, 1, 2, 3, 4]]
    cells = one | {
        "data": np.ones((5, 2)),
        "labels": np.array(["ECG ", "Respiration"], dtype=object),
        "units": np.array(["mV", "Volts"], dtype=object),
    }
    savemat(tmp_path / "cells.mat", cells)
    assert read_mat(tmp_path / "cells.mat").labels == ("ECG", "Respiration")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"isi": 0.0}, "positive sampling interval"),
        ({"isi_units": "fortnight"}, "fortnight"),
        ({"data": np.ones((300, 3))}, r"\(300, 3\)"),
        ({"data": np.ones((0, 17))}, r"\(0, 17\)"),
        ({"labels": None}, "'labels'.* missing"),
    ],
)
def test_damaged_mat_is_refused(tmp_path, mat, change, message):
    content = {k: v for k, v in (loadmat(mat[0]) | change).items() if not k.startswith("__")}
    savemat(tmp_path / "b.mat", {k: v for k, v in content.items() if v is not None})
    with pytest.raises(ValueError, match=rf"b\.mat: .*{message}"):
        read_mat(tmp_path / "b.mat")


@pytest.mark.parametrize("share", [0.0005, 0.01, 0.5, 0.99])
def test_truncated_mat_is_refused(tmp_path, mat, share):
    content = mat[0].read_bytes()
    (tmp_path / "b.mat").write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ValueError, match=r"b\.mat: "):
        read_mat(tmp_path / "b.mat")


def test_mat_of_version_7_3_is_refused_with_the_remedy(tmp_path):
    header = b"MATLAB 7.3 MAT-file".ljust(124) + bytes([0, 2]) + b"IM"
    (tmp_path / "b.mat").write_bytes(header + bytes(400))
    with pytest.raises(ValueError, match="-v7"):
        read_mat(tmp_path / "b.mat")


# AcqKnowledge's own format


@pytest.mark.parametrize("name", RECORDINGS)
def test_acq_channels_at_full_rate_are_those_of_bioread(shared_data, name):
    path = shared_data / "biopac" / name
    signals, theirs = read_acq(path), bioread.read(str(path))
    assert signals.sfreq == theirs.samples_per_second
    assert signals.labels == tuple(channel.name for channel in theirs.channels)
    assert np.isfinite(signals.data).all()
    for row, channel in zip(signals.data, theirs.channels, strict=True):
        if channel.frequency_divider == 1:
            np.testing.assert_array_equal(row, channel.data)


def test_acq_slower_channels_pass_through_their_own_samples(shared_data):
    path = shared_data / "biopac" / "physio-4.4.0.acq"
    signals, theirs = read_acq(path), bioread.read(str(path))
    for row, channel in zip(signals.data, theirs.channels, strict=True):
        at_own_rate = row[:: channel.frequency_divider][: channel.point_count]
        spread = np.std(channel.data)
        assert np.abs(at_own_rate - channel.data).max() < 0.02 * spread


def test_acq_markers(shared_data):
    markers = read_acq(shared_data / "biopac" / "physio-4.4.0.acq").markers
    assert [marker.text for marker in markers[:2]] == ["Segment 1", "Breathe In"]
    assert [marker.onset for marker in markers[:3]] == pytest.approx([0, 4.309, 6.0995])
    assert markers[1].kind == "Inspire Start"


def test_wrapped_marker_indices_are_put_right(shared_data):
    wrapped = read_acq(shared_data / "biopac" / "physio-5.0.1-c.acq").markers
    assert wrapped == read_acq(shared_data / "biopac" / "physio-5.0.1.acq").markers


@pytest.mark.parametrize("name", ["physio-3.9.1-c.acq", "r42_test.acq", "physio-5.0.1-c.acq"])
@pytest.mark.parametrize("share", [0.0001, 0.02, 0.3, 0.7])
def test_truncated_acq_is_refused(shared_data, tmp_path, name, share):
    content = (shared_data / "biopac" / name).read_bytes()
    (tmp_path / "b.acq").write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ValueError, match=r"b\.acq: .*truncated"):
        read_acq(tmp_path / "b.acq")


# Text export


@pytest.mark.parametrize(
    "layout",
    [
        {},
        {"time": "milliSec"},
        {"separator": ","},
        {"separator": ",", "time": "min"},
        {"trailing": "\t"},
        {"compressed": True},
    ],
)
def test_text_export(tmp_path, layout):
    signals = read_text_export(text_export(tmp_path, **layout))
    assert signals.labels == ("EDA - GSR100C", "ECG")
    assert signals.units == ("microsiemens", "mV")
    assert signals.sfreq == 2000.0
    np.testing.assert_array_equal(signals.data, [np.arange(20), -np.arange(20) / 4])


def test_blank_fields_of_a_text_export_are_missing(tmp_path):
    path = text_export(tmp_path)
    path.write_text(path.read_text().replace("\n3\t-0.75\n", "\n3\t\n"))
    data = read_text_export(path).data
    assert np.isnan(data[1, 3]) and np.isnan(data).sum() == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2 channels", "two channels", "'3 channels'"),
        ("2 channels", "3 channels", r"a\.txt: "),
        ("\n3\t-0.75\n", "\n3\tpeak\n", "peak"),
        ("0.5 msec", "0 msec", "positive"),
    ],
)
def test_damaged_text_export_is_refused(tmp_path, old, new, message):
    path = text_export(tmp_path)
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ValueError, match=message):
        read_text_export(path)


def test_truncated_gzip_is_refused(tmp_path):
    path = text_export(tmp_path, compressed=True)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="truncated"):
        read_text_export(path)
