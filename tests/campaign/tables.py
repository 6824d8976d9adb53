"""Tables as strangers write them, and every verb that takes one."""

import warnings
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

import mne
import numpy as np
import pandas as pd

from mmme_neuro import (
    Recording,
    agreement,
    align_clocks,
    audit_events,
    contrast,
    cronbach_alpha,
    deconvolve,
    epoch,
    fit_lmm,
    fit_lmm_map,
    icc,
    marginal_means,
    mcdonald_omega,
    permutation_test,
    rm_corr,
)
from mmme_neuro.association import multilevel_slope, within_between_corr
from mmme_neuro.events import control_events, describe_events, overlap_table
from mmme_neuro.models import anova, fit_glmm, within_between
from mmme_neuro.reliability import (
    OnsetWithin,
    generalizability,
    label_agreement,
    limits_of_agreement,
    match_events,
    retest_reliability,
)
from mmme_neuro.responses import FIR
from mmme_neuro.stats import adjust_p_values
from tests.campaign.trials import Outcome, of_table_error

SEED = 20261130
BIG = 1e308


@cache
def events() -> pd.DataFrame:
    """Events of six participants and six stimuli with a response."""
    rng = np.random.default_rng(SEED)
    n = 144
    table = pd.DataFrame(
        {
            "participant": [f"p{k}" for k in np.repeat(np.arange(6), 24)],
            "stimulus": [f"s{k}" for k in np.tile(np.arange(6), 24)],
            "condition": rng.choice(["posed", "spontaneous"], n),
            "rise": rng.uniform(0.1, 0.6, n).round(3),
            "onset": np.tile(5 + 8.0 * np.arange(24), 6),
        }
    )
    by_person = rng.normal(size=6)[np.repeat(np.arange(6), 24)]
    effect = 0.8 * (table["condition"] == "spontaneous")
    table["y"] = (5 + by_person + effect + 2 * table["rise"] + rng.normal(size=n)).round(4)
    table["z"] = (table["y"] + rng.normal(size=n)).round(4)
    table["seen"] = (table["y"] > 6).astype(int)
    return table


@cache
def sheet() -> pd.DataFrame:
    """One participant's events of one clip by two coders, on the EEG clock."""
    rng = np.random.default_rng(SEED)
    onset = np.sort(rng.uniform(10, 170, 20)).round(3)
    return pd.DataFrame(
        {
            "participant": "p1",
            "stimulus": "s1",
            "clip": "c1",
            "code": 101,
            "expression": np.tile(["micro", "macro"], 10),
            "expression_by_rule": np.tile(["micro", "macro"], 10),
            "onset": onset,
            "apex": onset + 0.2,
            "offset": onset + 0.45,
            "onset_sd": 0.01,
            "duration": 0.45,
            "rise": 0.2,
            "emotion": np.tile(["anger", "happiness"], 10),
            "valence": np.tile(["negative", "positive"], 10),
            "action_units": np.tile(["AU4", "AU12"], 10),
            "annotation_pass": "A",
            "censored": False,
            "source_row": np.arange(20) + 2,
            "exclusion_reason": "",
            "clock": "eeg",
            "onset_clock": 36_000 + onset,
            "apex_clock": 36_000.2 + onset,
            "offset_clock": 36_000.45 + onset,
        }
    )


@cache
def scores() -> pd.DataFrame:
    """Ten items of thirty people, one row per person."""
    rng = np.random.default_rng(SEED)
    trait = rng.normal(size=(30, 1))
    items = np.round(3 + trait + rng.normal(scale=0.8, size=(30, 5)), 2)
    return pd.DataFrame(items, columns=[f"item{k}" for k in range(5)])


@cache
def ratings() -> pd.DataFrame:
    """Twelve targets by three raters, long."""
    wide = scores().iloc[:12, :3].rename(columns={f"item{k}": f"r{k}" for k in range(3)})
    long = wide.reset_index(names="target").melt("target", var_name="rater", value_name="rating")
    return long.assign(label=np.where(long["rating"] > 3, "high", "low"), session=long["rater"])


@cache
def labels() -> pd.DataFrame:
    """Twelve units by three coders, one column per coder."""
    return ratings().pivot(index="target", columns="rater", values="label")  # noqa: PD010


@cache
def grades() -> pd.DataFrame:
    """The same with numbers."""
    return ratings().pivot(index="target", columns="rater", values="rating")  # noqa: PD010


@cache
def codes() -> pd.DataFrame:
    """Trigger codes of one device."""
    rng = np.random.default_rng(SEED)
    return pd.DataFrame(
        {"code": np.tile([101, 102, 103, 100], 10), "onset": np.cumsum(rng.uniform(5, 9, 40))}
    )


