"""The EEG as BrainVision files with their BIDS sidecars, and back."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mne
import numpy as np
import pandas as pd
from mne.io.constants import FIFF

from mmme_neuro.bids.dataset_files import DatasetDetails
from mmme_neuro.bids.names import ParticipantFiles
from mmme_neuro.bids.text_files import MISSING, read_json
from mmme_neuro.extras import optional
from mmme_neuro.io.damage import reading
from mmme_neuro.io.files import write_json

if TYPE_CHECKING:
    import mne_bids

HEADER_S = 1.0
"""Length (s) of what the header is written from; the other samples follow block by block."""

BLOCK_S = 60.0
RESOLUTION = 0.1
"""What one step of the stored numbers is, as mne-bids writes it to the header."""

V_PER_UV = 1e-6


def write_eeg(
    raw: mne.io.BaseRaw, codes: pd.DataFrame, files: ParticipantFiles, details: DatasetDetails
) -> None:
    """Write the EEG as recorded: signals, header, markers, channels, electrodes.

    Parameters
    ----------
    raw : mne.io.Raw
        Recording; samples may still be on disk.
    codes : DataFrame
        Its trigger codes: ``code, onset, duration`` (s), written as markers.
    files : ParticipantFiles
        Where to.
    details : DatasetDetails
        What the files do not say.

    Notes
    -----
    mne-bids writes everything from the first second, so that it never holds the recording; only
    names, types, rate, bad channels and electrodes of the header reach it, neither dates nor
    names nor remarks. The samples that follow are appended as it writes them: single precision,
    channel by channel within a sample.
    """
    info = clean_info(raw)
    n_header = min(raw.n_times, int(HEADER_S * raw.info["sfreq"]))
    header = mne.io.RawArray(raw.get_data(stop=n_header, verbose="error"), info, verbose="error")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Encountered unsupported non-voltage units")
        optional("mne_bids").write_raw_bids(
            header,
            _bids_path(files),
            format="BrainVision",
            allow_preload=True,
            overwrite=True,
            verbose="error",
        )
    _append_samples(files.of("eeg.eeg"), raw, info, start=n_header)
    _append_markers(files.of("eeg.vmrk"), codes, raw.info["sfreq"])
    _complete_sidecar(files.of("eeg.json"), raw, details)


def clean_info(raw: mne.io.BaseRaw) -> mne.Info:
    """Return a header with nothing but names, types, rate, filters, bad channels and electrodes."""
    info = mne.create_info(raw.ch_names, raw.info["sfreq"], raw.get_channel_types())
    for channel in info["chs"]:
        if channel["kind"] == FIFF.FIFFV_STIM_CH:
            # Codes are no voltage; as one they would be scaled to microvolt.
            channel["unit"] = FIFF.FIFF_UNIT_NONE
    info["bads"] = list(raw.info["bads"])
    montage = raw.get_montage()
    if montage is not None:
        info.set_montage(montage, on_missing="ignore", verbose="error")
    return info


def read_eeg_files(files: ParticipantFiles, annotations: mne.Annotations) -> mne.io.BaseRaw:
    """Read the EEG of a participant.

    Parameters
    ----------
    files : ParticipantFiles
        Where from.
    annotations : mne.Annotations
        Trigger codes.

    Returns
    -------
    mne.io.Raw
        Channel types, bad channels and electrodes as the sidecars state them; samples stay on disk.
    """
    header = files.of("eeg.vhdr")
    if not header.is_file():
        raise FileNotFoundError(
            f"{header}: expected the EEG of {files.label}, found no such file; give the root of a "
            "BIDS dataset and a participant and task that it has."
        )
    mne_bids = optional("mne_bids")
    with reading(header, "an EEG recording"):
        raw = mne_bids.read_raw_bids(_bids_path(files, extension=".vhdr"), verbose="error")
    return raw.set_annotations(annotations)


def _bids_path(files: ParticipantFiles, *, extension: str | None = None) -> "mne_bids.BIDSPath":
    """The EEG's name as mne-bids writes it."""
    return optional("mne_bids").BIDSPath(
        root=files.root,
        subject=files.label.removeprefix("sub-"),
        task=files.task,
        datatype="eeg",
        suffix="eeg",
        extension=extension,
    )


def _append_samples(path: Path, raw: mne.io.BaseRaw, info: mne.Info, *, start: int) -> None:
    """Append samples to a BrainVision data file, a block at a time."""
    in_volt = np.array([channel["unit"] == FIFF.FIFF_UNIT_V for channel in info["chs"]])
    step = np.where(in_volt, RESOLUTION * V_PER_UV, RESOLUTION)
    block = int(BLOCK_S * raw.info["sfreq"])
    with path.open("ab") as stream:
        for first in range(start, raw.n_times, block):
            data = raw.get_data(start=first, stop=first + block, verbose="error")
            stream.write((data.T / step).astype("<f4").tobytes())


def _append_markers(path: Path, codes: pd.DataFrame, sfreq: float) -> None:
    """Append trigger codes to a BrainVision marker file."""
    with path.open("a", encoding="utf-8", newline="\n") as stream:
        rows = codes[["code", "onset", "duration"]].itertuples(index=False, name=None)
        for number, (code, onset, duration) in enumerate(rows, start=1):
            size = max(1, round(duration * sfreq))
            stream.write(f"Mk{number}=Stimulus,S{code:>3},{round(onset * sfreq) + 1},{size},0\n")


def _complete_sidecar(path: Path, raw: mne.io.BaseRaw, details: DatasetDetails) -> None:
    """Correct what mne-bids takes from the format and from the header's length."""
    known: dict[str, Any] = {
        "RecordingDuration": raw.n_times / raw.info["sfreq"],
        "Manufacturer": details.eeg_manufacturer,
        "EEGReference": details.eeg_reference,
        "EEGGround": details.eeg_ground,
        "PowerLineFrequency": details.line_frequency_hz or MISSING,
        "SoftwareFilters": MISSING,
        "HardwareFilters": MISSING,
        "TaskDescription": details.task_description,
        "Instructions": details.instructions,
    }
    described = read_json(path) | known
    # The validator's schema still spells the key as before BIDS 1.11.2.
    described["MISCChannelCount"] = described["MiscChannelCount"]
    write_json(path, described, allow_nan=False)
