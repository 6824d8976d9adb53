"""No result rests on memory that was read before it was written."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mmme_neuro
from tests.poisoned_verbs import results

PACKAGE = Path(mmme_neuro.__file__).parent
ROOT = PACKAGE.parent
BUFFERS = PACKAGE / "stats" / "buffers.py"
POISON = """
import numpy as np
from mmme_neuro.stats.buffers import FAR_OUTSIDE, IS_POISONED, unwritten, unwritten_integers
print(IS_POISONED)
print(bool(np.isnan(unwritten((3, 2))).all()), bool((unwritten_integers(3) == FAR_OUTSIDE).all()))
"""


def run(*command, **environment):
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        check=True,
    )


def stored(path, **environment):
    """Numbers of the verbs in a process of its own."""
    run("-m", "tests.poisoned_verbs", str(path), **environment)
    with np.load(path) as file:
        return dict(file)


def test_buffers_are_allocated_in_one_place():
    # What numpy leaves unwritten elsewhere has no element.
    for path in PACKAGE.rglob("*.py"):
        if path == BUFFERS:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if ast.unparse(node.func) not in ("np.empty", "np.empty_like", "np.ndarray"):
                continue
            shape = node.args[0]
            sizes = shape.elts if isinstance(shape, ast.Tuple) else [shape]
            is_empty = any(isinstance(size, ast.Constant) and size.value == 0 for size in sizes)
            assert is_empty, f"{path.name}, line {node.lineno}: use stats.buffers or np.full"


def test_the_switch_fills_buffers():
    on = run("-c", POISON, MMME_POISON="1", NUMBA_DISABLE_JIT="1").stdout.split()
    assert on == ["True", "True", "True"]
    assert run("-c", POISON, MMME_POISON="0", NUMBA_DISABLE_JIT="1").stdout.startswith("False")


def test_poisoned_code_has_a_cache_of_its_own(tmp_path):
    code = "import numba, mmme_neuro.stats.buffers; print(numba.config.CACHE_DIR)"
    folders = {"NUMBA_CACHE_DIR": str(tmp_path)}
    assert run("-c", code, MMME_POISON="1", **folders).stdout.strip() == str(
        tmp_path / "poisoned_1"
    )
    assert run("-c", code, MMME_POISON="", **folders).stdout.strip() == str(tmp_path)


@pytest.fixture(scope="module")
def compiled():
    return results()


@pytest.mark.parametrize("poison", ["1", "zeros"])
def test_poisoned_buffers_change_nothing(compiled, poison, tmp_path):
    found = stored(tmp_path / "poisoned.npz", MMME_POISON=poison, NUMBA_DISABLE_JIT="1")
    assert set(found) == set(compiled)
    for name, value in compiled.items():
        # Interpreted and compiled sums differ in their last digits.
        np.testing.assert_allclose(found[name], value, rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("poison", ["1", "zeros"])
def test_poisoned_buffers_change_no_bit_of_compiled_results(compiled, poison, tmp_path):
    found = stored(tmp_path / "poisoned.npz", MMME_POISON=poison, NUMBA_CACHE_DIR=str(tmp_path))
    for name, value in compiled.items():
        assert found[name].tobytes() == value.tobytes(), name
