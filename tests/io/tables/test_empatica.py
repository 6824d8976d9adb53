"""Tables of Empatica's wristbands: their first two lines are no samples."""

import gzip

import numpy as np
import pytest

from mmme_neuro.errors import BadInput
from mmme_neuro.io.physio import read_physio

START = "1583245345.000000"
EDA = np.round(0.4 + 0.05 * np.sin(np.arange(400) / 40), 6)


def write(path, rate, rows, start=START, n=1):
    text = "\n".join([", ".join([start] * n), ", ".join([rate] * n), *rows]) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "rate", "values", "channel", "scale"),
    [("EDA.csv", "4.000000", EDA, "EDA", 1e-6), ("TEMP.csv", "4.000000", 32 + EDA, "SKT", 1.0),
     ("BVP.csv", "64.000000", 50 * EDA, "PPG", 1.0), ("HR.csv", "1.000000", 70 + EDA, "HR", 1.0),
     ("sub01_EDA.csv", "4", EDA, "EDA", 1e-6), ("eda.csv.gz", "4.0", EDA, "EDA", 1e-6)],
)  # fmt: skip
@pytest.mark.parametrize("start", [START, "1583245345", "2020-03-03 14:22:25"])
def test_one_sensor(tmp_path, name, rate, values, channel, scale, start):
    raw = read_physio(write(tmp_path / name, rate, map(repr, values.tolist()), start))
    assert raw.ch_names == [channel] and raw.info["sfreq"] == float(rate)
    np.testing.assert_allclose(raw.get_data()[0], scale * values)


def test_three_axes(tmp_path):
    rows = ["12,-61,4", "13,-60,5", "12,-62,4"] * 40
    raw = read_physio(write(tmp_path / "ACC.csv", "32.000000", rows, n=3))
    assert raw.ch_names == ["ACC_X", "ACC_Y", "ACC_Z"] and raw.n_times == 120
    assert raw.get_data()[:, 1].tolist() == [13, -60, 5]


@pytest.mark.parametrize(
    ("name", "text"),
    [("IBI.csv", f"{START}, IBI\n1.5,0.8\n2.3,0.8\n"), ("beats.csv", f"{START},IBI\n1.5,0.8\n"),
     ("tags.csv", f"{START}\n1583245399.12\n")],
)  # fmt: skip
def test_beats_and_button_presses_are_no_signal(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=r"read BVP\.csv instead"):
        read_physio(tmp_path / name)


def test_the_rate_of_the_file_is_not_overruled(tmp_path):
    path = write(tmp_path / "EDA.csv", "4.000000", map(repr, EDA.tolist()))
    with pytest.raises(BadInput, match="leave them out"):
        read_physio(path, sfreq=64)


def test_unknown_sensor_is_a_channel_without_a_name(tmp_path):
    raw = read_physio(write(tmp_path / "left.csv", "4.000000", map(repr, EDA.tolist())))
    assert raw.ch_names == ["CH1"] and raw.n_times == 400
