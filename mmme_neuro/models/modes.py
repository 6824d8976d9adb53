"""Conditional modes of the random effects."""

import numpy as np

from mmme_neuro.models.crossproducts import CrossProducts


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
