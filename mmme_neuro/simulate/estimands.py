"""What the analysis should find: the study's truth as seen through its own linear steps.

A source of 5 microvolt is not 5 microvolt in a window mean: filter, baseline, window, the coder's
error and people's latencies all take their share. Those steps are applied here to the responses
themselves, without noise, artifacts or (for means) overlap, over a large virtual sample.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

import mne
import numpy as np
import pandas as pd
from scipy.signal import fftconvolve

from mmme_neuro.io.montage import QUIK_CAP_64
from mmme_neuro.responses.autonomic import AUTONOMIC_MEASURES
from mmme_neuro.responses.measures import (
    ERP_BASELINE,
    POWER_BASELINE,
    Measure,
    check_measures,
    window_samples,
)
from mmme_neuro.responses.regions import roi_electrodes
from mmme_neuro.simulate.body import SLOW_TONIC
from mmme_neuro.simulate.brain import (
    COUPLED_PAIR,
    RESPONSE_REGION,
    UNCOUPLED_PAIR,
    Head,
    Ongoing,
    evoked_patterns,
    indices,
    ongoing_sources,
    simulated_head,
)
from mmme_neuro.simulate.parameters import StudyParameters
from mmme_neuro.simulate.responses import (
    Person,
    Stimuli,
    draw_amplitudes,
    effects,
    expected_amplitudes,
)
from mmme_neuro.simulate.shapes import skin_conductance_response
from mmme_neuro.simulate.timeline import Timeline, simulate_timeline

N_VIRTUAL_PARTICIPANTS = 300
VIRTUAL_SEED = 7
GRID = np.arange(-40, 60, 0.02)
HIGH_PASS_HZ = 0.1
EEG_SFREQ = 250.0
PHYSIO_SFREQ = 50.0
"""Rates of the analyzed signals, Hz."""


MEASURES = {
    measure.name: measure
    for measure in (
        Measure(name="premotor", roi="fronto_central", window=(-0.5, 0.0), baseline=ERP_BASELINE),
        Measure(name="late_positivity", roi="parietal", window=(0.25, 0.55), baseline=ERP_BASELINE),
        Measure(
            name="alpha_power",
            signal="alpha",
            roi="occipital",
            window=(0.2, 1.2),
            baseline=POWER_BASELINE,
        ),
        replace(AUTONOMIC_MEASURES["scr_us"], name="scr"),
        replace(AUTONOMIC_MEASURES["heart_rate_bpm"], name="heart_rate"),
        replace(AUTONOMIC_MEASURES["pulse_amplitude_relative"], name="pulse_amplitude"),
        replace(AUTONOMIC_MEASURES["scr_us"], name="scr_late", window=(6.0, 9.0)),
        replace(AUTONOMIC_MEASURES["heart_rate_bpm"], name="heart_rate_early", window=(1.5, 3.5)),
        replace(AUTONOMIC_MEASURES["skt_celsius"], name="temperature"),
    )
}
"""The measures whose micro - macro difference is known; `estimands` takes others of their names."""

RESPONSE_BY_SIGNAL = {
    "alpha": "alpha_decrease",
    "eda": "scr",
    "heart_rate": "heart_rate",
    "pulse_amplitude": "pulse_amplitude",
    "skt": "temperature",
}
"""Simulated response that a signal shows; potentials are named after theirs."""

CONNECTIVITY_BAND = (14.0, 19.0)
CONNECTIVITY_WINDOW = (-0.25, 0.75)


@lru_cache(maxsize=8)
def estimands(
    parameters: StudyParameters, n_videos: int, measures: tuple[Measure, ...] = ()
) -> dict:
    """Return the expected result of every measure, with the value at the source beside it.

    ``measures`` (means) stand for those of the same name in `MEASURES`, or are added to them.
    """
    taken = MEASURES | {measure.name: measure for measure in measures}
    check_measures([*taken.values()], statistics=["mean", "relative_mean"])
    head = simulated_head(tuple(parameters.channels or QUIK_CAP_64))
    sample = _virtual_sample(parameters, n_videos, head, taken)
    known = {}
    for name, measure in taken.items():
        effect = effects(parameters)[response_of(measure)]
        known[name] = {
            "quantity": f"{name} micro - macro",
            "value": _contrast(sample, name),
            "conditions": _conditions(sample, name),
            "source_value": effect.micro_minus_macro,
            "unit": measure.unit,
            "measure": plain(measure),
        }
    known["brain_body_correlation"] = {
        "quantity": "within-participant correlation of late positivity and SCR",
        "value": _within_correlation(sample, parameters, head, taken),
        "source_value": parameters.brain_body_correlation,
        "unit": "r",
    }
    known["coupling"] = {
        "quantity": f"debiased wPLI^2 {'-'.join(COUPLED_PAIR)} minus {'-'.join(UNCOUPLED_PAIR)}",
        "value": _coupling(parameters, head, COUPLED_PAIR)
        - _coupling(parameters, head, UNCOUPLED_PAIR),
        "source_value": parameters.eeg.pair_coherence,
        "unit": "1",
        "band": list(CONNECTIVITY_BAND),
    }
    known["rating_icc"] = {
        "quantity": "ICC(A,1) of valence ratings",
        "value": parameters.ratings.true_icc,
        "source_value": parameters.ratings.true_icc,
        "unit": "1",
    }
    return known


def response_of(measure: Measure) -> str:
    """Name the simulated response that a measure shows."""
    known = (
        measure.name if measure.kind == "potential" else RESPONSE_BY_SIGNAL.get(str(measure.signal))
    )
    if known is None or (measure.kind == "potential" and known not in RESPONSE_REGION):
        raise ValueError(
            f"measure {measure.name!r}: nothing is simulated of it; potentials are named as one of "
            f"{list(RESPONSE_REGION)}, other signals are {list(RESPONSE_BY_SIGNAL)}."
        )
    return known


def rate_of(measure: Measure) -> float:
    """Rate at which the analysis samples a measure, Hz."""
    return PHYSIO_SFREQ if measure.kind == "body" else EEG_SFREQ


def high_pass_of(measure: Measure) -> float | None:
    """High-pass that a measure has gone through, Hz; power and slow signals bear none."""
    return HIGH_PASS_HZ if measure.kind == "potential" else None


def plain(measure: Measure) -> dict:
    """The measure as plain types, with its electrodes named: what ``truth.json`` holds of it."""
    return {
        "response": response_of(measure),
        "window": list(measure.window),
        "baseline": None if measure.baseline is None else list(measure.baseline),
        "unit": measure.unit,
        "sfreq": rate_of(measure),
        "region": measure.roi if isinstance(measure.roi, str) else "",
        "band": None if measure.band is None else list(measure.band),
        "high_pass_hz": high_pass_of(measure),
        "electrodes": list(roi_electrodes(measure.roi)) or None,
    }


def _virtual_sample(
    parameters: StudyParameters, n_videos: int, head: Head, measures: Mapping[str, Measure]
) -> pd.DataFrame:
    """Return noise-free measures of many virtual events as coded, one row per event."""
    rng = np.random.default_rng(VIRTUAL_SEED)
    weights = _region_weights(head, measures)
    power = {
        name: _alpha_power(parameters, head, measure)
        for name, measure in measures.items()
        if measure.kind == "power"
    }
    people = []
    for number in range(N_VIRTUAL_PARTICIPANTS):
        timeline = simulate_timeline(parameters, n_videos=n_videos, rng=rng)
        # Videos of their own for everyone: what a model estimates holds over videos, too.
        stimuli = Stimuli.drawn(parameters, n_videos, rng)
        person = _virtual_participant(parameters, timeline, stimuli, measures, weights, power, rng)
        people.append(person.assign(participant=number))
    return pd.concat(people, ignore_index=True)


def _virtual_participant(
    parameters: StudyParameters,
    timeline: Timeline,
    stimuli: Stimuli,
    measures: Mapping[str, Measure],
    weights: dict[str, dict[str, float]],
    power: dict[str, float],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Measures of one virtual participant: own expected response, and all there is (``*_all``).

    Deviations of people, videos and events have mean zero; a mean that leaves them out is the
    same and far more precise. What overlaps and deviates matters for correlations.
    """
    person = Person.drawn(parameters, rng)
    expected = expected_amplitudes(parameters, timeline.events)
    amplitudes = draw_amplitudes(
        parameters, timeline.events, person=person, stimuli=stimuli, rng=rng
    )
    onset = timeline.events["onset"].to_numpy()
    coded = _coded(timeline.events, parameters, rng)
    lag = coded["onset"].to_numpy()[:, None] - onset[None, :]
    table = coded[["expression"]].copy()
    for name, measure in measures.items():
        shown = response_of(measure)
        if name in power:
            table[name] = _power_change(
                amplitudes[shown].to_numpy(),
                person.shape(shown),
                measure,
                np.diagonal(lag),
                power=power[name],
            )
            continue
        table[name], table[f"{name}_all"] = 0.0, 0.0
        for response, weight in weights.get(name, {shown: 1.0}).items():
            course = measured_course(person.shape(response)(GRID), measure)
            seen = weight * np.interp(lag, GRID, course)
            table[name] += expected[response].to_numpy() * np.diagonal(seen)
            table[f"{name}_all"] += seen @ amplitudes[response].to_numpy()
    return table[coded["seen"].to_numpy()]


