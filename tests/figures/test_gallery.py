import ast
import json
import shutil

import pandas as pd
import pytest
from typer import BadParameter, Exit

from figures import __main__ as command
from figures.gallery import CAPTIONS, FOLDER, FORMATS, draw_figures, scripts

NAMES = [script.name for script in scripts()]
PAGES = "figS_participants"


def chosen(*names):
    return [script for script in scripts() if script.name in names]


@pytest.fixture(scope="session")
def drawn(results, tmp_path_factory):
    """Every figure of the small results, in the format that is quickest to write."""
    out = tmp_path_factory.mktemp("figures")
    said = {}
    say = lambda script, text: said.update({script.name: text})  # noqa: E731
    failed = draw_figures(scripts(), results, out, say=say, formats=["svg"])
    return out, said, failed


def test_every_figure_is_drawn(drawn):
    out, said, failed = drawn
    assert failed == []
    assert set(said) == set(NAMES)
    assert {"fig1_example", "fig2_dataset", "fig3_erp", "figS_clocks"} <= set(NAMES)
    for name in set(NAMES) - {PAGES}:
        assert (out / f"{name}.svg").stat().st_size > 4000, name
    assert said[PAGES] == "3 figures"


def test_captions_are_the_docstrings(drawn):
    captions = json.loads((drawn[0] / CAPTIONS).read_text(encoding="utf-8"))
    assert list(captions) == NAMES
    assert all(caption.endswith(".") and "\n" not in caption for caption in captions.values())
    assert captions["fig3_erp"].startswith("Event-related potentials")


def test_same_results_give_the_same_bytes(results, drawn, tmp_path):
    names = ("fig3_erp", "figS_clocks")
    for folder in ("first", "second"):
        draw_figures(chosen("figS_clocks"), results, tmp_path / folder, say=lambda *_: None)
    for suffix in FORMATS:
        first, second = (tmp_path / f / f"figS_clocks.{suffix}" for f in ("first", "second"))
        assert first.read_bytes() == second.read_bytes(), suffix
    draw_figures(chosen(*names), results, tmp_path, say=lambda *_: None, formats=["svg"])
    for name in names:
        again = (tmp_path / f"{name}.svg").read_bytes()
        assert again == (drawn[0] / f"{name}.svg").read_bytes(), name


def test_each_participant_has_a_small_figure_without_name(results, tmp_path):
    for folder in ("first", "second"):
        draw_figures(chosen(PAGES), results, tmp_path / folder, say=lambda *_: None)
    first, second = (sorted((tmp_path / f / "quality").iterdir()) for f in ("first", "second"))
    assert [path.name for path in first] == ["P01.png", "P02.png", "P03.png"]
    for one, other in zip(first, second, strict=True):
        assert 10_000 < one.stat().st_size < 60_000
        assert one.read_bytes() == other.read_bytes()


def test_names_of_participants_are_not_in_figures(drawn):
    for path in drawn[0].rglob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert "lina" not in text and "wangfang" not in text, path.name
    assert "P01" in (drawn[0] / "figS_clocks.svg").read_text(encoding="utf-8")


def test_missing_result_is_named_and_stops_no_other(results, tmp_path):
    partial = tmp_path / "results"
    shutil.copytree(results, partial, ignore=shutil.ignore_patterns("epochs"))
    (partial / "models.csv").unlink()
    said = {}
    failed = draw_figures(
        chosen("fig7_mixed_models", "figS_recovery"),
        partial,
        tmp_path / "out",
        say=lambda script, text: said.update({script.name: text}),
    )
    assert failed == ["fig7_mixed_models"]
    assert "models.csv" in said["fig7_mixed_models"]
    assert (tmp_path / "out" / "figS_recovery.png").is_file()


def test_a_bug_in_one_figure_stops_no_other(results, tmp_path, monkeypatch, caplog):
    broken = next(script for script in scripts() if script.name == "fig7_mixed_models")
    monkeypatch.setattr(broken.module, "draw", lambda folder: {}["models"])
    said = {}
    failed = draw_figures(
        chosen("fig7_mixed_models", "figS_recovery"),
        results,
        tmp_path,
        say=lambda script, text: said.update({script.name: text}),
        formats=["svg"],
    )
    assert failed == ["fig7_mixed_models"]
    assert said["fig7_mixed_models"].startswith("NOT DRAWN: unexpected KeyError: 'models'")
    assert "Traceback" in caplog.text and (tmp_path / "figS_recovery.svg").is_file()


def test_empty_recovery_is_no_failure(results, tmp_path):
    table = pd.read_csv(results / "recovery.csv")
    table[:0].to_csv(tmp_path / "recovery.csv", index=False)
    said = []
    failed = draw_figures(
        chosen("figS_recovery"), tmp_path, tmp_path, say=lambda _, text: said.append(text)
    )
    assert failed == []
    assert "nothing to draw" in said[0]
    assert not (tmp_path / "figS_recovery.png").exists()


def test_command_ends_with_1_where_a_figure_is_missing(results, tmp_path, capsys):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(Exit) as ended:
        command.main(results=empty, only=["figS_recovery"], out=tmp_path)
    assert ended.value.exit_code == 1
    assert "recovery.csv" in capsys.readouterr().out
    with pytest.raises(Exit) as ended:
        command.main(results=results, only=["fig7"], out=tmp_path)
    assert ended.value.exit_code == 0
    with pytest.raises(BadParameter, match="no such figure"):
        command.main(results=results, only=["fig99"], out=tmp_path)
    with pytest.raises(BadParameter, match="run `python -m analyses`"):
        command.main(results=tmp_path / "nowhere", only=None, out=tmp_path)


def test_scripts_hold_no_statistics():
    for path in FOLDER.glob("fig*_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        names |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        roots = {name.split(".")[0] for name in names}
        assert roots <= {"pathlib", "numpy", "analyses", "mmme_neuro"}, path.name
        assert not any(name.startswith("mmme_neuro.models") for name in names), path.name
