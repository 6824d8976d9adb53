import mne
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mmme_neuro.responses.curves import response_curves, within_participant_band


def epochs_of(data, participants, expressions):
    info = mne.create_info(["eda", "skt"], 10.0, "misc")
    events = pd.DataFrame({"participant": participants, "expression": expressions})
    return mne.EpochsArray(data, info, tmin=-2.0, metadata=events, verbose="error")


def curves_of(values):
    """Table of one channel and time from an array, shape (n_participants, n_expressions)."""
    return pd.DataFrame(
        [
            {
                "channel": "eda",
                "participant": f"{i:02d}",
                "condition": name,
                "time": 0.0,
                "value": value,
                "n_events": 1,
            }
            for i, row in enumerate(values)
            for name, value in zip(["macro", "micro", "control"], row, strict=False)
        ]
    )


def test_curves_are_baseline_corrected_means():
    rng = np.random.default_rng(0)
    data = rng.standard_normal((6, 2, 60))
    people, what = list("aaabbb"), ["micro", "macro", "micro", "micro", "macro", "macro"]
    epochs = epochs_of(data, people, what)
    curves = response_curves(epochs, baseline=(-1.0, 0.0), condition="expression")
    found = curves.query("channel == 'skt' and participant == 'a' and condition == 'micro'")
    skt = data[[0, 2], 1]
    expected = (skt - skt[:, 10:21].mean(axis=1, keepdims=True)).mean(axis=0)
    np.testing.assert_allclose(found["value"], expected)
    assert (found["n_events"] == 2).all()
    np.testing.assert_array_equal(epochs.get_data(), data)


def test_missing_samples_are_left_out_of_the_mean():
    data = np.ones((2, 2, 60))
    data[0, :, 40] = np.nan
    data[1, 1] = np.nan
    curves = response_curves(
        epochs_of(data, ["a", "a"], ["micro", "micro"]), baseline=None, condition="expression"
    )
    eda = curves[curves["channel"] == "eda"].reset_index(drop=True)
    assert (eda["value"] == 1).all()
    assert eda["n_events"].iloc[40] == 1
    skt = curves[curves["channel"] == "skt"].reset_index(drop=True)
    assert np.isnan(skt["value"].iloc[40])


def test_metadata_are_needed():
    data = np.ones((1, 2, 60))
    info = mne.create_info(["eda", "skt"], 10.0, "misc")
    with pytest.raises(ValueError, match="metadata"):
        response_curves(
            mne.EpochsArray(data, info, tmin=-2, verbose="error"), condition="expression"
        )


def test_two_expressions_give_the_paired_t_interval():
    # With two conditions the Cousineau-Morey interval is the paired interval over sqrt(2).
    values = np.random.default_rng(1).normal([5, 6], 1, (12, 2)) + np.arange(12)[:, np.newaxis]
    band = within_participant_band(curves_of(values)).set_index("condition")
    paired = stats.ttest_rel(values[:, 1], values[:, 0]).confidence_interval(0.95)
    half = (band["ci_high"] - band["ci_low"]) / 2
    np.testing.assert_allclose(half * np.sqrt(2), (paired.high - paired.low) / 2)
    np.testing.assert_allclose(band.loc[["macro", "micro"], "mean"], values.mean(axis=0))


def test_three_expressions_by_hand():
    values = np.random.default_rng(2).normal(size=(9, 3))
    normed = values - values.mean(axis=1, keepdims=True) + values.mean()
    half = stats.t.ppf(0.95, 8) * np.sqrt(1.5) * stats.sem(normed, axis=0)
    band = within_participant_band(curves_of(values), confidence=0.9).set_index("condition")
    found = (band["ci_high"] - band["mean"])[["macro", "micro", "control"]]
    np.testing.assert_allclose(found, half)


def test_differences_between_people_do_not_widen_the_band():
    values = np.random.default_rng(3).normal(size=(9, 2))
    other = values + 100 * np.arange(9)[:, np.newaxis]
    widths = [
        (band["ci_high"] - band["ci_low"]).to_numpy()
        for band in map(within_participant_band, map(curves_of, (values, other)))
    ]
    np.testing.assert_allclose(*widths)


def test_incomplete_people_are_counted_not_used():
    values = np.array([[1.0, 2.0], [3.0, 5.0], [9.0, np.nan], [4.0, 4.0]])
    band = within_participant_band(curves_of(values))
    assert (band["n_participants"] == 3).all()
    assert (band["n_incomplete"] == 1).all()
    complete = within_participant_band(curves_of(values[[0, 1, 3]]))
    np.testing.assert_allclose(band["mean"], complete["mean"])
    dropped = within_participant_band(curves_of(values).dropna())
    np.testing.assert_allclose(band["ci_low"], dropped["ci_low"])


def test_one_participant_has_no_band():
    band = within_participant_band(curves_of([[1.0, 2.0]]))
    assert band["mean"].tolist() == [1, 2]
    assert band["ci_low"].isna().all()


def test_coverage_of_the_difference():
    rng = np.random.default_rng(4)
    covered = []
    for _ in range(300):
        values = rng.normal(size=(10, 2)) + rng.normal(0, 3, (10, 1))
        band = within_participant_band(curves_of(values))
        half = (band["ci_high"] - band["mean"]).iloc[0] * np.sqrt(2)
        covered.append(abs(np.diff(band["mean"]).item()) < half)
    assert 0.91 < np.mean(covered) < 0.985


def test_rows_given_twice_are_refused():
    curves = curves_of([[1.0, 2.0]])
    with pytest.raises(ValueError, match="one row per"):
        within_participant_band(pd.concat([curves, curves]))
    with pytest.raises(ValueError, match="confidence"):
        within_participant_band(curves, confidence=95)