def _coded(
    events: pd.DataFrame, parameters: StudyParameters, rng: np.random.Generator
) -> pd.DataFrame:
    """Return events as two coders write them down and passes are merged: seen, onset, label.

    Where both passes hold the event the onset is their mean, and two labels must agree.
    """
    coding, n = parameters.coding, len(events)
    clip = rng.random(n)
    in_a = clip < coding.share_a_only + coding.share_both
    in_b = clip >= coding.share_a_only
    sees = np.stack([in_a, in_b], axis=1) & (rng.random((n, 2)) < coding.detection)
    error = np.where(sees, rng.normal(0, coding.onset_sd, (n, 2)), 0).sum(axis=1)
    wrong = rng.random((n, 2)) < coding.label_error
    agreed = ~sees.all(axis=1) | (wrong[:, 0] == wrong[:, 1])
    wrong_label = np.where(sees[:, 0], wrong[:, 0], wrong[:, 1])
    micro = (events["expression"] == "micro").to_numpy() ^ wrong_label
    return pd.DataFrame(
        {
            "onset": events["onset"].to_numpy() + error / np.maximum(sees.sum(axis=1), 1),
            "expression": np.where(micro, "micro", "macro"),
            "seen": sees.any(axis=1) & agreed,
        }
    )


def measured_course(shape: np.ndarray, measure: Measure) -> np.ndarray:
    """Return what the measure gives when taken ``GRID`` seconds after the true onset."""
    step = GRID[1] - GRID[0]
    if edge_hz := high_pass_of(measure):
        shape = fftconvolve(shape, _high_pass(edge_hz), mode="same")
    area = np.concatenate([[0], np.cumsum((shape[1:] + shape[:-1]) / 2 * step)])

    def mean(window: tuple[float, float]) -> np.ndarray:
        # Both ends belong to a window: it is half a sample wider on each side.
        first, last = window[0] - 0.5 / rate_of(measure), window[1] + 0.5 / rate_of(measure)
        ends = [np.interp(GRID + edge, GRID, area) for edge in (first, last)]
        return (ends[1] - ends[0]) / (last - first)

    change = mean(measure.window)
    return change if measure.baseline is None else change - mean(measure.baseline)


