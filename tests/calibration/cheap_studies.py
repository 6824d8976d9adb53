"""Many small simulated studies, each through the whole path on disk.

A study is simulated into device files, then the numbered steps of ``analyses`` read, align, clean,
cut and model it; only the tables that calibration asks about are kept. Seeds run from 1.
"""

import contextlib
import hashlib
import importlib
import io
import os
import tempfile
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from analyses import study as choices
from analyses.runner import Step, steps
from analyses.tables import read_table
from mmme_neuro.models.many import fit_many
from mmme_neuro.pipeline.preprocess import Options
from mmme_neuro.simulate import DEMO, StudyParameters, simulate_study
from mmme_neuro.simulate.parameters import EventParameters

N_PARTICIPANTS = 6
N_VIDEOS = 7
REPOSITORY = Path(__file__).resolve().parents[2]
ROWS = REPOSITORY / ".calibration"
CODE = ("mmme_neuro/**/*.py", "analyses/*.py", "tests/calibration/cheap_studies.py")
SHOWING = {"plots", "report"}
"""What a study's result depends on, and packages that only show it."""

CHEAP_CHANNELS = tuple(
    "FP1 FP2 AF3 AF4 F7 F3 FZ F4 F8 FT7 FC1 FCZ FC2 FT8 T7 C3 CZ C4 T8 CPZ "
    "P7 P1 PZ P2 P8 PO3 POZ PO4 O1 OZ O2".split()
)
"""Half the cap: every facial muscle and every region that is measured."""

CHEAP = replace(
    DEMO,
    video_s=(24.0, 30.0),
    gap_s=(3.0, 4.0),
    eeg_sfreq=200.0,
    physio_sfreq=250.0,
    channels=CHEAP_CHANNELS,
    # Shorter, more even gaps put the demo's number of events into less than half of its time.
    events=EventParameters(gap_median_s=4.0, gap_log_sd=0.4, rate_log_sd=0.2),
)
"""The demo with shorter videos and pauses, fewer electrodes and the same effects and noise."""

RECOVERED = ("02", "03", "04", "05", "06", "07", "08", "09", "10")
"""Every step but the description of the sheet, which no other step reads."""

MEASURED = ("02", "03", "04")
"""Steps from device files to single-event measures of the EEG."""

NULL_RESPONSES = (
    "premotor",
    "late_positivity",
    "theta_power",
    "alpha_power",
    "beta_power",
    "gamma_power",
)
"""EEG responses in which muscles could feign a difference."""

TRUSTED_RESPONSES = ("premotor", "late_positivity", "theta_power", "alpha_power")
"""Those of which the recommended path promises its level; beta and gamma are shown beside them."""


@dataclass(frozen=True)
class Scenario:
    """What is simulated, what of the path is run, which table is kept.

    Attributes
    ----------
    parameters : StudyParameters
        What goes into the studies.
    step_numbers : tuple of str
        Steps of ``analyses`` to run.
    rows : callable
        Takes the results' folder, returns the table that is kept.
    analyses : tuple of (str, Options)
        Ways to preprocess each study, by name.
    """

    parameters: StudyParameters
    step_numbers: tuple[str, ...]
    rows: Callable[[Path], pd.DataFrame]
    analyses: tuple[tuple[str, Options], ...]


CLEANED = choices.PREPROCESSING
UNCLEANED = replace(CLEANED, clean=replace(CLEANED.clean, ica=False))


def recovery_rows(results: Path) -> pd.DataFrame:
    """Truth and estimate of every quantity."""
    return read_table(results, "recovery")


def model_rows(results: Path) -> pd.DataFrame:
    """Mixed models of the EEG responses, as the step of the models fits them."""
    events = read_table(results, "erp_amplitudes")
    power = read_table(results, "band_power")
    events = events.assign(**{one.name: power[one.name] for one in choices.POWER_MEASURES})
    right_side = f"expression + {choices.RANDOM_TERMS}"
    return fit_many(NULL_RESPONSES, right_side, events).estimates


