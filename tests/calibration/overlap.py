"""Does deconvolution recover responses where averages of overlapping events are biased?

    python -m tests.calibration.overlap --studies 40

simulates studies whose events overlap, are isolated, or have responses of shapes that no published
response function resembles; each goes from device files to cleaned signals like a real one and is
analyzed in several ways. Writes docs/overlap_recovery.md.
"""

import argparse
import contextlib
import io
import json
import tempfile
import warnings
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from analyses import study as choices
from analyses.tables import analyzed
from mmme_neuro.errors import NotEstimable
from mmme_neuro.pipeline.derivatives import read_continuous
from mmme_neuro.responses.overlap.basis import FIR, ResponseFunction
from mmme_neuro.responses.overlap.compare import OverlapPlan, over_participants, separate_overlap
from mmme_neuro.simulate import DEMO, StudyParameters, simulate_study
from mmme_neuro.simulate.parameters import EventParameters
from mmme_neuro.simulate.recovery import with_overlap_truth
from tests.calibration.cheap_studies import CHEAP_CHANNELS, CLEANED, analyze
from tests.calibration.tables import as_markdown, lowest_coverage

N_PARTICIPANTS = 8
N_VIDEOS = 10
DOCS = Path(__file__).resolve().parents[2] / "docs"

OVERLAPPING = replace(DEMO, channels=CHEAP_CHANNELS, eeg_sfreq=200.0, physio_sfreq=250.0)
"""The demo's timing, effects and noise on half the cap."""

ISOLATED = replace(
    OVERLAPPING,
    events=EventParameters(gap_median_s=14.0, gap_log_sd=0.2, shortest_gap_s=12.0),
)
"""Fewer events, 12 s or more apart: only the tails of responses meet."""

SCENARIOS: Mapping[str, StudyParameters] = {
    "overlapping": OVERLAPPING,
    "isolated": ISOLATED,
    "unusual shapes": OVERLAPPING.outside_canonical_shapes(),
}

CANONICAL = ("scr", "scr_late")
CANONICAL_BASIS = ResponseFunction("scr", duration=90.0)
"""Measures of a channel on the scale that its response function was published for."""

FIR_SFREQ = {"physio": 2.0, "eeg": 25.0}
"""Rates of the FIR: one value a sample, as its whitening demands."""

DIGITS = {
    "scenario": "",
    "measure": "",
    "condition": "",
    "unit": "",
    "method": "",
    "truth": ".4g",
    "estimate": ".4g",
    "bias_z": ".1f",
    "coverage": ".2f",
    "width": ".3g",
}
CONDITIONS = ("macro", "micro", "micro - macro")


def study_rows(seed: int, scenario: str) -> pd.DataFrame:
    """Means over participants of one study, by every method, with the truth."""
    with warnings.catch_warnings(), threadpool_limits(1), tempfile.TemporaryDirectory() as scratch:
        warnings.simplefilter("ignore")
        study = simulate_study(
            Path(scratch) / "study",
            n_participants=N_PARTICIPANTS,
            n_videos=N_VIDEOS,
            seed=seed,
            parameters=SCENARIOS[scenario],
        )
        results = Path(scratch) / "results"
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            analyze(study, results, ("02",), CLEANED)
        measures = [
            one_participant(results, name).assign(participant=name) for name in analyzed(results)
        ]
        truth = json.loads((study / "truth.json").read_text(encoding="utf-8"))
    means = over_participants(pd.concat(measures))
    return with_overlap_truth(means, truth).assign(scenario=scenario, seed=seed)


def one_participant(results: Path, name: str) -> pd.DataFrame:
    """Averages, and deconvolution with splines, an FIR and response functions."""
    tables = []
    for plan in choices.OVERLAP_PLANS:
        recording = read_continuous(results / "epochs", name, plan.modality)
        for method, other in ways(plan):
            # Few events of a kind at a recording's end may not fill every step of a basis.
            with contextlib.suppress(NotEstimable):
                found = separate_overlap(
                    recording, other, condition="expression", levels=("macro", "micro")
                ).measures
                if method != "splines":
                    found = found[found["method"] == "deconvolution"]
                tables.append(found.replace("deconvolution", method))
    return pd.concat(tables)