@lru_cache(maxsize=4)
def _high_pass(edge_hz: float) -> np.ndarray:
    """Kernel of the high-pass that cleaning applies, on the steps of ``GRID``."""
    step = GRID[1] - GRID[0]
    return mne.filter.create_filter(None, 1 / step, edge_hz, None, verbose="error")


def _region_weights(head: Head, measures: Mapping[str, Measure]) -> dict[str, dict[str, float]]:
    """Return how much of each evoked response each EEG measure's region sees."""
    patterns = evoked_patterns(head)
    return {
        name: {
            response: float(pattern[_rows(head, measure)].mean())
            for response, pattern in patterns.items()
        }
        for name, measure in measures.items()
        if measure.kind == "potential"
    }


def _rows(head: Head, measure: Measure) -> list[int]:
    """Rows of the measure's electrodes that this cap has."""
    wanted = roi_electrodes(measure.roi)
    found = tuple(name for name in wanted if name in head.ch_names)
    if not found:
        raise ValueError(
            f"measure {measure.name!r}: needs at least one of {wanted}, but the cap has none."
        )
    return indices(head, found)


def _alpha_power(parameters: StudyParameters, head: Head, measure: Measure) -> float:
    """Expected alpha power in the measure's region and band, uV^2."""
    source = ongoing_sources(head, parameters.eeg)[0]
    at_region = np.mean(source.pattern[_rows(head, measure)] ** 2)
    low, high = measure.band or (0.0, 0.0)
    freqs = np.arange(low, high, 0.01)
    share = np.trapezoid(source.density(freqs), freqs)
    return float(at_region * share * np.exp(2 * parameters.eeg.alpha_log_sd**2))


