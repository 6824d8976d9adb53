"""Compiled criterion and derivatives equal those of `Likelihood`, on faces, too."""

import numpy as np
import pytest

from mmme_neuro.models.design import build_design
from mmme_neuro.models.formula import parse_formula
from mmme_neuro.models.solver.columns import column_products
from mmme_neuro.models.solver.crossproducts import cross_products
from mmme_neuro.models.solver.dof import satterthwaite
from mmme_neuro.models.solver.likelihood import Likelihood, free_parameters
from mmme_neuro.models.solver.normal_equations import empty_equations, sweep
from mmme_neuro.models.solver.optimum import gradient, hessian
from mmme_neuro.models.solver.response_effects import satterthwaite_dof, take_last_step
from mmme_neuro.models.solver.response_equations import (
    criterion,
    differentiate,
    empty_response,
)
from mmme_neuro.models.solver.starts import StartGrid
from mmme_neuro.models.solver.traces import solve_with_traces
from tests.models.small_designs import FORMULAS, small_events


@pytest.fixture(scope="module")
def events():
    return small_events()


def drawn_theta(design, face):
    """Covariance parameters; those of the last column of each factor zero on a face."""
    theta = np.random.default_rng(3).normal(0, 0.7, design.theta_slices[-1].stop)
    if face:
        for factor, place in zip(design.random, design.theta_slices, strict=True):
            theta[place][factor.template[:, 1] == factor.template[:, 1].max()] = 0
    return theta


def solved(formula, events, reml, face):
    design, response = build_design(parse_formula(formula), events)
    products = column_products(design, reml=reml)
    shared = products.shared
    theta = drawn_theta(design, face)
    equations, memory = empty_equations(shared), empty_response(shared)
    solve_with_traces(shared, theta, equations)
    columns = products(response[:, None])
    one = (columns.main[0], columns.rest[0], columns.total[0])
    value = criterion(shared, equations, *one, memory)
    differentiate(shared, equations, memory)
    likelihood = Likelihood(cross_products(design, response), reml)
    return likelihood, theta, shared, equations, memory, value, one


@pytest.mark.parametrize("face", [False, True])
@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("formula", FORMULAS)
def test_criterion_and_derivatives_equal_the_single_response(formula, reml, face, events):
    likelihood, theta, _, _, memory, value, _ = solved(formula, events, reml, face)
    assert value == pytest.approx(float(np.real(likelihood(theta))), abs=1e-8)
    slope = gradient(likelihood, theta)
    scale = max(1, np.abs(slope).max())
    np.testing.assert_allclose(memory.gradient, slope, atol=1e-9 * scale)
    curvature = hessian(likelihood, theta)
    np.testing.assert_allclose(memory.hessian, curvature, atol=1e-5 * np.abs(curvature).max())


@pytest.mark.parametrize("face", [False, True])
@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("formula", FORMULAS)
def test_degrees_of_freedom_equal_the_single_response(formula, reml, face, events):
    likelihood, theta, shared, equations, memory, _, _ = solved(formula, events, reml, face)
    design = likelihood.products.design
    is_free = np.concatenate(
        [
            free_parameters(factor, np.abs(theta[place]))
            for factor, place in zip(design.random, design.theta_slices, strict=True)
        ]
    )
    signs = np.where(is_free, 1.0, 0.0)
    assert signs.sum() < len(theta) or not face
    n_terms = len(design.fixed_names)
    variances, dof = np.empty(n_terms), np.empty(n_terms)
    satterthwaite_dof(shared, equations, memory, is_free, np.zeros(len(theta)), variances, dof)
    for factor, place in zip(design.random, design.theta_slices, strict=True):
        if (np.diagonal(factor.relative_factor(theta[place])) < 0).any():
            return  # the single fit's faces are defined for a non-negative diagonal only
    reference = satterthwaite(likelihood, theta)
    np.testing.assert_allclose(dof, reference.dof(np.eye(n_terms)), rtol=1e-4)


@pytest.mark.parametrize("formula", FORMULAS)
def test_last_step_is_first_order_exact(formula, events):
    _, theta, shared, equations, memory, value, one = solved(formula, events, True, False)
    step = 1e-5 * np.random.default_rng(4).normal(size=len(theta))
    n_terms = len(shared.inverse_triangle)
    take_last_step(shared, memory, step, n_terms)
    solution, residual = memory.solution[-n_terms:].copy(), memory.residual[0]
    solve_with_traces(shared, theta + step, equations)
    moved = criterion(shared, equations, *one, memory)
    np.testing.assert_allclose(solution, memory.solution[-n_terms:], atol=1e-8)
    assert residual == pytest.approx(memory.residual[0], rel=1e-8)
    assert moved != value


def test_sweep_inverts_and_gives_the_determinant():
    rng = np.random.default_rng(5)
    root = rng.normal(size=(7, 9))
    matrix = root @ root.T
    swept = matrix.copy()
    log_determinant = sweep(swept, 0, 7, np.empty(7))
    np.testing.assert_allclose(-np.tril(swept), np.tril(np.linalg.inv(matrix)), rtol=1e-9)
    assert log_determinant == pytest.approx(np.linalg.slogdet(matrix)[1])


@pytest.mark.parametrize("formula", FORMULAS)
def test_grid_of_starts_is_the_criterion(formula, events):
    rng = np.random.default_rng(6)
    design, _ = build_design(parse_formula(formula), events)
    responses = 50 + rng.normal(size=(len(events), 3))
    products = column_products(design, reml=True)
    grid = StartGrid(products.shared)
    columns = products(responses)
    values = grid.criteria(columns)
    for column in range(3):
        likelihood = Likelihood(cross_products(design, responses[:, column]), True)
        exact = np.array([float(np.real(likelihood(node))) for node in grid.nodes])
        np.testing.assert_allclose(np.ptp(values[column] - exact), 0, atol=1e-2)
    tasks, nodes = grid.starts(columns)
    assert set(tasks) == {0, 1, 2} and (np.diff(nodes) >= 0).all()
    lowest = values.argmin(axis=1)
    assert all(lowest[task] in nodes[tasks == task] for task in range(3))
