"""Residuals and leverages equal their definitions; planted violations show."""

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.models.bootstrap import refit_responses
from mmme_neuro.models.diagnostics import leverage, residual_checks, residual_table
from mmme_neuro.models.mixed import fit_lmm


def simulate(rng, *, n=25, m=16):
    events = pd.DataFrame({"p": np.repeat(np.arange(n), m), "s": np.tile(np.arange(m), n)})
    events["c"] = rng.choice(["a", "b"], n * m)
    events["x"] = rng.normal(size=n * m)
    events["y"] = rng.normal(size=n)[events["p"]] + events["x"] + rng.normal(size=n * m)
    return events


FORMULA = "y ~ c + x + (1 + x | p) + (1 | s)"


@pytest.fixture(scope="module")
def events():
    return simulate(np.random.default_rng(2))


@pytest.fixture(scope="module")
def fit(events):
    return fit_lmm("y ~ c + x + (1 | p)", events)


def test_leverage_is_the_dense_hat_matrix(events, fit):
    z = pd.get_dummies(events["p"], dtype=float).to_numpy()
    variance = np.eye(400) + (fit.theta[0] ** 2) * z @ z.T
    x, inverse = fit.design.fixed, np.linalg.inv(variance)
    gls = np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)
    hat = np.eye(400) - inverse @ (np.eye(400) - x @ gls)
    np.testing.assert_allclose(leverage(fit), np.diag(hat), rtol=1e-8)
    np.testing.assert_allclose(hat @ fit.response, fit.fitted, rtol=1e-6, atol=1e-8)


def test_table_adds_up(events, fit):
    table = residual_table(fit)
    np.testing.assert_allclose(table["response"] - table["fitted"], table["residual"])
    np.testing.assert_allclose(table["response"] - table["fixed"], table["marginal_residual"])
    expected = table["residual"] / fit.sigma / np.sqrt(1 - table["leverage"])
    np.testing.assert_allclose(table["standardized"], expected)
    assert list(table["p"]) == [str(p) for p in events["p"]]
    assert table["standardized"].std() == pytest.approx(1, abs=0.05)


def test_rows_point_into_the_table_that_was_fitted(events):
    gaps = events.assign(y=events["y"].mask(events.index % 7 == 0))
    table = residual_table(fit_lmm("y ~ c + x + (1 | p)", gaps))
    np.testing.assert_allclose(table["response"], gaps["y"].to_numpy()[table["row"]])
    assert len(table) == gaps["y"].notna().sum()


def test_good_events_raise_no_alarm(fit):
    checks = residual_checks(fit)
    distance = (checks["value"] - checks["expected"]).abs() / checks["std_error"]
    assert distance.max() < 4


@pytest.mark.parametrize(
    ("check", "of", "spoil"),
    [
        ("skewness", "residual", lambda e, rng: rng.exponential(3, 400)),
        ("excess kurtosis", "residual", lambda e, rng: rng.standard_t(3, 400)),
        ("share beyond 3", "residual", lambda e, rng: 15.0 * (rng.random(400) < 0.02)),
        ("relative spread", "c=b", lambda e, rng: rng.normal(0, 2, 400) * (e["c"] == "b")),
        ("size against fitted", "residual", lambda e, rng: rng.normal(0, 2, 400) * np.exp(e["x"])),
        ("skewness", "Intercept | p", lambda e, rng: 20.0 * (e["p"] == 7)),
        ("lag-one correlation", "p", lambda e, rng: np.cumsum(rng.normal(size=400))),
    ],
)
def test_planted_violation_shows(events, fit, check, of, spoil):
    response = fit.response + np.asarray(spoil(events, np.random.default_rng(5)), dtype=float)
    (spoilt,) = refit_responses(fit, response[:, None])
    row = residual_checks(spoilt).loc[(check, of)]
    assert (row["value"] - row["expected"]) / row["std_error"] > 3.5


def test_residuals_do_not_depend_on_units(events, fit):
    (scaled,) = refit_responses(fit, 1e-6 * fit.response[:, None])
    ours, theirs = residual_table(fit), residual_table(scaled)
    np.testing.assert_allclose(theirs["standardized"], ours["standardized"], rtol=1e-5, atol=1e-6)
