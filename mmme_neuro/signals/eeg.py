"""Clean EEG: mains, drift, bad channels, eyes and facial muscles; everything removed is noted."""

import json
from dataclasses import asdict, dataclass

import mne
import numpy as np
import pandas as pd
from mne.preprocessing import ICA
from threadpoolctl import threadpool_limits

from mmme_neuro.signals.gaps import fill_gaps

ICA_BAND_HZ = (1.0, 100.0)
MUSCLE_BAND_HZ = (51.0, 69.0)
BRAIN_BAND_HZ = (4.0, 30.0)
ENVELOPE_S = 0.3
ICA_SFREQ = 100.0


@dataclass(frozen=True)
class Removed:
    """What cleaning took out.

    Attributes
    ----------
    bad_channels : dict
        Interpolated channel -> reason.
    components : list of dict
        Every independent component: ``component, eye_r, muscle_r, muscle_log_ratio, removed_as``
        (empty string: kept) and ``variance_share``.
    steps : dict
        The options used.
    """

    bad_channels: dict[str, str]
    components: list[dict]
    steps: dict


def clean_eeg(
    raw: mne.io.BaseRaw,
    *,
    line_hz: float | None = 50.0,
    highpass_hz: float = 0.1,
    sfreq: float = 250.0,
    ica: bool = True,
    eye_r: float = 0.5,
    muscle_r: float = 0.35,
    muscle_log_ratio: float = -0.25,
    rng: int = 0,
) -> mne.io.BaseRaw:
    """Return a cleaned copy of a continuous EEG recording.

    Parameters
    ----------
    raw : mne.io.Raw
        EEG with EOG and, if recorded, EMG channels typed as such; volts. Not changed.
    line_hz : float | None
        Mains frequency; it and its harmonics are notched. ``None``: no mains.
    highpass_hz : float
        High-pass of the data that are kept; 0.1 Hz spares slow potentials (Tanner et al. 2015).
    sfreq : float
        Sampling rate of the result (Hz), never above the recording's.
    ica : bool
        Whether to take out eye and muscle components.
    eye_r : float
        A component is an eye's if it correlates with an EOG channel by at least this.
    muscle_r : float
        A component is a muscle's if the envelope of its 51-69 Hz activity correlates with that of
        an EMG channel by at least this.
    muscle_log_ratio : float
        ... or if log10 of its 51-69 Hz power over its 4-30 Hz power is at least this.
    rng : int
        Seed of the ICA.

    Returns
    -------
    mne.io.Raw
        Average reference, bad channels interpolated, EEG and EOG/EMG channels at ``sfreq``;
        ``removed_by_cleaning`` reads from it what was taken out.

    Raises
    ------
    ValueError
        When there are fewer than three good EEG channels, or hardly any samples.

    Notes
    -----
    Missing samples (NaN) are filled and marked (``signals.gaps``).

    Bad channels: flat, robust z of log amplitude above 5, or largest correlation with any other
    channel below 0.3 (the criteria of PREP, Bigdely-Shamlo et al. 2015). The ICA is Picard-O
    (Ablin et al. 2018: extended infomax among orthogonal unmixings of whitened data, which
    converges where the unconstrained form often does not), fitted to a copy high-passed at 1 Hz
    (Winkler et al. 2015); its components are removed from the data high-passed at
    ``highpass_hz``. Muscles: 51-69 Hz is Gasser et al.'s (2005) EMG band.

    Examples
    --------
    >>> cleaned = clean_eeg(read_eeg("Acquisition 01.cdt"), rng=1)  # doctest: +SKIP
    """
    data = raw.copy().pick(["eeg", "eog", "emg"]).load_data(verbose="error")
    data, gaps = fill_gaps(data)
    bad = {name: "marked bad before cleaning" for name in data.info["bads"]} | gaps
    bad |= _bad_channels(data, left_out=set(bad))
    data.info["bads"] = sorted(bad)
    if line_hz:
        harmonics = np.arange(line_hz, data.info["sfreq"] / 2, line_hz)
        data.notch_filter(harmonics, picks="all", verbose="error")
    rate = min(sfreq, data.info["sfreq"])
    if rate < data.info["sfreq"]:
        data.resample(rate, verbose="error")
    broad = data.copy()
    data.filter(highpass_hz, None, picks="eeg", verbose="error")
    data.set_eeg_reference("average", verbose="error")
    components: list[dict] = []
    if ica:
        thresholds = {"eye": eye_r, "muscle": muscle_r, "log_ratio": muscle_log_ratio}
        data, components = _without_components(data, broad, thresholds, rng)
    data.interpolate_bads(reset_bads=True, verbose="error")
    data.set_eeg_reference("average", verbose="error")
    steps = {
        "line_hz": line_hz,
        "highpass_hz": highpass_hz,
        "sfreq": rate,
        "ica": "picard-o, extended" if ica else "none",
        "eye_r": eye_r,
        "muscle_r": muscle_r,
        "muscle_log_ratio": muscle_log_ratio,
        "reference": "average",
        "seed": rng,
    }
    data.info["description"] = json.dumps(asdict(Removed(bad, components, steps)))
    return data


