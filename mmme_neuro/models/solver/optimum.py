"""Search for the optimum of a profiled criterion, exact at zero variances.

The criterion depends on the relative covariance factor L through LL' only, so it is an even,
smooth function of each column of L and needs no bounds: a zero variance is an ordinary interior
minimum that Newton steps reach exactly. There the first derivative vanishes by symmetry, and the
second-order condition takes the place of the Karush-Kuhn-Tucker condition: the second derivative
along a zero column is the derivative of the criterion along the variance.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize

COMPLEX_STEP = 1e-30
DIFFERENCE_STEP = 3e-5
PREDICTED_DECREASE = 1e-9
"""Newton's predicted decrease of the criterion at which a search ends, after one more step."""
NEGATIVE_CURVATURE = 1e-6
"""Relative to the largest curvature; below minus this, the point is not a minimum."""
ROUGH_GRADIENT = 1e-2
"""Slope of the criterion at which quasi-Newton steps give way to Newton's."""
START_VALUES = ((0.0, 0.15, 0.5, 1.5), (0.0, 0.4), (0.4,))
"""Grids for the diagonal elements, the finest that has not too many points is used."""
MAX_START_POINTS = 64
MAX_STEPS = 100

Criterion = Callable[[np.ndarray], Any]


@dataclass(frozen=True)
class Optimum:
    """Where a search ended.

    Parameters
    ----------
    theta : array, shape (n_theta,)
        Covariance parameters.
    criterion : float
        Value there.
    is_minimum : bool
        Whether first- and second-order conditions hold.
    n_steps : int
        Newton steps taken.
    """

    theta: np.ndarray
    criterion: float
    is_minimum: bool
    n_steps: int


def gradient(criterion: Criterion, theta: np.ndarray) -> np.ndarray:
    """Gradient by the complex step, exact to rounding; an array-valued function is allowed."""
    steps = 1j * COMPLEX_STEP * np.eye(len(theta))
    return np.array([np.imag(criterion(theta + step)) / COMPLEX_STEP for step in steps])


def hessian(criterion: Criterion, theta: np.ndarray) -> np.ndarray:
    """Second derivatives as central differences of the exact gradient."""
    rows = []
    for step in np.diag(DIFFERENCE_STEP * np.maximum(1, np.abs(theta))):
        difference = gradient(criterion, theta + step) - gradient(criterion, theta - step)
        rows.append(difference / (2 * step.sum()))
    return (np.array(rows) + np.array(rows).T) / 2


def minimize(criterion: Criterion, is_diagonal: np.ndarray) -> Optimum:
    """Find the lowest of the minima reached from inside and from the zero-variance faces.

    Parameters
    ----------
    criterion : callable
        Real or complex covariance parameters to the criterion.
    is_diagonal : array of bool, shape (n_theta,)
        Which parameters are diagonal elements of a relative covariance factor.

    Returns
    -------
    Optimum
    """
    ends = [approach(criterion, start) for start in _starts(criterion, is_diagonal)]
    return newton(criterion, min(ends, key=lambda end: _value(criterion, end)))


def approach(criterion: Criterion, start: np.ndarray) -> np.ndarray:
    """Quasi-Newton steps to the neighborhood of a minimum."""

    def value_and_slope(theta: np.ndarray) -> tuple[float, np.ndarray]:
        points = theta + 1j * COMPLEX_STEP * np.eye(len(theta))
        values = np.array([criterion(point) for point in points])
        value = values[0].real
        return value if np.isfinite(value) else np.inf, values.imag / COMPLEX_STEP

    return scipy.optimize.minimize(
        value_and_slope,
        start,
        jac=True,
        method="BFGS",
        options={"gtol": ROUGH_GRADIENT},
    ).x


def _starts(criterion: Criterion, is_diagonal: np.ndarray) -> list[np.ndarray]:
    """Best grid point inside and best grid point with a zero variance."""
    n_diagonal = int(is_diagonal.sum())
    values = next(
        (values for values in START_VALUES if len(values) ** n_diagonal <= MAX_START_POINTS),
        START_VALUES[-1],
    )
    points = []
    for combination in itertools.product(values, repeat=n_diagonal):
        point = np.zeros(len(is_diagonal))
        point[is_diagonal] = combination
        points.append(point)
    ranked = sorted(points, key=lambda point: _value(criterion, point))
    inside = [point for point in ranked if point[is_diagonal].all()]
    face = [point for point in ranked if not point[is_diagonal].all()]
    return inside[:1] + face[:1]


def _value(criterion: Criterion, theta: np.ndarray) -> float:
    """Criterion, infinite where it is not defined."""
    value = float(np.real(criterion(theta)))
    return value if np.isfinite(value) else np.inf


def newton(criterion: Criterion, theta: np.ndarray) -> Optimum:
    """Follow damped Newton steps, curvatures made positive, leaving saddles downhill.

    Parameters
    ----------
    criterion : callable
        Real or complex covariance parameters to the criterion.
    theta : array, shape (n_theta,)
        Where to start.

    Returns
    -------
    Optimum
    """
    value = _value(criterion, theta)
    for n_steps in range(MAX_STEPS):
        slope = gradient(criterion, theta)
        curvatures, axes = np.linalg.eigh(hessian(criterion, theta))
        floor = max(np.abs(curvatures).max(), np.finfo(float).tiny)
        along = axes.T @ slope
        step = -axes @ (along / np.maximum(np.abs(curvatures), NEGATIVE_CURVATURE * floor))
        predicted = -0.5 * float(slope @ step)
        if predicted < PREDICTED_DECREASE:
            if curvatures[0] >= -NEGATIVE_CURVATURE * floor:
                last = theta + step
                last_value = _value(criterion, last)
                if last_value <= value + PREDICTED_DECREASE:
                    theta, value = last, last_value
                return Optimum(theta, value, True, n_steps)
            step = 0.1 * axes[:, 0]
        moved, moved_value = _downhill(criterion, theta, value, step)
        if moved_value >= value:
            return Optimum(theta, value, False, n_steps)
        theta, value = moved, moved_value
    return Optimum(theta, value, False, MAX_STEPS)


def _downhill(
    criterion: Criterion, theta: np.ndarray, value: float, step: np.ndarray
) -> tuple[np.ndarray, float]:
    """First point along the step, shortened as needed, where the criterion is lower."""
    length = np.abs(step).max()
    step = step * min(1, 2 * max(1, np.abs(theta).max()) / length)
    for _ in range(40):
        moved = theta + step
        moved_value = _value(criterion, moved)
        if moved_value < value:
            return moved, moved_value
        step = step / 2
    return theta, value