def ways(plan: OverlapPlan) -> list[tuple[str, OverlapPlan]]:
    """Plan as in the analyses, with an FIR, and with a published function where there is one."""
    sfreq = FIR_SFREQ[plan.modality]
    stimulus = plan.stimulus_basis
    free = replace(
        plan,
        basis=FIR(plan.basis.window, 1 / sfreq),
        stimulus_basis=None if stimulus is None else FIR(stimulus.window, 1 / sfreq),
        sfreq=sfreq,
    )
    out = [("splines", plan), ("FIR", free)]
    measures = tuple(measure for measure in plan.measures if measure.name in CANONICAL)
    if measures:
        out.append(("response function", replace(plan, basis=CANONICAL_BASIS, measures=measures)))
    return out


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Bias and coverage over studies, one row a scenario, measure, condition and method."""
    rows = rows.assign(
        error=rows["estimate"] - rows["truth"], width=rows["ci_high"] - rows["ci_low"]
    )
    groups = rows.groupby(["scenario", "measure", "condition", "unit", "method"], sort=False)
    table = groups.agg(
        truth=("truth", "mean"),
        estimate=("estimate", "mean"),
        bias=("error", "mean"),
        bias_se=("error", "sem"),
        coverage=("covered", "mean"),
        width=("width", "mean"),
        n_studies=("seed", "size"),
    ).reset_index()
    table.insert(8, "bias_z", table["bias"] / table["bias_se"])
    order = {name: k for k, name in enumerate((*SCENARIOS, *CONDITIONS))}
    return table.sort_values(
        ["scenario", "measure", "condition"], key=lambda c: c.map(order).fillna(c), kind="stable"
    )


PAGE = """# Overlapping responses: averages and deconvolution

Written by `python -m tests.calibration.overlap --studies {n}`; do not edit. {n} studies a scenario,
{people} participants and {videos} videos each, from device files to cleaned signals like a real
study; then each participant's continuous signal is averaged (all events; only those with no other
event near) and deconvolved with cubic splines, a finite impulse response (FIR), and for skin
conductance the published response function with its derivative. Intervals are Student's t over
participants; a calibrated one covers in at least {lowest:.0%} of so many studies. `bias_z` is the
mean error over its standard error.

Where events overlap, the average of all of them is biased because later events add to it;
`unusual shapes` replaces responses by ones that no published function resembles (two waves, a
sawtooth, a rise and fall).

{tables}
"""


def page(table: pd.DataFrame, n_studies: int) -> str:
    """Markdown page with a table a scenario."""
    parts = []
    for scenario, rows in table.groupby("scenario", sort=False):
        columns = {name: form for name, form in DIGITS.items() if name != "scenario"}
        parts.append(f"## {str(scenario).capitalize()}\n\n{as_markdown(rows, columns)}")
    return PAGE.format(
        n=n_studies,
        people=N_PARTICIPANTS,
        videos=N_VIDEOS,
        lowest=lowest_coverage(n_studies),
        tables="\n\n".join(parts),
    )


def run(n_studies: int, jobs: int, scenarios: tuple[str, ...] = tuple(SCENARIOS)) -> pd.DataFrame:
    """Rows of all studies of the scenarios."""
    with ProcessPoolExecutor(jobs) as executor:
        found: list[pd.DataFrame] = []
        for scenario in scenarios:
            work = executor.map(partial(study_rows, scenario=scenario), range(1, n_studies + 1))
            for k, rows in enumerate(work, 1):
                found.append(rows)
                print(f"{scenario}: {k} of {n_studies}", flush=True)
    return pd.concat(found, ignore_index=True)


def main() -> None:
    """Run all studies and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=40, help="studies a scenario (%(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (%(default)s)")
    chosen = parser.parse_args()
    table = summary(run(chosen.studies, chosen.jobs))
    numbers = table.select_dtypes(np.number).columns
    rounded = table.assign(**{name: table[name].round(6) for name in numbers})
    rounded.to_csv(DOCS / "calibration" / "overlap_recovery.csv", index=False)
    (DOCS / "overlap_recovery.md").write_text(page(table, chosen.studies), encoding="utf-8")


if __name__ == "__main__":
    main()
