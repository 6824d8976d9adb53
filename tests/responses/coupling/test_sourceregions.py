"""Regions without an MRI: known dipoles come out in their region, and their coupling too."""

import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro import connectivity
from mmme_neuro.io.montage import QUIK_CAP_64, place_electrodes
from mmme_neuro.responses import source_regions
from mmme_neuro.responses.coupling.sourceregions import REGIONS
from mmme_neuro.simulate.brain import simulated_head

SFREQ = 100.0
NAMES = [name for name in QUIK_CAP_64 if name not in ("M1", "M2")]


def cap_info():
    info = mne.create_info(NAMES, SFREQ, "eeg")
    raw = mne.io.RawArray(np.zeros((len(NAMES), 2)), info, verbose="error")
    return place_electrodes(raw).info


def epochs_of(sources, topographies, rng, *, noise=0.1):
    """Sources (n, epochs, times) seen through columns (channels, n), plus sensor noise."""
    data = np.einsum("cn,net->ect", topographies, sources)
    data += noise * data.std() * rng.standard_normal(data.shape)
    data -= data.mean(axis=1, keepdims=True)
    metadata = pd.DataFrame({"expression": ["micro", "macro"] * (data.shape[0] // 2)})
    return mne.EpochsArray(
        1e-6 * data / data.std(), cap_info(), tmin=-1.0, metadata=metadata, verbose="error"
    )


@pytest.fixture(scope="module")
def topographies():
    """What radial dipoles below C3, PO8 and F4 look like on the scalp."""
    head = simulated_head(tuple(NAMES))
    directions = np.array([head.below(name) for name in ("C3", "PO8", "F4")])
    return head.topographies(0.8 * directions, directions)


def rhythm(rng, n_epochs=60, n_times=250):
    """Noise around 10 Hz."""
    white = rng.standard_normal((n_epochs, n_times))
    spectrum = np.fft.rfft(white, axis=1)
    freqs = np.fft.rfftfreq(n_times, 1 / SFREQ)
    return np.fft.irfft(spectrum * np.exp(-0.5 * ((freqs - 10) / 1.5) ** 2), n_times, axis=1)


def test_each_dipole_is_strongest_in_its_own_region(topographies):
    rng = np.random.default_rng(1)
    for k, region in enumerate(("central left", "occipital right", "frontal right")):
        source = rhythm(rng)
        found = source_regions(epochs_of(source[None], topographies[:, [k]], rng, noise=1.0))
        similar = [
            abs(np.corrcoef(found.get_data(picks=[name]).ravel(), source.ravel())[0, 1])
            for name in REGIONS
        ]
        assert list(REGIONS)[int(np.argmax(similar))] == region


def test_lagged_coupling_of_two_regions_is_the_strongest(topographies):
    rng = np.random.default_rng(2)
    one = rhythm(rng)
    sources = np.stack([one, np.roll(one, 3, axis=1) + 0.3 * rhythm(rng), rhythm(rng)])
    found = source_regions(epochs_of(sources, topographies, rng))
    assert found.metadata["expression"].tolist()[:2] == ["micro", "macro"]
    np.testing.assert_allclose(found.get_data().std(axis=(0, 2)), 1.0, rtol=0.05)
    matrix = connectivity(
        found,
        picks=found.ch_names,
        band=(8.0, 12.0),
        window=(-0.5, 1.0),
        equalize=False,
        by="expression",
    ).matrix.mean("cell")
    pair = float(matrix.sel(channel="central left", other="occipital right"))
    others = [
        float(matrix.sel(channel="frontal right", other=name))
        for name in ("central left", "occipital right")
    ]
    assert pair > 0.5 and max(others) < 0.3


def test_bad_input_is_refused(topographies):
    rng = np.random.default_rng(3)
    epochs = epochs_of(rhythm(rng, 4)[None], topographies[:, [0]], rng)
    with pytest.raises(ValueError, match="16 or more"):
        source_regions(epochs.copy().pick(NAMES[:10]))
    with pytest.raises(ValueError, match="none of \\['E1'\\] is an electrode"):
        source_regions(epochs, rois={"here": ["E1"]})
