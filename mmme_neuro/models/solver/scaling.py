"""Random columns brought to one scale before the search, and what is found turned back.

The criterion does not depend on the unit of a random column, nor, where its covariances with the
other columns of its term are estimated, on any mixture with them: its offset, the coding of a
category. The search, its tolerances and what counts as flat do. They see columns of mean square
one. Those of a correlated term are made orthonormal, too (an intercept first: centered), but for
indicators of categories, whose zeros save time. Those of an uncorrelated term are scaled only, as
centering would change the model.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from mmme_neuro.models.design import Design, RandomFactor

SINGULAR_BELOW = 1e-4
"""Relative standard deviation under which a fit counts as singular (as in lme4)."""
ROUNDING = 1e-13
"""Share of a row of the covariance factor that counts as rounding."""
FEW_DIGITS = 1e-7
"""Spread of a column relative to its size under which a warning says that digits are lost."""
FAR_FROM_ZERO = 20.0
"""Standard deviations between zero and the mean of an uncorrelated slope's predictor above which
a warning says that the model depends on where its zero is."""
NEARLY_COLLINEAR = 0.01
"""Smallest eigenvalue of the mean products of scaled indicators under which they are made
orthonormal, too: a reference category with one event in fifty."""
CONSTANT_BELOW = 1e-12
"""Relative deviation from its mean under which a column counts as constant."""


@dataclass(frozen=True, eq=False)
class ScaledFactor(RandomFactor):
    """Random columns of one grouping factor on the scale of the search.

    Parameters
    ----------
    original : RandomFactor
        The same with the columns as they were given.
    turn : array, shape (n_columns, n_columns)
        Effects of the original columns are ``turn`` times those of the scaled ones.
    spread : array, shape (n_columns,)
        Size of each original column: its standard deviation in a correlated term with an
        intercept, its root mean square otherwise; one for an intercept.
    """

    original: RandomFactor
    turn: np.ndarray
    spread: np.ndarray


def scaled(design: Design) -> Design:
    """The design with every random column on the scale of the search."""
    return replace(design, random=tuple(_scaled_factor(factor) for factor in design.random))


def unscaled(design: Design) -> Design:
    """The design with the random columns as they were given."""
    return replace(
        design,
        random=tuple(f.original if isinstance(f, ScaledFactor) else f for f in design.random),
    )


def turn_of(factor: RandomFactor) -> np.ndarray:
    """Matrix that makes effects of the original columns from those of the scaled ones."""
    if isinstance(factor, ScaledFactor):
        return factor.turn
    return np.eye(len(factor.column_names))


def blocks_of(factor: RandomFactor) -> list[np.ndarray]:
    """Columns whose covariances are estimated, block by block."""
    together = np.eye(len(factor.column_names), dtype=bool)
    together[factor.template[:, 0], factor.template[:, 1]] = True
    first = together.argmax(axis=1)
    return [np.flatnonzero(first == place) for place in np.unique(first)]


def _scaled_factor(factor: RandomFactor) -> RandomFactor:
    if isinstance(factor, ScaledFactor):
        return factor
    columns, turn = factor.columns.astype(float), np.zeros((factor.columns.shape[1],) * 2)
    spread = np.ones(len(turn))
    for block in blocks_of(factor):
        own = np.ix_(block, block)
        spread[block] = _spreads(columns[:, block])
        columns[:, block], turn[own] = _orthonormal(columns[:, block])
    of_factor = {item.name: getattr(factor, item.name) for item in fields(RandomFactor)}
    return ScaledFactor(
        **(of_factor | {"columns": np.ascontiguousarray(columns)}),
        original=factor,
        turn=turn,
        spread=spread,
    )


def root_mean_square(columns: np.ndarray) -> np.ndarray:
    """Root mean square of each column, without overflow or underflow; one for zeros."""
    largest = np.abs(columns).max(axis=0)
    largest = np.where(largest > 0, largest, 1.0)
    size = largest * np.sqrt(np.mean((columns / largest) ** 2, axis=0))
    return np.where(size > 0, size, 1.0)


def is_constant(columns: np.ndarray) -> np.ndarray:
    """Which columns are constant, to rounding."""
    return np.ptp(columns, axis=0) <= CONSTANT_BELOW * np.abs(columns).max(axis=0)


def _spreads(columns: np.ndarray) -> np.ndarray:
    """Size of each column of a block."""
    constant = is_constant(columns)
    centered = columns - columns.mean(axis=0) if constant.any() else columns
    return np.where(constant, root_mean_square(columns), root_mean_square(centered))


def _orthonormal(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns of mean square one and mean products zero, and the matrix that makes them.

    Each column loses what the earlier ones explain (Gram-Schmidt, twice for the digits).
    Indicators are scaled only.
    """
    n_columns = columns.shape[1]
    size = root_mean_square(columns)
    even = columns / size
    are_indicators = ((columns == 0) | (columns == columns.max(axis=0))).all()
    if are_indicators and np.linalg.eigvalsh(even.T @ even / len(even))[0] > NEARLY_COLLINEAR:
        return even, np.diag(1 / size)
    found, turn = np.zeros_like(columns), np.eye(n_columns)
    for place in range(n_columns):
        own = np.ones(len(columns)) if is_constant(columns[:, [place]])[0] else None
        if own is not None and place == 0:
            found[:, 0], turn[0, 0] = own, 1 / columns[0, 0]
            continue
        rest, weights = even[:, place], turn[:, place] / size[place]
        for _ in range(2):
            shares = found[:, :place].T @ rest / len(rest)
            rest = rest - found[:, :place] @ shares
            weights = weights - turn[:, :place] @ shares
        length = root_mean_square(rest)
        found[:, place], turn[:, place] = rest / length, weights / length
    return found, turn


