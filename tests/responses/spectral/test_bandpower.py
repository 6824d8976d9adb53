import mne
import numpy as np
import pandas as pd
import pytest
from scipy import signal, stats

from mmme_neuro.responses.spectral.bandpower import KERNELS, band_power, energy_half_width

TIMES = np.arange(-1.5, 2.0 + 1e-9, 0.01)
WINDOW = (0.5, 1.0)


def _epochs(data_uv, ch_names=("Cz",)):
    info = mne.create_info(list(ch_names), 100.0, "eeg", verbose="error")
    table = pd.DataFrame({"stimulus": np.arange(len(data_uv))})
    return mne.EpochsArray(data_uv * 1e-6, info, tmin=-1.5, metadata=table, verbose="error")


@pytest.mark.parametrize("method", KERNELS)
def test_sinusoid_has_its_mean_square(method):
    size = np.where(TIMES > 0, 6.0, 4.0)
    wave = size * np.cos(2 * np.pi * 10.5 * TIMES + np.arange(5)[:, None, None])
    table = band_power(
        _epochs(wave)[2:],
        band="alpha",
        roi=["Cz"],
        window=WINDOW,
        baseline=(-0.9, -0.5),
        method=method,
    )
    np.testing.assert_allclose(table["window_uv2"], 18.0, rtol=0.02)
    np.testing.assert_allclose(table["baseline_uv2"], 8.0, rtol=0.02)
    np.testing.assert_allclose(table["power_uv2"], 10.0, rtol=0.04)
    np.testing.assert_allclose(table["log_ratio_db"], 20 * np.log10(1.5), rtol=0.02)
    assert table.index.tolist() == [2, 3, 4]


@pytest.mark.parametrize(("method", "tolerance"), [("morlet", 0.06), ("fir", 0.06)])
def test_stationary_noise_cancels_and_has_the_power_of_its_spectrum(method, tolerance):
    rng = np.random.default_rng(1)
    noise = signal.lfilter([1], [1, -0.9], rng.normal(0, 2, (800, 1, 851)))[..., 500:]
    epochs = _epochs(noise)
    table = band_power(
        epochs, band="alpha", roi=["Cz"], window=WINDOW, baseline=(-0.9, -0.5), method=method
    )
    for column in ("power_uv2", "log_ratio_db"):
        assert abs(table[column].mean() / table[column].sem()) < 3.5
    frequencies, response = signal.freqz([1], [1, -0.9], worN=4096, fs=100.0)
    spectrum = 2 * 4 / 100 * np.abs(response) ** 2
    _, gain = signal.freqz(KERNELS[method](8.0, 13.0, 100.0), worN=frequencies, fs=100.0)
    expected = np.trapezoid(spectrum * np.abs(gain) ** 2, frequencies)
    assert table["window_uv2"].mean() == pytest.approx(expected, rel=tolerance)


def test_added_power_is_recovered_in_noise():
    rng = np.random.default_rng(2)
    phase = rng.uniform(0, 2 * np.pi, (400, 2, 1))
    burst = np.where(TIMES > 0, 4.0, 0.0) * np.cos(2 * np.pi * 10.5 * TIMES + phase)
    epochs = _epochs(burst + rng.normal(0, 5, burst.shape), ("C3", "C4"))
    table = band_power(epochs, band="alpha", roi="sensorimotor", window=WINDOW)
    assert abs(table["power_uv2"].mean() - 8.0) < 3.5 * table["power_uv2"].sem()
    assert table["power_uv2"].sem() < 0.5


@pytest.mark.parametrize("column", ["power_uv2", "log_ratio_db"])
def test_error_rate_is_nominal_without_an_effect(column):
    # 200 experiments of 15 epochs; 10 rejections expected at .05, 99.9 % within 2 to 22.
    noise = np.random.default_rng(9).normal(0, 5, (3000, 1, 351))
    table = band_power(_epochs(noise), band="alpha", roi=["Cz"], window=WINDOW)
    p_values = stats.ttest_1samp(table[column].to_numpy().reshape(200, 15), 0, axis=1).pvalue
    assert 2 <= (p_values < 0.05).sum() <= 22


def test_fir_equals_filter_and_hilbert_of_mne():
    noise = np.random.default_rng(4).normal(0, 5, (1, 1, 351))
    ours = [
        band_power(
            _epochs(noise), band="alpha", roi=["Cz"], window=(t, t + 0.01), method="fir",
            baseline=(-0.9, -0.5),
        )["window_uv2"].item()
        for t in np.arange(-0.5, 1.0, 0.05)
    ]  # fmt: skip
    # MNE counts a transition outwards from the pass band; here the edges are its middle.
    filtered = mne.filter.filter_data(
        noise[0], 100.0, 9.25, 11.75, l_trans_bandwidth=2.5, h_trans_bandwidth=2.5,
        filter_length=133, fir_window="hamming", verbose="error",
    )  # fmt: skip
    power = np.abs(signal.hilbert(filtered[0])) ** 2 / 2
    start = np.searchsorted(TIMES, -0.5 - 1e-6)
    reference = (power[start : start + 150 : 5] + power[start + 1 : start + 151 : 5]) / 2
    np.testing.assert_allclose(ours, reference, rtol=0.05, atol=0.01)


def test_kernels_are_linear_phase_and_analytic():
    for kernel in (make(8.0, 13.0, 250.0) for make in KERNELS.values()):
        np.testing.assert_allclose(kernel, np.conj(kernel[::-1]), atol=1e-15)
        frequencies = np.array([-10.5, 8.0, 10.5, 13.0])
        times = (np.arange(len(kernel)) - len(kernel) // 2) / 250
        gain = np.abs(np.exp(-2j * np.pi * frequencies[:, None] * times) @ kernel)
        np.testing.assert_allclose(gain, [0, 0.5, 1, 0.5], atol=0.01)
    assert energy_half_width(np.array([0, 0, 1, 0, 0])) == 0


def test_ends_of_the_epoch_warn_and_a_flat_channel_gives_nan():
    epochs = _epochs(np.zeros((2, 1, 351)))
    with pytest.warns(UserWarning, match="closer to an end"):
        table = band_power(epochs, band="theta", roi=["Cz"], window=WINDOW, baseline=(-1.5, -1.0))
    assert table["log_ratio_db"].isna().all()
    assert (table["power_uv2"] == 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"band": "mu"}, "band='mu'"),
        ({"band": (13.0, 8.0)}, "0 < low < high"),
        ({"band": (30.0, 60.0)}, "half the sampling rate"),
        ({"method": "butter"}, "method='butter'"),
        ({"band": (0.5, 1.0), "method": "fir"}, "Use longer epochs"),
        ({"window": (1.5, 2.5)}, "window"),
    ],
)
@pytest.mark.filterwarnings("ignore:The filter needs")
def test_bad_input_is_refused(options, message):
    options = {"band": "alpha", "roi": ["Cz"], "window": WINDOW, **options}
    with pytest.raises(ValueError, match=message):
        band_power(_epochs(np.ones((2, 1, 351))), **options)