@cache
def raw() -> mne.io.RawArray:
    """Two channels of 200 s."""
    rng = np.random.default_rng(SEED)
    info = mne.create_info(["FZ", "CZ"], 50.0, "eeg")
    return mne.io.RawArray(1e-5 * rng.standard_normal((2, 10_000)), info, verbose="error")


@cache
def responses() -> np.ndarray:
    return np.random.default_rng(SEED).normal(size=(len(events()), 3))


FORMULA = "y ~ condition + rise + (1 | participant)"


def _map(table: pd.DataFrame) -> Any:
    own = responses()[: len(table)]
    return fit_lmm_map("~ condition + (1 | participant)", own, table).to_dataset()


def _tested(table: pd.DataFrame) -> Any:
    term = "condition[T.spontaneous]"
    own = responses()[: len(table)]
    formula = "~ condition + (1 | participant)"
    test = permutation_test(
        formula, own, table, term=term, n_permutations=19, rng=1, correction="max"
    )
    return test.to_dataset()


def _recording(table: pd.DataFrame) -> Recording:
    own = table.head(24) if isinstance(table, pd.DataFrame) else table
    return Recording(eeg=raw(), physio=None, events=own)


def _curves(table: pd.DataFrame) -> Any:
    basis = FIR((-0.2, 0.4), step=0.1)
    fitted = deconvolve(
        _recording(table), "~ condition", basis, picks="FZ", modality="eeg", whiten=False
    )
    return fitted.window((0.0, 0.2), condition="spontaneous")


def _controls(table: pd.DataFrame) -> Any:
    clips = pd.DataFrame({"code": [101], "start": [0.0], "stop": [200.0]})
    return control_events(table, clips, condition="expression", rng=1)


def _aligned(table: pd.DataFrame) -> Any:
    other = codes().assign(onset=lambda own: own["onset"] * (1 + 2e-5) - 3)
    return pd.DataFrame({"estimate": [align_clocks(table, other).offset]})


def _retest(table: pd.DataFrame) -> Any:
    two = table[table["rater"].isin(["r0", "r1"])]
    return retest_reliability(two, participant="target", sessions="rater", values="rating").table()


def _compared(table: pd.DataFrame) -> Any:
    return agreement(table, sheet(), condition="expression", criterion=OnsetWithin(0.2)).table()


def _generalized(table: pd.DataFrame) -> Any:
    study = generalizability(
        table, targets="target", facets=["rater"], scores="rating", rng=1, n_resamples=100
    )
    return study.coefficients()


def _yes_no(table: pd.DataFrame) -> Any:
    return fit_glmm("seen ~ rise + (1 | participant)", table, family="binomial").table()


VERBS: dict[str, tuple[Callable[[], pd.DataFrame], Callable[[pd.DataFrame], Any]]] = {
    "fit_lmm": (events, lambda t: fit_lmm(FORMULA, t).table()),
    "fit_lmm, slope": (events, lambda t: fit_lmm("y ~ rise + (1 + rise | participant)", t).table()),
    "contrast": (events, lambda t: contrast(fit_lmm(FORMULA, t), "condition")),
    "marginal_means": (events, lambda t: marginal_means(fit_lmm(FORMULA, t), "condition")),
    "anova": (events, lambda t: anova(fit_lmm(FORMULA, t))),
    "fit_lmm_map": (events, _map),
    "permutation_test": (events, _tested),
    "fit_glmm": (events, _yes_no),
    "within_between": (events, lambda t: within_between(t, "rise")),
    "rm_corr": (events, lambda t: rm_corr(t, "y", "z")),
    "within_between_corr": (events, lambda t: within_between_corr(t, "y", "z")),
    "multilevel_slope": (events, lambda t: multilevel_slope(t, "y", "z")),
    "epoch": (events, lambda t: epoch(_recording(t), eeg=(-0.5, 1.0)).events),
    "deconvolve": (events, _curves),
    "icc": (ratings, lambda t: icc(t, targets="target", raters="rater", ratings="rating")),
    "label_agreement": (labels, label_agreement),
    "label_agreement, ordinal": (grades, lambda t: label_agreement(t, level="ordinal")),
    "limits_of_agreement": (
        ratings,
        lambda t: limits_of_agreement(t["rating"]).series().to_frame().T,
    ),
    "generalizability": (ratings, _generalized),
    "retest_reliability": (ratings, _retest),
    "cronbach_alpha": (scores, cronbach_alpha),
    "mcdonald_omega": (scores, mcdonald_omega),
    "agreement": (sheet, _compared),
    "match_events": (sheet, lambda t: match_events(t, sheet(), OnsetWithin(0.2))),
    "audit_events": (sheet, lambda t: audit_events(t).table()),
    "describe_events": (sheet, lambda t: describe_events(t).emotions),
    "overlap_table": (sheet, overlap_table),
    "control_events": (sheet, _controls),
    "align_clocks": (codes, _aligned),
    "adjust_p_values": (events, lambda t: adjust_p_values(t, p_value="rise")),
}
"""Name -> the table it takes, and how it is called."""

