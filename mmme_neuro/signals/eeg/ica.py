"""Independent components of the EEG: the eyes', the muscles', and those that people chose."""

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import mne
import numpy as np
import pandas as pd
from mne.preprocessing import ICA
from threadpoolctl import threadpool_limits

from mmme_neuro.errors import BadInput
from mmme_neuro.extras import optional
from mmme_neuro.signals.eeg.bad_channels import unplaced_channels
from mmme_neuro.signals.eeg.resample import spread_segments


@dataclass(frozen=True)
class CleaningDecisions:
    """Decisions of a person about one recording, each with a reason.

    Attributes
    ----------
    bad_channels, good_channels : mapping of str to str
        Channel -> reason: to be interpolated whatever its data, or kept whatever its data.
    remove_components, keep_components : mapping of int to str
        Number of the independent component -> reason: to be taken out, or kept.
    """

    bad_channels: Mapping[str, str] = field(default_factory=dict)
    good_channels: Mapping[str, str] = field(default_factory=dict)
    remove_components: Mapping[int, str] = field(default_factory=dict)
    keep_components: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what, one, other in (
            ("channel", self.bad_channels, self.good_channels),
            ("component", self.remove_components, self.keep_components),
        ):
            both = sorted(str(key) for key in set(one) & set(other))
            if both:
                raise BadInput(f"{what}s {both} are decided both ways; leave one decision each.")


NO_DECISIONS = CleaningDecisions()
"""Nobody has looked: cleaning decides alone."""


ICA_BAND_HZ = (1.0, 100.0)
MUSCLE_BAND_HZ = (51.0, 69.0)
"""Where the EEG of the scalp is mostly muscle (Gasser et al. 2005), with mains of 50 Hz."""

MAINS_MARGIN_HZ = 1.0
"""The muscle band begins and ends at least so far from the mains and its harmonics."""

SLOWEST_MAINS_HZ = 20.0
"""Between the harmonics of slower mains the muscle band has no room."""

BRAIN_BAND_HZ = (4.0, 30.0)
ENVELOPE_S = 0.3
ICA_SFREQ = 100.0
ICA_S = 900.0
"""The ICA sees at most this much of a recording, evenly spread: 25 samples a weight and more."""

MAX_ITERATIONS = 300
AGREEING_EYE_R = 0.2
"""Where EOG was recorded, a component that ICLabel calls an eye's must follow it at least so much:
frontal brain activity has a similar map."""


def muscle_band(line_hz: float | None) -> tuple[float, float]:
    """Return the band in which muscles are measured, free of the mains and its harmonics.

    Parameters
    ----------
    line_hz : float | None
        Mains frequency, at least 20 Hz; None: no mains.

    Returns
    -------
    tuple of float
        51-69 Hz (`MUSCLE_BAND_HZ`) where the mains and its harmonics keep 1 Hz away from it, as
        50 Hz does. Otherwise a band as wide that begins 1 Hz above the first harmonic from 50 Hz
        on: 61-79 Hz with mains of 60 Hz.

    Raises
    ------
    BadInput
        For mains below 20 Hz, between whose harmonics the band has no room.

    Examples
    --------
    >>> muscle_band(50.0), muscle_band(60.0), muscle_band(None)
    ((51.0, 69.0), (61.0, 79.0), (51.0, 69.0))
    """
    if line_hz is None:
        return MUSCLE_BAND_HZ
    if line_hz < SLOWEST_MAINS_HZ:
        raise BadInput(
            f"line_hz must be at least {SLOWEST_MAINS_HZ:g} Hz, or None for no mains, got "
            f"{line_hz:g}."
        )
    low, high = MUSCLE_BAND_HZ
    first = line_hz * np.ceil(round((low - MAINS_MARGIN_HZ) / line_hz, 9))
    begin = float(first) + MAINS_MARGIN_HZ
    inside = low - MAINS_MARGIN_HZ < first < high + MAINS_MARGIN_HZ
    return (begin, begin + high - low) if inside else MUSCLE_BAND_HZ


LABELS = ("brain", "muscle", "eye", "heart", "line", "channel", "other")
"""Classes of ICLabel, in its order."""

SWITCHED_OFF = "switched off"
"""Why ICLabel was not used, where nobody asked for it."""

METHODS = {
    "picard": ("picard", {"ortho": True, "extended": True, "tol": 1e-3}),
    "infomax": ("infomax", {"extended": True}),
}
"""MNE's name and parameters of each method."""


def seed_of(rng: np.random.Generator | int | None, *, of: str) -> int:
    """Return one seed for libraries that take no generator.

    Parameters
    ----------
    rng : numpy.random.Generator | int | None
        A generator gives its next integer, an integer is the seed.
    of : str
        What draws, for the message.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        When there is none.
    """
    if rng is None:
        raise TypeError(f"rng is missing: {of} draw at random; give a seed or a numpy Generator.")
    return int(rng.integers(2**31)) if isinstance(rng, np.random.Generator) else int(rng)


