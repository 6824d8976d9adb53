"""Generalizability theory: which facets make a score uncertain, and how many are needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import prod

import numpy as np
import pandas as pd
from scipy import stats
from scipy.stats import qmc

from mmme_neuro.errors import NotEstimable
from mmme_neuro.models.design import Design, build_design
from mmme_neuro.models.formula import parse_formula
from mmme_neuro.models.solver.crossproducts import cross_products
from mmme_neuro.models.solver.likelihood import Likelihood
from mmme_neuro.stats.rounding import is_constant
from mmme_neuro.stats.tables import checked_columns

N_POINTS = 4096
"""Points of the fixed Halton sequence at which generalized limits are evaluated."""


@dataclass(frozen=True, eq=False)
class MeanSquares:
    """Mean squares of a complete table with one score a cell.

    Parameters
    ----------
    sources : tuple of tuple of int
        Axes of each source: single ones, their combinations, all of them (the residual).
    values : array, shape (n_sources,)
        Mean squares.
    dof : array, shape (n_sources,)
        Degrees of freedom.
    weights : array, shape (n_sources, n_sources)
        Variance components are ``weights @ values``.
    """

    sources: tuple[tuple[int, ...], ...]
    values: np.ndarray
    dof: np.ndarray
    weights: np.ndarray

    @property
    def components(self) -> np.ndarray:
        """Unbiased variance of each source, shape (n_sources,); may be negative."""
        return self.weights @ self.values

    def generalized(self) -> np.ndarray:
        """Variances at quantiles of the mean squares' distributions, not below zero.

        Returns
        -------
        array, shape (N_POINTS, n_sources)
            Their quantiles are generalized confidence limits (Weerahandi 1993): each mean square
            times its degrees of freedom is its expectation times chi-squared.
        """
        points = qmc.Halton(len(self.dof), scramble=False).random(N_POINTS + 1)[1:]
        expected = self.values * self.dof / stats.chi2.ppf(points, self.dof)
        return np.maximum(expected @ self.weights.T, 0)


def mean_squares(table: np.ndarray) -> MeanSquares:
    """Mean squares of all sources of a complete table.

    Parameters
    ----------
    table : array, shape (n_1, ..., n_factors)
        One score a cell.

    Returns
    -------
    MeanSquares

    Notes
    -----
    All factors are random: the expectation of a source's mean square adds, for each source that
    contains it, that source's variance times the number of cells of one of its levels
    (Brennan 2001, section 3.4).
    """
    axes = range(table.ndim)
    sources = tuple(
        source for size in range(1, table.ndim + 1) for source in combinations(axes, size)
    )
    values, dof = [], []
    for source in sources:
        effect = table
        for axis in axes:
            mean = effect.mean(axis=axis, keepdims=True)
            effect = effect - mean if axis in source else mean
        cells = prod(table.shape[axis] for axis in axes if axis not in source)
        dof.append(prod(table.shape[axis] - 1 for axis in source))
        values.append(float((effect**2).sum()) * cells / dof[-1])
    weights = [
        [
            (-1.0) ** (len(other) - len(source)) / prod(_rest(table.shape, source))
            if set(source) <= set(other)
            else 0.0
            for other in sources
        ]
        for source in sources
    ]
    return MeanSquares(sources, np.array(values), np.array(dof), np.array(weights))


def _rest(shape: tuple[int, ...], source: tuple[int, ...]) -> list[int]:
    """Sizes of the axes outside a source."""
    return [size for axis, size in enumerate(shape) if axis not in source]


RESIDUAL = "Residual"
_MIN_RESAMPLES = 100


@dataclass(frozen=True, eq=False, repr=False)
class GStudy:
    """Variance components of scores over targets and facets.

    Parameters
    ----------
    targets : str
        What is measured.
    facets : tuple of str
        What it is measured with or over: raters, items, occasions, trials.
    components : DataFrame
        Index ``source`` (the targets, facets, their combinations, and the residual, which holds
        the highest combination); columns ``variance, share``.
    n_levels : dict of str to int
        Levels of the targets and of each facet in the data.
    resampled : array, shape (n_resamples, n_sources)
        Components that data and their noise allow; empty without intervals.
    confidence : float
        Level of the intervals.
    """

    targets: str
    facets: tuple[str, ...]
    components: pd.DataFrame
    n_levels: dict[str, int]
    resampled: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    confidence: float = 0.95

    def coefficients(self, levels: Mapping[str, float] | None = None) -> pd.DataFrame:
        """Reliability of the mean over so many levels of each facet (decision study).

        Parameters
        ----------
        levels : mapping of str to float, optional
            Number of levels of each facet; those of the data if not given.

        Returns
        -------
        DataFrame
            Index ``coefficient``: ``generalizability`` (relative decisions: who is higher) and
            ``dependability`` (absolute: how high); columns ``estimate, ci_low, ci_high`` and
            ``std_error``, the standard error of measurement in the unit of the scores.
        """
        levels = {name: self.n_levels[name] for name in self.facets} if levels is None else levels
        wrong = sorted(set(levels) ^ set(self.facets))
        if wrong or not all(value > 0 for value in levels.values()):
            raise ValueError(
                f"levels must give a number above 0 for each of {list(self.facets)}, got "
                f"{dict(levels)}."
            )
        own, errors = self._split(self.components["variance"].to_numpy(), levels)
        drawn = self._split(self.resampled, levels) if len(self.resampled) else None
        rows = {}
        for name, error in errors.items():
            total = own + error
            limits = (np.nan, np.nan)
            if drawn is not None:
                values = drawn[0] / (drawn[0] + drawn[1][name])
                tail = (1 - self.confidence) / 2
                limits = tuple(np.nanquantile(values, [tail, 1 - tail]))
            estimate = own / total if total > 0 else np.nan
            rows[name] = (estimate, *limits, np.sqrt(error))
        return pd.DataFrame.from_dict(
            rows, orient="index", columns=["estimate", "ci_low", "ci_high", "std_error"]
        ).rename_axis(index="coefficient")

    def needed(
        self, facet: str, reliability: float, *, coefficient: str = "dependability"
    ) -> float:
        """Number of levels of one facet that makes the mean so reliable.

        Parameters
        ----------
        facet : str
            Of which the number is sought; other facets have as many levels as the data.
        reliability : float
            Wanted, between 0 and 1.
        coefficient : {"dependability", "generalizability"}
            Which one.

        Returns
        -------
        float
            A whole number, or inf where the other facets' error alone is too large.
        """
        if facet not in self.facets:
            raise ValueError(f"facet must be one of {list(self.facets)}, got {facet!r}.")
        if not 0 < reliability < 1:
            raise ValueError(f"reliability must lie between 0 and 1, got {reliability!r}.")
        variances = self.components["variance"].to_numpy()
        others: dict[str, float] = {name: self.n_levels[name] for name in self.facets}
        own, always = self._split(variances, others | {facet: np.inf})
        _, with_one = self._split(variances, others | {facet: 1.0})
        allowed = own * (1 - reliability) / reliability - always[coefficient]
        if allowed <= 0:
            return np.inf
        falling = with_one[coefficient] - always[coefficient]
        return float(max(np.ceil(falling / allowed - 1e-9), 1))

    def _split(
        self, variances: np.ndarray, levels: Mapping[str, float]
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Variance of the targets, and of the relative and the absolute error."""
        # Targets first, the residual last: a facet may be called like it.
        parts = list(zip(self.components.index, np.moveaxis(variances, -1, 0), strict=True))
        of_targets = parts[0][1]
        everything = (self.targets, *self.facets)
        parts_of = {
            ":".join(group): group
            for size in range(1, len(everything))
            for group in combinations(everything, size)
        }
        relative = absolute = np.zeros_like(of_targets)
        for place, (source, variance) in enumerate(parts):
            names = everything if place == len(parts) - 1 else parts_of[source]
            part = variance / prod(levels[name] for name in names if name != self.targets)
            if place:
                absolute = absolute + part
                relative = relative + (part if self.targets in names else 0)
        return of_targets, {"generalizability": relative, "dependability": absolute}

    def __repr__(self) -> str:
        levels = ", ".join(f"{number} {name}" for name, number in self.n_levels.items())
        return f"<GStudy | {levels}>"


