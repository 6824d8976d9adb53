"""What many simulated studies say: coverage of intervals and rates of false effects."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tests.calibration.cheap_studies import NULL_RESPONSES, TRUSTED_RESPONSES

CONFIDENCE = 0.95
LEVEL = 0.05
TERM = "expression[T.micro]"
WITHIN_MONTE_CARLO = 2.58
"""Standard errors by which a rate may miss by chance (99 % two-sided)."""


def coverage_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Summarize recovery tables of many studies, one row a quantity.

    Parameters
    ----------
    rows : DataFrame
        Recovery tables with a column ``seed``.

    Returns
    -------
    DataFrame
        ``quantity, unit, n_studies, truth, estimate, bias, bias_se, bias_z, mean_std_error,
        sd_of_error, ci_width, coverage, coverage_se, excludes_zero``. ``coverage_se`` is the
        Monte-Carlo error at nominal coverage; truths that vary by study enter by their mean.
    """
    summaries = [
        {"quantity": quantity, "unit": group["unit"].iloc[0], **_coverage(group)}
        for quantity, group in rows.groupby("quantity", sort=False)
    ]
    return pd.DataFrame(summaries)


def _coverage(group: pd.DataFrame) -> dict[str, float]:
    """Summarize one quantity."""
    n, error = len(group), group["estimate"] - group["truth"]
    bias, bias_se = error.mean(), error.std() / np.sqrt(n)
    return {
        "n_studies": n,
        "truth": group["truth"].mean(),
        "estimate": group["estimate"].mean(),
        "bias": bias,
        "bias_se": bias_se,
        "bias_z": bias / bias_se,
        "mean_std_error": group["std_error"].mean(),
        "sd_of_error": error.std(),
        "ci_width": (group["ci_high"] - group["ci_low"]).mean(),
        "coverage": group["covered"].mean(),
        "coverage_se": np.sqrt(CONFIDENCE * (1 - CONFIDENCE) / n),
        "excludes_zero": ((group["ci_low"] > 0) | (group["ci_high"] < 0)).mean(),
    }


def lowest_coverage(n_studies: int) -> float:
    """Coverage that nominal intervals reach in all but 0.5 % of calibrations of this size."""
    return CONFIDENCE - WITHIN_MONTE_CARLO * np.sqrt(CONFIDENCE * (1 - CONFIDENCE) / n_studies)


def error_rates(rows: pd.DataFrame) -> pd.DataFrame:
    """Share of null studies with p < .05 for ME against MaE.

    Parameters
    ----------
    rows : DataFrame
        Model tables with columns ``scenario, analysis, seed``.

    Returns
    -------
    DataFrame
        ``scenario, analysis, response, n_studies, rate, rate_se, mean_estimate``, for each EEG
        response and for ``any`` of those that the page trusts. A response without a fit counts as
        not significant.
    """
    tests = rows[(rows["term"] == TERM) & rows["response"].isin(NULL_RESPONSES)]
    summaries = []
    for (scenario, analysis), group in tests.groupby(["scenario", "analysis"], sort=False):
        p_values = group.pivot_table("p_value", "seed", "response")
        false = p_values[[name for name in NULL_RESPONSES if name in p_values]] < LEVEL
        false["any"] = false[[name for name in TRUSTED_RESPONSES if name in false]].any(axis=1)
        means = group.groupby("response")["estimate"].mean()
        summaries += [
            {
                "scenario": scenario,
                "analysis": analysis,
                "response": response,
                "n_studies": len(false),
                "rate": rate,
                "rate_se": np.sqrt(rate * (1 - rate) / len(false)),
                "mean_estimate": means.get(response, np.nan),
            }
            for response, rate in false.mean().items()
        ]
    return pd.DataFrame(summaries)


def as_markdown(table: pd.DataFrame, digits: Mapping[str, str]) -> str:
    """Write some columns of a table as Markdown.

    Parameters
    ----------
    table : DataFrame
        Any.
    digits : mapping of str to str
        Column -> format, in the order wanted; an empty format leaves texts as they are.
    """
    lines = ["| " + " | ".join(digits) + " |", "|" + " --- |" * len(digits)]
    for row in table.to_dict("records"):
        cells = (_cell(row[name], form) for name, form in digits.items())
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: object, form: str) -> str:
    """One value as text; a missing one as nothing."""
    if isinstance(value, float) and np.isnan(value):
        return ""
    return format(value, form)
