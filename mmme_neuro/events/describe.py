"""Description of a dataset's events: counts and durations, as tables and text."""

from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.events.coding import coded_events, normalize_action_units, split_action_units
from mmme_neuro.events.pseudonyms import pseudonymous, pseudonyms
from mmme_neuro.stats.tables import check_table
from mmme_neuro.vocabulary import (
    ACTION_UNIT_NAMES,
    ACTION_UNITS_BY_REGION,
    EMOTION_BY_CODED_WORD,
    EXPRESSIONS,
)

DESCRIBED_COLUMNS = (
    "participant clip expression emotion valence action_units duration rise censored".split()
)


@dataclass(frozen=True, repr=False)
class Description:
    """Result of ``describe_events``: tidy tables, without names or dates.

    Parameters
    ----------
    expressions : DataFrame
        ``expression, n, share, n_participants, n_clips``.
    emotions : DataFrame
        ``emotion, expression, n, share`` (of the expression).
    valence : DataFrame
        The composite classes: ``valence, expression, n, share`` (of the expression).
    action_units : DataFrame
        ``action_unit, expression, n, share``: share of the expression's events that hold the unit.
    durations : DataFrame
        ``expression, measure, n, mean_ms, sd_ms, median_ms, q05_ms, q95_ms``; measures are
        ``duration`` (all), ``duration_coded`` (offset coded) and ``rise``.
    participants : DataFrame
        ``participant, expression, n``; participants as ``P01``, ``P02`` and so on.
    times : DataFrame, one row per event
        ``expression, duration, rise`` (s) and ``censored``, sorted.
    """

    expressions: pd.DataFrame
    emotions: pd.DataFrame
    valence: pd.DataFrame
    action_units: pd.DataFrame
    durations: pd.DataFrame
    participants: pd.DataFrame
    times: pd.DataFrame

    def __repr__(self) -> str:
        n_participants = self.participants["participant"].nunique()
        return f"Description({len(self.times)} events, {n_participants} participants)"

    def to_text(self) -> str:
        """Tables for reading.

        Returns
        -------
        str
        """
        per_person = _wide(self.participants, "participant")
        sections = {
            "Events by expression": self.expressions.set_index("expression").round(3),
            "Duration and rise (ms)": self.durations.set_index(["expression", "measure"]).round(1),
            "Emotion of the stimulus": _wide(self.emotions, "emotion"),
            "Composite class": _wide(self.valence, "valence"),
            "Composite class, share": _wide(self.valence, "valence", "share").round(3),
            "Action units": _wide(self.action_units, "action_unit"),
            "Events per participant": per_person.describe().loc[["mean", "min", "50%", "max"]],
        }
        return "\n\n".join(f"{title}\n{table.to_string()}" for title, table in sections.items())

    def write(self, folder: str | Path) -> tuple[Path, ...]:
        """Write each table as CSV.

        Parameters
        ----------
        folder : path
            Created where it does not exist.

        Returns
        -------
        tuple of Path
            The files written, ``TABLE.csv``.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for table in fields(self):
            paths.append(folder / f"{table.name}.csv")
            getattr(self, table.name).to_csv(paths[-1], index=False, float_format="%.6g")
        return tuple(paths)


def describe_events(events: pd.DataFrame) -> Description:
    """Count events by expression, emotion, composite class, action unit and participant.

    Parameters
    ----------
    events : DataFrame
        Events as ``read_events`` gives them; merged or of one pass, or events count twice.

    Returns
    -------
    Description

    Raises
    ------
    BadInput
        When there is no event, a column is missing, or a cell is not what its column holds.

    Examples
    --------
    >>> description = describe_events(read_events("sheet.xlsx", merge="union"))  # doctest: +SKIP
    >>> description.write("out")  # doctest: +SKIP
    """
    events = coded_events(events, DESCRIBED_COLUMNS)
    if events.empty:
        raise BadInput("events must hold at least one row to describe, got none.")
    events = events.assign(action_units=events["action_units"].map(normalize_action_units))
    emotions = dict.fromkeys(EMOTION_BY_CODED_WORD.values())
    classes = ("negative", "surprise", "positive", "neutral", "mixed")
    numbers = pseudonyms(events["participant"])
    numbered = pseudonymous(events, numbers)
    times = events[["expression", "duration", "rise", "censored"]]
    return Description(
        expressions=_expressions(events),
        emotions=_counts(events, "emotion", tuple(emotions)),
        valence=_counts(events, "valence", classes),
        action_units=_action_units(events),
        durations=_durations(events),
        participants=_counts(numbered, "participant", tuple(numbers.values())).drop(
            columns="share"
        ),
        times=times.sort_values(list(times.columns), ignore_index=True),
    )


def named_action_units(events: pd.DataFrame) -> pd.DataFrame:
    """Name the action units of events, and count them by expression.

    Parameters
    ----------
    events : DataFrame
        Merged events, or of one pass: ``expression, action_units``.

    Returns
    -------
    DataFrame
        One row per action unit, by region and number: ``action_unit, name, region`` (upper, middle,
        lower; see `vocabulary.ACTION_UNITS_BY_REGION`) and, for macro, micro and every other
        expression there is, ``n_EXPRESSION`` (events that hold the unit) and ``share_EXPRESSION``
        (of the expression's events). A number that has no name is ``unknown``.

    Examples
    --------
    >>> events = pd.DataFrame({"expression": ["micro", "macro"], "action_units": ["AU4", "AU12"]})
    >>> named_action_units(events)[["action_unit", "region", "n_micro"]].to_numpy().tolist()
    [['AU4', 'upper', 1], ['AU12', 'middle', 0]]
    """
    check_table(events, ("expression", "action_units"), name="events")
    counts = _action_units(events.fillna({"action_units": ""}))
    region = {n: name for name, units in ACTION_UNITS_BY_REGION.items() for n in units}
    order = [*ACTION_UNITS_BY_REGION, "unknown"]
    table = pd.DataFrame({"action_unit": counts["action_unit"].unique()})
    number = table["action_unit"].str.removeprefix("AU").astype(int)
    table["name"] = number.map(ACTION_UNIT_NAMES).fillna("unknown")
    table["region"] = number.map(region).fillna("unknown")
    for expression in dict.fromkeys(["macro", "micro", *counts["expression"]]):
        own = counts[counts["expression"] == expression].set_index("action_unit")
        table[f"n_{expression}"] = table["action_unit"].map(own["n"]).fillna(0).astype(int)
        table[f"share_{expression}"] = table["action_unit"].map(own["share"]).fillna(0.0)
    places = table["region"].map(order.index)
    return (
        table.assign(place=places, number=number)
        .sort_values(["place", "number"], ignore_index=True)
        .drop(columns=["place", "number"])
    )


def _present_expressions(events: pd.DataFrame) -> list[str]:
    """Expressions of the table in the vocabulary's order."""
    return [name for name in EXPRESSIONS if (events["expression"] == name).any()]


def _expressions(events: pd.DataFrame) -> pd.DataFrame:
    """Events, participants and clips by expression."""
    by_expression = events.groupby("expression")
    table = by_expression.agg(
        n=("clip", "size"), n_participants=("participant", "nunique"), n_clips=("clip", "nunique")
    )
    table.insert(1, "share", table["n"] / len(events))
    return table.loc[_present_expressions(events)].reset_index()


def _counts(events: pd.DataFrame, column: str, order: tuple[str, ...]) -> pd.DataFrame:
    """Events by `column` and expression, zeros included, with shares of the expression."""
    levels = [level for level in order if (events[column] == level).any()]
    table = pd.crosstab(events[column], events["expression"])
    table = table.reindex(index=levels, columns=_present_expressions(events))
    counts = table.reset_index().melt(id_vars=column, value_name="n")
    totals = counts.groupby("expression")["n"].transform("sum")
    return counts.assign(share=counts["n"] / totals)


def _action_units(events: pd.DataFrame) -> pd.DataFrame:
    """Events that hold each action unit; an event counts for each of its units."""
    units = events[["expression"]].assign(
        action_unit=events["action_units"].map(split_action_units)
    )
    units = units.explode("action_unit").dropna()
    order = sorted(set(units["action_unit"]), key=lambda unit: int(unit.removeprefix("AU")))
    counts = _counts(units, "action_unit", tuple(order))
    n_events = events["expression"].value_counts()
    return counts.assign(share=counts["n"] / counts["expression"].map(n_events))


def _durations(events: pd.DataFrame) -> pd.DataFrame:
    """Duration and rise by expression, in ms."""
    milliseconds = pd.DataFrame(
        {
            "duration": events["duration"],
            "duration_coded": events["duration"].where(~events["censored"]),
            "rise": events["rise"],
        }
    ).mul(1000)
    rows = []
    for expression in _present_expressions(events):
        for measure, values in milliseconds[events["expression"] == expression].items():
            quantiles = values.quantile([0.5, 0.05, 0.95])
            rows.append(
                (expression, measure, values.count(), values.mean(), values.std(), *quantiles)
            )
    columns = "expression measure n mean_ms sd_ms median_ms q05_ms q95_ms".split()
    return pd.DataFrame(rows, columns=columns)


def _wide(counts: pd.DataFrame, column: str, values: str = "n") -> pd.DataFrame:
    """Counts with one column per expression, in the order of the tidy table."""
    wide = counts.pivot_table(index=column, columns="expression", values=values, sort=False)
    wide.columns.name = wide.index.name = None
    return wide.astype(int) if values == "n" else wide