def _power_change(
    amplitude: np.ndarray,
    shape: Callable[[np.ndarray], np.ndarray],
    measure: Measure,
    lag: np.ndarray,
    *,
    power: float,
) -> np.ndarray:
    """Return power in the window minus power in the baseline when a rhythm shrinks."""
    courses = {order: measured_course(shape(GRID) ** order, measure) for order in (1, 2)}
    first, second = (np.interp(lag, GRID, courses[order]) for order in (1, 2))
    return power * (amplitude**2 * second - 2 * amplitude * first)


def _contrast(sample: pd.DataFrame, name: str) -> float:
    """Return mean of micro minus mean of macro, each participant's own mean weighing the same."""
    means = sample.pivot_table(name, "participant", "expression", aggfunc="mean", observed=True)
    return float((means["micro"] - means["macro"]).mean())


def _conditions(sample: pd.DataFrame, name: str) -> dict[str, dict[str, float]]:
    """Mean of each expression over participants: of the events alone, and with all overlap.

    The second is what averaging epochs gives however many there are.
    """
    found = {}
    for key, column in {"alone": name, "overlapped": f"{name}_all"}.items():
        if column in sample:
            means = sample.pivot_table(
                column, "participant", "expression", aggfunc="mean", observed=True
            ).mean()
            found[key] = {str(label): float(value) for label, value in means.items()}
    return found


def _within_correlation(
    sample: pd.DataFrame,
    parameters: StudyParameters,
    head: Head,
    measures: Mapping[str, Measure],
) -> float:
    """Return the correlation of late positivity and SCR within participants, with noise.

    Noise enters through its variance in the measure: ongoing activity and sensor noise for the
    EEG, spontaneous responses (Campbell's theorem) and slow drift for the skin.
    """
    names = ["late_positivity_all", "scr_all"]
    within = sample[names] - sample.groupby("participant", observed=True)[names].transform("mean")
    spread = within.cov().to_numpy()
    spread[0, 0] += _eeg_noise_variance(parameters, head, measures["late_positivity"])
    spread[1, 1] += _skin_noise_variance(parameters, measures["scr"])
    return float(spread[0, 1] / np.sqrt(spread[0, 0] * spread[1, 1]))


def _eeg_noise_variance(parameters: StudyParameters, head: Head, measure: Measure) -> float:
    """Variance of a window mean of ongoing activity in a region, uV^2."""
    freqs = np.arange(0.01, 60, 0.01)
    gain = _measure_gain(measure, freqs)
    rows = _rows(head, measure)
    total = 0.0
    for source in ongoing_sources(head, parameters.eeg):
        total += source.pattern[rows].mean() ** 2 * np.trapezoid(
            source.density(freqs) * gain, freqs
        )
    white = parameters.eeg.sensor_noise_uv**2 / len(rows)
    return float(total + white * np.trapezoid(gain * 2 / parameters.eeg_sfreq, freqs))