def turned_back(design: Design, theta: np.ndarray) -> np.ndarray:
    """Covariance parameters of the original columns.

    Parameters
    ----------
    design : Design
        From `scaled`.
    theta : array, shape (..., n_theta)
        Covariance parameters of the scaled columns.

    Returns
    -------
    array, shape (..., n_theta)
        Canonical as in `likelihood`: no diagonal element is negative, a column whose diagonal
        element is zero is zero.
    """
    flat = theta.reshape(-1, theta.shape[-1])
    parts = [
        _turned_factor(factor, flat[:, place])
        for factor, place in zip(design.random, design.theta_slices, strict=True)
    ]
    return np.concatenate(parts, axis=1).reshape(theta.shape)


def relative_factors(factor: RandomFactor, theta: np.ndarray) -> np.ndarray:
    """Relative covariance factors, shape (n_fits, n_columns, n_columns)."""
    lower = np.zeros((len(theta), *(len(factor.column_names),) * 2))
    lower[:, factor.template[:, 0], factor.template[:, 1]] = theta
    return lower


def _turned_factor(factor: RandomFactor, theta: np.ndarray) -> np.ndarray:
    """Covariance parameters of the original columns of one grouping factor."""
    if not isinstance(factor, ScaledFactor):
        return theta
    lower = factor.turn @ relative_factors(factor, theta)
    if (factor.turn != np.diag(np.diagonal(factor.turn))).any():
        for block in blocks_of(factor):
            own = (slice(None), *np.ix_(block, block))
            lower[own] = lower_triangular(lower[own])
    return lower[:, factor.template[:, 0], factor.template[:, 1]]


def lower_triangular(roots: np.ndarray) -> np.ndarray:
    """Canonical lower triangular root of each covariance RR', shape as ``roots``.

    Orthogonalization of the rows of R: no square is formed, so no digit is lost. The rank is
    that of R, whose zero columns are exact.
    """
    rest, found = roots.copy(), np.zeros_like(roots)
    rank = (roots != 0).any(axis=1).sum(axis=1)
    length_before = np.linalg.norm(roots, axis=2)
    for i in range(roots.shape[1]):
        length = np.linalg.norm(rest[:, i], axis=1)
        is_used = (length > ROUNDING * length_before[:, i]) & (rank > 0)
        rank = rank - is_used
        unit = np.where(is_used, 1 / np.where(is_used, length, 1.0), 0.0)[:, None] * rest[:, i]
        found[:, i:, i] = np.einsum("nik,nk->ni", rest[:, i:], unit)
        found[:, i, i] = np.where(is_used, length, 0.0)
        rest -= np.einsum("ni,nk->nik", found[:, :, i], unit)
    return found


