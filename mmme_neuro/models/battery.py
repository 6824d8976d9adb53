"""The same mixed model fitted to several responses of one events table."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from mmme_neuro.models.reduction import fit_reduced


@dataclass(frozen=True)
class Battery:
    """Fits of one model to several responses, as tidy tables.

    Attributes
    ----------
    estimates : DataFrame
        ``response, term, estimate, std_error, dof, statistic, p_value, ci_low, ci_high``.
    variance_components : DataFrame
        ``response, group, term, variance, sd, correlation``.
    notes : DataFrame
        ``response, formula, n_observations, singular, converged, reductions, warnings``; a
        response that could not be fitted has its reason in ``warnings`` and no estimates.
    """

    estimates: pd.DataFrame
    variance_components: pd.DataFrame
    notes: pd.DataFrame


def fit_battery(responses: Sequence[str], right_side: str, data: pd.DataFrame) -> Battery:
    """Fit ``response ~ right_side`` to every response, each reduced where it must be.

    Parameters
    ----------
    responses : sequence of str
        Columns of ``data``.
    right_side : str
        Predictors and random terms.
    data : DataFrame
        One row an event.

    Returns
    -------
    Battery

    Raises
    ------
    ValueError
        When a response is no column of ``data``.
    """
    missing = sorted(set(responses) - set(data.columns))
    if missing:
        raise ValueError(f"responses {missing} are no columns of data; it has {list(data)}.")
    estimates: list[pd.DataFrame] = []
    components: list[pd.DataFrame] = []
    notes: list[dict[str, object]] = []
    for response in responses:
        formula = f"{response} ~ {right_side}"
        try:
            fit = fit_reduced(formula, data)
            table = fit.table().reset_index()
        except ValueError as error:
            notes.append({"response": response, "formula": formula, "warnings": str(error)})
            continue
        estimates.append(table.assign(response=response))
        components.append(fit.variance_components.assign(response=response))
        notes.append(
            {
                "response": response,
                "formula": str(fit.formula),
                "n_observations": fit.n_observations,
                **{f"n_{group}": n for group, n in dict(fit.n_groups).items()},
                "singular": fit.singular,
                "converged": fit.converged,
                "reductions": "; ".join(fit.reductions),
                "warnings": "; ".join(fit.warnings),
            }
        )
    return Battery(_joined(estimates), _joined(components), pd.DataFrame(notes))


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """One table with the response first."""
    if not tables:
        return pd.DataFrame(columns=["response"])
    table = pd.concat(tables, ignore_index=True)
    return table[["response", *table.columns.drop("response")]]
