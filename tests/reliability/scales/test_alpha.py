import warnings

import numpy as np
import pandas as pd
import pingouin
import pytest

from mmme_neuro import cronbach_alpha, mcdonald_omega
from mmme_neuro.reliability import alpha_if_dropped, multilevel_alpha
from mmme_neuro.reliability.scales.items import delta_std_errors
from tests.reference import tables


def parallel(rng, n=60, k=4, reliability=0.7):
    """Parallel normal items whose sum has this reliability."""
    single = reliability / (k - (k - 1) * reliability)
    trait = rng.normal(0, np.sqrt(single), (n, 1))
    return pd.DataFrame(trait + rng.normal(0, np.sqrt(1 - single), (n, k)))


def questionnaire(scale):
    return tables.reliability("questionnaire")[[f"{scale}{n}" for n in range(1, 6)]]


@pytest.mark.parametrize("scale", list("ACENO"))
@pytest.mark.parametrize("cases", ["complete", "pairwise"])
def test_equals_psych(scale, cases):
    expected = tables.reliability("alpha_psych", scale=scale, cases=cases).iloc[0]
    found = cronbach_alpha(questionnaire(scale), missing=cases)
    np.testing.assert_allclose(
        found["estimate"], expected[["raw_alpha", "std_alpha", "G6", "average_r"]].astype(float),
        rtol=1e-9,
    )  # fmt: skip
    assert found.loc["alpha", "ci_low"] == pytest.approx(expected["feldt_lower"], abs=1e-9)
    assert found.loc["alpha", "ci_high"] == pytest.approx(expected["feldt_upper"], abs=1e-9)
    assert found.loc["alpha", "n"] == expected["n_rows"]


@pytest.mark.parametrize("scale", ["A", "O"])
def test_items_equal_psych(scale):
    found = alpha_if_dropped(questionnaire(scale))
    expected = tables.reliability("items_psych", scale=scale).set_index("item").loc[found.index]
    for ours, theirs in {
        "alpha": "raw_alpha",
        "standardized_alpha": "std_alpha",
        "lambda6": "G6",
        "mean_correlation": "average_r",
        "r_total": "raw_r",
        "r_rest": "r_drop",
        "mean": "mean",
        "sd": "sd",
    }.items():
        np.testing.assert_allclose(found[ours], expected[theirs], rtol=1e-9)


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_equals_pingouin(confidence):
    items = parallel(np.random.default_rng(1))
    value, limits = pingouin.cronbach_alpha(items, ci=confidence)
    found = cronbach_alpha(items, confidence=confidence).loc["alpha"]
    assert found["estimate"] == pytest.approx(value)
    assert found[["ci_low", "ci_high"]].tolist() == pytest.approx(limits.tolist(), abs=6e-4)


def test_delta_std_error_is_that_of_many_samples():
    rng = np.random.default_rng(2)
    found = [cronbach_alpha(parallel(rng, 200)).loc["alpha"] for _ in range(300)]
    spread = np.std([row["estimate"] for row in found])
    assert np.mean([row["std_error"] for row in found]) == pytest.approx(spread, rel=0.12)
    assert np.mean([row["estimate"] for row in found]) == pytest.approx(0.7, abs=0.01)


def test_delta_std_error_of_a_variance_by_hand():
    values = np.random.default_rng(3).normal(size=(50, 2))
    found = delta_std_errors(lambda s: np.array([s[0, 0]]), values, np.arange(50))
    squares = (values[:, 0] - values[:, 0].mean()) ** 2
    assert found[0] == pytest.approx(squares.std() / np.sqrt(49), rel=0.02)


@pytest.mark.parametrize("interval", ["feldt", "delta", "bootstrap"])
def test_covers(interval):
    rng = np.random.default_rng(4)
    hits = 0
    for seed in range(150):
        table = cronbach_alpha(parallel(rng), interval=interval, rng=seed, n_resamples=300)
        hits += table.loc["alpha", "ci_low"] < 0.7 < table.loc["alpha", "ci_high"]
    assert 134 <= hits <= 150


def test_rows_of_one_participant_widen_the_interval():
    rng = np.random.default_rng(5)
    items = parallel(rng, 30)
    repeated = pd.concat([items] * 10, ignore_index=True)
    people = np.tile(np.arange(30), 10)
    naive = cronbach_alpha(repeated, interval="delta").loc["alpha"]
    clustered = cronbach_alpha(repeated, interval="delta", participant=people).loc["alpha"]
    once = cronbach_alpha(items, interval="delta").loc["alpha"]
    assert clustered["std_error"] == pytest.approx(once["std_error"], rel=0.05)
    assert naive["std_error"] < clustered["std_error"] / 2.5


def test_missing_answers():
    items = parallel(np.random.default_rng(6))
    items.iloc[3, 0] = np.nan
    items.iloc[5] = np.nan
    table = cronbach_alpha(items)
    assert (table["n"] == 58).all()
    assert (table["n_left_out"] == 2).all()
    complete = cronbach_alpha(items.dropna()).assign(n_left_out=2)
    pd.testing.assert_frame_equal(table, complete)
    pairwise = cronbach_alpha(items, missing="pairwise")
    assert (pairwise["n"] == 59).all()
    assert pairwise["std_error"].isna().all()
    with pytest.raises(ValueError, match="'pairwise' has Feldt's interval only"):
        cronbach_alpha(items, missing="pairwise", interval="delta")


