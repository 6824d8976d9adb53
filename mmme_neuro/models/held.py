"""The criterion of a mixed model with one variance component held at a value."""

from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg

from mmme_neuro.models.mixed import LMMFit
from mmme_neuro.models.solver.crossproducts import cross_products
from mmme_neuro.models.solver.likelihood import Likelihood
from mmme_neuro.models.solver.scaling import blocks_of, lower_triangular, turn_of
from mmme_neuro.models.weighting import working

LARGEST, LARGEST_LOG = 1e3, 300
"""Multiple of the estimates, and logarithm, that a search may not exceed."""
SHORT = 0.05
"""Share of its length at which a column starts, too, when a correlation is held."""


@dataclass(frozen=True)
class VarianceComponent:
    """One standard deviation or correlation of the random effects, or the residual's.

    Parameters
    ----------
    group : str
        Grouping factor, or ``"Residual"``.
    term : str
        Random column, empty for the residual.
    other : str
        Second column of a correlation, else empty.
    """

    group: str
    term: str = ""
    other: str = ""

    @property
    def kind(self) -> str:
        """What the number is."""
        return "correlation" if self.other else "sd"


@dataclass(frozen=True, eq=False)
class HeldSigma:
    """Residual standard deviation held; the other parameters are theta."""

    likelihood: Likelihood
    theta: np.ndarray

    @property
    def starts(self) -> list[np.ndarray]:
        """Where searches over the other parameters start."""
        return [self.theta]

    def criterion(self, point: np.ndarray, value: float) -> complex:
        """Criterion at a point of the other parameters and a value of the component."""
        return _at_sigma(self.likelihood, point, value, self.theta)


@dataclass(frozen=True, eq=False)
class HeldSd:
    """Standard deviation of the first column of a block held: sigma times one element of theta.

    The other parameters are the rest of theta and log sigma; ``unit`` is the standard deviation
    per sigma and that element.
    """

    likelihood: Likelihood
    theta: np.ndarray
    sigma: float
    place: int
    unit: float

    @property
    def starts(self) -> list[np.ndarray]:
        """Where searches over the other parameters start."""
        return [np.append(np.delete(self.theta, self.place), np.log(self.sigma))]

    def criterion(self, point: np.ndarray, value: float) -> complex:
        """Criterion at a point of the other parameters and a value of the component."""
        if abs(point[-1].real) > LARGEST_LOG:
            return complex(np.inf)
        sigma = np.exp(point[-1])
        theta = np.insert(point[:-1], self.place, value / self.unit / sigma)
        return _at_sigma(self.likelihood, theta, sigma, self.theta)


@dataclass(frozen=True, eq=False)
class HeldCorrelation:
    """Correlation of the first two columns of a block held.

    The other parameters are theta without that element, the lengths of both columns as logarithms:
    a change of sign would turn the correlation.
    """

    likelihood: Likelihood
    theta: np.ndarray
    first: int
    between: int
    second: int

    @property
    def starts(self) -> list[np.ndarray]:
        """Where searches start: at the optimum and with each of the columns short."""
        start = self.theta.copy()
        start[self.second] = np.hypot(start[self.between], start[self.second])
        lengths = [self.first, self.second]
        start[lengths] = np.log(start[lengths])
        starts = [start, start.copy(), start.copy()]
        starts[1][self.first] += np.log(SHORT)
        starts[2][self.second] += np.log(SHORT)
        return [np.delete(point, self.between) for point in starts]

    def criterion(self, point: np.ndarray, value: float) -> complex:
        """Criterion at a point of the other parameters and a value of the component."""
        theta = np.insert(point, self.between, 0)
        lengths = [self.first, self.second]
        if (theta[lengths].real > LARGEST_LOG).any():
            return complex(np.inf)
        theta[lengths] = np.exp(theta[lengths])
        theta[self.between] = value * theta[self.second]
        theta[self.second] *= np.sqrt(1 - value**2)
        return self.likelihood(theta) if _is_near(theta, self.theta) else complex(np.inf)


Held = HeldSigma | HeldSd | HeldCorrelation


def _at_sigma(
    likelihood: Likelihood, theta: np.ndarray, sigma: complex, estimates: np.ndarray
) -> complex:
    """Criterion that is not profiled over sigma."""
    if not _is_near(theta, estimates):
        return complex(np.inf)
    log_determinant, residual = likelihood.log_determinants(theta)
    dof = likelihood.residual_dof
    return log_determinant + residual / sigma**2 + dof * np.log(2 * np.pi * sigma**2)


def _is_near(theta: np.ndarray, estimates: np.ndarray) -> bool:
    """Whether no element lies so far out that the normal equations overflow."""
    limit = LARGEST * max(1, np.abs(estimates).max(initial=0))
    return bool(np.abs(theta).max(initial=0) < limit)


def hold(fit: LMMFit, component: VarianceComponent) -> Held:
    """Write the model so that single parameters express a component.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.
    component : VarianceComponent
        What is held.

    Returns
    -------
    HeldSigma, HeldSd or HeldCorrelation
        With the effects of the component first among those they may covary with, where the
        Cholesky factor holds its standard deviation and correlation in single elements. The
        other columns are mixtures, so that no unit or offset spoils the search.
    """
    products, theta = fit._products, fit._scaled_theta.copy()
    names = [factor.name for factor in products.design.random]
    if component.group not in names:
        return HeldSigma(Likelihood(products, fit.reml), theta)
    number = names.index(component.group)
    factor, place = products.design.random[number], products.design.theta_slices[number]
    columns = list(factor.column_names)
    leading = [columns.index(name) for name in (component.other, component.term) if name]
    block = next(block for block in blocks_of(factor) if leading[0] in block)
    own, turn = np.ix_(block, block), turn_of(factor)[leading][:, block]
    turned = _leading_rows(turn)
    new_columns = factor.columns.copy()
    new_columns[:, block] = np.linalg.solve(turned.T, factor.columns[:, block].T).T
    lower = factor.relative_factor(theta[place])
    lower[own] = lower_triangular((turned @ lower[own])[None])[0]
    theta[place] = lower[tuple(factor.template.T)]
    changed = replace(factor, columns=np.ascontiguousarray(new_columns))
    random = tuple(changed if f is factor else f for f in products.design.random)
    again = cross_products(
        replace(products.design, random=random), working(fit.design, fit.response)
    )
    likelihood = Likelihood(again, fit.reml)
    elements = [tuple(map(int, pair)) for pair in factor.template]
    first = int(block[0])
    at = place.start + elements.index((first, first))
    if not component.other:
        return HeldSd(likelihood, theta, fit.sigma, at, float(np.linalg.norm(turn[0])))
    second = int(block[1])
    pairs = [(first, first), (second, first), (second, second)]
    return HeldCorrelation(likelihood, theta, *(place.start + elements.index(p) for p in pairs))


def unit_of(fit: LMMFit, component: VarianceComponent) -> float:
    """Standard deviation of a component where the effects of the scaled columns have unit ones."""
    for factor in fit._products.design.random:
        if factor.name == component.group:
            row = turn_of(factor)[factor.column_names.index(component.term)]
            return float(np.linalg.norm(row))
    return 1.0


def _leading_rows(leading: np.ndarray) -> np.ndarray:
    """Regular matrix whose first rows are the given ones, of length one, the rest orthonormal."""
    rows = leading / np.linalg.norm(leading, axis=1, keepdims=True)
    rest = scipy.linalg.null_space(rows).T
    return np.vstack([rows, rest[: leading.shape[1] - len(rows)]])
