"""Section on the agreement of the coders."""

import pandas as pd

from mmme_neuro.report import formats
from mmme_neuro.report.markup import Column, details, notice, paragraph, table_html
from mmme_neuro.report.quantities import count_text, quantity
from mmme_neuro.report.results import Results
from mmme_neuro.wording import interval_text, number_text

COEFFICIENTS = {
    "observed_agreement": "observed agreement, labels",
    "cohen_kappa": "Cohen's kappa, labels",
    "gwet_ac1": "Gwet's AC1, labels",
    "fleiss_kappa": "Fleiss' kappa, labels",
    "krippendorff_alpha": "Krippendorff's alpha, labels",
    "action_unit_index": "index of action units, 2 agreed / (n1 + n2)",
}
TIMES = {
    "offset_coded": "offset, coded by both",
    "duration_coded": "duration, offset coded by both",
    "rise": "rise (onset to apex)",
}
MAIN_COEFFICIENTS = {
    "cohen_kappa": "kappa of labels",
    "action_unit_index": "index of action units",
}
MAIN_TIMES = ("onset", "apex", "offset_coded")
TIME_UNITS = {
    "kappa": "kappa, event or none",
    "ac1": "AC1, event or none",
    "label_kappa": "kappa, none or the label",
    "label_kappa_linear": "linearly weighted kappa, none < weaker < stronger label",
}


def agreement(results: Results) -> str:
    """What two coders of the same clips both saw, and how they called and timed it."""
    summary = results.table("agreement_summary")
    reason = summary["reason"].iloc[0]
    if reason:
        return notice(f"The coders are not compared: {reason}.")
    every = summary.iloc[0]
    text = (
        f"{every['n_clips']:.0f} clips of {every['n_participants']:.0f} participants hold events "
        f"of two coders (A: {every['n_a']:.0f}, B: {every['n_b']:.0f} events); "
        f"{every['n_clips_left_out']:.0f} clips with events of one coder only count as not seen by "
        "the other. Clips in which a coder found no event are not recorded, so detection is "
        "overestimated. Intervals: participants resampled whole."
    )
    return "".join(
        [
            paragraph(text),
            results.figure("figS_agreement"),
            _detection(results.table("agreement_detection")),
            _labels(results.table("agreement_labels")),
            _timing(results.table("agreement_timing")),
            _action_units(results.table("agreement_action_units")),
            _time_units(results.table("agreement_time_units")),
        ]
    )


def coder_numbers(results: Results) -> dict:
    """What the manuscript says of the coders.

    Parameters
    ----------
    results : Results
        Folder of results with the tables of the coders.

    Returns
    -------
    dict
        ``reason`` (why nothing was compared, else empty); ``clips, participants`` and, with events
        matched in the loosest and the strictest way, ``loosest`` and ``strictest``.
    """
    summary = results.table("agreement_summary")
    if summary["reason"].iloc[0]:
        return {"reason": summary["reason"].iloc[0]}
    first, last = (summary["criterion"].iloc[place] for place in (0, -1))
    return {
        "reason": "",
        "clips": count_text(summary["n_clips"].iloc[0]),
        "participants": count_text(summary["n_participants"].iloc[0]),
        "loosest": _matched_by(results, first),
        "strictest": _matched_by(results, last),
    }


def _matched_by(results: Results, criterion: str) -> dict:
    """Main numbers with events matched in one way."""
    detection, labels, timing = (
        results.table(f"agreement_{name}").set_index("criterion").loc[[criterion]]
        for name in ("detection", "labels", "timing")
    )
    coefficients = labels.set_index("coefficient").to_dict("index")
    medians = timing.set_index("time").to_dict("index")
    found = detection.to_dict("records")[0]
    return {
        "criterion": _criterion(criterion),
        "events": count_text(found["n_matched"]),
        "coefficients": [
            quantity(found, name="F1 of detection", value="f1"),
            *(
                quantity(coefficients[key], name=name)
                for key, name in MAIN_COEFFICIENTS.items()
                if key in coefficients
            ),
        ],
        "times": [
            quantity(_median(medians[time]), name=TIMES.get(time, time), unit="ms")
            for time in MAIN_TIMES
        ],
    }


