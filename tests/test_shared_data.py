"""Tests of real recordings skip without them, or fail if they are required; no other test does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
COMMAND = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/io/test_eeg.py"]


@pytest.mark.parametrize(("required", "code", "said"), [("0", 0, "SKIPPED"), ("1", 1, "ERROR")])
def test_absent_recordings_are_skipped_unless_required(tmp_path, required, code, said):
    environment = {name: text for name, text in os.environ.items() if "PYTEST" not in name}
    environment |= {"MMME_SHARED_DATA": str(tmp_path / "no"), "MMME_REQUIRE_DATA": required}
    done = subprocess.run(
        [sys.executable, *COMMAND, "-k", "test_real_eeglab_file"],
        cwd=TESTS.parent,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout
    assert "real example files not found" in done.stdout


def test_reference_numbers_are_read_from_the_repository():
    folder = "reference" + "_fits"
    assert not [path for path in TESTS.rglob("*.py") if folder in path.read_text(encoding="utf-8")]
