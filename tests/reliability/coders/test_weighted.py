import numpy as np
import pandas as pd
import pytest

from mmme_neuro.reliability import gwet_ac2, label_agreement, weighted_fleiss_kappa

N = np.nan
# Four raters of twelve units: Gwet (2014), Handbook of inter-rater reliability, distributed as
# cac.raw4raters with irrCAC; after Krippendorff (2011).
FOUR_RATERS = pd.DataFrame(
    [[1, 1, N, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
     [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [N, 5, 5, 5], [N, N, 1, 1], [N, N, 3, N]],
    columns=list("abcd"),
)  # fmt: skip

# Observed, chance, estimate, std_error, ci_low and p_value as irrCAC gives them.
PUBLISHED = [
    (gwet_ac2, "unweighted", 0.818, 0.190, 0.775, 0.143, 0.461, 2.1e-4),
    (gwet_ac2, "linear", 0.939, 0.571, 0.859, 0.117, 0.600, 2e-5),
    (gwet_ac2, "ordinal", 0.968, 0.685, 0.899, 0.107, 0.664, 4e-6),
    (gwet_ac2, "quadratic", 0.975, 0.714, 0.914, 0.104, 0.685, 3e-6),
    (weighted_fleiss_kappa, "unweighted", 0.818, 0.239, 0.761, 0.153, 0.424, 4.2e-4),
    (weighted_fleiss_kappa, "linear", 0.939, 0.667, 0.818, 0.149, 0.491, 1.8e-4),
    (weighted_fleiss_kappa, "ordinal", 0.968, 0.788, 0.850, 0.147, 0.527, 1.2e-4),
    (weighted_fleiss_kappa, "quadratic", 0.975, 0.818, 0.865, 0.146, 0.544, 1e-4),
]


@pytest.mark.parametrize(
    ("verb", "weights", "observed", "chance", "estimate", "std_error", "low", "p_value"), PUBLISHED
)
def test_published_values(verb, weights, observed, chance, estimate, std_error, low, p_value):
    found = verb(FOUR_RATERS, weights=weights).iloc[0]
    names = ["observed", "chance", "estimate", "std_error", "ci_low"]
    expected = [observed, chance, estimate, std_error, low]
    np.testing.assert_allclose(found[names].astype(float), expected, atol=5.1e-4)
    assert found["ci_high"] == 1
    assert found["p_value"] == pytest.approx(p_value, abs=0.6 * 10 ** np.floor(np.log10(p_value)))
    assert (found["n_units"], found["n_raters"], found["dof"]) == (12, 4, 11)


def test_two_abstractors_of_gwet():
    # A hundred patients by two abstractors (Gwet 2014; irrCAC's cont3x3abstractors).
    counts = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    labels = pd.DataFrame(np.argwhere(counts).repeat(counts[counts > 0], axis=0))
    quadratic, linear = gwet_ac2(labels), gwet_ac2(labels, weights="linear")
    limits = ["estimate", "ci_low", "ci_high"]
    np.testing.assert_allclose(quadratic[limits].to_numpy()[0], [0.940, 0.905, 0.976], atol=6e-4)
    np.testing.assert_allclose(linear[limits].to_numpy()[0], [0.900, 0.842, 0.958], atol=6e-4)


def test_without_weights_they_are_ac1_and_fleiss_kappa():
    full = FOUR_RATERS.dropna()
    table = label_agreement(full[["a", "b"]], level="ordinal")
    ac1 = gwet_ac2(full[["a", "b"]], weights="unweighted")
    assert ac1.loc["gwet_ac1", "estimate"] == pytest.approx(table["estimate"]["gwet_ac1"])
    many = label_agreement(full, level="ordinal")["estimate"]
    fleiss = weighted_fleiss_kappa(full, weights="unweighted")
    assert fleiss.loc["fleiss_kappa", "estimate"] == pytest.approx(many["fleiss_kappa"])
    for weights in ("linear", "quadratic"):
        own = gwet_ac2(full, weights=weights)["estimate"].item()
        assert many[f"gwet_ac2_{weights}"] == pytest.approx(own)
        own = weighted_fleiss_kappa(full, weights=weights)["estimate"].item()
        assert many[f"fleiss_kappa_{weights}"] == pytest.approx(own)


def test_two_categories_leave_nothing_between():
    labels = (FOUR_RATERS.dropna() > 2).astype(int)
    found = [gwet_ac2(labels, weights=w)["estimate"].item() for w in ("linear", "quadratic")]
    expected = gwet_ac2(labels, weights="unweighted")["estimate"].item()
    np.testing.assert_allclose(found, expected)


def test_the_standard_error_covers():
    rng = np.random.default_rng(1)

    def drawn(n):
        truth = rng.integers(0, 4, n)
        return pd.DataFrame(
            {rater: np.clip(truth + rng.choice([-1, 0, 0, 1], n), 0, 3) for rater in "abc"}
        )

    for verb in (gwet_ac2, weighted_fleiss_kappa):
        truth = verb(drawn(100_000))["estimate"].item()
        rows = pd.concat([verb(drawn(40)) for _ in range(200)])
        hits = ((rows["ci_low"] < truth) & (truth < rows["ci_high"])).sum()
        assert hits >= 178  # .1 % quantile of a binomial of 200 at .95
        assert rows["std_error"].mean() == pytest.approx(rows["estimate"].std(), rel=0.15)


def test_unknown_weights_and_words_are_refused():
    with pytest.raises(ValueError, match="weights must be one of"):
        gwet_ac2(FOUR_RATERS, weights="cubic")
    scale = "one two three four five".split()
    words = FOUR_RATERS.replace(dict(enumerate(scale, start=1)))
    with pytest.raises(ValueError, match="words without an order"):
        weighted_fleiss_kappa(words)
    expected = weighted_fleiss_kappa(FOUR_RATERS)["estimate"].item()
    ranked = weighted_fleiss_kappa(words, categories=scale)
    assert ranked["estimate"].item() == expected
    with pytest.raises(ValueError, match="no unit that two raters labeled"):
        gwet_ac2(FOUR_RATERS.assign(b=N, c=N, d=N))
