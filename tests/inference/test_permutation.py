"""The permutation test holds its error rate, finds planted effects and refuses bad input."""

import mne
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from mmme_neuro import ClusterTest, fit_lmm_map, permutation_test
from mmme_neuro.inference.adjacency import neighbors
from mmme_neuro.inference.contributions import fixed_column, null_design
from mmme_neuro.inference.maxima import Draws, largest_points, p_values
from mmme_neuro.inference.tfce import tfce
from mmme_neuro.inference.units import column_of_term
from mmme_neuro.models.design import build_design
from mmme_neuro.models.formula import parse_formula
from tests.calibration.familywise import (
    CONDITIONS,
    Condition,
    error_rates,
    simulated,
    study_p_values,
)
from tests.inference.parametric_bootstrap import bootstrap_maxima, root_score

SLOPES = "~ expression + (1 + expression | participant) + (1 | stimulus)"
PRIMARY = "~ expression * valence + (1 + expression | participant) + (1 + expression | stimulus)"


def study(seed, *, effect=0.0, n_participants=16, slope=0.5):
    condition = Condition("", participant_slope=slope, n_participants=n_participants)
    events, responses = simulated(condition, np.random.default_rng(seed))
    responses[events["expression"] == "micro", 2:5, 3:7] += effect
    return events, responses


@pytest.fixture(scope="module")
def planted():
    return study(1, effect=1.2)


@pytest.mark.parametrize("correction", ["max", "cluster", "tfce"])
def test_finds_a_planted_effect(planted, correction):
    events, responses = planted
    test = permutation_test(
        SLOPES, responses, events, term="expression", rng=1, correction=correction
    )
    assert isinstance(test, ClusterTest) and test.term == "expression[T.micro]"
    p = test.to_dataset()["p_value"].to_numpy()
    assert test.p_value == p.min() <= 0.005
    best = np.unravel_index(p.argmin(), p.shape)
    assert 2 <= best[0] < 5 and 3 <= best[1] < 7
    low, high = test.p_interval
    assert low <= test.p_value <= high
    top = test.clusters.iloc[0]
    assert top["sign"] == 1 and top["p_value"] <= 0.005 and top["n_cells"] >= 3
    labels = test.to_dataset()["cluster"].to_numpy()
    assert (labels == 0).sum() == top["n_cells"]
    assert p[0, 0] > 0.05 if correction != "cluster" else labels[0, 0] == -1


def test_power_grows_with_the_effect():
    condition = Condition("power", n_participants=16)
    found = []
    for effect in (0.0, 0.5, 0.9):
        significant = 0
        for seed in range(12):
            events, responses = simulated(condition, np.random.default_rng(seed))
            responses[events["expression"] == "micro", 2:5, 3:7] += effect
            test = permutation_test(
                SLOPES, responses, events, term="expression", rng=1, n_permutations=199
            )
            significant += test.p_value <= 0.05
        found.append(significant)
    assert found[0] <= stats.binom.ppf(0.9995, 12, 0.05) and found[2] >= 9
    assert found[0] < found[1] < found[2]


def test_statistic_is_close_to_the_wald_statistic_of_the_fit(planted):
    events, responses = study(3, n_participants=40)
    fits = fit_lmm_map(SLOPES, responses, events)
    test = permutation_test(SLOPES, responses, events, term="expression", rng=1, n_permutations=19)
    wald = fits.statistic("expression[T.micro]").to_numpy().ravel()
    score = test.to_dataset()["statistic"].to_numpy().ravel()
    assert np.corrcoef(wald, score)[0, 1] > 0.98
    assert abs(np.polyfit(wald, score, 1)[0] - 1) < 0.15


def test_flips_agree_with_the_parametric_bootstrap():
    events, responses = study(5, effect=0.45)
    cells = responses[:, 2:4, 3:6]
    flips = permutation_test(
        SLOPES, cells, events, term="expression", rng=2, correction="max", n_permutations=1999
    )
    design, _ = build_design(parse_formula(SLOPES), events)
    tested = column_of_term(design, "expression")
    null, column = null_design(design, tested), fixed_column(design, tested)
    flat = cells.reshape(len(cells), -1)
    statistic, theta = root_score(null, column, flat, n_threads=1)
    draws = Draws(largest_points, 149, np.random.default_rng(2))
    maxima = bootstrap_maxima(null, column, flat, theta, draws).max(axis=1)
    found = flips.to_dataset()
    assert np.corrcoef(found["statistic"].to_numpy().ravel(), statistic)[0, 1] > 0.98
    p, q = found["p_value"].to_numpy().ravel(), p_values(np.abs(statistic), maxima).p_value
    assert np.abs(p - q).max() < 0.15 and 0.01 < p.min() < 0.5


