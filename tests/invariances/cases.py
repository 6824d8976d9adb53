"""Every public verb that estimates from a table: how it is called, and what may not matter."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import mne
import numpy as np
import pandas as pd
import xarray as xr

from mmme_neuro import Recording, association, inference, models, muscles, reliability, responses
from mmme_neuro.association import Resampling
from mmme_neuro.reliability import OnsetWithin
from mmme_neuro.responses import FIR, Measure
from mmme_neuro.stats import adjust_p_values
from tests.invariances.changes import quoted

Expected = Callable[[pd.DataFrame, float, float], pd.DataFrame]
"""From a result, a factor and an offset of one column to the result that is then right."""


@dataclass(frozen=True)
class Case:
    """One verb.

    Parameters
    ----------
    call : callable
        From a table, and a namespace with the name of each column, to the numbers.
    make : callable
        The table.
    labels, numbers : tuple of str
        Columns of either kind.
    units : mapping of str to callable
        Numbers whose unit and offset may be any, and what then becomes of the result.
    named : tuple of str, optional
        Columns that the verb is told by name; all by default.
    seeded : tuple of str
        Columns of the result that rest on draws, which may go by the order of rows.
    perfect : callable, optional
        From the table to one of perfect agreement.
    best : mapping of str to float
        Where the table is that, columns of the result (of all rows) and their value.
    constant : tuple of str
        Numbers without which there is nothing to estimate: a constant leaves no number, or is
        refused, and so by every constant alike.
    rtol : float
        What a search for an optimum may lose.
    is_epoched : bool
        Whether the table is the metadata of epochs.
    """

    call: Callable[[pd.DataFrame, SimpleNamespace], Any]
    make: Callable[[], pd.DataFrame]
    labels: tuple[str, ...] = ("participant",)
    numbers: tuple[str, ...] = ("y",)
    units: Mapping[str, Expected] = field(default_factory=dict)
    named: tuple[str, ...] | None = None
    seeded: tuple[str, ...] = ()
    perfect: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    best: Mapping[str, float] = field(default_factory=dict)
    constant: tuple[str, ...] = ()
    rtol: float = 1e-6
    is_epoched: bool = False

    @property
    def all_named(self) -> tuple[str, ...]:
        """Columns that may be called otherwise."""
        return (*self.labels, *self.numbers) if self.named is None else self.named


def same(result: pd.DataFrame, factor: float, offset: float) -> pd.DataFrame:
    """What does not depend on the unit."""
    return result


def times(*columns: str, rows: str = "", power: int = 1, shift: tuple[str, ...] = ()) -> Expected:
    """Columns in the unit of the number; those in `shift` have its origin, too."""

    def expected(result: pd.DataFrame, factor: float, offset: float) -> pd.DataFrame:
        result = result.copy()
        where = result.index.astype(str).str.contains(rows, regex=False)
        for name in columns:
            result[name] = np.where(where, result[name] * factor**power, result[name])
        for name in shift:
            result[name] = np.where(where, result[name] + offset, result[name])
        return result

    return expected


@cache
def _events() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n_people, n_each = 8, 9
    n = n_people * n_each
    who = np.repeat(np.arange(n_people), n_each)
    table = pd.DataFrame(
        {
            "participant": [f"p{k}" for k in who],
            "stimulus": [f"s{k}" for k in np.tile(np.arange(3), n // 3)],
            "cond": np.where(rng.random(n) < 0.45, "spontaneous", "posed"),
            "event": np.arange(n),
        }
    )
    table["x"] = rng.integers(0, 41, n)
    person, slope = rng.normal(0, 8, n_people)[who], rng.normal(0.4, 0.15, n_people)[who]
    effect = 6 * (table["cond"] == "spontaneous")
    table["y"] = np.clip(40 + person + effect + slope * table["x"] + rng.normal(0, 6, n), 0, 100)
    table["z"] = np.clip(0.6 * table["y"] + rng.normal(10, 8, n), 0, 100)
    table["v"] = np.clip(50 - 0.3 * table["x"] + rng.normal(0, 9, n), 0, 100)
    table["seen"] = (table["y"] + rng.normal(0, 12, n) > 52).astype(int)
    return table.round().astype({name: int for name in ("y", "z", "v")})


def events() -> pd.DataFrame:
    """72 events of 8 people in two conditions, of three stimuli; whole numbers from 0 to 100."""
    return _events().copy()


def items() -> pd.DataFrame:
    """Answers of 30 people, six occasions each, to four items."""
    rng = np.random.default_rng(8)
    trait = np.repeat(rng.normal(size=10), 3)[:, None] + rng.normal(size=(30, 1))
    answers = np.clip(50 + 12 * trait + rng.normal(0, 10, (30, 4)), 0, 100).round().astype(int)
    table = pd.DataFrame(answers, columns=["i1", "i2", "i3", "i4"])
    return table.assign(participant=[f"p{k}" for k in np.repeat(np.arange(10), 3)])


ITEMS = ("i1", "i2", "i3", "i4")


def ratings() -> pd.DataFrame:
    """Nine targets by three raters."""
    rng = np.random.default_rng(9)
    target, rater = (place.ravel() for place in np.indices((9, 3)))
    score = 50 + 15 * rng.normal(size=9)[target] + 4 * rater + 6 * rng.normal(size=27)
    return pd.DataFrame(
        {
            "target": [f"t{k}" for k in target],
            "rater": [f"r{k}" for k in rater],
            "y": np.clip(score, 0, 100).round().astype(int),
        }
    )


def gappy() -> pd.DataFrame:
    """The same with two ratings missing."""
    return ratings().drop(index=[4, 20]).reset_index(drop=True)


def sessions() -> pd.DataFrame:
    """Two sessions of nine."""
    table = ratings()
    return table[table["rater"] != "r2"].reset_index(drop=True)


def labels() -> pd.DataFrame:
    """Labels of 40 units on a scale of four by three raters."""
    rng = np.random.default_rng(10)
    truth = rng.integers(0, 4, 40)
    return pd.DataFrame(
        {name: np.clip(truth + rng.integers(-1, 2, 40), 0, 3) for name in ("r1", "r2", "r3")}
    )


RATERS = ("r1", "r2", "r3")


def self_reports() -> pd.DataFrame:
    """Ratings of four videos by eight people on three items."""
    rng = np.random.default_rng(11)
    who, video, item = (place.ravel() for place in np.indices((8, 4, 3)))
    value = 50 + 8 * rng.normal(size=8)[who] + 12 * (video % 3 == item) + 8 * rng.normal(size=96)
    return pd.DataFrame(
        {
            "participant": [f"p{k}" for k in who],
            "stimulus": [f"{101 + k}" for k in video],
            "item": np.array(["anger", "calm", "fear"])[item],
            "rating": np.clip(value, 0, 100).round().astype(int),
        }
    )


AIMS = {"101": "anger", "102": "calm", "103": "fear", "104": "anger"}
FEELINGS = ("anger", "calm", "fear")


def faces() -> pd.DataFrame:
    """Facial events of four clips by one coder; times in whole seconds."""
    rng = np.random.default_rng(12)
    n = 24
    onset = np.tile(10 * np.arange(6) + 3, 4) + rng.integers(0, 4, n)
    return pd.DataFrame(
        {
            "participant": [f"p{k}" for k in np.repeat(np.arange(4), 6)],
            "clip": [f"p{k}-1" for k in np.repeat(np.arange(4), 6)],
            "kind": rng.choice(["posed", "spontaneous"], n),
            "action_units": rng.choice(["AU4", "AU12", "AU4,AU12"], n),
            "onset": onset,
            "apex": onset + 1,
            "offset": onset + 1 + rng.integers(1, 4, n),
        }
    )


def other_faces() -> pd.DataFrame:
    """What another coder saw in them."""
    table = faces().drop(index=[3, 17]).reset_index(drop=True)
    shift = np.random.default_rng(13).integers(-1, 2, len(table))
    return table.assign(
        onset=table["onset"] + shift,
        apex=table["apex"] + shift,
        kind=np.roll(table["kind"].to_numpy(), 2),
    )


def p_values() -> pd.DataFrame:
    """P-values in two families, in hundredths."""
    rng = np.random.default_rng(14)
    return pd.DataFrame({"roi": ["a"] * 5 + ["b"] * 5, "p": rng.integers(0, 100, 10) / 128})


def fitted(table: pd.DataFrame, c: SimpleNamespace, right: str = "") -> Any:
    """The model of most verbs of models."""
    right = right or f"{quoted(c.cond)} + {quoted(c.x)} + (1 | {quoted(c.participant)})"
    return models.fit_lmm(f"{quoted(c.y)} ~ {right}", table)


def table_of(fit: Any) -> pd.DataFrame:
    """Slopes without the intercept, which has the predictors' origin; by role, not by name."""
    found = fit.table().iloc[1:]
    return found.set_axis(["cond", "x"], axis=0) if len(found) == 2 else found


