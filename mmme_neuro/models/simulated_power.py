"""Power and sample size of a mixed-model test by simulation."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import scipy.stats

from mmme_neuro.errors import NotEstimable
from mmme_neuro.models.bootstrap import AT_ONCE, draw_responses, products_of_responses
from mmme_neuro.models.mixed import LMMFit, estimate_products
from mmme_neuro.models.planning import StatedModel
from mmme_neuro.models.solver.crossproducts import cross_products
from mmme_neuro.models.weighting import searched, working

Test = str | Callable[[LMMFit], float]
Events = pd.DataFrame | Callable[[np.random.Generator], pd.DataFrame]


def power(
    model: StatedModel,
    events: Events,
    test: Test,
    n_simulations: int,
    *,
    rng: np.random.Generator | int,
    alpha: float = 0.05,
    dof: str = "satterthwaite",
    analysis: str | None = None,
) -> pd.Series:
    """Share of simulated studies whose test is significant.

    Parameters
    ----------
    model : StatedModel
        The assumed truth, for example `stated_model` of a pilot's fit.
    events : DataFrame or callable
        Events of a study, for example from `crossed_events`; or a function of a Generator that
        makes them anew for each simulation (when counts are themselves random).
    test : str or callable
        Fixed term tested against zero; or a function of the fit that returns a p-value, for
        example ``lambda fit: contrast(fit, "condition")["p_value"].iloc[0]``.
    n_simulations : int
        Number of simulated studies: 1,000 give a power of .8 within 2.5 percentage points.
    rng : numpy.random.Generator or int
        Source of randomness.
    alpha : float
        Level of the test.
    dof : {"satterthwaite", "kenward-roger"}
        Degrees of freedom where ``test`` is a term.
    analysis : str, optional
        Formula of the analysis where it is not that of the model: what leaving out a random
        slope does.

    Returns
    -------
    Series
        ``power, ci_low, ci_high`` (95 % Clopper-Pearson interval of the Monte-Carlo error),
        ``n_significant, n_simulations, n_failed`` (studies whose events cannot carry the model,
        fits that did not converge, p-values that do not exist: all counted as not significant)
        and ``singular`` (share of singular fits).

    Notes
    -----
    The power is that of the stated truth: effects of a pilot are mostly too large, and an interval
    of the Monte-Carlo error does not hold the uncertainty of the pilot. State the smallest effect
    of interest instead.

    Examples
    --------
    >>> power(model, events, "condition[T.spontaneous]", 1000, rng=1)  # doctest: +SKIP
    """
    if n_simulations < 1:
        raise ValueError(f"n_simulations must be 1 or more, got {n_simulations}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, got {alpha}")
    generator = np.random.default_rng(rng)
    p_value = _p_value_of(test, dof)
    p_values, singular, problems = [], [], []
    for fit in _simulated_studies(model, events, n_simulations, generator, analysis):
        if isinstance(fit, NotEstimable):
            problems.append(fit)
            p_values.append(np.nan)
            continue
        p_values.append(p_value(fit) if fit.converged else np.nan)
        singular.append(fit.singular)
    if len(problems) == n_simulations:
        raise problems[0]
    n_significant = int(np.sum(np.array(p_values) < alpha))
    interval = scipy.stats.binomtest(n_significant, n_simulations).proportion_ci()
    return pd.Series(
        {
            "power": n_significant / n_simulations,
            "ci_low": interval.low,
            "ci_high": interval.high,
            "n_significant": n_significant,
            "n_simulations": n_simulations,
            "n_failed": int(np.isnan(p_values).sum()),
            "singular": float(np.mean(singular)),
        }
    )


def _p_value_of(test: Test, dof: str) -> Callable[[LMMFit], float]:
    """The test as a function of a fit."""
    if not isinstance(test, str):
        return test

    def p_value(fit: LMMFit) -> float:
        table = fit.table(dof)
        if test not in table.index:
            raise ValueError(f"no term {test!r} to test; the terms are {list(table.index)}")
        return float(table["p_value"].to_numpy()[table.index.get_loc(test)])

    return p_value


def _simulated_studies(
    model: StatedModel,
    events: Events,
    n_simulations: int,
    rng: np.random.Generator,
    analysis: str | None,
) -> Iterator[LMMFit | NotEstimable]:
    """Fits of simulated studies, or why events made anew cannot be fitted."""
    if not callable(events):
        for start in range(0, n_simulations, AT_ONCE):
            size = min(AT_ONCE, n_simulations - start)
            yield from _studies_of(model, events, size, rng, analysis)
        return
    for _ in range(n_simulations):
        table = events(rng)
        try:
            (fit,) = _studies_of(model, table, 1, rng, analysis)
        except NotEstimable as error:
            yield error
        else:
            yield fit


def _studies_of(
    model: StatedModel,
    events: pd.DataFrame,
    n_simulations: int,
    rng: np.random.Generator,
    analysis: str | None,
) -> Iterator[LMMFit]:
    """Fits of simulated responses of the same events, which share their design."""
    truth = model.design_of(events)
    expected, factors = model.expected(truth), model.factors(truth)
    responses = draw_responses(truth, expected, factors, model.sigma, n_simulations, rng)
    design = truth if analysis is None else model.design_of(events, analysis)
    seen = working(design, responses)
    products = cross_products(searched(design), seen[:, 0])
    for column, these in enumerate(products_of_responses(products, seen)):
        yield estimate_products(these, responses[:, column], reml=True)


def power_table(
    model: StatedModel,
    events: Callable[..., pd.DataFrame],
    plans: Sequence[Mapping[str, Any]],
    test: Test,
    n_simulations: int,
    *,
    rng: np.random.Generator | int,
    alpha: float = 0.05,
    dof: str = "satterthwaite",
) -> pd.DataFrame:
    """Power of several plans of a study.

    Parameters
    ----------
    model : StatedModel
        The assumed truth.
    events : callable
        Makes the events of one study from the keywords of a plan and ``rng``, for example
        ``functools.partial(crossed_events, within={"condition": ("posed", "spontaneous")})``.
    plans : sequence of mapping
        Keywords of each plan: ``{"n_participants": 40, "n_stimuli": 24, "events_per_cell": 6}``.
    test : str or callable
        As in `power`.
    n_simulations : int
        Simulations for each plan.
    rng : numpy.random.Generator or int
        Source of randomness.
    alpha : float
        Level of the test.
    dof : {"satterthwaite", "kenward-roger"}
        Degrees of freedom where ``test`` is a term.

    Returns
    -------
    DataFrame
        One row per plan: its keywords, then the columns of `power`.

    Examples
    --------
    >>> plans = [{"n_participants": n, "n_stimuli": 24, "events_per_cell": 6} for n in (20, 40)]
    >>> term = "condition[T.spontaneous]"
    >>> power_table(model, events_of, plans, term, 500, rng=1)  # doctest: +SKIP
    """
    generator = np.random.default_rng(rng)
    rows = []
    for plan in plans:
        make = partial(_planned, events, plan)
        found = power(model, make, test, n_simulations, rng=generator, alpha=alpha, dof=dof)
        rows.append({**plan, **found})
    return pd.DataFrame(rows)


def _planned(
    events: Callable[..., pd.DataFrame], plan: Mapping[str, Any], rng: np.random.Generator
) -> pd.DataFrame:
    return events(**plan, rng=rng)


@dataclass(frozen=True, repr=False)
class SampleSize:
    """Smallest size that reaches a power, and what was tried.

    Attributes
    ----------
    size : int or None
        Smallest of the candidates whose estimated power reaches the target; None if none does.
    target : float
        Power asked for.
    tried : DataFrame
        Index ``size``; the columns of `power`, in the order of the sizes.
    """

    size: int | None
    target: float
    tried: pd.DataFrame

    @property
    def undecided(self) -> list[int]:
        """Sizes tried whose interval holds the target: more simulations may move the answer."""
        below, above = self.tried["ci_low"] <= self.target, self.tried["ci_high"] >= self.target
        return list(self.tried.index[below & above])

    def __repr__(self) -> str:
        return f"<SampleSize | {self.size} for power {self.target} | undecided {self.undecided}>"


def sample_size(
    model: StatedModel,
    events: Callable[[int, np.random.Generator], pd.DataFrame],
    test: Test,
    candidates: Sequence[int],
    n_simulations: int,
    *,
    rng: np.random.Generator | int,
    target: float = 0.8,
    alpha: float = 0.05,
    dof: str = "satterthwaite",
) -> SampleSize:
    """Search the smallest number of participants, stimuli or events that reaches a power.

    Parameters
    ----------
    model : StatedModel
        The assumed truth.
    events : callable
        Function of a size and a Generator that makes the events of one study, for example
        ``lambda n, rng: crossed_events(n, 24, {"condition": ("posed", "acted")}, 6, rng=rng)``.
    test : str or callable
        As in `power`.
    candidates : sequence of int
        Sizes to choose from; about log2 of their number are tried.
    n_simulations : int
        Simulations for each size tried.
    rng : numpy.random.Generator or int
        Source of randomness.
    target : float
        Power wanted.
    alpha : float
        Level of the test.
    dof : {"satterthwaite", "kenward-roger"}
        Degrees of freedom where ``test`` is a term.

    Returns
    -------
    SampleSize

    Notes
    -----
    Bisection, as power grows with the size. More participants do not help beyond a bound when
    stimuli are few (Westfall, Kenny & Judd 2014): then no candidate reaches the target.

    Examples
    --------
    >>> sample_size(model, events_of, "condition[T.spontaneous]", range(10, 200, 10), 500, rng=1)
    ... # doctest: +SKIP
    """
    sizes = sorted(set(candidates))
    if not sizes:
        raise ValueError("candidates must hold one size or more")
    if not alpha < target < 1:
        raise ValueError(f"target must lie between alpha ({alpha}) and 1, got {target}")
    generator = np.random.default_rng(rng)
    tried: dict[int, pd.Series] = {}

    def reaches(size: int) -> bool:
        tried[size] = power(
            model,
            lambda these: events(size, these),
            test,
            n_simulations,
            rng=generator,
            alpha=alpha,
            dof=dof,
        )
        return bool(tried[size]["power"] >= target)

    low, high = 0, len(sizes)
    while low < high:
        middle = (low + high) // 2
        if reaches(sizes[middle]):
            high = middle
        else:
            low = middle + 1
    table = pd.DataFrame(tried).T.sort_index().rename_axis("size")
    return SampleSize(sizes[low] if low < len(sizes) else None, target, table)