def test_same_seed_same_result_whatever_the_threads(planted):
    events, responses = planted
    options = {"term": "expression", "n_permutations": 50}
    one = permutation_test(SLOPES, responses, events, rng=3, n_threads=1, **options)
    two = permutation_test(SLOPES, responses, events, rng=3, n_threads=2, **options)
    other = permutation_test(
        SLOPES, responses, events, rng=np.random.default_rng(4), n_threads=1, **options
    )
    np.testing.assert_array_equal(one.null, two.null)
    xr.testing.assert_identical(one.to_dataset(), two.to_dataset())
    assert not np.array_equal(one.null, other.null)


def test_sign_and_scale_of_the_responses(planted):
    events, responses = planted
    options = {"term": "expression", "rng": 1, "n_permutations": 99}
    up = permutation_test(SLOPES, responses, events, tail="greater", **options)
    down = permutation_test(SLOPES, -1e-6 * responses, events, tail="less", **options)
    wrong = permutation_test(SLOPES, -responses, events, tail="greater", **options)
    np.testing.assert_allclose(up.to_dataset()["p_value"], down.to_dataset()["p_value"], atol=1e-12)
    assert up.p_value == 0.01 and wrong.p_value > 0.05


def test_adding_what_the_null_model_explains_changes_nothing(planted):
    events, responses = planted
    options = {"term": "expression:valence", "rng": 1, "n_permutations": 99}
    plain = permutation_test(PRIMARY, responses, events, **options)
    shift = 3.0 + 2.0 * (events["expression"] == "micro") - (events["valence"] == "positive")
    shifted = responses + shift.to_numpy()[:, None, None]
    moved = permutation_test(PRIMARY, shifted, events, **options)
    np.testing.assert_allclose(
        plain.to_dataset()["statistic"], moved.to_dataset()["statistic"], atol=1e-4
    )


def test_labels_channels_frequencies_and_progress(planted):
    events, responses = planted
    info = mne.create_info(["Fz", "Cz", "Pz", "Oz", "C3", "C4", "F3", "F4"], 100.0, "eeg")
    info.set_montage("colin27_1005")
    adjacency, names = mne.channels.find_ch_adjacency(info, "eeg")
    values = xr.DataArray(
        responses.reshape(len(events), 8, 5, 2),
        dims=("event", "channel", "time", "frequency"),
        coords={"channel": names, "time": np.arange(5) / 10, "frequency": [6.0, 10.0]},
    )
    calls = []
    test = permutation_test(
        SLOPES,
        values,
        events,
        term="expression",
        rng=1,
        n_permutations=40,
        adjacency=[adjacency, 5, 2],
        progress=lambda done, total: calls.append((done, total)),
    )
    found = test.to_dataset()
    assert found["p_value"].dims == ("channel", "time", "frequency")
    assert list(found["channel"].to_numpy()) == names
    assert calls[-1] == (40, 40)
    near = neighbors((8, 5, 2), [adjacency, 5, 2])
    expected = tfce(found["statistic"].to_numpy().ravel(), near)
    np.testing.assert_allclose(found["enhanced"].to_numpy().ravel(), expected)


def test_missing_events_in_some_cells():
    events, responses = study(1, effect=1.0)
    responses[:40, 0, 0] = np.nan
    responses[events["participant"] == 2, 1, :] = np.nan
    responses[:, 7, 9] = np.nan
    responses[:, 7, 8] = 4.0
    options = {"term": "expression", "rng": 1, "n_permutations": 99}
    test = permutation_test(SLOPES, responses, events, **options)
    statistic = test.to_dataset()["statistic"].to_numpy()
    assert np.isnan(statistic[7, 8:]).all() and np.isnan(statistic).sum() == 2
    assert any("2 cells could not be fitted" in note for note in test.notes)
    kept = (events["participant"] != 2).to_numpy()
    alone = permutation_test(SLOPES, responses[kept][:, 1], events[kept], **options)
    np.testing.assert_allclose(alone.to_dataset()["statistic"], statistic[1], atol=1e-6)


