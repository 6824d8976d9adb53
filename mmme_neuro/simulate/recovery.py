"""Compare what an analysis found with the truth behind a simulated study."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from mmme_neuro.responses.measures import Measure
from mmme_neuro.simulate.estimands import estimands, plain
from mmme_neuro.simulate.files.devices import DeviceClock
from mmme_neuro.simulate.parameters import StudyParameters
from mmme_neuro.stats.estimates import mean_row, t_interval

RECOVERY_COLUMNS = (
    "quantity",
    "unit",
    "truth",
    "estimate",
    "std_error",
    "ci_low",
    "ci_high",
    "covered",
    "is_effect",
)
MODEL_RESPONSES = {
    "premotor": "premotor",
    "late_positivity": "late_positivity",
    "alpha_power": "alpha_power",
    "scr": "scr_us",
    "heart_rate": "heart_rate_bpm",
}
"""Measure of the truth -> response of the mixed models."""

SAME_MEASURE = ("window", "baseline", "electrodes", "band", "response")
"""What makes two measures the same quantity."""

MODEL_TERM = "expression[T.micro]"
LARGEST_ONSET_ERROR_S = 0.5


def recovery_table(
    truth: Mapping, found: Mapping[str, pd.DataFrame], *, pairs: tuple[str, str]
) -> pd.DataFrame:
    """Return one row per quantity: truth, estimate and whether its 95 % interval covers it.

    Parameters
    ----------
    truth : mapping
        Content of ``truth.json``.
    found : mapping of str to DataFrame
        Tables ``clocks, erp_amplitudes, models, coupling, cross_modal, icc`` of the analysis.
    pairs : tuple of str
        Columns of ``coupling``: the coupled pair and the uncoupled one.

    Returns
    -------
    DataFrame
        Columns ``RECOVERY_COLUMNS``; ``is_effect`` marks quantities whose truth is an effect,
        so that their interval should exclude 0.
    """
    rows = [
        *_clock_rows(truth, found["clocks"]),
        _onset_row(truth, found["erp_amplitudes"]),
        *_model_rows(truth["estimands"], found["models"]),
        _coupling_row(truth["estimands"]["coupling"], found["coupling"], pairs),
        _correlation_row(truth["estimands"]["brain_body_correlation"], found["cross_modal"]),
        _icc_row(truth["estimands"]["rating_icc"], found["icc"]),
    ]
    table = pd.DataFrame([row for row in rows if row is not None])
    table["covered"] = (table["ci_low"] <= table["truth"]) & (table["truth"] <= table["ci_high"])
    return table[list(RECOVERY_COLUMNS)]


def with_measures(truth: Mapping, measures: Sequence[Measure]) -> Mapping:
    """Truth of measures that are not those foreseen when the study was simulated.

    Parameters
    ----------
    truth : mapping
        Content of ``truth.json``.
    measures : sequence of Measure
        What the analysis measures, named as in ``truth``. Other names are left alone.

    Returns
    -------
    mapping
        The same where signal, place, window and baseline are those of the file; else with the
        estimands of the measures that differ, and of the correlation that follows from them.
    """
    known = truth["estimands"]
    changed = tuple(
        measure
        for measure in measures
        if measure.name in known
        and any(known[measure.name]["measure"][key] != plain(measure)[key] for key in SAME_MEASURE)
    )
    if not changed:
        return truth
    parameters = StudyParameters.from_dict(truth["parameters"])
    found = estimands(parameters, truth["n_videos"], changed)
    names = [*(measure.name for measure in changed), "brain_body_correlation"]
    return {**truth, "estimands": {**known, **{name: found[name] for name in names}}}


def with_overlap_truth(table: pd.DataFrame, truth: Mapping) -> pd.DataFrame:
    """Add what each measure is without overlap to means of all events, isolated and deconvolved.

    Parameters
    ----------
    table : DataFrame
        Of `over_participants`.
    truth : mapping
        Content of ``truth.json``; empty for a real study.

    Returns
    -------
    DataFrame
        With ``truth``, ``bias_expected`` (what overlap adds to an average of ever so many events)
        and ``covered``; NaN where the truth is not known.
    """
    known = truth.get("estimands", {})
    measures, conditions = (table[name].astype(str).tolist() for name in ("measure", "condition"))
    alone, overlapped = (
        [
            _of_condition(known.get(measure, {}), key, condition)
            for measure, condition in zip(measures, conditions, strict=True)
        ]
        for key in ("alone", "overlapped")
    )
    table = table.assign(truth=alone, bias_expected=np.subtract(overlapped, alone))
    inside = (table["ci_low"] <= table["truth"]) & (table["truth"] <= table["ci_high"])
    return table.assign(covered=inside.astype(float).where(table["truth"].notna()))


def _of_condition(known: Mapping, key: str, condition: str) -> float:
    """Truth of a condition or of the difference of two."""
    values = known.get("conditions", {}).get(key, {})
    if " - " not in condition:
        return values.get(condition, np.nan)
    first, second = condition.split(" - ")
    return values.get(first, np.nan) - values.get(second, np.nan)


def _row(
    quantity: str,
    unit: str,
    truth: float,
    estimate: float,
    std_error: float,
    interval: tuple[float, float],
    *,
    is_effect: bool = True,
) -> dict:
    """One row of the table."""
    return {
        "quantity": quantity,
        "unit": unit,
        "truth": float(truth),
        "estimate": float(estimate),
        "std_error": float(std_error),
        "ci_low": float(interval[0]),
        "ci_high": float(interval[1]),
        "is_effect": is_effect,
    }


def _clock_rows(truth: Mapping, clocks: pd.DataFrame) -> list[dict]:
    """Drift and offset of each device, averaged over participants."""
    rows = []
    for device in ("physio", "camera"):
        table = clocks[clocks["device"] == device]
        if table.empty:
            continue
        by_name = {
            person["participant"]: DeviceClock(**person[f"{device}_clock"])
            for person in truth["participants"]
        }
        true = [by_name[name] for name in table["participant"]]
        drift = np.array([clock.drift_ppm for clock in true])
        center = table["center_device_s"].to_numpy()
        mapped = np.array([clock.to_eeg(at) for clock, at in zip(true, center, strict=True)])
        rows += [
            _mean_row(
                f"{device} clock drift",
                "ppm",
                drift,
                table["drift_ppm"],
                table["drift_se_ppm"],
                table["dof"],
            ),
            _mean_row(
                f"{device} clock offset at mid-recording",
                "s",
                mapped - center,
                table["center_eeg_s"] - center,
                table["center_se_s"],
                table["dof"],
            ),
        ]
    return rows


def _mean_row(
    quantity: str,
    unit: str,
    truth: np.ndarray,
    estimate: pd.Series,
    std_error: pd.Series,
    dof: pd.Series,
) -> dict:
    """Mean over participants of independent estimates; Satterthwaite's degrees of freedom."""
    variance = np.asarray(std_error, float) ** 2
    mean_se = np.sqrt(variance.sum()) / variance.size
    total_dof = variance.sum() ** 2 / np.sum(variance**2 / np.maximum(np.asarray(dof, float), 1))
    mean = np.mean(estimate)
    interval = t_interval(mean, mean_se, total_dof)
    return _row(quantity, unit, np.mean(truth), mean, mean_se, interval, is_effect=False)


