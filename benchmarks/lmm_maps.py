"""How long one mixed model for every cell of a map takes, and how far it is from single fits.

``python -m benchmarks.lmm_maps`` writes docs/lmm_maps.md.
"""

import argparse
import os
import platform
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from mmme_neuro import fit_lmm_map
from mmme_neuro.models.mixed import estimate_lmm

DOCS = Path(__file__).resolve().parents[1] / "docs"
N_EVENTS, N_PARTICIPANTS, N_STIMULI = 3475, 110, 48
N_CHANNELS, N_TIMES = 64, 200
FIXED = "expression * valence + rise"
MODELS = {
    "(1 | participant)": 2.0,
    "(1 + expression | participant) + (1 | stimulus)": 15.0,
    "(1 + expression | participant) + (1 + expression | stimulus)": None,
}
"""Random terms and the time allowed for all responses (s, two free cores)."""
TYPICAL = ((0.5,), (0.3,), (0.2,), (0.15,))
"""Standard deviations, residual 1: participant, its slope, stimulus, its slope."""
BOUNDARY = ((0.0, 0.1, 0.3, 1.0),) * 4
"""One of each drawn for every response: the hard case of the reference notes."""

NOTES = """\
- typical: standard deviations 0.5 (participant), 0.3 (its slope), 0.2 (stimulus), 0.15 (its
  slope), residual 1; boundary: each drawn from 0, 0.1, 0.3, 1.
- statsmodels: MixedLM `(1 | participant)` in the same run, {milliseconds:.0f} ms of processor time
  a fit, without degrees of freedom. It cannot cross slopes with stimuli, so the ratios of the
  crossed models compare a larger model with its smaller one.
"""
HOW = """\
## How

1. Cross products of all responses with the design once; no event enters later.
2. The largest grouping factor is eliminated block by block; the rest is one dense matrix.
3. The criterion of all responses on one grid of covariance parameters: only the residual sum of
   squares depends on the response, so a grid point costs one factorization and one matrix product.
   Every local minimum of the grid is a start.
4. From there Fisher scoring of the variances for long steps, then Newton's with analytic second
   derivatives: three to four evaluations. The first step is shared: responses of one start have
   the same factorization.
5. The criterion is an even function of each column of the relative covariance factor, so a zero
   variance is an ordinary minimum; positive curvature along the zero column is the
   Karush-Kuhn-Tucker condition. Small columns are set to zero where the criterion does not rise;
   at such a boundary the degrees of freedom are conditional on it, and `status` says which it is.
"""


def simulated_events(rng: np.random.Generator) -> pd.DataFrame:
    """Draw events of unequal participants: a quarter micro-expressions, valence by stimulus."""
    weight = rng.gamma(2, 1, N_PARTICIPANTS)
    participant = rng.choice(N_PARTICIPANTS, N_EVENTS, p=weight / weight.sum())
    stimulus = rng.integers(0, N_STIMULI, N_EVENTS)
    return pd.DataFrame(
        {
            "participant": participant,
            "stimulus": stimulus,
            "valence": np.array(["negative", "positive", "surprise"])[stimulus % 3],
            "expression": np.where(rng.random(N_EVENTS) < 0.25, "micro", "macro"),
            "rise": rng.normal(0.3, 0.1, N_EVENTS),
        }
    )


def simulated_responses(
    rng: np.random.Generator,
    events: pd.DataFrame,
    n_columns: int,
    *,
    sds: tuple[tuple[float, ...], ...],
) -> np.ndarray:
    """Draw responses with random intercepts and slopes of both grouping factors."""
    micro = (events["expression"] == "micro").to_numpy(float)[:, None]
    values = rng.normal(size=(len(events), n_columns))
    for place, (group, n) in enumerate([("participant", N_PARTICIPANTS), ("stimulus", N_STIMULI)]):
        codes = events[group].to_numpy()
        intercept, slope = (rng.choice(sds[2 * place + i], n_columns) for i in range(2))
        values += (rng.normal(size=(n, n_columns)) * intercept)[codes]
        values += micro * (rng.normal(size=(n, n_columns)) * slope)[codes]
    return values


def timed(task: Callable[[], object]) -> tuple[object, float, float]:
    """Result, wall time and processor time (s) of a task."""
    wall, processor = time.perf_counter(), time.process_time()
    result = task()
    return result, time.perf_counter() - wall, time.process_time() - processor


def statsmodels_seconds(
    events: pd.DataFrame, values: np.ndarray, n_fits: int
) -> tuple[float, float]:
    """Wall and processor time (s) of one statsmodels fit of (1 | participant), no df."""
    formula = f"y ~ {FIXED}"

    def fit_all() -> None:
        for column in range(n_fits):
            table = events.assign(y=values[:, column])
            smf.mixedlm(formula, table, groups="participant").fit(reml=True)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, wall, processor = timed(fit_all)
    return wall / n_fits, processor / n_fits


