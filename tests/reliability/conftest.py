import pytest


@pytest.fixture(scope="session")
def reference(shared_data):
    """Folder with results of R's psych and irr."""
    folder = shared_data / "reference_fits" / "reliability"
    if not folder.is_dir():
        pytest.skip(f"results of R's psych and irr not found in {folder}")
    return folder