def test_the_wording_claims_neither_latency_nor_location(planted):
    events, responses = planted
    for correction in ("tfce", "cluster", "max"):
        text = permutation_test(
            SLOPES, responses, events, term="expression", rng=1, correction=correction
        ).summary()
        assert "do not show when the effect begins or ends, nor where" in text
        assert "the map as a whole differs from the null (p = 0.00" in text
        assert "16 levels of participant and 12 levels of stimulus" in text
        assert "no random effect of expression[T.micro] by stimulus" in text
    events, responses = study(2)
    text = permutation_test(PRIMARY, responses, events, term="expression", rng=1).summary()
    assert "no evidence" in text and "part of an interaction" in text
    assert "no random effect" not in text


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"term": "expresion"}, "no term 'expresion'.*the terms are"),
        ({"correction": "fdr"}, "correction must be one of"),
        ({"tail": "two"}, "tail must be one of"),
        ({"n_permutations": 10}, "n_permutations must be at least 19"),
        ({"threshold": 2.0}, "threshold 2.0 is for correction='cluster' only"),
        ({"threshold": -2.0, "correction": "cluster"}, "threshold must be positive"),
        ({"threshold": np.inf, "correction": "cluster"}, "positive and finite, got inf"),
        ({"threshold": "2.1", "correction": "cluster"}, "positive and finite, got '2.1'"),
        ({"threshold": 0.05, "correction": "cluster"}, "not a p-value.*threshold=1.96"),
        ({"threshold": 0.01, "correction": "cluster"}, "not a p-value.*threshold=2.58"),
        ({"threshold": 0.001, "correction": "cluster"}, "not a p-value.*threshold=3.29"),
        ({"alpha": 5}, "alpha must lie between 0 and 1"),
        ({"units": "clip"}, "units 'clip' is no grouping factor"),
        ({"adjacency": [8]}, "one entry for each of the 2 axes"),
        ({"formula": "eeg ~ expression + (1 | participant)"}, "start the formula with '~'"),
        ({"formula": "~ expression"}, "no random term"),
        ({"formula": "~ expresion + (1 | participant)"}, "did you mean 'expression'"),
    ],
)
def test_bad_options_are_refused(planted, options, match):
    events, responses = planted
    options = {"formula": SLOPES, "term": "expression", "rng": 1} | options
    formula = options.pop("formula")
    with pytest.raises(ValueError, match=match):
        permutation_test(formula, responses, events, **options)


def test_bad_data_are_refused(planted):
    events, responses = planted
    options = {"term": "expression", "rng": 1}
    with pytest.raises(ValueError, match="one row for each of the"):
        permutation_test(SLOPES, responses[:-1], events, **options)
    with pytest.raises(TypeError, match="DataFrame"):
        permutation_test(SLOPES, responses, responses, **options)
    with pytest.raises(TypeError, match="real numbers"):
        permutation_test(SLOPES, responses.astype(complex), events, **options)
    with pytest.raises(ValueError, match="infinite"):
        permutation_test(SLOPES, np.where(responses > 3, np.inf, responses), events, **options)
    one = (events["participant"] == 0).to_numpy()
    with pytest.raises(ValueError, match="'participant' has 1 level"):
        permutation_test(SLOPES, responses[one], events[one], **options)
    few = (events["participant"] < 5).to_numpy()
    with pytest.raises(ValueError, match="only 5 levels.*fit_lmm_map"):
        permutation_test(SLOPES, responses[few], events[few], **options)


def test_family_wise_error_of_few_studies():
    rates = error_rates(25, [one for one in CONDITIONS if one.name == "both slopes .5"])
    limit = stats.binom.ppf(0.9995, 25, 0.05) / 25
    assert rates[["max", "cluster", "tfce"]].max(axis=None) <= limit
    assert rates["single cells"].between(0.02, 0.085).all()


def test_wrong_scale_of_the_null_would_be_noticed():
    # The same check on slopes by stimulus that the formula leaves out, which no flip can mend.
    bad = Condition("wrong", stimulus_slope=1.5)
    p = pd.DataFrame([study_p_values(seed, bad) for seed in range(12)])
    assert (p["tfce"] <= 0.05).sum() > stats.binom.ppf(0.9995, 12, 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: one.name)
def test_family_wise_error(condition):
    rates = error_rates(300, [condition], jobs=2)
    if condition.name == "stimulus slopes .5, not in the formula":
        assert rates["single cells"].item() > 0.06  # what the page warns of
        return
    assert (
        rates[["max", "cluster", "tfce"]].max(axis=None) <= stats.binom.ppf(0.9998, 300, 0.05) / 300
    )


@pytest.mark.parametrize("value", [0.0, np.nan, 14.62])
@pytest.mark.parametrize("correction", ["tfce", "cluster", "max"])
def test_a_map_without_a_test_shows_no_p_value(value, correction):
    events = pd.DataFrame(
        {"participant": np.repeat(np.arange(10), 8), "cond": np.tile(["a", "b"], 40)}
    )
    test = permutation_test(
        "~ cond + (1 | participant)", np.full((80, 2, 3), value), events, term="cond", rng=1,
        n_permutations=19, correction=correction,
    )  # fmt: skip
    assert np.isnan(test.p_value)
    for text in (repr(test), test.summary()):
        assert "no cell" in text and "p <" not in text and "p =" not in text