def removed_by_cleaning(inst: mne.io.BaseRaw | mne.BaseEpochs) -> Removed:
    """Return what ``clean_eeg`` took out of a recording (it travels with it into FIF files).

    Raises
    ------
    ValueError
        When the recording was not cleaned by ``clean_eeg``.
    """
    text = inst.info["description"] or ""
    if not text.startswith('{"bad_channels"'):
        raise ValueError("no record of cleaning in info['description']; run clean_eeg first.")
    return Removed(**json.loads(text))


def component_table(removed: Removed) -> pd.DataFrame:
    """Return the components as a table, one row a component."""
    return pd.DataFrame(removed.components)


def _bad_channels(raw: mne.io.BaseRaw, *, left_out: set[str]) -> dict[str, str]:
    """Name faulty EEG channels and why, apart from those already left out."""
    eeg = raw.copy().pick("eeg")
    complete = [name for name in eeg.ch_names if name not in left_out]
    if len(complete) < 3:
        raise ValueError(
            f"raw must have at least 3 EEG channels with complete data, got {complete} of "
            f"{len(eeg.ch_names)}; look at the recording."
        )
    eeg.pick(complete).filter(1.0, None, verbose="error")
    values = eeg.get_data(verbose="error")
    spread = np.percentile(np.abs(values), 68, axis=1)
    median = np.median(spread)
    reasons = {
        name: "flat" for name, own in zip(eeg.ch_names, spread, strict=True) if own <= 0.02 * median
    }
    logs = np.log(np.maximum(spread, 1e-12))
    deviation = 1.4826 * np.median(np.abs(logs - np.median(logs)))
    z = (logs - np.median(logs)) / max(deviation, 0.05)
    for name, own in zip(eeg.ch_names, z, strict=True):
        if own > 5:
            reasons.setdefault(name, f"amplitude {own:.1f} robust SD above the others")
    slow = mne.filter.filter_data(values, raw.info["sfreq"], 1.0, 30.0, verbose="error")
    with np.errstate(invalid="ignore"):
        correlation = np.abs(np.corrcoef(slow)) - np.eye(len(slow))
    for name, row in zip(eeg.ch_names, correlation, strict=True):
        largest = np.max(row, initial=0.0, where=np.isfinite(row))
        if largest < 0.3:
            reasons.setdefault(name, f"correlates at most {largest:.2f} with any other")
    if len(eeg.ch_names) - len(reasons) < 3:
        examples = dict(list(reasons.items())[:3])
        raise ValueError(
            f"expected at least 3 usable EEG channels, found {len(eeg.ch_names) - len(reasons)} of "
            f"{len(eeg.ch_names)} (such as {examples}); look at the recording."
        )
    return reasons


