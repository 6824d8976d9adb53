"""Sections on cleaning and results: potentials, oscillations, coupling, physiology, recovery."""

import math

import pandas as pd

from mmme_neuro.report import formats
from mmme_neuro.report.markup import Column, details, paragraph, table_html
from mmme_neuro.report.results import Results
from mmme_neuro.report.sections import association
from mmme_neuro.wording import (
    channel_name,
    fixed_text,
    interval_text,
    measure_name,
    network_name,
    number_text,
    p_relation,
    quantity_text,
    response_name,
)

MOST_MAPPED = 20
"""Participants whose components are all shown."""


def cleaning(results: Results) -> str:
    """What was taken out of the EEG, and whether both conditions were treated alike."""
    rejection = results.table("rejection")
    shown = [
        formats.text("condition", results.condition),
        formats.count("n_events", "events"),
        formats.count("n_rejected", "rejected for their EEG"),
        formats.percent("share", "rejected (%)"),
    ]
    parts = [
        results.figure("figS_cleaning"),
        paragraph(_compared(results, rejection)),
        table_html(rejection, shown, caption="Events rejected for their EEG"),
    ]
    if len(labels := results.table("component_labels")):
        columns = [
            formats.number("probability", "ICLabel's probability", digits=1),
            formats.count("n_eye", "eye"),
            formats.count("n_muscle", "muscle"),
            formats.count("n_both", "of these, removed"),
            formats.count("n_removed", "removed by all criteria"),
        ]
        caption = "Components that ICLabel alone would call eye or muscle"
        parts.append(table_html(labels, columns, caption=caption))
    parts.append(_maps(results))
    if results.has("cleaning"):
        parts.append(_options(results))
    return "".join(parts)


def _maps(results: Results) -> str:
    """Map of every removed component; where there are many, the place of the figure."""
    n_people = results.table("components")["participant"].nunique()
    if n_people > MOST_MAPPED:
        return paragraph(
            f"Maps of all removed components of {n_people} participants would make this file too "
            "large: see the figure figS_components."
        )
    return details("Every component that was removed", results.figure("figS_components"))


def _compared(results: Results, rejection: pd.DataFrame) -> str:
    """Say whether the rule rejected both conditions alike."""
    row = rejection.iloc[0]
    if math.isnan(row["p_value"]):
        return (
            "The rejection rule, blind to condition, removed too few events for rates "
            "to be compared."
        )
    return (
        f"Odds of being rejected, {' over '.join(results.levels[::-1])}, within participants: "
        f"{row['odds_ratio']:.2f} "
        f"{interval_text(row['ci_low'], row['ci_high'])}, {p_relation(row['p_value'])} "
        "(Cochran-Mantel-Haenszel)."
    )


def _options(results: Results) -> str:
    """Options of the cleaning, and notes by participant."""
    table = results.table("cleaning")
    is_note = table["item"] == "note"
    options = (
        table[~is_note]
        .groupby(["item", "setting"], sort=False, observed=True)["participant"]
        .nunique()
    )
    parts = [
        table_html(
            options.reset_index(),
            [
                formats.text("item", "option"),
                formats.text("setting", "value"),
                Column("participants", lambda row: str(row["participant"]), is_number=True),
            ],
            caption="Options of the cleaning",
        )
    ]
    if is_note.any():
        columns = [
            formats.text("participant", "participant"),
            formats.text("setting", "note", is_long=True),
        ]
        parts.append(table_html(table[is_note], columns, caption="Notes of the cleaning"))
    return details("Options and notes of the cleaning", "".join(parts))


def potentials(results: Results) -> str:
    """Event-related potentials."""
    columns = [formats.text("participant", "participant"), formats.text("reason", "reason")]
    left_out = results.table("erp_excluded")
    parts = [
        results.figure("fig3_erp"),
        table_html(left_out, columns, caption="Participants left out of the grand average"),
    ]
    if results.has("erp_jackknife"):
        parts.append(_components(results))
    return "".join(parts)


