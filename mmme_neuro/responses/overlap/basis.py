"""Bases in which the time course of an event-related response is expressed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np
from scipy import sparse
from scipy.interpolate import BSpline
from scipy.signal import fftconvolve
from scipy.stats import gamma, norm

GRID_S = 0.01
"""Step at which response functions are tabulated."""


class Basis(Protocol):
    """Functions of the time since an event, zero outside ``window`` (s)."""

    @property
    def window(self) -> tuple[float, float]:
        """First and last time that the functions cover."""

    @property
    def n_functions(self) -> int:
        """Number of functions."""

    def evaluate(self, lags: np.ndarray) -> sparse.csr_array:
        """Values at times since the event, shape (n_lags, n_functions)."""


@dataclass(frozen=True)
class FIR:
    """Finite impulse response: one free value each ``step``, straight lines between.

    Parameters
    ----------
    window : tuple of float
        First and last time since the event (s) that the response may differ from zero.
    step : float
        Seconds between values; the sampling interval gives one value per sample.

    Examples
    --------
    >>> FIR((0.0, 2.0), step=1.0).evaluate(np.array([0.0, 0.5])).toarray()
    array([[1. , 0. , 0. ],
           [0.5, 0.5, 0. ]])
    """

    window: tuple[float, float]
    step: float

    def __post_init__(self) -> None:
        _check_window(self.window)
        if not 0 < self.step <= _length(self):
            raise ValueError(
                f"step must lie above 0 and within the window of {_length(self):g} s, got "
                f"{self.step}."
            )

    @property
    def n_functions(self) -> int:
        """Number of values."""
        return int(round((_length(self)) / self.step)) + 1

    def evaluate(self, lags: np.ndarray) -> sparse.csr_array:
        """Values at times since the event, shape (n_lags, n_functions)."""
        return _splines(lags, np.linspace(*self.window, self.n_functions), degree=1)


@dataclass(frozen=True)
class Splines:
    """Cubic B-splines: a smooth response with few parameters.

    Parameters
    ----------
    window : tuple of float
        First and last time since the event (s) that the response may differ from zero.
    n : int
        Number of splines, 4 or more; a width of about ``4 / (n - 3)`` of the window each.
    """

    window: tuple[float, float]
    n: int

    def __post_init__(self) -> None:
        _check_window(self.window)
        if self.n < 4:
            raise ValueError(f"n: cubic splines need 4 or more, got {self.n}.")

    @property
    def n_functions(self) -> int:
        """Number of splines."""
        return self.n

    def evaluate(self, lags: np.ndarray) -> sparse.csr_array:
        """Values at times since the event, shape (n_lags, n_functions)."""
        return _splines(lags, np.linspace(*self.window, self.n - 2), degree=3)


@dataclass(frozen=True)
class ResponseFunction:
    """Published response functions, with their time derivatives for other latencies.

    Parameters
    ----------
    name : str
        A key of `RESPONSE_FUNCTIONS`.
    derivative : bool
        Whether the derivative of the first function, orthogonal to it, is added.
    duration : float
        Seconds after which the response is taken to be over.
    """

    name: str
    derivative: bool = True
    duration: float = 30.0

    def __post_init__(self) -> None:
        if self.name not in RESPONSE_FUNCTIONS:
            raise ValueError(
                f"name={self.name!r}: must be one of {list(RESPONSE_FUNCTIONS)}; FIR or Splines "
                "take any shape."
            )
        _check_window(self.window)

    @property
    def window(self) -> tuple[float, float]:
        """Responses begin with the event."""
        return 0.0, self.duration

    @property
    def n_functions(self) -> int:
        """Number of functions, the derivative included."""
        return self._table().shape[1]

    def evaluate(self, lags: np.ndarray) -> sparse.csr_array:
        """Values at times since the event, shape (n_lags, n_functions)."""
        times, table = self._times(), self._table()
        columns = [np.interp(lags, times, column, left=0.0, right=0.0) for column in table.T]
        return sparse.csr_array(np.column_stack(columns))

    def _times(self) -> np.ndarray:
        return np.arange(0.0, self.duration + GRID_S / 2, GRID_S)

    def _table(self) -> np.ndarray:
        """Functions, each with a maximum magnitude of 1."""
        times = self._times()
        columns = RESPONSE_FUNCTIONS[self.name](times)
        if self.derivative:
            first = columns[0]
            slope = np.gradient(first, times)
            columns = [*columns, slope - first * (slope @ first) / (first @ first)]
        return np.column_stack([column / np.abs(column).max() for column in columns])


def _skin_conductance(times: np.ndarray) -> list[np.ndarray]:
    """Gaussian convolved with two decays (Bach et al. 2010)."""
    onset = norm.pdf(times, 3.0745, 0.7013)
    decay = np.exp(-0.3176 * times) + np.exp(-0.0708 * times)
    return [fftconvolve(onset, decay)[: times.size]]


def _heart_period(times: np.ndarray) -> list[np.ndarray]:
    """Gamma densities of the heart period response (Paulus et al. 2016)."""
    parts = ((3.1, 0.27, 0.0075), (13.4, 0.73, -2.4), (6.0, 0.96, 8.7), (5.8, 3.8, 4.9))
    return [gamma.pdf(times - shift, shape, scale=scale) for shape, scale, shift in parts]


def _gaussian(mean: float, sd: float) -> Callable[[np.ndarray], list[np.ndarray]]:
    """One Gaussian (respiratory responses, Bach et al. 2016)."""
    return lambda times: [norm.pdf(times, mean, sd)]


RESPONSE_FUNCTIONS: Mapping[str, Callable[[np.ndarray], list[np.ndarray]]] = MappingProxyType(
    {
        "scr": _skin_conductance,
        "heart_period": _heart_period,
        "respiration_amplitude": _gaussian(8.07, 3.74),
        "respiration_period": _gaussian(4.2, 1.65),
        "respiration_flow": _gaussian(6.0, 3.23),
    }
)
"""Functions of the time since the event (s), by name; constants as published for PsPM."""


def _length(basis: Basis) -> float:
    """Seconds that a basis covers."""
    return basis.window[1] - basis.window[0]


def _check_window(window: tuple[float, float]) -> None:
    """Refuse an empty window."""
    if not window[0] < window[1]:
        raise ValueError(f"window must begin before it ends, got {window} s.")


def _splines(lags: np.ndarray, knots: np.ndarray, *, degree: int) -> sparse.csr_array:
    """B-splines that start and end at the outer knots; zero beyond them."""
    padded = np.r_[[knots[0]] * degree, knots, [knots[-1]] * degree]
    n_functions = padded.size - degree - 1
    # Times on the sampling grid may miss an end by rounding.
    slack = 1e-9 * (knots[-1] - knots[0])
    inside = (lags >= knots[0] - slack) & (lags <= knots[-1] + slack)
    values = BSpline.design_matrix(np.clip(lags[inside], knots[0], knots[-1]), padded, degree)
    rows = np.flatnonzero(inside)
    values = sparse.coo_array(values)
    shape = (lags.size, n_functions)
    return sparse.csr_array((values.data, (rows[values.row], values.col)), shape=shape)
