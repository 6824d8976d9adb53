"""Electrode positions from channel names."""

import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeVar

import mne
import numpy as np

from mmme_neuro.io.channels.labels import (
    NEAREST_10_05,
    cap_of,
    electrodes_of,
    template_name,
)

QUIK_CAP_64 = tuple(
    "FP1 FPZ FP2 AF3 AF4 "
    "F7 F5 F3 F1 FZ F2 F4 F6 F8 "
    "FT7 FC5 FC3 FC1 FCZ FC2 FC4 FC6 FT8 "
    "T7 C5 C3 C1 CZ C2 C4 C6 T8 "
    "M1 TP7 CP5 CP3 CP1 CPZ CP2 CP4 CP6 TP8 M2 "
    "P7 P5 P3 P1 PZ P2 P4 P6 P8 "
    "PO7 PO5 PO3 POZ PO4 PO6 PO8 "
    "CB1 O1 OZ O2 CB2".split()
)
"""EEG channels of a 64-channel Neuroscan Quik-Cap, front to back, as written in its files."""

MISC_CHANNELS = ("HEO", "VEO", "EKG", "EMG", "Trigger")
"""Channels recorded beside the cap, in Curry's ``OTHERS`` group."""

Recorded = TypeVar("Recorded", mne.io.BaseRaw, mne.BaseEpochs)

MIN_SHARED_ELECTRODES = 8
"""Fewer electrodes than this say too little about the axes of a file."""


def template_positions(ch_names: Sequence[str]) -> dict[str, np.ndarray]:
    """Positions of those channels whose labels mean an electrode that a template knows.

    Parameters
    ----------
    ch_names : sequence of str
        Channel names, in any case, such as ``EEG F3-Ref`` or ``Fp1.``; all of a recording, as
        BioSemi's ``A1 .. D32`` and EGI's ``E1 ..`` are understood only together.

    Returns
    -------
    dict of str to array, shape (3,)
        Name as given -> position in meters in MNE's head frame (x right, y front, z up).

    Notes
    -----
    The template is that of the Colin 27 head; caps whose electrodes are numbered have MNE's
    montages of their own. CB1 and CB2 (Neuroscan's cerebellar electrodes)
    take the places of PO9 and PO10, an approximation.

    Examples
    --------
    >>> sorted(template_positions(["FZ", "CB1", "EKG"]))
    ['CB1', 'FZ']
    """
    template = _upper(template_name())
    cap = cap_of(ch_names)
    own = _upper(cap[0]) if cap is not None else {}
    places = {}
    for name, electrode in electrodes_of(ch_names).items():
        if electrode is None:
            continue
        is_of_cap = cap is not None and name in cap[1]
        stand_in = electrode if is_of_cap else NEAREST_10_05.get(electrode, electrode)
        places[name] = (own if is_of_cap else template)[stand_in.upper()].copy()
    return places


@cache
def _template(name: str) -> dict:
    """Positions of one of MNE's montages in the head frame."""
    montage = mne.channels.make_standard_montage(name)
    return mne.channels.transform_to_head(montage).get_positions()


def _upper(name: str) -> dict[str, np.ndarray]:
    """Positions of a montage by electrode in upper case."""
    return {label.upper(): place for label, place in _template(name)["ch_pos"].items()}


def axes_contradict_names(positions_m: Mapping[str, np.ndarray]) -> bool:
    """Whether left and right, front and back or up and down disagree with the channel names.

    Parameters
    ----------
    positions_m : mapping of str to array, shape (3,)
        Electrode positions (x right, y front, z up), in any length unit.

    Returns
    -------
    bool
        True if any axis correlates negatively with the 10-05 template; False too where fewer than
        eight channels bear names of the template.

    Examples
    --------
    >>> from mmme_neuro.io.montage import QUIK_CAP_64, template_positions
    >>> positions = template_positions(QUIK_CAP_64)
    >>> axes_contradict_names({name: xyz * (-1, -1, 1) for name, xyz in positions.items()})
    True
    """
    template = template_positions(list(positions_m))
    if len(template) < MIN_SHARED_ELECTRODES:
        return False
    expected = np.array(list(template.values()))
    found = np.array([positions_m[name] for name in template])
    return bool((np.sum((found - found.mean(0)) * (expected - expected.mean(0)), axis=0) < 0).any())


def place_electrodes(raw: Recorded) -> Recorded:
    """Give every EEG channel without a position its place in the 10-05 system, told by its name.

    Parameters
    ----------
    raw : mne.io.BaseRaw | mne.BaseEpochs
        Recording; not modified.

    Returns
    -------
    mne.io.BaseRaw | mne.BaseEpochs
        Copy of the recording, channels under their own names. Positions that the file brought are
        kept; channels whose labels mean no electrode (`labels.electrodes_of`), or two of them,
        stay without a position, which a warning lists.

    Examples
    --------
    >>> import mne, numpy as np
    >>> info = mne.create_info(["FZ", "CB1"], 100.0, "eeg")
    >>> raw = mne.io.RawArray(np.zeros((2, 10)), info, verbose="error")
    >>> sorted(place_electrodes(raw).get_montage().get_positions()["ch_pos"])
    ['CB1', 'FZ']
    """
    raw = raw.copy()
    types = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    eeg = [name for name, kind in types.items() if kind == "eeg"]
    location = {channel["ch_name"]: channel["loc"][:3] for channel in raw.info["chs"]}
    own = {name: location[name] for name in eeg if _is_placed(location[name])}
    unset = [name for name in eeg if name not in own]
    found = template_positions(eeg)
    placed = found | own
    cap = cap_of(eeg)
    if cap is not None and (taken := [name for name in unset if name in cap[1]]):
        warnings.warn(
            f"The {len(taken)} labels {taken[0]!r} to {taken[-1]!r} are taken for those of the cap "
            f"{cap[0]!r} and get its positions. If it is another one, set its positions with "
            "raw.set_montage.",
            stacklevel=2,
        )
    unknown = [name for name in unset if name not in placed]
    if unknown:
        warnings.warn(
            f"No position for the EEG channels {unknown}, whose labels are no electrode of the "
            "10-05 system: topographies, interpolation and the average reference leave them out. "
            "Rename them or set positions with raw.set_montage; where they are no EEG, set their "
            "types with raw.set_channel_types.",
            stacklevel=2,
        )
    if placed and len(own) < len(placed):
        fiducials = raw.get_montage() if own else None
        landmarks = fiducials.get_positions() if fiducials else _template(template_name())
        montage = mne.channels.make_dig_montage(
            placed,
            coord_frame="head",
            **{point: landmarks[point] for point in ("nasion", "lpa", "rpa")},
        )
        raw.set_montage(montage, on_missing="ignore", verbose="error")
    return raw


def _is_placed(location: np.ndarray) -> bool:
    """Whether MNE's location array holds an electrode position (unset is NaN or zero)."""
    return bool(np.isfinite(location[:3]).all() and np.any(location[:3]))