def _components(results: Results) -> str:
    """Components of grand averages, and how exactly they are measured."""
    difference = [
        formats.written("component", "component", response_name),
        formats.written("measure", "measure", measure_name),
        Column(results.difference, formats.estimate, is_number=True),
        formats.interval(),
        formats.number("statistic", "t"),
        formats.count("dof", "df"),
        formats.p_value(),
    ]
    quality = [
        formats.written("component", "component", response_name),
        formats.written("measure", "measure", measure_name),
        formats.text("condition", results.condition),
        formats.number("rms_sme", "SME"),
        formats.number("sd_participants", "SD of participants"),
        formats.percent("share_of_error", "error in their variance (%)"),
        formats.count("n_participants", "participants"),
    ]
    caption = "Components measured on grand averages, jackknifed over participants"
    return table_html(results.table("erp_jackknife"), difference, caption=caption) + details(
        "Precision of participants' averages",
        table_html(
            results.table("erp_measurement"),
            quality,
            caption="Standardized measurement error (root mean square; µV, or s of latencies)",
        ),
    )


def oscillations(results: Results) -> str:
    """Time-frequency maps."""
    columns = [
        formats.text(results.condition, results.condition),
        formats.count("n_epochs", "epochs"),
        formats.count("n_participants", "participants"),
        formats.count("n_stimuli", "stimuli"),
    ]
    caption = "What the maps rest on"
    counts = results.table("tfr_counts")
    return results.figure("fig4_time_frequency") + table_html(counts, columns, caption=caption)


def coupling(results: Results) -> str:
    """Connectivity."""
    cell_columns = [
        formats.text("participant", "participant"),
        formats.text(results.condition, results.condition),
        formats.count("n_epochs", "epochs"),
        formats.text("reason", "why refused", is_long=True),
    ]
    every = results.table("connectivity_cells")
    refused = every[every["reason"] != ""]
    parts = [
        results.figure("fig5_connectivity"),
        _pairs(results, "coupling", "Coupling of named pairs of electrodes over all events"),
    ]
    if results.has("coupling_by_condition"):
        caption = f"Coupling by {results.condition}, equal numbers of epochs, both have enough"
        parts.append(_pairs(results, "coupling_by_condition", caption))
    if results.has("coupling_test"):
        parts.append(_coupling_test(results))
    parts.append(table_html(refused, cell_columns, caption="Cells refused"))
    return "".join(parts)


def physiology(results: Results) -> str:
    """Autonomic responses and the quality of the signals."""
    quality = results.table("physio_quality")
    columns = [
        formats.text("participant", "participant"),
        formats.text("channel", "channel"),
        formats.text("source", "source"),
        formats.percent("share_missing", "missing (%)"),
        formats.percent("share_artifact", "artifact (%)"),
        formats.percent("share_usable", "usable (%)"),
        formats.text("reason", "note", is_long=True),
    ]
    folded = table_html(quality, columns, caption="Quality of the derived signals")
    return (
        results.figure("fig6_physio")
        + _usable(quality)
        + details(f"Every channel of every participant ({len(quality)})", folded)
    )


def cross_modal(results: Results) -> str:
    """Correlations of brain and body."""
    columns = [
        Column("brain", lambda row: response_name(row["x"])),
        Column("body", lambda row: response_name(row["y"])),
        formats.number("r", "r"),
        formats.interval(),
        formats.count("dof", "df"),
        formats.p_value(),
        formats.p_value("p_holm", "p (Holm)"),
        formats.count("n_events", "events"),
        formats.count("n_left_out", "events left out"),
    ]
    table = results.table("cross_modal")
    if "p_permutation" in table:
        columns.insert(4, formats.bootstrap_interval())
        columns.insert(7, formats.p_value("p_permutation", "p (permutation)"))
    caption = "Correlations from event to event within participants"
    return "".join(
        [
            results.figure("fig8_cross_modal"),
            table_html(table, columns, caption=caption),
            association.levels(results),
            association.matrix(results),
            association.lags(results),
            association.components(results),
        ]
    )


