"""Which channels a recording has and lacks, and which of them are flat."""

from importlib.util import find_spec

import mne
import numpy as np
import pandas as pd

from mmme_neuro.recording import Recording

EEG_KINDS = {"EEG": "eeg", "EOG": "eog", "EMG": "emg"}
PHYSIO_KINDS = {
    "PPG": "bio",
    "RSP": "resp",
    "SKT": "temperature",
    "EDA": "gsr",
    "ECG": "ecg",
    "EMG": "emg",
}
"""Kinds of signal that the analyses use, with MNE's channel type."""

N_PIECES = 20
PIECE_S = 1.0
INVENTORY_COLUMNS = ("device", "kind", "n_channels", "flat")

OPTIONAL_PACKAGES = {
    "dask": "preprocessing on a cluster",
    "dask_jobqueue": "preprocessing through SLURM",
}
"""Packages that some steps import where they are installed, and the step."""


def channel_inventory(recording: Recording) -> pd.DataFrame:
    """List the kinds of signal that the analyses use, and what there is of each.

    Parameters
    ----------
    recording : Recording
        As read; its samples may lie on disk.

    Returns
    -------
    DataFrame
        ``device`` (EEG or physio)``, kind, n_channels`` (0: missing) and ``flat``, the names of
        channels that do not change, comma-separated.

    Notes
    -----
    A channel is flat if it is constant (or missing) in each of 20 pieces of 1 s, spread over the
    recording; so a long file is not read as a whole.

    Examples
    --------
    >>> import mne, numpy as np, pandas as pd
    >>> info = mne.create_info(["CZ", "PZ"], 100.0, "eeg")
    >>> raw = mne.io.RawArray(np.vstack([np.arange(500.0), np.zeros(500)]), info, verbose="error")
    >>> mine = Recording(eeg=raw, physio=None, events=pd.DataFrame({"onset": [1.0]}))
    >>> channel_inventory(mine).loc[0, ["kind", "flat"]].tolist()
    ['EEG', 'PZ']
    """
    rows = []
    devices = (("EEG", recording.eeg, EEG_KINDS), ("physio", recording.physio, PHYSIO_KINDS))
    for device, raw, kinds in devices:
        if raw is None:
            continue
        of_kind = {kind: _channels(raw, kind, mne_type) for kind, mne_type in kinds.items()}
        flat = _flat(raw, [name for names in of_kind.values() for name in names])
        for kind, names in of_kind.items():
            rows.append((device, kind, len(names), ", ".join(n for n in names if n in flat)))
    return pd.DataFrame(rows, columns=list(INVENTORY_COLUMNS))


def absent_packages() -> dict[str, str]:
    """Return the optional packages that are not installed, and what they are for.

    Returns
    -------
    dict of str to str
    """
    return {name: use for name, use in OPTIONAL_PACKAGES.items() if find_spec(name) is None}


def _channels(raw: mne.io.BaseRaw, kind: str, mne_type: str) -> list[str]:
    """Names of the channels of a kind: of its type, and named after it where types are shared."""
    types = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    same_type = [name for name, found in types.items() if found == mne_type]
    if mne_type == "bio":
        return [name for name in same_type if name.upper().startswith(kind)]
    return same_type


def _flat(raw: mne.io.BaseRaw, names: list[str]) -> set[str]:
    """Channels that are constant within each of some pieces."""
    if not names:
        return set()
    n_samples = min(max(round(PIECE_S * raw.info["sfreq"]), 2), raw.n_times)
    changes = np.zeros(len(names), dtype=bool)
    for start in np.linspace(0, raw.n_times - n_samples, N_PIECES).astype(int):
        piece = raw.get_data(picks=names, start=start, stop=start + n_samples, verbose="error")
        low, high = np.fmin.reduce(piece, axis=1), np.fmax.reduce(piece, axis=1)
        changes |= high > low
    return {name for name, is_changing in zip(names, changes, strict=True) if not is_changing}
