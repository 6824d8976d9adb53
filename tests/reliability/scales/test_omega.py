import numpy as np
import pandas as pd
import pytest
from statsmodels.multivariate.factor import Factor

from mmme_neuro import mcdonald_omega
from mmme_neuro.reliability.scales.factor import (
    general_factor,
    maximum_likelihood,
    minimum_residual,
    oblimin,
)
from mmme_neuro.reliability.scales.omega import omega_loadings, omegas
from tests.chance import counts_by_chance, error_of_mean, error_of_sd
from tests.reference import tables

NEGATIVE = ["N1", "N2", "N3", "N4", "N5"]


def questionnaire(scales):
    names = [f"{scale}{n}" for scale in scales.split("+") for n in range(1, 6)]
    return tables.reliability("questionnaire")[names].dropna()


@pytest.mark.parametrize("row", range(12))
def test_equals_psych(row):
    expected = tables.reliability("omega_psych").to_dict("records")[row]
    items = questionnaire(expected["items"])
    n_factors, n_items = expected["nfactors"], items.shape[1]
    if n_items == 25:
        # psych reverses items that load negatively by itself.
        items[NEGATIVE] = 7 - items[NEGATIVE]
    found = omegas(
        items.cov().to_numpy(), n_factors=n_factors, extraction="minres", standardized=True
    )
    if (n_items - n_factors) ** 2 < n_items + n_factors:
        # Not identified: other factors fit as well; the common variance hardly changes.
        assert found[0] == pytest.approx(expected["omega_total"], abs=3e-3)
    else:
        assert found[0] == pytest.approx(expected["omega_total"], abs=1e-3)
        assert found[1] == pytest.approx(expected["omega_h"], abs=1e-3)
        assert found[3] == pytest.approx(expected["alpha"], abs=1e-9)


def test_cautions():
    with pytest.warns(UserWarning, match="not identified, so another program may find others"):
        mcdonald_omega(questionnaire("A"), n_factors=3)
    with pytest.warns(UserWarning, match=r"items \['N1', 'N2', 'N3', 'N4', 'N5'\] load negatively"):
        table = mcdonald_omega(questionnaire("A+C+N"))
    assert table["note"].str.contains("load negatively").all()


@pytest.mark.parametrize("scale", list("ACENO"))
def test_likelihood_factor_of_the_covariance_equals_psych(scale):
    expected = tables.reliability("omega_psych", items=scale, nfactors=1)
    items = questionnaire(scale)
    table = mcdonald_omega(items, n_factors=1, extraction="ml", standardized=False)
    loadings = omega_loadings(items, n_factors=1, extraction="ml")
    sd = items.std()
    common = (loadings["general"] * sd).sum() ** 2
    modeled = common / (common + (loadings["uniqueness"] * sd**2).sum())
    assert modeled == pytest.approx(expected["omega_cov_fa1_ml"].item(), abs=1e-5)
    observed = common / items.cov().to_numpy().sum()
    assert table.loc["omega_hierarchical", "estimate"] == pytest.approx(observed)


def correlations(loadings, between=None):
    common = loadings @ (np.eye(loadings.shape[1]) if between is None else between) @ loadings.T
    return common + np.diag(1 - np.diagonal(common))


def simple_structure():
    pattern = np.zeros((9, 3))
    for factor in range(3):
        pattern[3 * factor : 3 * factor + 3, factor] = [0.8, 0.7, 0.6]
    second = np.array([0.8, 0.6, 0.5])
    between = np.outer(second, second)
    np.fill_diagonal(between, 1)
    return pattern, between, second


@pytest.mark.parametrize("extract", [minimum_residual, maximum_likelihood])
def test_exact_factors_are_found(extract):
    pattern, between, _ = simple_structure()
    correlation = correlations(pattern, between)
    loadings = extract(correlation, 3)
    np.testing.assert_allclose(correlations(loadings), correlation, atol=1e-5)


def test_rotation_and_general_factor_recover_the_hierarchy():
    pattern, between, second = simple_structure()
    correlation = correlations(pattern, between)
    rotated, phi = oblimin(minimum_residual(correlation, 3))
    np.testing.assert_allclose(rotated @ phi @ rotated.T, pattern @ between @ pattern.T, atol=1e-5)
    np.testing.assert_allclose(np.sort(np.abs(rotated).max(axis=0)), [0.8] * 3, atol=2e-3)
    general, group = general_factor(correlation, 3, "minres")
    general = general * np.sign(general.sum())
    np.testing.assert_allclose(general, pattern @ second, atol=5e-3)
    np.testing.assert_allclose((group**2).sum(axis=1), (pattern**2) @ (1 - second**2), atol=5e-3)


