from dataclasses import replace

import mne
import numpy as np
import pytest

from mmme_neuro.simulate import DEMO, DEMO_CHANNELS, Effect, shapes
from mmme_neuro.simulate.brain import COUPLED_PAIR, UNCOUPLED_PAIR, evoked_patterns, simulated_head
from mmme_neuro.simulate.estimands import (
    GRID,
    MEASURES,
    _coupling,
    estimands,
    high_pass_of,
    measured_course,
    rate_of,
)
from mmme_neuro.simulate.files.sheet_file import CodingParameters
from mmme_neuro.simulate.parameters import EventParameters


def through_mne(course_uv, onset_s, measure):
    """The measure of one channel as the analysis takes it: MNE's filter, Epochs, window means."""
    sfreq = rate_of(measure)
    raw = mne.io.RawArray(
        1e-6 * course_uv[None], mne.create_info(["PZ"], sfreq, "eeg"), verbose="error"
    )
    if high_pass_of(measure):
        raw.filter(high_pass_of(measure), None, verbose="error")
    epochs = mne.Epochs(
        raw,
        [[round(onset_s * sfreq), 0, 1]],
        tmin=-2,
        tmax=10,
        baseline=measure.baseline,
        preload=True,
        verbose="error",
    )
    return 1e6 * epochs.copy().crop(*measure.window).get_data().mean()


@pytest.mark.parametrize("name", ["premotor", "late_positivity", "scr", "heart_rate"])
@pytest.mark.parametrize("lag", [0.0, 0.08, -0.12])
@pytest.mark.parametrize(("latency", "width"), [(1.0, 1.0), (0.85, 1.2)])
def test_measured_course_is_mnes_filter_and_window_mean(name, lag, latency, width):
    shape = {
        "premotor": shapes.premotor_ramp,
        "late_positivity": shapes.late_positivity,
        "scr": shapes.skin_conductance_response,
        "heart_rate": shapes.heart_period_response,
    }[name]
    measure = MEASURES[name]
    time = np.arange(0, 150, 1 / rate_of(measure))
    expected = through_mne(shape(time - 60.0, latency, width), 60.0 + lag, measure)
    found = np.interp(lag, GRID, measured_course(shape(GRID, latency, width), measure))
    assert found == pytest.approx(expected, abs=0.003)


def plain(**changes):
    """No coding errors, no random effects, everyone alike: truth can be computed by hand."""
    coding = CodingParameters(onset_sd=0.0, label_error=0.0)
    exact = replace(DEMO, latency_sd=0.0, coding=coding, **changes)

    def fixed(part):
        return replace(
            part,
            **{
                name: Effect(e.macro, e.micro_minus_macro)
                for name, e in vars(part).items()
                if isinstance(e, Effect)
            },
        )

    return replace(exact, eeg=fixed(exact.eeg), physio=fixed(exact.physio))


@pytest.fixture(scope="module")
def known():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mmme_neuro.simulate.estimands.N_VIRTUAL_PARTICIPANTS", 40)
        return estimands(plain(), 6)


@pytest.mark.parametrize("name", ["premotor", "late_positivity"])
def test_erp_estimands_are_the_superposed_shapes_through_mne(name, known):
    parameters, measure = plain(), MEASURES[name]
    patterns = evoked_patterns(simulated_head(DEMO_CHANNELS))
    region = {
        "fronto_central": ("F1", "FZ", "F2", "FC1", "FCZ", "FC2"),
        "parietal": ("CP1", "CPZ", "CP2", "P1", "PZ", "P2"),
    }[measure.roi]
    rows = [DEMO_CHANNELS.index(channel) for channel in region if channel in DEMO_CHANNELS]
    time = np.arange(0, 120, 1 / 250)
    course = np.zeros(time.size)
    for response, shape in (
        ("premotor", shapes.premotor_ramp),
        ("late_positivity", shapes.late_positivity),
    ):
        size = getattr(parameters.eeg, response).micro_minus_macro
        course += size * patterns[response][rows].mean() * shape(time - 60, 1, 1)
    assert known[name]["value"] == pytest.approx(through_mne(course, 60.0, measure), rel=0.005)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("scr", shapes.skin_conductance_response),
        ("heart_rate", shapes.heart_period_response),
    ],
)
def test_physio_estimands_are_window_means_of_the_shapes(name, shape, known):
    measure = MEASURES[name]
    fine = [np.linspace(*edges, 20001) for edges in (measure.window, measure.baseline)]
    window, baseline = (np.mean(shape(part, 1, 1)) for part in fine)
    size = getattr(plain().physio, name).micro_minus_macro
    # A gamma-distributed SCR of no spread has its mean amplitude.
    assert known[name]["value"] == pytest.approx(size * (window - baseline), rel=0.01)


