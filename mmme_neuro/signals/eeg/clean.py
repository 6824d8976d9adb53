"""Clean EEG: mains, drift, bad channels, eyes and facial muscles; everything removed is noted."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import mne
import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput, MissingInput
from mmme_neuro.signals.eeg.bad_channels import bad_channels
from mmme_neuro.signals.eeg.ica import (
    METHODS,
    NO_DECISIONS,
    CleaningDecisions,
    Thresholds,
    separate,
)
from mmme_neuro.signals.eeg.resample import decimated

CSD_LAMBDA2 = 1e-5
CSD_STIFFNESS = 4
REFERENCES = ("average", "csd")


@dataclass(frozen=True)
class Removed:
    """What cleaning took out.

    Attributes
    ----------
    bad_channels : dict
        Interpolated channel -> reason.
    components : list of dict
        Every independent component (see ``signals.components.Separation``).
    steps : dict
        The options used.
    fingerprint : str
        Of the independent components: their numbers mean nothing in another solution.
    maps : dict
        Number of each removed component -> its weight at each good channel (largest is 1).
    channels : list of str
        Channels of ``maps``.
    notes : list of str
        What the reader should know.
    """

    bad_channels: dict[str, str]
    components: list[dict]
    steps: dict
    fingerprint: str = ""
    maps: Mapping[str, list[float]] = field(default_factory=dict)
    channels: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def clean_eeg(
    raw: mne.io.BaseRaw,
    *,
    line_hz: float | None = 50.0,
    highpass_hz: float = 0.1,
    sfreq: float = 250.0,
    ransac: bool = True,
    ica: bool = True,
    ica_method: str = "picard",
    iclabel: bool = True,
    eye_r: float = 0.5,
    muscle_r: float = 0.35,
    muscle_log_ratio: float = -0.25,
    label_probability: float = 0.8,
    reference: str = "average",
    decisions: CleaningDecisions = NO_DECISIONS,
    rng: int = 0,
) -> mne.io.BaseRaw:
    """Return a cleaned copy of a continuous EEG recording.

    Parameters
    ----------
    raw : mne.io.Raw
        EEG with EOG and, if recorded, EMG channels typed as such; volts. Not changed, and read in
        blocks where it is on disk.
    line_hz : float | None
        Mains frequency; it and its harmonics are notched. ``None``: no mains.
    highpass_hz : float
        High-pass of the data that are kept; 0.1 Hz spares slow potentials (Tanner et al. 2015).
    sfreq : float
        Sampling rate of the result (Hz), never above the recording's.
    ransac : bool
        Whether channels that the others do not predict are bad, too.
    ica : bool
        Whether to take out eye and muscle components.
    ica_method : {"picard", "infomax"}
        Both extended.
    iclabel : bool
        Whether ICLabel's probabilities count beside the correlations.
    eye_r : float
        A component is an eye's if it correlates with an EOG channel by at least this.
    muscle_r : float
        A component is a muscle's if the envelope of its 51-69 Hz activity correlates with that of
        an EMG channel by at least this.
    muscle_log_ratio : float
        ... or if log10 of its 51-69 Hz power over its 4-30 Hz power is at least this.
    label_probability : float
        ... or, for eyes and muscles, if ICLabel gives at least this probability (an eye's component
        must follow the EOG by 0.2, too, where there is one).
    reference : {"average", "csd"}
        Average reference, or current source density (uV/m^2 in MNE's V/m^2) as a parallel analysis
        that volume conduction, of muscles too, affects less.
    decisions : CleaningDecisions
        A person's decisions, which overrule what is found here.
    rng : int
        Seed of ICA and RANSAC.

    Returns
    -------
    mne.io.Raw
        Bad channels interpolated, EEG and EOG/EMG channels at ``sfreq``; ``removed_by_cleaning``
        reads from it what was taken out.

    Raises
    ------
    MmmeError
        When there are fewer than three good EEG channels, hardly any samples, an unknown option,
        or a decision about a channel or component that does not exist.

    Notes
    -----
    Missing samples (NaN) are filled and marked (``signals.gaps``).

    Bad channels: see ``signals.bad_channels``. The ICA is Picard-O (Ablin et al. 2018: extended
    infomax among orthogonal unmixings of whitened data, which converges where the unconstrained
    form often does not), fitted to at most 15 minutes, evenly spread, of a copy high-passed at
    1 Hz (Winkler et al. 2015); its components are removed from the data high-passed at
    ``highpass_hz``. Muscles: 51-69 Hz is Gasser et al.'s (2005) EMG band; labels: ICLabel
    (Pion-Tonachini et al. 2019). Current source density: Perrin et al. (1989), lambda2 1e-5, m 4.

    Examples
    --------
    >>> cleaned = clean_eeg(read_eeg("Acquisition 01.cdt"), rng=1)  # doctest: +SKIP
    """
    _check_options(ica_method, reference)
    rate = min(sfreq, raw.info["sfreq"])
    data, gaps = decimated(raw, _picks(raw), rate)
    bad = _judged(data, gaps, raw.info["bads"], decisions, ransac=ransac, rng=rng)
    data.info["bads"] = sorted(bad)
    if line_hz and line_hz < rate / 2:
        harmonics = np.arange(line_hz, rate / 2, line_hz)
        data.notch_filter(harmonics, picks="all", verbose="error")
    thresholds = Thresholds(eye_r, muscle_r, muscle_log_ratio, label_probability)
    found = None
    if ica:
        found = separate(
            data, thresholds, method=ica_method, iclabel=iclabel, decisions=decisions, rng=rng
        )
    data.filter(highpass_hz, None, picks="eeg", verbose="error")
    data.set_eeg_reference("average", verbose="error")
    if found:
        found.ica.apply(data, verbose="error")
    data.interpolate_bads(reset_bads=True, verbose="error")
    data.set_eeg_reference("average", verbose="error")
    if reference == "csd":
        data = current_source_density(data)
    steps = {
        "line_hz": line_hz,
        "highpass_hz": highpass_hz,
        "sfreq": rate,
        "ransac": ransac,
        "ica": f"{ica_method}, extended" if ica else "none",
        "iclabel": iclabel and ica,
        **asdict(thresholds),
        "reference": reference,
        "seed": rng,
    }
    removed = Removed(bad, [], steps)
    if found:
        notes = found.notes
        maps, channels = _removed_maps(found.ica)
        removed = Removed(bad, found.components, steps, found.fingerprint, maps, channels, notes)
        for note in notes:
            if "converge" in note:
                warnings.warn(f"clean_eeg: {note}.", RuntimeWarning, stacklevel=2)
    data.info["description"] = json.dumps(asdict(removed))
    return data


def current_source_density(
    inst: mne.io.BaseRaw | mne.BaseEpochs,
) -> mne.io.BaseRaw | mne.BaseEpochs:
    """Surface Laplacian of cleaned EEG, which far sources such as muscles affect less.

    Parameters
    ----------
    inst : mne.io.Raw | mne.Epochs
        With positions of all electrodes and without bad channels.

    Returns
    -------
    mne.io.Raw | mne.Epochs
        Channels of type ``csd``, V/m^2; `lambda2` 1e-5 and spline stiffness 4.
    """
    return mne.preprocessing.compute_current_source_density(
        inst, lambda2=CSD_LAMBDA2, stiffness=CSD_STIFFNESS, verbose="error"
    )


def removed_by_cleaning(inst: mne.io.BaseRaw | mne.BaseEpochs) -> Removed:
    """Return what ``clean_eeg`` took out of a recording (it travels with it into FIF files).

    Raises
    ------
    MmmeError
        When the recording was not cleaned by ``clean_eeg``.
    """
    text = inst.info["description"] or ""
    if not text.startswith('{"bad_channels"'):
        raise MissingInput("no record of cleaning in info['description']; run clean_eeg first.")
    return Removed(**json.loads(text))


def component_table(removed: Removed) -> pd.DataFrame:
    """Return the components as a table, one row a component, with the solution's fingerprint."""
    return pd.DataFrame(removed.components).assign(fingerprint=removed.fingerprint)


def _check_options(ica_method: str, reference: str) -> None:
    """Refuse unknown names."""
    if ica_method not in METHODS:
        raise BadInput(f"ica_method must be one of {list(METHODS)}, got {ica_method!r}.")
    if reference not in REFERENCES:
        raise BadInput(f"reference must be one of {list(REFERENCES)}, got {reference!r}.")


def _picks(raw: mne.io.BaseRaw) -> list[str]:
    """EEG, EOG and EMG channels, bad ones too."""
    kinds = zip(raw.ch_names, raw.get_channel_types(), strict=True)
    return [name for name, kind in kinds if kind in ("eeg", "eog", "emg")]


def _judged(
    data: mne.io.BaseRaw,
    gaps: dict[str, str],
    marked: list[str],
    decisions: CleaningDecisions,
    *,
    ransac: bool,
    rng: int,
) -> dict[str, str]:
    """Bad channels with reasons; a person's decisions go first."""
    decided = {*decisions.bad_channels, *decisions.good_channels}
    if unknown := sorted(decided - set(data.ch_names)):
        raise BadInput(
            f"decisions name the channels {unknown}, which the recording lacks; it has "
            f"{data.ch_names}."
        )
    bad = {name: "marked bad before cleaning" for name in marked if name in data.ch_names} | gaps
    bad |= {name: f"decided: {reason}" for name, reason in decisions.bad_channels.items()}
    bad |= bad_channels(data, left_out=set(bad), ransac=ransac, rng=rng)
    return {name: reason for name, reason in bad.items() if name not in decisions.good_channels}


def _removed_maps(ica: mne.preprocessing.ICA) -> tuple[dict[str, list[float]], list[str]]:
    """Weights of the removed components, rounded for the record."""
    maps = ica.get_components()
    scaled = maps / np.abs(maps).max(axis=0)
    return {str(k): np.round(scaled[:, k], 3).tolist() for k in ica.exclude}, list(ica.ch_names)