def _onset_row(truth: Mapping, events: pd.DataFrame) -> dict:
    """Mean error of event onsets on the EEG clock; participants are the units."""
    errors = []
    for person in truth["participants"]:
        true = np.sort(np.asarray(person["events"]["onset"], float))
        placed = events.loc[events["participant"] == person["participant"], "onset"].to_numpy()
        if not placed.size or not true.size:
            continue
        error = placed[:, None] - true[None, :]
        nearest = error[np.arange(placed.size), np.abs(error).argmin(axis=1)]
        errors.append(1000 * nearest[np.abs(nearest) < LARGEST_ONSET_ERROR_S].mean())
    mean, se, interval = _mean_of_people(np.array(errors))
    return _row("event onset on the EEG clock", "ms", 0.0, mean, se, interval, is_effect=False)


def _mean_of_people(values: np.ndarray) -> tuple[float, float, tuple[float, float]]:
    """Mean, standard error and t interval over participants."""
    row = mean_row(values)
    return row["estimate"], row["std_error"], (row["ci_low"], row["ci_high"])


def _model_rows(estimands: Mapping, models: pd.DataFrame) -> list[dict]:
    """Fixed effects of expression."""
    rows = []
    for name, response in MODEL_RESPONSES.items():
        fit = models[(models["response"] == response) & (models["term"] == MODEL_TERM)]
        if fit.empty:
            continue
        row, known = fit.iloc[0], estimands[name]
        interval = (row["ci_low"], row["ci_high"])
        rows.append(
            _row(
                known["quantity"],
                known["unit"],
                known["value"],
                row["estimate"],
                row["std_error"],
                interval,
                is_effect=known["source_value"] != 0,
            )
        )
    return rows


def _coupling_row(known: Mapping, coupling: pd.DataFrame, pairs: tuple[str, str]) -> dict | None:
    """Coupled minus uncoupled pair, participants as units."""
    difference = (coupling[pairs[0]] - coupling[pairs[1]]).to_numpy()
    if difference.size < 2:
        return None
    mean, se, interval = _mean_of_people(difference)
    return _row(known["quantity"], known["unit"], known["value"], mean, se, interval)


def _correlation_row(known: Mapping, cross_modal: pd.DataFrame) -> dict:
    """Within-participant correlation of brain and skin."""
    rows = cross_modal[(cross_modal["x"] == "late_positivity") & (cross_modal["y"] == "scr_us")]
    found = rows.iloc[0]
    se = (found["ci_high"] - found["ci_low"]) / (2 * stats.norm.ppf(0.975))
    interval = (found["ci_low"], found["ci_high"])
    is_effect = known["source_value"] != 0
    return _row(
        known["quantity"],
        known["unit"],
        known["value"],
        found["r"],
        se,
        interval,
        is_effect=is_effect,
    )


def _icc_row(known: Mapping, icc: pd.DataFrame) -> dict | None:
    """Absolute-agreement ICC of ratings."""
    if icc.empty:
        return None
    found = icc[icc["form"] == "ICC(A,1)"].iloc[0]
    se = (found["ci_high"] - found["ci_low"]) / (2 * stats.norm.ppf(0.975))
    interval = (found["ci_low"], found["ci_high"])
    return _row(known["quantity"], known["unit"], known["value"], found["icc"], se, interval)
