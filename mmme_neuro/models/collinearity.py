"""Variance inflation of the fixed terms of a mixed model."""

import numpy as np
import pandas as pd

from mmme_neuro.models.mixed import LMMFit


def collinearity(fit: LMMFit) -> pd.DataFrame:
    """How much the other fixed terms inflate the uncertainty of each.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.

    Returns
    -------
    DataFrame, shape (n_terms, 3)
        Index ``term``; ``gvif`` (generalised variance inflation factor, 1 where a term is
        uncorrelated with the others), ``dof`` (its number of columns) and ``inflation``:
        gvif^(1 / (2 dof)), the factor on the standard error.

    Notes
    -----
    Fox & Monette (1992, J Am Stat Assoc 87:178) from the covariance of the estimates, without the
    intercept, so that the random terms count. Terms contained in an interaction are inflated by
    treatment coding alone: use ``C(x, contr.sum)`` and centred covariates to judge them. Rise time
    and EMG power are sensitivity covariates: report this table with them.

    Examples
    --------
    >>> collinearity(fit)  # doctest: +SKIP
    """
    names = list(fit.design.fixed_names)
    columns = _terms_of_columns(fit)
    used = [i for i, name in enumerate(names) if columns[name] != "1"]
    covariance = fit.covariance.to_numpy()[np.ix_(used, used)]
    sds = np.sqrt(np.diagonal(covariance))
    correlation = covariance / np.outer(sds, sds)
    terms = np.array([columns[names[i]] for i in used])
    rows = {}
    for term in dict.fromkeys(terms):
        own = terms == term
        log_gvif = (
            _log_determinant(correlation[np.ix_(own, own)])
            + _log_determinant(correlation[np.ix_(~own, ~own)])
            - _log_determinant(correlation)
        )
        dof = int(own.sum())
        rows[str(term)] = (np.exp(log_gvif), dof, np.exp(log_gvif / (2 * dof)))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["gvif", "dof", "inflation"])
    return table.rename_axis("term")


def _terms_of_columns(fit: LMMFit) -> dict[str, str]:
    """Term of each fixed column."""
    spec = fit.design._spec
    return {
        str(spec.column_names[place]): str(term)
        for term, places in spec.term_indices.items()
        for place in places
    }


def _log_determinant(matrix: np.ndarray) -> float:
    return float(np.linalg.slogdet(matrix)[1]) if len(matrix) else 0.0
