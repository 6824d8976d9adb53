"""README, tutorial, how-to pages, reference: every block of code runs, every command exists."""

import importlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import typer
from packaging.requirements import Requirement

import mmme_neuro
from analyses.tables import write_table
from docs.reference import plate, reference_page, rooms
from mmme_neuro.cli import app
from mmme_neuro.pipeline.inputs import study_sources
from mmme_neuro.pipeline.preprocess import Options, preprocess_study
from mmme_neuro.rejection import Rejection
from mmme_neuro.report.document import SECTIONS
from mmme_neuro.signals import Cleaning
from mmme_neuro.simulate import simulate_study

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGES = (ROOT / "README.md", DOCS / "tutorial.md", *sorted((DOCS / "howto").glob("*.md")))
QUICK = Options(clean=Cleaning(ica=False, ransac=False), reject=Rejection(eeg_uv=1e4), rng=0)
CLUSTER = DOCS / "howto" / "cluster.md"
# SLURM keeps a copy of the script, which dask-jobqueue deletes.
FAKE_SBATCH = """#!/bin/bash
copy=$(mktemp "$(dirname "$0")/job.XXXX")
cp "$1" "$copy"
setsid bash "$copy" >"$copy.log" 2>&1 &
echo "Submitted batch job $!"
"""
FAKE_SCANCEL = """#!/bin/bash
for job in "$@"; do kill -- "-$job"; done
"""


def shown(path):
    return str(path.relative_to(ROOT))


