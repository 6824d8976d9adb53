"""Coverage of the intervals of reliability and agreement, and null rate of the ICC's test.

``python -m tests.calibration.reliability`` writes docs/reliability.md.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from mmme_neuro import cronbach_alpha, icc, mcdonald_omega
from mmme_neuro.reliability import generalizability, limits_of_agreement, multilevel_alpha
from mmme_neuro.reliability.coders.action_units import shared_share
from mmme_neuro.reliability.coders.kappa import cohen_kappa, crossed_counts
from mmme_neuro.reliability.coders.timing import single_score_iccs
from mmme_neuro.stats.resampling import ParticipantIntervals, quantile_interval
from tests.calibration.tables import as_markdown, lowest_coverage

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"

# Events by participant that both passes of the public sheet saw: very unequal.
SIZES = (5, 33, 53, 16, 5, 19, 7, 70, 6, 48, 14, 7, 11, 80)

Draw = Iterator[tuple[str, float, tuple[float, float]]]
"""Name of the interval, truth, limits."""


def intraclass(rng: np.random.Generator, gaps: float) -> Draw:
    """Three variances; 30 targets, 5 raters."""
    values = (
        rng.normal(0, np.sqrt(0.5), (30, 1))
        + rng.normal(0, np.sqrt(0.1), (1, 5))
        + rng.normal(0, np.sqrt(0.4), (30, 5))
    )
    values[rng.random(values.shape) < gaps] = np.nan
    target, rater = np.indices(values.shape)
    table = pd.DataFrame({"t": target.ravel(), "r": rater.ravel(), "y": values.ravel()}).dropna()
    found = icc(table, targets="t", raters="r", ratings="y")
    for form, truth in (("ICC(A,1)", 0.5), ("ICC(C,1)", 0.5 / 0.9), ("ICC(C,k)", 0.5 / 0.58)):
        yield form, truth, tuple(found.loc[form, ["ci_low", "ci_high"]])


def one_way(rng: np.random.Generator) -> Draw:
    """30 targets with 1 to 6 raters of their own."""
    target = np.repeat(np.arange(30), rng.integers(1, 7, 30))
    y = rng.normal(0, 0.7, 30)[target] + rng.normal(0, np.sqrt(0.51), len(target))
    table = pd.DataFrame({"t": target, "r": np.arange(len(target)), "y": y})
    found = icc(table, targets="t", raters="r", ratings="y", n_averaged=3)
    yield "ICC(1), raters of their own", 0.49, tuple(found.loc["ICC(1)", ["ci_low", "ci_high"]])


def items_of(rng: np.random.Generator, n: int, reliability: float = 0.8) -> np.ndarray:
    """Four parallel items whose sum is so reliable."""
    single = reliability / (4 - 3 * reliability)
    trait = rng.normal(0, np.sqrt(single), (n, 1))
    return trait + rng.normal(0, np.sqrt(1 - single), (n, 4))


def consistency(rng: np.random.Generator) -> Draw:
    """Normal parallel items of 50 persons, and skewed ones of 100."""
    for kind, items in (
        ("normal items, n = 50", items_of(rng, 50)),
        ("skewed items, n = 100", np.exp(0.8 * items_of(rng, 100))),
    ):
        truth = 0.8 if kind.startswith("normal") else SKEWED_ALPHA
        for interval in ("feldt", "delta", "bootstrap"):
            table = cronbach_alpha(pd.DataFrame(items), interval=interval, rng=rng, n_resamples=400)
            yield f"alpha, {interval}, {kind}", truth, tuple(table.loc["alpha", LIMITS])


def factors(rng: np.random.Generator) -> Draw:
    """Nine items of three factors with a general one, 200 persons."""
    general = np.repeat([0.8, 0.6, 0.5], 3) * np.tile([0.8, 0.7, 0.6], 3)
    own = np.sqrt(1 - np.repeat([0.8, 0.6, 0.5], 3) ** 2) * np.tile([0.8, 0.7, 0.6], 3)
    unique = np.sqrt(1 - general**2 - own**2)
    answers = (
        rng.normal(size=(200, 1)) * general
        + np.repeat(rng.normal(size=(200, 3)), 3, axis=1) * own
        + rng.normal(size=(200, 9)) * unique
    )
    total = general.sum() ** 2 + (own.reshape(3, 3).sum(axis=1) ** 2).sum() + (unique**2).sum()
    found = mcdonald_omega(pd.DataFrame(answers))
    yield "omega total", 1 - (unique**2).sum() / total, tuple(found.loc["omega_total", LIMITS])
    truth = general.sum() ** 2 / total
    yield "omega hierarchical", truth, tuple(found.loc["omega_hierarchical", LIMITS])


def levels(rng: np.random.Generator) -> Draw:
    """40 participants with 4 to 19 rows."""
    people = np.repeat(np.arange(40), rng.integers(4, 20, 40))
    answers = items_of(rng, 40, 0.9)[people] + items_of(rng, len(people), 0.6)
    for name, seed in (("jackknife", None), ("bootstrap", rng)):
        found = multilevel_alpha(pd.DataFrame(answers), people, rng=seed, n_resamples=400)
        if seed is None:
            yield "alpha within participants", 0.6, tuple(found.loc["within", LIMITS])
        yield f"alpha between participants, {name}", 0.9, tuple(found.loc["between", LIMITS])


def facets(rng: np.random.Generator) -> Draw:
    """30 persons, 5 raters, 4 occasions."""
    table = pd.DataFrame(
        dict(zip(("who", "rater", "day"), (p.ravel() for p in np.indices((30, 5, 4))), strict=True))
    )
    score = 0.8 * rng.normal(size=len(table))
    for names, spread in SPREADS.items():
        group = table.groupby(list(names)).ngroup().to_numpy()
        score = score + spread * rng.normal(size=group.max() + 1)[group]
    found = generalizability(
        table.assign(score=score), targets="who", facets=["rater", "day"], scores="score"
    ).coefficients()
    squares = {names: spread**2 for names, spread in SPREADS.items()}
    relative = squares["who", "rater"] / 5 + squares["who", "day"] / 4 + 0.64 / 20
    absolute = relative + squares[("rater",)] / 5 + squares[("day",)] / 4
    absolute += squares["rater", "day"] / 20
    yield "generalizability", 1 / (1 + relative), tuple(found.loc["generalizability", LIMITS])
    yield "dependability", 1 / (1 + absolute), tuple(found.loc["dependability", LIMITS])


def label_counts(rng: np.random.Generator, n_participants: int) -> np.ndarray:
    """Two coders' labels by participant: some events and some participants are harder."""
    counts = []
    for n in rng.choice(SIZES, n_participants):
        micro = rng.random(n) < 1 / (1 + np.exp(0.8 - 0.8 * rng.normal()))
        hard = 1 / (1 + np.exp(1.2 - 0.7 * rng.normal()))
        a, b = (np.where(rng.random(n) < hard, rng.random(n) < 0.5, micro) for _ in "ab")
        counts.append(crossed_counts(a.astype(int), b.astype(int), 2).sum(axis=0))
    return np.array(counts)