def test_errors():
    items = parallel(np.random.default_rng(7))
    with pytest.raises(ValueError, match="items must have 2 columns or more, got 1"):
        cronbach_alpha(items[[0]])
    with pytest.raises(ValueError, match="items must have 3 columns or more, got 2"):
        alpha_if_dropped(items[[0, 1]])
    with pytest.raises(ValueError, match=r"items \['2'\] do not vary; leave them out"):
        cronbach_alpha(items.assign(**{}).assign(x=1.0).rename(columns={2: 9, "x": 2}))
    with pytest.raises(ValueError, match="3 rows or more with answers, got 0 of 60"):
        cronbach_alpha(items * np.nan)
    with pytest.raises(ValueError, match="needs rng"):
        cronbach_alpha(items, interval="bootstrap")
    with pytest.raises(ValueError, match="interval must be one of"):
        cronbach_alpha(items, interval="fisher")
    with pytest.raises(ValueError, match="needs independent rows"):
        cronbach_alpha(items, participant=np.arange(60))
    with pytest.raises(ValueError, match=r"items must hold numbers; \[0\] do not"):
        cronbach_alpha(items.astype({0: str}))
    with pytest.raises(ValueError, match="items must have one column each"):
        cronbach_alpha(pd.concat([items, items[[0]]], axis=1))
    with pytest.raises(ValueError, match="participant of each of 60 rows, got 2"):
        cronbach_alpha(items, interval="delta", participant=[1, 2])


def two_levels(rng, n_people=40, k=4, within=0.6, between=0.9, sizes=(4, 20)):
    people = np.repeat(np.arange(n_people), rng.integers(*sizes, n_people))

    def level(reliability, n):
        return parallel(rng, n, k, reliability).to_numpy()

    return level(between, n_people)[people] + level(within, len(people)), people


def test_levels_are_told_apart():
    answers, people = two_levels(np.random.default_rng(8), n_people=600)
    table = multilevel_alpha(pd.DataFrame(answers), people)
    assert table.loc["within", "estimate"] == pytest.approx(0.6, abs=0.02)
    assert table.loc["between", "estimate"] == pytest.approx(0.9, abs=0.02)
    assert table["n"].tolist() == [len(people), 600]


def test_equal_sizes_by_hand():
    answers, people = two_levels(np.random.default_rng(9), sizes=(6, 7))
    table = multilevel_alpha(pd.DataFrame(answers), people)
    means = pd.DataFrame(answers).groupby(people).transform("mean").to_numpy()
    within = (answers - means).T @ (answers - means) / (len(people) - 40)
    of_means = np.cov(means[::6].T) - within / 6
    for name, covariance in (("within", within), ("between", of_means)):
        expected = 4 / 3 * (1 - np.trace(covariance) / covariance.sum())
        assert table.loc[name, "estimate"] == pytest.approx(expected)
        assert table.loc[name, "variance"] == pytest.approx(covariance.sum())


def test_levels_are_covered():
    rng = np.random.default_rng(10)
    hits = []
    for _ in range(150):
        answers, people = two_levels(rng)
        table = multilevel_alpha(pd.DataFrame(answers), people)
        truth = np.array([0.6, 0.9])
        hits.append((table["ci_low"] < truth) & (truth < table["ci_high"]))
    assert (np.mean(hits, axis=0) > 0.88).all()


def test_no_difference_between_participants():
    rng = np.random.default_rng(12)
    for seed in range(20):
        answers = parallel(np.random.default_rng(seed), 60)
        table = multilevel_alpha(answers, np.arange(60) % 20, rng=1)
        if table.loc["between", "variance"] <= 0:
            break
    assert np.isnan(table.loc["between", "estimate"])
    assert "by chance" in table.loc["between", "reason"]
    assert table.loc["within", "reason"] == ""
    with pytest.raises(ValueError, match="participants must be 3 or more, some with two rows"):
        multilevel_alpha(parallel(rng, 60), np.arange(60))


def four_items(seed=2):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(60, 4)) + rng.normal(size=(60, 1)), columns=list("abcd"))


@pytest.mark.parametrize("constant", [3.0, 0.5, 0.1, 14.62, 1e8 + 0.1, -1e-12])
@pytest.mark.parametrize("verb", [cronbach_alpha, alpha_if_dropped, mcdonald_omega])
def test_an_item_that_everybody_answers_alike_is_refused(verb, constant):
    with pytest.raises(ValueError, match=r"items \['e'\] do not vary"):
        verb(four_items().assign(e=constant))


def unpredicted(items, name):
    """Variance that the other items leave, by least squares."""
    others = items.drop(columns=name).to_numpy()
    fitted = others @ np.linalg.lstsq(others, items[name].to_numpy(), rcond=None)[0]
    return ((items[name] - fitted) ** 2).sum() / (len(items) - 1)