def differences(
    formula: str, events: pd.DataFrame, values: np.ndarray, fits: object, n_cells: int
) -> dict[str, float]:
    """Largest differences from `fit_lmm`, cell by cell."""
    result = fits.to_dataset()
    worst = {"criterion": -np.inf, "estimate_se": 0.0, "dof": 0.0}
    for cell in range(n_cells):
        single = estimate_lmm(f"y {formula}", events.assign(y=values[:, cell]), reml=True)
        table, found = single.table(), result.isel(axis_1=cell)
        error = np.abs(found["estimate"].to_numpy() - table["estimate"]) / table["std_error"]
        dof = np.abs(found["dof"].to_numpy() / table["dof"] - 1)
        worst["criterion"] = max(worst["criterion"], float(found["criterion"]) - single.criterion)
        worst["estimate_se"] = max(worst["estimate_se"], float(error.max()))
        worst["dof"] = max(worst["dof"], float(dof.max()))
    return worst


def measured(*, n_columns: int, n_compared: int, n_statsmodels: int) -> pd.DataFrame:
    """Time every model on typical and on boundary responses."""
    events = simulated_events(np.random.default_rng(1))
    rows = []
    for kind, sds in (("typical", TYPICAL), ("boundary", BOUNDARY)):
        values = simulated_responses(np.random.default_rng(2), events, n_columns, sds=sds)
        reference_wall, reference_processor = statsmodels_seconds(events, values, n_statsmodels)
        for random, allowed in MODELS.items():
            formula = f"~ {FIXED} + {random}"
            fit_lmm_map(formula, values[:, :2], events)  # compiles
            fits, wall, processor = timed(lambda f=formula, v=values: fit_lmm_map(f, v, events))
            count = fits.status
            rows.append(
                {
                    "responses": kind,
                    "random": random,
                    "wall_s": wall,
                    "processor_s": processor,
                    "allowed_s": np.nan if allowed is None else allowed,
                    "us_per_fit": 1e6 * processor / n_columns,
                    "ratio_wall": reference_wall * n_columns / wall,
                    "ratio_processor": reference_processor * n_columns / processor,
                    "interior": int(count.get("interior", 0)),
                    "failed": int(count.get("failed", 0)),
                    **differences(formula, events, values, fits, n_compared),
                    "statsmodels_s": reference_processor,
                }
            )
            print(pd.Series(rows[-1]).to_string(), end="\n\n", flush=True)
    return pd.DataFrame(rows)


def peak_memory(n_columns: int) -> tuple[float, float]:
    """Gigabytes of the responses and peak of the whole process for a large map."""
    events = simulated_events(np.random.default_rng(1))
    values = np.random.default_rng(3).standard_normal((N_EVENTS, n_columns))
    fit_lmm_map(f"~ {FIXED} + (1 | participant)", values, events)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return values.nbytes / 1e9, peak / 1e9


def page(table: pd.DataFrame, memory: tuple[float, float], n_columns: int, load: float) -> str:
    """Text of docs/lmm_maps.md."""
    lines = [
        "# One mixed model for every cell of a map",
        "",
        "`fit_lmm_map` fits the model exactly to each cell: the optimum that `fit_lmm` finds, with",
        "Satterthwaite's degrees of freedom, p-values and a status (interior, which boundary,",
        "failed). `python -m benchmarks.lmm_maps` made this page: "
        f"{N_EVENTS} events, {N_PARTICIPANTS} participants, {N_STIMULI} stimuli,",
        f"`{FIXED}` (7 fixed effects), {n_columns} responses, REML, {os.cpu_count()} cores "
        f"({platform.machine()}, load average {load:.1f} at the start:",
        "on a shared machine the wall time includes waiting for other work, the processor time "
        "does not).",
        "",
        "| responses | random terms | wall (s) | processor (s) | allowed, two free cores (s) "
        "| us per fit | x statsmodels (processor) | x statsmodels (wall) | interior | failed |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in table.itertuples():
        allowed = "" if np.isnan(row.allowed_s) else f"{row.allowed_s:.0f}"
        lines.append(
            f"| {row.responses} | `{row.random.replace('|', chr(92) + '|')}` | {row.wall_s:.1f} "
            f"| {row.processor_s:.1f} | {allowed} | {row.us_per_fit:.0f} "
            f"| {row.ratio_processor:.0f} | {row.ratio_wall:.0f} "
            f"| {row.interior} | {row.failed} |"
        )
    lines += [
        "",
        NOTES.format(milliseconds=1e3 * table["statsmodels_s"].mean()),
        "Largest differences from `fit_lmm`, over the first cells of each row:",
        "",
        "| responses | random terms | criterion above | estimate (SE) | dof (relative) |",
        "|---|---|---|---|---|",
    ]
    for row in table.itertuples():
        lines.append(
            f"| {row.responses} | `{row.random.replace('|', chr(92) + '|')}` | {row.criterion:.1e} "
            f"| {row.estimate_se:.1e} | {row.dof:.1e} |"
        )
    lines += [
        "",
        f"Memory: {memory[0]:.2f} GB of responses (float64) need {memory[1]:.2f} GB at the peak of "
        "the whole process.",
        "",
        HOW,
    ]
    return "\n".join(lines)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DOCS / "lmm_maps.md")
    parser.add_argument("--columns", type=int, default=N_CHANNELS * N_TIMES)
    parser.add_argument("--compared", type=int, default=30)
    parser.add_argument("--large", type=int, default=64_000, help="columns of the memory test")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    memory = peak_memory(options.large)
    table = measured(n_columns=options.columns, n_compared=options.compared, n_statsmodels=10)
    options.out.write_text(page(table, memory, options.columns, load), encoding="utf-8")


if __name__ == "__main__":
    main()
