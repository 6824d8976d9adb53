"""Skin conductance as tonic level plus responses to a sparse, never negative drive (cvxEDA)."""

import numpy as np
from scipy import sparse
from scipy.interpolate import BSpline

from mmme_neuro.errors import NotEstimable
from mmme_neuro.extras import optional
from mmme_neuro.signals.body.pieces import map_pieces

TAU_S = (0.7, 2.0)
"""Rise and decay of one response, s (Bateman function)."""

KNOT_S = 10.0
"""Distance of the knots of the tonic level."""

SPARSENESS = 8e-4
SMOOTHNESS = 1e-2
WORKING_HZ = 4.0
"""Rate at which the problem is solved; responses are below 1 Hz."""

SHORTEST_S = 30.0
"""Shorter pieces do not tell a tonic level from responses."""


def convex_phasic(eda: np.ndarray, sfreq: float) -> np.ndarray:
    """Phasic part of the skin conductance by convex optimization.

    Parameters
    ----------
    eda : array, shape (n_samples,)
        Smoothed skin conductance, S; NaN where missing.
    sfreq : float
        Sampling rate, Hz.

    Returns
    -------
    array, shape (n_samples,)
        Responses, S, never negative but for rounding; NaN where missing and in pieces shorter than
        30 s. What they leave is the tonic level (and noise).

    Notes
    -----
    cvxEDA of Greco et al. (2016, IEEE Trans. Biomed. Eng. 63, 797-804): the signal is a Bateman
    response convolved with a drive that is sparse and not negative, plus a cubic spline with knots
    every 10 s and a line, plus noise; the posterior mode is a quadratic program, solved by Clarabel
    at 4 Hz on each piece divided by its standard deviation. Unlike a high-pass, responses have no
    undershoot.
    """
    step = max(int(round(sfreq / WORKING_HZ)), 1)
    return map_pieces(
        eda,
        lambda piece: _phasic_of_piece(piece, sfreq, step),
        shortest=int(SHORTEST_S * sfreq),
    )


def decompose(signal: np.ndarray, sfreq: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Solve the quadratic program of one stretch without gaps.

    Parameters
    ----------
    signal : array, shape (n_samples,)
        Skin conductance divided by its standard deviation.
    sfreq : float
        Its rate, Hz; a few Hz.

    Returns
    -------
    phasic, tonic, drive : array, shape (n_samples,)
        Responses; spline and line; the drive (per sample) that the responses follow from.

    Raises
    ------
    NotEstimable
        When the solver finds no optimum.
    """
    clarabel = optional("clarabel")

    n = signal.size
    drive_of, response_of = _filters(n, 1.0 / sfreq)
    slow = _tonic_basis(n, sfreq)
    line = np.column_stack([np.ones(n), np.linspace(0, 1, n)])
    design = sparse.hstack([response_of, slow, sparse.csc_array(line)], format="csc")
    n_slow = slow.shape[1]
    ridge = sparse.diags_array(np.r_[np.zeros(n), np.full(n_slow, SMOOTHNESS), np.zeros(2)])
    quadratic = sparse.triu(design.T @ design + ridge, format="csc")
    linear = -design.T @ signal
    linear[:n] += SPARSENESS * np.asarray(drive_of.sum(axis=0)).ravel()
    constraint = sparse.hstack([-drive_of, sparse.csc_array((n, n_slow + 2))], format="csc")
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    problem = clarabel.DefaultSolver(
        sparse.csc_matrix(quadratic),
        linear,
        sparse.csc_matrix(constraint),
        np.zeros(n),
        [clarabel.NonnegativeConeT(n)],
        settings,
    )
    found = problem.solve()
    if str(found.status) not in ("Solved", "AlmostSolved"):
        raise NotEstimable(f"cvxEDA: the solver stopped without an optimum ({found.status}).")
    x = np.asarray(found.x)
    tonic = slow @ x[n : n + n_slow] + line @ x[-2:]
    return response_of @ x[:n], tonic, drive_of @ x[:n]


def _phasic_of_piece(piece: np.ndarray, sfreq: float, step: int) -> np.ndarray:
    """Phasic part at the piece's own rate."""
    n = -(-piece.size // step)
    padded = np.r_[piece, np.full(n * step - piece.size, piece[-1])]
    coarse = padded.reshape(n, step).mean(axis=1)
    spread = coarse.std()
    if not spread > 0:
        return np.zeros(piece.size)
    phasic, _, _ = decompose((coarse - coarse.mean()) / spread, sfreq / step)
    centers = (np.arange(n) + 0.5) * step - 0.5
    return np.interp(np.arange(piece.size), centers, spread * phasic)


def _filters(n: int, delta: float) -> tuple[sparse.csc_array, sparse.csc_array]:
    """Matrices from the auxiliary process to the drive and to the responses.

    The Bateman function's differential equation with the bilinear transform.
    """
    fast, slow = 1.0 / TAU_S[0], 1.0 / TAU_S[1]
    denominator = (fast - slow) * delta**2
    auto = (
        np.array(
            [
                (fast * delta + 2) * (slow * delta + 2),
                2 * fast * slow * delta**2 - 8,
                (fast * delta - 2) * (slow * delta - 2),
            ]
        )
        / denominator
    )
    moving = np.array([1.0, 2.0, 1.0])
    return _banded(n, auto), _banded(n, moving)


def _banded(n: int, weights: np.ndarray) -> sparse.csc_array:
    """Causal filter of order 2 as a matrix; the first two samples are free of a past."""
    rows = sparse.diags_array(
        [np.full(n - lag, weight) for lag, weight in enumerate(weights)],
        offsets=[-lag for lag in range(weights.size)],
        format="lil",
    )
    rows[:2] = 0
    return rows.tocsc()


def _tonic_basis(n: int, sfreq: float) -> sparse.csc_array:
    """Cubic B-splines with knots every 10 s."""
    times = np.arange(n) / sfreq
    knots = np.arange(-3, np.ceil(times[-1] / KNOT_S) + 4) * KNOT_S
    return sparse.csc_array(BSpline.design_matrix(times, knots, 3))
