"""Scalp regions of interest, named after the Quik-Cap electrodes they hold."""

from collections.abc import Sequence

import mne

from mmme_neuro.errors import MissingInput
from mmme_neuro.io.channels.labels import channels_by_electrode

ROIS = {
    "fronto_central": ("F1", "FZ", "F2", "FC1", "FCZ", "FC2"),
    "sensorimotor": ("C3", "CZ", "C4"),
    "parietal": ("CP1", "CPZ", "CP2", "P1", "PZ", "P2"),
    "right_tpj": ("CP4", "CP6", "P4", "P6"),
    "left_tpj": ("CP3", "CP5", "P3", "P5"),
    "occipital": ("PO3", "POZ", "PO4", "O1", "OZ", "O2"),
    "frontal_polar": ("FP1", "FPZ", "FP2", "AF3", "AF4"),
    "temporal": ("FT7", "T7", "TP7", "FT8", "T8", "TP8"),
}
"""Regions of the planned analyses. Names are matched without regard to case."""


LOBES = ("frontal", "fronto-central", "central", "centro-parietal", "parietal", "occipital")
"""Rows of the cap from front to back."""

_LOBE_BY_PREFIX = {
    "FP": "frontal",
    "AF": "frontal",
    "F": "frontal",
    "FT": "fronto-central",
    "FC": "fronto-central",
    "T": "central",
    "C": "central",
    "TP": "centro-parietal",
    "CP": "centro-parietal",
    "M": "centro-parietal",
    "P": "parietal",
    "PO": "occipital",
    "O": "occipital",
    "CB": "occipital",
    "I": "occipital",
}


def roi_channels(info: mne.Info, roi: str | Sequence[str]) -> list[str]:
    """Name the good channels of a recording that belong to a region.

    Parameters
    ----------
    info : mne.Info
        Channels of the recording, in any letter case, also under labels such as ``EEG F3-Ref``
        and ``T3``. Those in ``info["bads"]`` are left out.
    roi : str | sequence of str
        A key of `ROIS`, one channel name, or channel names.

    Returns
    -------
    ch_names : list of str
        Names as the recording spells them. Channels of the region that are absent or bad are
        left out; that none is left raises ``MissingInput``.

    Examples
    --------
    >>> info = mne.create_info(["Fz", "Cz", "C4"], 250.0, "eeg")
    >>> roi_channels(info, "sensorimotor")
    ['Cz', 'C4']
    """
    wanted = roi_electrodes(roi)
    names = channels_by_electrode(info["ch_names"])
    if wanted not in ROIS.values():
        # A name that the caller gives is first of all a channel's own.
        names |= {name.upper(): name for name in info["ch_names"]}
    found = [names[name.upper()] for name in wanted if name.upper() in names]
    good = [name for name in found if name not in info["bads"]]
    if not good:
        state = f"{found} are marked bad" if found else "none of them is in the recording"
        raise MissingInput(
            f"roi={roi!r}: needs at least one good channel of {list(wanted)}, but {state} "
            f"(its channels: {info['ch_names']}). Give channel names of this recording."
        )
    return good


def good_channels(info: mne.Info, picks: str | Sequence[str]) -> mne.Info:
    """Reduce channel information to good channels of a type or of given names.

    Parameters
    ----------
    info : mne.Info
        Channels of the recording.
    picks : str | sequence of str
        A channel type as MNE names it (``"eeg"``, ``"csd"``) or channel names as the recording
        spells them.

    Returns
    -------
    info : mne.Info
        Without the channels in ``info["bads"]``.
    """
    by_type = mne.channel_indices_by_type(info)
    if isinstance(picks, str) and picks in by_type:
        indices = list(by_type[picks])
    else:
        names = [picks] if isinstance(picks, str) else list(picks)
        absent = [name for name in names if name not in info["ch_names"]]
        if absent:
            raise MissingInput(f"picks: {absent} are not among the channels {info['ch_names']}.")
        indices = [info["ch_names"].index(name) for name in names]
    good = [index for index in indices if info["ch_names"][index] not in info["bads"]]
    if not good:
        found = {name: len(members) for name, members in by_type.items() if len(members)}
        raise MissingInput(
            f"picks={picks!r}: no good channel. The recording has {found}, bads {info['bads']}."
        )
    return mne.pick_info(info, good)


def roi_electrodes(roi: str | Sequence[str]) -> tuple[str, ...]:
    """Electrodes of a region, whether a recording has them or not.

    Parameters
    ----------
    roi : str | sequence of str
        A key of `ROIS`, one channel name, or channel names.

    Returns
    -------
    ch_names : tuple of str
        As `ROIS` or the caller spells them.
    """
    if not isinstance(roi, str):
        return tuple(roi)
    return ROIS.get(roi.lower(), (roi,))


def lobe_of(ch_name: str) -> str:
    """Row of the cap that a 10-10 electrode lies in (``"other"`` for any other name).

    Parameters
    ----------
    ch_name : str
        Electrode name, in any letter case.

    Returns
    -------
    lobe : str
        One of `LOBES`, or ``"other"``.

    Examples
    --------
    >>> lobe_of("FCz")
    'fronto-central'
    """
    prefix = ch_name.upper().rstrip("0123456789Z")
    return _LOBE_BY_PREFIX.get(prefix, "other")
