"""Null orders of rows: one modality's events moved within their blocks, the other's left."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from mmme_neuro.errors import NotEstimable


@dataclass(frozen=True)
class Resampling:
    """How often, and how, participants and events are drawn anew.

    Parameters
    ----------
    rng : numpy.random.Generator | int
        Source of the draws.
    n_resamples : int
        Samples of whole participants for intervals; 0 for none.
    n_permutations : int
        Null orders of events for p values; 0 for none.
    blocks : tuple of str
        Columns within whose combinations events change places. With participant and stimulus, what
        a stimulus does to everybody stays in the null; with participant alone it counts as
        association.
    scheme : {"permutation", "circular_shift"}
        Any order within a block, or the same order begun elsewhere, which keeps what neighboring
        events share. Rows must then be in the order of time.
    """

    rng: np.random.Generator | int
    n_resamples: int = 2000
    n_permutations: int = 1999
    blocks: tuple[str, ...] = ("participant",)
    scheme: str = "permutation"

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        if self.scheme not in SCHEMES:
            raise ValueError(f"scheme={self.scheme!r}: must be one of {list(SCHEMES)}.")
        if self.n_resamples < 0 or self.n_permutations < 0:
            raise ValueError(
                f"n_resamples={self.n_resamples}, n_permutations={self.n_permutations}: must not "
                "be negative; 0 for none."
            )


def shuffled_orders(
    blocks: np.ndarray, n_orders: int, *, scheme: str, rng: np.random.Generator
) -> np.ndarray:
    """Draw orders of rows that stay within blocks.

    Parameters
    ----------
    blocks : array of int, shape (n_rows,)
        Block of each row, in the order of time.
    n_orders : int
        Orders.
    scheme : {"permutation", "circular_shift"}
        See `Resampling`.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    array of int, shape (n_orders, n_rows)
        Row that comes to each place.

    Raises
    ------
    NotEstimable
        When no block holds two rows.

    Examples
    --------
    >>> orders = shuffled_orders(
    ...     np.array([0, 0, 1]), 50, scheme="permutation", rng=np.random.default_rng(1)
    ... )
    >>> sorted(set(map(tuple, orders.tolist())))
    [(0, 1, 2), (1, 0, 2)]
    """
    if np.bincount(blocks).max() < 2:
        raise NotEstimable(
            "every block holds a single event, so none can change places; use wider blocks."
        )
    return SCHEMES[scheme](blocks, n_orders, rng)


def _permuted(blocks: np.ndarray, n_orders: int, rng: np.random.Generator) -> np.ndarray:
    """Any order within blocks."""
    places = np.argsort(blocks, kind="stable")
    orders = np.zeros((n_orders, len(blocks)), dtype=int)
    orders[:, places] = np.argsort(blocks + rng.random((n_orders, len(blocks))), axis=1)
    return orders


def _shifted(blocks: np.ndarray, n_orders: int, rng: np.random.Generator) -> np.ndarray:
    """The same order, begun at another row of the block."""
    places = np.argsort(blocks, kind="stable")
    inside, sizes = blocks[places], np.bincount(blocks)
    starts = np.cumsum(sizes) - sizes
    shifts = rng.integers(0, sizes, size=(n_orders, len(sizes)))
    position = np.arange(len(blocks)) - starts[inside]
    orders = np.zeros((n_orders, len(blocks)), dtype=int)
    orders[:, places] = places[starts[inside] + (position + shifts[:, inside]) % sizes[inside]]
    return orders


SCHEMES: Mapping[str, Callable[[np.ndarray, int, np.random.Generator], np.ndarray]] = (
    MappingProxyType({"permutation": _permuted, "circular_shift": _shifted})
)


def p_of_null(observed: float | np.ndarray, null: np.ndarray) -> np.ndarray:
    """Share of null values as large as the observed one, which counts as one of them.

    Parameters
    ----------
    observed : float or array, shape (...)
        Statistic; large speaks against the null.
    null : array, shape (n_orders, ...)
        The same under null orders.

    Returns
    -------
    array, shape (...)
        Never 0 (Phipson & Smyth 2010).

    Examples
    --------
    >>> float(p_of_null(2.0, np.array([1.0, 2.0, 3.0])))
    0.75
    """
    # Rounding must not part equal arrangements.
    reached = null >= observed - 1e-12
    return (1 + reached.sum(axis=0)) / (1 + len(null))
