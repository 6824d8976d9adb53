"""Damaged versions of each real file: refused by name, or nothing of it is silently wrong.

What cannot be told from a sound file, and is therefore not asked for: a flipped bit that turns one
valid value into another (a float sample, a digit of a number, a letter of a name), and a text table
cut exactly at the end of a line.
"""

import resource
import shutil
import signal
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.errors import EXPECTED_FAILURES
from mmme_neuro.events.sheet import read_events
from mmme_neuro.io.eeg import read_eeg
from mmme_neuro.io.physio import read_physio

LIMIT_S = 30
MAX_EXTRA_MEMORY_KIB = 2**21


def read_100hz(path):
    return read_physio(path, sfreq=100.0)


@dataclass(frozen=True)
class Example:
    """Files of one recording, the first of them the one that is opened."""

    folder: str
    files: tuple[str, ...]
    read: object
    has_checksum: bool = False
    is_table: bool = False


EXAMPLES = (
    Example("curry", ("Float.cdt", "Float.cdt.dpo", "Float.cdt.ceo"), read_eeg),
    Example("curry", ("ASCII.cdt", "ASCII.cdt.dpa", "ASCII.cdt.cef"), read_eeg),
    Example("curry", ("Legacy.dat", "Legacy.dap", "Legacy.rs3"), read_eeg),
    Example("curry", ("Legacy ASCII.dat", "Legacy ASCII.dap", "Legacy ASCII.rs3"), read_eeg),
    Example("curry", ("MEG2085.cdt", "MEG2085.cdt.dpa"), read_eeg),
    Example("eeglab", ("eeglab_data.set", "eeglab_data.fdt"), read_eeg),
    Example("biopac", ("physio-3.9.1-c.acq",), read_physio),
    Example("biopac", ("physio-4.4.0.acq",), read_physio),
    Example("biopac", ("physio-5.0.1-c.acq",), read_physio),
    Example("biopac", ("physio-5.0.1.acq",), read_physio),
    Example("biopac", ("r42_test.acq",), read_physio),
    Example("biopac", ("small-unicode-4.4.0.acq",), read_physio),
    Example("biopac", ("physio-4.4.0_AcqKnowledge_style.mat",), read_physio, has_checksum=True),
    Example("physio_events/fmov", ("09_FMOV_preprocessed.txt.gz",), read_100hz, has_checksum=True),
    Example("physio_events", ("bio_eventrelated_100hz.csv",), read_100hz, is_table=True),
    Example("mmme_annotations", ("coding_file.xlsx",), read_events, has_checksum=True),
)
PARTS = [
    pytest.param(example, part, id=part.replace(" ", "_"))
    for example in EXAMPLES
    for part in example.files
]


def damaged(content, kind, rng):
    """Bytes cut off or flipped; headers are hit as often as the rest."""
    head = min(len(content), 4096)
    if kind == "empty":
        return b""
    if kind.startswith("cut"):
        return content[: int(rng.integers(1, head if kind == "cut head" else len(content)))]
    flipped = bytearray(content)
    for _ in range(8 if kind == "flip head often" else 1):
        place = int(rng.integers(len(content) if kind == "flip" else head))
        flipped[place] ^= 1 << int(rng.integers(8))
    return bytes(flipped)


def contents(result):
    """What a reader returned: structure, then values."""
    if isinstance(result, pd.DataFrame):
        return (result.shape, tuple(result.columns)), result.to_csv()
    marks = result.annotations or ()
    structure = (len(result.ch_names), result.info["sfreq"], result.get_data().shape, len(marks))
    return structure, (tuple(result.ch_names), list(map(str, marks)), result.get_data().tobytes())


class TookTooLong(BaseException):
    pass


def outcome(read, path):
    """``("refused", message)``, ``("warned", contents)`` or ``("read", contents)``."""

    def stop(*_):
        raise TookTooLong(f"{path.name}: more than {LIMIT_S} s")

    previous = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT_S)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = contents(read(path))
        return [str(warning.message) for warning in caught], found
    except EXPECTED_FAILURES as error:
        return "refused", str(error)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def check_versions(shared_data, folder, example, part, counts):
    """Damage one file of the recording in all ways and look at what its reader does."""
    source = shared_data / example.folder
    for name in example.files:
        shutil.copy(source / name, folder / name)
        (folder / name).chmod(0o600)
    usual_warnings, sound = outcome(example.read, folder / example.files[0])
    content = (source / part).read_bytes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for kind, n in counts.items():
        for k in range(n):
            rng = np.random.default_rng([k, *kind.encode()])
            (folder / part).write_bytes(damaged(content, kind, rng))
            said, found = outcome(example.read, folder / example.files[0])
            case = f"{part}, {kind} {k}"
            if said == "refused":
                assert str(folder) in found or part in found, f"{case}: message names no file"
                assert len(found) > 40, f"{case}: message says too little ({found})"
                continue
            assert kind != "empty", f"{case}: an empty file was read"
            if found == sound or set(said) - set(usual_warnings):
                continue
            assert not kind.startswith("cut") or example.is_table, f"{case}: silently shorter"
            assert not example.has_checksum, f"{case}: silently wrong"
            if not example.is_table:
                assert found[0] == sound[0], f"{case}: silently of another shape"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MAX_EXTRA_MEMORY_KIB


@pytest.mark.parametrize(("example", "part"), PARTS)
def test_damaged_versions(shared_data, tmp_path, example, part):
    counts = {"empty": 1, "cut": 2, "cut head": 2, "flip": 2, "flip head": 3, "flip head often": 1}
    check_versions(shared_data, tmp_path, example, part, counts)


@pytest.mark.slow
@pytest.mark.parametrize(("example", "part"), PARTS)
def test_many_damaged_versions(shared_data, tmp_path, example, part):
    counts = {"empty": 1, "cut": 40, "cut head": 40, "flip": 40}
    counts |= {"flip head": 80, "flip head often": 40}
    check_versions(shared_data, tmp_path, example, part, counts)


def test_damaged_sheet_as_text(shared_data, tmp_path):
    whole = tmp_path / "whole.csv"
    sheet = pd.read_excel(shared_data / "mmme_annotations" / "coding_file.xlsx", dtype=object)
    sheet.head(60).to_csv(whole, index=False)
    sound = contents(read_events(whole))
    content, path = whole.read_bytes(), tmp_path / "sheet.csv"
    for kind, n in {"empty": 1, "cut": 8, "flip": 10}.items():
        for k in range(n):
            path.write_bytes(damaged(content, kind, np.random.default_rng([k, len(kind)])))
            said, found = outcome(read_events, path)
            if said == "refused":
                assert "sheet.csv" in found
            elif not said:
                assert kind == "flip" and found[0] == sound[0]
