"""Influence of single participants or stimuli on a fit: each left out in turn."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmme_neuro.errors import NotEstimable
from mmme_neuro.models.bootstrap import refit_without
from mmme_neuro.models.mixed import LMMFit


@dataclass(frozen=True, repr=False)
class Influence:
    """Fits without one group each, compared with the fit to all.

    Attributes
    ----------
    units : str
        Grouping factor whose levels were left out.
    levels : DataFrame, shape (n_levels, 7)
        Index the level; ``n_events, cooks_distance, covariance_ratio, sigma, singular, converged,
        problem``. A level without which the model cannot be fitted has NaN and the reason.
    estimates : DataFrame, shape (n_levels * n_terms, 6)
        ``level, term, estimate, change, dfbetas, p_value``: the estimate without the level, minus
        that with it, and this change in standard errors of the fit without the level.
    components : DataFrame
        ``level, group, term, sd, change``: standard deviations of the random effects.
    """

    units: str
    levels: pd.DataFrame
    estimates: pd.DataFrame
    components: pd.DataFrame

    @property
    def influential(self) -> pd.DataFrame:
        """Levels whose Cook's distance exceeds 4 / n_levels, the largest first."""
        limit = 4 / len(self.levels)
        found = self.levels[self.levels["cooks_distance"] > limit]
        return found.sort_values("cooks_distance", ascending=False)

    def __repr__(self) -> str:
        return (
            f"<Influence | {len(self.levels)} levels of {self.units} left out one at a time | "
            f"{len(self.influential)} with Cook's distance above {4 / len(self.levels):.3g}>"
        )


def influence(fit: LMMFit, units: str = "participant", *, dof: str = "satterthwaite") -> Influence:
    """Refit a model without each participant, or stimulus, in turn.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.
    units : str
        Grouping factor of the fit whose levels are left out.
    dof : {"satterthwaite", "kenward-roger"}
        Degrees of freedom of the p-values.

    Returns
    -------
    Influence

    Notes
    -----
    Every refit estimates all variances anew (no one-step approximation). Cook's distance is
    (b - b_i)' V^-1 (b - b_i) / p with V the covariance of all fixed effects in the fit to all, and
    the covariance ratio det(V_i) / det(V); DFBETAS as in Nieuwenhuis, te Grotenhuis & Pelzer
    (2012, R J 4(2):38). Leave-one-out ranges are no intervals.

    Examples
    --------
    >>> influence(fit, "participant").influential  # doctest: +SKIP
    """
    factors = {factor.name: factor for factor in fit.design.random}
    units = str(units)
    if units not in factors:
        raise ValueError(
            f"units must be a grouping factor of the fit {list(factors)}, got {units!r}"
        )
    factor = factors[units]
    whole = fit.table(dof)
    triangle = fit._products.triangle
    inverse = np.linalg.inv(_basis_covariance(fit))
    log_determinant = _log_determinant(fit)
    all_sds = fit.variance_components
    levels, estimates, components = [], [], []
    for code, level in enumerate(factor.levels):
        is_left_out = factor.codes == code
        row: dict[str, object] = {"level": level, "n_events": int(is_left_out.sum())}
        try:
            without = refit_without(fit, is_left_out)
        except NotEstimable as error:
            levels.append({**row, "problem": str(error)})
            continue
        table = without.table(dof)
        change = table["estimate"] - whole["estimate"]
        of_basis = triangle @ change.to_numpy()
        row |= {
            "cooks_distance": float(of_basis @ inverse @ of_basis) / len(change),
            "covariance_ratio": np.exp(_log_determinant(without) - log_determinant),
            "sigma": without.sigma,
            "singular": without.singular,
            "converged": without.converged,
            "problem": "",
        }
        levels.append(row)
        changes = {"change": change, "dfbetas": change / table["std_error"]}
        shown = table[["estimate", "p_value"]].assign(level=level, **changes)
        estimates.append(shown.reset_index())
        sds = without.variance_components[["group", "term", "sd"]]
        components.append(sds.assign(level=level, change=sds["sd"] - all_sds["sd"]))
    return Influence(
        units=units,
        levels=pd.DataFrame(levels).reindex(columns=LEVEL_COLUMNS).set_index("level"),
        estimates=_joined(estimates, ESTIMATE_COLUMNS),
        components=_joined(components, COMPONENT_COLUMNS),
    )


def _basis_covariance(fit: LMMFit) -> np.ndarray:
    """Covariance of the coefficients of orthonormal fixed columns, free of units and offsets."""
    return fit.sigma**2 * np.real(fit._products.profile(fit._scaled_theta).covariance)


def _log_determinant(fit: LMMFit) -> float:
    """Of the covariance of the fixed effects."""
    determinant = np.linalg.slogdet(_basis_covariance(fit))[1]
    return float(determinant - fit._products.log_determinant_triangle)


LEVEL_COLUMNS = (
    "level n_events cooks_distance covariance_ratio sigma singular converged problem".split()
)
ESTIMATE_COLUMNS = ["level", "term", "estimate", "change", "dfbetas", "p_value"]
COMPONENT_COLUMNS = ["level", "group", "term", "sd", "change"]


def _joined(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """One table with these columns, also where there are no rows."""
    if not tables:
        return pd.DataFrame(columns=columns)
    return pd.concat(tables, ignore_index=True)[columns]