def _skin_noise_variance(parameters: StudyParameters, measure: Measure) -> float:
    """Variance of a window mean of the skin conductance between events, uS^2."""
    course = measured_course(skin_conductance_response(GRID, 1, 1), measure)
    physio = parameters.physio
    second_moment = 1.5 * physio.spontaneous_scr_us**2
    shots = physio.spontaneous_scr_per_minute / 60 * second_moment
    spontaneous = shots * np.trapezoid(course**2, GRID)
    freqs = np.arange(1e-4, 0.05, 1e-5)
    slow = SLOW_TONIC(freqs) / np.trapezoid(SLOW_TONIC(freqs), freqs)
    drift = 0.3**2 * np.trapezoid(slow * _measure_gain(measure, freqs), freqs)
    return float(spontaneous + drift)


def _measure_gain(measure: Measure, freqs: np.ndarray) -> np.ndarray:
    """Squared gain of "window mean minus baseline mean" (and its high-pass) at each frequency."""

    def mean(window: tuple[float, float]) -> np.ndarray:
        middle, width = np.mean(window), window[1] - window[0]
        return np.sinc(freqs * width) * np.exp(2j * np.pi * freqs * middle)

    before = 0.0 if measure.baseline is None else mean(measure.baseline)
    gain = np.abs(mean(measure.window) - before) ** 2
    if edge_hz := high_pass_of(measure):
        gain = gain * (freqs > edge_hz / 2)
    return gain


def _coupling(parameters: StudyParameters, head: Head, pair: tuple[str, str]) -> float:
    """Return the squared wPLI of two electrodes for circular Gaussian signals, mean over the band.

    With real and imaginary parts a, b of coherency and s = sqrt(1 - a^2), the imaginary
    cross-product is a difference of two exponentials and wPLI = 2 |b| s / (s^2 + b^2).
    """
    freqs = _connectivity_freqs(min(EEG_SFREQ, parameters.eeg_sfreq))
    rows = indices(head, pair)
    sources = ongoing_sources(head, parameters.eeg)
    cross = np.stack([_cross_spectrum(parameters, sources, rows, f) for f in freqs])
    coherency = cross[:, 0, 1] / np.sqrt(cross[:, 0, 0].real * cross[:, 1, 1].real)
    s, b = np.sqrt(1 - coherency.real**2), coherency.imag
    return float(np.mean((2 * np.abs(b) * s / (s**2 + b**2)) ** 2))


def _connectivity_freqs(sfreq: float) -> np.ndarray:
    """Frequencies in the band; how many there are depends on the window's number of samples."""
    begin, end = window_samples(np.zeros(1), CONNECTIVITY_WINDOW, sfreq)
    freqs = np.fft.rfftfreq(int(end[0] - begin[0]), 1 / sfreq)
    return freqs[(freqs >= CONNECTIVITY_BAND[0]) & (freqs <= CONNECTIVITY_BAND[1])]


def _cross_spectrum(
    parameters: StudyParameters, sources: list[Ongoing], rows: list[int], freq: float
) -> np.ndarray:
    """Return the cross-spectral density of two electrodes at one frequency under a Hann taper.

    The taper of the 1 s window smears a source's spectrum over neighboring frequencies.
    """
    offsets = np.arange(-3, 3.01, 0.05)
    taper = np.sinc(offsets) / (1 - offsets**2 + 1e-12)
    taper = np.where(np.isclose(np.abs(offsets), 1), 0.5, taper) ** 2
    smear = taper / taper.sum()
    near = np.clip(freq + offsets, 0, None)
    total = np.zeros((2, 2), complex)
    at: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for source in sources:
        power = np.sum(smear * source.density(near))
        total += power * np.outer(source.pattern[rows], source.pattern[rows])
        at.setdefault(source.name, (source.pattern[rows], source.density(near)))
    (first, power), (second, _) = (at[name] for name in COUPLED_PAIR)
    phase = np.exp(2j * np.pi * near * parameters.eeg.pair_lag_s)
    shared = parameters.eeg.pair_coherence * np.sum(smear * power * phase)
    total += shared * np.outer(first, second) + np.conj(shared) * np.outer(second, first)
    white = parameters.eeg.sensor_noise_uv**2 * 2 / parameters.eeg_sfreq
    return total + white * np.eye(2)
