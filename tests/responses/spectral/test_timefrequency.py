import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.responses.spectral import wavelets
from mmme_neuro.responses.spectral.bandpower import band_power
from mmme_neuro.responses.spectral.timefrequency import participant_average, time_frequency
from mmme_neuro.responses.spectral.wavelets import cycles, fwhm

FREQS = np.array([8.0, 10.0, 14.0])


@pytest.fixture
def noise_epochs():
    """240 epochs of two channels of white noise (1 uV): 40 micro, 200 macro."""
    rng = np.random.default_rng(3)
    info = mne.create_info(["Cz", "Pz"], 100.0, "eeg", verbose="error")
    table = pd.DataFrame({"expression": ["micro"] * 40 + ["macro"] * 200})
    data = rng.normal(0, 1e-6, (240, 2, 351))
    return mne.EpochsArray(data, info, tmin=-1.5, metadata=table, verbose="error")


def _mne_reference(epochs):
    return epochs.compute_tfr(
        "morlet", FREQS, n_cycles=3.0, average=False, return_itc=False, verbose="error"
    )


def test_modes_equal_mne(noise_epochs):
    few = noise_epochs[30:50]
    reference = _mne_reference(few["expression == 'micro'"])
    average = reference.average(dim="epochs")
    before = (reference.times >= -1.25 - 1e-9) & (reference.times <= -0.75 + 1e-9)
    options = dict(frequencies=FREQS, n_cycles=3.0, decim=1)

    ratio = time_frequency(few, mode="logratio", **options, by="expression").data.sel(
        condition="micro"
    )
    expected = average.copy().apply_baseline((-1.25, -0.75), mode="logratio", verbose="error")
    np.testing.assert_allclose(ratio, expected.data, atol=1e-9)

    power = time_frequency(few, mode="power", **options, by="expression").data.sel(
        condition="micro"
    )
    expected = average.data - average.data[..., before].mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(power, expected * 1e12, atol=1e-9)

    level = 10 * np.log10(reference.data)
    level -= level[..., before].mean(axis=-1, keepdims=True)
    db = time_frequency(few, mode="db", **options, by="expression").data.sel(condition="micro")
    np.testing.assert_allclose(db, level.mean(axis=0), atol=1e-9)


def test_batches_do_not_change_the_result(noise_epochs, monkeypatch):
    options = dict(frequencies=FREQS, n_cycles=3.0, picks=["Pz"])
    whole = time_frequency(noise_epochs[:50], **options, by="expression")
    monkeypatch.setattr(wavelets, "BATCH_BYTES", 8 * 351 * 3 * 7)
    np.testing.assert_allclose(
        time_frequency(noise_epochs[:50], **options, by="expression").data, whole.data
    )


def test_noise_gives_zero_db_at_any_number_of_epochs(noise_epochs):
    # 40 groups of 5 epochs: the ratio of averages is biased downwards, the log-first mean is not.
    micro = noise_epochs.metadata.assign(cell=np.arange(240) // 6)
    grouped = noise_epochs.copy()
    grouped.metadata = micro
    options = dict(by="cell", frequencies=[10.0], n_cycles=3.0, decim=10)
    after = slice(0.0, 1.0)
    db = time_frequency(grouped, mode="db", **options).data.sel(time=after).mean(["time"])
    ratio = 10 * time_frequency(grouped, mode="logratio", **options).data.sel(time=after)
    ratio = ratio.mean(["time"])
    assert abs(float(db.mean())) < 3.5 * float(db.std()) / np.sqrt(db.size)
    assert float(ratio.mean()) < -0.1


def test_desynchronization_is_recovered(noise_epochs):
    # 10 Hz power falls to a quarter (-6.02 dB) after 0.2 s in macro, not in micro.
    epochs = noise_epochs.copy()
    times = epochs.times
    phases = np.random.default_rng(0).uniform(0, 2 * np.pi, (240, 1, 1))
    amplitude = np.where(times > 0.2, 10.0, 20.0) * np.ones((240, 1, 1))
    amplitude[:40] = 20.0
    wave = amplitude * np.cos(2 * np.pi * 10 * times + phases) * 1e-6
    epochs._data = epochs.get_data() + wave
    maps = time_frequency(epochs, frequencies=[10.0], n_cycles=3.0, by="expression").data
    late = maps.sel(time=slice(0.6, 1.5)).mean(["time", "channel", "frequency"])
    assert abs(float(late.sel(condition="macro")) + 6.02) < 0.1
    assert abs(float(late.sel(condition="micro"))) < 0.1


def test_participants_weigh_the_same(erp_epochs):
    options = dict(frequencies=[10.0], n_cycles=3.0, picks=["Cz"])
    maps = time_frequency(erp_epochs, by=["participant", "expression"], **options)
    average = participant_average(maps)
    reference = np.mean(
        [maps.data.sel(condition=f"p{i}/micro").to_numpy() for i in range(6)], axis=0
    )
    np.testing.assert_allclose(average.data.sel(condition="micro"), reference)
    assert average.data.dims == maps.data.dims
    assert average.counts.loc["micro"].tolist() == [33, 6]
    pooled = time_frequency(erp_epochs, **options, by="expression")
    assert not np.allclose(average.data.sel(condition="micro"), pooled.data.sel(condition="micro"))
    with pytest.raises(ValueError, match="must be by"):
        participant_average(pooled)
    table = erp_epochs.metadata
    some = erp_epochs[((table["participant"] != "p2") | (table["expression"] == "macro")).values]
    with pytest.raises(ValueError, match="'p2'"):
        participant_average(time_frequency(some, by=["participant", "expression"], **options))


def test_resolution_is_stated(noise_epochs):
    maps = time_frequency(noise_epochs[:2], by="expression", frequencies=[4.0, 40.0])
    np.testing.assert_allclose(maps.data["fwhm"], [0.281, 0.0750], atol=5e-4)
    np.testing.assert_allclose(cycles(np.array([2.0, 4.0, 40.0, 60.0])), [3, 3, 8, 8])
    # The envelope of the wavelet itself.
    wavelet = mne.time_frequency.morlet(1000.0, [4.0], n_cycles=3.0)[0]
    above = np.abs(wavelet) >= np.abs(wavelet).max() / 2
    assert abs(above.sum() / 1000 - float(fwhm(np.array(4.0), 3.0))) < 0.003
    assert not bool(maps.data["reliable"].sel(frequency=4.0)[0])
    assert bool(maps.data["reliable"].sel(frequency=4.0).sel(time=-1.24, method="nearest"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "percent"}, "mode='percent'"),
        ({"mode": "logratio", "baseline": None}, "needs a baseline"),
        ({"frequencies": [10.0, 60.0]}, "half the sampling rate"),
        ({"frequencies": [10.0, 5.0]}, "increasing"),
        ({"frequencies": [1.0], "n_cycles": 7.0}, "wavelet at 1 Hz lasts"),
        ({"baseline": (-2.0, -1.0)}, "inside the epoch"),
    ],
)
def test_bad_input_is_refused(noise_epochs, options, message):
    with pytest.raises(ValueError, match=message):
        time_frequency(noise_epochs[:4], **options, by="expression")


