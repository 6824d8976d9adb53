"""Main verbs on small data, as numbers: ``python -m tests.poisoned_verbs FILE`` stores them.

`test_poison` runs this with poisoned buffers and without, interpreted and compiled.
"""

import sys
import warnings

import mne
import numpy as np
import pandas as pd

from mmme_neuro import agreement, deconvolve, fit_lmm, fit_lmm_map, permutation_test
from mmme_neuro.inference.adjacency import neighbors
from mmme_neuro.inference.clusters import find_clusters
from mmme_neuro.inference.tfce import tfce
from mmme_neuro.models.comparison import likelihood_ratio
from mmme_neuro.models.profile import variance_intervals
from mmme_neuro.models.reduction import fit_reduced
from mmme_neuro.recording import Recording
from mmme_neuro.responses.coupling.graph import rewired
from mmme_neuro.responses.overlap.basis import FIR

FORMULAS = (
    "~ condition + (1 + condition | participant)",
    "~ condition + x + (1 + x || participant) + (1 | stimulus)",
    "~ x + (1 | participant) + (1 + condition | stimulus)",
)


def small_study() -> tuple[pd.DataFrame, np.ndarray]:
    """Events of eight participants, and responses of which the first is pure noise."""
    rng = np.random.default_rng(5)
    participant, stimulus = np.repeat(np.arange(8), 8), rng.integers(0, 5, 64)
    events = pd.DataFrame(
        {
            "participant": participant,
            "stimulus": stimulus,
            "condition": np.tile(["a", "b"], 32),
            "x": 2e-6 * rng.normal(size=64) + 3e-6,
        }
    )
    responses = rng.normal(size=(64, 3))
    responses[:, 1] += rng.normal(size=8)[participant] + rng.normal(size=5)[stimulus]
    responses[:, 2] += 4e5 * rng.normal(size=8)[participant] * events["x"]
    return events, responses


def mixed_models(found: dict[str, np.ndarray]) -> None:
    """Single fits, maps, comparisons, intervals."""
    events, responses = small_study()
    for number, formula in enumerate(FORMULAS):
        for reml in (True, False):
            for name, value in fit_lmm_map(formula, responses, events, reml=reml).dataset.items():
                found[f"map {number} {reml} {name}"] = value.to_numpy()
    table = events.assign(y=responses[:, 2])
    fit = fit_lmm("y ~ x + (1 + x | participant)", table)
    found["table"] = fit.table("kenward-roger").to_numpy()
    found["modes"] = fit.conditional_modes["participant"].to_numpy()
    found["sds"] = fit.conditional_sds["participant"].to_numpy()
    found["components"] = fit.variance_components[["variance", "sd"]].to_numpy()
    found["intervals"] = variance_intervals(fit)[["ci_low", "ci_high"]].to_numpy()
    found["reduced"] = fit_reduced("y ~ x + (1 + x | participant)", table).table().to_numpy()
    smaller = fit_lmm("y ~ x + (1 | participant)", table)
    found["ratio"] = likelihood_ratio(smaller, fit)["p_value"].to_numpy()


def tests_of_maps(found: dict[str, np.ndarray]) -> None:
    """Permutations, clusters, enhancement."""
    events, responses = small_study()
    for correction in ("max", "cluster", "tfce"):
        test = permutation_test(
            "~ condition + (1 + condition | participant)",
            np.tile(responses, 3),
            events,
            term="condition",
            rng=1,
            correction=correction,
            n_permutations=50,
        )
        found[f"permutation {correction}"] = test.to_dataset()["p_value"].to_numpy()
    maps = np.random.default_rng(2).normal(size=(2, 30))
    maps[0, 4] = np.nan
    found["tfce"] = tfce(maps, neighbors((5, 6)))
    found["clusters"] = find_clusters(maps[1], neighbors((5, 6)), threshold=0.5).labels


def others(found: dict[str, np.ndarray]) -> None:
    """Agreement of coders, overlapping responses, rewired networks."""
    rng = np.random.default_rng(3)
    onset = np.arange(1.0, 41.0, 2.0)
    coder = pd.DataFrame(
        {
            "clip": np.repeat(["p1_v1", "p2_v1"], 10),
            "participant": np.repeat(["p1", "p2"], 10),
            "onset": onset,
            "apex": onset + 0.4,
            "offset": onset + 0.8,
            "action_units": ["AU12", "AU4"] * 10,
            "kind": rng.choice(["posed", "spontaneous"], 20),
        }
    )
    shift = rng.normal(0, 0.2, 20)
    other = coder.assign(**{name: coder[name] + shift for name in ("onset", "apex", "offset")})
    found["agreement"] = (
        agreement(coder, other, condition="kind", rng=1, n_resamples=100)
        .table()
        .select_dtypes("number")
        .to_numpy(float)
    )
    info = mne.create_info(["x"], 10.0, "misc")
    raw = mne.io.RawArray(rng.normal(size=(1, 600)), info, verbose="error")
    events = pd.DataFrame({"onset": np.arange(5.0, 50.0, 3.1), "kind": "a"})
    recording = Recording(eeg=None, physio=raw, events=events)
    course = deconvolve(recording, "~ 1", FIR((0.0, 2.0), step=0.5), picks="x")
    found["deconvolve"] = course.window((0.5, 1.5))[["estimate", "std_error"]].to_numpy()
    network = np.abs(rng.normal(size=(8, 8)))
    found["rewired"] = rewired(network + network.T, np.random.default_rng(1))


def results() -> dict[str, np.ndarray]:
    """Everything, by name."""
    found: dict[str, np.ndarray] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mixed_models(found)
        tests_of_maps(found)
        others(found)
    return {name: np.asarray(value) for name, value in found.items()}


if __name__ == "__main__":
    np.savez(sys.argv[1], **results())