def scale_warnings(design: Design) -> list[str]:
    """What the scale of predictors still means for a fit, in words.

    Parameters
    ----------
    design : Design
        With the columns as they were given.

    Returns
    -------
    list of str
    """
    named = dict(zip(design.fixed_names, design.fixed.T, strict=True))
    for factor in design.random:
        named |= dict(zip(factor.column_names, factor.columns.T, strict=True))
    messages = [
        f"{name} varies by less than {FEW_DIGITS:g} of its size, so that few of its digits carry "
        "information: subtract a constant from it (predictors on very different scales)"
        for name, column in named.items()
        if not is_constant(column[:, None])[0] and column.std() < FEW_DIGITS * np.abs(column).max()
    ]
    for factor in design.random:
        blocks = blocks_of(factor)
        constant = is_constant(factor.columns)
        for block in blocks if constant.any() else []:
            for place in block[~constant[block]] if not constant[block].any() else []:
                column = factor.columns[:, place]
                is_far = np.abs(column.mean()) > FAR_FROM_ZERO * column.std()
                if is_far and np.abs(np.sign(column).sum()) == len(column):
                    messages.append(
                        f"the slope of {factor.column_names[place]} and the intercept of "
                        f"{factor.name} are uncorrelated where {factor.column_names[place]} is "
                        "zero, far from all its values, on which the fit depends: center it or "
                        "write | for ||"
                    )
    return messages


@dataclass(frozen=True, eq=False)
class Boundaries:
    """Where fits lie on a boundary, column by column in the order of the design.

    Parameters
    ----------
    relative_sd : array, shape (n_fits, n_columns)
        Standard deviation of the effects of each original column, relative to the residual's.
    is_zero : array of bool, shape (n_fits, n_columns)
        Whether it is zero on the scale of the column.
    is_shared : array of bool, shape (n_fits, n_columns)
        Whether the variance of the column is all shared with others.
    """

    relative_sd: np.ndarray
    is_zero: np.ndarray
    is_shared: np.ndarray


def boundaries(design: Design, theta: np.ndarray) -> Boundaries:
    """Boundaries on which fits lie.

    Parameters
    ----------
    design : Design
        From `scaled`.
    theta : array, shape (n_fits, n_theta)
        Covariance parameters of the scaled columns.

    Returns
    -------
    Boundaries
    """
    sds, zeros, shared = [], [], []
    for factor, place in zip(design.random, design.theta_slices, strict=True):
        lower, turn = relative_factors(factor, theta[:, place]), turn_of(factor)
        spread = factor.spread if isinstance(factor, ScaledFactor) else np.ones(len(turn))
        own = np.diagonal(lower, axis1=1, axis2=2) < SINGULAR_BELOW
        sd = np.sqrt(((turn @ lower) ** 2).sum(axis=2))
        is_zero = np.zeros_like(own)
        is_shared = np.zeros_like(own)
        for block in blocks_of(factor):
            is_singular = own[:, block].sum(axis=1) > 0
            zero = is_singular[:, None] & (sd[:, block] * spread[block] < SINGULAR_BELOW)
            # Of the others the last ones, as many as there are ranks missing; one at least.
            missing = own[:, block].sum(axis=1) - zero.sum(axis=1)
            missing = np.maximum(missing, (is_singular & ~zero.any(axis=1)).astype(int))
            from_last = np.cumsum(~zero[:, ::-1], axis=1)[:, ::-1]
            is_zero[:, block] = zero
            is_shared[:, block] = ~zero & (from_last <= missing[:, None])
        sds.append(sd)
        zeros.append(is_zero)
        shared.append(is_shared)
    return Boundaries(*(np.concatenate(part, axis=1) for part in (sds, zeros, shared)))
