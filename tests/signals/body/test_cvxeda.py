"""Convex decomposition of skin conductance: optimum, recovery, gaps."""

import numpy as np
import pytest
from scipy.optimize import minimize

from mmme_neuro.signals.body.cvxeda import (
    SMOOTHNESS,
    SPARSENESS,
    _filters,
    _tonic_basis,
    convex_phasic,
    decompose,
)

SFREQ = 50.0


def bateman(sfreq):
    times = np.arange(0, 30, 1 / sfreq)
    course = np.exp(-times / 2.0) - np.exp(-times / 0.7)
    return course / course.max()


def simulated(rng, *, minutes=4, n_responses=20):
    n = int(minutes * 60 * SFREQ)
    drive = np.zeros(n)
    drive[rng.choice(n, n_responses, replace=False)] = rng.gamma(2, 0.3, n_responses)
    phasic = np.convolve(drive, bateman(SFREQ))[:n] * 1e-6
    tonic = (5 + np.sin(2 * np.pi * np.arange(n) / n)) * 1e-6
    return phasic, tonic


def test_the_solution_is_the_optimum_of_the_published_problem():
    """Against a general solver on the same objective, small enough for dense algebra."""
    rng = np.random.default_rng(1)
    n, sfreq = 60, 2.0
    signal = np.convolve(rng.poisson(0.05, n), bateman(sfreq))[:n] + 0.1 * rng.standard_normal(n)
    phasic, tonic, drive = decompose(signal, sfreq)
    drive_of, response_of = (part.toarray() for part in _filters(n, 1 / sfreq))
    slow = _tonic_basis(n, sfreq).toarray()
    line = np.column_stack([np.ones(n), np.linspace(0, 1, n)])
    design = np.hstack([response_of, slow, line])
    cost = np.r_[SPARSENESS * drive_of.sum(axis=0), np.zeros(slow.shape[1] + 2)]
    ridge = np.r_[np.zeros(n), np.full(slow.shape[1], SMOOTHNESS), np.zeros(2)]

    def objective(x):
        error = design @ x - signal
        return 0.5 * error @ error + 0.5 * ridge @ x**2 + cost @ x

    def gradient(x):
        return design.T @ (design @ x - signal) + ridge * x + cost

    bound = {"type": "ineq", "fun": lambda x: drive_of @ x[:n],
             "jac": lambda x: np.hstack([drive_of, np.zeros((n, slow.shape[1] + 2))])}  # fmt: skip
    start = np.zeros(design.shape[1])
    options = {"maxiter": 2000, "ftol": 1e-12}
    best = minimize(
        objective, start, jac=gradient, constraints=[bound], method="SLSQP", options=options
    )
    error = phasic + tonic - signal
    # The spline's coefficients follow from the tonic course only up to the ridge: bound them.
    ours = 0.5 * error @ error + SPARSENESS * drive.sum()
    assert drive.min() > -1e-6
    assert ours <= best.fun + 1e-6
    np.testing.assert_allclose(design @ best.x, phasic + tonic, atol=5e-3 * np.abs(signal).max())


def test_responses_are_recovered_without_undershoot():
    rng = np.random.default_rng(2)
    phasic, tonic = simulated(rng)
    found = convex_phasic(phasic + tonic + 2e-9 * rng.standard_normal(phasic.size), SFREQ)
    assert np.corrcoef(found, phasic)[0, 1] > 0.97
    assert np.polyfit(phasic, found, 1)[0] == pytest.approx(1.0, abs=0.1)
    assert found.min() > -0.02 * found.max()


def test_scale_does_not_matter():
    rng = np.random.default_rng(3)
    phasic, tonic = simulated(rng, minutes=2)
    one = convex_phasic(phasic + tonic, SFREQ)
    thousand = convex_phasic(1e3 * (phasic + tonic), SFREQ)
    np.testing.assert_allclose(thousand, 1e3 * one, atol=1e-3 * np.abs(thousand).max())


def test_gaps_stay_gaps_and_short_pieces_say_nothing():
    rng = np.random.default_rng(4)
    phasic, tonic = simulated(rng)
    signal = phasic + tonic
    signal[3000:3100] = np.nan
    signal[-500:] = np.nan
    signal[-1500:-1400] = np.nan
    found = convex_phasic(signal, SFREQ)
    assert np.isnan(found[3000:3100]).all() and np.isnan(found[-1400:]).all()
    assert np.isfinite(found[:3000]).all() and np.isfinite(found[3100:-1500]).all()
    flat = convex_phasic(np.full(4000, 2e-6), SFREQ)
    np.testing.assert_allclose(flat, 0.0, atol=1e-20)
