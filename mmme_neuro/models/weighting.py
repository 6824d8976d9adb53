"""Prior weights and offsets: what the search sees of a design and its responses."""

from dataclasses import replace

import numpy as np

from mmme_neuro.models.design import Design
from mmme_neuro.models.solver.scaling import scaled, unscaled


def searched(design: Design) -> Design:
    """Design of the search: random columns on one scale, rows times the root of their weights.

    Parameters
    ----------
    design : Design
        As it was built.

    Returns
    -------
    Design
        Its least squares are the weighted ones of ``design``: residual variances are equal.
    """
    design = scaled(design)
    if design.weights is None:
        return design
    root = np.sqrt(design.weights)[:, None]
    random = (
        replace(factor, columns=np.ascontiguousarray(root * factor.columns))
        for factor in design.random
    )
    return replace(
        design,
        fixed=np.ascontiguousarray(root * design.fixed),
        random=tuple(random),
        unweighted=design.fixed,
    )


def given(design: Design) -> Design:
    """The design as it was built, from that of the search."""
    design = unscaled(design)
    if design.unweighted is None:
        return design
    return replace(design, fixed=design.unweighted, unweighted=None)


def working(design: Design, responses: np.ndarray) -> np.ndarray:
    """Responses of the search: without their known part, times the root of their weights.

    Parameters
    ----------
    design : Design
        Offset and weights.
    responses : array, shape (n_events, ...)
        As they were measured.

    Returns
    -------
    array, shape (n_events, ...)
    """
    shape = (-1, *[1] * (responses.ndim - 1))
    if design.offset is not None:
        responses = responses - design.offset.reshape(shape)
    if design.weights is not None:
        responses = responses * np.sqrt(design.weights).reshape(shape)
    return responses


def variance_ratios(design: Design) -> np.ndarray:
    """Residual variance of each event relative to sigma^2, shape (n_events,)."""
    return np.ones(design.n_events) if design.weights is None else 1 / design.weights


def log_weights(design: Design) -> float:
    """Sum of the logarithms of the weights, which the criterion of the search lacks."""
    return 0.0 if design.weights is None else float(np.log(design.weights).sum())
