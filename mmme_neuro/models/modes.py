"""Conditional modes of the random effects and how exactly they are known."""

from dataclasses import replace

import numpy as np
import scipy.linalg
import scipy.sparse

from mmme_neuro.models.design import Design
from mmme_neuro.models.solver.crossproducts import CrossProducts, random_columns


def conditional_modes(products: CrossProducts, theta: np.ndarray) -> list[np.ndarray]:
    """Conditional modes (best linear unbiased predictions) of every grouping factor.

    Parameters
    ----------
    products : CrossProducts
        Design and response.
    theta : array, shape (n_theta,)
        Covariance parameters.

    Returns
    -------
    list of array, shape (n_levels, n_columns)
        In the order of ``products.design.random``, in units of the response per column.
    """
    lower, _ = products.factorise(theta)
    lower = np.tril(lower)
    solved = np.linalg.solve(lower[:-1, :-1].T, lower[-1, :-1])
    factors = products.relative_factors(theta)
    modes: list[np.ndarray] = [np.empty(0)] * len(factors)
    for index, start in products.starts.items():
        n_levels, size = len(products.design.random[index].levels), len(factors[index])
        stop = start + n_levels * size
        modes[index] = solved[start:stop].reshape(n_levels, size) @ factors[index].T
        solved[start:stop] = modes[index].ravel()
    main = factors[products.main]
    unexplained = products.cross[:, :, -1] - products.cross[:, :, :-1] @ solved
    penalised = main.T @ products.blocks @ main + np.eye(len(main))
    scaled = np.linalg.solve(penalised, (unexplained @ main)[:, :, None])[:, :, 0]
    modes[products.main] = scaled @ main.T
    return modes


def conditional_sds(design: Design, factors: list[np.ndarray]) -> list[np.ndarray]:
    """Standard deviations of the random effects given the response, relative to the residual's.

    Parameters
    ----------
    design : Design
        Random columns.
    factors : list of array, shape (n_columns, n_columns)
        Relative covariance factor of each grouping factor.

    Returns
    -------
    list of array, shape (n_levels, n_columns)
        In the order of ``design.random``.

    Notes
    -----
    Roots of the diagonal of L (L'Z'ZL + I)^-1 L' (Bates et al. 2015, J Stat Softw 67(1), eq. 56, as
    ``condVar`` of lme4): fixed effects and variances are taken as known. One dense matrix of all
    random effects is inverted.
    """
    scaled, blocks = [], []
    for factor, lower in zip(design.random, factors, strict=True):
        scaled.append(random_columns(replace(factor, columns=factor.columns @ lower)))
        blocks.append((lower, len(factor.levels)))
    random = scipy.sparse.hstack(scaled)
    precision = (random.T @ random).toarray() + np.eye(random.shape[1])
    covariance = scipy.linalg.inv(precision, check_finite=False)
    sds, start = [], 0
    for lower, n_levels in blocks:
        size = len(lower)
        own = np.array(
            [
                covariance[place : place + size, place : place + size]
                for place in range(start, start + n_levels * size, size)
            ]
        )
        sds.append(np.sqrt(np.einsum("ij,njk,ik->ni", lower, own, lower)))
        start += n_levels * size
    return sds
