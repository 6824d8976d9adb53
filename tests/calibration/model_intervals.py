"""Do intervals and tests around one mixed model hold the level they state?

    python -m tests.calibration.model_intervals --studies 1000

simulates small studies from known models. Writes docs/model_intervals.md and
docs/calibration/model_intervals.csv.
"""

import argparse
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from threadpoolctl import threadpool_limits

from mmme_neuro.models.comparison import bootstrap_likelihood_ratio, likelihood_ratio
from mmme_neuro.models.contrasts import contrast
from mmme_neuro.models.effects import equivalence_test, standardized_effects
from mmme_neuro.models.f_tests import anova
from mmme_neuro.models.mixed import fit_lmm
from mmme_neuro.models.profile import variance_intervals
from tests.calibration.tables import as_markdown

DOCS = Path(__file__).resolve().parents[2] / "docs"
N_NULL = 99
Outcome = dict[str, bool]
"""What was checked -> whether the interval covers, or the test rejects."""


@dataclass(frozen=True)
class Scenario:
    """A way to simulate a study and what is read off it."""

    design: str
    nominal: float
    study: Callable[[np.random.Generator], Outcome]
    share: float = 1.0


def events_of(n_participants: int, n_events: int, rng: np.random.Generator) -> pd.DataFrame:
    """Events of participants with a random kind of expression each, 40 % micro."""
    events = pd.DataFrame({"p": np.repeat(np.arange(n_participants), n_events)})
    events["s"] = np.tile(np.arange(n_events), n_participants)
    events["expression"] = np.where(rng.random(len(events)) < 0.4, "micro", "macro")
    return events


def intercepts(rng: np.random.Generator, *, n: int, m: int, sd: float) -> Outcome:
    """Intervals of both standard deviations of a one-way design."""
    events = events_of(n, m, rng)
    events["y"] = rng.normal(0, sd, n)[events["p"]] + rng.normal(size=n * m)
    fit = fit_lmm("y ~ 1 + (1 | p)", events)
    outcome = {}
    for name, reml in (("REML profile", True), ("ML profile (R's confint)", False)):
        table = variance_intervals(fit, reml=reml)
        covered = (table["ci_low"] <= [sd, 1.0]) & (table["ci_high"] >= [sd, 1.0])
        outcome |= {f"{name}, sd of participants": covered[0], f"{name}, sigma": covered[1]}
    return outcome


def correlation(rng: np.random.Generator, *, n: int, m: int) -> Outcome:
    """Intervals of a slope's standard deviation and its correlation."""
    events = events_of(n, m, rng)
    effects = rng.multivariate_normal([0, 0], [[1.0, -0.32], [-0.32, 0.64]], n)
    is_micro = (events["expression"] == "micro").to_numpy(float)
    events["y"] = effects[events["p"], 0] + effects[events["p"], 1] * is_micro
    events["y"] += rng.normal(size=n * m)
    table = variance_intervals(fit_lmm("y ~ expression + (1 + expression | p)", events))
    covered = (table["ci_low"] <= [1, -0.4, 0.8, 1]) & (table["ci_high"] >= [1, -0.4, 0.8, 1])
    return {"REML profile, correlation": covered[1], "REML profile, sd of slopes": covered[2]}


def groups_of_participants(rng: np.random.Generator, *, n: int) -> Outcome:
    """F test of three groups of participants with unequal numbers of events."""
    events = events_of(n, 6, rng)
    events["group"] = np.array(list("uvw"))[events["p"] % 3]
    events["y"] = rng.normal(size=n)[events["p"]] + rng.normal(size=len(events))
    fit = fit_lmm("y ~ group + (1 | p)", events[rng.random(len(events)) < 0.7])
    return {
        f"type III F, {df}": bool(anova(fit, dof=df).loc["group", "p_value"] < 0.05)
        for df in ("satterthwaite", "kenward-roger")
    }


def variance_test(rng: np.random.Generator, *, n: int, has_slope: bool, n_null: int) -> Outcome:
    """Likelihood-ratio test of a random term that is not there."""
    events = events_of(n, 10, rng)
    events["y"] = rng.normal(size=n)[events["p"]] + rng.normal(size=len(events))
    random = "(1 + expression | p)" if has_slope else "(1 | p) + (1 | s)"
    smaller = fit_lmm("y ~ expression + (1 | p)", events)
    larger = fit_lmm(f"y ~ expression + {random}", events)
    row = likelihood_ratio(smaller, larger, reml=True).iloc[1]
    outcome = {
        "likelihood ratio, mixture": bool(row["p_value"] < 0.05),
        "likelihood ratio, naive": bool(row["p_value_naive"] < 0.05),
    }
    if n_null:
        found = bootstrap_likelihood_ratio(smaller, larger, n_null, rng=rng, reml=True)
        outcome["likelihood ratio, bootstrap"] = bool(found["p_value"] <= 0.05)
    return outcome


