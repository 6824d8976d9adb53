from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmme_neuro.cli import app
from mmme_neuro.pipeline import start_study

ROOT = Path(__file__).resolve().parents[2]
STUDY = Path("analyses/study.py")


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}


def test_the_scripts_are_written_as_they_are(tmp_path):
    written = start_study(tmp_path / "new" / "mine")
    there = files(tmp_path / "new" / "mine")
    assert set(written) == set(there)
    for name, content in there.items():
        assert name == Path("README.md") or content == (ROOT / name).read_bytes()
    scripts = {path.relative_to(ROOT) for path in (ROOT / "analyses").glob("*.py")}
    assert scripts | {Path("paper/manuscript.typ"), Path("figures/fig3_erp.py")} <= set(there)
    assert Path("figures/readme_picture.py") not in there


def test_what_was_there_stays(tmp_path):
    (tmp_path / "analyses" / "results").mkdir(parents=True)
    kept = {Path("study.txt"): b"1", Path("analyses/results/a.csv"): b"2"}
    for name, content in kept.items():
        (tmp_path / name).write_bytes(content)
    start_study(tmp_path)
    assert kept.items() <= files(tmp_path).items()
    assert start_study(tmp_path) == []


def test_an_edited_file_is_not_replaced_and_nothing_is_written(tmp_path):
    start_study(tmp_path)
    (tmp_path / STUDY).write_text("SEED = 1")
    (tmp_path / "paper" / "build.py").unlink()
    before = files(tmp_path)
    with pytest.raises(FileExistsError, match=r"found analyses/study\.py; .*--force"):
        start_study(tmp_path)
    assert files(tmp_path) == before


def test_force_replaces_and_keeps_what_was_edited(tmp_path):
    start_study(tmp_path)
    (tmp_path / STUDY).write_text("SEED = 1")
    assert start_study(tmp_path, force=True) == [STUDY]
    assert (tmp_path / STUDY).read_bytes() == (ROOT / STUDY).read_bytes()
    assert (tmp_path / f"{STUDY}.old").read_text() == "SEED = 1"


def test_a_full_disk_leaves_nothing_half_done(tmp_path, monkeypatch):
    start_study(tmp_path)
    (tmp_path / STUDY).write_text("SEED = 1")
    (tmp_path / "figures" / "fig3_erp.py").unlink()
    before = files(tmp_path)
    write = Path.write_bytes

    def full(path, data):
        if path.name == "fig3_erp.py":
            raise OSError("No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        start_study(tmp_path, force=True)
    assert files(tmp_path) == before


def test_the_command_says_what_comes_next(tmp_path):
    run = CliRunner().invoke(app, ["start", str(tmp_path / "mine")])
    assert run.exit_code == 0 and "README.md" in run.output
    (tmp_path / "mine" / STUDY).write_text("SEED = 1")
    run = CliRunner().invoke(app, ["start", str(tmp_path / "mine")])
    assert run.exit_code == 2 and "--force" in run.output
    (tmp_path / "file").write_text("")
    run = CliRunner().invoke(app, ["start", str(tmp_path / "file")])
    assert run.exit_code == 2 and "found a file" in run.output
