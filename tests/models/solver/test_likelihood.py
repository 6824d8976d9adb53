"""The criterion, its derivatives and the conditional modes equal their dense definitions."""

import numpy as np
import pytest
import scipy.linalg
import scipy.stats

from mmme_neuro.models.design import build_design
from mmme_neuro.models.formula import parse_formula
from mmme_neuro.models.solver.crossproducts import cross_products, random_columns
from mmme_neuro.models.solver.likelihood import Likelihood
from mmme_neuro.models.solver.optimum import gradient, hessian
from mmme_neuro.models.summary import conditional_modes
from tests.models.small_designs import FORMULAS, small_events


@pytest.fixture(scope="module")
def events():
    return small_events()


def problem(formula, events, reml):
    design, response = build_design(parse_formula(formula), events)
    likelihood = Likelihood(cross_products(design, response), reml)
    theta = np.random.default_rng(3).normal(0, 0.7, design.theta_slices[-1].stop)
    return design, response, likelihood, theta


def dense_covariance(design, theta):
    """I + Z Lambda Lambda' Z' written out."""
    covariance = np.eye(design.n_events)
    for factor, place in zip(design.random, design.theta_slices, strict=True):
        lower = np.kron(np.eye(len(factor.levels)), factor.relative_factor(theta[place]))
        z = random_columns(factor).toarray() @ lower
        covariance += z @ z.T
    return covariance


@pytest.mark.parametrize("formula", FORMULAS)
def test_ml_criterion_is_the_normal_density(formula, events):
    design, response, likelihood, theta = problem(formula, events, reml=False)
    relative = dense_covariance(design, theta)
    weights = np.linalg.inv(relative)
    x = design.fixed
    beta = np.linalg.solve(x.T @ weights @ x, x.T @ weights @ response)
    rest = response - x @ beta
    variance = rest @ weights @ rest / len(response)
    density = scipy.stats.multivariate_normal(x @ beta, variance * relative)
    assert likelihood(theta) == pytest.approx(-2 * density.logpdf(response), abs=1e-8)


@pytest.mark.parametrize("formula", FORMULAS)
def test_reml_criterion_is_the_density_of_error_contrasts(formula, events):
    design, response, likelihood, theta = problem(formula, events, reml=True)
    contrasts = scipy.linalg.null_space(design.fixed.T)
    relative = contrasts.T @ dense_covariance(design, theta) @ contrasts
    errors = contrasts.T @ response
    variance = errors @ np.linalg.solve(relative, errors) / len(errors)
    density = scipy.stats.multivariate_normal(np.zeros(len(errors)), variance * relative)
    jacobian = np.linalg.slogdet(design.fixed.T @ design.fixed)[1]
    assert likelihood(theta) == pytest.approx(-2 * density.logpdf(errors) + jacobian, abs=1e-8)


@pytest.mark.parametrize("formula", FORMULAS)
def test_derivatives_equal_differences(formula, events):
    _, _, likelihood, theta = problem(formula, events, reml=True)
    steps = 1e-5 * np.eye(len(theta))
    slope = [(likelihood(theta + s) - likelihood(theta - s)) / 2e-5 for s in steps]
    np.testing.assert_allclose(gradient(likelihood, theta), slope, rtol=1e-5, atol=1e-5)
    curvature = [
        (gradient(likelihood, theta + s) - gradient(likelihood, theta - s)) / 2e-5 for s in steps
    ]
    np.testing.assert_allclose(hessian(likelihood, theta), curvature, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("formula", FORMULAS)
def test_conditional_modes_are_the_linear_predictions(formula, events):
    design, response, likelihood, theta = problem(formula, events, reml=True)
    weights = np.linalg.inv(dense_covariance(design, theta))
    x = design.fixed
    rest = response - x @ np.linalg.solve(x.T @ weights @ x, x.T @ weights @ response)
    modes = conditional_modes(likelihood.products, theta)
    for factor, place, mode in zip(design.random, design.theta_slices, modes, strict=True):
        lower = factor.relative_factor(theta[place])
        covariance = np.kron(np.eye(len(factor.levels)), lower @ lower.T)
        expected = covariance @ random_columns(factor).T @ weights @ rest
        np.testing.assert_allclose(mode.ravel(), expected, atol=1e-9)


@pytest.mark.parametrize("formula", FORMULAS)
def test_coefficients_are_generalized_least_squares(formula, events):
    design, response, likelihood, theta = problem(formula, events, reml=True)
    weights = np.linalg.inv(dense_covariance(design, theta))
    x, products = design.fixed, likelihood.products
    profile = products.profile(theta)
    found = np.linalg.solve(products.triangle, products.offset + profile.coefficients)
    expected = np.linalg.solve(x.T @ weights @ x, x.T @ weights @ response)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    inverse = np.linalg.inv(products.triangle)
    np.testing.assert_allclose(
        inverse @ profile.covariance @ inverse.T, np.linalg.inv(x.T @ weights @ x), rtol=1e-8
    )


def test_exact_fit_is_refused(events):
    repeated = events.assign(y=events["a"] * 2.0 + 1)
    _, _, likelihood, _ = problem("y ~ x + (1 | a)", repeated, reml=True)
    with pytest.raises(ValueError, match="reproduced exactly"):
        likelihood.optimum()