@dataclass(frozen=True)
class Thresholds:
    """From when on a component is an eye's or a muscle's; see `Cleaning`."""

    eye_r: float
    muscle_r: float
    muscle_log_ratio: float
    label_probability: float


def separate(
    raw: mne.io.BaseRaw,
    thresholds: Thresholds,
    *,
    method: str,
    iclabel: bool,
    muscle_hz: tuple[float, float],
    rng: int,
) -> tuple[ICA, pd.DataFrame, tuple[str, ...]]:
    """Fit the ICA to a copy high-passed at 1 Hz and say what each component is.

    Parameters
    ----------
    raw : mne.io.Raw
        Finite EEG without mains, bad channels marked, with EOG and EMG channels; not changed.
    thresholds : Thresholds
        From when on a component is to be removed.
    method : {"picard", "infomax"}
        A key of `METHODS`.
    iclabel : bool
        Whether ICLabel's probabilities count.
    muscle_hz : tuple of float
        Band of the muscles (`muscle_band`).
    rng : int
        Seed.

    Returns
    -------
    ica : mne.preprocessing.ICA
        The solution; ``exclude`` holds what is suggested.
    table : DataFrame
        Rows by component: ``component, eye_r, muscle_r, muscle_log_ratio``, ICLabel's
        probabilities ``p_brain`` and so on (NaN without ICLabel), ``variance_share`` and
        ``suggested`` (``"eye"``, ``"muscle"``, or empty: to be kept).
    notes : tuple of str
        What the reader should know: no convergence, ICLabel left out and why.
    """
    if method == "picard":
        optional("picard")
    if iclabel:
        optional("mne_icalabel")
        optional("onnxruntime")
    part = spread_segments(raw, seconds=ICA_S)
    part.info["bads"] = list(raw.info["bads"])
    highest = min(ICA_BAND_HZ[1], 0.45 * part.info["sfreq"])
    part.filter(ICA_BAND_HZ[0], highest, picks="all", verbose="error")
    part.set_eeg_reference("average", verbose="error")
    ica, notes = _fitted(part, method, rng)
    probabilities, why_not = _labeled(part, ica) if iclabel else (None, SWITCHED_OFF)
    if probabilities is None:
        notes.append(f"ICLabel was not used: {why_not}")
    table = pd.DataFrame(_described(ica, part, thresholds, probabilities, muscle_hz))
    ica.exclude = table.loc[table["suggested"] != "", "component"].tolist()
    return ica, table, tuple(notes)


def decided(suggested: pd.DataFrame, decisions: CleaningDecisions) -> pd.DataFrame:
    """Let a person's decisions overrule what was suggested.

    Parameters
    ----------
    suggested : DataFrame
        Of `separate`.
    decisions : CleaningDecisions
        Components that a person removes or keeps.

    Returns
    -------
    DataFrame
        ``removed_as`` (empty: kept) in place of ``suggested``, and ``decision``.

    Raises
    ------
    BadInput
        When a decision names a component that does not exist.
    """
    wanted = {*decisions.remove_components, *decisions.keep_components}
    if unknown := sorted(wanted - {*suggested["component"]}):
        raise BadInput(
            f"decisions name the components {unknown}, but there are {len(suggested)} (0 to "
            f"{len(suggested) - 1}); look at the components again."
        )
    rows = suggested.rename(columns={"suggested": "removed_as"}).assign(decision="")
    for kind, text, made in (
        ("decision", "removed", decisions.remove_components),
        ("", "kept", decisions.keep_components),
    ):
        for number, reason in made.items():
            is_meant = rows["component"] == number
            rows.loc[is_meant, ["removed_as", "decision"]] = [kind, f"{text}: {reason}"]
    return rows


