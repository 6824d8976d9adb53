import mne
import numpy as np
import pandas as pd
import pytest
from mne_connectivity import spectral_connectivity_epochs

from mmme_neuro.responses.coupling.connectivity import DEBIASED, connectivity
from mmme_neuro.responses.coupling.estimators import ESTIMATORS, KINDS, band_spectra, coupling

N_TIMES = 126
WINDOW = dict(window=(-0.25, 1.0))


def _coupled_epochs(coherency, n_epochs, *, seed, n_pairs=1, metadata=None):
    """Pairs of circular complex Gaussian signals of given coherency at every frequency."""
    rng = np.random.default_rng(seed)
    shape = (2, n_epochs, n_pairs, N_TIMES // 2 + 1)
    first, own = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    second = np.conj(coherency) * first + np.sqrt(1 - abs(coherency) ** 2) * own
    spectra = np.stack([first, second], axis=2).reshape(n_epochs, 2 * n_pairs, -1)
    info = mne.create_info(2 * n_pairs, 100.0, "eeg", verbose="error")
    signal = np.fft.irfft(spectra, N_TIMES, axis=-1) * 1e-5
    return mne.EpochsArray(signal, info, tmin=-0.25, metadata=metadata, verbose="error")


def _wpli(coherency):
    """Weighted phase lag index of circular complex Gaussian signals.

    The imaginary part of x y* is the difference of two exponentials with means (s + b) / 2 and
    (s - b) / 2, where b is the imaginary part of the coherency, a its real part and
    s^2 = 1 - a^2; so its mean is b and its mean magnitude (s^2 + b^2) / (2 s).
    """
    b, s = abs(coherency.imag), np.sqrt(1 - coherency.real**2)
    return 2 * b * s / (s**2 + b**2)


@pytest.mark.parametrize("coherency", [0.3j, 0.5 + 0.2j, -0.6 + 0.5j, 0.7 + 0.0j])
def test_analytic_wpli_holds_by_simulation(coherency):
    rng = np.random.default_rng(0)
    x, own = rng.normal(size=(2, 400_000)) + 1j * rng.normal(size=(2, 400_000))
    y = np.conj(coherency) * x + np.sqrt(1 - abs(coherency) ** 2) * own
    imaginary = np.imag(x * np.conj(y))
    assert abs(imaginary.mean()) / np.abs(imaginary).mean() == pytest.approx(
        _wpli(coherency), abs=0.006
    )


@pytest.mark.parametrize("coherency", [0.3j, 0.5 + 0.2j, -0.6 + 0.5j])
def test_debiased_wpli_recovers_its_analytic_value(coherency):
    estimates = []
    for seed in range(8):
        epochs = _coupled_epochs(coherency, 150, seed=seed, n_pairs=4)
        matrix = connectivity(epochs, **WINDOW).matrix[0].to_numpy()
        estimates += [matrix[2 * pair, 2 * pair + 1] for pair in range(4)]
    error = np.std(estimates, ddof=1) / np.sqrt(len(estimates))
    assert error < 0.02
    assert abs(np.mean(estimates) - _wpli(coherency) ** 2) < 3.5 * error


def test_zero_lag_coupling_is_not_seen():
    matrix = connectivity(_coupled_epochs(0.9 + 0j, 200, seed=0), **WINDOW).matrix[0]
    assert abs(float(matrix[0, 1])) < 0.03


@pytest.mark.parametrize("method", DEBIASED)
def test_debiased_methods_have_no_trial_bias_under_the_null(method):
    means, errors, plv = [], [], []
    for n_epochs in (6, 26):
        values = []
        for seed in range(6):
            epochs = _coupled_epochs(0j, n_epochs, seed=seed, n_pairs=6)
            matrix = connectivity(epochs, method=method, min_epochs=5, **WINDOW).matrix[0]
            values.append(np.nanmean(matrix))
        means.append(np.mean(values))
        errors.append(np.std(values, ddof=1) / np.sqrt(6))
        biased = connectivity(epochs, method="plv", min_epochs=5, **WINDOW).matrix[0]
        plv.append(float(np.nanmean(biased)))
    assert np.all(np.abs(means) < 4.5 * np.array(errors))
    assert np.max(errors) < 0.015
    assert plv[0] == pytest.approx(0.365, abs=0.04)
    assert plv[1] == pytest.approx(0.174, abs=0.03)


@pytest.mark.parametrize("method", ESTIMATORS)
def test_values_equal_mne_connectivity(method):
    epochs = _coupled_epochs(0.4 + 0.3j, 30, seed=1, n_pairs=2)
    matrix = connectivity(epochs, method=method, **WINDOW).matrix[0].to_numpy()
    if method == "abs_imcoh":
        signed = connectivity(epochs, method="imcoh", band=(9.4, 9.6), **WINDOW).matrix[0]
        alone = connectivity(epochs, method=method, band=(9.4, 9.6), **WINDOW).matrix[0]
        np.testing.assert_allclose(alone, np.abs(signed))
        return
    pairs = (np.array([0, 3, 1]), np.array([1, 0, 2]))
    reference = spectral_connectivity_epochs(
        epochs.get_data(), method=method, indices=pairs, mode="fourier", sfreq=100.0,
        fmin=8, fmax=13, faverage=True, verbose="error",
    ).get_data()[:, 0]  # fmt: skip
    np.testing.assert_allclose(matrix[pairs], reference, atol=1e-12)
    assert np.isnan(np.diag(matrix)).all()


def test_channels_keep_the_order_asked_for():
    epochs = _coupled_epochs(0.5j, 40, seed=4, n_pairs=2)
    whole = connectivity(epochs, **WINDOW).matrix[0]
    some = connectivity(epochs, picks=["3", "0", "1"], **WINDOW).matrix[0]
    assert list(some["channel"].values) == ["3", "0", "1"]
    np.testing.assert_allclose(some, whole.sel(channel=some["channel"], other=some["other"]))


def _unequal(n_micro=22, n_macro=60, n_mixed=5):
    kinds = ["micro"] * n_micro + ["macro"] * n_macro + ["mixed"] * n_mixed
    return _coupled_epochs(
        0.5j, len(kinds), seed=2, n_pairs=2, metadata=pd.DataFrame({"expression": kinds})
    )


def test_cells_are_equalized_and_small_ones_refused():
    epochs = _unequal()
    result = connectivity(epochs, by="expression", rng=1, n_resamples=20, **WINDOW)
    counts = result.counts
    assert counts.loc["macro", ["n_epochs", "n_used", "n_subsamples"]].tolist() == [60, 22, 20]
    assert counts.loc["micro", ["n_epochs", "n_used", "n_subsamples"]].tolist() == [22, 22, 1]
    assert counts.loc["mixed", "reason"] == "5 epochs, fewer than 20"
    assert np.isnan(result.matrix.sel(cell="mixed")).all()
    micro = connectivity(epochs["expression == 'micro'"], **WINDOW).matrix[0]
    np.testing.assert_allclose(result.matrix.sel(cell="micro"), micro)
    again = connectivity(epochs, by="expression", rng=1, n_resamples=20, **WINDOW)
    np.testing.assert_array_equal(result.matrix, again.matrix)


def test_plv_of_equalized_cells_agrees_where_that_of_unequal_cells_does_not():
    kinds = pd.DataFrame({"expression": ["micro"] * 20 + ["macro"] * 200})
    epochs = _coupled_epochs(0j, 220, seed=3, n_pairs=5, metadata=kinds)
    options = dict(method="plv", by="expression", **WINDOW)
    unequal = connectivity(epochs, equalize=False, **options).matrix.mean(["channel", "other"])
    equal = connectivity(epochs, rng=0, n_resamples=20, **options).matrix.mean(["channel", "other"])
    assert float(unequal.sel(cell="micro") - unequal.sel(cell="macro")) > 0.1
    assert abs(float(equal.sel(cell="micro") - equal.sel(cell="macro"))) < 0.03


def test_subsamples_hold_no_epoch_twice():
    # An epoch drawn twice agrees with itself: about +.04 here.
    kinds = pd.DataFrame({"expression": ["micro"] * 20 + ["macro"] * 40})
    epochs = _coupled_epochs(0j, 60, seed=6, n_pairs=15, metadata=kinds)
    matrix = connectivity(epochs, by="expression", rng=0, n_resamples=30, **WINDOW).matrix
    assert abs(float(matrix.sel(cell="macro").mean())) < 0.012


def test_bad_input_is_refused():
    epochs = _unequal()
    with pytest.raises(ValueError, match="method='pearson'"):
        connectivity(epochs, method="pearson", **WINDOW)
    with pytest.raises(ValueError, match="rng=None"):
        connectivity(epochs, by="expression", **WINDOW)
    with pytest.raises(ValueError, match="leaves no frequency"):
        connectivity(epochs, band=(8.0, 8.5), window=(0.0, 0.3))
    with pytest.warns(UserWarning, match="cycles"):
        connectivity(epochs, band=(4.0, 8.0), window=(0.0, 0.5))
    with pytest.warns(UserWarning, match="all are refused"):
        refused = connectivity(epochs, min_epochs=500, **WINDOW)
    assert refused.counts["reason"].tolist() == ["87 epochs, fewer than 500"]
    with pytest.raises(ValueError, match="needs 2 or more"):
        connectivity(epochs, min_epochs=1, **WINDOW)


@pytest.mark.parametrize(("jackknife", "bias"), [(False, (-0.07, -0.025)), (True, (-0.02, 0.02))])
def test_jackknife_removes_the_bias_of_strong_coupling(jackknife, bias):
    b, n_pairs = 0.5, 60
    epochs = _coupled_epochs(0.5j, 20, seed=8, n_pairs=n_pairs)
    result = connectivity(epochs, band=(8.0, 13.0), jackknife=jackknife, **WINDOW)
    estimates = np.diagonal(result.matrix.to_numpy()[0], offset=1)[::2]
    error = estimates.mean() - (2 * b / (1 + b**2)) ** 2
    assert len(estimates) == n_pairs
    assert bias[0] < error < bias[1]


def test_many_sets_are_as_one_by_one():
    rng = np.random.default_rng(3)
    spectra = band_spectra(rng.standard_normal((30, 4, 126)), 100.0, 8, 13)
    sets = rng.random((5, 30)) < 0.5
    together = coupling(spectra, sets, "wpli2_debiased")
    for values, chosen in zip(together, sets, strict=True):
        alone = coupling(spectra[chosen], np.ones((1, chosen.sum()), bool), "wpli2_debiased")
        np.testing.assert_allclose(values, alone[0], atol=1e-12)


def test_jackknife_is_the_textbook_one():
    epochs = _coupled_epochs(0.5 + 0.3j, 25, seed=6)
    data, n = epochs.get_data(), 25
    spectra = band_spectra(data, 100.0, 8, 13)

    def estimate(rows):
        return coupling(spectra[rows], np.ones((1, len(rows)), bool), "wpli2_debiased")[0, 0]

    without = [estimate(np.delete(np.arange(n), k)) for k in range(n)]
    expected = n * estimate(np.arange(n)) - (n - 1) * np.mean(without)
    found = connectivity(epochs, jackknife=True, **WINDOW).matrix[0, 0, 1]
    assert float(found) == pytest.approx(expected, abs=1e-12)


def amplitude_epochs(n_epochs, *, seed, shared, by=None):
    """Four 10 Hz rhythms of random phase; amplitudes of the first two share a slow course."""
    rng = np.random.default_rng(seed)
    times = np.arange(-0.5, 3.5, 0.01)
    kernel = np.hanning(60)[None, None]
    slow = np.stack(
        [[np.convolve(rng.standard_normal(times.size), kernel[0, 0], "same") for _ in range(5)]
         for _ in range(n_epochs)]
    )  # fmt: skip
    slow /= slow.std()
    own = slow[:, :4].copy()
    own[:, :2] = np.sqrt(shared) * slow[:, 4:5] + np.sqrt(1 - shared) * slow[:, :2]
    phase = 2 * np.pi * (10 * times + np.cumsum(0.01 * rng.standard_normal((n_epochs, 4, 400)), -1))
    phase += rng.uniform(0, 2 * np.pi, (n_epochs, 4, 1))
    data = 1e-6 * np.exp(0.5 * own) * np.cos(phase)
    metadata = None if by is None else pd.DataFrame({"cell": by})
    info = mne.create_info(4, 100.0, "eeg")
    return mne.EpochsArray(data, info, tmin=-0.5, metadata=metadata, verbose="error")


LONG = dict(band=(8.0, 12.0), window=(0.0, 3.0))


@pytest.mark.parametrize(
    "method", ["orthogonal_envelope", "envelope_correlation", "envelope_partial"]
)
def test_amplitudes_that_go_together_are_found(method):
    matrix = connectivity(amplitude_epochs(60, seed=1, shared=0.8), method=method, **LONG).matrix[0]
    others = [float(matrix[i, j]) for i, j in ((0, 2), (1, 3), (2, 3))]
    assert float(matrix[0, 1]) > max(others) + 0.2
    np.testing.assert_allclose(matrix, matrix.T)


def test_zero_lag_copies_do_not_count_when_orthogonalized():
    epochs = amplitude_epochs(60, seed=2, shared=0.0)
    data = epochs.get_data(copy=True)
    data[:, 1] = data[:, 0] + 0.3 * data[:, 1]
    mixed = mne.EpochsArray(data, epochs.info, tmin=-0.5, verbose="error")
    plain = connectivity(mixed, method="envelope_correlation", **LONG).matrix[0, 0, 1]
    orthogonal = connectivity(mixed, method="orthogonal_envelope", **LONG).matrix[0]
    assert float(plain) > 0.7
    assert float(orthogonal[0, 1]) < float(orthogonal[0, 2]) + 0.1


def test_partial_correlation_is_nilearns():
    from nilearn.connectome import ConnectivityMeasure
    from scipy.signal import hilbert

    epochs = amplitude_epochs(20, seed=3, shared=0.5)
    found = connectivity(epochs, method="envelope_partial", **LONG).matrix[0].to_numpy()
    filtered = mne.filter.filter_data(
        epochs.get_data(), 100.0, 8.0, 12.0, method="iir", verbose="error"
    )
    inside = (epochs.times >= 0) & (epochs.times <= 3.0 + 1e-9)
    envelope = np.abs(hilbert(filtered))[..., inside]
    envelope -= envelope.mean(axis=-1, keepdims=True)
    series = np.concatenate(list(envelope), axis=1).T
    measure = ConnectivityMeasure(kind="partial correlation", standardize=False)
    expected = measure.fit_transform([series])[0]
    off = ~np.eye(4, dtype=bool)
    np.testing.assert_allclose(found[off], expected[off], atol=1e-10)


def test_tangent_space_compares_cells_and_needs_two():
    cells = ["macro"] * 30 + ["micro"] * 30
    epochs = amplitude_epochs(60, seed=4, shared=0.5, by=cells)
    result = connectivity(epochs, method="envelope_tangent", by="cell", rng=1, **LONG)
    assert np.isfinite(result.matrix.values[:, 0, 1]).all()
    with pytest.raises(ValueError, match="two cells or more"):
        connectivity(epochs, method="envelope_tangent", **LONG)


@pytest.mark.parametrize("method", ["orthogonal_envelope", *KINDS])
def test_amplitude_methods_refuse_small_cells_and_jackknife(method):
    cells = ["macro"] * 35 + ["micro"] * 25 + ["mixed"] * 4
    epochs = amplitude_epochs(64, seed=5, shared=0.5, by=cells)
    result = connectivity(epochs, method=method, by="cell", rng=1, n_resamples=3, **LONG)
    refused = result.matrix.sel(cell="mixed").values
    assert np.isnan(refused).all()
    assert np.isfinite(result.matrix.sel(cell="macro").values[0, 1])
    with pytest.raises(ValueError, match="no ratio over epochs"):
        connectivity(epochs, method=method, jackknife=True, by="cell", rng=1, **LONG)


def test_subsamples_are_kept_on_request_and_average_to_the_matrix():
    cells = ["macro"] * 40 + ["micro"] * 22 + ["mixed"] * 3
    epochs = _coupled_epochs(0.3j, 65, seed=7, n_pairs=2, metadata=pd.DataFrame({"cell": cells}))
    how = dict(by="cell", n_resamples=6, **WINDOW)
    kept = connectivity(epochs, average=False, rng=1, **how).matrix
    mean = connectivity(epochs, rng=1, **how).matrix
    assert kept.sizes["subsample"] == 6
    present = np.isfinite(kept.sel(channel="0", other="1")).sum("subsample")
    assert present.values.tolist() == [6, 1, 0]
    np.testing.assert_allclose(kept.mean("subsample"), mean)