def generalizability(
    table: pd.DataFrame,
    *,
    targets: str,
    facets: Sequence[str],
    scores: str,
    confidence: float = 0.95,
    rng: np.random.Generator | int | None = None,
    n_resamples: int = 500,
) -> GStudy:
    """Variance components of scores over crossed facets, and what they mean for reliability.

    Parameters
    ----------
    table : DataFrame
        One row per score; cells may be missing.
    targets : str
        Column of what is measured, such as ``participant``.
    facets : sequence of str
        One or two columns of random facets that cross the targets, such as ``["item"]`` or
        ``["rater", "occasion"]``.
    scores : str
        Column of the scores.
    confidence : float
        Level of the intervals.
    rng : Generator or int, optional
        For intervals where cells are missing: data are simulated from the fitted model at the same
        cells, and fitted again. None are given without. Complete tables need no `rng`.
    n_resamples : int
        Number of simulated data sets.

    Returns
    -------
    GStudy
        `coefficients` for any number of levels, `needed` for the number that is needed.

    Raises
    ------
    ValueError
        When columns are missing, a cell has two scores, or a facet has one level.

    Notes
    -----
    Brennan (2001, Generalizability theory). Components are those of REML, so they are not negative
    and cells may be missing; where a table is complete and none would be negative, that is the
    mean-square estimate. Intervals of complete tables are generalized ones (`MeanSquares`). With
    one facet and complete data, generalizability is ICC(C,k) and dependability ICC(A,k).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> who, item = (place.ravel() for place in np.indices((40, 6)))
    >>> score = rng.normal(size=40)[who] + 0.5 * rng.normal(size=6)[item] + rng.normal(size=240)
    >>> table = pd.DataFrame({"participant": who, "item": item, "score": score})
    >>> study = generalizability(table, targets="participant", facets=["item"], scores="score")
    >>> study.needed("item", 0.9)
    10.0
    """
    names = [targets, *facets]
    if len(facets) not in (1, 2):
        raise ValueError(f"facets must be 1 or 2 columns, got {list(facets)}.")
    table = checked_columns(table, labels=names, numbers=[scores])
    rows = table[[*names, scores]].dropna().reset_index(drop=True)
    # Names of sources are text, whatever the columns are called.
    targets, facets, scores = str(targets), [str(name) for name in facets], str(scores)
    names = [targets, *facets]
    rows.columns = pd.Index([*names, scores])
    n_levels = {name: int(rows[name].nunique()) for name in names}
    if min(n_levels.values(), default=0) < 2:
        raise ValueError(f"targets and facets need 2 levels or more with scores, got {n_levels}.")
    if rows.duplicated(names).any():
        raise ValueError(
            f"each cell of {names} must have one score, {int(rows.duplicated(names).sum())} rows "
            "repeat one: average them or name the facet that tells them apart."
        )
    if n_resamples < _MIN_RESAMPLES:
        raise ValueError(f"n_resamples must be {_MIN_RESAMPLES} or more, got {n_resamples!r}.")
    sources = [group for size in range(1, len(names)) for group in combinations(names, size)]
    codes = pd.DataFrame(
        {":".join(group): rows.groupby(list(group), observed=True).ngroup() for group in sources}
    )
    crowded = [name for name in codes if codes[name].nunique() == len(rows)]
    if crowded:
        raise ValueError(
            f"each level of {crowded} has one score only, so its variance cannot be told from the "
            "residual; use fewer facets."
        )
    response = rows[scores].to_numpy(dtype=float)
    if is_constant(response):
        raise NotEstimable(f"scores column {scores!r} does not vary: there is nothing to explain.")
    complete = None
    if len(rows) == prod(n_levels.values()):
        cube = rows.sort_values(names)[scores].to_numpy(dtype=float)
        complete = mean_squares(cube.reshape([n_levels[name] for name in names]))
    resampled = np.empty((0, 0))
    if complete is not None and (complete.components >= 0).all():
        variances = complete.components
    else:
        design = _design(codes)
        variances = _components(design, response)
        if complete is None and rng is not None:
            generator = np.random.default_rng(rng)
            simulated = (_simulated(codes, variances, generator) for _ in range(n_resamples))
            resampled = np.array([_components(design, scores) for scores in simulated])
    if complete is not None:
        resampled = complete.generalized()
    components = pd.DataFrame(
        {"variance": variances, "share": variances / variances.sum()},
        index=pd.Index([*codes, RESIDUAL], name="source"),
    )
    return GStudy(targets, tuple(facets), components, n_levels, resampled, confidence)


