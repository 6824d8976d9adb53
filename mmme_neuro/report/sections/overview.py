"""Sections on what was analyzed: summary, methods, participants, exclusions, clocks, audit."""

import html

import pandas as pd

from mmme_neuro.report import formats
from mmme_neuro.report.markup import Column, bullets, details, notice, paragraph, table_html
from mmme_neuro.report.methods import methods_text
from mmme_neuro.report.results import Results
from mmme_neuro.wording import estimate_text, interval_text, p_relation, response_name, unit_text


def summary(results: Results) -> str:
    """What was analyzed, whether it is simulated, and what came out."""
    people = results.table("participants")
    n_done = int((people["status"] == "done").sum())
    parts = [_simulated(results), _failed(results)]
    parts.append(
        paragraph(
            f"{n_done} of {len(people)} participants were analyzed. Participants are numbered in "
            "the order of their names in the annotation sheet; no name or date is in this report."
        )
    )
    n_left_out = int((people["status"] == "excluded").sum())
    if n_left_out:
        parts.append(
            paragraph(
                f"{n_left_out} participants were left out by a decision (decisions.csv); the "
                "reason is in the table of participants. Their events are not counted."
            )
        )
    columns = [
        formats.text(results.condition, results.condition),
        formats.count("n_coded", "coded"),
        formats.count("n_kept", "with epochs"),
        formats.count("n_excluded", "excluded"),
        formats.count("n_elsewhere", "of participants not analyzed"),
    ]
    caption = "Events after merging annotation passes"
    parts.append(table_html(_events(results), columns, caption=caption))
    if results.has("models"):
        parts.append(f"<h5>Difference {html.escape(results.difference)}, single events</h5>")
        parts.append(bullets(_contrasts(results)))
        parts.append(paragraph("Models, reductions and warnings: see Mixed models."))
    return "".join(parts) + results.figure("fig1_example")


def methods(results: Results) -> str:
    """Methods text."""
    if not results.methods:
        return notice("methods.json is not among the results: step 12 did not run.")
    sections = methods_text(results.methods)
    return "".join(f"<h5>{heading}</h5>{paragraph(text)}" for heading, text in sections.items())


def participants(results: Results) -> str:
    """Status of every participant and quality of the recordings."""
    people = results.people().sort_values("participant")
    columns = [
        formats.text("participant", "participant"),
        formats.text("status", "status"),
        formats.count("n_epochs", "epochs"),
        *(formats.count(f"n_{level}", level) for level in results.levels),
        formats.count("n_excluded", "excluded"),
        formats.text("reason", "reason of failure or exclusion", is_long=True),
    ]
    parts = [table_html(people, columns, caption="Participants")]
    parts.append(results.figure("figS_quality"))
    if results.has("bad_channels"):
        shown = [
            formats.text("participant", "participant"),
            formats.text("channel", "channel"),
            formats.text("reason", "reason", is_long=True),
        ]
        table = results.table("bad_channels")
        parts.append(
            details(
                f"Interpolated channels ({len(table)})",
                table_html(table, shown, caption="Interpolated channels"),
            )
        )
    return "".join(parts)


def exclusions(results: Results) -> str:
    """Events without an epoch, with reasons."""
    table = results.table("excluded")
    if table.empty:
        return paragraph("No event of an analyzed participant was excluded.")
    counts = table.groupby(["exclusion_reason", results.condition], as_index=False).size()
    grouped = [
        formats.text("exclusion_reason", "reason", is_long=True),
        formats.text(results.condition, results.condition),
        formats.count("size", "events"),
    ]
    listed = [
        formats.text("participant", "participant"),
        formats.text("stimulus", "stimulus"),
        formats.text(results.condition, results.condition),
        formats.number("onset", "onset on the EEG clock (s)", digits=5),
        formats.text("exclusion_reason", "reason", is_long=True),
    ]
    return table_html(counts, grouped, caption="Excluded events by reason") + details(
        f"Every excluded event ({len(table)})",
        table_html(table, listed, caption="Excluded events"),
    )


def decisions(results: Results) -> str:
    """What people decided, and what became of it."""
    table = results.table("decisions")
    if table.empty:
        return paragraph("No manual decisions: decisions.csv is missing or empty.")
    columns = [
        formats.text("participant", "participant"),
        formats.text("kind", "kind"),
        formats.text("target", "target"),
        formats.text("reason", "reason", is_long=True),
        formats.text("outcome", "outcome", is_long=True),
    ]
    return table_html(table, columns, caption="Manual decisions")