def _without_components(
    data: mne.io.BaseRaw, broad: mne.io.BaseRaw, thresholds: dict[str, float], rng: int
) -> tuple[mne.io.BaseRaw, list[dict]]:
    """Fit the ICA to the 1 Hz copy and take eye and muscle components out of the data."""
    highest = min(ICA_BAND_HZ[1], 0.45 * broad.info["sfreq"])
    broad.filter(ICA_BAND_HZ[0], highest, picks="all", verbose="error")
    broad.set_eeg_reference("average", verbose="error")
    solution = ICA(
        n_components=0.999,
        method="picard",
        fit_params={"ortho": True, "extended": True, "tol": 1e-3},
        max_iter=150,
        random_state=rng,
        verbose="error",
    )
    decim = max(int(broad.info["sfreq"] // ICA_SFREQ), 1)
    # Its matrices are small: more threads only wait for one another.
    with threadpool_limits(limits=1):
        solution.fit(broad, picks="eeg", decim=decim, verbose="error")
    table = _classified(solution, broad, thresholds)
    solution.exclude = [row["component"] for row in table if row["removed_as"]]
    return solution.apply(data, verbose="error"), table


def _classified(solution: ICA, broad: mne.io.BaseRaw, thresholds: dict[str, float]) -> list[dict]:
    """Describe every component and say whether it is an eye's or a muscle's."""
    sources = solution.get_sources(broad).get_data(verbose="error")
    sfreq = broad.info["sfreq"]
    eye = _largest_correlation(sources, _channels(broad, "eog"))
    muscle = _largest_correlation(
        _envelopes(sources, sfreq), _envelopes(_channels(broad, "emg"), sfreq)
    )
    ratio = _log_power_ratio(sources, sfreq)
    power = np.sum(solution.get_components() ** 2, axis=0) * np.var(sources, axis=1)
    rows = []
    for index in range(len(sources)):
        is_eye = eye[index] >= thresholds["eye"]
        is_muscle = muscle[index] >= thresholds["muscle"] or ratio[index] >= thresholds["log_ratio"]
        rows.append(
            {
                "component": index,
                "eye_r": round(float(eye[index]), 3),
                "muscle_r": round(float(muscle[index]), 3),
                "muscle_log_ratio": round(float(ratio[index]), 3),
                "variance_share": round(float(power[index] / power.sum()), 4),
                "removed_as": "eye" if is_eye else "muscle" if is_muscle else "",
            }
        )
    return rows


def _channels(raw: mne.io.BaseRaw, kind: str) -> np.ndarray:
    """Data of all channels of a type; no rows where there is none."""
    if kind not in raw.get_channel_types():
        return np.empty((0, raw.n_times))
    return raw.get_data(picks=kind, verbose="error")


def _envelopes(signals: np.ndarray, sfreq: float) -> np.ndarray:
    """Smoothed amplitude in the muscle band; no rows where the rate is too low for it."""
    if not len(signals) or MUSCLE_BAND_HZ[1] >= 0.45 * sfreq:
        return np.empty((0, signals.shape[1]))
    fast = np.abs(mne.filter.filter_data(signals, sfreq, *MUSCLE_BAND_HZ, verbose="error"))
    width = max(int(ENVELOPE_S * sfreq), 1)
    kernel = np.ones(width) / width
    return np.stack([np.convolve(row, kernel, mode="same") for row in fast])


def _largest_correlation(sources: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Largest absolute correlation of each source with any reference; 0 without references."""
    if not len(references) or not len(sources):
        return np.zeros(max(len(sources), 0))
    together = np.corrcoef(np.concatenate([sources, references]))
    return np.abs(together[: len(sources), len(sources) :]).max(axis=1)


def _log_power_ratio(sources: np.ndarray, sfreq: float) -> np.ndarray:
    """log10 of muscle-band over brain-band power density; -inf where the rate is too low."""
    if MUSCLE_BAND_HZ[1] >= 0.45 * sfreq:
        return np.full(len(sources), -np.inf)
    density, freqs = mne.time_frequency.psd_array_welch(
        sources, sfreq, fmin=2, fmax=MUSCLE_BAND_HZ[1], n_fft=int(2 * sfreq), verbose="error"
    )

    def mean(band: tuple[float, float]) -> np.ndarray:
        return density[:, (freqs >= band[0]) & (freqs <= band[1])].mean(axis=1)

    return np.log10(mean(MUSCLE_BAND_HZ) / mean(BRAIN_BAND_HZ))
