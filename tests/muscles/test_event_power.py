import mne
import numpy as np
import pytest

from mmme_neuro.muscles.event_power import FACE, event_muscle_power

SFREQ = 500.0
NAMES = ["FP1", "FP2", "PZ", "P1", "P2", "C3", "CZ", "C4", "OZ"]


def recording(rows, *, sfreq=SFREQ, emg=None):
    data = 1e-6 * np.array(rows)
    names, kinds = list(NAMES), ["eeg"] * len(NAMES)
    if emg is not None:
        data, names, kinds = np.vstack([data, 1e-6 * emg]), [*names, "EMG"], [*kinds, "emg"]
    return mne.io.RawArray(data, mne.create_info(names, sfreq, kinds), verbose="error")


def tone(frequency, size, times):
    return size * np.sin(2 * np.pi * frequency * times)


@pytest.fixture
def times():
    return np.arange(0, 20, 1 / SFREQ)


def test_a_tone_in_the_band_has_its_power_and_mains_have_none(times):
    rows = np.zeros((len(NAMES), times.size))
    rows[0] = tone(60, 4.0, times)
    rows += tone(50, 200.0, times)
    table = event_muscle_power(recording(rows), recording(0 * rows + 1e-3 * rows[0]), [10.0])
    frontal = table.set_index("roi").loc["frontal_polar"]
    # Power of a sine is half its squared size; FP2 has none.
    assert frontal["before_db"] == pytest.approx(10 * np.log10(8.0 / 2), abs=0.2)
    quiet = table.set_index("roi").loc["parietal", "before_db"]
    assert np.isnan(quiet) or quiet < -10


def test_share_of_variance_that_cleaning_took(times):
    rng = np.random.default_rng(0)
    brain = 5 * rng.standard_normal((len(NAMES), times.size))
    muscle = np.zeros_like(brain)
    muscle[:2] = 10 * rng.standard_normal((2, times.size))
    table = event_muscle_power(recording(brain + muscle), recording(brain), [5.0, 10.0, 15.0])
    shares = table.groupby("roi")["removed_share"].mean()
    assert shares["frontal_polar"] == pytest.approx(0.8, abs=0.05)
    assert abs(shares["parietal"]) < 0.05


def test_one_broken_channel_does_not_spread_by_the_reference(times):
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((len(NAMES), times.size))
    clean = event_muscle_power(recording(rows), recording(rows), [10.0]).set_index("roi")
    rows[8] += 5000 * rng.standard_normal(times.size)
    broken = event_muscle_power(recording(rows), recording(rows), [10.0]).set_index("roi")
    change = broken.loc["parietal", "before_db"] - clean.loc["parietal", "before_db"]
    assert abs(change) < 1.5


def test_facial_channels_and_ends_of_the_recording(times):
    rows = np.random.default_rng(2).standard_normal((len(NAMES), times.size))
    raw = recording(rows, emg=tone(55, 10.0, times))
    table = event_muscle_power(raw, recording(rows), [0.1, 10.0, np.nan])
    face = table[table["roi"] == FACE].set_index("event")
    assert face.loc[1, "before_db"] == pytest.approx(10 * np.log10(50), abs=0.2)
    assert face["after_db"].isna().all()
    assert table[table["event"] != 1]["before_db"].isna().all()


def test_rates_below_the_band_give_no_power():
    slow = np.arange(0, 20, 0.01)
    rows = np.random.default_rng(3).standard_normal((len(NAMES), slow.size))
    raw = recording(rows, sfreq=100.0)
    table = event_muscle_power(raw, raw, [10.0], line_hz=None)
    assert table["before_db"].isna().all() and table["removed_share"].notna().all()


def test_mains_of_60_hz_move_the_band(times):
    rows = np.zeros((len(NAMES), times.size))
    rows[0] = tone(75, 4.0, times)
    rows += tone(60, 200.0, times) * np.linspace(0.5, 1.5, len(NAMES))[:, None]
    table = event_muscle_power(recording(rows), recording(0 * rows), [10.0], line_hz=60.0)
    frontal = table.set_index("roi").loc["frontal_polar"]
    assert frontal["before_db"] == pytest.approx(10 * np.log10(8.0 / 2), abs=0.2)


def test_interpolated_channels_are_left_out(times):
    rows = np.random.default_rng(4).standard_normal((len(NAMES), times.size))
    rows[0] *= 100
    raw = recording(rows)
    both, one = (
        event_muscle_power(raw, raw, [10.0], interpolated=names).set_index("roi")
        for names in ((), ("FP1",))
    )
    assert both.loc["frontal_polar", "before_db"] > one.loc["frontal_polar", "before_db"] + 20
    with_both = event_muscle_power(raw, raw, [10.0], interpolated=("FP1", "FP2"))
    assert "frontal_polar" not in set(with_both["roi"])


def test_missing_samples_are_nan_and_stop_nothing(times):
    rows = np.random.default_rng(0).standard_normal((len(NAMES), times.size))
    gappy = rows.copy()
    gappy[:, 4800:5200] = np.nan
    table = event_muscle_power(recording(gappy), recording(rows), [5.0, 10.0])
    known = table.dropna(subset="before_db")
    assert set(known["event"]) == {0} and table.loc[table["event"] == 1, "after_db"].notna().any()
