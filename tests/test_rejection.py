import mne
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mmme_neuro import EventLocked, reject
from mmme_neuro.errors import MissingInput, NotEstimable
from mmme_neuro.io.montage import template_positions
from mmme_neuro.rejection import compare_rejection

KINDS = {"condition": "expression", "levels": ("macro", "micro")}

CHANNELS = ("F3", "FZ", "F4", "C3", "CZ", "C4", "P3", "PZ", "P4", "O1", "OZ", "O2")


def locked(n_epochs=40, *, seed=0):
    """Epochs of smooth noise in both modalities."""
    rng = np.random.default_rng(seed)
    events = pd.DataFrame(
        {
            "event": [f"e{row}" for row in range(n_epochs)],
            "onset": np.arange(n_epochs) * 5.0,
            "expression": np.resize(["macro", "micro"], n_epochs),
        }
    )
    common = rng.standard_normal((n_epochs, 3, 200))
    eeg = 5e-6 * (
        rng.standard_normal((len(CHANNELS), 3)) @ common
        + rng.standard_normal((n_epochs, len(CHANNELS), 200))
    )
    info = mne.create_info([*CHANNELS, "HEO"], 100.0, ["eeg"] * len(CHANNELS) + ["eog"])
    info.set_montage(
        mne.channels.make_dig_montage(template_positions(CHANNELS), coord_frame="head")
    )
    eeg = np.concatenate([eeg, np.ones((n_epochs, 1, 200))], axis=1)
    physio = np.arange(n_epochs)[:, None, None] * np.ones((1, 1, 50))
    make = {"tmin": -1.0, "metadata": events, "verbose": "error"}
    return EventLocked(
        mne.EpochsArray(eeg, info, **make),
        mne.EpochsArray(physio, mne.create_info(["eda"], 25.0, "misc"), **make),
        events,
        events.iloc[:0].assign(exclusion_reason=""),
    )


def spoilt(bad_epochs, *, channels=slice(None), size=400e-6, **options):
    epochs = locked(**options)
    epochs.eeg._data[bad_epochs, channels, 100:120] += size
    return epochs


def test_threshold_keeps_modalities_in_step():
    found = reject(spoilt([3, 7], channels=[2]), eeg_uv=150)
    assert len(found) == 38
    np.testing.assert_array_equal(
        found.physio.get_data()[:, 0, 0], np.delete(np.arange(40), [3, 7])
    )
    assert found.excluded["onset"].tolist() == [15.0, 35.0]
    assert found.excluded["exclusion_reason"].str.contains("EEG deviates by").all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(("rule", "rng"), [("threshold", None), ("autoreject", 1)])
def test_missing_samples_are_rejected_under_every_rule(rule, rng, value):
    epochs = locked()
    epochs.eeg._data[3, 2, 50] = value
    epochs.eeg._data[7, :12] = value
    epochs.physio._data[9] = np.nan
    found = reject(epochs, rule=rule, n_interpolate=(1,), rng=rng, kept=("e3",))
    lost = found.excluded.set_index("event")["exclusion_reason"]
    assert lost["e3"] == "missing samples (EEG: F4)"
    assert lost["e7"] == "missing samples (EEG: 12 channels)"
    assert lost["e9"] == "missing samples (physio)"
    assert len(found) == 40 - len(lost) and np.isfinite(found.eeg.get_data("eeg")).all()
    assert not {"e3", "e7", "e9"} & {*found.events["event"]}
    if rule == "threshold":
        assert set(lost.index) == {"e3", "e7", "e9"}


def test_single_signals_of_the_physiology_may_be_missing():
    epochs = locked()
    info = mne.create_info(["eda", "hr"], 25.0, "misc")
    data = np.ones((40, 2, 50))
    data[5, 0] = np.nan
    data[6, 1, :10] = np.nan
    physio = mne.EpochsArray(data, info, tmin=-1.0, metadata=epochs.events, verbose="error")
    found = reject(EventLocked(epochs.eeg, physio, epochs.events, epochs.excluded))
    assert len(found) == 40


def test_physiology_that_is_missing_everywhere_leaves_the_eeg():
    epochs = locked()
    epochs.physio._data[:] = np.nan
    with pytest.warns(UserWarning, match="none of the 40 epochs has a sample of the physiology"):
        assert len(reject(epochs)) == 40
    alone = EventLocked(None, epochs.physio, epochs.events, epochs.excluded)
    with pytest.raises(NotEstimable, match="missing samples"):
        reject(alone)


def test_missing_physiology_is_rejected_without_eeg_too():
    epochs = locked()
    epochs.physio._data[4] = np.nan
    found = reject(EventLocked(None, epochs.physio, epochs.events, epochs.excluded))
    assert found.excluded["event"].tolist() == ["e4"]


def test_channels_marked_bad_reject_nothing():
    epochs = locked()
    epochs.eeg._data[:, 1] = np.nan
    with pytest.raises(NotEstimable, match=r"EEG: FZ.*mark broken channels bad"):
        reject(epochs)
    epochs.eeg.info["bads"] = ["FZ"]
    assert len(reject(epochs)) == 40


def unplace(epochs, names):
    for channel in epochs.eeg.info["chs"]:
        if channel["ch_name"] in names:
            channel["loc"][:] = np.nan


