"""Clean EEG: mains, drift, bad channels, eyes and facial muscles; everything removed is noted."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Literal, TypedDict, Unpack, get_args

import mne
import numpy as np
import pandas as pd
from mne.preprocessing import ICA

from mmme_neuro.errors import BadInput, MissingInput, NotEstimable
from mmme_neuro.signals.eeg.bad_channels import bad_channels, unplaced_channels
from mmme_neuro.signals.eeg.gaps import MISSING
from mmme_neuro.signals.eeg.ica import (
    NO_DECISIONS,
    CleaningDecisions,
    Thresholds,
    decided,
    fingerprint_of,
    muscle_band,
    seed_of,
    separate,
)
from mmme_neuro.signals.eeg.resample import decimated, recorded_part

CSD_LAMBDA2 = 1e-5
CSD_STIFFNESS = 4
IcaMethod = Literal["picard", "infomax"]
Reference = Literal["average", "csd"]


class CleaningChoices(TypedDict, total=False):
    """Options of `Cleaning` as keywords of `find_components` and `clean_eeg`."""

    line_hz: float | None
    highpass_hz: float
    lowpass_hz: float | None
    sfreq: float
    ransac: bool
    ica: bool
    ica_method: IcaMethod
    iclabel: bool
    eye_r: float
    muscle_r: float
    muscle_log_ratio: float
    label_probability: float
    reference: Reference


@dataclass(frozen=True)
class Cleaning:
    """Options of the cleaning of an EEG.

    Attributes
    ----------
    line_hz : float | None
        Mains frequency (Hz); it and its harmonics are notched, and the muscle band keeps clear of
        them (51-69 Hz with 50 Hz, 61-79 Hz with 60 Hz; `muscle_band`). None: no mains.
    highpass_hz : float
        High-pass of the data that are kept (Hz); 0.1 Hz spares slow potentials (Tanner et al.
        2015).
    lowpass_hz : float | None
        Low-pass of the data that are kept (Hz); None: only that of the sampling rate. Power of
        muscles after cleaning means something only below it.
    sfreq : float
        Sampling rate of the result (Hz), never above the recording's.
    ransac : bool
        Whether channels that the others do not predict are bad, too.
    ica : bool
        Whether eye and muscle components are removed (without, one sees what muscles do).
    ica_method : {"picard", "infomax"}
        Algorithm of the ICA; both extended.
    iclabel : bool
        Whether ICLabel's probabilities count next to the correlations.
    eye_r : float
        A component is an eye's if it correlates with an EOG channel by at least this.
    muscle_r : float
        A component is a muscle's if the envelope of its activity in the muscle band correlates
        with that of an EMG channel by at least this.
    muscle_log_ratio : float
        A component is a muscle's, too, if log10 of its power in the muscle band over its 4-30 Hz
        power is at least this.
    label_probability : float
        A component is an eye's or a muscle's, too, if ICLabel gives at least this probability (an
        eye's must follow the EOG by 0.2, too, where there is one).
    reference : {"average", "csd"}
        Average reference, or current source density (uV/m^2 in MNE's V/m^2) as a parallel analysis
        that volume conduction, of muscles too, affects less.

    Raises
    ------
    BadInput
        For an option that cannot be.
    """

    line_hz: float | None = 50.0
    highpass_hz: float = 0.1
    lowpass_hz: float | None = None
    sfreq: float = 250.0
    ransac: bool = True
    ica: bool = True
    ica_method: IcaMethod = "picard"
    iclabel: bool = True
    eye_r: float = 0.5
    muscle_r: float = 0.35
    muscle_log_ratio: float = -0.25
    label_probability: float = 0.8
    reference: Reference = "average"

    def __post_init__(self) -> None:
        for name, known in (("ica_method", IcaMethod), ("reference", Reference)):
            if getattr(self, name) not in get_args(known):
                raise BadInput(
                    f"{name} must be one of {list(get_args(known))}, got {getattr(self, name)!r}."
                )
        if self.highpass_hz <= 0 or self.sfreq <= 0:
            raise BadInput(
                f"highpass_hz and sfreq must be positive, got {self.highpass_hz} and {self.sfreq}."
            )
        if self.lowpass_hz is not None and self.lowpass_hz <= self.highpass_hz:
            raise BadInput(
                f"lowpass_hz must be above highpass_hz={self.highpass_hz:g}, got "
                f"{self.lowpass_hz:g}."
            )
        muscle_band(self.line_hz)

    @property
    def muscle_band_hz(self) -> tuple[float, float]:
        """Band in which muscles are measured."""
        return muscle_band(self.line_hz)


DRAWS = "ICA and RANSAC"
NO_COMPONENTS = ["component", "removed_as", "decision"]
MAP_COLUMNS = ["component", "channel", "weight"]
FEWEST_PLACED = 3
"""With fewer electrodes in place, none can be interpolated."""

OF_THE_RESULT = ("highpass_hz", "lowpass_hz", "reference")
"""Options that have no part in finding components."""


@dataclass(frozen=True, eq=False)
class Components:
    """Independent components of a recording and what should be done with each.

    Attributes
    ----------
    ica : mne.preprocessing.ICA
        The solution; ``exclude`` holds the components whose removal is suggested.
    table : DataFrame
        One row per component: ``component, eye_r, muscle_r, muscle_log_ratio``, ICLabel's
        probabilities ``p_brain`` and so on (NaN without ICLabel), ``variance_share`` and
        ``suggested`` (``"eye"``, ``"muscle"``, or empty: to be kept).
    fingerprint : str
        Of the solution: numbers of components mean nothing in another one.
    bad_channels : mapping of str to str
        Channel that the ICA left out -> reason.
    options : Cleaning
        The options used.
    seed : int
        The seed used.
    notes : tuple of str
        What the reader should know: no convergence, ICLabel left out and why.
    """

    ica: ICA
    table: pd.DataFrame
    fingerprint: str
    bad_channels: Mapping[str, str]
    options: Cleaning
    seed: int
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return (
            f"<Components {self.fingerprint} | {len(self.table)}, suggested for removal: "
            f"{len(self.suggested)}>"
        )

    @property
    def suggested(self) -> dict[int, str]:
        """Number of each component whose removal is suggested -> what it is."""
        rows = self.table[self.table["suggested"] != ""]
        return dict(zip(rows["component"].tolist(), rows["suggested"], strict=True))


@dataclass(frozen=True, eq=False)
class Cleaned:
    """A cleaned EEG and what was removed from it.

    Attributes
    ----------
    raw : mne.io.Raw
        Bad channels interpolated, EEG and EOG/EMG channels at ``options.sfreq`` or the recording's
        lower rate.
    bad_channels : mapping of str to str
        Bad channel -> reason; interpolated, unless ``left_out`` has it, too.
    components : DataFrame
        Every independent component, as in `Components`, with ``removed_as`` (``"eye"``,
        ``"muscle"``, ``"decision"``, or empty: kept) and what a person decided about it
        (``decision``). No rows without ICA.
    maps : DataFrame
        ``component, channel, weight`` of each removed component; its largest weight is 1.
    fingerprint : str
        Of the independent components; empty without ICA.
    notched_hz : tuple of float
        Mains and harmonics that were filtered out.
    options : Cleaning
        The options used.
    seed : int | None
        The seed used; None where nothing was drawn.
    notes : tuple of str
        What the reader should know.
    left_out : mapping of str to str
        EEG channel that is none any more -> reason. It has no position, so that it can neither be
        interpolated nor count in the average reference; ``raw`` has it as ``misc``, as recorded.
    """

    raw: mne.io.BaseRaw
    bad_channels: Mapping[str, str]
    components: pd.DataFrame
    maps: pd.DataFrame
    fingerprint: str
    notched_hz: tuple[float, ...]
    options: Cleaning
    seed: int | None
    notes: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        n_removed = int((self.components["removed_as"] != "").sum())
        return (
            f"<Cleaned | {len(self.bad_channels)} bad channels, {n_removed} of "
            f"{len(self.components)} components removed>"
        )

    @property
    def method(self) -> str:
        """How components were separated, such as ``"picard, extended"``; ``"none"`` without."""
        return f"{self.options.ica_method}, extended" if self.options.ica else "none"

    def table(self) -> pd.DataFrame:
        """List what was removed.

        Returns
        -------
        DataFrame
            ``what`` (``"bad channel", "left out", "component", "mains", "slow", "fast"``),
            ``which`` (channel, number of the component, or frequencies in Hz) and ``reason``.
        """
        gone = self.components[self.components["removed_as"] != ""]
        highpass, lowpass = self.options.highpass_hz, self.options.lowpass_hz
        rows = [("bad channel", name, reason) for name, reason in self.bad_channels.items()]
        rows += [("left out", name, reason) for name, reason in self.left_out.items()]
        rows += [
            ("component", str(row["component"]), row["decision"] or row["removed_as"])
            for row in gone.to_dict("records")
        ]
        rows += [("mains", f"{hz:g}", "notch filter") for hz in self.notched_hz]
        rows += [("slow", f"below {highpass:g}", "high-pass filter")]
        rows += [] if lowpass is None else [("fast", f"above {lowpass:g}", "low-pass filter")]
        return pd.DataFrame(rows, columns=["what", "which", "reason"])

    def settings(self) -> dict[str, object]:
        """Return the options as they came into effect, for a table; ``"none"`` where None."""
        used = {each.name: getattr(self.options, each.name) for each in fields(self.options)}
        used["sfreq"] = float(self.raw.info["sfreq"])
        used["iclabel"] = self.options.iclabel and self.options.ica
        used["ica"] = self.method
        del used["ica_method"]
        used["seed"] = self.seed
        return {name: "none" if value is None else value for name, value in used.items()}


def find_components(
    raw: mne.io.BaseRaw,
    *,
    decisions: CleaningDecisions = NO_DECISIONS,
    rng: np.random.Generator | int,
    **options: Unpack[CleaningChoices],
) -> Components:
    """Separate a continuous EEG into independent components and say which are not brain.

    Parameters
    ----------
    raw : mne.io.Raw
        As in `clean_eeg`; not changed.
    decisions : CleaningDecisions
        A person's decisions about channels, which overrule what is found here; those about
        components are for `clean_eeg`.
    rng : numpy.random.Generator | int
        Seed of ICA and RANSAC.
    **options
        Fields of `Cleaning`, such as ``line_hz=60``.

    Returns
    -------
    Components
        For `clean_eeg`, which need not fit the ICA again.

    Raises
    ------
    BadInput
        When there are fewer than three good EEG channels, an impossible option, or a decision about
        a channel that does not exist.

    Notes
    -----
    The ICA is Picard-O (Ablin et al. 2018: extended infomax among orthogonal unmixings of whitened
    data, which converges where the unconstrained form often does not), fitted to at most 15
    minutes, evenly spread, of a copy high-passed at 1 Hz (Winkler et al. 2015). Labels: ICLabel
    (Pion-Tonachini et al. 2019). Muscle band: `muscle_band`.

    Examples
    --------
    >>> found = find_components(read_eeg("Acquisition 01.cdt"), rng=1)  # doctest: +SKIP
    >>> chosen = CleaningDecisions(keep_components={3: "frontal theta"})  # doctest: +SKIP
    >>> cleaned = clean_eeg(raw, components=found, decisions=chosen)  # doctest: +SKIP
    """
    chosen, seed = Cleaning(**options), seed_of(rng, of=DRAWS)
    if not chosen.ica:
        raise BadInput("ica=False: find_components finds nothing without ICA; leave it True.")
    data, gaps = decimated(raw, _picks(raw), min(chosen.sfreq, raw.info["sfreq"]))
    left_out = _leave_out_unplaced(data, decisions)
    bad = _judged(data, gaps, raw.info["bads"], decisions, left_out, ransac=chosen.ransac, rng=seed)
    _notch(data, bad, chosen)
    found = _components(data, bad, chosen, seed)
    _warn_of("find_components", found)
    return found


def clean_eeg(
    raw: mne.io.BaseRaw,
    *,
    components: Components | None = None,
    decisions: CleaningDecisions = NO_DECISIONS,
    rng: np.random.Generator | int | None = None,
    **options: Unpack[CleaningChoices],
) -> Cleaned:
    """Clean a copy of a continuous EEG recording.

    Parameters
    ----------
    raw : mne.io.Raw
        EEG with EOG and, if recorded, EMG channels typed as such; volts. Not changed, and read in
        blocks where it is on disk.
    components : Components | None
        What `find_components` found in ``raw``, whose options hold here, too; None finds them.
    decisions : CleaningDecisions
        A person's decisions, which overrule what was found. Those about channels change the
        components and belong to `find_components`, where it is used.
    rng : numpy.random.Generator | int | None
        Seed of ICA and RANSAC; needed unless ``components`` are given or neither is used.
    **options
        Fields of `Cleaning`, such as ``line_hz=60``; with ``components`` only ``highpass_hz``,
        ``lowpass_hz`` and ``reference`` may differ from theirs.

    Returns
    -------
    Cleaned
        ``.raw`` is the cleaned recording; the other fields say what was removed.

    Raises
    ------
    TypeError
        When ``rng`` is missing though something is drawn.
    MmmeError
        When there are fewer than three good EEG channels, hardly any samples, an impossible option,
        a decision about a channel or component that does not exist, or options or decisions that do
        not fit ``components``.

    Notes
    -----
    Missing samples (NaN) are filled and marked (``signals.eeg.gaps``). Filters stop at cuts and
    gaps of the recording (`mmme_neuro.io.breaks`), and what was not recorded says nothing about
    channels and components. Bad channels: see ``signals.eeg.bad_channels``. EEG channels without a
    position become ``misc`` (``left_out``) where most others have one; where most have none,
    positions are not used: there is neither RANSAC nor ICLabel, and bad channels become ``misc``,
    as they cannot be interpolated. Components are removed from the data high-passed at
    ``highpass_hz``. No sample of the resulting EEG is NaN or infinite. Current source density:
    Perrin et al. (1989), lambda2 1e-5, m 4.

    Examples
    --------
    >>> cleaned = clean_eeg(read_eeg("Acquisition 01.cdt"), line_hz=60, rng=1)  # doctest: +SKIP
    >>> cleaned.table()  # doctest: +SKIP
    """
    if components is None:
        chosen = Cleaning(**options)
        seed = seed_of(rng, of=DRAWS) if chosen.ica or chosen.ransac else None
    else:
        chosen, seed = _continued(components, options), components.seed
    data, gaps = decimated(raw, _picks(raw), min(chosen.sfreq, raw.info["sfreq"]))
    left_out = _leave_out_unplaced(data, decisions)
    if components is None:
        bad = _judged(
            data, gaps, raw.info["bads"], decisions, left_out, ransac=chosen.ransac, rng=seed
        )
    else:
        bad = _agreed(components, decisions, data.ch_names)
    notched = _notch(data, bad, chosen)
    if components is None and seed is not None and chosen.ica:
        components = _components(data, bad, chosen, seed)
        _warn_of("clean_eeg", components)
    data.filter(chosen.highpass_hz, chosen.lowpass_hz, picks="eeg", verbose="error")
    data.set_eeg_reference("average", verbose="error")
    rows, maps = pd.DataFrame(columns=NO_COMPONENTS), pd.DataFrame(columns=MAP_COLUMNS)
    if components is not None:
        rows = decided(components.table, decisions)
        ica = components.ica.copy()
        ica.exclude = rows.loc[rows["removed_as"] != "", "component"].tolist()
        ica.apply(data, verbose="error")
        maps = _removed_maps(ica)
    left_out |= _interpolate(data, bad)
    _warn_of_left_out(left_out)
    data.set_eeg_reference("average", verbose="error")
    _check_finite(data)
    if chosen.reference == "csd":
        data = current_source_density(data)
    # What a recorder's operator wrote there does not travel on.
    data.info["description"] = None
    return Cleaned(
        data,
        bad,
        rows,
        maps,
        "" if components is None else components.fingerprint,
        notched,
        chosen,
        seed,
        (() if components is None else components.notes) + _notes_of(left_out) + _gaps_note(data),
        left_out,
    )


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

    Raises
    ------
    MissingInput
        When EEG channels have no position.
    """
    if unplaced := unplaced_channels(inst.info):
        raise MissingInput(
            f"current source density needs a position of every EEG channel, {unplaced} have none; "
            "set it with raw.set_montage, or their types where they are no EEG."
        )
    return mne.preprocessing.compute_current_source_density(
        inst, lambda2=CSD_LAMBDA2, stiffness=CSD_STIFFNESS, verbose="error"
    )


def _continued(components: Components, options: CleaningChoices) -> Cleaning:
    """Options of a cleaning that goes on from components."""
    asked = replace(components.options, **options)
    differing = [
        each.name
        for each in fields(Cleaning)
        if each.name not in OF_THE_RESULT
        and getattr(asked, each.name) != getattr(components.options, each.name)
    ]
    if differing:
        raise BadInput(
            f"options {differing} differ from those that components were found with; give them to "
            "find_components."
        )
    return asked


def _agreed(
    components: Components, decisions: CleaningDecisions, ch_names: list[str]
) -> dict[str, str]:
    """Bad channels of components, which decisions about channels must not change."""
    if lacking := sorted({*components.ica.ch_names} - {*ch_names}):
        raise BadInput(f"components are of another recording: this one lacks {lacking}.")
    bad = dict(components.bad_channels)
    late = {*decisions.bad_channels} - {*bad} | {*decisions.good_channels} & {*bad}
    if late:
        raise BadInput(
            f"decisions about the channels {sorted(late)} change the components; give them to "
            "find_components."
        )
    return bad


def _notch(data: mne.io.BaseRaw, bad: Mapping[str, str], options: Cleaning) -> tuple[float, ...]:
    """Mark bad channels and take the mains out, in place; return the frequencies."""
    data.info["bads"] = sorted(bad)
    highest = data.info["sfreq"] / 2
    if not options.line_hz or options.line_hz >= highest:
        return ()
    harmonics = np.arange(options.line_hz, highest, options.line_hz)
    data.notch_filter(harmonics, picks="all", verbose="error")
    return tuple(harmonics.tolist())


def _components(
    data: mne.io.BaseRaw, bad: Mapping[str, str], options: Cleaning, seed: int
) -> Components:
    """Components of a recording without mains whose bad channels are marked."""
    thresholds = Thresholds(
        options.eye_r, options.muscle_r, options.muscle_log_ratio, options.label_probability
    )
    ica, table, notes = separate(
        recorded_part(data),
        thresholds,
        method=options.ica_method,
        iclabel=options.iclabel,
        muscle_hz=options.muscle_band_hz,
        rng=seed,
    )
    return Components(ica, table, fingerprint_of(ica), bad, options, seed, notes)


def _warn_of(verb: str, found: Components) -> None:
    """Warn of a solution that is not to be trusted."""
    for note in found.notes:
        if "converge" in note:
            warnings.warn(f"{verb}: {note}.", RuntimeWarning, stacklevel=3)


def _picks(raw: mne.io.BaseRaw) -> list[str]:
    """EEG, EOG and EMG channels, bad ones too."""
    kinds = zip(raw.ch_names, raw.get_channel_types(), strict=True)
    return [name for name, kind in kinds if kind in ("eeg", "eog", "emg")]


def _judged(
    data: mne.io.BaseRaw,
    gaps: dict[str, str],
    marked: list[str],
    decisions: CleaningDecisions,
    left_out: Mapping[str, str],
    *,
    ransac: bool,
    rng: int | None,
) -> dict[str, str]:
    """Bad channels with reasons; a person's decisions go first."""
    decided = {*decisions.bad_channels, *decisions.good_channels}
    if unknown := sorted(decided - set(data.ch_names)):
        raise BadInput(
            f"decisions name the channels {unknown}, which the recording lacks; it has "
            f"{data.ch_names}."
        )
    bad = {name: "marked bad before cleaning" for name in marked if name in data.ch_names} | gaps
    bad = {name: reason for name, reason in bad.items() if name not in left_out}
    bad |= {name: f"decided: {reason}" for name, reason in decisions.bad_channels.items()}
    bad |= bad_channels(recorded_part(data), left_out=set(bad), ransac=ransac, rng=rng)
    return {name: reason for name, reason in bad.items() if name not in decisions.good_channels}


def _leave_out_unplaced(data: mne.io.BaseRaw, decisions: CleaningDecisions) -> dict[str, str]:
    """Make EEG channels without a position ``misc``, in place, where most others have one."""
    unplaced = unplaced_channels(data.info)
    n_eeg = data.get_channel_types().count("eeg")
    if not unplaced or n_eeg - len(unplaced) < max(len(unplaced), FEWEST_PLACED):
        return {}
    if wanted := sorted(set(unplaced) & {*decisions.good_channels}):
        raise BadInput(
            f"decisions keep the channels {wanted}, which have no position and so no place in the "
            "EEG; set it with raw.set_montage, or leave the decision out."
        )
    data.set_channel_types(dict.fromkeys(unplaced, "misc"), verbose="error")
    return dict.fromkeys(unplaced, "no position")


def _interpolate(data: mne.io.BaseRaw, bad: Mapping[str, str]) -> dict[str, str]:
    """Interpolate bad channels in place; those without a position become ``misc``."""
    unplaced = set(unplaced_channels(data.info))
    good = [name for name in _eeg(data) if name not in bad and name not in unplaced]
    bad_eeg = [name for name in _eeg(data) if name in bad]
    lost = bad_eeg if len(good) < FEWEST_PLACED else [n for n in bad_eeg if n in unplaced]
    data.info["bads"] = [name for name in data.info["bads"] if name in bad_eeg and name not in lost]
    data.set_channel_types(dict.fromkeys(lost, "misc"), verbose="error")
    if data.info["bads"]:
        data.interpolate_bads(
            reset_bads=True, exclude=[n for n in unplaced if n not in lost], verbose="error"
        )
    return {
        name: f"bad ({bad[name]}) and not to be interpolated, as positions are missing"
        for name in lost
    }


def _eeg(data: mne.io.BaseRaw) -> list[str]:
    """Names of the EEG channels, bad ones too."""
    kinds = zip(data.ch_names, data.get_channel_types(), strict=True)
    return [name for name, kind in kinds if kind == "eeg"]


def _check_finite(data: mne.io.BaseRaw) -> None:
    """Refuse to give out an EEG with missing samples."""
    names = _eeg(data)
    lacking = [name for name in names if not np.isfinite(data.get_data(picks=[name])).all()]
    if lacking:
        raise NotEstimable(
            f"cleaning left missing samples (NaN) in {lacking}; look at the recording for samples "
            "that are far too large, and mark these channels bad."
        )


def _warn_of_left_out(left_out: Mapping[str, str]) -> None:
    """Say which channels are no EEG any more."""
    for note in _notes_of(left_out):
        warnings.warn(f"clean_eeg: {note}", stacklevel=3)


def _notes_of(left_out: Mapping[str, str]) -> tuple[str, ...]:
    """What became of channels that were left out, in a sentence."""
    if not left_out:
        return ()
    return (
        f"the EEG channels {sorted(left_out)} have no position or cannot be interpolated without "
        "one: they are left out of interpolation, ICA and the average reference, and are misc in "
        "the result. Set positions with raw.set_montage, or their types where they are no EEG.",
    )


def _gaps_note(data: mne.io.BaseRaw) -> tuple[str, ...]:
    """How much of the recording is missing, in a sentence."""
    lengths = [each["duration"] for each in data.annotations if each["description"] == MISSING]
    if not lengths:
        return ()
    return (
        f"{sum(lengths):.3g} s of the recording are missing (NaN) and annotated {MISSING!r} "
        f"({len(lengths)} stretches)",
    )


def _removed_maps(ica: ICA) -> pd.DataFrame:
    """Weights of the removed components, rounded for the record."""
    maps = ica.get_components()
    scaled = np.round(maps / np.abs(maps).max(axis=0), 3)
    rows = [
        (int(component), channel, weight)
        for component in ica.exclude
        for channel, weight in zip(ica.ch_names, scaled[:, component].tolist(), strict=True)
    ]
    return pd.DataFrame(rows, columns=MAP_COLUMNS)