def found_counts(rng: np.random.Generator, n_participants: int) -> np.ndarray:
    """Events that both, A and B found, by participant."""
    counts = []
    for n in rng.choice(SIZES, n_participants):
        seen = rng.random((n, 2)) < 1 / (1 + np.exp(-rng.normal(0.6, 0.6, 2)))
        counts.append([seen.all(axis=1).sum(), *seen.sum(axis=0)])
    return np.array(counts, dtype=float)


def moments(rng: np.random.Generator, n_participants: int) -> np.ndarray:
    """Heavy-tailed errors of durations, by participant."""
    counts = []
    for n in rng.choice(SIZES, n_participants):
        duration = rng.lognormal(-0.8, 0.6, n) + rng.normal(0, 0.2)
        a, b = (duration + rng.gamma(2, 0.1) * rng.standard_t(4, n) for _ in "ab")
        counts.append(np.column_stack([np.ones(n), a, b, a**2, b**2, a * b]).sum(axis=0))
    return np.array(counts)


def _duration_icc(sums: np.ndarray) -> np.ndarray:
    return single_score_iccs(sums)["icc_agreement"]


COUNTS: dict[str, tuple[Callable, Callable]] = {
    "kappa of ME/MaE": (label_counts, cohen_kappa),
    "F1 of detection": (found_counts, shared_share),
    "ICC(A,1) of durations": (moments, _duration_icc),
}


def over_participants(rng: np.random.Generator, n_participants: int) -> Draw:
    """Coefficients of coder agreement with few, unequal participants."""
    for name, (simulate, statistic) in COUNTS.items():
        sums = simulate(rng, n_participants)
        for kind, seed in (("jackknife", None), ("bootstrap", rng)):
            _, *limits = ParticipantIntervals(rng=seed, n_resamples=400).estimate(
                statistic, sums, np.arange(len(sums))
            )
            yield f"{name}, {kind}, {n_participants} participants", TRUTHS[name], tuple(limits)


def differences(rng: np.random.Generator) -> Draw:
    """Timing differences of 14 participants."""
    people = np.repeat(np.arange(14), rng.permutation(SIZES))
    shift = rng.normal(20, 40, 14)
    apart = rng.normal(shift[people], 90)
    sd = np.hypot(40, 90)
    found = limits_of_agreement(apart, participant=people)
    yield "bias between coders", 20.0, (found.bias_ci_low, found.bias_ci_high)
    high = 20 + 1.959964 * sd
    yield "limit of agreement", high, (found.high_ci_low, found.high_ci_high)
    yield "median difference", 20.0, quantile_interval(apart, people)


LIMITS = ["ci_low", "ci_high"]
COVERAGE_DIGITS = {
    "scenario": "",
    "quantity": "",
    "truth": ".3g",
    "coverage": ".3f",
    "median_width": ".3g",
    "n_samples": "d",
}
NULL_DIGITS = {"form": "", "missing": ".0%", "rate": ".3f", "n_samples": "d"}
SPREADS = {
    ("who",): 1.0,
    ("rater",): 0.5,
    ("day",): 0.4,
    ("who", "rater"): 0.6,
    ("who", "day"): 0.7,
    ("rater", "day"): 0.5,
}


