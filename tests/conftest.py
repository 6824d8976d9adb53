import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from mmme_neuro import read_events
from mmme_neuro.pipeline.inputs import study_sources
from mmme_neuro.pipeline.preprocess import Options, preprocess_study
from mmme_neuro.recording import study_sheet
from mmme_neuro.simulate import DEMO, StudyParameters, simulate_study
from mmme_neuro.simulate.parameters import EventParameters

matplotlib.use("Agg")
os.environ.setdefault("MNE_LOGGING_LEVEL", "ERROR")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LONGEST_WAIT_S = 240


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Workers do not fight over cores."""
    with threadpool_limits(limits=1):
        yield


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """With MMME_REQUIRE_DATA=1 a test of the real example files fails where it would skip."""
    report = yield
    required = os.environ.get("MMME_REQUIRE_DATA") == "1" and "shared_data" in item.fixturenames
    if required and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped although MMME_REQUIRE_DATA is 1: {report.longrepr[-1]}"
    return report


@pytest.fixture(scope="session")
def made_once(tmp_path_factory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Function that makes a folder once for all workers: the first makes it, the others wait."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        claim, folder = base / f"{name}.claim", base / name
        try:
            claim.mkdir()
        except FileExistsError:
            return _waited_for(folder, claim)
        part = base / f"{name}.part"
        try:
            fill(part)
        except BaseException:
            (claim / "failed").touch()
            raise
        return part.rename(folder)

    return make


def _waited_for(folder: Path, claim: Path) -> Path:
    """The folder that another worker makes, once it is complete."""
    begun = time.monotonic()
    while not folder.is_dir():
        if (claim / "failed").exists() or time.monotonic() - begun > LONGEST_WAIT_S:
            pytest.fail(f"another worker did not finish {folder.name}")
        time.sleep(0.2)
    return folder


@pytest.fixture(scope="session")
def small_parameters() -> StudyParameters:
    """The demo's parameters with short videos that are crowded with events."""
    crowded = EventParameters(gap_median_s=2.0, gap_log_sd=0.8, micro_share=0.5)
    return replace(
        DEMO,
        video_s=(16.0, 20.0),
        gap_s=(3.0, 4.0),
        lead_s=8.0,
        physio_sfreq=250.0,
        events=crowded,
    )


@pytest.fixture(scope="session")
def few_virtual_participants():
    """Estimands over 20 virtual participants: cheap, where their value does not matter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mmme_neuro.simulate.estimands.N_VIRTUAL_PARTICIPANTS", 20)
        yield


@pytest.fixture(scope="session")
def study(made_once, small_parameters, few_virtual_participants) -> Path:
    """A simulated study of 3 participants and 5 videos; read only, copy it to spoil it."""

    def fill(folder: Path) -> None:
        simulate_study(folder, n_participants=3, n_videos=5, seed=5, parameters=small_parameters)

    return made_once("study", fill)


@pytest.fixture(scope="session")
def merged_events(study) -> pd.DataFrame:
    """Events of the small study on the clips' clocks, passes merged."""
    return read_events(study_sheet(study), merge="union")


@dataclass(frozen=True)
class Preprocessed:
    """What preprocessing wrote for the small study, and its table of participants."""

    out: Path
    participants: pd.DataFrame
    options: Options


@pytest.fixture(scope="session")
def preprocessed(made_once, study, merged_events) -> Preprocessed:
    """Epochs and tables of the small study, cleaned."""
    options = Options(rng=3)

    def fill(folder: Path) -> None:
        folder.mkdir()
        with ThreadPoolExecutor(1) as executor:
            table = preprocess_study(
                study_sources(study, events=merged_events),
                folder / "epochs",
                options=options,
                executor=executor,
            )
        table.to_csv(folder / "participants.csv", index=False)

    folder = made_once("preprocessed", fill)
    table = pd.read_csv(folder / "participants.csv", keep_default_na=False)
    return Preprocessed(folder / "epochs", table, options)