def _design(codes: pd.DataFrame) -> Design:
    """One random intercept for each source."""
    names = [f"source{place}" for place in range(codes.shape[1])]
    formula = parse_formula("~ 1 + " + " + ".join(f"(1 | {name})" for name in names))
    return build_design(formula, codes.set_axis(names, axis=1))[0]


def _components(design: Design, response: np.ndarray) -> np.ndarray:
    """Variance of each source and the residual, by REML."""
    products = cross_products(design, response)
    likelihood = Likelihood(products, reml=True)
    optimum = likelihood.optimum()
    residual = np.real(products.profile(optimum.theta).residual) / likelihood.residual_dof
    relative = {
        factor.name: optimum.theta[place].item() ** 2
        for factor, place in zip(design.random, design.theta_slices, strict=True)
    }
    names = [f"source{place}" for place in range(len(relative))]
    return float(residual) * np.array([*(relative[name] for name in names), 1.0])


def _simulated(codes: pd.DataFrame, variances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scores drawn from the fitted model at the same cells."""
    scores = np.sqrt(variances[-1]) * rng.normal(size=len(codes))
    for name, variance in zip(codes, variances, strict=False):
        effects = np.sqrt(variance) * rng.normal(size=codes[name].max() + 1)
        scores = scores + effects[codes[name].to_numpy()]
    return scores
