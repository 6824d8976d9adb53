import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.responses.spectral.phase import phase_consistency

TIMES = np.arange(-1.0, 1.5, 0.01)
HOW = dict(frequencies=[10.0], n_cycles=4, decim=1)


def rhythm(n_epochs, *, concentration, seed=0, by=None):
    """10 Hz of von Mises phases, and a channel of noise."""
    rng = np.random.default_rng(seed)
    phase = (
        rng.vonmises(0, concentration, n_epochs)
        if concentration
        else rng.uniform(-np.pi, np.pi, n_epochs)
    )
    wave = np.cos(2 * np.pi * 10 * TIMES + phase[:, None])
    data = 1e-6 * np.stack([wave, rng.standard_normal((n_epochs, TIMES.size))], axis=1)
    metadata = pd.DataFrame({"expression": ["macro"] * n_epochs if by is None else by})
    info = mne.create_info(["CZ", "PZ"], 100.0, "eeg")
    return mne.EpochsArray(data, info, tmin=-1.0, metadata=metadata, verbose="error"), phase


def test_values_are_those_of_the_phases():
    epochs, phase = rhythm(40, concentration=1.0)
    n, total = 40, np.abs(np.exp(1j * phase).sum()) ** 2
    at = dict(channel="CZ", frequency=10.0)
    ppc = phase_consistency(epochs, **HOW, by="expression").data.sel(**at)[0]
    assert float(ppc.sel(time=0.2, method="nearest")) == pytest.approx(
        (total - n) / (n * (n - 1)), abs=1e-3
    )
    itc = phase_consistency(epochs, measure="itc", **HOW, by="expression").data.sel(**at)[0]
    assert float(itc.sel(time=0.2, method="nearest")) == pytest.approx(np.sqrt(total) / n, abs=1e-3)


def test_itc_is_mnes():
    epochs, _ = rhythm(30, concentration=0.5)
    found = phase_consistency(
        epochs, measure="itc", frequencies=[8.0, 10.0], n_cycles=4, decim=1, by="expression"
    ).data[0]
    expected = mne.time_frequency.tfr_array_morlet(
        epochs.get_data(), 100.0, [8.0, 10.0], n_cycles=4, output="itc", verbose="error"
    )
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_pairwise_consistency_has_no_trial_bias_and_coherence_has():
    values = {"ppc": [], "itc": []}
    for seed in range(40):
        epochs, _ = rhythm(6, concentration=0.0, seed=seed)
        for measure, found in values.items():
            data = phase_consistency(
                epochs, measure=measure, min_epochs=5, **HOW, by="expression"
            ).data[0, 1, 0]
            found.append(float(data[[60, 120, 180]].mean()))
    error = np.std(values["ppc"]) / np.sqrt(40)
    assert abs(np.mean(values["ppc"])) < 3 * error
    assert np.mean(values["itc"]) == pytest.approx(np.sqrt(np.pi / 24), abs=0.05)


def test_coherence_of_unequal_conditions_is_equalized():
    cells = ["macro"] * 60 + ["micro"] * 20
    epochs, _ = rhythm(80, concentration=0.0, seed=3, by=cells)
    found = phase_consistency(epochs, measure="itc", rng=1, **HOW, by="expression")
    assert found.counts["n_used"].tolist() == [20, 20]
    raw = phase_consistency(epochs, measure="itc", equalize=False, **HOW, by="expression")
    assert raw.counts["n_used"].tolist() == [60, 20]
    middle = dict(channel="PZ")
    assert float(found.data.sel(**middle)[0].mean()) > float(raw.data.sel(**middle)[0].mean())
    with pytest.raises(ValueError, match="rng=None"):
        phase_consistency(epochs, measure="itc", **HOW, by="expression")


def test_small_conditions_are_refused_with_the_reason():
    epochs, _ = rhythm(30, concentration=0.0, by=["macro"] * 25 + ["micro"] * 5)
    found = phase_consistency(epochs, **HOW, by="expression")
    assert np.isnan(found.data.sel(condition="micro")).all()
    assert found.counts.loc["micro", "reason"] == "5 epochs, fewer than 20"
    assert np.isfinite(found.data.sel(condition="macro")).all()


def test_bad_choices_are_refused():
    epochs, _ = rhythm(30, concentration=0.0)
    with pytest.raises(ValueError, match="measure='plv'"):
        phase_consistency(epochs, measure="plv", by="expression")
    with pytest.raises(ValueError, match="min_epochs=1"):
        phase_consistency(epochs, min_epochs=1, by="expression")
