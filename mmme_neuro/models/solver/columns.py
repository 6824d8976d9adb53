"""Cross products of one design and many responses, and what the compiled fit reads of them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse

from mmme_neuro.models.design import Design
from mmme_neuro.models.solver.crossproducts import random_columns

TILE = 32
"""Responses of one matrix product, always as many: a product's last digits depend on its shape,
which may not depend on how many responses there are."""


class SharedDesign(NamedTuple):
    """A design as its compiled fit reads it; no response and no event is in it.

    The main factor, the one with most random columns, is eliminated block by block; "rest" are
    the random columns of the other factors, then the orthonormal fixed columns Q of X = QR.

    Parameters
    ----------
    blocks : array, shape (n_levels, k, k)
        Z'Z of each group of the main factor.
    cross : array, shape (k, n_levels, n_rest)
        Z' times the rest.
    gram : array, shape (n_rest, n_rest)
        Products of the rest.
    first, n_levels, size : array of int, shape (n_factors,)
        First column in the rest, levels and random columns a level of each factor; the main
        factor stands first and has no column in the rest.
    factor, row, column : array of int, shape (n_theta,)
        Place of each covariance parameter in the relative covariance factor of its factor.
    inverse_triangle : array, shape (n_terms, n_terms)
        Inverse of R.
    dof : float
        Divisor of the residual variance: n - p for REML, n for ML.
    constant : float
        log|R|^2 for REML, zero for ML.
    reml : bool
        Restricted likelihood.
    """

    blocks: np.ndarray
    cross: np.ndarray
    gram: np.ndarray
    first: np.ndarray
    n_levels: np.ndarray
    size: np.ndarray
    factor: np.ndarray
    row: np.ndarray
    column: np.ndarray
    inverse_triangle: np.ndarray
    dof: float
    constant: float
    reml: bool


class Columns(NamedTuple):
    """Cross products of the responses, one row for each response.

    Parameters
    ----------
    main : array, shape (n_responses, k * n_levels)
        Z'y of the main factor, where y is the response less its projection on X (to rounding).
    rest : array, shape (n_responses, n_rest)
        The rest's products with y.
    total : array, shape (n_responses,)
        y'y.
    offset : array, shape (n_responses, n_terms)
        Q' times the response itself.
    """

    main: np.ndarray
    rest: np.ndarray
    total: np.ndarray
    offset: np.ndarray


@dataclass(frozen=True, eq=False)
class ColumnProducts:
    """Maker of the cross products of many responses with one design.

    Parameters
    ----------
    shared : SharedDesign
        What does not depend on the response.
    random : sparse array, shape (n_events, n_columns)
        All random columns, the main factor's first (its first column in all levels, then its
        second), then those of the rest.
    basis : array, shape (n_events, n_terms)
        Orthonormal fixed columns.
    """

    shared: SharedDesign
    random: scipy.sparse.csr_array
    basis: np.ndarray

    def __call__(self, responses: np.ndarray) -> Columns:
        """Cross products of responses, shape (n_events, n_responses), float64 and finite."""
        n_responses = responses.shape[1]
        parts = []
        for start in range(0, n_responses, TILE):
            tile = np.zeros((len(responses), TILE))
            piece = responses[:, start : start + TILE]
            tile[:, : piece.shape[1]] = piece
            parts.append(self._of_tile(tile))
        return Columns(*(np.concatenate(part)[:n_responses] for part in zip(*parts, strict=True)))

    def _of_tile(self, responses: np.ndarray) -> Columns:
        """Cross products of as many responses as one matrix product takes."""
        offset = self.basis.T @ responses
        residual = responses - self.basis @ offset
        products = np.ascontiguousarray((self.random @ residual).T)
        n_main = int(np.prod(self.shared.cross.shape[:2]))
        fixed = np.ascontiguousarray((self.basis.T @ residual).T)
        return Columns(
            main=np.ascontiguousarray(products[:, :n_main]),
            rest=np.concatenate([products[:, n_main:], fixed], axis=1),
            total=np.einsum("ij,ij->j", residual, residual),
            offset=np.ascontiguousarray(offset.T),
        )


def column_products(design: Design, *, reml: bool) -> ColumnProducts:
    """Prepare a design for many responses.

    Parameters
    ----------
    design : Design
        Fixed columns, random columns and groups.
    reml : bool
        Restricted likelihood.

    Returns
    -------
    ColumnProducts
    """
    sizes = [len(factor.levels) * len(factor.column_names) for factor in design.random]
    main = int(np.argmax(sizes))
    order = [main, *(index for index in range(len(sizes)) if index != main)]
    factors = [design.random[index] for index in order]
    basis, triangle = np.linalg.qr(design.fixed)
    random = [random_columns(factor) for factor in factors]
    n_levels, size = len(factors[0].levels), len(factors[0].column_names)
    by_column = np.arange(n_levels * size).reshape(n_levels, size).T.ravel()
    random[0] = random[0].tocsc()[:, by_column]
    rest = scipy.sparse.hstack([*random[1:], scipy.sparse.csc_array(basis)], format="csc")
    blocks = (random[0].T @ random[0]).toarray().reshape(size, n_levels, size, n_levels)
    place = {index: position for position, index in enumerate(order)}
    template = np.array(
        [
            (place[index], *pair)
            for index, factor in enumerate(design.random)
            for pair in factor.template
        ]
    )
    shared = SharedDesign(
        blocks=np.ascontiguousarray(np.einsum("aibi->iab", blocks)),
        cross=np.ascontiguousarray((random[0].T @ rest).toarray().reshape(size, n_levels, -1)),
        gram=np.ascontiguousarray((rest.T @ rest).toarray()),
        first=np.cumsum([0, 0, *(sizes[index] for index in order[1:])])[: len(order)],
        n_levels=np.array([len(factor.levels) for factor in factors]),
        size=np.array([len(factor.column_names) for factor in factors]),
        factor=np.ascontiguousarray(template[:, 0]),
        row=np.ascontiguousarray(template[:, 1]),
        column=np.ascontiguousarray(template[:, 2]),
        inverse_triangle=np.linalg.inv(triangle),
        dof=float(design.n_events - (basis.shape[1] if reml else 0)),
        constant=float(2 * np.log(np.abs(np.diagonal(triangle))).sum()) if reml else 0.0,
        reml=reml,
    )
    stacked = scipy.sparse.hstack(random, format="csc").T.tocsr()
    return ColumnProducts(shared, stacked, basis)
