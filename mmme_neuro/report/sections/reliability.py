"""Section on reliability: scores of participants, self-reports, the body's answer to videos."""

import math
from collections.abc import Callable
from operator import itemgetter

import pandas as pd

from mmme_neuro.report import formats
from mmme_neuro.report.markup import Column, details, paragraph, table_html
from mmme_neuro.report.results import Results
from mmme_neuro.wording import MINUS, channel_name, measure_name, number_text, response_name

MAIN_FORMS = ("ICC(A,1)", "ICC(C,k)")
"""Agreement of single participants, and consistency of the mean of all."""

_COEFFICIENTS = {
    "split_half": "split-half",
    "dependability": "dependability",
    "alpha": "alpha",
    "omega_total": "omega (total)",
    "alpha_within": "alpha, within participants",
    "alpha_between": "alpha, between participants",
}


def reliability(results: Results) -> str:
    """Reliability of scores, ratings and responses to videos."""
    return _scores(results) + _ratings(results) + _videos(results)


def _scores(results: Results) -> str:
    """Scores that are averages of events."""
    coefficients = [
        formats.written("response", "response", response_name),
        _condition(),
        formats.written("coefficient", "coefficient", _coefficient),
        formats.number("estimate", "estimate", digits=2),
        formats.interval(),
        formats.count("n_participants", "participants"),
        formats.count("n_trials", "events (median)"),
        formats.text("reason", "note", is_long=True),
    ]
    error = [
        formats.written("response", "response", response_name),
        _condition(),
        formats.unit(),
        formats.number("rms_sme", "measurement error (SME)"),
        formats.number("sd_participants", "SD of participants"),
        formats.number("sd_true", "SD without error"),
        formats.percent("share_of_error", "error in the variance (%)"),
    ]
    left_out = [
        formats.written("response", "response", response_name),
        _condition(),
        formats.text("participant", "participant"),
        formats.text("reason", "reason", is_long=True),
    ]
    table, lost = results.table("score_reliability"), results.table("score_left_out")
    parts = [
        results.figure("fig9_reliability"),
        details(
            f"Every coefficient ({len(table)})",
            table_html(table, coefficients, caption="Reliability with the events as they are"),
        ),
        _needed(results.table("trials_needed")),
        details(
            "Measurement error and differences between participants",
            table_html(
                results.table("score_error"),
                error,
                caption="Standardized measurement error (root mean square over participants)",
            ),
        ),
        details(
            f"Participants with too few events ({len(lost)})",
            table_html(lost, left_out, caption="Left out"),
        ),
        results.figure("figS_reliability_time"),
    ]
    return "".join(parts)


def _needed(table: pd.DataFrame) -> str:
    """Numbers of events for each target, side by side."""
    table = table.assign(text=[_numbers(row) for row in table.to_dict("records")])
    wide = table.pivot_table(
        index=["response", "condition"], columns="target", values="text", aggfunc="first",
        sort=False, observed=True,
    )  # fmt: skip
    columns = [formats.written("response", "response", response_name), _condition()]
    columns += [Column(f"for {target:.2g}", itemgetter(target), is_number=True) for target in wide]
    caption = (
        "Events of a kind that a participant needs (with 95 % interval) for a dependability of .7 "
        "and .8; \N{INFINITY}: no number is enough, as participants do not differ beyond error"
    )
    return table_html(wide.reset_index(), columns, caption=caption)


def _ratings(results: Results) -> str:
    """Self-reports."""
    table = results.table("icc")
    if table.empty:
        return paragraph("The study has no ratings.csv.")
    forms = [
        formats.text("form", "form"),
        formats.number("icc", "ICC"),
        formats.interval(),
        formats.number("f", "F"),
        Column("df", lambda row: f"{row['dof1']:.0f}, {row['dof2']:.0f}", is_number=True),
        formats.p_value(),
    ]
    parts = [results.figure("figS_self_reports")]
    parts.append(table_html(table, forms, caption="Intraclass correlations of the ratings"))
    if results.has("rating_icc"):
        parts.append(_agreement(results.table("rating_icc"), "Every item", str))
    if results.has("rating_scales"):
        parts.append(_scales(results.table("rating_scales")))
    if results.has("dominance"):
        parts.append(_dominance(results))
    return "".join(parts)


