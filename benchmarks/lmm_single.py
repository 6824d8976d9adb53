"""How long one mixed model takes, beside statsmodels and mixedlm; and what importing costs.

``python -m benchmarks.lmm_single`` writes docs/lmm_single.md. mixedlm is no dependency: install it
beside (``pip install mixedlm``) or its columns stay empty.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from benchmarks.lmm_maps import (
    BOUNDARY,
    DOCS,
    FIXED,
    MODELS,
    N_EVENTS,
    N_PARTICIPANTS,
    N_STIMULI,
    TYPICAL,
    simulated_events,
    simulated_responses,
)
from mmme_neuro import fit_lmm_map
from mmme_neuro.models.mixed import estimate_lmm

LMERTEST_MS = 176
"""lmer and summary with lmerTest of the second model, from the reference notes of the project."""
HAS_MIXEDLM = importlib.util.find_spec("mixedlm") is not None


def milliseconds(fit: Callable[[pd.DataFrame], object], tables: list[pd.DataFrame]) -> list[float]:
    """Processor time of one fit of each table."""
    fit(tables[0])  # compiles and warms up
    spent = []
    for table in tables:
        begun = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit(table)
        spent.append(1e3 * (time.process_time() - begun))
    return spent


def measured(n_fits: int, n_columns: int) -> pd.DataFrame:
    """Time every model on typical and on boundary responses, the libraries in turn."""
    events = simulated_events(np.random.default_rng(1))
    rows = []
    for kind, sds in (("typical", TYPICAL), ("boundary", BOUNDARY)):
        values = simulated_responses(np.random.default_rng(2), events, n_columns, sds=sds)
        tables = [events.assign(y=values[:, column]) for column in range(n_fits)]
        for random in MODELS:
            row = {"responses": kind, "random": random}
            spent = {"ours": milliseconds(_ours(random), tables)}
            if HAS_MIXEDLM:
                spent["mixedlm"] = milliseconds(_mixedlm(random), tables)
            if random == "(1 | participant)":
                spent["statsmodels"] = milliseconds(_statsmodels, tables)
            for name, values_ms in spent.items():
                row |= {f"{name}_ms": np.median(values_ms), f"{name}_max": np.max(values_ms)}
            formula = f"~ {FIXED} + {random}"
            fit_lmm_map(formula, values[:, :2], events)
            begun = time.process_time()
            fit_lmm_map(formula, values, events)
            row["map_ms"] = 1e3 * (time.process_time() - begun) / n_columns
            rows.append(row)
            print(pd.Series(row).to_string(), end="\n\n", flush=True)
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


COLUMNS = [
    *("responses", "random", "ours_ms", "ours_max", "mixedlm_ms", "mixedlm_max"),
    *("statsmodels_ms", "map_ms"),
]


def _ours(random: str) -> Callable[[pd.DataFrame], object]:
    return lambda table: estimate_lmm(f"y ~ {FIXED} + {random}", table, reml=True).table()


def _mixedlm(random: str) -> Callable[[pd.DataFrame], object]:
    import mixedlm

    def fit(table: pd.DataFrame) -> object:
        return mixedlm.satterthwaite_df(mixedlm.lmer(f"y ~ {FIXED} + {random}", table))

    return fit


def _statsmodels(table: pd.DataFrame) -> object:
    return smf.mixedlm(f"y ~ {FIXED}", table, groups="participant").fit(reml=True)


def import_seconds(n: int = 5) -> float:
    """Median time of importing the package in a fresh Python, over that of an empty one."""

    def run(code: str) -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - begun

    return float(np.median([run("import mmme_neuro") - run("pass") for _ in range(n)]))


def page(table: pd.DataFrame, n_fits: int, imports: float, load: float) -> str:
    """Text of docs/lmm_single.md."""
    lines = [
        "# One mixed model",
        "",
        "Written by `python -m benchmarks.lmm_single`; do not edit. "
        f"{N_EVENTS} events, {N_PARTICIPANTS} participants, {N_STIMULI} stimuli, `{FIXED}`",
        f"(7 fixed effects), REML with Satterthwaite's degrees of freedom; {n_fits} responses a "
        "row, the libraries in turn in one run.",
        f"Processor time of all threads ({os.cpu_count()} cores, shared; load average "
        f"{load:.1f} at the start). statsmodels has no degrees of freedom. “Map” is",
        "`fit_lmm_map` over many responses, each cell as exact as a single fit.",
        "",
        "| responses | random terms | fit_lmm, median (max) ms | mixedlm, median (max) ms "
        "| mixedlm / fit_lmm | statsmodels ms | map, ms a fit | mixedlm / map |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in table.itertuples():
        random = row.random.replace("|", "\\|")
        lines.append(
            f"| {row.responses} | `{random}` | {row.ours_ms:.0f} ({row.ours_max:.0f}) "
            f"| {_or_dash(row.mixedlm_ms)} ({_or_dash(row.mixedlm_max)}) "
            f"| {_or_dash(row.mixedlm_ms / row.ours_ms, '.1f')} | {_or_dash(row.statsmodels_ms)} "
            f"| {row.map_ms:.2f} | {_or_dash(row.mixedlm_ms / row.map_ms)} |"
        )
    lines += [
        "",
        f"lmerTest took {LMERTEST_MS} ms for the second model on the machine where the project's "
        "references were made.",
        f"`import mmme_neuro` takes {imports:.2f} s. Compiled code is kept on disk: only the first "
        "fit after an installation compiles.",
        "",
    ]
    return "\n".join(lines)


def _or_dash(value: float, form: str = ".0f") -> str:
    return "–" if np.isnan(value) else format(value, form)


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fits", type=int, default=20)
    parser.add_argument("--columns", type=int, default=3200, help="responses of the maps")
    parser.add_argument("--out", type=Path, default=DOCS / "lmm_single.md")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    table = measured(arguments.fits, arguments.columns)
    arguments.out.write_text(page(table, arguments.fits, import_seconds(), load), encoding="utf-8")


if __name__ == "__main__":
    main()