def test_autoreject_leaves_out_channels_without_a_position():
    epochs = spoilt([5], size=2e-3)
    unplace(epochs, ["CZ"])
    with pytest.warns(UserWarning, match=r"\['CZ'\] have no position"):
        found = reject(epochs, rule="autoreject", n_interpolate=(1,), rng=1)
    assert found.excluded["event"].tolist() == ["e5"]
    np.testing.assert_array_equal(
        found.eeg.get_data(["CZ"]), np.delete(epochs.eeg.get_data(["CZ"]), 5, axis=0)
    )


def test_autoreject_without_positions_names_the_remedy():
    epochs = locked()
    unplace(epochs, CHANNELS)
    with pytest.raises(MissingInput, match="set_montage, or use rule='threshold'"):
        reject(epochs, rule="autoreject", rng=1)


def test_a_person_keeps_an_epoch():
    found = reject(spoilt([3, 7], channels=[2]), eeg_uv=150, kept=("e7",))
    assert found.excluded["onset"].tolist() == [15.0]


def test_autoreject_drops_broken_epochs_and_repairs_single_channels():
    epochs = spoilt([5], size=2e-3)
    epochs.eeg._data[9, 4, 100:150] += 1e-3
    found = reject(epochs, rule="autoreject", rng=1)
    assert found.excluded["onset"].tolist() == [25.0]
    assert "autoreject" in found.excluded["exclusion_reason"].item()
    row = found.events.index.get_loc("e9")
    assert found.events.loc["e9", "n_interpolated"] >= 1
    assert np.abs(found.eeg.get_data(picks=["CZ"])[row]).max() < 2e-4
    assert (found.eeg.get_data(picks=["HEO"]) == 1).all()
    repaired = found.physio.metadata["n_interpolated"].to_numpy()
    np.testing.assert_array_equal(repaired, found.events["n_interpolated"])


def test_autoreject_gives_the_same_twice():
    one, other = (reject(spoilt([5]), rule="autoreject", rng=2) for _ in range(2))
    np.testing.assert_array_equal(one.eeg.get_data(), other.eeg.get_data())


def test_refuses_what_cannot_be_done():
    with pytest.raises(ValueError, match="all 40 epochs are rejected"):
        reject(locked(), eeg_uv=1e-3)
    with pytest.raises(ValueError, match="eeg_uv must be positive"):
        reject(locked(), eeg_uv=-1)
    with pytest.raises(ValueError, match="rule must be one of"):
        reject(locked(), rule="mad")
    with pytest.raises(ValueError, match="needs 20 epochs to learn from, found 8"):
        reject(locked(8), rule="autoreject", rng=1)
    with pytest.raises(TypeError, match="rng is missing: autoreject"):
        reject(locked(), rule="autoreject")


def drawn(rng, *, share_macro, share_micro, n_participants=12):
    people = []
    for number in range(n_participants):
        size = rng.integers(10, 60)
        kind = np.where(rng.random(size) < rng.uniform(0.1, 0.5), "micro", "macro")
        chance = np.where(kind == "micro", share_micro, share_macro)
        own = np.exp(rng.normal(0, 0.7))
        odds = own * chance / (1 - chance)
        people.append(
            pd.DataFrame(
                {
                    "participant": f"p{number}",
                    "expression": kind,
                    "lost": rng.random(size) < odds / (1 + odds),
                }
            )
        )
    table = pd.concat(people)
    return table[~table["lost"]], table[table["lost"]]


def test_odds_ratio_of_one_table_is_the_cross_product():
    kept = pd.DataFrame({"participant": "p", "expression": ["macro"] * 80 + ["micro"] * 30})
    lost = pd.DataFrame({"participant": "p", "expression": ["macro"] * 8 + ["micro"] * 9})
    found = compare_rejection(kept, lost, **KINDS)
    assert found.odds_ratio == pytest.approx((9 * 80) / (30 * 8))
    chi2 = stats.chi2_contingency([[9, 30], [8, 80]], correction=False)
    # Cochran-Mantel-Haenszel uses n - 1.
    assert found.p_value == pytest.approx(stats.chi2.sf(chi2.statistic * 126 / 127, 1), rel=1e-6)
    assert found.counts.set_index("condition").loc["micro", "n_rejected"] == 9


def test_a_difference_is_found_and_none_is_not_invented():
    rng = np.random.default_rng(4)
    found = compare_rejection(
        *drawn(rng, share_macro=0.1, share_micro=0.35, n_participants=40), **KINDS
    )
    assert found.p_value < 0.001 and found.ci_low > 1.5
    null = [
        compare_rejection(*drawn(rng, share_macro=0.1, share_micro=0.1), **KINDS).p_value
        for _ in range(200)
    ]
    assert np.mean(np.array(null) < 0.05) <= stats.binom.ppf(0.995, 200, 0.05) / 200


def test_nothing_rejected_is_no_ratio():
    kept = pd.DataFrame({"participant": ["a", "b"], "expression": ["macro", "micro"]})
    found = compare_rejection(kept, kept.iloc[:0], **KINDS)
    assert np.isnan(found.p_value) and found.counts["n_rejected"].sum() == 0
