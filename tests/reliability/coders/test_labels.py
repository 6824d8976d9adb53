import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

from mmme_neuro.reliability import label_agreement


def simulated(n=120, n_raters=2, seed=1):
    rng = np.random.default_rng(seed)
    truth = rng.choice(["macro", "micro", "none"], n, p=[0.5, 0.2, 0.3])
    guess = rng.choice(["macro", "micro", "none"], (n, n_raters))
    labels = np.where(rng.random((n, n_raters)) < 0.7, truth[:, None], guess)
    return pd.DataFrame(labels, columns=[f"coder{i}" for i in range(n_raters)])


def test_two_raters_equal_scikit_learn():
    labels = simulated()
    table = label_agreement(labels, categories=["none", "micro", "macro"], level="ordinal")
    codes = labels.replace({"none": 0, "micro": 1, "macro": 2}).astype(int)
    for name, weights in (("", None), ("_linear", "linear"), ("_quadratic", "quadratic")):
        expected = cohen_kappa_score(codes["coder0"], codes["coder1"], weights=weights)
        assert table.loc[f"cohen_kappa{name}", "estimate"] == pytest.approx(expected)
    assert table.loc["observed_agreement", "estimate"] == pytest.approx(
        (labels["coder0"] == labels["coder1"]).mean()
    )


def test_many_raters_equal_statsmodels():
    labels = simulated(n_raters=4)
    table = label_agreement(labels)
    expected = fleiss_kappa(aggregate_raters(labels.to_numpy())[0])
    assert table.loc["fleiss_kappa", "estimate"] == pytest.approx(expected)
    assert list(table.index) == ["observed_agreement", "fleiss_kappa", "krippendorff_alpha"]


def test_intervals_rest_on_participants_not_on_units():
    labels = simulated(400)
    people = np.repeat(np.arange(10), 40)
    # A participant whose every event is hard: units go together.
    labels.loc[people < 3, "coder1"] = "none"
    by_unit = label_agreement(labels, rng=1).loc["cohen_kappa"]
    by_person = label_agreement(labels, participant=people, rng=1).loc["cohen_kappa"]
    assert by_unit["estimate"] == by_person["estimate"]
    width = by_person["ci_high"] - by_person["ci_low"]
    assert width > 2 * (by_unit["ci_high"] - by_unit["ci_low"])
    assert (by_unit["n_clusters"], by_person["n_clusters"]) == (400, 10)


def test_missing_labels_count_where_they_can():
    labels = simulated(n_raters=3)
    labels.iloc[:10, 0] = None
    labels.iloc[:5, 1:] = None
    table = label_agreement(labels)
    assert table.loc["fleiss_kappa", "n_units"] == 110
    assert table.loc["krippendorff_alpha", "n_units"] == 115
    pd.testing.assert_series_equal(
        table.loc["fleiss_kappa"], label_agreement(labels.iloc[10:]).loc["fleiss_kappa"]
    )


def test_numbers_as_labels():
    ratings = pd.DataFrame({"a": [1, 2, 3, 3, 2, 1, 4, 1], "b": [1, 2, 3, 3, 2, 2, 4, 1]})
    interval = label_agreement(ratings, level="interval")
    gap = (ratings["a"] - ratings["b"]).to_numpy()
    pool = ratings.to_numpy().ravel()
    expected = 1 - (gap**2).mean() / (2 * pool.var(ddof=1))
    assert interval.loc["krippendorff_alpha", "estimate"] == pytest.approx(expected)


def test_one_label_throughout_is_undefined_with_a_reason():
    table = label_agreement(pd.DataFrame({"a": ["micro"] * 5, "b": ["micro"] * 5}))
    assert table.loc["observed_agreement", "estimate"] == 1
    for name in ("cohen_kappa", "fleiss_kappa", "krippendorff_alpha"):
        assert np.isnan(table.loc[name, "estimate"])
        assert "0 / 0" in table.loc[name, "reason"]


