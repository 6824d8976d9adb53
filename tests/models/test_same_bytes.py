"""Results do not depend on whether compiled code is new or was read from the cache."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mmme_neuro

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
