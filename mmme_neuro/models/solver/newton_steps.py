"""Compiled kernels: the search of `optimum` and `likelihood` with analytic second derivatives."""

import numba
import numpy as np

from mmme_neuro.models.solver.columns import Columns, SharedDesign
from mmme_neuro.models.solver.fisher_steps import fisher_step, reduce_rank
from mmme_neuro.models.solver.normal_equations import (
    Equations,
    solve_equations,
)
from mmme_neuro.models.solver.response_effects import satterthwaite_dof, take_last_step
from mmme_neuro.models.solver.response_equations import (
    Response,
    criterion,
    differentiate,
)
from mmme_neuro.models.solver.traces import solve_with_traces
from mmme_neuro.stats.buffers import unwritten

PREDICTED_DECREASE = 1e-6
"""Newton's predicted decrease of the criterion at which a search ends, before one more step, if
this step is small (`SMALL_STEP`): the step is taken to first order."""
NO_DECREASE = 1e-9
"""Predicted decrease at which a search ends however long the step."""
SMALL_STEP = 2e-4
"""Relative to the diagonal element of the column of the relative covariance factor."""
LONG_STEP = 0.5
"""Predicted decrease above which scoring is tried before Newton's step."""
ZERO_TOLERANCES = (1e-3, 1e-5, 1e-8)
"""As in `likelihood`."""
NEGATIVE_CURVATURE = 1e-6
INDISTINGUISHABLE = 1e-9
KICK = 0.1
MAX_STEPS = 50
MAX_HALVINGS = 40


@numba.njit(cache=True, nogil=True, error_model="numpy")
def newton_step(response: Response, step: np.ndarray) -> tuple[float, bool]:
    """Damped Newton step; returns the predicted decrease and whether curvatures are positive."""
    values, axes = np.linalg.eigh(response.hessian)
    n_theta = len(step)
    largest = max(abs(values[0]), abs(values[-1]))
    floor = max(largest, 1e-300)
    step[:] = 0.0
    predicted = 0.0
    for i in range(n_theta):
        along = 0.0
        for j in range(n_theta):
            along += axes[j, i] * response.gradient[j]
        scaled = along / max(abs(values[i]), NEGATIVE_CURVATURE * floor)
        predicted += 0.5 * along * scaled
        for j in range(n_theta):
            step[j] -= axes[j, i] * scaled
    is_convex = values[0] >= -NEGATIVE_CURVATURE * floor
    is_kick = predicted < NO_DECREASE and not is_convex
    for j in range(n_theta):
        if is_kick:
            step[j] = KICK * axes[j, 0]
        elif response.gradient[j] == 0.0:
            step[j] = 0.0  # A zero column stays exactly zero.
    return predicted, is_convex


@numba.njit(cache=True, nogil=True, error_model="numpy")
def is_small(shared: SharedDesign, theta: np.ndarray, step: np.ndarray) -> bool:
    """Whether a step is small beside every column of the relative covariance factors."""
    for p in range(len(theta)):
        if shared.row[p] == shared.column[p]:
            for q in range(len(theta)):
                if shared.factor[q] == shared.factor[p] and shared.column[q] == shared.column[p]:
                    if abs(step[q]) > SMALL_STEP * abs(theta[p]):
                        return False
    return True


@numba.njit(cache=True, nogil=True, error_model="numpy")
def search(
    shared: SharedDesign,
    main: np.ndarray,
    rest: np.ndarray,
    total: float,
    start: Equations,
    own: Equations,
    response: Response,
    theta: np.ndarray,
    step: np.ndarray,
) -> tuple[float, bool, int]:
    """Follow scoring and Newton steps from the theta of ``start``.

    Returns
    -------
    value : float
        Criterion at ``theta``; ``step`` is the last step, not taken.
    is_minimum : bool
        Whether first- and second-order conditions hold.
    n_steps : int
        Evaluations with derivatives.
    """
    n_theta = len(theta)
    trial = unwritten(n_theta)
    theta[:] = start.theta
    step[:] = 0.0
    equations = start
    value = criterion(shared, start, main, rest, total, response)
    n_steps = 0
    while np.isfinite(value) and n_steps < MAX_STEPS:
        differentiate(shared, equations, response)
        predicted, is_convex = newton_step(response, step)
        if is_convex and predicted < PREDICTED_DECREASE:
            if predicted < NO_DECREASE or is_small(shared, theta, step):
                return value, True, n_steps
        longest, furthest = 0.0, 1.0
        for j in range(n_theta):
            longest = max(longest, abs(step[j]))
            furthest = max(furthest, abs(theta[j]))
        scale = min(1.0, 2.0 * furthest / longest)
        is_scoring = predicted > LONG_STEP or not is_convex
        if is_scoring:
            is_scoring = fisher_step(shared, equations, response, trial)
        moved = np.inf
        for _ in range(MAX_HALVINGS):
            if not is_scoring:
                for j in range(n_theta):
                    trial[j] = theta[j] + scale * step[j]
                scale *= 0.5
            is_scoring = False
            solve_with_traces(shared, trial, own)
            n_steps += 1
            moved = criterion(shared, own, main, rest, total, response)
            if moved < value:
                break
        if not moved < value:
            break
        equations = own
        value = moved
        theta[:] = trial
    step[:] = 0.0
    return value, False, n_steps