def test_errors():
    labels = simulated(6)
    with pytest.raises(ValueError, match="column for each of 2 raters or more, got 1"):
        label_agreement(labels[["coder0"]])
    with pytest.raises(ValueError, match="no unit that two raters labeled"):
        label_agreement(labels.assign(coder1=None))
    with pytest.raises(ValueError, match=r"labels hold \['macro'.* not in categories \['micro'\]"):
        label_agreement(labels, categories=["micro"])
    with pytest.raises(ValueError, match="one person for each of 6 units, got 2"):
        label_agreement(labels, participant=[1, 2])
    with pytest.raises(ValueError, match="level 'interval' needs labels that are numbers"):
        label_agreement(labels, level="interval")


SCALE = ["weak", "moderate", "strong", "extreme"]
WEIGHTED = [
    f"{name}_{weights}"
    for name in ("cohen_kappa", "fleiss_kappa", "gwet_ac2")
    for weights in ("linear", "quadratic")
]


def ranked(seed=3):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, 60)
    return pd.DataFrame({name: np.clip(truth + rng.integers(-1, 2, 60), 0, 3) for name in "ab"})


def ordered(places, categories=SCALE):
    kind = pd.CategoricalDtype(categories, ordered=True)
    return places.apply(lambda c: c.map(dict(enumerate(SCALE))).astype(kind))


@pytest.mark.parametrize(
    "write",
    [
        lambda t: ordered(t),
        lambda t: ordered(t, [*SCALE, "never"])[["a"]].join(ordered(t)[["b"]]),
        lambda t: (t + 7).astype(str),  # "7" to "10"
        lambda t: (t + 7).astype("string"),
        lambda t: (t * 0.1 - 3).round(1).astype(str).astype("category"),
        lambda t: t.astype("Int8"),
        lambda t: t.astype("float32"),
        lambda t: t[["a"]].join(t[["b"]].astype(str)),
        lambda t: t.apply(lambda c: pd.Timestamp("2020-01-31") + pd.to_timedelta(c, "D")),
    ],
)  # fmt: skip
def test_ordinal_labels_rank_as_they_state(write):
    expected = label_agreement(ranked(), level="ordinal")
    found = label_agreement(write(ranked()), level="ordinal")
    names = [name for name in (*WEIGHTED, "krippendorff_alpha")]
    if "never" in str(write(ranked()).dtypes.to_dict()):
        names = [name for name in names if not name.startswith("gwet")]
    pd.testing.assert_frame_equal(found.loc[names], expected.loc[names])


def test_words_without_an_order_are_refused_and_named_ones_rank():
    words = ordered(ranked()).astype(str)
    with pytest.raises(ValueError, match=r"words without an order.*categories="):
        label_agreement(words, level="ordinal")
    for unordered in (words.astype("category"), words.astype("string")):
        with pytest.raises(ValueError, match="words without an order"):
            label_agreement(unordered, level="ordinal")
    found = label_agreement(words, level="ordinal", categories=SCALE)
    pd.testing.assert_frame_equal(found, label_agreement(ranked(), level="ordinal"))
    two = words.replace({"strong": "weak", "extreme": "moderate"})
    table = label_agreement(two, level="ordinal")["estimate"]
    assert table["cohen_kappa_linear"] == pytest.approx(table["cohen_kappa"])


def test_scales_that_contradict_each_other_are_refused():
    labels = ordered(ranked())[["a"]].join(ordered(ranked(), SCALE[::-1])[["b"]])
    with pytest.raises(ValueError, match="ordered as .* for one rater and as"):
        label_agreement(labels, level="ordinal")


def test_unused_categories_are_steps_of_the_scale():
    labels = ranked().replace({1: 0})
    expected = label_agreement(labels, level="ordinal", categories=[0, 1, 2, 3])
    pd.testing.assert_frame_equal(label_agreement(ordered(labels), level="ordinal"), expected)
    # At the nominal level only those that occur count, as for words.
    nominal = label_agreement(ordered(labels))
    pd.testing.assert_frame_equal(nominal, label_agreement(labels))