def test_beta_falls_around_the_button_press_of_a_real_recording(shared_data):
    raw = mne.io.read_raw_eeglab(
        shared_data / "eeglab" / "eeglab_data.set", preload=True, verbose="error"
    ).drop_channels(["EOG1", "EOG2"])
    raw.set_eeg_reference("average", verbose="error")
    events, codes = mne.events_from_annotations(raw, verbose="error")
    events = events[events[:, 2] == codes["square"]]
    epochs = mne.Epochs(
        raw, events, tmin=-1.5, tmax=1.5, baseline=None, preload=True, verbose="error",
        metadata=pd.DataFrame({"expression": ["macro"] * len(events)}),
    )  # fmt: skip
    around_press = (0.4, 0.8)
    options = dict(window=around_press, baseline=(-1.0, -0.4))
    change = band_power(epochs, band="beta", roi="sensorimotor", **options)
    for column in ("power_uv2", "log_ratio_db"):
        assert change[column].mean() / change[column].sem() < -3
    maps = time_frequency(
        epochs, frequencies=[16.0, 20.0], picks=["C3", "C4"], baseline=(-1.0, -0.4), by="expression"
    )
    beta = maps.data.sel(time=slice(*around_press)).mean(["frequency", "time"])
    assert bool((beta < -0.5).all())


def _evoked_and_induced(n_epochs=40, seed=0):
    """10 Hz locked to the event and 20 Hz of random phase, both from 0 to 0.8 s."""
    rng = np.random.default_rng(seed)
    times = np.arange(-1.5, 2.0, 0.01)
    gate = (times > 0) & (times < 0.8)
    locked = np.cos(2 * np.pi * 10 * times) * gate
    phase = rng.uniform(0, 2 * np.pi, (n_epochs, 1))
    free = np.cos(2 * np.pi * 20 * times + phase) * gate
    data = 1e-6 * (locked + free + 0.1 * rng.standard_normal((n_epochs, times.size)))
    metadata = pd.DataFrame({"expression": np.resize(["macro", "micro"], n_epochs)})
    info = mne.create_info(["CZ"], 100.0, "eeg")
    return mne.EpochsArray(data[:, None], info, tmin=-1.5, metadata=metadata, verbose="error")


@pytest.mark.parametrize("method", ["morlet", "multitaper"])
def test_evoked_and_induced_power_part_what_is_locked(method):
    epochs = _evoked_and_induced()
    how = dict(
        frequencies=[10.0, 20.0], n_cycles=4, mode="power", baseline=None, method=method, decim=1
    )
    found = {
        kind: time_frequency(epochs, power=kind, **how, by="expression").data.sel(
            time=0.4, method="nearest"
        )[0, 0]
        for kind in ("total", "evoked", "induced")
    }
    assert float(found["evoked"][0]) == pytest.approx(float(found["total"][0]), rel=0.1)
    assert float(found["evoked"][1]) < 0.4 * float(found["total"][1])
    assert float(found["induced"][0]) < 0.1 * float(found["total"][0])
    assert float(found["induced"][1]) > 0.6 * float(found["total"][1])


def test_multitaper_power_is_mnes():
    epochs = _evoked_and_induced(10)
    how = dict(n_cycles=4, decim=1)
    found = time_frequency(
        epochs,
        frequencies=[10.0, 20.0],
        mode="power",
        baseline=None,
        method="multitaper",
        **how,
        by="expression",
    )
    data = 1e6 * epochs["expression == 'micro'"].get_data()
    expected = mne.time_frequency.tfr_array_multitaper(
        data,
        100.0,
        [10.0, 20.0],
        n_cycles=4,
        time_bandwidth=4.0,
        output="avg_power",
        verbose="error",
    )
    np.testing.assert_allclose(found.data.sel(condition="micro"), expected)


@pytest.mark.parametrize("choice", [{"power": "phase"}, {"method": "stft"}])
def test_unknown_kinds_of_power_are_refused(choice):
    with pytest.raises(ValueError, match="must be one of"):
        time_frequency(_evoked_and_induced(4), **choice, by="expression")
