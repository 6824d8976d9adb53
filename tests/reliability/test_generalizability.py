import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from mmme_neuro import icc
from mmme_neuro.reliability import generalizability
from mmme_neuro.reliability.generalizability import mean_squares


def one_facet(rng, n=40, k=6, spread=(1.0, 0.5, 1.0)):
    who, item = (place.ravel() for place in np.indices((n, k)))
    score = spread[0] * rng.normal(size=n)[who] + spread[1] * rng.normal(size=k)[item]
    score = score + spread[2] * rng.normal(size=n * k)
    return pd.DataFrame({"who": who, "item": item, "score": score})


def study_of(table, facets=("item",), **options):
    return generalizability(table, targets="who", facets=list(facets), scores="score", **options)


SPREADS = {"who": 1.0, "rater": 0.5, "occasion": 0.4, "who:rater": 0.6, "who:occasion": 0.7,
           "rater:occasion": 0.3}  # fmt: skip


def two_facets(rng, n=(60, 5, 4), residual=0.8, spreads=SPREADS):
    places = dict(
        zip(("who", "rater", "occasion"), (p.ravel() for p in np.indices(n)), strict=True)
    )
    table = pd.DataFrame(places)
    score = residual * rng.normal(size=len(table))
    for source, spread in spreads.items():
        group = table.groupby(source.split(":")).ngroup().to_numpy()
        score = score + spread * rng.normal(size=group.max() + 1)[group]
    return table.assign(score=score)


def test_one_facet_equals_the_intraclass_correlations():
    table = one_facet(np.random.default_rng(1))
    study = study_of(table)
    expected = icc(table, targets="who", raters="item", ratings="score")["icc"]
    found = study.coefficients()["estimate"]
    assert found["generalizability"] == pytest.approx(expected["ICC(C,k)"], abs=1e-6)
    assert found["dependability"] == pytest.approx(expected["ICC(A,k)"], abs=1e-6)
    single = study.coefficients({"item": 1})["estimate"]
    assert single["generalizability"] == pytest.approx(expected["ICC(C,1)"], abs=1e-6)
    assert single["dependability"] == pytest.approx(expected["ICC(A,1)"], abs=1e-6)


def test_mixed_model_and_mean_squares_agree():
    # One missing cell sends the same table through the mixed model.
    table = two_facets(np.random.default_rng(2), (25, 4, 3))
    whole = study_of(table, ["rater", "occasion"]).components["variance"]
    part = study_of(table.iloc[1:], ["rater", "occasion"]).components["variance"]
    assert whole.min() > 0
    np.testing.assert_allclose(part, whole, atol=0.05)


def test_mean_squares_equal_statsmodels_anova():
    table = two_facets(np.random.default_rng(2), (8, 4, 3))
    found = mean_squares(table["score"].to_numpy().reshape(8, 4, 3))
    fit = ols("score ~ C(who) * C(rater) + C(who) * C(occasion) + C(rater) * C(occasion)", table)
    anova = anova_lm(fit.fit())
    names = ("who", "rater", "occasion")
    for source, value, dof in zip(found.sources, found.values, found.dof, strict=True):
        row = ":".join(f"C({names[axis]})" for axis in source)
        expected = anova.loc[row if len(source) < 3 else "Residual"]
        assert (value, dof) == pytest.approx((expected["mean_sq"], expected["df"]))
    assert found.components[-1] == pytest.approx(found.values[-1])
    # Brennan's own formula for the persons of a p x r x o design.
    p, _, _, pr, po, _, pro = found.values
    assert found.components[0] == pytest.approx((p - pr - po + pro) / 12)


def test_two_facets_decision_study_by_hand():
    study = study_of(two_facets(np.random.default_rng(3)), ["rater", "occasion"])
    v = study.components["variance"]
    found = study.coefficients({"rater": 2, "occasion": 3})
    relative = v["who:rater"] / 2 + v["who:occasion"] / 3 + v["Residual"] / 6
    absolute = relative + v["rater"] / 2 + v["occasion"] / 3 + v["rater:occasion"] / 6
    assert found.loc["generalizability", "estimate"] == pytest.approx(
        v["who"] / (v["who"] + relative)
    )
    assert found.loc["dependability", "estimate"] == pytest.approx(v["who"] / (v["who"] + absolute))
    assert found["std_error"].tolist() == pytest.approx([relative**0.5, absolute**0.5])