def _scales(table: pd.DataFrame) -> str:
    """Internal consistency."""
    columns = [
        formats.written("scale", "scale", measure_name),
        formats.written("coefficient", "coefficient", _coefficient),
        formats.number("estimate", "estimate", digits=2),
        formats.interval(),
        formats.count("n_items", "items"),
        formats.count("n_rows", "answers"),
        formats.count("n_participants", "participants"),
        formats.text("reason", "note", is_long=True),
    ]
    return table_html(table, columns, caption="Internal consistency of items that are added")


def _dominance(results: Results) -> str:
    """Whether the intended emotion was felt most."""
    table = results.table("dominance")
    every = table[(table["intended"] == "all") & (table["measure"] == "dominance")].iloc[0]
    text = (
        f"In {100 * every['estimate']:.0f} % of {every['n_trials']:.0f} trials the intended "
        f"emotion was felt most ({100 * every['chance']:.0f} % where answers are random)."
    )
    by_emotion = [
        formats.text("intended", "intended emotion"),
        formats.written("measure", "measure", str),
        formats.number("estimate", "estimate", digits=2),
        formats.interval(),
        formats.count("n_stimuli", "videos"),
        formats.count("n_participants", "participants"),
    ]
    by_video = [
        formats.text("stimulus", "video"),
        formats.text("intended", "intended emotion"),
        formats.percent("dominance", "felt most (%)"),
        formats.number("margin", "margin over the next emotion"),
        formats.count("n_participants", "participants"),
    ]
    caption = (
        "Share of trials with the intended emotion felt most, and its margin over the strongest "
        "other emotion"
    )
    tables = table_html(table, by_emotion, caption=caption) + table_html(
        results.table("dominance_videos"), by_video, caption="By video"
    )
    return paragraph(text) + details("Dominance by emotion and video", tables)


def _videos(results: Results) -> str:
    """Signals averaged over videos."""
    if not results.has("video_icc"):
        return ""
    means = [
        formats.written("item", "signal", channel_name),
        formats.text("intended", "intended emotion"),
        formats.number("estimate", "mean deviation"),
        formats.interval(),
        formats.unit(),
        formats.count("n_stimuli", "videos"),
        formats.count("n_participants", "participants"),
    ]
    caption = "Mean over videos of each emotion, as deviation from the participant's mean"
    return _agreement(
        results.table("video_icc"),
        "Physiology over each video (mean less the 5 s before)",
        channel_name,
    ) + details(
        "Physiology by intended emotion",
        table_html(results.table("video_means"), means, caption=caption),
    )


def _agreement(table: pd.DataFrame, caption: str, write: Callable[[str], str]) -> str:
    """Main forms of the intraclass correlation of each item, or why there is none."""
    shown = table[table["form"].isin(MAIN_FORMS) | table["form"].isna()]
    columns = [
        formats.written("item", "item", write),
        formats.text("form", "form"),
        formats.number("icc", "ICC"),
        formats.interval(),
        formats.p_value(),
        formats.count("n_stimuli", "videos"),
        formats.count("n_participants", "participants"),
        formats.text("reason", "note", is_long=True),
    ]
    title = f"{caption}: do videos move all participants alike?"
    return details(title, table_html(shown, columns, caption=caption))


def _condition() -> Column:
    """A condition, or a difference with its minus sign."""
    return formats.written("condition", "condition", lambda name: name.replace(" - ", f" {MINUS} "))


def _coefficient(name: str) -> str:
    """Printed name of a coefficient."""
    return _COEFFICIENTS.get(name, name)


def _numbers(row: dict) -> str:
    """A number of events with its interval."""
    value, low, high = (_count(row[key]) for key in ("n_trials", "ci_low", "ci_high"))
    return f"{value} [{low}, {high}]"


def _count(value: float) -> str:
    """A count, infinity, or a dash."""
    if math.isinf(value):
        return "\N{INFINITY}"
    return number_text(value) if math.isnan(value) else f"{value:.0f}"