def _median(row: dict) -> dict:
    """The median absolute difference with its interval."""
    ends = {end: row[f"median_abs_ms_{end}"] for end in ("ci_low", "ci_high")}
    return {"estimate": row["median_abs_ms"], **ends}


def _detection(table: pd.DataFrame) -> str:
    """Events that both saw."""
    columns = [
        formats.written("criterion", "one event if", _criterion),
        formats.count("n_matched", "matched"),
        formats.percent("found_a", "of B's seen by A (%)"),
        formats.percent("found_b", "of A's seen by B (%)"),
        formats.number("f1", "F1", digits=2),
        formats.interval(),
    ]
    return table_html(table, columns, caption="Detection of events")


def _labels(table: pd.DataFrame) -> str:
    """Labels, and action units as a whole."""
    columns = [
        formats.written("criterion", "matched by", _criterion),
        formats.written("coefficient", "coefficient", lambda name: COEFFICIENTS.get(name, name)),
        formats.number("estimate", "estimate", digits=2),
        formats.interval(),
        formats.count("n_units", "n"),
        formats.count("n_clusters", "participants"),
        formats.text("reason", "note", is_long=True),
    ]
    return table_html(table, columns, caption="Labels and action units of matched events")


def _timing(table: pd.DataFrame) -> str:
    """Times of matched events."""
    columns = [
        formats.written("time", "time", lambda name: TIMES.get(name, name)),
        formats.count("n", "events"),
        formats.number("median_abs_ms", "median |A \N{MINUS SIGN} B| (ms)"),
        _interval("median_abs_ms"),
        formats.number("bias_ms", "bias (ms)"),
        _interval("bias_ms"),
        _span("limits of agreement (ms)", "loa_low_ms", "loa_high_ms"),
        formats.number("icc_oneway", "ICC(1)", digits=2),
        formats.number("icc_agreement", "ICC(A,1)", digits=2),
        _interval("icc_agreement"),
        formats.number("icc_consistency", "ICC(C,1)", digits=2),
    ]
    note = paragraph(
        "Correlations of onset, apex and offset are near 1 merely because clips are long; read "
        "those of rise and duration."
    )
    return _by_criterion(table, columns, "Times of matched events, A minus B") + note


def _action_units(table: pd.DataFrame) -> str:
    """Each action unit."""
    columns = [
        formats.text("action_unit", "unit"),
        formats.count("n_a", "A"),
        formats.count("n_b", "B"),
        formats.count("n_both", "both"),
        formats.percent("prevalence", "events (%)"),
        formats.number("index", "index", digits=2),
        formats.number("kappa", "kappa", digits=2),
        _interval("kappa"),
        formats.number("ac1", "AC1", digits=2),
        _interval("ac1"),
    ]
    caption = "Action units of matched events (kappa falls where a unit is rare)"
    return _by_criterion(table, columns, caption)


def _time_units(table: pd.DataFrame) -> str:
    """Moment by moment."""
    columns = [
        formats.written("coefficient", "coefficient", lambda name: TIME_UNITS.get(name, name)),
        formats.number("estimate", "estimate", digits=2),
        formats.interval(),
        formats.count("n", "units of time"),
    ]
    caption = (
        "State of the face in each unit of time (a clip ends with its last event, which makes "
        "kappa a little too small)"
    )
    return table_html(table, columns, caption=caption)


def _by_criterion(table: pd.DataFrame, columns: list[Column], caption: str) -> str:
    """One folded table for each way of matching events."""
    parts = []
    for criterion, own in table.groupby("criterion", sort=False, observed=True):
        title = f"{caption}: {_criterion(str(criterion))}"
        parts.append(details(title, table_html(own, columns, caption=title)))
    return "".join(parts)


def _criterion(text: str) -> str:
    """A way of matching events as in print."""
    return text.replace(">=", "\N{GREATER-THAN OR EQUAL TO}")


def _interval(key: str) -> Column:
    """The interval of one of several quantities of a row."""
    return _span("95 % CI", f"{key}_ci_low", f"{key}_ci_high")


def _span(heading: str, low: str, high: str) -> Column:
    """Two ends."""
    return Column(heading, lambda row: _ends(float(row[low]), float(row[high])), is_number=True)


def _ends(low: float, high: float) -> str:
    """Two ends, or a dash."""
    return number_text(low) if pd.isna(low) else interval_text(low, high)
