"""One mutated file or table: what the package did with it, and whether that is allowed.

Allowed are a message of the package that names the file (or table), a warning, or the numbers of
the sound input. What cannot be told from a sound file is allowed, too: a changed sample or digit,
and a text table cut at the end of a line.
"""

import shutil
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pandas as pd

from mmme_neuro.errors import EXPECTED_FAILURES, MmmeError
from tests.campaign.mutations import BYTES, PATHS
from tests.campaign.samples import Sample

LIMIT_S = 20.0
PACKAGE = "mmme_neuro"
SHORTEST_MESSAGE = 40
CUTS = ("cut", "cut_head", "last_byte_lost", "empty", "one_byte")
FLIPS = ("flip", "flip_head", "flip_head_often")
LONGEST_READ = 10**6
"""Samples beyond which a file's values are not read: a long recording is no fault."""
EEG_SPREAD_V = (1e-7, 5e-3)


@dataclass(frozen=True)
class Outcome:
    """What came of one case; ``is_fault`` says that it must not."""

    what: str
    detail: str = ""
    is_fault: bool = False


def _rate(result: Any) -> Any:
    """Sampling rate; a damaged header can make it an array."""
    rate = np.asarray(result.info["sfreq"])
    return rate.item() if rate.ndim == 0 else rate.tolist()


def contents(result: Any) -> tuple[Any, Any]:
    """Structure and values of what a reader returned."""
    table = getattr(result, "table", result)
    if isinstance(table, pd.DataFrame):
        return (table.shape, tuple(table.columns)), table.to_csv()
    marks = getattr(result, "annotations", None) or ()
    if isinstance(result, mne.io.BaseRaw) and result.n_times > LONGEST_READ:
        return (len(result.ch_names), _rate(result), (-1, int(result.n_times)), len(marks)), None
    data = (
        result.get_data(verbose="error")
        if isinstance(result, mne.io.BaseRaw)
        else result.get_data()
    )
    structure = (len(result.ch_names), _rate(result), data.shape, len(marks))
    return structure, (tuple(result.ch_names), [str(mark) for mark in marks], data.tobytes())


def read(sample: Sample, path: Path) -> tuple[list[str], Any, Any]:
    """Warnings, contents and the object of a sound or mutated file."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = sample.read(path)
        found = contents(result)
    return [str(warning.message) for warning in caught], found, result


def of_error(error: BaseException, *names: str) -> Outcome:
    """Tell a message of the package from a traceback of a library."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    said = f"{type(error).__name__} at {place}: {str(error)[:300]}"
    if not isinstance(error, EXPECTED_FAILURES):
        return Outcome("traceback of a library", said, is_fault=True)
    if not any(name in str(error) for name in names) or len(str(error)) < SHORTEST_MESSAGE:
        return Outcome("message that names no file", said, is_fault=True)
    return Outcome("refused", said)


def of_table_error(error: BaseException) -> Outcome:
    """As `of_error`, about an argument: any message that the package itself raises."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    if not any(PACKAGE in Path(frame.filename).parts[-4:] for frame in frames):
        return Outcome("no such table", f"{type(error).__name__} before the package was called")
    said = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {str(error)[:300]}"
    is_own = PACKAGE in Path(last.filename).parts and (last.line or "").startswith("raise ")
    if isinstance(error, MmmeError) or (isinstance(error, ValueError | TypeError) and is_own):
        is_short = len(str(error)) < SHORTEST_MESSAGE
        return Outcome("message that says little" if is_short else "refused", said, is_short)
    return Outcome("traceback of a library", said, is_fault=True)


def is_implausible(result: Any) -> bool:
    """An EEG that no head makes: the unit or the samples are wrong."""
    if not isinstance(result, mne.io.BaseRaw) or "eeg" not in result.get_channel_types():
        return False
    data = result.get_data(picks="eeg", stop=min(result.n_times, LONGEST_READ), verbose="error")
    if not np.isfinite(data).any(axis=1).all():
        return True
    spread = np.nanmedian(np.abs(data - np.nanmedian(data, axis=1, keepdims=True)), axis=1)
    spread = spread[spread > 0]
    return bool(spread.size) and not EEG_SPREAD_V[0] < np.median(spread) < EEG_SPREAD_V[1]


def prepare(
    sample: Sample, part: str, mutation: str, seed: int, source: Path, folder: Path
) -> Path:
    """Copy the sound files into an empty folder and mutate one of them; the file to open."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in sample.files:
        shutil.copy(source / name, folder / name)
        (folder / name).chmod(0o600)
    rng = np.random.default_rng([seed, *mutation.encode(), *part.encode()])
    path = folder / part
    if mutation in BYTES:
        path.write_bytes(BYTES[mutation](path.read_bytes(), rng))
    else:
        PATHS[mutation](path, source, rng)
    return folder / sample.files[0]


def try_file(
    sample: Sample, part: str, mutation: str, seed: int, *, source: Path, folder: Path, sound: Any
) -> Outcome:
    """Mutate one file of a sample and read it.

    Parameters
    ----------
    sample : Sample
    part : str
        The file that is mutated.
    mutation : str
    seed : int
    source : Path
        Folder of the sound files.
    folder : Path
        Emptied, then filled with the mutated copy.
    sound : tuple
        Warnings and contents of the sound file (`read`).

    Returns
    -------
    Outcome
    """
    path = prepare(sample, part, mutation, seed, source, folder)
    is_same = (folder / part).is_file() and (folder / part).stat().st_size < 2**30
    is_same = is_same and (folder / part).read_bytes() == (source / part).read_bytes()
    try:
        said, found, result = read(sample, path)
    except Exception as error:  # whatever a library raises is the finding
        return of_error(error, str(folder), part, path.name)
    if found == sound[1] or is_same:
        return Outcome("same numbers")
    if set(said) - set(sound[0]):
        return Outcome("read with a warning", said[0][:200])
    if is_implausible(result):
        return Outcome("implausible numbers", str(found[0]), is_fault=True)
    if part in sample.optional:
        return Outcome("read without or with other events")
    return _of_silent(sample, part, mutation, found, sound[1])


def _of_silent(sample: Sample, part: str, mutation: str, found: Any, sound: Any) -> Outcome:
    """Other numbers without a word: allowed only where the file cannot be told from a sound one."""
    changed = f"{sound[0]} -> {found[0]}"
    if sample.is_table:
        return Outcome(
            "read other numbers", changed, is_fault=mutation == "empty" and not sample.may_be_empty
        )
    has_checksum = sample.has_checksum and part == sample.files[0]
    if has_checksum and mutation not in PATHS and found[0] == sound[0]:
        return Outcome("checksum passed over", changed, is_fault=mutation in FLIPS)
    if mutation in CUTS and part != sample.files[0] and not sample.states_length:
        return Outcome("cut between two samples", changed)
    if mutation in CUTS:
        return Outcome("silently shorter", changed, is_fault=True)
    if mutation in FLIPS and (found[0][0], found[0][2]) != (sound[0][0], sound[0][2]):
        return Outcome("silently of another shape", changed, is_fault=True)
    return Outcome("read other numbers", changed)
