"""Speed of permutation tests on maps, beside MNE's TFCE.

``python -m benchmarks.tfce`` writes docs/tfce.md and docs/calibration/tfce.csv.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import mne
import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from mmme_neuro import permutation_test
from mmme_neuro.inference.adjacency import Neighbors, neighbors
from mmme_neuro.inference.maxima import Draws, flipped_maxima, largest_of

DOCS = Path(__file__).resolve().parents[1] / "docs"
SHAPE = (64, 500)
N_PARTICIPANTS = 30
N_PERMUTATIONS = 1000
MNE_PERMUTATIONS = 20
MNE_STEP = 0.2
THRESHOLD = 2.576


def channel_adjacency() -> np.ndarray:
    """Neighbors of the first 64 channels of the 10-05 layout's common EEG cap."""
    info = mne.create_info(mne.channels.make_standard_montage("biosemi64").ch_names, 1.0, "eeg")
    info.set_montage("biosemi64", verbose="error")
    return mne.channels.find_ch_adjacency(info, "eeg")[0]


def participant_maps(rng: np.random.Generator) -> np.ndarray:
    """Smooth noise, one map a participant, with an effect in part of it."""
    maps = rng.standard_normal((N_PARTICIPANTS, *SHAPE))
    maps = gaussian_filter(maps, (0, 0.7, 5.0)) * 5
    maps[:, 20:30, SHAPE[1] // 2 : SHAPE[1] * 3 // 4] += 0.5
    return maps


def seconds(work: Callable[[], object]) -> np.ndarray:
    """CPU and wall time of one call."""
    begun = np.array([time.process_time(), time.perf_counter()])
    work()
    return np.array([time.process_time(), time.perf_counter()]) - begun


def own_seconds(maps: np.ndarray, near: Neighbors, correction: str) -> np.ndarray:
    """CPU and wall time of all permutations of the package on one thread, per permutation."""
    flat = maps.reshape(len(maps), -1)
    contributions = flat / np.sqrt((flat**2).sum(axis=0))
    largest = largest_of(correction, near, THRESHOLD)

    def run(n: int) -> np.ndarray:
        return flipped_maxima(contributions, Draws(largest, n, np.random.default_rng(1)))

    run(2)  # compiled
    return seconds(lambda: run(N_PERMUTATIONS)) / N_PERMUTATIONS


def mne_seconds(maps: np.ndarray, adjacency: np.ndarray, correction: str) -> np.ndarray:
    """CPU and wall time of some permutations of MNE beyond the first, per permutation."""
    both = mne.stats.combine_adjacency(adjacency, SHAPE[1])

    def run(n: int) -> None:
        mne.stats.permutation_cluster_1samp_test(
            maps,
            threshold={"start": 0, "step": MNE_STEP} if correction == "tfce" else THRESHOLD,
            n_permutations=n,
            adjacency=both,
            out_type="mask",
            seed=1,
            n_jobs=1,
            verbose="error",
        )

    run(2)  # imported and compiled
    base = np.median([seconds(lambda: run(1)) for _ in range(3)], axis=0)
    return (seconds(lambda: run(1 + MNE_PERMUTATIONS)) - base) / MNE_PERMUTATIONS


def compare() -> pd.DataFrame:
    """Milliseconds a permutation of both on the same maps, one thread, in one run."""
    maps, adjacency = participant_maps(np.random.default_rng(1)), channel_adjacency()
    near = neighbors(SHAPE, [adjacency, SHAPE[1]])
    rows = []
    for correction in ("tfce", "cluster"):
        theirs, own = mne_seconds(maps, adjacency, correction), own_seconds(maps, near, correction)
        rows.append(
            {
                "correction": correction,
                "mne_cpu_ms": 1e3 * theirs[0],
                "own_cpu_ms": 1e3 * own[0],
                "ratio_cpu": theirs[0] / own[0],
                "mne_wall_ms": 1e3 * theirs[1],
                "own_wall_ms": 1e3 * own[1],
                "ratio_wall": theirs[1] / own[1],
            }
        )
    return pd.DataFrame(rows)


def study(rng: np.random.Generator, n_times: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Events as many as in the real sheet and their responses on 64 channels."""
    n, n_participants, n_stimuli = 3475, 110, 48
    events = pd.DataFrame(
        {
            "participant": rng.integers(0, n_participants, n),
            "stimulus": rng.integers(0, n_stimuli, n),
            "expression": np.where(rng.random(n) < 0.18, "micro", "macro"),
        }
    )
    events["valence"] = np.array(["negative", "positive", "surprise"])[events["stimulus"] % 3]
    responses = rng.standard_normal((n, SHAPE[0], n_times))
    slope = (events["expression"] == "micro").to_numpy()[:, None, None]
    for name, size in (("participant", n_participants), ("stimulus", n_stimuli)):
        draws = rng.standard_normal((2, size, SHAPE[0], n_times))
        responses += 0.5 * draws[0][events[name]] + 0.4 * slope * draws[1][events[name]]
    return events, responses


MODELS = {
    "(1 + expression | participant) + (1 | stimulus)": "participant slopes",
    "(1 + expression | participant) + (1 + expression | stimulus)": "both slopes (primary)",
}


def whole_tests(n_times: int) -> pd.DataFrame:
    """Time of `permutation_test` from single events to p-values."""
    events, responses = study(np.random.default_rng(2), n_times)
    adjacency = [channel_adjacency(), n_times]
    rows = []
    for random, name in MODELS.items():
        formula = f"~ expression * valence + {random}"

        def run(values: np.ndarray, near: list, formula: str = formula) -> object:
            return permutation_test(
                formula, values, events, term="expression", rng=1, adjacency=near, n_threads=2
            )

        run(responses[:, :2, :2], [2, 2])  # compiled
        cpu, wall = seconds(lambda run=run: run(responses, adjacency))
        rows.append({"model": name, "cells": SHAPE[0] * n_times, "cpu_s": cpu, "wall_s": wall})
    return pd.DataFrame(rows)


def page(speed: pd.DataFrame, whole: pd.DataFrame) -> str:
    """Markdown page."""
    lines = [
        f"| {r['correction']} | {r['mne_cpu_ms']:.1f} | {r['own_cpu_ms']:.2f} | "
        f"{r['ratio_cpu']:.1f} | {r['mne_wall_ms']:.1f} | {r['own_wall_ms']:.2f} | "
        f"{r['ratio_wall']:.1f} |"
        for r in speed.to_dict("records")
    ]
    tests = [
        f"| {r['model']} | {r['cells']} | {r['cpu_s']:.1f} | {r['wall_s']:.1f} |"
        for r in whole.to_dict("records")
    ]
    return f"""# How fast maps are tested

Written by `python -m benchmarks.tfce`; do not edit. Measured on a shared two-core machine, so CPU
time (of all threads) is what compares; ratios are of one run.

## One permutation

{SHAPE[0]} channels x {SHAPE[1]} times, {N_PARTICIPANTS} participants, sign flips, MNE
{mne.__version__} on one thread (TFCE in steps of {MNE_STEP}; {MNE_PERMUTATIONS} permutations timed,
the time of its unpermuted pass taken off) beside all {N_PERMUTATIONS} of the package (TFCE
exact, without a step), also on one thread.

| correction | MNE (CPU ms) | mmme_neuro | ratio | MNE (wall ms) | mmme_neuro | ratio |
| --- | --- | --- | --- | --- | --- | --- |
{chr(10).join(lines)}

## From single events to corrected p-values

3,475 events, 110 participants, 48 stimuli, `expression * valence` (6 fixed effects), TFCE, 1,000
permutations, two threads: null model fitted to every cell, contributions, permutations.

| random part | cells | CPU (s) | wall (s) |
| --- | --- | --- | --- |
{chr(10).join(tests)}
"""


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=50, help="Time points of the whole test.")
    n_times = parser.parse_args().times
    speed, whole = compare(), whole_tests(n_times)
    print(speed.round(2).to_string(index=False), whole.round(1).to_string(index=False), sep="\n")
    speed.to_csv(DOCS / "calibration" / "tfce.csv", index=False, float_format="%.4g")
    (DOCS / "tfce.md").write_text(page(speed, whole), encoding="utf-8")


if __name__ == "__main__":
    main()
