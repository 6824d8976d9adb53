"""Tables on association of face, brain and body, in addition to the chosen pairs."""

import pandas as pd

from mmme_neuro.report import formats
from mmme_neuro.report.markup import Column, details, paragraph, table_html
from mmme_neuro.report.results import Results
from mmme_neuro.wording import channel_name, estimate_text, interval_text, response_name


def levels(results: Results) -> str:
    """The same pairs within and between participants, and with slopes of their own."""
    parts = []
    if results.has("cross_modal_parts"):
        columns = [
            *_pair(),
            formats.number("r_total", "all events"),
            formats.number("r_within", "within"),
            formats.number("r_between", "between"),
            formats.number("r_means", "means, each once"),
            Column("95 % CI", _of_means, is_number=True),
            formats.percent("share_within_x", "variance within, first (%)"),
            formats.percent("share_within_y", "variance within, second (%)"),
            formats.count("n_participants", "participants"),
        ]
        caption = "Correlations within and between participants"
        parts.append(table_html(results.table("cross_modal_parts"), columns, caption=caption))
    if results.has("cross_modal_levels"):
        columns = [
            *_pair(),
            formats.text("level", "level"),
            Column("slope", _slope, is_number=True),
            formats.interval(),
            formats.number("dof", "df"),
            formats.p_value(),
            formats.number("slope_sd", "SD over participants", digits=2),
            formats.text("reductions", "left out", is_long=True),
        ]
        caption = (
            "Multilevel regression of the second measure on the first, slopes by participant (SD "
            "per SD within participants)"
        )
        parts.append(table_html(results.table("cross_modal_levels"), columns, caption=caption))
    return "".join(parts)


def matrix(results: Results) -> str:
    """Every pair, folded."""
    if not results.has("cross_modal_matrix"):
        return ""
    table = _named(results.table("cross_modal_matrix"))
    columns = [
        formats.text("family", "family"),
        *_pair(),
        formats.text("adjusted_for", "held constant"),
        formats.number("r", "r"),
        formats.bootstrap_interval(),
        formats.p_value("p_permutation", "p (permutation)"),
        formats.p_value("p_holm", "p (Holm)"),
        formats.p_value("p_fdr", "p (FDR)"),
        formats.count("n_events", "events"),
        formats.text("reason", "why not", is_long=True),
    ]
    caption = "Correlations of every two measures; corrected within each family"
    return details(f"Every pair ({len(table)})", table_html(table, columns, caption=caption))


def lags(results: Results) -> str:
    """Windows after the event, folded."""
    if not results.has("cross_modal_lags"):
        return ""
    table = results.table("cross_modal_lags")
    columns = [
        formats.written("x", "measure", response_name),
        formats.written("channel", "course", channel_name),
        formats.number("lag", "window (center, s)", digits=2),
        formats.number("r", "r"),
        formats.interval(),
        formats.p_value("p_permutation", "p (circular shifts)"),
        formats.p_value("p_max", "p (over all windows)"),
    ]
    folded = table_html(table, columns, caption="Correlations with windows after the event")
    return details(f"Windows after the event ({len(table)})", folded)


def components(results: Results) -> str:
    """Canonical correlations, and what the combinations consist of."""
    if not results.has("cross_modal_components"):
        return ""
    table = _named(results.table("cross_modal_components"))
    columns = [
        *_modalities(),
        formats.number("r", "fitted r"),
        formats.number("r_cv", "cross-validated r"),
        formats.number("null_high", "95 % of its null"),
        formats.p_value(),
        formats.p_value("p_holm", "p (Holm)"),
        formats.count("n_events", "events"),
        formats.count("n_participants", "participants"),
        formats.text("reason", "why not", is_long=True),
    ]
    text = paragraph(
        "The fitted correlation is optimistic: its weights were chosen to maximize it; the "
        "cross-validated one is that of events whose participant and stimulus the weights have "
        "not seen, and p belongs to it."
    )
    caption = "First combinations of two modalities that go together (CCA and PLS)"
    parts = [text, table_html(table, columns, caption=caption)]
    if results.has("cross_modal_loadings"):
        loadings = _named(results.table("cross_modal_loadings"))
        shown = [
            *_modalities(),
            formats.written("feature", "measure", response_name),
            formats.number("weight", "weight", digits=2),
            formats.number("loading", "loading", digits=2),
        ]
        folded = table_html(loadings, shown, caption="Weights and loadings")
        parts.append(details(f"Weights and loadings ({len(loadings)})", folded))
    return "".join(parts)


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """The table with nothing written where nothing was held constant."""
    texts = {name: "" for name in ("adjusted_for", "reason") if name in table}
    return table.fillna(texts)


def _pair() -> list[Column]:
    """Names of the measures of a pair."""
    return [
        formats.written("x", "first", response_name),
        formats.written("y", "second", response_name),
    ]


def _modalities() -> list[Column]:
    """Names of a pair of modalities, and how it was analyzed."""
    return [
        Column("modalities", lambda row: f"{row['modality_x']} – {row['modality_y']}"),
        Column("method", lambda row: str(row["method"]).upper()),
        formats.text("adjusted_for", "held constant"),
    ]


def _of_means(row: dict) -> str:
    """Interval of the correlation of means."""
    return interval_text(row["means_low"], row["means_high"])


def _slope(row: dict) -> str:
    """A slope to the digits of its interval."""
    return estimate_text(row["estimate"], row["ci_low"], row["ci_high"])