def test_recovers_the_components():
    rng = np.random.default_rng(4)
    found = np.mean(
        [mean_squares(two_facets(rng, (50, 6, 6))["score"].to_numpy().reshape(50, 6, 6)).components
         for _ in range(80)],
        axis=0,
    )  # fmt: skip
    expected = [value**2 for value in SPREADS.values()] + [0.8**2]
    np.testing.assert_allclose(found, expected, atol=0.06)


def test_negative_mean_square_estimates_are_fitted_again():
    rng = np.random.default_rng(11)
    for _ in range(20):
        table = one_facet(rng, 15, 4, spread=(1.0, 0.0, 1.0))
        if mean_squares(table["score"].to_numpy().reshape(15, 4)).components.min() < 0:
            break
    study = study_of(table)
    assert study.components["variance"].min() == 0
    assert study.coefficients().loc["dependability", "ci_low"] >= 0


def test_needed_is_the_first_number_that_reaches_the_goal():
    study = study_of(two_facets(np.random.default_rng(5)), ["rater", "occasion"])
    for coefficient in ("generalizability", "dependability"):
        number = study.needed("rater", 0.6, coefficient=coefficient)
        reached = study.coefficients({"rater": number, "occasion": 4}).loc[coefficient, "estimate"]
        before = study.coefficients({"rater": number - 0.999, "occasion": 4})
        assert reached >= 0.6 > before.loc[coefficient, "estimate"]
    assert study.needed("rater", 0.99) == np.inf
    assert study.needed("rater", 0.01) == 1


def test_missing_cells():
    table = one_facet(np.random.default_rng(6), 200, 8)
    gaps = table.sample(frac=0.7, random_state=1)
    full, part = (study_of(one).coefficients({"item": 8})["estimate"] for one in (table, gaps))
    np.testing.assert_allclose(part, full, atol=0.03)
    missing = table.assign(score=table["score"].where(table.index.isin(gaps.index)))
    np.testing.assert_allclose(study_of(missing).coefficients({"item": 8})["estimate"], part)


@pytest.mark.parametrize(
    ("gaps", "n"), [(False, 150), pytest.param(True, 60, marks=pytest.mark.slow)]
)
def test_intervals_cover(gaps, n):
    rng = np.random.default_rng(7)
    truth = np.array([1 / 2, 1 / 2.25])
    hits = []
    for seed in range(n):
        table = one_facet(rng, 25, 5)
        if gaps:
            table = table.sample(frac=0.8, random_state=seed)
        found = study_of(table, rng=seed, n_resamples=100).coefficients({"item": 1})
        hits.append((found["ci_low"] < truth) & (truth < found["ci_high"]))
    assert (np.sum(hits, axis=0) >= 0.85 * n).all()


def test_no_true_differences():
    table = one_facet(np.random.default_rng(8), spread=(0.0, 0.5, 1.0))
    assert study_of(table).coefficients()["estimate"].max() < 0.4


def test_errors():
    table = one_facet(np.random.default_rng(9), 10, 3)
    with pytest.raises(ValueError, match=r"table lacks the columns \['rater'\]"):
        study_of(table, ["rater"])
    with pytest.raises(ValueError, match="facets must be 1 or 2 columns"):
        study_of(table, [])
    with pytest.raises(ValueError, match="need 2 levels or more with scores"):
        study_of(table[table["item"] == 0])
    with pytest.raises(ValueError, match="must have one score, 1 rows repeat one"):
        study_of(pd.concat([table, table.iloc[:1]]))
    with pytest.raises(ValueError, match="has one score only"):
        study_of(table.assign(day=table["item"]), ["item", "day"])
    with pytest.raises(ValueError, match="n_resamples must be 100 or more, got 5"):
        study_of(table, rng=1, n_resamples=5)
    study = study_of(table)
    with pytest.raises(
        ValueError, match=r"levels must give a number above 0 for each of \['item'\]"
    ):
        study.coefficients({"rater": 2})
    with pytest.raises(ValueError, match="facet must be one of"):
        study.needed("rater", 0.8)
    with pytest.raises(ValueError, match="reliability must lie between 0 and 1, got 80"):
        study.needed("item", 80)