def sloped(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    """A slope of its own for each participant."""
    x = quoted(c.x)
    right = f"{quoted(c.cond)} + {x} + (1 + {x} | {quoted(c.participant)})"
    return table_of(fitted(table, c, right))


ESTIMATED = ("estimate", "std_error", "ci_low", "ci_high")
SLOPE = {"y": times(*ESTIMATED), "x": times(*ESTIMATED, rows="x", power=-1)}
MODEL = {"labels": ("participant", "cond"), "numbers": ("y", "x"), "rtol": 1e-4}


def compared(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    smaller = fitted(table, c, f"{quoted(c.cond)} + (1 | {quoted(c.participant)})")
    found = models.likelihood_ratio(smaller, fitted(table, c))
    return found.reset_index(drop=True)[["statistic", "dof", "p_value"]].iloc[1:]


def batch(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    right = f"{quoted(c.cond)} + {quoted(c.x)} + (1 | {quoted(c.participant)})"
    found = models.fit_many([c.y, c.z], right, table).estimates.reset_index(drop=True)
    rows = ["y cond", "y x", "z cond", "z x"]
    names = [*ESTIMATED, "dof", "statistic", "p_value"]
    return found.reindex(index=[1, 2, 4, 5], columns=names).set_axis(rows)


def standardized(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    fit = fitted(table, c)
    found = models.standardized_effects(fit, models.contrast(fit, c.cond))
    return found.reset_index(drop=True)[["effect_size", "std_error", "ci_low", "ci_high"]]


def left_out(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = models.influence(fitted(table, c), c.participant).levels
    return found.sort_index().reset_index(drop=True)[["cooks_distance"]]


def binomial(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    fit = models.fit_glmm(
        f"{quoted(c.seen)} ~ {quoted(c.cond)} + (1 | {quoted(c.participant)})", table,
        family="binomial",
    )  # fmt: skip
    return fit.table().iloc[1:].set_axis(["cond"])


def map_of(table: pd.DataFrame, c: SimpleNamespace) -> xr.DataArray:
    """Four cells: a response, another, all zero and all missing."""
    y, z = (table[name].to_numpy(dtype=float) for name in (c.y, c.z))
    cells = np.column_stack([y, z, np.zeros(len(y)), np.full(len(y), np.nan)])
    return xr.DataArray(cells, dims=("event", "cell"))


def of_map(dataset: xr.Dataset, names: list[str]) -> pd.DataFrame:
    """Numbers of a map; cells without a response must not have any."""
    found = dataset[names].to_dataframe().reset_index(drop=True)[names]
    assert found.iloc[2:].isna().all(axis=None), found
    return found.iloc[:2].set_axis(["y", "z"])


def map_fitted(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    right = f"~ {quoted(c.cond)} + (1 | {quoted(c.participant)})"
    found = models.fit_lmm_map(right, map_of(table, c), table).to_dataset().isel(term=1)
    return of_map(found, ["estimate", "std_error", "dof", "statistic", "p_value"])


def map_tested(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    right = f"~ {quoted(c.cond)} + (1 | {quoted(c.participant)})"
    test = inference.permutation_test(
        right, map_of(table, c), table, term=c.cond, rng=1, n_permutations=39, units=c.participant,
        correction="max", n_threads=1,
    )  # fmt: skip
    return of_map(test.to_dataset(), ["statistic", "p_value"])


def map_with_effect(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    right = f"~ {quoted(c.cond)} + (1 | {quoted(c.participant)})"
    own = map_of(table, c).isel(cell=[0, 1])
    found = inference.effect_map(right, own, table, term=c.cond, rng=1, n_permutations=39)
    names = ["estimate", "statistic"]
    fits = found.fits.to_dataset().isel(term=1)[names].to_dataframe()
    return fits.reset_index(drop=True)[names].set_axis(["y", "z"])


def rows_by_event(found: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """One row per event, in the order of events."""
    found = found.reset_index(drop=True).assign(event=table["event"].to_numpy(dtype=int))
    return found.sort_values("event", ignore_index=True)


def centered(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = models.within_between(table, c.x, participant=c.participant)
    parts = [f"{c.x}_within", f"{c.x}_between"]
    return rows_by_event(found[parts].set_axis(["within", "between"], axis=1), table)


def residuals(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = models.residual_table(fitted(table, c))
    names = ["residual", "marginal_residual", "leverage", "standardized"]
    return rows_by_event(found[names], table)


NO_DRAWS = Resampling(rng=1, n_resamples=0, n_permutations=19)
PAIR = {"labels": ("participant",), "numbers": ("y", "z"), "constant": ("y",)}


def modal(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = association.cross_modal(
        table, [c.x, c.v], [c.y, c.z], resampling=NO_DRAWS, participant=c.participant,
        stimulus=c.stimulus, n_folds=(2, 2),
    )  # fmt: skip
    return found.components.drop(columns="component")


def modal_pairs(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = association.cross_modal_pairs(
        table, {"a": [c.x, c.v], "b": [c.y, c.z]}, resampling=NO_DRAWS, methods=["pls"],
        n_folds=(2, 2), participant=c.participant, stimulus=c.stimulus,
    )  # fmt: skip
    return found.components.reindex(columns=["r", "r_cv", "p_value", "n_events"])


def lagged(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    course = table[[c.y, c.z]].set_axis([0.5, 1.5], axis=1)
    return association.lagged_corr(
        table.drop(columns=[c.y, c.z]), c.x, course,
        resampling=replace(NO_DRAWS, blocks=(c.participant,)),
        participant=c.participant,
    ).drop(columns=["x", "boot_low", "boot_high"])  # fmt: skip


def described(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    timed = table.assign(censored=False, action_units="AU4")
    found = association.face_features(timed.rename(columns={c.x: "duration", c.y: "rise"}))
    return rows_by_event(found, table)


def icc_of(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    return reliability.icc(table, targets=c.target, raters=c.rater, ratings=c.y)


def retested(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    return reliability.retest_reliability(
        table, participant=c.target, sessions=c.rater, values=c.y, levels=("r0", "r1")
    ).table()


def generalized(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    return reliability.generalizability(
        table, targets=c.target, facets=[c.rater], scores=c.y
    ).coefficients()


def differences(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    gap = table[c.y].to_numpy(dtype=float) - table[c.z].to_numpy(dtype=float)
    people = table[c.participant].to_numpy()
    found = reliability.limits_of_agreement(gap, participant=people)
    return found.series().to_frame("value").drop(index=["n", "n_clusters"])


def erp(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = reliability.erp_reliability(
        table, c.y, participant=c.participant, condition=c.cond, levels=("posed", "spontaneous"),
        rng=1, min_trials=2, n_splits=10, n_resamples=100,
    )  # fmt: skip
    own = found.measurement.set_index("condition")
    return own[["rms_sme", "sd_participants", "sd_true", "share_of_error"]]


def curves_of(table: pd.DataFrame, c: SimpleNamespace) -> np.ndarray:
    return table[[c.y, c.z]].to_numpy(dtype=float)


def peaks(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = reliability.component_reliability(
        curves_of(table, c), table[c.participant], table[c.cond],
        {"peak": lambda averages: averages.max(axis=-1)}, rng=1, levels=("posed",), min_trials=2,
        n_splits=10, n_resamples=100,
    )  # fmt: skip
    return found[["estimate", "n_participants", "n_trials"]]


def over_time(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = reliability.reliability_over_time(
        curves_of(table, c), np.array([0.0, 0.1]), table[c.participant], table[c.cond], rng=1,
        levels=("posed",), min_trials=2, n_resamples=100,
    )  # fmt: skip
    return found[["estimate", "n_participants"]]


def coders(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = reliability.agreement(
        table, other_faces().rename(columns={"kind": c.kind}), condition=c.kind,
        levels=("posed", "spontaneous"), criterion=OnsetWithin(1.5),
    )  # fmt: skip
    return found.table()[["estimate", "ci_low", "ci_high", "n"]]


def coder_tables(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = reliability.agreement_tables(
        table, other_faces().rename(columns={"kind": c.kind}), [OnsetWithin(1.5)], condition=c.kind,
        levels=("posed", "spontaneous"),
    )  # fmt: skip
    return found.labels[["estimate", "ci_low", "ci_high", "n_units"]]


def matched(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    return reliability.match_events(table, other_faces(), OnsetWithin(1.5))[["score"]].sort_values(
        "score", ignore_index=True
    )


def _wide(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    return table[[getattr(c, name) for name in RATERS]]


def _items(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    return table[[getattr(c, name) for name in ITEMS]]


def alpha_dropped(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    return reliability.alpha_if_dropped(_items(table, c)).drop(columns=["mean", "sd"])


def loadings(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    return reliability.omega_loadings(_items(table, c))


def levels_of_alpha(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = reliability.multilevel_alpha(_items(table, c), table[c.participant])
    return found.drop(columns=["reason", "variance"])


def dominance(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = reliability.emotion_dominance(table, AIMS, emotions=FEELINGS, rng=1, n_resamples=100)
    return found.by_emotion.set_index("measure").select_dtypes("number")


def felt(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = reliability.means_by_emotion(table, AIMS, rng=1, n_resamples=100)
    return found.sort_values(["item", "intended"], ignore_index=True).select_dtypes("number")


def by_item(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = reliability.icc_by_item(table)
    found = found.reindex(columns=["item", "form", "icc", "f", "p_value", "ci_low", "ci_high"])
    return found.sort_values(["item", "form"], ignore_index=True).iloc[:, 2:]


def scales(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = reliability.scale_reliability(table, {"all": list(FEELINGS)}, rng=1, n_resamples=100)
    return found.set_index("coefficient")[["estimate", "n_rows", "n_participants"]]


def signal_of(table: pd.DataFrame, c: SimpleNamespace) -> np.ndarray:
    """A second of baseline and a bump as high as y says, in microvolt."""
    heights = table[c.y].to_numpy(dtype=float)
    return heights[:, None] * np.r_[np.zeros(100), np.linspace(0, 1, 101)]


def epochs_of(table: pd.DataFrame, c: SimpleNamespace, kind: str, name: str) -> mne.EpochsArray:
    info = mne.create_info([name], 100.0, kind)
    data = 1e-6 * signal_of(table, c)[:, None]
    return mne.EpochsArray(data, info, tmin=-1.0, metadata=table, verbose="error")


LATE = Measure(name="late", roi=("PZ",), window=(0.2, 0.5), baseline=(-1.0, 0.0))
SKIN = Measure(name="skin", signal="eda", window=(0.2, 0.5), baseline=(-1.0, 0.0), unit="uS")


def components(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    epochs = epochs_of(table, c, "eeg", "PZ")
    found = responses.component_table(epochs, [LATE], by=[c.participant, c.cond])
    return found.sort_values([c.participant, c.cond])[["sme", "n_epochs"]].reset_index(drop=True)


def quality(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    epochs = epochs_of(table, c, "eeg", "PZ")
    cells = responses.component_table(epochs, [LATE], by=["participant", c.cond])
    found = responses.measurement_quality(cells, condition=c.cond).sort_values("condition")
    return found.reset_index(drop=True)[["rms_sme", "sd_participants"]]


def curves(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    epochs = epochs_of(table, c, "misc", "eda")
    found = responses.response_curves(epochs, condition=c.cond, participant=c.participant)
    means = found.groupby(["condition", "time"], observed=True)["value"].mean()
    return means.to_frame().reset_index(drop=True)


def autonomic(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = responses.autonomic_responses(epochs_of(table, c, "misc", "eda"), measures=[SKIN])
    return rows_by_event(found[["skin"]], table)


def overlapping(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    own = table.head(24) if len(table) > 24 else table
    own = table[(table["event"].astype(int) < 24).to_numpy()] if len(own) else own
    onset = 3.0 + 4.0 * own["event"].to_numpy(dtype=float)
    moments = own.assign(onset=onset)
    time = np.arange(0, 110, 0.1)
    rng = np.random.default_rng(15)
    signal = 0.1 * rng.normal(size=len(time))
    order = np.argsort(onset)
    heights = own[c.y].to_numpy(dtype=float)
    for k in order:
        signal = signal + heights[k] / 50 * np.exp(-(((time - onset[k] - 1.5) / 0.7) ** 2))
    raw = mne.io.RawArray(signal[None], mne.create_info(["x"], 10.0, "misc"), verbose="error")
    recording = Recording(eeg=None, physio=raw, events=moments)
    basis = FIR((-0.5, 4.0), step=0.5)
    found = responses.deconvolve(
        recording, f"~ {quoted(c.cond)}", basis, picks="x", orders=(0,), whiten=False
    )
    rows = [found.window((1.0, 2.0), **{c.cond: level}) for level in ("posed", "spontaneous")]
    return pd.concat(rows, ignore_index=True).select_dtypes(float)


def differing(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    plain = table.reset_index(drop=True)
    means = plain.groupby([c.participant, c.cond], observed=True)[c.y].mean().reset_index()
    found = responses.paired_differences(
        means, [c.y], condition=c.cond, levels=("posed", "spontaneous"), participant=c.participant
    )
    return found.select_dtypes("number")


def muscle_power(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    power = pd.DataFrame(
        {
            "participant": table["participant"].to_numpy(),
            "event": table["event"].to_numpy(),
            "roi": "temporal",
            "before_db": table[c.y].to_numpy(dtype=float),
            "after_db": table[c.z].to_numpy(dtype=float),
            "removed_share": 0.5,
        }
    )
    found = muscles.by_condition(power, table, condition=c.cond, levels=("posed", "spontaneous"))
    texts = [name for name in found if found[name].dtype == object]
    return found.sort_values(texts, ignore_index=True).select_dtypes("number")


def adjusted(table: pd.DataFrame, c: SimpleNamespace) -> pd.DataFrame:
    found = adjust_p_values(table, method=["holm", "fdr"], within=c.roi, p_value=c.p)
    return found.sort_values([c.roi, c.p])[["p_holm", "p_fdr", "n_tests"]].reset_index(drop=True)


def twice(first: str, second: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """A table whose second column is its first."""
    return lambda table: table.assign(**{second: table[first]})


def alike(table: pd.DataFrame) -> pd.DataFrame:
    """Raters who give each target one rating."""
    return table.assign(y=table["target"].str[1:].astype(int) * 7 + 3)


def all_items_alike(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**dict.fromkeys(ITEMS, table["i1"]))


def all_raters_alike(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**dict.fromkeys(RATERS, table["r1"]))


RATED = {
    "labels": ("target", "rater"), "numbers": ("y",), "units": {"y": same}, "perfect": alike,
    "constant": ("y",),
}  # fmt: skip
SCALED_ITEMS = {"labels": (), "numbers": ITEMS, "make": items, "constant": ("i4",)}
LABELED = {
    "make": labels, "labels": (), "numbers": RATERS, "perfect": all_raters_alike, "rtol": 1e-9,
}  # fmt: skip
FACES = {
    "make": faces, "labels": ("participant", "clip", "kind"),
    "numbers": ("onset", "apex", "offset"), "named": ("kind",),
}  # fmt: skip
REPORTS = {
    "make": self_reports, "labels": ("participant", "stimulus", "item"), "numbers": ("rating",),
    "named": (),
}  # fmt: skip
TRIALS = {"make": events, "labels": ("participant", "cond"), "numbers": ("y",)}
EPOCHED = {**TRIALS, "named": ("cond",), "is_epoched": True}

CASES: dict[str, Case] = {
    "models.fit_lmm": Case(lambda t, c: table_of(fitted(t, c)), events, units=SLOPE, **MODEL),
    "models.fit_lmm, own slopes": Case(sloped, events, **{**MODEL, "rtol": 1e-3}),
    "models.fit_reduced": Case(
        lambda t, c: table_of(
            models.fit_reduced(
                f"{quoted(c.y)} ~ {quoted(c.cond)} + {quoted(c.x)} + (1 | {quoted(c.participant)})",
                t, participant=c.participant,
            )
        ),
        events, units=SLOPE, **MODEL,
    ),
    "models.fit_lmm_map": Case(
        map_fitted, events, labels=("participant", "cond"), numbers=("y", "z"), rtol=1e-4,
        units={"y": times("estimate", "std_error", rows="y")},
    ),
    "models.fit_many": Case(
        batch, events, labels=("participant", "cond"), numbers=("y", "z", "x"), rtol=1e-4,
        units={
            "y": times(*ESTIMATED, rows="y "), "z": times(*ESTIMATED, rows="z "),
            "x": times(*ESTIMATED, rows=" x", power=-1),
        },
    ),
    "models.contrast": Case(
        lambda t, c: models.contrast(fitted(t, c), c.cond).reset_index(drop=True), events,
        units={"y": times(*ESTIMATED), "x": same}, **MODEL,
    ),
    "models.marginal_means": Case(
        lambda t, c: models.marginal_means(fitted(t, c), c.cond)
        .reset_index(drop=True)[["estimate", "std_error", "dof", "ci_low", "ci_high"]],
        events,
        units={"y": times(*ESTIMATED, shift=("estimate", "ci_low", "ci_high")), "x": same}, **MODEL,
    ),
    "models.contrasts_within": Case(
        lambda t, c: models.contrasts_within(
            [c.y], f"{quoted(c.cond)} * {quoted(c.stimulus)} + (1 | {quoted(c.participant)})", t,
            of=c.cond, by=c.stimulus,
        ).select_dtypes("number"),
        events, labels=("participant", "cond", "stimulus"), numbers=("y",), rtol=1e-4,
        units={"y": times(*ESTIMATED)},
    ),
    "models.anova": Case(
        lambda t, c: models.anova(fitted(t, c)).reset_index(drop=True).select_dtypes("number")[
            ["statistic", "p_value"]
        ],
        events, units={"y": same, "x": same}, **MODEL,
    ),
    "models.likelihood_ratio": Case(compared, events, units={"y": same, "x": same}, **MODEL),
    "models.r_squared": Case(
        lambda t, c: models.r_squared(fitted(t, c)).to_frame("value"), events,
        units={"y": same, "x": same}, **MODEL,
    ),
    "models.intraclass_correlations": Case(
        lambda t, c: models.intraclass_correlations(fitted(t, c)).reset_index(drop=True)
        .select_dtypes("number"),
        events, units={"y": same, "x": same}, **MODEL,
    ),
    "models.collinearity": Case(
        lambda t, c: models.collinearity(fitted(t, c)).reset_index(drop=True), events,
        units={"y": same, "x": same}, **MODEL,
    ),
    "models.influence": Case(left_out, events, units={"y": same, "x": same}, **MODEL),
    "models.residual_table": Case(
        residuals, events, units={"x": same, "y": times("residual", "marginal_residual")}, **MODEL,
    ),
    "models.standardized_effects": Case(
        standardized, events, units={"y": same, "x": same}, **MODEL,
    ),
    "models.fit_glmm": Case(
        binomial, events, labels=("participant", "cond"), numbers=("seen",), rtol=1e-3,
    ),
    "models.within_between": Case(
        centered, events, numbers=("x",), units={"x": times("within", "between")},
        named=("participant", "x"),
    ),
    "inference.permutation_test": Case(
        map_tested, events, labels=("participant", "cond"), numbers=("y", "z"), rtol=1e-3,
        units={"y": same, "z": same}, seeded=("p_value",),
    ),
    "inference.effect_map": Case(
        map_with_effect, events, labels=("participant", "cond"), numbers=("y", "z"), rtol=1e-3,
        units={"y": times("estimate", rows="y")}, named=("cond",),
    ),
    "association.rm_corr": Case(
        lambda t, c: association.rm_corr(t, c.y, c.z, participant=c.participant)
        .select_dtypes("number"),
        events, units={"y": same, "z": same}, perfect=twice("y", "z"), best={"r": 1.0}, **PAIR,
    ),
    "association.rm_corr, partial": Case(
        lambda t, c: association.rm_corr(
            t, c.y, c.z, participant=c.participant, covariates=[c.x, c.cond]
        ).select_dtypes("number"),
        events, labels=("participant", "cond"), numbers=("y", "z", "x"),
        units={"y": same, "z": same, "x": same}, constant=("z",),
    ),
    "association.rm_corr_pairs": Case(
        lambda t, c: association.rm_corr_pairs(t, [(c.y, c.z)], participant=c.participant)
        .select_dtypes("number"),
        events, units={"y": same, "z": same}, **PAIR,
    ),
    "association.rm_corr_matrix": Case(
        lambda t, c: association.rm_corr_matrix(
            t, {"a": [c.y], "b": [c.z]}, participant=c.participant
        )[["r", "dof", "p_value", "ci_low", "ci_high"]],
        events, units={"y": same, "z": same}, **PAIR,
    ),
    "association.within_between_corr": Case(
        lambda t, c: association.within_between_corr(t, c.y, c.z, participant=c.participant)
        .select_dtypes("number"),
        events, units={"y": same, "z": same}, perfect=twice("y", "z"),
        best={"r_total": 1.0, "r_within": 1.0, "r_between": 1.0}, **PAIR,
    ),
    "association.multilevel_slope": Case(
        lambda t, c: association.multilevel_slope(t, c.y, c.z, participant=c.participant)[
            ["estimate", "std_error", "dof", "statistic", "p_value"]
        ],
        events, units={"y": same, "z": same}, rtol=1e-3, **PAIR,
    ),
    "association.cross_modal": Case(
        modal, events, labels=("participant", "stimulus"), numbers=("x", "v", "y", "z"),
        units=dict.fromkeys(("x", "v", "y", "z"), same), constant=("y",),
        seeded=("r_cv", "p_value", "p_in_sample", "null_mean", "null_high"),
    ),
    "association.cross_modal_pairs": Case(
        modal_pairs, events, labels=("participant", "stimulus"), numbers=("x", "v", "y", "z"),
        units=dict.fromkeys(("x", "v", "y", "z"), same), seeded=("r_cv", "p_value"),
    ),
    "association.lagged_corr": Case(
        lagged, events, numbers=("x", "y", "z"), units={"x": same, "y": same}, constant=("x",),
        seeded=("p_permutation", "p_max", "null_low", "null_high", "threshold"),
    ),
    "association.face_features": Case(described, events, labels=(), numbers=("x", "y"), named=()),
    "reliability.icc": Case(
        icc_of, ratings, best={"icc": 1.0, "ci_low": 1.0, "ci_high": 1.0}, **RATED
    ),
    "reliability.icc, gaps": Case(icc_of, gappy, **{**RATED, "perfect": None, "rtol": 1e-3}),
    "reliability.rater_reliability": Case(
        lambda t, c: reliability.rater_reliability(
            t, targets=c.target, raters=c.rater, ratings=c.y
        ).table(),
        ratings, best={"icc": 1.0}, **RATED,
    ),
    "reliability.retest_reliability": Case(
        lambda t, c: retested(t, c).loc[["ICC(A,1)", "ICC(C,1)", "correlation"]], sessions,
        best={"estimate": 1.0}, **RATED,
    ),
    "reliability.retest_reliability, in units": Case(
        lambda t, c: retested(t, c).drop(["ICC(A,1)", "ICC(C,1)", "ICC(A,k)", "correlation"]),
        sessions, **{**RATED, "units": {"y": times("estimate", "ci_low", "ci_high")}},
        best={"estimate": 0.0},
    ),
    "reliability.generalizability": Case(
        lambda t, c: generalized(t, c)[["estimate", "ci_low", "ci_high"]], ratings,
        best={"estimate": 1.0}, **{**RATED, "rtol": 1e-4},
    ),
    "reliability.limits_of_agreement": Case(
        differences, events, labels=("participant",), numbers=("y", "z"),
        perfect=twice("y", "z"), best={"value": 0.0},
    ),
    "reliability.cronbach_alpha": Case(
        lambda t, c: reliability.cronbach_alpha(_items(t, c)), perfect=all_items_alike,
        best={"estimate": 1.0}, **SCALED_ITEMS,
    ),
    "reliability.cronbach_alpha, of z scores": Case(
        lambda t, c: reliability.cronbach_alpha(_items(t, c)).iloc[1:],
        units=dict.fromkeys(ITEMS, same), **SCALED_ITEMS,
    ),
    "reliability.alpha_if_dropped": Case(alpha_dropped, **SCALED_ITEMS),
    "reliability.mcdonald_omega": Case(
        lambda t, c: reliability.mcdonald_omega(_items(t, c)).select_dtypes("number"),
        units=dict.fromkeys(ITEMS, same), **{**SCALED_ITEMS, "rtol": 1e-4},
    ),
    "reliability.omega_loadings": Case(
        loadings, units=dict.fromkeys(ITEMS, same), **{**SCALED_ITEMS, "rtol": 1e-4},
    ),
    "reliability.multilevel_alpha": Case(
        levels_of_alpha, **{**SCALED_ITEMS, "labels": ("participant",)},
    ),
    "reliability.label_agreement": Case(
        lambda t, c: reliability.label_agreement(_wide(t, c)).select_dtypes("number"),
        best={"estimate": 1.0}, **LABELED,
    ),
    "reliability.label_agreement, ordinal": Case(
        lambda t, c: reliability.label_agreement(_wide(t, c), level="ordinal")
        .select_dtypes("number"),
        best={"estimate": 1.0}, **LABELED,
    ),
    "reliability.gwet_ac2": Case(
        lambda t, c: reliability.gwet_ac2(_wide(t, c)), best={"estimate": 1.0}, **LABELED
    ),
    "reliability.weighted_fleiss_kappa": Case(
        lambda t, c: reliability.weighted_fleiss_kappa(_wide(t, c)), best={"estimate": 1.0},
        **LABELED,
    ),
    "reliability.erp_reliability": Case(
        erp, units={"y": times("rms_sme", "sd_participants", "sd_true")}, constant=("y",), **TRIALS
    ),
    "reliability.component_reliability": Case(
        peaks, seeded=("estimate",), **{**TRIALS, "numbers": ("y", "z")}
    ),
    "reliability.reliability_over_time": Case(
        over_time, **{**TRIALS, "numbers": ("y", "z"), "units": {"y": same}}
    ),
    "reliability.agreement": Case(coders, **FACES),
    "reliability.agreement_tables": Case(coder_tables, **FACES),
    "reliability.match_events": Case(matched, **FACES),
    "reliability.emotion_dominance": Case(
        dominance, seeded=("ci_low", "ci_high"),
        units={"rating": times("estimate", "ci_low", "ci_high", rows="margin")}, **REPORTS,
    ),
    "reliability.means_by_emotion": Case(
        felt, units={"rating": times("estimate", "ci_low", "ci_high")},
        seeded=("ci_low", "ci_high"),
        **REPORTS,
    ),
    "reliability.icc_by_item": Case(by_item, units={"rating": same}, **REPORTS),
    "reliability.scale_reliability": Case(scales, units={"rating": same}, rtol=1e-4, **REPORTS),
    "responses.component_table": Case(components, units={"y": times("sme")}, **EPOCHED),
    "responses.measurement_quality": Case(
        quality, units={"y": times("rms_sme", "sd_participants")}, **{**EPOCHED, "named": ("cond",)}
    ),
    "responses.response_curves": Case(curves, **EPOCHED),
    "responses.autonomic_responses": Case(autonomic, **{**EPOCHED, "named": ()}),
    "responses.deconvolve": Case(overlapping, **EPOCHED),
    "responses.paired_differences": Case(
        differing, units={"y": times(*ESTIMATED)}, **TRIALS
    ),
    "muscles.by_condition": Case(
        muscle_power, make=events, labels=("participant", "cond"), numbers=("y", "z"),
        named=("cond",),
    ),
    "stats.adjust_p_values": Case(
        adjusted, p_values, labels=("roi",), numbers=(), named=("roi", "p"), rtol=1e-12
    ),
}  # fmt: skip
"""Name of the verb (and a variant) -> how it is called."""

NO_TABLE = "reads no table of a user: {}"
EXCEPTIONS: dict[str, str] = {
    "association.window_means": NO_TABLE.format("averages an array over windows"),
    "models.bootstrap_likelihood_ratio": NO_TABLE.format("simulates from two fits"),
    "models.parametric_bootstrap": NO_TABLE.format("simulates from a fit"),
    "models.simulate_responses": NO_TABLE.format("simulates from a fit"),
    "models.equivalence_test": NO_TABLE.format("tests rows that contrast returned"),
    "models.crossed_events": NO_TABLE.format("makes a design"),
    "models.stated_model": NO_TABLE.format("states a model for planning"),
    "models.power": NO_TABLE.format("simulates from a stated model"),
    "models.power_table": NO_TABLE.format("simulates from a stated model"),
    "models.sample_size": NO_TABLE.format("simulates from a stated model"),
    "models.residual_checks": NO_TABLE.format("compares residuals of a fit with expectations"),
    "models.variance_intervals": NO_TABLE.format("profiles a fit, seconds each"),
    "models.treatment_term": NO_TABLE.format("names a term"),
    "models.with_reference": "estimates nothing: puts one level first",
    "inference.axis_neighbors": NO_TABLE.format("neighbors of axes"),
    "inference.neighbors": NO_TABLE.format("neighbors of axes"),
    "reliability.pass_pairs": "estimates nothing: lists pairs",
    "muscles.event_muscle_power": NO_TABLE.format("reads epochs; its power is checked by theory"),
    "muscles.muscle_balance": NO_TABLE.format("reads variants of muscle_variants"),
    "muscles.muscle_of_events": "estimates nothing: joins two tables by event",
    "muscles.muscle_variants": "estimates nothing: chooses events by draws",
    "muscles.region_values": "estimates nothing: puts regions into columns",
    "muscles.removal_by_region": "fit_many, which is here, of what region_values joins",
    "muscles.sensitivity_table": "fit_many, which is here, of each variant",
    **{
        f"responses.{name}": NO_TABLE.format("epochs or arrays; words are in test_conditions.py")
        for name in (
            "average_matrix", "band_power", "baseline_means", "compare_with_averaging",
            "connectivity", "event_courses", "event_power", "evoked", "grand_average",
            "graph_measures", "jackknife_difference", "mean_amplitude", "measure_curves",
            "onset_jitter", "over_participants", "pair_table", "participant_average",
            "participant_curves", "phase_consistency", "region_courses", "region_curves",
            "region_signals", "roi_channels", "separate_overlap", "source_regions",
            "standardized_measurement_error", "time_frequency", "video_responses",
            "window_amplitudes", "window_mask", "with_stimulus_events", "within_participant_band",
        )
    },
}  # fmt: skip
"""Public functions without an entry, and why."""

ROOMS = ("association", "inference", "models", "muscles", "reliability", "responses", "stats")
