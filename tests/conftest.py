import os
from pathlib import Path

import matplotlib
import pytest

matplotlib.use("Agg")
os.environ.setdefault("MNE_LOGGING_LEVEL", "ERROR")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def _shared_data() -> Path:
    override = os.environ.get("MMME_SHARED_DATA")
    return Path(override) if override else SHARED_DATA


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real example files; tests that need it skip where it is absent."""
    folder = _shared_data()
    if not folder.is_dir():
        pytest.skip(f"real example files not found in {folder} (set MMME_SHARED_DATA)")
    return folder
