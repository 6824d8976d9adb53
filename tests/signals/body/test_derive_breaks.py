"""Autonomic signals of recordings with cuts and gaps: nothing goes across."""

import mne
import numpy as np
import pytest

from mmme_neuro import derive_physio

SFREQ = 100.0


def physio_of(rsp, eda, marks=()):
    info = mne.create_info(["RSP", "EDA"], SFREQ, ["resp", "gsr"])
    raw = mne.io.RawArray(np.stack([rsp, eda]), info, first_samp=300, verbose="error")
    for onset, duration, text in marks:
        raw.annotations.append(onset + raw.first_time, duration, text)
    return raw


@pytest.fixture(scope="module")
def parts():
    """90 s of calm breathing at 2 uS, 90 s of fast breathing at 12 uS."""
    times = np.arange(0, 90, 1 / SFREQ)
    return [
        (np.sin(2 * np.pi * rate * times), level * 1e-6 + 1e-7 * np.sin(times / 3))
        for rate, level in ((0.2, 2.0), (0.5, 12.0))
    ]


def derived(raw):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return derive_physio(raw)


@pytest.mark.parametrize("text", ["boundary", "EDGE boundary", "BAD boundary"])
def test_stretches_between_cuts_are_derived_by_themselves(parts, text):
    joined = [np.concatenate(pair) for pair in zip(*parts, strict=True)]
    found = derived(physio_of(*joined, marks=[(90.0, 0.0, text)]))
    alone = [derived(physio_of(*part)) for part in parts]
    for channel in ("rsp_rate", "rsp_amplitude", "eda", "eda_tonic"):
        expected = np.concatenate([one.raw.get_data(picks=channel)[0] for one in alone])
        np.testing.assert_allclose(found.raw.get_data(picks=channel)[0], expected)
    across = derived(physio_of(*joined)).raw.get_data(picks="eda_tonic")[0]
    tonic = found.raw.get_data(picks="eda_tonic")[0]
    near = slice(4400, 4490)
    assert np.nanmax(np.abs(tonic[near] - 2e-6)) < 0.5e-6 < np.nanmax(np.abs(across[near] - 2e-6))
    assert found.quality.loc["rsp_rate", "n_found"] == sum(
        one.quality.loc["rsp_rate", "n_found"] for one in alone
    )


def test_what_was_not_recorded_is_missing(parts):
    rsp, eda = (values.copy() for values in parts[0])
    rsp[3000:5000] = eda[3000:5000] = 0.0
    found = derived(physio_of(rsp, eda, marks=[(30.0, 20.0, "BAD_ACQ_SKIP")]))
    gone = np.isnan(found.raw.get_data(picks="eda")[0])
    assert gone[1500:2500].all() and not gone[:1490].any() and not gone[2510:].any()
    assert found.quality.loc["eda", "share_missing"] == pytest.approx(20 / 90, abs=1e-3)
    rate = found.raw.get_data(picks="rsp_rate")[0]
    assert np.nanmax(np.abs(rate - 12)) < 0.5


def test_a_stretch_too_short_for_anything_is_missing_and_the_rest_stays(parts):
    found = derived(physio_of(*parts[0], marks=[(3.0, 0.0, "boundary")]))
    rate = found.raw.get_data(picks="rsp_rate")[0]
    assert np.isnan(rate[:150]).all() and np.isfinite(rate[500:4000]).mean() > 0.95
    assert found.quality.loc["rsp_rate", "reason"] == ""
