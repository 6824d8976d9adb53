"""Section with one foldable part a participant: what to look at, figure, events, signals."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from mmme_neuro.pipeline.outliers import FEWEST, LIMIT
from mmme_neuro.rejection import REASONS
from mmme_neuro.report import formats
from mmme_neuro.report.markup import (
    Column,
    bullets,
    details,
    heading,
    notices,
    paragraph,
    table_html,
)
from mmme_neuro.report.results import Results
from mmme_neuro.wording import channel_name, number_text, unit_text, with_minus

FOLDER = "quality"
"""Where the figures of participants lie among the figures."""

Row = dict[Any, Any]


def quality_pages(results: Results) -> str:
    """What is known of each participant's data, with what a reader must look at on top."""
    people = results.people().sort_values("participant").to_dict("records")
    quality = results.table("participant_quality")
    seen = {row["participant"]: _to_look_at(results, row, quality) for row in people}
    names = [name for name, texts in seen.items() if texts]
    text = (
        "Each part shows one participant relative to all others. A value is called "
        "unusual if it lies "
        f"more than {number_text(LIMIT, digits=2)} robust standard deviations (1.4826 times the "
        "median absolute deviation from the median, or the smallest difference of practical "
        f"importance, if larger) from the median of at least {FEWEST} participants, on "
        "the side that is "
        "bad; spreads are compared by their ratio. It is a reason to look, no test: of normal "
        "values 1 in 60 lies outside among 10 participants, 1 in 1000 among 110. Fixed limits are "
        "marked. Neither criterion excludes a participant."
    )
    parts = [paragraph(text), _overview(people, seen, results.levels)]
    if caption := results.caption("figS_participants"):
        parts.append(details("What the figures show", paragraph(caption)))
    tables = _Tables(results)
    parts += [_page(results, tables, row, quality, seen[row["participant"]]) for row in people]
    if not names:
        parts.insert(1, paragraph("No participant stands out on any measure."))
    return "".join(parts)


class _Tables:
    """Tables of all participants, each read once, as rows of one participant."""

    def __init__(self, results: Results) -> None:
        names = ("excluded", "moments", "bad_channels", "components", "clocks", "physio_quality")
        self._tables = {
            name: dict(iter(table.groupby("participant", observed=True)))
            for name in names
            if results.has(name) and len(table := results.table(name))
        }

    def of(self, participant: str, name: str) -> pd.DataFrame:
        """Rows of a participant; without row or table an empty one."""
        return self._tables.get(name, {}).get(participant, pd.DataFrame())


def _to_look_at(results: Results, row: Row, quality: pd.DataFrame) -> list[str]:
    """Sentences on what a reader must look at of one participant."""
    if row["status"] != "done":
        return [f"Not analyzed: {row['reason'] or row['status']}"]
    own = quality[quality["participant"] == row["participant"]]
    texts = [_limit_text(r) for r in own[own["is_beyond_limit"]].to_dict("records")]
    unusual = own[own["is_unusual"] & ~own["is_beyond_limit"]]
    texts += [_unusual_text(r) for r in unusual.to_dict("records")]
    return texts + _notes(results, row["participant"])


def _notes(results: Results, participant: str) -> list[str]:
    """Notes of the cleaning, and decisions of people that could not be applied."""
    texts = []
    if results.has("cleaning") and len(table := results.table("cleaning")):
        is_own = (table["participant"] == participant) & (table["item"] == "note")
        texts += [f"Cleaning: {note}" for note in table.loc[is_own, "setting"]]
    if results.has("decisions") and len(table := results.table("decisions")):
        own = table[(table["participant"] == participant) & (table["outcome"] != "applied")]
        texts += [
            f"Decision on {row['target']} was not applied: {row['outcome']}"
            for row in own.to_dict("records")
        ]
    return texts


def _limit_text(row: Row) -> str:
    """A value beyond a fixed limit."""
    than = "at most" if row["value"] > row["limit"] else "at least"
    limit = _value(row, "limit")
    return f"{_label(row)}: {_value(row, 'value')}; expected is {than} {limit}."


