"""Sections on mixed models: of single responses and over maps."""

import math

from mmme_neuro.report import formats
from mmme_neuro.report.markup import Column, details, paragraph, table_html
from mmme_neuro.report.results import Results
from mmme_neuro.wording import estimate_text, interval_text

MAP_NAMES = {
    "erp": "EEG, every channel",
    "regions": "EEG, regions",
    "power": "oscillations",
    "physio": "physiology",
}


def models(results: Results) -> str:
    """Mixed models."""
    estimates, notes = results.table("models"), results.table("model_notes")
    term_columns = [
        formats.response(),
        formats.text("term", "term"),
        Column("estimate", formats.estimate, is_number=True),
        formats.interval(),
        formats.number("std_error", "SE"),
        formats.number("dof", "df"),
        formats.number("statistic", "t"),
        formats.p_value(),
    ]
    note_columns = [
        formats.response(),
        formats.text("formula", "formula fitted", is_long=True),
        formats.count("n_observations", "events"),
        formats.text("reductions", "left out", is_long=True),
        formats.text("warnings", "warnings", is_long=True),
    ]
    part_columns = [
        formats.response(),
        formats.text("group", "group"),
        formats.text("term", "term"),
        formats.number("sd", "SD"),
        formats.number("correlation", "correlation with the intercept"),
    ]
    parts = [results.figure("fig7_mixed_models")]
    parts.append(table_html(estimates, term_columns, caption="Fixed effects"))
    caption = "Models as fitted: what was left out, and warnings"
    parts.append(table_html(notes, note_columns, caption=caption))
    if results.has("variance_components"):
        table = results.table("variance_components")
        folded = table_html(table, part_columns, caption="Variance components")
        parts.append(details(f"Variance components ({len(table)})", folded))
    if results.has("random_effects"):
        parts.append(results.figure("figS_random_effects"))
    if results.has("valence_contrasts"):
        parts.append(_valences(results))
    return "".join(parts)


def _valences(results: Results) -> str:
    """The contrast over all valences and within each."""
    table = results.table("valence_contrasts")
    columns = [
        formats.response(),
        formats.text("within", "valence"),
        Column(results.difference, formats.estimate, is_number=True),
        formats.interval(),
        formats.number("dof", "df"),
        formats.p_value("p_adjusted", "p (Holm, within a response)"),
        Column("d", _effect_size, is_number=True),
    ]
    fitted, failed = table[table["note"] == ""], table[table["note"] != ""]
    text = (
        f"From the model with the interaction of {results.condition} and valence; “all” weighs the "
        "valences equally. d: in standard deviations of events (all variance components), with its "
        "interval."
    )
    shown = table_html(fitted, columns, caption=f"{results.difference} within valences")
    if len(failed):
        reasons = [formats.response(), formats.text("note", "not fitted because", is_long=True)]
        shown += table_html(failed, reasons, caption="Responses without these contrasts")
    return paragraph(text) + shown


def _effect_size(row: dict) -> str:
    """An effect size with its interval."""
    value = estimate_text(row["effect_size"], row["effect_low"], row["effect_high"])
    return f"{value} {interval_text(row['effect_low'], row['effect_high'])}"


def maps(results: Results) -> str:
    """The model in every cell of maps, and tests of whole maps."""
    tests, states = results.table("map_tests"), results.table("map_status")
    columns = [
        formats.written("map", "map", lambda name: MAP_NAMES.get(name, name)),
        formats.text("axes", "cells"),
        formats.count("n_observations", "events"),
        formats.text("units", "sign flips of"),
        formats.count("n_permutations", "permutations"),
        formats.p_value(heading="p of the map"),
        Column("95 % CI of p (Monte Carlo)", _monte_carlo, is_number=True),
        formats.count("n_marked", "cells with p ≤ .05"),
        formats.count("n_failed", "cells not fitted"),
        formats.text("note", "note", is_long=True),
    ]
    status = [
        formats.written("map", "map", lambda name: MAP_NAMES.get(name, name)),
        formats.text("status", "status", is_long=True),
        formats.count("n_cells", "cells"),
    ]
    formulas = ", ".join(sorted(set(tests["formula"])))
    text = (
        f"One model in every cell: {formulas}. Nothing is reduced here; where variances are "
        "zero or correlations one, the status says so. Each map is tested as a whole by sign "
        "flips of the score contributions of participants and stimuli with exact "
        "threshold-free cluster enhancement: a small p says that the effect differs from "
        "zero somewhere "
        "in the map. The marked cells describe the data; they do not show when an effect "
        "begins or ends, nor where it comes from."
    )
    folded = table_html(states, status, caption="Status of the fits, cells counted")
    return (
        paragraph(text)
        + table_html(tests, columns, caption=f"Tests of whole maps, {results.difference}")
        + results.figure("figS_effect_courses")
        + results.figure("figS_effect_maps")
        + details(f"Status of the fits ({len(states)})", folded)
    )


def _monte_carlo(row: dict) -> str:
    """Interval of a p-value."""
    if not math.isfinite(row["p_low"]):
        return "–"
    return f"[{row['p_low']:.4f}, {row['p_high']:.4f}]"
