"""The assumed truth of a study that is planned, and its events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.models.design import Design, build_design
from mmme_neuro.models.formula import parse_formula
from mmme_neuro.models.mixed import LMMFit

VERY_DIFFERENT = 1e3

Levels = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class StatedModel:
    """A mixed model with all its numbers.

    Parameters
    ----------
    formula : str
        As in `fit_lmm`; the response may be left out.
    coefficients : mapping of str to float
        Fixed effects by the names that ``fit.table()`` gives them; zero where not named.
    random : mapping
        For each grouping factor the standard deviations by column, ``{"participant":
        {"Intercept": 1.0, "condition[T.spontaneous]": 0.5}}`` (uncorrelated), or a covariance as a
        DataFrame with these names on both axes.
    sigma : float
        Residual standard deviation, in units of the response.
    """

    formula: str
    coefficients: Mapping[str, float]
    random: Mapping[str, Mapping[str, float] | pd.DataFrame]
    sigma: float

    def __post_init__(self) -> None:
        if not self.sigma > 0:
            raise ValueError(f"sigma must be above zero, got {self.sigma}")

    def with_coefficients(self, **changed: float) -> "StatedModel":
        """The same model with other fixed effects; names that are no identifiers as ``**{...}``."""
        return replace(self, coefficients={**self.coefficients, **changed})

    def design_of(self, events: pd.DataFrame, formula: str | None = None) -> Design:
        """Design of this formula, or of another, for the events."""
        parsed = replace(parse_formula(formula or self.formula), response=None)
        return build_design(parsed, events)[0]

    def expected(self, design: Design) -> np.ndarray:
        """Fixed part of the response, shape (n_events,)."""
        names = list(design.fixed_names)
        unknown = [name for name in self.coefficients if name not in names]
        if unknown or design.aliased:
            raise ValueError(
                f"coefficients {unknown} are no estimable terms of {self.formula!r} with these "
                f"events; the terms are {names}, left out as aliased {list(design.aliased)}"
            )
        fixed = design.fixed @ np.array([self.coefficients.get(name, 0.0) for name in names])
        return fixed if design.offset is None else fixed + design.offset

    def factors(self, design: Design) -> dict[str, np.ndarray]:
        """Square root of the covariance of each grouping factor's effects."""
        names = [factor.name for factor in design.random]
        if set(names) != set(self.random):
            raise ValueError(
                f"random must state the grouping factors {names} of {self.formula!r}, got "
                f"{list(self.random)}"
            )
        return {f.name: _root(self.random[f.name], f.name, f.column_names) for f in design.random}


def _root(
    stated: Mapping[str, float] | pd.DataFrame, group: str, names: tuple[str, ...]
) -> np.ndarray:
    """Square root of a stated covariance, its columns in the order of the design."""
    if set(stated.keys()) != set(names):
        raise ValueError(
            f"random[{group!r}] must state the columns {list(names)}, got {list(stated.keys())}"
        )
    if isinstance(stated, pd.DataFrame):
        covariance = stated.loc[list(names), list(names)].to_numpy(float)
    else:
        covariance = np.diag([float(stated[name]) ** 2 for name in names])
    sds = np.sqrt(np.maximum(np.diagonal(covariance), 0))
    # Columns of very different units keep their digits as correlations.
    is_uneven = sds.max() > VERY_DIFFERENT * sds[sds > 0].min(initial=sds.max())
    unit = np.where(sds > 0, sds, 1.0) if is_uneven else np.ones(len(sds))
    covariance = covariance / np.outer(unit, unit)
    values, axes = np.linalg.eigh(covariance)
    is_symmetric = np.allclose(covariance, covariance.T, atol=1e-8 * np.abs(covariance).max())
    if not is_symmetric or values[0] < -1e-9 * max(values[-1], 1e-300):
        raise ValueError(
            f"random[{group!r}] must be a covariance: symmetric, no negative eigenvalue; its "
            f"eigenvalues are {values.round(6)}"
        )
    return unit[:, None] * axes * np.sqrt(np.maximum(values, 0))


