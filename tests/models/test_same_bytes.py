"""Results do not depend on caches, on other cells, on threads or on calls before."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mmme_neuro
from mmme_neuro import fit_lmm, fit_lmm_map, permutation_test

PACKAGE = Path(mmme_neuro.__file__).parent
FIT = """
import hashlib
import numpy as np
import pandas as pd
from mmme_neuro import fit_lmm_map
rng = np.random.default_rng(1)
person, video = rng.integers(0, 10, 200), rng.integers(0, 12, 200)
events = pd.DataFrame({"participant": person, "stimulus": video}).astype(str)
events["expression"] = rng.choice(["macro", "micro"], 200)
responses = rng.normal(size=(200, 40)) + 0.5 * rng.normal(size=(10, 40))[person]
formula = "~ expression + (1 + expression | participant) + (1 + expression | stimulus)"
data = fit_lmm_map(formula, responses, events).to_dataset()
digest = hashlib.blake2b()
for name in ("estimate", "std_error", "dof", "criterion", "sigma"):
    digest.update(np.ascontiguousarray(data[name].values).tobytes())
print(digest.hexdigest())
"""


def test_no_compiled_function_may_reorder_sums():
    # With such liberties a function gives other last digits where it is compiled into its caller,
    # which depends on what lay in numba's cache.
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword):
                assert node.arg != "fastmath", f"{path.name}, line {node.value.lineno}"


@pytest.mark.slow
def test_first_run_and_second_run_give_the_same_bytes(tmp_path):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    runs = [
        subprocess.run(
            [sys.executable, "-c", FIT], capture_output=True, text=True, env=environment, check=True
        )
        for _ in range(2)
    ]
    assert len(runs[0].stdout.strip()) == 128
    assert runs[0].stdout == runs[1].stdout


MODELS = [
    "~ c + (1 + c | participant)",
    "~ c + (1 + c || participant) + (1 | stimulus)",
    "~ x + (1 + x | participant)",
]
NAMES = ("estimate", "std_error", "dof", "p_value", "theta", "criterion", "sigma", "status")


@pytest.fixture(scope="module")
def study():
    """Events, and a map of which half the cells are pure noise."""
    rng = np.random.default_rng(11)
    participant = np.repeat(np.arange(12), 10)
    events = pd.DataFrame(
        {
            "participant": participant,
            "stimulus": rng.integers(0, 7, 120),
            "c": np.tile(["a", "b"], 60),
            "x": rng.normal(size=120),
        }
    )
    cells = rng.normal(size=(120, 257))
    cells[:, ::2] += (rng.normal(size=(12, 257)) * rng.choice([0.2, 0.5, 1], 257))[participant][
        :, ::2
    ]
    return events, cells


def fitted(formula, cells, events, n_threads=1):
    data = fit_lmm_map(formula, cells, events, n_threads=n_threads).dataset
    return {name: data[name].to_numpy() for name in NAMES}


def assert_same_cells(found, whole, places):
    for name, value in whole.items():
        part = value[..., places]
        if name == "status":
            np.testing.assert_array_equal(found[name], part)
        else:
            np.testing.assert_allclose(found[name], part, rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("formula", MODELS)
def test_a_cell_does_not_depend_on_the_others(formula, study):
    events, cells = study
    whole = fitted(formula, cells, events)
    assert_same_cells(fitted(formula, cells, events), whole, slice(None))
    assert_same_cells(fitted(formula, cells[:, ::-1], events), whole, slice(None, None, -1))
    assert_same_cells(fitted(formula, cells, events, n_threads=2), whole, slice(None))
    for n in (2, 3, 33):
        assert_same_cells(
            fitted(formula, cells[:, 100 : 100 + n], events), whole, slice(100, 100 + n)
        )
    for cell in (0, 1, 128, 256):
        assert_same_cells(fitted(formula, cells[:, [cell]], events), whole, [cell])


@pytest.mark.filterwarnings("ignore:singular fit")
@pytest.mark.parametrize("formula", MODELS)
def test_small_maps_of_noise_are_the_single_fits(formula, study):
    # Cells whose variances are all zero end where the shared start is, at nothing computed anew.
    events, cells = study
    for first in range(1, 61, 4):
        pair = cells[:, [first, first + 2]]
        found = fitted(formula, pair, events)
        assert np.isfinite(found["std_error"]).all() and (found["std_error"] > 1e-3).all()
        assert (found["p_value"] > 0).all()
    for cell, response in enumerate(pair.T):
        single = estimated(f"y {formula}", events.assign(y=response))
        np.testing.assert_allclose(found["estimate"][:, cell], single["estimate"], rtol=1e-5)
        np.testing.assert_allclose(found["std_error"][:, cell], single["std_error"], rtol=1e-5)


def estimated(formula, events):
    return fit_lmm(formula, events).table()


@pytest.mark.parametrize("n_cells", [1, 2, 257])
def test_permutations_do_not_depend_on_threads_or_calls_before(n_cells, study):
    events, cells = study
    asked = {"term": "c", "rng": 1, "n_permutations": 60, "correction": "max"}
    runs = [
        permutation_test(MODELS[0], cells[:, :n_cells], events, n_threads=n, **asked).to_dataset()
        for n in (1, 2, 1)
    ]
    for name in ("statistic", "p_value"):
        for other in runs[1:]:
            np.testing.assert_array_equal(other[name], runs[0][name])
    alone = permutation_test(MODELS[0], cells[:, [0]], events, **asked).to_dataset()
    np.testing.assert_allclose(alone["statistic"][0], runs[0]["statistic"][0], rtol=1e-10)
