"""Tables of the manuscript, as texts."""

import re
from typing import Any

import pandas as pd

from mmme_neuro.report import formats
from mmme_neuro.report.constants import constants_table
from mmme_neuro.report.markup import Column
from mmme_neuro.report.quantities import SIGNIFICANT, dof_text, statistic_text, table_text
from mmme_neuro.report.results import Results
from mmme_neuro.wording import (
    MINUS,
    estimate_text,
    interval_text,
    measure_name,
    network_name,
    number_text,
    quantity_text,
    response_name,
    unit_text,
)

METHODS_OF_OVERLAP = {
    "average": "average",
    "isolated": "isolated events",
    "deconvolution": "deconvolution",
}

Table = dict[str, list]


def paper_tables(results: Results) -> dict[str, Table]:
    """Write the manuscript's tables.

    Parameters
    ----------
    results : Results
        Folder of results that holds them all.

    Returns
    -------
    dict of str to dict
        Name to ``header, kinds, rows``; a table without a row is left to the prose.
    """
    return {
        "action_units": _action_units(results),
        "models": _models(results),
        "random": _random(results),
        "valences": _valences(results),
        "notes": _notes(results),
        "potentials": _potentials(results),
        "coupling": _coupling(results),
        "reliability": _reliability(results),
        "overlap": _overlap(results),
        "sensitivity": _sensitivity(results.table("sensitivity")),
        "recovery": _recovery(results),
        "jitter": _jitter(results),
        "audit": _audit(results),
        "parameters": constants_table(results.methods),
    }


def _action_units(results: Results) -> Table:
    """Action units with names, regions and counts."""
    columns = [
        _name("region", _capital),
        formats.text("action_unit", "unit"),
        formats.text("name", "action"),
        *(column for level in results.levels[::-1] for column in _counted(level)),
    ]
    return table_text(results.table("action_units"), columns)


def _counted(level: str) -> list[Column]:
    """Number and share of a condition's events."""
    return [
        formats.count(f"n_{level}", level),
        formats.percent(f"share_{level}", f"% of {level}"),
    ]


def _models(results: Results) -> Table:
    """Fixed effects."""
    columns = [
        _name("response", response_name),
        Column("term", lambda row: _term(results, row["term"])),
        formats.unit(),
        _estimate(),
        formats.interval(),
        *_test(),
        formats.p_value(),
    ]
    return table_text(results.table("models"), columns)


def _random(results: Results) -> Table:
    """Random terms that were kept."""
    columns = [
        _name("response", response_name),
        formats.text("group", "group"),
        Column("term", lambda row: "" if pd.isna(row["term"]) else _term(results, row["term"])),
        formats.number("sd", "SD"),
        formats.number("correlation", "correlation with the intercept", digits=2),
    ]
    return table_text(results.table("variance_components"), columns)


def _valences(results: Results) -> Table:
    """Contrasts of the conditions within valences."""
    table = results.table("valence_contrasts")
    table = table[table["estimate"].notna()] if "estimate" in table else table.iloc[:0]
    columns = [
        _name("response", response_name),
        formats.text("within", "valence"),
        formats.unit(),
        _estimate(results.difference),
        formats.interval(),
        formats.p_value("p_adjusted", "p (Holm)"),
        Column("d", lambda row: estimate_text(*_effect_size(row)), is_number=True),
    ]
    return table_text(table, columns)


def _effect_size(row: dict) -> tuple[float, float, float]:
    """Standardized contrast and its interval."""
    return row["effect_size"], row["effect_low"], row["effect_high"]


def _notes(results: Results) -> Table:
    """Models as they were fitted."""
    table = results.table("model_notes").fillna({"reductions": "", "warnings": ""})
    columns = [
        _name("response", response_name),
        Column("formula", lambda row: row["formula"].split("~", 1)[1].strip(), is_long=True),
        formats.count("n_observations", "events"),
        formats.text("reductions", "removed", is_long=True),
        formats.text("warnings", "warning", is_long=True),
    ]
    return table_text(table, columns)


def _potentials(results: Results) -> Table:
    """Measurement error beside differences between participants."""
    units = {"peak_latency": "ms", "area_latency": "ms"}
    scale = {"peak_latency": 1000.0, "area_latency": 1000.0}

    def scaled(key: str, heading: str) -> Column:
        return Column(
            heading,
            lambda row: number_text(scale.get(row["measure"], 1.0) * row[key]),
            is_number=True,
        )

    columns = [
        _name("component", response_name),
        formats.written("measure", "measure", measure_name),
        formats.text("condition", results.condition),
        Column("unit", lambda row: units.get(row["measure"], "µV")),
        scaled("rms_sme", "measurement error"),
        scaled("sd_participants", "SD of participants"),
        formats.percent("share_of_error", "error's share of variance (%)"),
        formats.count("n_participants", "n"),
    ]
    return table_text(results.table("erp_measurement"), columns)


def _coupling(results: Results) -> Table:
    """The conditions compared in coupling and networks."""
    table = results.table("coupling_test")
    if "estimate" not in table:
        table = pd.DataFrame({"estimate": []})
    columns = [
        _name("measure", lambda text: network_name(text)[:1].upper() + network_name(text)[1:]),
        _estimate(results.difference),
        formats.interval(),
        *_test(),
        formats.p_value(),
        formats.p_value("p_holm", "p (Holm)"),
        formats.count("n_participants", "n"),
    ]
    return table_text(table[table["estimate"].notna()], columns)