def stated_model(fit: LMMFit) -> StatedModel:
    """Take the estimates of a fit as the assumed truth.

    Parameters
    ----------
    fit : LMMFit
        For example of a pilot study.

    Returns
    -------
    StatedModel

    Examples
    --------
    >>> stated_model(fit).with_coefficients(**{"condition[T.spontaneous]": 0.3})  # doctest: +SKIP
    """
    if fit.design.weights is not None:
        raise BadInput(
            "the fit has prior weights, which a stated model has not; fit without weights, or "
            "state a StatedModel with the sigma of one event"
        )
    coefficients = {str(name): float(value) for name, value in fit.coefficients.items()}
    return StatedModel(fit.formula, coefficients, fit.random_covariances, fit.sigma)


def crossed_events(
    n_participants: int,
    n_stimuli: int,
    within: Levels,
    events_per_cell: float | Mapping[str, float],
    *,
    rng: np.random.Generator | int,
    of_stimulus: Levels | None = None,
    of_participant: Levels | None = None,
    is_random: bool = False,
) -> pd.DataFrame:
    """Make the events of a study in which participants and stimuli are crossed.

    Parameters
    ----------
    n_participants, n_stimuli : int
        Numbers of groups.
    within : mapping of str to sequence of str
        Predictors that vary within participants and stimuli and their levels, the reference
        first: ``{"condition": ("posed", "spontaneous")}``. A cell is a combination of levels.
    events_per_cell : float or mapping of str to float
        Events of each participant in each cell; where there is one predictor within, by level:
        ``{"posed": 26, "spontaneous": 6}``.
    rng : numpy.random.Generator or int
        Source of randomness.
    of_stimulus, of_participant : mapping of str to sequence of str, optional
        Predictors of stimuli or participants, whose levels (or their combinations) alternate.
    is_random : bool
        Whether counts are Poisson with these means; else every participant has them exactly.

    Returns
    -------
    DataFrame
        ``participant, stimulus`` and the predictors (Categorical). A participant's events of a
        cell fall on stimuli drawn without replacement until all had one.

    Examples
    --------
    >>> events = crossed_events(10, 8, {"condition": ("posed", "spontaneous")}, 4, rng=1)
    >>> len(events)
    80
    """
    for name, n in (("n_participants", n_participants), ("n_stimuli", n_stimuli)):
        if n < 2:
            raise ValueError(f"{name} must be 2 or more, got {n}")
    generator = np.random.default_rng(rng)
    cells = pd.MultiIndex.from_product(list(within.values()), names=list(within))
    means = _means(cells, events_per_cell)
    if not is_random and (means != means.round()).any():
        raise ValueError("events_per_cell must be whole numbers unless is_random=True")
    participants, stimuli, drawn = [], [], []
    for participant in range(n_participants):
        for number, mean in enumerate(means):
            count = int(generator.poisson(mean) if is_random else mean)
            rounds = [generator.permutation(n_stimuli) for _ in range(-(-count // n_stimuli))]
            stimuli += list(np.concatenate([[], *rounds])[:count].astype(int))
            participants += [participant] * count
            drawn += [number] * count
    events = pd.DataFrame({"participant": participants, "stimulus": stimuli})
    for place, (name, levels) in enumerate(within.items()):
        codes = np.array([list(levels).index(cell[place]) for cell in cells])[drawn]
        events[name] = _category(codes, levels)
    for group, predictors in (("stimulus", of_stimulus), ("participant", of_participant)):
        step = 1
        for name, levels in (predictors or {}).items():
            events[name] = _category(events[group].to_numpy() // step % len(levels), levels)
            step *= len(levels)
    return events


def _category(codes: np.ndarray, levels: Sequence[str]) -> pd.Series:
    """Levels in their order, the reference first."""
    values = np.array(list(levels), dtype=object)[codes]
    return pd.Series(values).astype(pd.CategoricalDtype(list(levels)))


def _means(cells: pd.MultiIndex, events_per_cell: float | Mapping[str, float]) -> np.ndarray:
    """Mean number of events of each cell."""
    if not isinstance(events_per_cell, Mapping):
        means = np.full(len(cells), float(events_per_cell))
    else:
        levels = list(cells.get_level_values(0))
        if cells.nlevels != 1 or set(levels) != set(events_per_cell):
            raise ValueError(
                "events_per_cell by level needs one predictor within and a number for each of its "
                f"levels, got {dict(events_per_cell)}"
            )
        means = np.array([events_per_cell[level] for level in levels], dtype=float)
    if not (means >= 0).all() or not means.any():
        raise ValueError(f"events_per_cell must be positive, got {events_per_cell}")
    return means
