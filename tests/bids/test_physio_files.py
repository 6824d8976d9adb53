import gzip
import json

import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.bids.names import ParticipantFiles
from mmme_neuro.bids.physio_files import read_physio_files, stretches, write_physio
from mmme_neuro.clocks.fit import ClockFit, segment_row
from mmme_neuro.io.physio import read_physio

NAMES = {"ECG": "ecg", "EDA": "gsr", "SKT_A": "temperature", "D0": "stim", "rate (bpm)": "misc"}


def _segment(number, *, start, stop, center_eeg, drift_ppm):
    center = (start + stop) / 2
    return segment_row(
        segment=number,
        reference_span=(center_eeg - 1, center_eeg + 1),
        other_span=(start, stop),
        center_reference=center_eeg,
        center_other=center,
        center_se=1e-4,
        drift=1e-6 * drift_ppm,
        drift_se=2e-6,
        n_matched=20,
        dof=18,
        residual_sd=float("nan"),
    )


def _clock(*segments):
    empty = pd.DataFrame({"residual_ms": []})
    return ClockFit(pd.DataFrame(segments), empty, empty)


PAUSED = _clock(
    _segment(0, start=10.0, stop=30.0, center_eeg=5.0, drift_ppm=80.0),
    _segment(1, start=40.0, stop=70.0, center_eeg=500.0, drift_ppm=-120.0),
)


@pytest.fixture
def raw():
    data = np.random.default_rng(3).normal(size=(len(NAMES), 8000)) * 1e-6
    data[3] = 0
    data[1, 17] = np.nan
    info = mne.create_info(list(NAMES), 100.0, list(NAMES.values()))
    raw = mne.io.RawArray(data, info, first_samp=40, verbose="error")
    raw.info["description"] = "Marlene"
    return raw.set_annotations(mne.Annotations([1.0], [0.0], ["Marlene coughs"]))


@pytest.fixture
def files(tmp_path):
    files = ParticipantFiles(tmp_path, "sub-01", "expression")
    files.folder.mkdir(parents=True)
    return files


def test_drift_is_in_the_rate(raw):
    drifting = _clock(_segment(0, start=0.0, stop=4740.0, center_eeg=2000.0, drift_ppm=200.0))
    (part,) = stretches(4_740_000, 1000.0, drifting)
    index = np.array([0, 1_000_000, 4_739_999])
    expected = drifting.to_reference(index / 1000.0)
    assert np.abs(part.start_time + index / part.sfreq - expected).max() < 1e-6
    # Without the correction the last sample is almost a second off.
    assert abs(part.start_time + index[-1] / 1000.0 - expected[-1]) > 0.9


def test_pause_parts_the_recording_as_the_clock_does():
    parts = stretches(8000, 100.0, PAUSED)
    assert [(part.start, part.stop) for part in parts] == [(0, 3501), (3501, 8000)]
    time = np.concatenate(
        [part.start_time + np.arange(part.stop - part.start) / part.sfreq for part in parts]
    )
    np.testing.assert_allclose(time, PAUSED.to_reference(np.arange(8000) / 100.0), atol=1e-9)


@pytest.mark.parametrize("clock", [None, PAUSED, _clock(PAUSED.segments.iloc[0].to_dict())])
def test_round_trip(raw, files, clock):
    write_physio(raw, clock, files)
    back, back_clock = read_physio_files(files)
    assert back.ch_names == raw.ch_names
    assert back.get_channel_types() == raw.get_channel_types()
    np.testing.assert_allclose(back.get_data(), raw.get_data(), rtol=1e-8)
    np.testing.assert_array_equal(back.times, raw.times)
    if clock is None:
        assert back_clock is None
    else:
        pd.testing.assert_frame_equal(back_clock.segments, clock.segments, check_dtype=False)
        assert back_clock.drift_ppm == clock.drift_ppm


def test_tables_of_a_paused_recording_are_numbered(raw, files):
    write_physio(raw, PAUSED, files)
    assert [path.name for path in files.physio_parts()] == [
        f"sub-01_task-expression_recording-biopac{n}_physio.tsv.gz" for n in (1, 2)
    ]


def test_table_is_what_bids_asks_for(raw, files):
    write_physio(
        raw, PAUSED.__class__(PAUSED.segments[:1], PAUSED.matched, PAUSED.unmatched), files
    )
    packed = files.physio().read_bytes()
    # Byte 3 holds the flag of a file name, bytes 4 to 7 the time.
    assert packed[3] & 0x08 == 0 and packed[4:8] == bytes(4)
    lines = gzip.decompress(packed).decode().splitlines()
    assert len(lines) == 8000 and len(lines[0].split("\t")) == 5
    assert lines[17].split("\t")[1] == "n/a"
    text = files.of("recording-biopac_physio.json").read_text(encoding="utf-8")
    described = json.loads(text)
    assert described["Columns"] == list(NAMES) and described["PhysioType"] == "generic"
    assert described["EDA"]["Units"] == "S" and described["SKT_A"]["Units"] == "°C"
    assert "Marlene" not in text


def test_any_reader_of_bids_gets_si_units_and_names(raw, files):
    write_physio(raw, None, files)
    read = read_physio(files.physio())
    assert read.ch_names == raw.ch_names
    np.testing.assert_allclose(
        read.get_data(["EDA", "SKT_A"]), raw.get_data(["EDA", "SKT_A"]), rtol=1e-8
    )


def test_table_of_another_program_is_placed_by_its_start_time(files):
    table = pd.DataFrame({"cardiac": np.arange(50.0), "EDA": 1.0})
    table.to_csv(files.physio(), sep="\t", header=False, index=False, compression="gzip")
    sidecar = files.of("recording-biopac_physio.json")
    described = {"SamplingFrequency": 10.0, "StartTime": -2.03, "Columns": list(table)}
    sidecar.write_text(json.dumps(described | {"EDA": {"Units": "uS"}}))
    raw, clock = read_physio_files(files)
    np.testing.assert_allclose(raw.get_data("EDA")[0], 1e-6)
    np.testing.assert_allclose(clock.to_reference(raw.times)[:2], [-2.03, -1.93])


def test_several_tables_of_another_program_are_refused(files):
    for number in (1, 2):
        pd.DataFrame([1.0, 2.0]).to_csv(files.physio(number), header=False, index=False)
        described = {"SamplingFrequency": 10.0, "StartTime": 0, "Columns": ["a"]}
        files.of(f"recording-biopac{number}_physio.json").write_text(json.dumps(described))
    with pytest.raises(ValueError, match="expected one peripheral table"):
        read_physio_files(files)


def test_no_table_is_no_physio(files):
    assert read_physio_files(files) == (None, None)


def test_missing_sidecar_is_an_error(raw, files):
    write_physio(raw, None, files)
    files.of("recording-biopac_physio.json").unlink()
    with pytest.raises(FileNotFoundError, match="sidecar"):
        read_physio_files(files)