Mutation = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def _column(table: pd.DataFrame, rng: np.random.Generator) -> int:
    return int(rng.integers(table.shape[1]))


def _with(table: pd.DataFrame, place: int, values: Any) -> pd.DataFrame:
    """The table with one column replaced, by place, whatever its dtype was."""
    columns = [table.iloc[:, k] for k in range(table.shape[1])]
    columns[place] = pd.Series(values, index=table.index, name=table.columns[place])
    return pd.concat(columns, axis=1)


def _to_column(change: Callable[[pd.Series], Any]) -> Mutation:
    def mutate(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        place = _column(table, rng)
        return _with(table, place, change(table.iloc[:, place]))

    return mutate


def _to_number(change: Callable[[pd.Series], Any]) -> Mutation:
    """Change one column of numbers."""

    def mutate(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        places = [k for k in range(table.shape[1]) if table.dtypes.iloc[k].kind in "if"]
        place = int(rng.choice(places)) if places else 0
        return _with(table, place, change(table.iloc[:, place]))

    return mutate


def _in_cells(value: Any, share: float = 0.1) -> Mutation:
    def mutate(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        place = _column(table, rng)
        cells = table.iloc[:, place].astype(object).copy()
        chosen = rng.choice(len(cells), max(1, int(share * len(cells))), replace=False)
        for row in chosen:
            cells.iloc[row] = value
        if isinstance(value, float):
            cells = cells.infer_objects()
        return _with(table, place, cells.to_numpy())

    return mutate


def _renamed(name: Any) -> Mutation:
    def mutate(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        names = list(table.columns)
        names[_column(table, rng)] = name
        return table.set_axis(names, axis=1)

    return mutate


def _rows(choose: Callable[[pd.DataFrame, np.random.Generator], Any]) -> Mutation:
    return lambda table, rng: table.iloc[choose(table, rng)]


def _swapped_columns(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Two columns under each other's name."""
    names = list(table.columns)
    a, b = rng.integers(len(names), size=2)
    names[a], names[b] = names[b], names[a]
    return table.set_axis(names, axis=1)


def _without_column(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return table.drop(columns=table.columns[_column(table, rng)])


def _column_twice(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return pd.concat([table, table.iloc[:, [_column(table, rng)]]], axis=1)


def _one_level(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    place = _column(table, rng)
    return table[(table.iloc[:, place] == table.iloc[0, place]).to_numpy()]


def _unused_categories(column: pd.Series) -> pd.Categorical:
    values = column.astype(str)
    return pd.Categorical(values, [*sorted(values.unique(), reverse=True), "never seen"])


def _multi_columns(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return table.set_axis(pd.MultiIndex.from_product([["all"], table.columns]), axis=1)


MUTATIONS: dict[str, Mutation] = {
    "as text": _to_column(lambda c: c.astype(str)),
    "as string dtype": _to_column(lambda c: c.astype("string")),
    "text with commas": _to_column(lambda c: c.astype(str).str.replace(".", ",")),
    "as category": _to_column(lambda c: c.astype("category")),
    "as category of text, one unused": _to_column(_unused_categories),
    "as object": _to_column(lambda c: c.astype(object)),
    "as float32": _to_number(lambda c: c.astype("float32")),
    "as float16": _to_number(lambda c: c.astype("float16")),
    "as int8": _to_number(lambda c: c.clip(-99, 99).astype("int8")),
    "as uint8": _to_number(lambda c: c.clip(0, 99).astype("uint8")),
    "as nullable": _to_column(lambda c: c.convert_dtypes()),
    "as decimals": _to_number(lambda c: [Decimal(str(v)) for v in c]),
    "as yes and no": _to_number(lambda c: (c > c.median()).to_numpy()),
    "as nullable yes and no": _to_number(lambda c: (c > c.median()).astype("boolean").to_numpy()),
    "as complex": _to_number(lambda c: c.to_numpy() + 0j),
    "as dates": _to_column(lambda c: pd.date_range("2020-01-01", periods=len(c))),
    "as spans of time": _to_number(lambda c: pd.to_timedelta(c.to_numpy(), unit="s")),
    "as lists": _to_column(lambda c: [[v] for v in c]),
    "as bytes": _to_column(lambda c: [str(v).encode() for v in c]),
    "as sparse": _to_number(lambda c: pd.arrays.SparseArray(c.to_numpy())),
    "all missing": _to_column(lambda c: np.full(len(c), np.nan)),
    "all None": _to_column(lambda c: np.full(len(c), None)),
    "all zero": _to_number(lambda c: np.zeros(len(c))),
    "constant": _to_number(lambda c: np.full(len(c), 14.62)),
    "huge": _to_number(lambda c: c * 1e300),
    "tiny": _to_number(lambda c: c * 1e-300),
    "largest integers": _to_number(lambda c: np.full(len(c), 2**63 - 1) - np.arange(len(c))),
    "far from zero": _to_number(lambda c: c + 1e12),
    "some missing": _in_cells(np.nan),
    "most missing": _in_cells(np.nan, share=0.9),
    "some None": _in_cells(None),
    "some NA": _in_cells(pd.NA),
    "some NaT": _in_cells(pd.NaT),
    "some infinite": _in_cells(np.inf),
    "one minus infinity": _in_cells(-np.inf, share=0.0),
    "some words": _in_cells("n/a"),
    "some empty": _in_cells(""),
    "some -99": _in_cells(-99),
    "some lists": _in_cells([1, 2]),
    "some largest": _in_cells(BIG),
    "name lost": _without_column,
    "name with a space": _renamed("a b"),
    "name of a function": _renamed("np.exp"),
    "name is a number": _renamed(3),
    "name is missing": _renamed(None),
    "name twice": _column_twice,
    "names of two levels": _multi_columns,
    "names swapped": _swapped_columns,
    "no row": _rows(lambda t, rng: slice(0, 0)),
    "one row": _rows(lambda t, rng: [int(rng.integers(len(t)))]),
    "two rows": _rows(lambda t, rng: rng.integers(len(t), size=2)),
    "three rows": _rows(lambda t, rng: rng.integers(len(t), size=3)),
    "rows twice": _rows(lambda t, rng: np.repeat(np.arange(len(t)), 2)[: len(t)]),
    "rows shuffled": _rows(lambda t, rng: rng.permutation(len(t))),
    "one level": _one_level,
    "index twice": lambda t, rng: t.set_axis(np.zeros(len(t), int), axis=0),
    "index of words": lambda t, rng: t.set_axis([f"row {k % 7}" for k in range(len(t))], axis=0),
    "index of two levels": lambda t, rng: t.set_axis(
        pd.MultiIndex.from_arrays([np.arange(len(t)) // 2, np.arange(len(t)) % 2]), axis=0
    ),
    "index of dates": lambda t, rng: t.set_axis(
        pd.date_range("2020-01-01", periods=len(t), tz="UTC"), axis=0
    ),
    "not a table": lambda t, rng: t.to_numpy(),
    "a dictionary": lambda t, rng: t.to_dict("list"),
}
"""Name -> function of the sound table and a generator."""


def impossible(result: Any) -> str:
    """What a result states that cannot be; empty where nothing does."""
    if not isinstance(result, pd.DataFrame):
        arrays = {name: np.asarray(values) for name, values in result.items()}
    else:
        arrays = {str(name): result[name].to_numpy() for name in result}
    numbers = {name: a.astype(float) for name, a in arrays.items() if a.dtype.kind in "fiu"}
    p_value = numbers.get("p_value", np.zeros(0))
    if ((p_value < 0) | (p_value > 1)).any():
        return "p_value outside 0 to 1"
    if (numbers.get("std_error", np.zeros(0)) < 0).any():
        return "negative std_error"
    if any(np.isinf(numbers[name]).any() for name in ("estimate", "std_error") if name in numbers):
        return "infinite estimate"
    if {"estimate", "ci_low", "ci_high"} <= numbers.keys():
        wide = 1e-9 * np.abs(numbers["estimate"])
        low, high = numbers["ci_low"] - wide, numbers["ci_high"] + wide
        if ((numbers["estimate"] < low) | (numbers["estimate"] > high)).any():
            return "estimate outside its interval"
    return ""


def try_table(verb: str, mutation: str, seed: int) -> Outcome:
    """Mutate the table of a verb and call it.

    Parameters
    ----------
    verb : str
        Of `VERBS`.
    mutation : str
        Of `MUTATIONS`.
    seed : int

    Returns
    -------
    Outcome
    """
    make, call = VERBS[verb]
    rng = np.random.default_rng([seed, *verb.encode(), *mutation.encode()])
    try:
        table = MUTATIONS[mutation](make().copy(), rng)
    except (TypeError, ValueError, ArithmeticError) as error:  # pandas cannot hold such a column
        return Outcome("no such table", str(error)[:200])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = call(table)
        except Exception as error:  # whatever a library raises is the finding
            return of_table_error(error)
        found = impossible(result)
    if found:
        return Outcome("impossible number", found, is_fault=True)
    foreign = [w for w in caught if not issubclass(w.category, UserWarning)]
    if foreign:
        said = f"{foreign[0].category.__name__}: {foreign[0].message}"
        return Outcome("result with a library's warning", said[:200])
    return Outcome("result with a warning" if caught else "result")
