"""Scores split over units equal dense matrix algebra."""

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.inference.contributions import (
    fixed_column,
    null_design,
    score_contributions,
)
from mmme_neuro.inference.units import column_of_term, find_units
from mmme_neuro.models.design import build_design
from mmme_neuro.models.formula import parse_formula
from mmme_neuro.models.solver.crossproducts import random_columns
from tests.inference.parametric_bootstrap import null_parts

FORMULAS = [
    "~ expression + (1 + expression | participant)",
    "~ expression * valence + (1 + expression | participant) + (1 + expression | stimulus)",
    "~ expression + (1 | participant / clip) + (1 + expression | stimulus)",
    "~ expression + rise + (1 + expression + rise || participant) + (1 | stimulus)",
]


def simulated_events(rng, n=260):
    events = pd.DataFrame(
        {
            "participant": rng.integers(0, 9, n),
            "stimulus": rng.integers(0, 12, n),
            "clip": rng.integers(0, 3, n),
            "rise": rng.normal(size=n),
            "expression": np.where(rng.random(n) < 0.4, "micro", "macro"),
        }
    )
    events["valence"] = np.where(events["stimulus"] % 2, "positive", "negative")
    return events


def dense(design, column, theta, units):
    """P of the null model and, as rows f_u with f_u'Py, the contributions of the units."""
    null = null_design(design, column)
    v, parts = np.eye(null.n_events), []
    for factor, place in zip(null.random, null.theta_slices, strict=True):
        lower = np.kron(np.eye(len(factor.levels)), factor.relative_factor(theta[place]))
        parts.append(random_columns(factor).toarray() @ lower)
        v += parts[-1] @ parts[-1].T
    w = np.linalg.inv(v)
    wx = w @ null.fixed
    p = w - wx @ np.linalg.solve(null.fixed.T @ wx, wx.T)
    of_x = p @ fixed_column(design, column)
    f = np.zeros((units.n_units, null.n_events))
    f[units.event_unit, np.arange(null.n_events)] += of_x
    for factor, part, own in zip(null.random, parts, units.level_units, strict=True):
        pieces = part * (part.T @ of_x)
        of_column = np.repeat(own, len(factor.column_names))
        np.add.at(f, of_column, pieces.T)
    return p, f


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("zero", [False, True])
def test_equal_dense_algebra(formula, zero):
    rng = np.random.default_rng(3)
    events = simulated_events(rng)
    design, _ = build_design(parse_formula(formula), events)
    column = column_of_term(design, "expression")
    units = find_units(design, column, "participant", events)
    y = rng.normal(size=(len(events), 4))
    theta = rng.uniform(0.2, 1, (4, design.theta_slices[-1].stop))
    if zero:
        theta[:, design.theta_slices[-1]] = 0  # a factor without variance
        theta[1] = 0
    theta[3] = np.nan
    null = null_design(design, column)
    x = fixed_column(design, column)
    found = score_contributions(
        null, x, units.event_unit, units.level_units, units.n_units, theta,
        lambda cells: np.ascontiguousarray(y[:, cells]), n_threads=1,
    )  # fmt: skip
    parts = null_parts(null, theta, y)
    assert np.isnan(found.parts[:, 3]).all() and np.isnan(parts.residuals[:, 3]).all()
    for cell in range(3):
        p, f = dense(design, column, theta[cell], units)
        np.testing.assert_allclose(found.parts[:, cell], f @ p @ y[:, cell], atol=1e-9)
        np.testing.assert_allclose(found.parts[:, cell].sum(), x @ p @ y[:, cell], atol=1e-9)
        np.testing.assert_allclose(found.information[cell], x @ p @ x, rtol=1e-9)
        np.testing.assert_allclose(found.spread[cell], np.sum((f @ p) * f), rtol=1e-9)
        np.testing.assert_allclose(found.quadratic[cell], y[:, cell] @ p @ y[:, cell], rtol=1e-9)
        np.testing.assert_allclose(parts.residuals[:, cell], p @ y[:, cell], atol=1e-9)


def test_spread_is_the_expected_sum_of_squares():
    rng = np.random.default_rng(8)
    events = simulated_events(rng)
    design, _ = build_design(parse_formula(FORMULAS[1]), events)
    column = column_of_term(design, "expression")
    units = find_units(design, column, "participant", events)
    null = null_design(design, column)
    theta = np.array([0.6, 0.1, 0.5, 0.4, -0.1, 0.3])
    y = rng.normal(size=(len(events), 3000))
    for factor, place in zip(null.random, null.theta_slices, strict=True):
        lower = factor.relative_factor(theta[place])
        effects = rng.normal(size=(3000, len(factor.levels), 2)) @ lower.T
        y += random_columns(factor) @ effects.reshape(3000, -1).T
    found = score_contributions(
        null, fixed_column(design, column), units.event_unit, units.level_units, units.n_units,
        np.tile(theta, (3000, 1)), lambda cells: np.ascontiguousarray(y[:, cells]), n_threads=2,
    )  # fmt: skip
    squares, score = (found.parts**2).sum(axis=0), found.parts.sum(axis=0)
    assert abs(squares.mean() / found.spread[0] - 1) < 4 * squares.std() / squares.mean() / 54
    assert abs(score.var() / found.information[0] - 1) < 4 * np.sqrt(2 / 3000)