def effect(rng: np.random.Generator, *, n: int) -> Outcome:
    """Interval of the standardized effect, and the equivalence test with the truth at its bound."""
    events = events_of(n, 12, rng)
    is_micro = (events["expression"] == "micro").to_numpy(float)
    slopes = 1 + rng.normal(0, 0.5, n)
    events["y"] = rng.normal(0, 0.8, n)[events["p"]] + slopes[events["p"]] * is_micro
    events["y"] += rng.normal(size=len(events))
    fit = fit_lmm("y ~ expression + (1 + expression | p)", events)
    effects = contrast(fit, "expression")
    found = standardized_effects(fit, effects, of="expression").iloc[0]
    truth = 1 / np.sqrt(0.8**2 + 0.5**2 / 2 + 1)
    return {
        "interval of d": bool(found["ci_low"] < truth < found["ci_high"]),
        "d, truth inside equivalence bounds": bool(
            equivalence_test(effects, (-1, 1))["p_value"].iloc[0] < 0.05
        ),
    }


SCENARIOS = (
    Scenario("20 participants x 8 events", 0.95, partial(intercepts, n=20, m=8, sd=0.8)),
    Scenario("8 participants x 8 events", 0.95, partial(intercepts, n=8, m=8, sd=0.8)),
    Scenario("30 participants x 20 events", 0.95, partial(correlation, n=30, m=20), share=0.5),
    Scenario("9 participants in 3 groups", 0.05, partial(groups_of_participants, n=9)),
    Scenario(
        "no stimulus variance, 30 participants",
        0.05,
        partial(variance_test, n=30, has_slope=False, n_null=0),
    ),
    Scenario(
        "no slope variance, 30 participants",
        0.05,
        partial(variance_test, n=30, has_slope=True, n_null=0),
    ),
    Scenario(
        "no slope variance, 8 participants",
        0.05,
        partial(variance_test, n=8, has_slope=True, n_null=N_NULL),
        share=0.25,
    ),
)
EFFECTS = Scenario("24 participants x 12 events", np.nan, partial(effect, n=24))


def outcomes_of(scenario: Scenario, seeds: list[int]) -> list[Outcome]:
    """Outcomes of the studies with these seeds."""
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [scenario.study(np.random.default_rng([7, seed])) for seed in seeds]


def rates(scenario: Scenario, outcomes: list[Outcome]) -> Iterator[dict[str, object]]:
    """One row for each thing checked."""
    table = pd.DataFrame(outcomes)
    for name in table.columns:
        n, k = len(table), int(table[name].sum())
        is_coverage = name.startswith(("interval", "REML", "ML"))
        nominal = scenario.nominal
        if np.isnan(nominal):
            nominal = 0.95 if is_coverage else 0.05
        interval = stats.binomtest(k, n).proportion_ci()
        yield {
            "checked": name,
            "design": scenario.design,
            "nominal": nominal,
            "rate": k / n,
            "ci_low": interval.low,
            "ci_high": interval.high,
            "n_studies": n,
        }


def calibrate(n_studies: int, *, n_jobs: int = 1) -> pd.DataFrame:
    """All scenarios; rates of coverage or rejection with Monte-Carlo intervals."""
    rows: list[dict[str, object]] = []
    with ProcessPoolExecutor(n_jobs) as executor:
        for scenario in (*SCENARIOS, EFFECTS):
            seeds = list(range(max(1, round(scenario.share * n_studies))))
            parts = [seeds[start::n_jobs] for start in range(n_jobs)]
            done = executor.map(outcomes_of, [scenario] * n_jobs, parts)
            rows += rates(scenario, [outcome for part in done for outcome in part])
            print(pd.DataFrame(rows).tail(4).to_string(), flush=True)
    return pd.DataFrame(rows)


PAGE = """# Intervals and tests around one mixed model

`python -m tests.calibration.model_intervals --studies {n_studies}` simulates small studies from
known models and counts how often 95 % intervals cover the truth and tests at .05 reject a null
hypothesis that is true. `ci_low` and `ci_high` hold the Monte-Carlo error of the rate (95 %).

{table}

- Variance components: profiles of the restricted likelihood cover as stated also with few
  participants; those of the likelihood (what R's `confint` gives, `reml=False`) cover the standard
  deviation of few participants slightly less often.
- Likelihood-ratio tests of variances: the plain chi-squared test (`p_value_naive`, R's `anova`) is
  conservative; the mixture is near its level; with few participants `bootstrap_likelihood_ratio` is
  the reference.
- `d, truth inside equivalence bounds`: the difference lies exactly on the bound, so that calling it
  equivalent is the error that the test must limit.

What the numbers were compared with: type III F tests equal lmerTest's and pbkrtest's on their
reference fits; profile intervals equal those lme4 printed in its papers for sleepstudy, Dyestuff,
Penicillin and Pastes; R2 and ICC equal MuMIn's and performance's for sleepstudy; equivalence tests
equal statsmodels' on paired data; simulated power equals the non-central t for balanced designs
(`tests/models/`).

## Optima at boundaries

100 responses each of six crossed designs, standard deviations drawn from 0, .1, .3 and 1, four and
six covariance parameters (`tests/models/test_boundary.py`, marked slow): no fit lies more than 1e-4
above the best optimum that eight bounded searches and a simplex find, and every fit is called
converged.
"""


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    table = calibrate(arguments.studies, n_jobs=arguments.jobs)
    table.round(4).to_csv(DOCS / "calibration" / "model_intervals.csv", index=False)
    digits = {"checked": "", "design": "", "nominal": ".2f", "rate": ".3f"}
    digits |= {"ci_low": ".3f", "ci_high": ".3f", "n_studies": "d"}
    page = PAGE.format(n_studies=arguments.studies, table=as_markdown(table, digits))
    (DOCS / "model_intervals.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
