"""The same mixed model fitted to several responses of one events table."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from mmme_neuro.errors import BadInput, NotEstimable
from mmme_neuro.models.contrasts import contrast
from mmme_neuro.models.effects import standardized_effects
from mmme_neuro.models.formula import quoted
from mmme_neuro.models.mixed import LMMFit
from mmme_neuro.models.reduction import fit_reduced
from mmme_neuro.stats.estimates import t_interval
from mmme_neuro.stats.multiplicity import adjust_p_values

OVERALL = "all"
"""Name of the contrast over all levels in `contrasts_within`."""


@dataclass(frozen=True)
class ManyFits:
    """Fits of one model to several responses, as tidy tables.

    Attributes
    ----------
    estimates : DataFrame
        ``response, term, estimate, std_error, dof, statistic, p_value, ci_low, ci_high``.
    variance_components : DataFrame
        ``response, group, term, variance, sd, correlation``.
    random_effects : DataFrame
        ``response, group, term, level, mode, sd, ci_low, ci_high``: conditional modes with normal
        95 % intervals that take fixed effects and variances as known.
    notes : DataFrame
        ``response, formula, n_observations, singular, converged, reductions, warnings``; a
        response that could not be fitted has its reason in ``warnings`` and no estimates.
    """

    estimates: pd.DataFrame
    variance_components: pd.DataFrame
    random_effects: pd.DataFrame
    notes: pd.DataFrame


def fit_many(responses: Sequence[str], right_side: str, data: pd.DataFrame) -> ManyFits:
    """Fit ``response ~ right_side`` to every response, each reduced where it must be.

    Parameters
    ----------
    responses : sequence of str
        Columns of ``data``.
    right_side : str
        Predictors and random terms.
    data : DataFrame
        One row per event.

    Returns
    -------
    ManyFits

    Raises
    ------
    BadInput
        When a response is no column of ``data``.
    BadFormula
        When ``right_side`` cannot be read or names columns that ``data`` does not have.
    """
    _check_columns(responses, data)
    estimates: list[pd.DataFrame] = []
    components: list[pd.DataFrame] = []
    levels: list[pd.DataFrame] = []
    notes: list[dict[str, object]] = []
    for response in responses:
        formula = f"{quoted(str(response))} ~ {right_side}"
        try:
            fit = fit_reduced(formula, data)
            table = fit.table().reset_index()
        except NotEstimable as error:
            notes.append({"response": response, "formula": formula, "warnings": str(error)})
            continue
        estimates.append(table.assign(response=response))
        components.append(fit.variance_components.assign(response=response))
        levels.append(_random_effects(fit).assign(response=response))
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
    return ManyFits(_joined(estimates), _joined(components), _joined(levels), pd.DataFrame(notes))


def contrasts_within(
    responses: Sequence[str], right_side: str, data: pd.DataFrame, *, of: str, by: str
) -> pd.DataFrame:
    """Contrast the levels of a predictor over all and within each level of another.

    Parameters
    ----------
    responses : sequence of str
        Columns of ``data``.
    right_side : str
        Predictors, their interaction included, and random terms; reduced where it must be.
    data : DataFrame
        One row per event.
    of, by : str
        Categorical predictors: levels of ``of`` against its first, within levels of ``by``.

    Returns
    -------
    DataFrame
        ``response, contrast, within, estimate, std_error, dof, statistic, p_value, ci_low, ci_high,
        p_adjusted, effect_size, effect_low, effect_high, note``. ``within`` is ``"all"`` for the
        contrast with equal weights of the levels of ``by``. Holm's correction is over the levels
        within a response; effect sizes are in standard deviations of events (Westfall et al.
        2014). A response that could not be fitted has one row with the reason in ``note``.

    Raises
    ------
    BadInput
        When a response is no column of ``data``, or ``of`` or ``by`` no category of the formula.
    BadFormula
        When ``right_side`` cannot be read or names columns that ``data`` does not have.
    """
    _check_columns(responses, data)
    tables = []
    for response in responses:
        try:
            fit = fit_reduced(f"{quoted(str(response))} ~ {right_side}", data)
            table = _contrasts(fit, of, by)
        except NotEstimable as error:
            table = pd.DataFrame({"note": [str(error)]})
        tables.append(table.assign(response=response))
    joined = _joined(tables)
    return joined.assign(note=joined["note"].fillna("")) if "note" in joined else joined


def _contrasts(fit: LMMFit, of: str, by: str) -> pd.DataFrame:
    """One row for all levels together and one for each."""
    overall = contrast(fit, of)
    each = contrast(fit, of, by=by)
    parts = []
    for table, is_family in ((overall, False), (each, True)):
        sizes = standardized_effects(fit, table)
        adjusted = adjust_p_values(table)["p_adjusted"] if is_family else table["p_value"]
        parts.append(
            table.assign(
                p_adjusted=adjusted,
                effect_size=sizes["effect_size"],
                effect_low=sizes["ci_low"],
                effect_high=sizes["ci_high"],
            ).reset_index()
        )
    parts[0][by] = OVERALL
    table = pd.concat(parts, ignore_index=True).rename(columns={by: "within"})
    return table.assign(note="")


def _random_effects(fit: LMMFit) -> pd.DataFrame:
    """Conditional modes and their intervals, one row per level and column."""
    sds = fit.conditional_sds
    tables = []
    for group, modes in fit.conditional_modes.items():
        for term in modes:
            mode, sd = modes[term].to_numpy(), sds[group][term].to_numpy()
            low, high = t_interval(mode, sd)
            tables.append(
                pd.DataFrame(
                    {
                        "group": group,
                        "term": term,
                        "level": modes.index,
                        "mode": mode,
                        "sd": sd,
                        "ci_low": low,
                        "ci_high": high,
                    }
                )
            )
    return pd.concat(tables, ignore_index=True)


def _check_columns(responses: Sequence[str], data: pd.DataFrame) -> None:
    """Refuse responses that the table does not have."""
    missing = sorted(set(responses) - set(data.columns))
    if missing:
        raise BadInput(f"responses {missing} are no columns of data; it has {list(data)}.")


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """One table with the response first."""
    if not tables:
        return pd.DataFrame(columns=["response"])
    table = pd.concat(tables, ignore_index=True)
    return table[["response", *table.columns.drop("response")]]
