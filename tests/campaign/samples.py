"""Small sound files of every format that the package reads, and how each is read."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pandas as pd
from scipy.io import savemat

from mmme_neuro import read_eeg, read_events, read_physio, read_ratings
from mmme_neuro.pipeline.decisions import read_decisions
from mmme_neuro.simulate.files.acqknowledge_file import LABELS, write_acqknowledge_mat
from mmme_neuro.simulate.files.curry_file import write_curry
from tests.io.conftest import write_brainvision, write_edf, write_fif

SFREQ = 500.0
CHANNELS = ("FZ", "CZ", "PZ", "OZ")
N_SAMPLES = 4000


@dataclass(frozen=True)
class Sample:
    """Files of one recording or table, the first of them the one that is opened."""

    name: str
    files: tuple[str, ...]
    read: Callable[[Path], Any]
    optional: tuple[str, ...] = ()
    """Files without which the recording is whole, such as one of events."""
    has_checksum: bool = False
    is_table: bool = False
    """Text whose lines stand for themselves: cut at the end of a line it is a shorter table."""
    may_be_empty: bool = False
    states_length: bool = True
    """Whether a part of the samples that ends between two of them can be told from a whole one."""


def raw_eeg(seed: int = 0, n_channels: int = len(CHANNELS)) -> mne.io.RawArray:
    """Noise of 10 microvolt with two annotations."""
    rng = np.random.default_rng(seed)
    signal = 1e-5 * rng.standard_normal((n_channels, N_SAMPLES)).clip(-5, 5)
    info = mne.create_info(list(CHANNELS[:n_channels]), SFREQ, "eeg")
    raw = mne.io.RawArray(signal, info, verbose="error")
    return raw.set_annotations(mne.Annotations([1.0, 4.0], [0.0, 0.0], ["101", "102"]))


def body_signals(seed: int = 0, n_samples: int = N_SAMPLES, sfreq: float = 100.0) -> pd.DataFrame:
    """Skin conductance (uS), pulse (V) and skin temperature (degrees C)."""
    rng = np.random.default_rng(seed)
    times = np.arange(n_samples) / sfreq
    return pd.DataFrame(
        {
            "EDA": 4 + np.sin(times / 7) + 0.01 * rng.standard_normal(n_samples),
            "PPG": np.sin(2 * np.pi * 1.2 * times) + 0.05 * rng.standard_normal(n_samples),
            "SKT": 33 + 0.1 * np.sin(times / 30) + 0.002 * rng.standard_normal(n_samples),
        }
    )


def _curry(folder: Path) -> Iterator[Sample]:
    for name, seed, n_channels in (("curry", 0, 4), ("other", 1, 3)):
        raw = raw_eeg(seed, n_channels)
        write_curry(
            folder / f"{name}.cdt",
            raw.get_data() * 1e6,
            sfreq=SFREQ,
            ch_names=raw.ch_names,
            events=pd.DataFrame({"sample": [500, 2000], "code": [101, 102]}),
        )
    files = ("curry.cdt", "curry.cdt.dpa", "curry.cdt.cef")
    yield Sample("Curry", files, read_eeg, optional=files[2:])


def _eeg_files(folder: Path) -> Iterator[Sample]:
    for stem, seed, n_channels in (("eeg", 0, 4), ("other", 1, 3)):
        raw = raw_eeg(seed, n_channels)
        write_brainvision(raw, folder / f"{stem}.vhdr")
        write_edf(raw, folder / f"{stem}.edf")
        write_edf(raw, folder / f"{stem}.bdf", n_bytes=3)
        write_fif(raw, folder / f"{stem}_raw.fif")
        savemat(folder / f"{stem}.set", {"EEG": _eeglab(raw)}, appendmat=False)
    files = ("eeg.vhdr", "eeg.eeg", "eeg.vmrk")
    yield Sample("BrainVision", files, read_eeg, optional=files[2:], states_length=False)
    yield Sample("EDF", ("eeg.edf",), read_eeg)
    yield Sample("BDF", ("eeg.bdf",), read_eeg)
    yield Sample("FIF", ("eeg_raw.fif",), read_eeg)
    yield Sample("EEGLAB", ("eeg.set",), read_eeg)


def _eeglab(raw: mne.io.BaseRaw) -> dict[str, Any]:
    """The structure of EEGLAB with the samples in the same file."""
    empty = np.array([])
    marks = [
        {"type": mark["description"], "latency": mark["onset"] * SFREQ + 1, "duration": 0.0}
        for mark in raw.annotations
    ]
    return {
        "setname": "sample",
        "nbchan": float(len(raw.ch_names)),
        "trials": 1.0,
        "pnts": float(raw.n_times),
        "srate": SFREQ,
        "xmin": 0.0,
        "xmax": (raw.n_times - 1) / SFREQ,
        "data": (raw.get_data() * 1e6).astype(np.float32),
        "icawinv": empty,
        "icasphere": empty,
        "icaweights": empty,
        "icaact": empty,
        "chanlocs": np.array(
            [(name, 0.1, 0.0, 1.0) for name in raw.ch_names],
            dtype=[("labels", object), ("X", object), ("Y", object), ("Z", object)],
        ),
        "event": np.array(
            [tuple(mark.values()) for mark in marks],
            dtype=[(name, object) for name in ("type", "latency", "duration")],
        ),
        "epoch": empty,
    }


def _physio(folder: Path) -> Iterator[Sample]:
    for stem, seed, n_samples in (("body", 0, N_SAMPLES), ("other", 1, N_SAMPLES // 2)):
        signals = body_signals(seed, n_samples)
        signals.to_csv(folder / f"{stem}.csv", index=False, float_format="%.6f")
        table = signals.to_csv(index=False, header=False, sep="\t", float_format="%.6f")
        bids = folder / f"{stem}_physio.tsv.gz"
        bids.write_bytes(gzip.compress(table.encode(), mtime=0))
        sidecar = {"SamplingFrequency": 100.0, "StartTime": 0.0, "Columns": list(signals)}
        sidecar |= {"EDA": {"Units": "uS"}, "PPG": {"Units": "V"}, "SKT": {"Units": "degC"}}
        bids.with_name(f"{stem}_physio.json").write_text(json.dumps(sidecar))
        data = np.zeros((n_samples, len(LABELS)), dtype=np.float32)
        data[:, [4, 0, 3]] = signals
        data[:, 7] = 32.5
        data[500:600, 8] = 5.0
        write_acqknowledge_mat(folder / f"{stem}.mat", data, isi_ms=10.0)
    yield Sample(
        "BIDS physiology",
        ("body_physio.tsv.gz", "body_physio.json"),
        read_physio,
        has_checksum=True,
    )
    yield Sample("AcqKnowledge export", ("body.mat",), read_physio, has_checksum=True)
    yield Sample("delimited physiology", ("body.csv",), _read_at_100_hz, is_table=True)


def _read_at_100_hz(path: Path) -> mne.io.BaseRaw:
    return read_physio(path, sfreq=100.0)


SHEET = (
    "Subject,Filename,Marker,OnsetTime,ApexTime,OffsetTime,OnsetFrame,ApexFrame,OffsetFrame,"
    "Action Units,Estimated Emotion,Macro/Micro,Date,dif"
)


def _tables(folder: Path, sheet: Path) -> Iterator[Sample]:
    """The sheet of a simulated study, its ratings, and a table of decisions."""
    table = pd.read_excel(sheet / "coding_file.xlsx", dtype=object).head(40)
    for stem, rows in (("sheet", table), ("other", table.tail(20))):
        rows.to_csv(folder / f"{stem}.csv", index=False)
        rows.to_excel(folder / f"{stem}.xlsx", index=False)
    yield Sample("sheet as text", ("sheet.csv",), read_events, is_table=True)
    yield Sample("sheet", ("sheet.xlsx",), read_events, has_checksum=True)
    ratings = pd.read_csv(sheet / "ratings.csv").head(60)
    ratings.to_csv(folder / "ratings.csv", index=False)
    yield Sample("ratings", ("ratings.csv",), read_ratings, is_table=True)
    lines = ["participant,kind,target,reason,made_for", "sub01,bad_channel,FP1,noisy,"]
    lines += ["sub01,exclude_event,e0012,coughs,", "sub02,good_channel,CZ,looks fine,", ""]
    (folder / "decisions.csv").write_text("\n".join(lines))
    yield Sample("decisions", ("decisions.csv",), read_decisions, is_table=True, may_be_empty=True)


REAL = (
    ("curry", ("Float.cdt", "Float.cdt.dpo", "Float.cdt.ceo"), read_eeg),
    ("curry", ("ASCII.cdt", "ASCII.cdt.dpa", "ASCII.cdt.cef"), read_eeg),
    ("curry", ("Legacy.dat", "Legacy.dap", "Legacy.rs3"), read_eeg),
    ("biopac", ("physio-3.9.1-c.acq",), read_physio),
    ("biopac", ("physio-5.0.1-c.acq",), read_physio),
    ("biopac", ("r42_test.acq",), read_physio),
)
"""Real files where they are at hand: folder, files, reader."""


def real_samples(data: Path) -> list[tuple[Sample, Path]]:
    """Recordings of other people's devices, each with its folder."""
    return [
        (Sample(f"real: {files[0]}", files, read, optional=files[2:]), data / folder)
        for folder, files, read in REAL
        if (data / folder / files[0]).is_file()
    ]


def made_samples(folder: Path, study: Path) -> list[Sample]:
    """Write all samples into a folder; the sheet and the ratings come from a simulated study."""
    folder.mkdir(parents=True, exist_ok=True)
    groups = (_curry(folder), _eeg_files(folder), _physio(folder), _tables(folder, study))
    return [sample for group in groups for sample in group]
