import mne
import numpy as np
import pandas as pd
import pytest
from mne.stats.erp import compute_sme

from mmme_neuro.responses.measures import ERP_BASELINE, Measure
from mmme_neuro.responses.potentials import (
    baseline_means,
    evoked,
    mean_amplitude,
    standardized_measurement_error,
    window_amplitudes,
)

PEAK = Measure(name="peak", roi=("Cz",), window=(0.2, 0.4), baseline=ERP_BASELINE)


def test_evoked_equals_mne_average(erp_epochs):
    result = evoked(erp_epochs, ["participant", "expression"])
    assert len(result) == 12
    reference = erp_epochs["participant == 'p3' and expression == 'micro'"].average()
    np.testing.assert_array_equal(result["p3", "micro"].data, reference.data)
    assert result["p3", "micro"].nave == 6
    assert result["p3", "micro"].comment == "p3/micro"
    with pytest.raises(KeyError, match="No cell"):
        result["p3", "mixed"]


def test_mean_amplitude_equals_numpy_and_keeps_the_index(erp_epochs):
    amplitude = mean_amplitude(erp_epochs, roi=["Cz", "C3"], window=(0.2, 0.4))
    data = erp_epochs.get_data(picks=["Cz", "C3"]).mean(axis=1) * 1e6
    times = erp_epochs.times
    after = data[:, (times > 0.195) & (times < 0.405)].mean(axis=1)
    before = data[:, (times > -1.505) & (times < -0.995)].mean(axis=1)
    np.testing.assert_allclose(amplitude, after - before)
    assert amplitude.index.equals(erp_epochs.metadata.index)
    assert mean_amplitude(erp_epochs[7:9], roi=["Cz"], window=(0, 0.1)).index.tolist() == [7, 8]
    raw = mean_amplitude(erp_epochs, roi=["Cz", "C3"], window=(0.2, 0.4), baseline=None)
    np.testing.assert_allclose(raw, after)


def test_simulated_amplitudes_come_out(erp_epochs):
    table = window_amplitudes(erp_epochs, [PEAK])
    bump = np.exp(-0.5 * ((np.arange(0.2, 0.401, 0.01) - 0.3) / 0.08) ** 2).mean()
    by_kind = table["peak"].groupby(erp_epochs.metadata["expression"])
    error = (by_kind.mean() - bump * pd.Series({"macro": 4.0, "micro": 2.0})) / by_kind.sem()
    assert error.abs().max() < 3
    assert by_kind.mean()["macro"] > 2


def test_amplitude_holds_its_error_rate_without_an_effect(erp_epochs):
    amplitude = window_amplitudes(
        erp_epochs,
        [
            Measure(name=name, roi=(name,), window=(0.2, 0.4), baseline=ERP_BASELINE)
            for name in ("Fz", "Pz", "O1", "C3")
        ],
    )
    statistic = amplitude.mean() / amplitude.sem()
    assert (statistic.abs() < 3.5).all()


def test_sme_is_the_sample_standard_error(erp_epochs):
    table = standardized_measurement_error(
        erp_epochs, [PEAK], by=["participant", "expression"]
    ).set_index(["participant", "expression"])
    amplitude = mean_amplitude(erp_epochs, roi=["Cz"], window=(0.2, 0.4))
    meta = erp_epochs.metadata
    reference = amplitude.groupby([meta["participant"], meta["expression"]]).sem()
    np.testing.assert_allclose(table["sme_uv"], reference.loc[table.index])
    # MNE's takes n for n - 1 and the window without its last sample.
    cell = erp_epochs["participant == 'p2' and expression == 'micro'"].pick(["Cz"])
    cell.apply_baseline((-1.5, -1.0), verbose="error")
    biased = compute_sme(cell, start=0.2, stop=0.41)[0] * 1e6
    np.testing.assert_allclose(table.loc[("p2", "micro"), "sme_uv"], biased * np.sqrt(5 / 4))
    one = standardized_measurement_error(erp_epochs[:1], [PEAK], by=["participant", "expression"])
    assert one["n_epochs"].tolist() == [1]
    assert one["sme_uv"].isna().all()


def test_bad_input_is_refused(erp_epochs):
    with pytest.raises(ValueError, match="different names"):
        window_amplitudes(erp_epochs, [PEAK, PEAK])
    with pytest.raises(ValueError, match="baseline"):
        mean_amplitude(erp_epochs, roi=["Cz"], window=(0, 0.2), baseline=(-3, -2))


def test_visual_response_of_a_real_recording(shared_data):
    raw = mne.io.read_raw_eeglab(
        shared_data / "eeglab" / "eeglab_data.set", preload=True, verbose="error"
    ).drop_channels(["EOG1", "EOG2"])
    raw.filter(0.5, 30, verbose="error").set_eeg_reference("average", verbose="error")
    events, codes = mne.events_from_annotations(raw, verbose="error")
    events = events[events[:, 2] == codes["square"]]
    epochs = mne.Epochs(
        raw, events, tmin=-0.6, tmax=1.2, baseline=None, preload=True, verbose="error",
        metadata=pd.DataFrame({"expression": ["macro"] * len(events)}),
    )  # fmt: skip
    assert len(epochs) >= 79
    late = {"window": (0.3, 0.6), "baseline": (-0.2, 0.0)}
    amplitude = window_amplitudes(
        epochs,
        [
            Measure(name="p3", roi="parietal", **late),
            Measure(name="front", roi=("FPz", "F3", "Fz", "F4"), **late),
        ],
    )
    statistic = amplitude.mean() / amplitude.sem()
    assert statistic["p3"] > 4
    assert statistic["p3"] > statistic["front"] + 4


def test_baseline_means_are_what_subtraction_takes(erp_epochs):
    corrected = erp_epochs.copy().apply_baseline((-1.5, -1.0), verbose="error")
    means = baseline_means(erp_epochs)
    assert list(means) == erp_epochs.ch_names
    assert means.index.equals(erp_epochs.metadata.index)
    np.testing.assert_allclose(
        erp_epochs.get_data() - means.to_numpy()[:, :, None], corrected.get_data(), atol=1e-18
    )
    with pytest.raises(ValueError, match="is subtracted already"):
        baseline_means(corrected)
    with pytest.raises(ValueError, match="must lie within the epochs"):
        baseline_means(erp_epochs, (-9.0, -8.0))