def _unusual_text(row: Row) -> str:
    """A value far from the others'."""
    return (
        f"{_label(row)}: {_value(row, 'value')}; median of all {_value(row, 'median')}, usual "
        f"{_usual(row)}."
    )


def _overview(people: list[Row], seen: dict[str, list[str]], levels: Sequence[str]) -> str:
    """One row per participant: what was used, and what to look at."""
    rows = [row | {"look": " ".join(seen[row["participant"]])} for row in people]
    columns = [
        formats.text("participant", "participant"),
        formats.count("n_epochs", "events used"),
        *(formats.count(f"n_{level}", level) for level in levels),
        formats.count("n_excluded", "excluded"),
        Column("to look at", lambda row: str(len(seen[row["participant"]])), is_number=True),
        formats.text("look", "what", is_long=True),
    ]
    return table_html(pd.DataFrame(rows), columns, caption="What to look at, by participant")


def _page(
    results: Results, tables: _Tables, row: Row, quality: pd.DataFrame, seen: list[str]
) -> str:
    """The foldable part of one participant."""
    name = row["participant"]
    n = len(seen)
    look = f"{n} {'thing' if n == 1 else 'things'} to look at" if n else "nothing to look at"
    if row["status"] != "done":
        return details(f"{name}: not analyzed", notices(seen))
    used = ", ".join(f"{row[f'n_{level}']:.0f} {level}" for level in results.levels)
    title = (
        f"{name}: {row['n_epochs']:.0f} events used ({used}), {row['n_excluded']:.0f} excluded; "
        f"{look}"
    )
    own = quality[quality["participant"] == name]
    parts = [
        notices(seen) if seen else paragraph("Nothing unusual."),
        results.participant_figure(f"{FOLDER}/{name}", f"Data of {name}"),
        _events(tables, name, results.condition),
        _clocks(tables.of(name, "clocks")),
        _eeg(tables, name),
        _physio(tables.of(name, "physio_quality")),
        _measures(own),
    ]
    return details(title, "".join(parts), css="report-person")


def _events(tables: _Tables, name: str, condition: str) -> str:
    """Events found, used and excluded by condition, with reasons."""
    moments, excluded = tables.of(name, "moments"), tables.of(name, "excluded")
    reasons = excluded.get("exclusion_reason", pd.Series(dtype=str)).fillna("").astype(str)
    used = moments[moments["fate"] == "epoch"][condition].value_counts()
    lost = excluded.get(condition, pd.Series(dtype=str))
    rejected = lost[reasons.str.startswith(REASONS)].value_counts()
    table = pd.DataFrame({"used": used, "excluded": lost.value_counts(), "rejected": rejected})
    table = table.fillna(0).rename_axis(condition).reset_index()
    table["found"] = table["used"] + table["excluded"]
    table["share"] = table["rejected"] / table["found"]
    columns = [
        formats.text(condition, condition),
        formats.count("found", "found"),
        formats.count("used", "used"),
        formats.count("excluded", "excluded"),
        formats.count("rejected", "of these, for their EEG"),
        formats.percent("share", "rejected for their EEG (%)"),
    ]
    listed = [f"{n} × {reason}" for reason, n in reasons.value_counts().items()]
    why = bullets(listed) if listed else paragraph("No event was excluded.")
    return heading("Events") + table_html(table, columns, caption=f"Events by {condition}") + why


def _clocks(clocks: pd.DataFrame) -> str:
    """Fits of the device clocks."""
    columns = [
        formats.text("device", "device"),
        Column("drift (ppm)", _drift, is_number=True),
        formats.number("residual_sd_ms", "residual SD (ms)", digits=2),
        formats.count("n_matched", "codes matched"),
        formats.count("n_unmatched", "not matched"),
        formats.count("n_segments", "segments"),
    ]
    return heading("Clocks") + table_html(clocks, columns, caption="Device clocks on the EEG clock")


def _drift(row: Row) -> str:
    """Drift with its standard error."""
    text = f"{row['drift_ppm']:.1f} ± {row['drift_se_ppm']:.1f}"
    return with_minus(text)


