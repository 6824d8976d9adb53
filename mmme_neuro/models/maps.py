"""One mixed model fitted to every cell of a map: channels, times, frequencies."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from mmme_neuro.models.design import Design, Weights, build_design, same_model
from mmme_neuro.models.mapinput import as_map, parse_map_formula, thread_count
from mmme_neuro.models.patterns import STATES, MapCells, missing_patterns
from mmme_neuro.models.solver.batch import fit_columns
from mmme_neuro.models.solver.scaling import scale_warnings
from mmme_neuro.models.weighting import log_weights, searched, working
from mmme_neuro.stats.estimates import t_interval


@dataclass(frozen=True, eq=False, repr=False)
class LMMMap:
    """Fits of one mixed model to every cell of a map.

    Parameters
    ----------
    dataset : Dataset
        What `to_dataset` returns.
    formula : str
        The one-sided formula.
    reml : bool
        Restricted maximum likelihood, else maximum likelihood.
    n_observations : int
        Events with all predictors; cells with missing responses use fewer.
    n_dropped : int
        Events left out of every cell for a missing predictor.
    aliased : tuple of str
        Fixed columns left out as combinations of earlier ones.
    """

    dataset: xr.Dataset
    formula: str
    reml: bool
    n_observations: int
    n_dropped: int
    aliased: tuple[str, ...]

    @property
    def terms(self) -> list[str]:
        """Names of the fixed effects."""
        return [str(term) for term in self.dataset["term"].to_numpy()]

    @property
    def status(self) -> pd.Series:
        """Number of cells by status, the most frequent first.

        ``interior``; the boundaries reached, for example ``zero variance of Intercept | stimulus``
        or ``correlation of one: condition[T.posed] | participant``; ``failed``: no minimum was
        found; ``constant``: the response has no variance left to model; ``missing``: too few
        events for the model.
        """
        codes, counts = np.unique(self.dataset["status"].to_numpy(), return_counts=True)
        names = [self.status_name(int(code)) for code in codes]
        counted = pd.Series(counts, pd.Index(names, name="status"), name="n_cells")
        return counted.sort_values(ascending=False, kind="stable")

    def status_name(self, code: int) -> str:
        """Say what a value of ``status`` in the dataset means."""
        if code in STATES:
            return STATES[code]
        meanings = self.dataset["status"].attrs["boundaries"]
        return "; ".join(text for bit, text in enumerate(meanings) if code >> bit & 1)

    def estimate(self, term: str) -> xr.DataArray:
        """Map of one fixed effect, in units of the responses."""
        return self._of("estimate", term)

    def statistic(self, term: str) -> xr.DataArray:
        """Map of the t statistic of one fixed effect."""
        return self._of("statistic", term)

    def interval(self, term: str, *, confidence: float = 0.95) -> tuple[xr.DataArray, xr.DataArray]:
        """Lower and upper ends of the interval of one fixed effect in each cell.

        Parameters
        ----------
        term : str
            Name of the fixed effect.
        confidence : float
            Level of each cell's own interval; it does not cover all cells together.

        Returns
        -------
        low, high : DataArray
            In units of the responses.
        """
        estimate, std_error, dof = (self._of(n, term) for n in ("estimate", "std_error", "dof"))
        return t_interval(estimate, std_error, dof.to_numpy(), confidence=confidence)

    def to_dataset(self) -> xr.Dataset:
        """All results as labeled arrays.

        Returns
        -------
        Dataset
            ``estimate, std_error, dof, statistic, p_value`` on (term, ...map axes),
            ``theta`` on (parameter, ...), ``random_sd`` on (component, ...), and ``criterion,
            sigma, status, n_observations`` on the map axes.
        """
        return self.dataset

    def _of(self, variable: str, term: str) -> xr.DataArray:
        if term not in self.terms:
            raise ValueError(f"no term {term!r}; the terms are {self.terms}")
        return self.dataset[variable].sel(term=term, drop=True)

    def __repr__(self) -> str:
        shape = dict(self.dataset["status"].sizes)
        axes = " x ".join(f"{n} {axis}" for axis, n in shape.items()) or "one cell"
        states = ", ".join(f"{n} {name}" for name, n in self.status.items())
        method = "REML" if self.reml else "ML"
        return (
            f"<LMMMap | {self.formula} | {self.n_observations} events, {axes} | {method} | "
            f"{states}>"
        )


def fit_lmm_map(
    formula: str,
    responses: np.ndarray | xr.DataArray,
    events: pd.DataFrame,
    *,
    reml: bool = True,
    weights: Weights | None = None,
    n_threads: int | None = None,
) -> LMMMap:
    """Fit one linear mixed model to every cell of a map, each exactly.

    Parameters
    ----------
    formula : str
        One-sided formula, for example
        ``"~ condition * valence + (1 + condition | participant) + (1 | stimulus)"``; otherwise
        as in `fit_lmm`.
    responses : array or DataArray, shape (n_events, ...)
        Events first, then any axes, for example channels and times. NaN: this event is missing in
        this cell.
    events : DataFrame, shape (n_events, n_columns)
        Row *i* is event *i* of ``responses``.
    reml : bool
        Restricted maximum likelihood (the default), else maximum likelihood.
    weights : str or array, shape (n_events,), optional
        Prior weights of the events in every cell, or the column of ``events`` that has them, as of
        `fit_lmm`.
    n_threads : int, optional
        Threads; all available cores by default. Results do not depend on it.

    Returns
    -------
    LMMMap
        Where ``status`` is failed, constant or missing, results are NaN.

    See Also
    --------
    fit_lmm : One response, with diagnostics.

    Notes
    -----
    Every cell has the optimum that `fit_lmm` finds. Cross products with the design are formed
    once, the criterion of all cells is evaluated on one grid of covariance parameters, and each
    cell goes from its lowest grid minima by Fisher scoring and Newton steps with analytic second
    derivatives to a point that satisfies first- and second-order conditions, boundaries included.
    Degrees of freedom are Satterthwaite's; at a boundary they are conditional on it.

    Cells with missing events are fitted to the events that they have. Where these lack a level of
    a fixed factor or cannot carry the model, the cell is ``missing``. Each pattern of missing
    events costs one design; cells that share it share this cost.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> events = pd.DataFrame({"participant": np.repeat(np.arange(10), 20)})
    >>> events["condition"] = np.where(rng.random(200) < 0.4, "spontaneous", "posed")
    >>> eeg = rng.normal(size=(200, 4, 5)) + rng.normal(size=(10, 4, 5))[events["participant"]]
    >>> fits = fit_lmm_map("~ condition + (1 | participant)", eeg, events)
    >>> fits.estimate("condition[T.spontaneous]").shape
    (4, 5)
    """
    parsed = parse_map_formula(formula)
    values, axes, coordinates = _checked(responses, events)
    design, _ = build_design(parsed, events, weights=weights)
    for message in scale_warnings(design):
        warnings.warn(message, stacklevel=2)
    flat = values.reshape(len(values), -1)
    n_threads = thread_count(n_threads)
    cells = MapCells(design, flat.shape[1])
    for pattern in missing_patterns(flat, design.rows):
        used = design.rows[pattern.is_present]
        own = same_model(design, events, used)
        if own is not None:
            take = _taker(own, flat, used, pattern.columns)
            n_columns = len(pattern.columns)
            fits = fit_columns(searched(own), take, n_columns, reml=reml, n_threads=n_threads)
            fits.criterion[:] -= log_weights(own)
            cells.write(pattern, fits, len(used))
    return LMMMap(
        dataset=cells.dataset(axes, values.shape[1:], coordinates),
        formula=str(parsed),
        reml=reml,
        n_observations=design.n_events,
        n_dropped=design.n_dropped,
        aliased=design.aliased,
    )


def _checked(
    responses: np.ndarray | xr.DataArray, events: pd.DataFrame
) -> tuple[np.ndarray, tuple[str, ...], dict[str, xr.DataArray]]:
    """Values, map axes and their coordinates; what cannot be a map is refused."""
    if isinstance(responses, pd.DataFrame) and not isinstance(events, pd.DataFrame):
        raise TypeError(
            "events came before responses: call fit_lmm_map(formula, responses, events)"
        )
    data = as_map(responses, events)
    axes = tuple(str(axis) for axis in data.dims[1:])
    taken = sorted(set(axes) & {"term", "parameter", "component"})
    if taken:
        raise ValueError(f"axes {taken} of responses have names that the result uses; rename them")
    coordinates = {
        str(name): coordinate
        for name, coordinate in data.coords.items()
        if coordinate.dims and set(coordinate.dims) <= set(data.dims[1:])
    }
    return data.to_numpy(), axes, coordinates


def _taker(
    design: Design, flat: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> Callable[[slice], np.ndarray]:
    """Function that copies some responses, only the given events, as the search sees them."""
    is_range = len(columns) == columns[-1] - columns[0] + 1

    def take(block: slice) -> np.ndarray:
        if is_range:
            piece = flat[:, columns[0] + block.start : columns[0] + block.stop]
        else:
            piece = flat[:, columns[block]]
        piece = piece if len(rows) == len(flat) else piece[rows]
        return np.ascontiguousarray(working(design, piece), dtype=float)

    return take