def test_alpha_estimand_is_the_change_of_power(known):
    parameters = plain()
    eeg = parameters.eeg
    window = np.linspace(*MEASURES["alpha_power"].window, 2001)
    envelope = shapes.oscillation_change(window, 1, 1)
    macro, micro = (
        np.mean((1 - size * envelope) ** 2)
        for size in (
            eeg.alpha_decrease.macro,
            eeg.alpha_decrease.macro + eeg.alpha_decrease.micro_minus_macro,
        )
    )
    # Nearly all of the rhythm's power lies in its band; people's log SD lifts the mean power.
    power = eeg.alpha_uv**2 * np.exp(2 * eeg.alpha_log_sd**2)
    expected = power * (micro - macro)
    assert known["alpha_power"]["value"] == pytest.approx(expected, rel=0.03)


def test_errors_of_coders_make_effects_smaller():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mmme_neuro.simulate.estimands.N_VIRTUAL_PARTICIPANTS", 40)
        exact = estimands(plain(), 5)
        wrong = replace(plain(), coding=CodingParameters(onset_sd=0.2, label_error=0.15))
        blurred = estimands(wrong, 5)
    for name in ("late_positivity", "scr"):
        assert 0.2 < blurred[name]["value"] / exact[name]["value"] < 0.95


def test_no_effect_has_a_truth_of_zero():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mmme_neuro.simulate.estimands.N_VIRTUAL_PARTICIPANTS", 20)
        null = estimands(plain().muscles_only(), 4)
    for name in MEASURES:
        assert null[name]["value"] == pytest.approx(0, abs=1e-9)
        assert null[name]["source_value"] == 0


def test_every_estimand_says_what_it_is(known):
    assert len(known) == len(MEASURES) + 3
    for entry in known.values():
        assert {"quantity", "value", "source_value", "unit"} <= set(entry)
        assert np.isfinite(entry["value"])
    assert known["late_positivity"]["measure"]["electrodes"]


def wpli_of_gaussians(coherency, n=400000, seed=0):
    """Squared wPLI, E[Im]^2 / E[|Im|]^2, of circular Gaussian pairs by brute force."""
    rng = np.random.default_rng(seed)
    first, rest = (
        (rng.standard_normal(n) + 1j * rng.standard_normal(n)) / np.sqrt(2) for _ in range(2)
    )
    second = np.conj(coherency) * first + np.sqrt(1 - abs(coherency) ** 2) * rest
    imaginary = np.imag(first * np.conj(second))
    return (imaginary.mean() / np.abs(imaginary).mean()) ** 2


@pytest.mark.parametrize("coherency", [0.5j, 0.3 + 0.3j, 0.6 - 0.2j, 0.8])
def test_formula_of_the_weighted_phase_lag_index(coherency):
    s, b = np.sqrt(1 - coherency.real**2), coherency.imag
    formula = (2 * abs(b) * s / (s**2 + b**2)) ** 2
    assert formula == pytest.approx(wpli_of_gaussians(coherency), abs=0.006)


def test_coupling_of_the_pair_and_of_its_mirror_image():
    head = simulated_head(DEMO_CHANNELS)
    coupled = _coupling(DEMO, head, COUPLED_PAIR)
    assert coupled > 0.2
    assert _coupling(DEMO, head, UNCOUPLED_PAIR) < 0.1 * coupled
    uncoupled = replace(DEMO, eeg=replace(DEMO.eeg, pair_coherence=0.0))
    assert _coupling(uncoupled, head, COUPLED_PAIR) == pytest.approx(0, abs=1e-12)
    in_step = replace(DEMO, eeg=replace(DEMO.eeg, pair_lag_s=0.0))
    assert _coupling(in_step, head, COUPLED_PAIR) == pytest.approx(0, abs=1e-12)


def test_more_virtual_participants_hardly_change_the_truth():
    parameters = replace(DEMO, events=EventParameters(gap_median_s=3.0))
    values = []
    for number in (40, 80):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("mmme_neuro.simulate.estimands.N_VIRTUAL_PARTICIPANTS", number)
            estimands.cache_clear()
            values.append(estimands(parameters, 4)["late_positivity"]["value"])
    assert values[0] == pytest.approx(values[1], rel=0.15)


def test_difference_is_that_of_the_conditions_alone(known):
    for name in ("scr", "heart_rate", "late_positivity", "pulse_amplitude"):
        alone = known[name]["conditions"]["alone"]
        assert alone["micro"] - alone["macro"] == pytest.approx(known[name]["value"])


def test_overlap_lowers_the_average_skin_response(known):
    scr = known["scr"]["conditions"]
    assert scr["overlapped"]["macro"] < 0.95 * scr["alone"]["macro"]


def test_responses_outside_canonical_shapes_move_the_late_window_not_the_source():
    usual = estimands(DEMO, n_videos=4)["scr_late"]
    unusual = estimands(DEMO.outside_canonical_shapes(), n_videos=4)["scr_late"]
    assert unusual["source_value"] == usual["source_value"]
    ratio = usual["conditions"]["alone"]["macro"] / unusual["conditions"]["alone"]["macro"]
    assert not 0.9 < ratio < 1.1


def test_a_measure_of_nothing_simulated_is_refused():
    with pytest.raises(ValueError, match="nothing is simulated of it"):
        estimands(DEMO, 4, (replace(MEASURES["scr"], signal="rsp_rate"),))
    with pytest.raises(ValueError, match="potentials are named"):
        estimands(DEMO, 4, (replace(MEASURES["premotor"], name="n400"),))