def test_extraction_and_rotation_equal_statsmodels():
    rng = np.random.default_rng(1)
    pattern, between, _ = simple_structure()
    chol = np.linalg.cholesky(correlations(pattern, between))
    answers = rng.normal(size=(500, 9)) @ chol.T
    correlation = np.corrcoef(answers.T)
    fit = Factor(endog=None, corr=correlation, n_factor=3, method="ml", nobs=500).fit()
    ours = maximum_likelihood(correlation, 3)
    np.testing.assert_allclose(ours @ ours.T, fit.loadings @ fit.loadings.T, atol=1e-3)
    fit.rotate("oblimin")
    rotated = np.abs(oblimin(ours)[0])
    theirs = np.abs(fit.loadings)
    np.testing.assert_allclose(np.sort(rotated.ravel()), np.sort(theirs.ravel()), atol=5e-3)


def hierarchical(rng, n=300):
    pattern, between, _ = simple_structure()
    chol = np.linalg.cholesky(correlations(pattern, between))
    return pd.DataFrame(rng.normal(size=(n, 9)) @ chol.T)


def true_omegas():
    pattern, between, second = simple_structure()
    correlation = correlations(pattern, between)
    total = correlation.sum()
    return 1 - (1 - (pattern**2).sum(axis=1)).sum() / total, (pattern @ second).sum() ** 2 / total


@pytest.mark.parametrize("extraction", ["minres", "ml"])
@pytest.mark.parametrize("standardized", [True, False])
def test_omegas_of_the_population_are_the_true_ones(extraction, standardized):
    pattern, between, _ = simple_structure()
    found = omegas(
        correlations(pattern, between), n_factors=3, extraction=extraction,
        standardized=standardized,
    )  # fmt: skip
    np.testing.assert_allclose(found[:2], true_omegas(), atol=1e-6)


@pytest.mark.slow
def test_recovers_and_covers():
    # 3,000 rows, so that the bias of order 1 / n is small next to the error of 200 samples' mean.
    rng = np.random.default_rng(2)
    truth = np.array(true_omegas())
    found = [mcdonald_omega(hierarchical(rng, 3000)).iloc[:2] for _ in range(200)]
    estimates = np.array([table["estimate"] for table in found])
    assert (np.abs(estimates.mean(axis=0) - truth) <= error_of_mean(estimates)).all()
    hits = [((t["ci_low"] < truth) & (truth < t["ci_high"])).to_numpy() for t in found]
    low, high = counts_by_chance(200, 0.95)
    assert ((low <= np.sum(hits, axis=0)) & (np.sum(hits, axis=0) <= high)).all()
    std_errors = np.mean([table["std_error"] for table in found], axis=0)
    np.testing.assert_allclose(estimates.std(axis=0, ddof=1), std_errors, rtol=error_of_sd(200))


def test_bootstrap_is_close_to_the_delta_method():
    items = hierarchical(np.random.default_rng(3), 150)
    delta = mcdonald_omega(items)
    drawn = mcdonald_omega(items, rng=1, n_resamples=100)
    np.testing.assert_allclose(drawn["ci_low"], delta["ci_low"], atol=0.1)
    np.testing.assert_allclose(drawn["ci_high"], delta["ci_high"], atol=0.05)
    pd.testing.assert_frame_equal(drawn, mcdonald_omega(items, rng=1, n_resamples=100))


def test_parallel_items_have_omega_equal_to_alpha():
    rng = np.random.default_rng(4)
    items = pd.DataFrame(rng.normal(size=(4000, 1)) + rng.normal(size=(4000, 4)))
    table = mcdonald_omega(items)
    assert (table["n_factors"] == 1).all()
    np.testing.assert_allclose(
        table.loc[["omega_total", "omega_hierarchical", "alpha"], "estimate"], 0.8, atol=0.02
    )


def test_sum_of_raw_items_weights_by_their_spread():
    rng = np.random.default_rng(5)
    items = pd.DataFrame(rng.normal(size=(500, 1)) + rng.normal(size=(500, 4)))
    wide = items.copy()
    wide[0] = rng.normal(size=500) * 20
    raw = mcdonald_omega(wide, standardized=False).loc["omega_hierarchical", "estimate"]
    standard = mcdonald_omega(wide).loc["omega_hierarchical", "estimate"]
    assert raw < 0.2 < 0.5 < standard


def test_participants_resampled_whole():
    items = hierarchical(np.random.default_rng(6), 60)
    repeated = pd.concat([items] * 5, ignore_index=True)
    people = np.tile(np.arange(60), 5)
    once = mcdonald_omega(items)["std_error"]
    clustered = mcdonald_omega(repeated, participant=people)["std_error"]
    np.testing.assert_allclose(clustered, once, rtol=0.1)


def test_errors():
    items = hierarchical(np.random.default_rng(7), 30)
    with pytest.raises(ValueError, match="3 columns or more, got 2"):
        mcdonald_omega(items[[0, 1]])
    with pytest.raises(ValueError, match="n_factors must lie between 1 and 5 for 9 items, got 6"):
        mcdonald_omega(items, n_factors=6)
    with pytest.raises(ValueError, match=r"extraction must be one of .* got 'pca'"):
        mcdonald_omega(items, extraction="pca")
    with pytest.raises(ValueError, match="more complete rows than items, got 9 rows of 9"):
        mcdonald_omega(items.iloc[:9])
    with pytest.raises(ValueError, match="do not vary"):
        mcdonald_omega(items.assign(x=1.0))