def fingerprint_of(ica: ICA) -> str:
    """Short digest of a solution: numbers of components mean nothing in another one."""
    maps = ica.get_components()
    text = f"{ica.ch_names} {np.round(maps / np.abs(maps).max(axis=0), 2).tolist()}"
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def _fitted(part: mne.io.BaseRaw, method: str, rng: int) -> tuple[ICA, list[str]]:
    """Return the solution and whether it is to be trusted."""
    name, parameters = METHODS[method]
    ica = ICA(
        n_components=0.999,
        method=name,
        fit_params=parameters,
        max_iter=MAX_ITERATIONS if name == "picard" else 500,
        random_state=rng,
        verbose="error",
    )
    decim = max(int(part.info["sfreq"] // ICA_SFREQ), 1)
    # Its matrices are small: more threads only wait for one another.
    with threadpool_limits(limits=1), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ica.fit(part, picks="eeg", decim=decim, verbose="error")
    notes = []
    limit = ica.max_iter if isinstance(ica.max_iter, int) else MAX_ITERATIONS
    if ica.n_iter_ >= limit or any("did not converge" in str(w.message) for w in caught):
        notes.append(f"the ICA did not converge in {ica.n_iter_} iterations")
    return ica, notes


def _labeled(part: mne.io.BaseRaw, ica: ICA) -> tuple[np.ndarray | None, str]:
    """ICLabel's probabilities, shape (n_components, n_labels), or why there are none."""
    if unplaced_channels(part.copy().pick("eeg").info):
        return None, "not every electrode has a position"
    # Takes seconds to import, and is needed here only.
    iclabel = optional("mne_icalabel.iclabel")
    with warnings.catch_warnings(), mne.use_log_level("error"):
        warnings.simplefilter("ignore")  # of lower rates than 200 Hz and other ICAs than infomax
        values = iclabel.iclabel_label_components(part, ica, inplace=False)
    return np.asarray(values, float), ""


def _described(
    ica: ICA,
    part: mne.io.BaseRaw,
    thresholds: Thresholds,
    probabilities: np.ndarray | None,
    muscle_hz: tuple[float, float],
) -> list[dict]:
    """One row per component."""
    sources = ica.get_sources(part).get_data(verbose="error")
    sfreq = part.info["sfreq"]
    eog = _channels(part, "eog")
    eye, has_eog = _largest_correlation(sources, eog), bool(len(eog))
    muscle = np.zeros(len(sources))
    if len(envelopes := _envelopes(sources, sfreq, muscle_hz)):
        facial = _envelopes(_channels(part, "emg"), sfreq, muscle_hz)
        muscle = _largest_correlation(envelopes, facial)
    ratio = _log_power_ratio(sources, sfreq, muscle_hz)
    power = np.sum(ica.get_components() ** 2, axis=0) * np.var(sources, axis=1)
    labels = (
        np.full((len(sources), len(LABELS)), np.nan) if probabilities is None else probabilities
    )
    rows = []
    for index in range(len(sources)):
        found = {
            "eye_r": float(eye[index]),
            "muscle_r": float(muscle[index]),
            "muscle_log_ratio": float(ratio[index]),
            **{f"p_{name}": float(p) for name, p in zip(LABELS, labels[index], strict=True)},
        }
        rows.append(
            {
                "component": index,
                **{name: round(value, 3) for name, value in found.items()},
                "variance_share": round(float(power[index] / power.sum()), 4),
                "suggested": _kind(found, thresholds, has_eog=has_eog),
            }
        )
    return rows


def _kind(found: dict[str, float], thresholds: Thresholds, *, has_eog: bool) -> str:
    """What a component should be removed as; empty if it should stay."""
    sure = thresholds.label_probability
    looks_like_eye = found["p_eye"] >= sure and (not has_eog or found["eye_r"] >= AGREEING_EYE_R)
    if found["eye_r"] >= thresholds.eye_r or looks_like_eye:
        return "eye"
    is_muscle = (
        found["muscle_r"] >= thresholds.muscle_r
        or found["muscle_log_ratio"] >= thresholds.muscle_log_ratio
        or found["p_muscle"] >= sure
    )
    return "muscle" if is_muscle else ""


def _channels(raw: mne.io.BaseRaw, kind: str) -> np.ndarray:
    """Data of all channels of a type; no rows where there is none."""
    if kind not in raw.get_channel_types():
        return np.empty((0, raw.n_times))
    return raw.get_data(picks=kind, verbose="error")


def _envelopes(signals: np.ndarray, sfreq: float, band: tuple[float, float]) -> np.ndarray:
    """Smoothed amplitude in the muscle band; no rows where the rate is too low for it."""
    if not len(signals) or band[1] >= 0.45 * sfreq:
        return np.empty((0, signals.shape[1]))
    fast = np.abs(mne.filter.filter_data(signals, sfreq, *band, verbose="error"))
    width = max(int(ENVELOPE_S * sfreq), 1)
    kernel = np.ones(width) / width
    return np.stack([np.convolve(row, kernel, mode="same") for row in fast])


def _largest_correlation(sources: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Largest absolute correlation of each source with any reference; 0 without references."""
    if not len(references):
        return np.zeros(len(sources))
    with np.errstate(invalid="ignore", divide="ignore"):
        together = np.corrcoef(np.concatenate([sources, references]))
    # A constant reference correlates with nothing, and must not hide the others.
    return np.nan_to_num(np.abs(together[: len(sources), len(sources) :])).max(axis=1)


def _log_power_ratio(
    sources: np.ndarray, sfreq: float, muscle_hz: tuple[float, float]
) -> np.ndarray:
    """log10 of muscle-band over brain-band power density; -inf where the rate is too low."""
    if muscle_hz[1] >= 0.45 * sfreq:
        return np.full(len(sources), -np.inf)
    density, freqs = mne.time_frequency.psd_array_welch(
        sources, sfreq, fmin=2, fmax=muscle_hz[1], n_fft=int(2 * sfreq), verbose="error"
    )

    def mean(band: tuple[float, float]) -> np.ndarray:
        return density[:, (freqs >= band[0]) & (freqs <= band[1])].mean(axis=1)

    return np.log10(mean(muscle_hz) / mean(BRAIN_BAND_HZ))
