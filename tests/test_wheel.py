"""An installed wheel is enough: scripts laid out, run, drawn and reported without a checkout."""

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[1]
LATER = "\nCODER_CRITERIA = CODER_CRITERIA[:1]\n"


@dataclass(frozen=True)
class Installation:
    """An environment with the wheel and, from this one, what it depends on."""

    folder: Path

    def run(self, *words, cwd, check=True):
        """Output of a command of the environment."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
        }
        environment |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "COLUMNS": "200"}
        program = Path(sysconfig.get_path("scripts", vars={"base": str(self.folder)})) / words[0]
        run = subprocess.run(
            [program, *words[1:]], cwd=cwd, env=environment, capture_output=True, text=True
        )
        assert run.returncode == 0 or not check, run.stdout + run.stderr
        return run.stdout + run.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel of this checkout in an environment of its own, built and installed offline."""
    pytest.importorskip("hatchling", reason="the build backend is not installed (extra 'dev')")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist"]
    run = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    venv.create(folder / "env", with_pip=False)
    made = Installation(folder / "env")
    (wheel,) = (folder / "dist").glob("*.whl")
    python = Path(sysconfig.get_path("scripts", vars={"base": str(made.folder)})) / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps"]
    run = subprocess.run([*pip, "--no-index", wheel], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    # A path by itself: what that folder's own .pth files name (this checkout) is not taken.
    own = Path(sysconfig.get_path("purelib", vars={"base": str(made.folder)}))
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *outer_places()}
    (own / "dependencies.pth").write_text("\n".join(sorted(places)))
    return made


def outer_places():
    """Folders of packages that this environment takes from elsewhere."""
    return {path for path in sys.path if path.endswith("site-packages")}


@pytest.fixture(scope="module")
def mine(installed, tmp_path_factory):
    """A folder with the scripts of the wheel."""
    folder = tmp_path_factory.mktemp("mine")
    installed.run("mmme", "start", "analysis", cwd=folder)
    return folder / "analysis"


def test_the_wheel_and_not_the_checkout_is_imported(installed, tmp_path):
    code = (
        "import mmme_neuro, importlib.util\n"
        "print(mmme_neuro.__file__, importlib.util.find_spec('analyses'))"
    )
    place, spec = installed.run("python", "-c", code, cwd=tmp_path).split()
    assert Path(place).is_relative_to(installed.folder)
    assert spec == "None"


def test_what_is_laid_out_is_what_the_checkout_has(installed, tmp_path):
    installed.run("mmme", "start", ".", cwd=tmp_path)
    laid_out = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.*")}
    checkout = {
        path.relative_to(ROOT)
        for folder in ("analyses", "figures", "paper")
        for path in (ROOT / folder).iterdir()
        if path.suffix in (".py", ".typ", ".bib") and path.name != "readme_picture.py"
    }
    assert laid_out == checkout | {Path("README.md")}
    assert all((tmp_path / name).read_bytes() == (ROOT / name).read_bytes() for name in checkout)


def test_the_edited_choices_are_what_runs(installed, mine, study):
    run = ("python", "-m", "analyses", "--study", study, "--only", "01", "--only", "16")
    assert "[16 agreement] done" in installed.run(*run, cwd=mine)
    assert n_criteria(mine) == 2
    assert "[16 agreement] up to date" in installed.run(*run, cwd=mine)
    choices = mine / "analyses" / "study.py"
    choices.write_text(choices.read_text(encoding="utf-8") + LATER, encoding="utf-8")
    assert "[16 agreement] done" in installed.run(*run, cwd=mine)
    assert n_criteria(mine) == 1
    assert "table1_action_units" in installed.run(
        "python", "-m", "figures", "--only", "table1", "--only", "fig2", cwd=mine
    )
    for name in ("table1_action_units.pdf", "fig2_dataset.png"):
        assert (mine / "figures" / name).stat().st_size > 5000


def n_criteria(mine):
    table = pd.read_csv(mine / "analyses" / "results" / "agreement_summary.csv")
    return table["criterion"].nunique()


def test_scripts_refuse_by_name_what_is_not_there(installed, mine):
    said = installed.run("python", "-m", "analyses", "--study", "absent", cwd=mine, check=False)
    assert "no study in absent" in said
    (mine / "paper" / "template.typ").write_text("edited")
    said = installed.run("mmme", "start", ".", cwd=mine, check=False)
    assert "paper/template.typ" in said and "--force" in said


@pytest.mark.slow
def test_a_whole_study_is_analyzed_drawn_and_reported(installed, tmp_path):
    installed.run("mmme", "start", ".", cwd=tmp_path)
    installed.run("mmme", "simulate", "study", "--participants", "10", cwd=tmp_path)
    assert "FAILED" not in installed.run("python", "-W", "ignore", "-m", "analyses", cwd=tmp_path)
    said = installed.run("python", "-W", "ignore", "-m", "figures", cwd=tmp_path)
    assert "NOT DRAWN" not in said
    installed.run("mmme", "report", "analyses/results", cwd=tmp_path)
    installed.run("python", "-m", "paper", cwd=tmp_path)
    for name in ("report/report.html", "paper/paper.pdf"):
        assert (tmp_path / name).stat().st_size > 1e6