@pytest.mark.parametrize(
    "add",
    [
        lambda t: t.assign(e=t["a"] + t["b"]),
        lambda t: t.assign(e=t["a"]),
        lambda t: t.assign(e=1e6 * t["a"] - 3 * t["c"] + 14.62),
        lambda t: t.assign(e=t["a"], f=t["a"] + t["b"] + t["c"] + t["d"]),
    ],
)
def test_lambda6_of_items_that_others_predict_without_error(add):
    items = add(four_items())
    z = (items - items.mean()) / items.std()
    expected = 1 - sum(unpredicted(z, name) for name in z) / items.corr().to_numpy().sum()
    with pytest.warns(UserWarning, match="sums or copies of others"):
        found = cronbach_alpha(items).loc["lambda6"]
    assert found["estimate"] == pytest.approx(expected, abs=1e-8)
    assert found[["std_error", "ci_low", "ci_high"]].isna().all()


def test_lambda6_of_other_items_is_as_before():
    items = four_items()
    z = (items - items.mean()) / items.std()
    expected = 1 - sum(unpredicted(z, name) for name in z) / items.corr().to_numpy().sum()
    assert cronbach_alpha(items).loc["lambda6", "estimate"] == pytest.approx(expected)


def test_a_negative_alpha_names_the_items():
    items = four_items()
    reversed_one = items[["a", "b", "d"]].assign(d=-5 * items["d"])
    with pytest.warns(UserWarning, match=r"alpha is negative.*\['d'\].*reverse"):
        found = cronbach_alpha(reversed_one)
    assert found.loc["alpha", "estimate"] < 0
    with pytest.warns(UserWarning, match="not defined as the sum does not vary"):
        cancel = cronbach_alpha(items[["a"]].assign(b=-items["a"]))
    assert np.isnan(cancel.loc["alpha", "estimate"])


@pytest.mark.parametrize("noise", [1e-2, 1e-3, 1e-4, 1e-5, 3e-6, 1e-9])
def test_lambda6_of_items_that_are_nearly_copies(noise):
    rng = np.random.default_rng(21)
    answers = rng.normal(size=(300, 1)) + rng.normal(size=(300, 4))
    items = pd.DataFrame(np.column_stack([answers, answers[:, 0] + noise * rng.normal(size=300)]))
    scores = (items - items.mean()) / items.std()
    left = 0.0
    for name in scores:
        others = scores.drop(columns=name).to_numpy()
        fitted = others @ np.linalg.lstsq(others, scores[name], rcond=None)[0]
        left += ((scores[name] - fitted) ** 2).sum() / (len(scores) - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = cronbach_alpha(items).loc["lambda6"]
        resampled = cronbach_alpha(items, interval="bootstrap", rng=1, n_resamples=500)
    assert found["estimate"] == pytest.approx(1 - left / scores.corr().to_numpy().sum(), abs=1e-3)
    limits = resampled.loc["lambda6", ["ci_low", "ci_high"]]
    if noise >= 1e-4:
        np.testing.assert_allclose(found[["ci_low", "ci_high"]], limits, atol=4e-3)
    assert limits["ci_low"] < found["estimate"] < limits["ci_high"] < 0.95


def test_the_standard_error_of_lambda6_is_its_spread():
    rng = np.random.default_rng(22)
    found = []
    for _ in range(150):
        answers = rng.normal(size=(200, 1)) + rng.normal(size=(200, 4))
        found.append(
            cronbach_alpha(pd.DataFrame(answers)).loc["lambda6", ["estimate", "std_error"]]
        )
    table = pd.DataFrame(found).astype(float)
    # The standard deviation of 150 draws is known to 1 / sqrt(300), 6 %.
    assert table["std_error"].mean() == pytest.approx(table["estimate"].std(), rel=0.2)


def test_a_negative_alpha_is_said_within_participants_and_with_dropped_items():
    rng = np.random.default_rng(23)
    answers = rng.normal(size=(120, 1)) + rng.normal(size=(120, 4))
    items = pd.DataFrame(answers * [1, -1, 1, -1], columns=list("abcd"))
    with pytest.warns(UserWarning, match=r"within participants.*\['b', 'd'\]"):
        multilevel_alpha(items, np.repeat(np.arange(12), 10))
    with pytest.warns(UserWarning, match=r"with all items.*\['b', 'd'\]"):
        alpha_if_dropped(items)


def test_participants_with_the_labels_of_the_rows_are_matched_by_label():
    rng = np.random.default_rng(24)
    items = pd.DataFrame(rng.normal(size=(60, 1)) + rng.normal(size=(60, 3)))
    people = pd.Series(np.repeat(np.arange(12), 5))
    expected = multilevel_alpha(items, people)
    mixed = items.sample(frac=1, random_state=1)
    with pytest.warns(UserWarning, match="matched by label"):
        found = multilevel_alpha(mixed, people)
    pd.testing.assert_frame_equal(found, expected)
    pd.testing.assert_frame_equal(multilevel_alpha(mixed, people.loc[mixed.index]), expected)
