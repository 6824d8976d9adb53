"""Section on the cleaning of the EEG."""

import math

import pandas as pd

from mmme_neuro.report import formats
from mmme_neuro.report.markup import Column, details, paragraph, table_html
from mmme_neuro.report.results import Results
from mmme_neuro.wording import interval_text, p_relation

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
        return "The rule, the same for both conditions, rejected too few events to be compared."
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
    options = table[~is_note].groupby(["item", "setting"], sort=False)["participant"].nunique()
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
