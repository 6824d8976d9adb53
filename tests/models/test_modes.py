"""Conditional modes and standard deviations equal those of the whole covariance matrix."""

import numpy as np
import pandas as pd
import pytest

from mmme_neuro import fit_lmm

FORMULAS = [
    "y ~ x + (1 | participant)",
    "y ~ x + (1 + x | participant) + (1 | stimulus)",
    "y ~ x + (1 + x || participant) + (1 + x | stimulus)",
]


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(8)
    n = 300
    table = pd.DataFrame(
        {
            "participant": rng.integers(0, 12, n),
            "stimulus": rng.integers(0, 7, n),
            "x": rng.normal(size=n),
        }
    )
    people, items = rng.normal(size=(12, 2)), rng.normal(size=(7, 2))
    table["y"] = (
        people[table["participant"], 0]
        + (0.5 + people[table["participant"], 1]) * table["x"]
        + 0.7 * items[table["stimulus"], 0]
        + 0.4 * items[table["stimulus"], 1] * table["x"]
        + rng.normal(size=n)
    )
    return table


@pytest.mark.parametrize("formula", FORMULAS)
def test_as_from_the_covariance_of_all_events(formula, events):
    fit = fit_lmm(formula, events)
    columns, blocks = [], []
    for factor in fit.design.random:
        covariance = fit.random_covariances[factor.name].to_numpy()
        for level in range(len(factor.levels)):
            columns.append(factor.columns * (factor.codes == level)[:, None])
            blocks.append(covariance)
    random = np.concatenate(columns, axis=1)
    prior = np.zeros((random.shape[1],) * 2)
    start = 0
    for block in blocks:
        prior[start : start + len(block), start : start + len(block)] = block
        start += len(block)
    total = random @ prior @ random.T + fit.sigma**2 * np.eye(fit.n_observations)
    gain = np.linalg.solve(total, random @ prior).T
    modes = gain @ (fit.response - fit.design.fixed @ fit.coefficients.to_numpy())
    sds = np.sqrt(np.diagonal(prior - gain @ random @ prior))
    found_modes = np.concatenate(
        [table.to_numpy().ravel() for table in fit.conditional_modes.values()]
    )
    found_sds = np.concatenate([table.to_numpy().ravel() for table in fit.conditional_sds.values()])
    np.testing.assert_allclose(found_modes, modes, atol=1e-8)
    np.testing.assert_allclose(found_sds, sds, rtol=1e-8)


def test_labels_are_those_of_the_modes(events):
    fit = fit_lmm(FORMULAS[1], events)
    for name, modes in fit.conditional_modes.items():
        assert fit.conditional_sds[name].index.equals(modes.index)
        assert list(fit.conditional_sds[name]) == list(modes)