def blocks(page, language):
    """Text of every block of a language with the number of the line before it."""
    text = page.read_text(encoding="utf-8")
    found = re.finditer(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [(text[: match.start()].count("\n") + 1, match[1]) for match in found]


def with_blocks(language):
    return [page for page in PAGES if blocks(page, language)]


@pytest.fixture(scope="module")
def demo(made_once, small_parameters, few_virtual_participants):
    """A demo study, small, with the results that the tutorial opens."""

    def fill(folder):
        simulate_study(
            folder / "study", n_participants=7, n_videos=3, seed=5, parameters=small_parameters
        )
        sources, results = study_sources(folder / "study"), folder / "results"
        with ThreadPoolExecutor(1) as executor:
            table = preprocess_study(sources, results / "epochs", options=QUICK, executor=executor)
        write_table(results, "participants", table)
        importlib.import_module("analyses.03_erp").main(folder / "study", results)

    return made_once("documents_demo", fill)


@pytest.fixture
def place(demo, study, tmp_path, monkeypatch):
    """Folder in which a reader of the pages works, with a SLURM that runs jobs at once."""
    (tmp_path / ".demo").symlink_to(demo)
    shutil.copytree(study / "sub01", tmp_path / "study" / "sub01")
    shutil.copy(study / "coding_file.xlsx", tmp_path / "study")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in (("sbatch", FAKE_SBATCH), ("scancel", FAKE_SCANCEL)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", [p for p in with_blocks("python") if p != CLUSTER], ids=shown)
@pytest.mark.filterwarnings("ignore:singular fit")
def test_python_blocks_run_one_after_the_other(page, place):
    namespace = {"__name__": page.stem}
    for line, code in blocks(page, "python"):
        # Empty lines before it: an error then names the line of the page.
        exec(compile("\n" * line + code, str(page), "exec"), namespace)


def test_the_script_for_a_cluster_processes_a_participant(place):
    pytest.importorskip("dask_jobqueue", reason="the dask extra is not installed")
    ((_, code),) = blocks(CLUSTER, "python")
    (place / "script.py").write_text(code)
    run = subprocess.run(
        [sys.executable, "script.py"], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "sub01 done" in run.stdout
    assert (place / "results" / "epochs" / "sub01_eeg-epo.fif").is_file()


def commands(page):
    """Every command line of a page in words, with its line number."""
    for line, text in blocks(page, "console"):
        for number, command in enumerate(text.splitlines(), start=line + 1):
            if words := shlex.split(command, comments=True):
                yield number, words


COMMANDS = [
    pytest.param(words, id=f"{shown(page)}:{line}")
    for page in PAGES
    for line, words in commands(page)
]


@pytest.mark.parametrize("words", COMMANDS)
def test_commands_exist_with_their_options(words):
    match words:
        case ["make", *targets]:
            run = subprocess.run(
                ["make", "--dry-run", *targets], cwd=ROOT, capture_output=True, text=True
            )
            assert run.returncode == 0, run.stderr
        case ["mmme", name, *arguments]:
            group = typer.main.get_command(app)
            group.commands[name].make_context(name, arguments)
        case ["python", "-m", name, *arguments]:
            main = importlib.import_module(f"{name}.__main__").main
            wrapped = typer.Typer()
            wrapped.command()(main)
            typer.main.get_command(wrapped).make_context(name, arguments)
        case ["pip", "install", *arguments]:
            (wanted,) = [Requirement(word) for word in arguments if not word.startswith("-")]
            assert wanted.name == PROJECT["name"]
            assert wanted.extras <= set(PROJECT["optional-dependencies"])
        case ["cd", _]:
            pass
        case _:
            pytest.fail(f"no way to check {shlex.join(words)}")


@pytest.mark.parametrize("page", [*PAGES, *sorted(DOCS.glob("*.md"))], ids=shown)
def test_the_extras_that_a_page_names_exist(page):
    for named in re.findall(r"mmme_neuro\[([\w,]+)\]", page.read_text(encoding="utf-8")):
        assert set(named.split(",")) <= set(PROJECT["optional-dependencies"])


def test_the_readme_lists_every_extra_with_its_packages():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for extra in set(PROJECT["optional-dependencies"]) - {"all", "dev", "docs"}:
        (row,) = re.findall(rf"^\| `{extra}` \| (.*?) \|", text, re.MULTILINE)
        names = {Requirement(each).name for each in PROJECT["optional-dependencies"][extra]}
        assert {*row.split(", ")} == names


def test_a_choice_that_the_page_on_an_own_study_changes_is_there():
    text = (DOCS / "howto" / "own_study.md").read_text(encoding="utf-8")
    for name in re.findall(r"^([A-Z_]+) = ", text, re.MULTILINE):
        assert hasattr(importlib.import_module("analyses.study"), name)


@pytest.mark.parametrize("page", [*PAGES, *sorted(DOCS.glob("*.md"))], ids=shown)
def test_modules_that_a_page_says_to_run_exist(page):
    for name in re.findall(r"python -m ([\w.]+)", page.read_text(encoding="utf-8")):
        assert importlib.util.find_spec(name), name


def test_sections_that_the_tutorial_points_to_are_in_the_report():
    text = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    look = text[text.index("## The report") : text.index("## The epochs")]
    assert (named := set(re.findall(r"\*\*(.+?)\*\*", look)))
    assert named <= set(SECTIONS)


def test_the_tutorial_changes_a_window_that_is_there():
    choices = importlib.import_module("analyses.study")
    (code,) = [code for _, code in blocks(DOCS / "tutorial.md", "python") if "ERP_MEASURES" in code]
    namespace = {}
    exec(code, namespace)
    assert [one.name for one in namespace["ERP_MEASURES"]] == [
        one.name for one in choices.ERP_MEASURES
    ]
    assert namespace["ERP_MEASURES"] != choices.ERP_MEASURES


def test_the_reference_lists_every_public_name_once():
    listed = re.findall(r"^   (\w+)$", reference_page(), re.MULTILINE)
    public = [
        name
        for room in rooms()
        for name in getattr(importlib.import_module(f"mmme_neuro.{room}"), "__all__", [])
    ]
    assert len(listed) > 200 and sorted(listed) == sorted(public)
    assert {*mmme_neuro.__all__} - {*rooms()} <= {*listed}


def test_the_readme_says_where_everything_is():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for room in rooms():
        assert f"`{room}`: {plate(room)[0]}" in " ".join(text.split()), room
