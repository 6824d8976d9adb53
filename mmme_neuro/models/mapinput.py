"""Input of fits and tests of maps: one-sided formula, responses with named axes, threads."""

import os

import numpy as np
import pandas as pd
import xarray as xr

from mmme_neuro.errors import BadFormula
from mmme_neuro.models.formula import Formula, parse_formula


def parse_map_formula(formula: str) -> Formula:
    """Parse a formula without a response, which is the map."""
    parsed = parse_formula(formula)
    if parsed.response is not None:
        raise BadFormula(
            f"formula {formula!r} names the response {parsed.response!r}; the responses are the "
            "map: start the formula with '~'"
        )
    return parsed


def as_map(responses: np.ndarray | xr.DataArray, events: pd.DataFrame) -> xr.DataArray:
    """Responses with named axes, one row per event; what cannot be a map is refused.

    Parameters
    ----------
    responses : array or DataArray, shape (n_events, ...)
        Events first.
    events : DataFrame, shape (n_events, n_columns)
        One row per event.

    Returns
    -------
    DataArray
        An array's axes are named ``event, axis_1, axis_2, ...``.
    """
    if not isinstance(events, pd.DataFrame):
        raise TypeError(f"events must be a DataFrame with one row per event, got {type(events)}")
    data = responses
    if not isinstance(data, xr.DataArray):
        values = np.asarray(responses)
        names = ["event", *(f"axis_{i}" for i in range(1, values.ndim))]
        data = xr.DataArray(values, dims=names[: values.ndim])
    if data.dtype.kind == "O":
        data = _numbers(data)
    if data.dtype.kind not in "fiu":
        raise TypeError(
            f"responses must be real numbers, got dtype {data.dtype}; take power or another real "
            "measure of complex values first"
        )
    if data.ndim == 0 or len(data) != len(events):
        raise ValueError(
            f"responses of shape {data.shape} must have one row for each of the {len(events)} "
            "events, on the first axis; select the same events in both or move the axis"
        )
    if not data.size:
        raise ValueError(f"responses of shape {data.shape} are empty; there is nothing to fit")
    return data


def _numbers(data: xr.DataArray) -> xr.DataArray:
    """Objects that are numbers or missing as such."""
    try:
        return data.copy(data=np.where(pd.isna(data.values), np.nan, data.values).astype(float))
    except (TypeError, ValueError) as error:  # numpy, of words and other objects
        raise TypeError(
            f"responses must be real numbers, found objects that are none ({error}); convert them, "
            "for example with pandas.to_numeric"
        ) from error


def thread_count(asked: int | None) -> int:
    """Number of threads; the cores this process may use by default."""
    if asked is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if asked < 1:
        raise ValueError(f"n_threads must be at least 1, got {asked}")
    return asked
