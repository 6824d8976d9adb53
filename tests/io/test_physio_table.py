import gzip
import json

import numpy as np
import pytest

from mmme_neuro import read_physio
from mmme_neuro.errors import DamagedFile
from mmme_neuro.io.physio_table import read_bids_physio, read_table

SIDECAR = {
    "SamplingFrequency": 50.0,
    "StartTime": -2.5,
    "Columns": ["cardiac", "eda"],
    "eda": {"Units": "uS"},
}


def bids(tmp_path, *, sidecar=SIDECAR, text="1\t0.5\n2\tn/a\n3\t1.5\n"):
    path = tmp_path / "sub-01_task-expression_recording-biopac_physio.tsv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    if sidecar is not None:
        path.with_name(path.name.replace(".tsv.gz", ".json")).write_text(json.dumps(sidecar))
    return path


def plain(tmp_path, text, name="a.csv"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


def test_bids_table_with_its_sidecar(tmp_path):
    signals = read_bids_physio(bids(tmp_path))
    assert signals.labels == ("cardiac", "eda") and signals.units == ("", "uS")
    assert signals.sfreq == 50.0 and signals.first_sample == -125
    np.testing.assert_array_equal(signals.data, [[1, 2, 3], [0.5, np.nan, 1.5]])


def test_bids_without_sidecar_or_keys_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"biopac_physio\.json"):
        read_bids_physio(bids(tmp_path, sidecar=None))
    with pytest.raises(ValueError, match="'StartTime'.* missing"):
        read_bids_physio(
            bids(tmp_path, sidecar={k: v for k, v in SIDECAR.items() if k != "StartTime"})
        )
    with pytest.raises(ValueError, match="3 columns"):
        read_bids_physio(bids(tmp_path, sidecar=SIDECAR | {"Columns": ["a", "b", "c"]}))


def test_truncated_bids_table_is_refused(tmp_path):
    path = bids(tmp_path, text="1.25\t0.5\n" * 1000)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match="truncated"):
        read_bids_physio(path)


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_names_in_the_first_line(tmp_path, separator):
    text = "\n".join(separator.join(row) for row in [("ECG", "EDA"), ("1", "2"), ("3", "")])
    signals = read_table(
        plain(tmp_path, text), sfreq=100, ch_names=None, units={"EDA": "microsiemens"}
    )
    assert signals.labels == ("ECG", "EDA") and signals.units == ("", "microsiemens")
    np.testing.assert_array_equal(signals.data, [[1, 3], [2, np.nan]])


def test_table_without_names(tmp_path):
    path = plain(tmp_path, "1\t-2e-3\t\n3\t4\t\n", "a.txt")
    assert read_table(path, sfreq=100, ch_names=None, units=None).labels == ("CH1", "CH2")
    named = read_table(path, sfreq=100, ch_names=["A", "B"], units=None)
    assert named.labels == ("A", "B") and named.data.tolist() == [[1, 3], [-0.002, 4]]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("1,2\n", {"sfreq": None}, "`sfreq`"),
        ("1,2\n", {"sfreq": -1.0}, "`sfreq`"),
        ("1,2\n", {"ch_names": ["A"]}, "2 names"),
        ("1,2\n", {"units": {"EDA": "uS"}}, "EDA"),
        ("A,B\n1,x\n", {}, r"\['B'\]"),
        ("A,B\n", {}, "0 rows"),
        ("1,2\n1,2,3\n", {}, "cannot be read"),
    ],
)
def test_tables_that_cannot_be_right_are_refused(tmp_path, text, options, message):
    arguments = {"sfreq": 100.0, "ch_names": None, "units": None} | options
    with pytest.raises(ValueError, match=message):
        read_table(plain(tmp_path, text), **arguments)


SIDECAR = {"SamplingFrequency": 50, "StartTime": -1.5, "Columns": ["cardiac", "respiratory"]}
TABLE = "sub-01/ses-a/func/sub-01_ses-a_task-nback_run-01_physio.tsv.gz"


def bids_table(root, *, name=TABLE, **sidecars):
    path = root / name
    path.parent.mkdir(parents=True)
    with gzip.open(path, "wt") as stream:
        stream.write("1\t2\n" * 100)
    for place, content in sidecars.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    "place",
    [
        "task-nback_physio.json",
        "physio.json",
        "sub-01/sub-01_task-nback_physio.json",
        "sub-01/ses-a/sub-01_ses-a_physio.json",
        "sub-01/ses-a/func/sub-01_ses-a_task-nback_physio.json",
        "sub-01/ses-a/func/sub-01_ses-a_task-nback_run-01_physio.JSON",
    ],
)
def test_sidecars_are_inherited(tmp_path, place):
    path = bids_table(tmp_path / "ds", **{place: SIDECAR})
    raw = read_physio(path)
    assert raw.info["sfreq"] == 50 and raw.n_times == 100 and raw.first_time == -1.5
    assert raw.ch_names == ["cardiac", "RSP"]


def test_the_nearest_sidecar_wins_key_by_key(tmp_path):
    path = bids_table(
        tmp_path / "ds",
        **{
            "task-nback_physio.json": SIDECAR | {"cardiac": {"Units": "mV"}},
            "sub-01/sub-01_physio.json": {"SamplingFrequency": 25},
            "sub-01/ses-a/func/sub-01_ses-a_task-nback_run-01_physio.json": {"StartTime": 4},
            "sub-01/ses-a/func/._sub-01_ses-a_task-nback_run-01_physio.json": {"StartTime": 9},
            "task-rest_physio.json": {"SamplingFrequency": 1},
            "sub-01/ses-a/sub-01_ses-a_run-02_physio.json": {"SamplingFrequency": 2},
            "task-nback_eeg.json": {"SamplingFrequency": 3},
        },
    )
    (tmp_path / "physio.json").write_text(json.dumps({"SamplingFrequency": 4}))
    raw = read_physio(path)
    assert (raw.info["sfreq"], raw.first_time) == (25.0, 4.0)


@pytest.mark.parametrize(
    "place", ["task-rest_physio.json", "sub-02_physio.json", "task-nback_eeg.json"]
)
def test_sidecars_of_other_recordings_are_not_taken(tmp_path, place):
    path = bids_table(tmp_path / "ds", **{place: SIDECAR})
    (tmp_path / "physio.json").write_text(json.dumps(SIDECAR))
    (tmp_path / "ds" / "dataset_description.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match="expected its description in.*copy it"):
        read_physio(path)


@pytest.mark.parametrize(
    ("key", "value"), [("StartTime", "n/a"), ("SamplingFrequency", None), ("SamplingFrequency", 0)]
)
def test_sidecars_without_numbers_are_refused(tmp_path, key, value):
    path = bids_table(tmp_path / "ds", **{"physio.json": SIDECAR | {key: value}})
    with pytest.raises(ValueError, match=f"physio.json: expected a .*{key}"):
        read_physio(path)


@pytest.mark.parametrize(("key", "value"), [("SamplingFrequency", 1e308), ("StartTime", -1e300)])
def test_rates_and_starts_that_no_device_has_are_refused(tmp_path, key, value):
    path = tmp_path / "sub-01_task-a_physio.tsv.gz"
    path.write_bytes(gzip.compress(b"1\n2\n3\n"))
    sidecar = {"SamplingFrequency": 10.0, "StartTime": 0.0, "Columns": ["EDA"], key: value}
    (tmp_path / "sub-01_task-a_physio.json").write_text(json.dumps(sidecar))
    with pytest.raises(DamagedFile, match=key):
        read_bids_physio(path)