def clocks(results: Results) -> str:
    """Fits of the device clocks."""
    columns = [
        formats.text("participant", "participant"),
        formats.text("device", "device"),
        formats.number("drift_ppm", "drift (ppm)"),
        formats.number("drift_se_ppm", "SE (ppm)", digits=2),
        formats.number("residual_sd_ms", "residual SD (ms)"),
        formats.count("n_matched", "matched"),
        formats.count("n_unmatched", "unmatched"),
        formats.count("n_segments", "segments"),
    ]
    table = results.table("clocks").sort_values(["device", "participant"], ascending=[False, True])
    parts = [results.figure("figS_clocks")]
    parts.append(table_html(table, columns, caption="Device clocks on the EEG clock"))
    if results.has("codes"):
        parts.append(_unmatched(results.table("codes")))
    return "".join(parts)


def audit(results: Results) -> str:
    """Checks of the annotation sheet, and the dataset."""
    columns = [
        formats.text("check", "check", is_long=True),
        formats.count("n", "n"),
        formats.percent("share", "%"),
        formats.text("remedy", "what to do", is_long=True),
    ]
    caption = "Checks of the annotation sheet as coded"
    figures = results.figure("fig2_dataset") + results.figure("table1_action_units")
    return figures + table_html(results.table("audit"), columns, caption=caption)


def _simulated(results: Results) -> str:
    """Say at the top that the data are simulated, and how well the truth was found."""
    if not results.is_simulated:
        return ""
    table = results.table("recovery")
    n_covered = int(table["covered"].astype(bool).sum())
    return notice(
        "The data are SIMULATED: no person was recorded, and nothing here is a finding about "
        f"facial expressions. {n_covered} of {len(table)} intervals cover what was put in (see "
        "Recovery)."
    )


def _failed(results: Results) -> str:
    """Steps that failed."""
    return "".join(
        notice(f"Step {number} of the analysis failed: {reason}")
        for number, reason in results.failed_steps.items()
    )


def _events(results: Results) -> pd.DataFrame:
    """Fate of the events, by condition."""
    coded = _by_condition(results, "events")
    done = results.people()
    done = done[done["status"] == "done"]
    kept = pd.Series({level: done[f"n_{level}"].sum() for level in results.levels})
    kept["other"] = done["n_epochs"].sum() - kept.sum()
    table = pd.DataFrame(
        {"n_coded": coded, "n_kept": kept, "n_excluded": _by_condition(results, "excluded")}
    )
    table = table.fillna(0).reindex([*results.levels, "other"], fill_value=0)
    table["n_elsewhere"] = table["n_coded"] - table["n_kept"] - table["n_excluded"]
    return table.reset_index(names=results.condition)


def _by_condition(results: Results, name: str) -> pd.Series:
    """Events of each condition that is compared, and of all others."""
    labels = results.table(name)[results.condition]
    return labels.where(labels.isin(results.levels), "other").value_counts()


def _contrasts(results: Results) -> list[str]:
    """One line per response."""
    models = results.table("models")
    chosen = models[models["term"] == results.term].to_dict("records")
    return [
        f"{response_name(row['response'])}: "
        f"{estimate_text(row['estimate'], row['ci_low'], row['ci_high'])} {unit_text(row['unit'])} "
        f"{interval_text(row['ci_low'], row['ci_high'])}, {p_relation(row['p_value'])}"
        for row in chosen
    ]


def _unmatched(codes: pd.DataFrame) -> str:
    """Codes that only one device has, with reasons."""
    lost = codes[codes["residual_ms"].isna()]
    columns = [
        formats.text("participant", "participant"),
        formats.text("device", "device aligned"),
        Column("seen by", lambda row: "EEG" if row["seen_by"] == "reference" else row["device"]),
        formats.count("code", "code"),
        formats.number("onset", "time on its own clock (s)", digits=6),
        formats.text("reason", "reason", is_long=True),
    ]
    return details(
        f"Unmatched codes ({len(lost)})", table_html(lost, columns, caption="Unmatched codes")
    )