@numba.njit(cache=True, nogil=True, error_model="numpy")
def make_canonical(
    shared: SharedDesign, theta: np.ndarray, tolerance: float, canonical: np.ndarray
) -> bool:
    """Factor of the same covariance, non-negative diagonal, small columns zero.

    Returns whether a column became zero that was not.
    """
    largest = shared.size.max()
    covariance = unwritten((largest, largest))
    columns = unwritten((largest, largest))
    factor = unwritten((largest, largest))
    is_new = False
    for f in range(len(shared.size)):
        size = shared.size[f]
        factor[:] = 0.0
        for p in range(len(theta)):
            if shared.factor[p] == f:
                factor[shared.row[p], shared.column[p]] = theta[p]
        for i in range(size):
            for j in range(size):
                value = 0.0
                for k in range(size):
                    value += factor[i, k] * factor[j, k]
                covariance[i, j] = value
        columns[:] = 0.0
        for i in range(size):
            if covariance[i, i] > tolerance**2:
                root = np.sqrt(covariance[i, i])
                for j in range(size):
                    columns[j, i] = covariance[j, i] / root
                for j in range(size):
                    for k in range(size):
                        covariance[j, k] -= columns[j, i] * columns[k, i]
            else:
                for j in range(i, size):
                    if factor[j, i] != 0.0:
                        is_new = True
        for p in range(len(theta)):
            if shared.factor[p] == f:
                row, column = shared.row[p], shared.column[p]
                canonical[p] = columns[row, column] if row >= column else 0.0
    return is_new


@numba.njit(cache=True, nogil=True, error_model="numpy")
def free_of(shared: SharedDesign, theta: np.ndarray, is_free: np.ndarray) -> None:
    """Which parameters lie in columns of the relative covariance factor that are not zero."""
    for p in range(len(theta)):
        for q in range(len(theta)):
            if (
                shared.factor[q] == shared.factor[p]
                and shared.row[q] == shared.column[p]
                and shared.column[q] == shared.column[p]
            ):
                is_free[p] = theta[q] != 0.0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def fit_one(
    shared: SharedDesign,
    main: np.ndarray,
    rest: np.ndarray,
    total: float,
    start: Equations,
    own: Equations,
    response: Response,
    theta: np.ndarray,
    variances: np.ndarray,
    dof: np.ndarray,
) -> tuple[float, bool, int]:
    """Optimum of one response from one start; leaves its solution in ``own`` and ``response``."""
    n_theta = len(theta)
    step, canonical = unwritten(n_theta), unwritten(n_theta)
    is_free = np.ones(n_theta, dtype=np.bool_)
    value, is_minimum, n_steps = np.inf, False, 0
    at, n_tried, is_on_face, failed_at = start, 0, True, np.inf
    while is_on_face:
        value, is_minimum, more = search(shared, main, rest, total, at, own, response, theta, step)
        n_steps += more
        at = own
        if not is_minimum and np.isfinite(value) and not np.isfinite(failed_at):
            # A valley that Cholesky factors follow badly leads to a correlation of one.
            failed_at = value
            solve_equations(shared, theta, own)
            reduce_rank(shared, own.relative, canonical)
            solve_with_traces(shared, canonical, own)
            continue
        if not np.isfinite(value):
            return value, False, n_steps
        is_on_face = False
        while n_tried < len(ZERO_TOLERANCES) and not is_on_face:
            if not make_canonical(shared, theta + step, ZERO_TOLERANCES[n_tried], canonical):
                n_tried = len(ZERO_TOLERANCES)
                break
            n_tried += 1
            n_steps += 1
            solve_with_traces(shared, canonical, own)
            on_face = criterion(shared, own, main, rest, total, response)
            is_on_face = on_face <= value + INDISTINGUISHABLE
    is_minimum = is_minimum and value <= failed_at + INDISTINGUISHABLE
    if not np.array_equal(own.theta, theta):
        solve_with_traces(shared, theta, own)
        criterion(shared, own, main, rest, total, response)
        differentiate(shared, own, response)
    free_of(shared, theta, is_free)
    satterthwaite_dof(shared, own, response, is_free, step, variances, dof)
    value += take_last_step(shared, response, step, len(dof))
    for j in range(n_theta):
        theta[j] += step[j]
    for p in range(n_theta):
        if shared.row[p] == shared.column[p] and theta[p] < 0.0:
            for q in range(n_theta):
                if shared.factor[q] == shared.factor[p] and shared.column[q] == shared.column[p]:
                    theta[q] = -theta[q]
    return value, is_minimum, n_steps


@numba.njit(cache=True, nogil=True, error_model="numpy")
def fit_block(
    shared: SharedDesign,
    columns: Columns,
    start: Equations,
    own: Equations,
    response: Response,
    tasks: np.ndarray,
    theta: np.ndarray,
    coefficients: np.ndarray,
    variance: np.ndarray,
    dof: np.ndarray,
    summary: np.ndarray,
) -> None:
    """Fit some responses from one start, whose equations are solved.

    Parameters
    ----------
    tasks : array of int, shape (n_tasks,)
        Response of each task.
    theta, coefficients, variance, dof : array, shape (n_tasks, ...)
        Results: fixed effects, their variances and their degrees of freedom.
    summary : array, shape (n_tasks, 3)
        Criterion, y'Py, whether it is a minimum.
    """
    n_fixed = shared.inverse_triangle.shape[0]
    n_rest = shared.gram.shape[0]
    n_random = n_rest - n_fixed
    for t in range(len(tasks)):
        r = tasks[t]
        value, is_minimum, _ = fit_one(
            shared,
            columns.main[r],
            columns.rest[r],
            columns.total[r],
            start,
            own,
            response,
            theta[t],
            variance[t],
            dof[t],
        )
        summary[t, 0] = value
        summary[t, 1] = response.residual[0]
        summary[t, 2] = 1.0 if is_minimum else 0.0
        for c in range(n_fixed):
            coefficients[t, c] = 0.0
            for j in range(n_fixed):
                of_basis = response.solution[n_random + j] + columns.offset[r, j]
                coefficients[t, c] += shared.inverse_triangle[c, j] * of_basis
            variance[t, c] *= response.residual[0] / shared.dof