def _truth_of(name: str) -> float:
    """Value in a very large sample of participants."""
    simulate, statistic = COUNTS[name]
    return float(statistic(simulate(np.random.default_rng(0), 40_000).sum(axis=0)))


def _skewed_alpha() -> float:
    covariance = np.cov(np.exp(0.8 * items_of(np.random.default_rng(0), 2_000_000)).T)
    return 4 / 3 * (1 - np.trace(covariance) / covariance.sum())


TRUTHS: dict[str, float] = {}
SKEWED_ALPHA = float("nan")

SCENARIOS: dict[str, tuple[Callable[[np.random.Generator], Draw], float]] = {
    # Simulation, share of the number of samples (slow ones get fewer).
    "complete table": (lambda rng: intraclass(rng, 0.0), 1.0),
    "a quarter missing": (lambda rng: intraclass(rng, 0.25), 0.5),
    "one-way": (one_way, 0.5),
    "consistency": (consistency, 0.5),
    "factors": (factors, 0.25),
    "levels": (levels, 0.5),
    "facets": (facets, 0.5),
    "8 participants": (lambda rng: over_participants(rng, 8), 1.0),
    "14 participants": (lambda rng: over_participants(rng, 14), 1.0),
    "40 participants": (lambda rng: over_participants(rng, 40), 1.0),
    "differences": (differences, 1.0),
}


def coverage(n_samples: int, *, seed: int = 1) -> pd.DataFrame:
    """Share of 95 % intervals that hold the truth, by scenario and quantity."""
    global SKEWED_ALPHA
    SKEWED_ALPHA = _skewed_alpha()
    TRUTHS.update({name: _truth_of(name) for name in COUNTS})
    rows = []
    for place, (scenario, (simulate, share)) in enumerate(SCENARIOS.items()):
        rng = np.random.default_rng([seed, place])
        n = max(int(n_samples * share), 1)
        for _ in range(n):
            for quantity, truth, (low, high) in simulate(rng):
                rows.append((scenario, quantity, truth, low < truth < high, high - low))
        print(f"{scenario}: {n} samples", file=sys.stderr)
    table = pd.DataFrame(rows, columns=["scenario", "quantity", "truth", "covers", "width"])
    grouped = table.groupby(["scenario", "quantity"], sort=False)
    return grouped.agg(
        truth=("truth", "first"),
        coverage=("covers", "mean"),
        median_width=("width", "median"),
        n_samples=("covers", "size"),
    ).reset_index()


def null_rates(n_samples: int, *, seed: int = 2) -> pd.DataFrame:
    """Share of p values below .05 where targets do not differ."""
    rows = []
    for gaps in (0.0, 0.25):
        rng = np.random.default_rng([seed, int(100 * gaps)])
        p_values = []
        for _ in range(n_samples):
            values = rng.normal(0, 0.5, (1, 4)) + rng.normal(size=(20, 4))
            values[rng.random(values.shape) < gaps] = np.nan
            target, rater = np.indices(values.shape)
            table = pd.DataFrame({"t": target.ravel(), "r": rater.ravel(), "y": values.ravel()})
            table = table.dropna()
            p_values.append(icc(table, targets="t", raters="r", ratings="y")["p_value"])
        for form in ("ICC(C,1)", "ICC(A,1)"):
            rate = np.mean([p[form] < 0.05 for p in p_values])
            rows.append({"form": form, "missing": gaps, "rate": rate, "n_samples": n_samples})
    return pd.DataFrame(rows)


def page(table: pd.DataFrame, null: pd.DataFrame) -> str:
    """The page in docs."""
    n = int(table["n_samples"].max())
    return f"""# Calibration of reliability and agreement

Written by `python -m tests.calibration.reliability {n}`; do not edit. 95 % intervals of simulated
samples whose truth is known. With {n} samples a calibrated interval covers in at least
{lowest_coverage(n):.1%} of them, with {n // 4} in {lowest_coverage(n // 4):.1%} (99 % Monte-Carlo
range).

{as_markdown(table, COVERAGE_DIGITS)}

Agreement of coders rests on participants who have 5 to 80 events each, as in the public sheet. With
8 to 14 such participants the expanded percentile bootstrap and the jackknife cover a little too
seldom; more participants, not more events, mend that. ICCs of
durations with heavy-tailed errors are the least sure. Feldt's interval of alpha supposes normal
items; the delta method and the bootstrap do not.

## Does the ICC's test hold its level?

Targets that do not differ, 20 of them with 4 raters of different level; share of p < .05.

{as_markdown(null, NULL_DIGITS)}
"""


if __name__ == "__main__":
    n_wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    PAGE.write_text(page(coverage(n_wanted), null_rates(n_wanted // 2)), encoding="utf-8")
