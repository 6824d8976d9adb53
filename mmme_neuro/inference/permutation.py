"""Permutation test of one fixed effect of a mixed model over a map."""

import warnings
from collections.abc import Callable, Sequence
from numbers import Real

import numpy as np
import pandas as pd
import scipy.stats
import xarray as xr

from mmme_neuro.errors import BadInput
from mmme_neuro.inference.adjacency import Axis, neighbors
from mmme_neuro.inference.cell_scores import cell_scores
from mmme_neuro.inference.clustertest import CORRECTIONS, ClusterTest
from mmme_neuro.inference.maxima import TAILS, Draws, corrected_maps, flipped_maxima, largest_of
from mmme_neuro.inference.units import Units, column_of_term, find_units, left_out_slopes
from mmme_neuro.models.design import Design, build_design
from mmme_neuro.models.mapinput import as_map, parse_map_formula, thread_count
from mmme_neuro.models.patterns import missing_patterns
from mmme_neuro.models.weighting import working

LARGEST_P, LEAST_T = 0.1, 1.0
"""A cluster-forming threshold up to the first can only be meant as a p-value; below the second it
is warned of."""
FORMING_P = 0.01
"""Two-sided p-value of one cell, by the normal distribution, behind the default threshold."""


def permutation_test(
    formula: str,
    responses: np.ndarray | xr.DataArray,
    events: pd.DataFrame,
    *,
    term: str,
    rng: np.random.Generator | int,
    correction: str = "tfce",
    tail: str = "both",
    n_permutations: int = 1000,
    adjacency: Sequence[Axis] | None = None,
    threshold: float | None = None,
    units: str = "participant",
    alpha: float = 0.05,
    confidence: float = 0.95,
    n_threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ClusterTest:
    """Test one fixed effect of a mixed model over a map, corrected for the number of cells.

    Parameters
    ----------
    formula : str
        One-sided formula with random terms, as in `fit_lmm_map`.
    responses : array or DataArray, shape (n_events, ...)
        Events first, then any axes, for example channels, times and frequencies. NaN: this event
        is missing in this cell.
    events : DataFrame, shape (n_events, n_columns)
        Row *i* is event *i* of ``responses``.
    term : str
        A fixed column such as ``"condition[T.spontaneous]"``, or a term that has one column.
    rng : Generator or int
        Source of the permutations.
    correction : {"tfce", "cluster", "max"}
        What is compared with its largest value in each permutation: threshold-free cluster
        enhancement [1]_, cluster mass [2]_, or the statistic itself.
    tail : {"both", "greater", "less"}
        Side of the alternative.
    n_permutations : int
        Random patterns; the observed one is counted besides.
    adjacency : sequence of (int or sparse matrix), optional
        One entry per map axis, as in `mmme_neuro.inference.adjacency.neighbors`; for channels the
        matrix of ``mne.channels.find_ch_adjacency``. None: each axis is a lattice, which suits
        times and frequencies but not channels.
    threshold : float, optional
        Cluster-forming threshold of the statistic, for ``correction="cluster"`` only; by default
        2.58, p = .01 two-sided.
    units : str
        Grouping factor that owns the events and whose levels are independent of each other.
    alpha : float
        Level of the summary and the table of clusters.
    confidence : float
        Of the Monte-Carlo (Clopper-Pearson) interval of each p-value.
    n_threads : int, optional
        Threads; all available cores by default. Results do not depend on it.
    progress : callable, optional
        Called as ``progress(done, n_permutations)``.

    Returns
    -------
    ClusterTest

    See Also
    --------
    fit_lmm_map : Estimates, standard errors and p-values of each cell, uncorrected.

    Notes
    -----
    The null model is fitted to every cell by REML and its covariances stay fixed. The score of the
    tested column, x'Py, is the sum of contributions of independent units: a participant's events
    and random effects, a stimulus's random effects (`contributions.score_contributions`). Under
    the null each is symmetric about zero, whatever its variance, so their signs are drawn at
    random, the same for all cells [3]_. The statistic is the sum over the root of the summed
    squares. As estimated effects take degrees of freedom from the contributions, the observed
    statistic is scaled by the root of their expected sum of squares over the variance of the score.

    Which units may flip follows from where the term varies. A term that varies within participants
    is carried by them; it is carried by stimuli, too, if the formula gives them a random effect of
    it, or if it differs between stimuli only. With fewer than six units that carry a term no
    pattern of signs can be rare enough, and the test is refused. Tests that stimuli carry are
    conservative; error rates with random slopes are in docs/familywise.md.

    P-values of clusters and TFCE are of the map as a whole: they claim neither latency nor
    location [4]_.

    References
    ----------
    .. [1] Smith & Nichols (2009). NeuroImage 44, 83-98.
    .. [2] Maris & Oostenveld (2007). J Neurosci Methods 164, 177-190.
    .. [3] Hemerik, Goeman & Finos (2020). J R Stat Soc B 82, 841-864.
    .. [4] Sassenhagen & Draschkow (2019). Psychophysiology 56, e13335.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> events = pd.DataFrame({"participant": np.repeat(np.arange(12), 20)})
    >>> events["condition"] = np.where(rng.random(240) < 0.4, "spontaneous", "posed")
    >>> eeg = rng.normal(size=(240, 3, 8))
    >>> eeg[events["condition"] == "spontaneous"] += 1
    >>> model = "~ condition + (1 + condition | participant)"
    >>> test = permutation_test(model, eeg, events, term="condition", rng=1, n_permutations=199)
    >>> test.p_value
    0.005
    """
    _check_choices(correction, tail, n_permutations, threshold, alpha)
    data = as_map(responses, events)
    parsed = parse_map_formula(formula)
    design, _ = build_design(parsed, events)
    tested = column_of_term(design, term)
    near = neighbors(data.shape[1:], adjacency)
    forming = threshold or float(scipy.stats.norm.isf(FORMING_P / 2))
    draws = Draws(
        largest=largest_of(correction, near, forming),
        n_permutations=n_permutations,
        rng=np.random.default_rng(rng),
        n_threads=thread_count(n_threads),
        progress=progress,
    )
    flat = data.to_numpy().reshape(len(data), -1)
    if design.offset is not None:
        flat = flat.astype(float)
        flat[design.rows] = working(design, flat[design.rows])
    flipped = find_units(design, tested, units, events)
    statistic, null = _flips(design, tested, flipped, flat, events, draws)
    notes = _notes(design, tested, flipped)
    n_failed = int(np.isnan(statistic).sum())
    if n_failed:
        notes += (f"{n_failed} cells could not be fitted and were not tested.",)
    maxima = TAILS[tail](null)
    maps, clusters = corrected_maps(
        statistic, maxima, near, correction, tail, forming, alpha, confidence
    )
    axes = data.dims[1:]
    return ClusterTest(
        dataset=xr.Dataset(
            {name: (axes, value.reshape(data.shape[1:])) for name, value in maps.items()},
            coords={
                name: coordinate
                for name, coordinate in data.coords.items()
                if set(coordinate.dims) <= set(axes)
            },
        ),
        clusters=clusters,
        formula=str(parsed),
        term=tested,
        correction=correction,
        tail=tail,
        units=flipped.counts,
        carriers=flipped.carriers,
        n_permutations=n_permutations,
        threshold=forming if correction == "cluster" else float("nan"),
        alpha=alpha,
        confidence=confidence,
        null=maxima,
        n_observations=design.n_events,
        n_dropped=design.n_dropped,
        notes=notes,
    )


def _check_choices(
    correction: str,
    tail: str,
    n_permutations: int,
    threshold: float | None,
    alpha: float,
) -> None:
    """Refuse options that are none."""
    for name, value, known in (
        ("correction", correction, CORRECTIONS),
        ("tail", tail, TAILS),
    ):
        if value not in known:
            raise BadInput(f"{name} must be one of {list(known)}, got {value!r}")
    if not 0 < alpha < 1:
        raise BadInput(f"alpha must lie between 0 and 1, got {alpha}")
    least = int(np.ceil(1 / alpha - 1e-9)) - 1
    if n_permutations < least:
        raise BadInput(
            f"n_permutations must be at least {least} for p-values of {alpha}, got {n_permutations}"
        )
    if threshold is not None and correction != "cluster":
        raise BadInput(
            f"threshold {threshold} is for correction='cluster' only; {correction!r} has none"
        )
    if threshold is not None and not (isinstance(threshold, Real) and 0 < threshold < np.inf):
        raise BadInput(f"threshold must be positive and finite, got {threshold!r}")
    if threshold is not None and threshold <= LARGEST_P:
        t = scipy.stats.norm.isf(threshold / 2)
        raise BadInput(
            f"threshold is a value of the statistic (t), not a p-value, got {threshold}: nearly "
            f"every cell would lie beyond. For p = {threshold} two-sided give threshold={t:.2f}"
        )
    if threshold is not None and threshold < LEAST_T:
        warnings.warn(
            f"threshold={threshold} is a value of the statistic (t): "
            f"{200 * scipy.stats.norm.sf(threshold):.0f} % of the cells lie beyond it without any "
            "effect, so that clusters join up over the map",
            stacklevel=3,
        )


def _flips(
    design: Design,
    tested: str,
    units: Units,
    flat: np.ndarray,
    events: pd.DataFrame,
    draws: Draws,
) -> tuple[np.ndarray, np.ndarray]:
    """Statistic of each cell and the largest values under sign flips."""
    patterns = missing_patterns(flat, design.rows)
    scores = cell_scores(design, tested, units, flat, patterns, events, n_threads=draws.n_threads)
    return scores.statistic, flipped_maxima(scores.contributions, draws)


def _notes(design: Design, tested: str, units: Units) -> tuple[str, ...]:
    """What the result does not cover."""
    notes = []
    for name in left_out_slopes(design, tested, units):
        if next(iter(units.counts)) != name:
            notes.append(
                f"The formula has no random effect of {tested} by {name}: the result is about "
                f"these levels of {name}, and error rates rise if the effect varies over them."
            )
    factors = design.factors
    if any(factors[tested] < factors[name] for name in design.fixed_names):
        notes.append(
            f"{tested} is part of an interaction: with treatment coding its own column is the "
            "effect at the first level of the other factors; code them by sums for the mean effect."
        )
    if design.aliased:
        notes.append(f"Left out as combinations of other columns: {', '.join(design.aliased)}.")
    return tuple(notes)