def _eeg(tables: _Tables, name: str) -> str:
    """Interpolated channels and removed components, with reasons."""
    bad, components = tables.of(name, "bad_channels"), tables.of(name, "components")
    channels = [f"{row['channel']}: {row['reason']}" for row in bad.to_dict("records")]
    removed = components
    if len(components):
        removed = components[components["removed_as"].fillna("").astype(str) != ""]
    columns = [
        formats.count("component", "component"),
        formats.text("removed_as", "removed as"),
        formats.percent("variance_share", "variance (%)"),
        formats.number("eye_r", "|r| with EOG", digits=2),
        formats.number("muscle_r", "|r| with EMG", digits=2),
        formats.number("muscle_log_ratio", "log ratio of muscle power", digits=2),
        formats.percent("p_eye", "ICLabel: eye (%)"),
        formats.percent("p_muscle", "ICLabel: muscle (%)"),
        formats.text("decision", "decision of a person"),
    ]
    title = f"Components removed ({len(removed)} of {len(components)})"
    return (
        heading("EEG")
        + paragraph(f"Channels interpolated: {len(channels) or 'none'}.")
        + (bullets(channels) if channels else "")
        + details(title, table_html(removed, columns, caption="Components removed"))
    )


def _physio(quality: pd.DataFrame) -> str:
    """Usable share of every derived signal."""
    columns = [
        formats.written("channel", "signal", lambda name: channel_name(str(name))),
        formats.text("source", "from"),
        formats.percent("share_missing", "missing (%)"),
        formats.percent("share_artifact", "artifact (%)"),
        formats.percent("share_usable", "usable (%)"),
        formats.text("reason", "note", is_long=True),
    ]
    table = table_html(quality, columns, caption="Derived signals")
    return heading("Physiology") + details(f"Derived signals ({len(quality)})", table)


def _measures(own: pd.DataFrame) -> str:
    """Every measure beside the others' and the limits, without the signals, which are drawn."""
    own = own[(own["group"] != "Physiology") | own["is_unusual"] | own["is_beyond_limit"]]
    columns = [
        formats.text("group", "about"),
        Column("measure", _label),
        Column("value", lambda row: _value(row, "value"), is_number=True),
        Column("median of all", lambda row: _value(row, "median"), is_number=True),
        Column("usual", _usual, is_number=True),
        Column("limit", _limit, is_number=True),
        Column("verdict", _verdict),
    ]
    table = table_html(own, columns, caption="Measures relative to all participants")
    return details(f"Measures relative to the others ({len(own)})", table)


def _label(row: Row) -> str:
    """Name of a measure, with a capital."""
    return str(row["label"])[:1].upper() + str(row["label"])[1:]


def _value(row: Row, key: str) -> str:
    """A value with its unit."""
    value, unit = float(row[key]), str(row["unit"])
    if pd.isna(value):
        return "–"
    if unit == "share":
        return f"{100 * value:.1f} %"
    is_count = unit == "1" and value == round(value)
    text = f"{value:.0f}" if is_count else number_text(value, digits=_digits(value))
    return f"{text} {unit_text(unit)}".strip()


def _digits(value: float) -> int:
    """Significant digits: one decimal from 10 on, two below."""
    return 3 if abs(value) >= 1 else 2


def _usual(row: Row) -> str:
    """The usual range; one end where only that side is looked at."""
    low, high = float(row["low"]), float(row["high"])
    if pd.isna(low):
        return "–"
    if low == -math.inf:
        return f"up to {_value(row, 'high')}"
    if high == math.inf:
        return f"from {_value(row, 'low')}"
    return f"{_value(row, 'low')} to {_value(row, 'high')}"


def _limit(row: Row) -> str:
    """The fixed limit."""
    return _value(row, "limit")


def _verdict(row: Row) -> str:
    """What a row says."""
    if row["is_beyond_limit"]:
        return "beyond the limit"
    return "unusual" if row["is_unusual"] else "–"