def _reliability(results: Results) -> Table:
    """Intraclass correlations."""
    columns = [
        formats.text("form", "form"),
        _estimate("ICC", "icc"),
        formats.interval(),
        formats.number("f", "F"),
        Column("df", lambda row: f"{row['dof1']:.0f}, {row['dof2']:.0f}", is_number=True),
        formats.p_value(),
    ]
    return table_text(results.table("icc"), columns)


def _overlap(results: Results) -> Table:
    """One row per response and condition, one column per method."""
    table = results.table("overlap")
    keys = ["measure", "unit", "condition"]
    written = table.assign(
        text=[_with_interval(row) for row in table.to_dict("records")],
    )
    wide = written.pivot_table(
        index=keys, columns="method", values="text", aggfunc="first", sort=False, observed=True
    )
    known = table["truth"].notna().any()
    truth = table.groupby(keys, sort=False, observed=True)["truth"].first()
    wide = wide.join(truth).reset_index()
    columns = [
        Column("response", _with_unit),
        formats.text("condition", results.condition),
        *[formats.text(m, h) for m, h in METHODS_OF_OVERLAP.items() if m in wide],
    ]
    if known:
        columns.append(formats.number("truth", "put in"))
    return table_text(_minus(wide, "condition"), columns)


def _sensitivity(table: pd.DataFrame) -> Table:
    """The t of one contrast, a row an analysis, a column a response."""
    stars = [
        statistic_text(row["statistic"]) + ("*" if row["p_value"] < SIGNIFICANT else "")
        for row in table.to_dict("records")
    ]
    wide = table.assign(text=stars).pivot_table(
        index="analysis",
        columns="response",
        values="text",
        aggfunc="first",
        sort=False,
        observed=True,
    )
    n_events = table.groupby("analysis", sort=False, observed=True)["n_events"].max()
    columns = [_name("analysis", _capital)]
    columns += [_plain_number(name, response_name(name)) for name in map(str, wide)]
    columns.append(formats.count("n_events", "events"))
    return table_text(wide.join(n_events).reset_index(), columns)


def _recovery(results: Results) -> Table:
    """Put in and found."""
    columns = [
        _name("quantity", quantity_text),
        formats.unit(),
        Column("put in", lambda row: _like(row, "truth"), is_number=True),
        _estimate("found"),
        formats.interval(),
        Column("covered", lambda row: "yes" if row["covered"] else "no"),
    ]
    return table_text(results.table("recovery"), columns)


def _jitter(results: Results) -> Table:
    """Measures with onsets drawn anew."""
    columns = [
        _name("measure", response_name),
        formats.text("condition", results.condition),
        formats.unit(),
        Column("as coded", lambda row: _drawn(row, "as_coded"), is_number=True),
        Column("mean of draws", lambda row: _drawn(row, "mean"), is_number=True),
        Column("95 % of draws", lambda row: interval_text(row["low"], row["high"]), is_number=True),
    ]
    return table_text(_minus(results.table("onset_jitter_summary"), "condition"), columns)


def _audit(results: Results) -> Table:
    """Checks of the annotation sheet."""
    columns = [
        Column("check", lambda row: _capital(_signed(row["check"])), is_long=True),
        formats.count("n", "n"),
        formats.percent("share", "%"),
    ]
    return table_text(results.table("audit"), columns)


def _name(key: str, write: Any) -> Column:
    """First column of a table."""
    return formats.written(key, key, write)


def _estimate(heading: str = "estimate", key: str = "estimate") -> Column:
    """An estimate with the decimals of its interval."""
    return Column(
        heading,
        lambda row: estimate_text(row[key], row["ci_low"], row["ci_high"]),
        is_number=True,
    )


def _with_unit(row: dict) -> str:
    """A response with its unit."""
    return f"{response_name(row['measure'])} ({unit_text(row['unit'])})"


def _like(row: dict, key: str) -> str:
    """A value with the decimals of the row's interval."""
    return estimate_text(row[key], row["ci_low"], row["ci_high"])


def _drawn(row: dict, key: str) -> str:
    """A value with the decimals of the spread of draws."""
    return estimate_text(row[key], row["low"], row["high"])


def _test() -> list[Column]:
    """Test statistic with its degrees of freedom."""
    return [
        Column("df", lambda row: dof_text(row["dof"]), is_number=True),
        Column("t", lambda row: statistic_text(row["statistic"]), is_number=True),
    ]


def _plain_number(key: str, heading: str) -> Column:
    """Texts of numbers, at the right."""
    return Column(heading, lambda row: row[key] if isinstance(row[key], str) else "–", True)


def _with_interval(row: dict) -> str:
    """Estimate and interval of one cell."""
    value = estimate_text(row["estimate"], row["ci_low"], row["ci_high"])
    return f"{value} {interval_text(row['ci_low'], row['ci_high'])}"


def _term(results: Results, term: str) -> str:
    """A term of a model for readers."""
    names = {results.term: results.difference}
    if results.levels:
        names["Intercept"] = f"{results.levels[0]} (intercept)"
    return names.get(term, term)


def _capital(text: str) -> str:
    """A text with a capital letter."""
    return text[:1].upper() + text[1:]


def _signed(text: str) -> str:
    """Typographic minus before numbers of a text."""
    return re.sub(r"(?<!\w)-(?=\d)", MINUS, text)


def _minus(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Typographic minus in a column of conditions."""
    return table.assign(**{column: table[column].str.replace(" - ", f" {MINUS} ")})