def recovery(results: Results) -> str:
    """What came out beside what was put in."""
    table = results.table("recovery")
    if table.empty:
        return paragraph("The study is not simulated: there is no truth to compare with.")
    covered = table["covered"].astype(bool)
    columns = [
        formats.written("quantity", "quantity", quantity_text),
        formats.unit(),
        Column("truth", lambda row: _to_error(row, "truth"), is_number=True),
        Column("estimate", lambda row: _to_error(row, "estimate"), is_number=True),
        formats.number("std_error", "SE", digits=2),
        Column("error / SE", _standardized, is_number=True),
        Column("covered", lambda row: "yes" if row["covered"] else "NO"),
    ]
    text = f"{int(covered.sum())} of {len(table)} intervals (95 %) cover the truth."
    return (
        paragraph(text)
        + results.figure("figS_recovery")
        + table_html(table, columns, caption="Recovery of the truth")
    )


def provenance(results: Results) -> str:
    """Versions and seed."""
    if not results.methods:
        return paragraph("methods.json is not among the results: step 12 did not run.")
    software = results.methods["software"]
    table = pd.DataFrame({"name": software.keys(), "version": software.values()})
    columns = [formats.text("name", "software"), formats.text("version", "version")]
    seed = results.methods["study"]["seed"]
    return paragraph(
        f"Seed: {seed}. The same recordings, code, versions and seed give the same results."
    ) + table_html(table, columns, caption="Software that made the results")


def _coupling_test(results: Results) -> str:
    """The second condition minus the first, or why there is no test."""
    table, two = results.table("coupling_test"), " and ".join(results.levels)
    if table["estimate"].isna().all():
        n = int(table["n_participants"].max())
        return paragraph(
            f"The conditions {two} are not compared in coupling: {n} participants have enough "
            "epochs of both; three are needed."
        )
    columns = [
        formats.written("measure", "measure", network_name),
        formats.number("estimate", results.difference),
        formats.interval(),
        formats.number("statistic", "t"),
        formats.count("dof", "df"),
        formats.p_value(),
        formats.p_value("p_holm", "p (Holm)"),
        formats.count("n_participants", "participants"),
    ]
    caption = (
        f"Coupling and networks, {results.difference}, equal numbers of epochs (paired t-tests; "
        "Holm's correction within pairs of electrodes and within networks)"
    )
    return table_html(table, columns, caption=caption)


def _pairs(results: Results, name: str, caption: str) -> str:
    """Coupling of named pairs, one row per cell."""
    pairs = results.table(name)
    labels = [label for label in ("participant", results.condition) if label in pairs]
    columns = [formats.text(label, label) for label in labels]
    columns += [formats.number(str(pair), str(pair)) for pair in pairs if pair not in labels]
    return table_html(pairs, columns, caption=caption)


def _usable(quality: pd.DataFrame) -> str:
    """Usable share of each signal, one row per participant."""
    wide = quality.pivot_table(
        index="participant", columns="channel", values="share_usable", sort=False, observed=True
    )
    columns = [formats.text("participant", "participant")]
    columns += [formats.percent(name, channel_name(name)) for name in map(str, wide)]
    caption = "Usable share of the derived signals (%)"
    return table_html(wide.reset_index(), columns, caption=caption)


def _to_error(row: dict, key: str) -> str:
    """A value to two digits of its standard error."""
    value, error = float(row[key]), float(row["std_error"])
    decimals = max(0, 2 - len(f"{error:.0f}")) if error >= 1 else _leading_zeros(error) + 2
    return fixed_text(value, decimals)


def _leading_zeros(value: float) -> int:
    """Zeros after the point before the first digit of a number below one."""
    digits = f"{value:.15f}".split(".")[1]
    return len(digits) - len(digits.lstrip("0"))


def _standardized(row: dict) -> str:
    """Error in standard errors."""
    return number_text((row["estimate"] - row["truth"]) / row["std_error"], digits=2)