BOTH = (("cleaned", CLEANED), ("uncleaned", UNCLEANED))

SCENARIOS = {
    "recovery": Scenario(CHEAP, RECOVERED, recovery_rows, (("cleaned", CLEANED),)),
    "muscles_only": Scenario(CHEAP.muscles_only(), MEASURED, model_rows, BOTH),
    "no_difference": Scenario(CHEAP.under_null(), MEASURED, model_rows, BOTH),
}
"""Studies with every effect, with faces alone, and with responses that ME and MaE share."""


def run_studies(
    scenario: str,
    seeds: Iterable[int],
    folder: Path,
    *,
    n_jobs: int,
    say: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Run every study whose file is not in the folder yet; return the rows of all.

    Parameters
    ----------
    scenario : str
        Key of ``SCENARIOS``.
    seeds : iterable of int
        One study each.
    folder : Path
        Holds ``<code>/<scenario>_<seed>.csv``, ``<code>`` a digest of the code; a study whose
        file is there is not run again.
    n_jobs : int
        Processes.
    say : callable | None
        Called with a line a finished study.

    Returns
    -------
    DataFrame
        Rows of the scenario's table with ``scenario, seed, analysis`` before them.
    """
    folder = folder / code_digest()
    folder.mkdir(parents=True, exist_ok=True)
    paths = {seed: folder / f"{scenario}_{seed:04d}.csv" for seed in seeds}
    missing = [seed for seed, path in paths.items() if not path.is_file()]
    with ProcessPoolExecutor(n_jobs) as executor:
        jobs = [executor.submit(write_study, scenario, seed, paths[seed]) for seed in missing]
        for seed, job in zip(missing, jobs, strict=True):
            job.result()
            if say:
                say(f"{scenario}: study {seed} done")
    return pd.concat([pd.read_csv(path) for path in paths.values()], ignore_index=True)


def code_digest() -> str:
    """Digest of all code that a study goes through, so that no result outlives its code."""
    total = hashlib.blake2b(digest_size=6)
    for path in sorted(path for pattern in CODE for path in REPOSITORY.glob(pattern)):
        if not SHOWING & set(path.relative_to(REPOSITORY).parts):
            total.update(path.read_bytes())
    return total.hexdigest()


def write_study(scenario: str, seed: int, path: Path) -> None:
    """Simulate and analyze one study; write its rows under a temporary name, then in place."""
    # The studies' own warnings (few events, singular fits) are in their tables.
    quiet = contextlib.redirect_stdout(io.StringIO())
    with quiet, warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore")
        rows = study_rows(SCENARIOS[scenario], seed)
    part = path.with_suffix(".part")
    rows.assign(scenario=scenario, seed=seed).to_csv(part, index=False)
    os.replace(part, path)


def study_rows(scenario: Scenario, seed: int) -> pd.DataFrame:
    """Rows of one study's table, for each way to preprocess it."""
    tables = []
    with tempfile.TemporaryDirectory() as scratch:
        study = simulate_study(
            Path(scratch) / "study",
            n_participants=N_PARTICIPANTS,
            n_videos=N_VIDEOS,
            seed=seed,
            parameters=scenario.parameters,
        )
        for name, options in scenario.analyses:
            results = Path(scratch) / name
            analyze(study, results, scenario.step_numbers, options)
            tables.append(scenario.rows(results).assign(analysis=name))
    return pd.concat(tables, ignore_index=True)


def analyze(study: Path, results: Path, numbers: tuple[str, ...], options: Options) -> None:
    """Run steps in this process, the preprocessing with the given options."""
    results.mkdir()
    for step in steps():
        if step.number in numbers:
            _run_step(step, study, results, options)


def _run_step(step: Step, study: Path, results: Path, options: Options) -> None:
    """Run one step; the preprocessing takes its options from here."""
    if step.name != "preprocessing":
        step.module.main(study, results)
        return
    preprocessing = importlib.import_module(f"analyses.{step.path.stem}")
    with ThreadPoolExecutor(1) as executor:
        preprocessing.preprocess(study, results, options, executor)
