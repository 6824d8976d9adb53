import importlib.util
import shutil
import textwrap

import pytest

from analyses import runner
from analyses.runner import Step, run_steps, steps

ONE = """
READS, WRITES = ("study:*.txt",), ("one.csv",)
def main(study, results):
    (results / "one.csv").write_text((study / "input.txt").read_text())
"""
TWO = """
from mmme_neuro.errors import BadInput
READS, WRITES = ("one.csv",), ("two.csv",)
def main(study, results):
    text = (results / "one.csv").read_text()
    if "bad" in text:
        raise BadInput("one.csv holds bad")
    (results / "two.csv").write_text(text + "2")
"""
THREE = """
READS, WRITES = ("two.csv",), ("three.csv",)
def main(study, results):
    (results / "three.csv").write_text((results / "two.csv").read_text() + "3")
"""
FOUR = """
READS, WRITES = ("study:absent",), ("four",)
def main(study, results):
    (results / "four").mkdir(exist_ok=True)
    (results / "four" / "a.txt").write_text("a")
"""


@pytest.fixture
def chain(tmp_path, monkeypatch):
    """Four small scripts, a study, and a function that runs them and returns what was said."""
    folder, study, results = (tmp_path / name for name in ("analyses", "study", "results"))
    folder.mkdir(), study.mkdir()
    (study / "input.txt").write_text("1")
    for number, text in enumerate((ONE, TWO, THREE, FOUR), start=1):
        (folder / f"{number:02d}_step.py").write_text(textwrap.dedent(text))
    (folder / "study.py").write_text("A = 1")
    monkeypatch.setattr(runner, "FOLDER", folder)
    monkeypatch.setattr(runner, "SHARED_CODE", (folder / "study.py",))

    def module(step):
        spec = importlib.util.spec_from_file_location(step.path.stem, step.path)
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        return loaded

    monkeypatch.setattr(Step, "module", property(module))

    def run(*, force=False, only=None):
        said = {}

        def say(step, text):
            said.setdefault(step.number, []).append(text)

        chosen = [step for step in steps() if only is None or step.number in only]
        failed = run_steps(chosen, study, results, force=force, say=say)
        return failed, {number: texts[-1].split(" in ")[0] for number, texts in said.items()}

    run.folder, run.study, run.results = folder, study, results
    return run


DONE = dict.fromkeys(("01", "02", "03", "04"), "done")
CURRENT = dict.fromkeys(("01", "02", "03", "04"), "up to date")


def test_runs_all_in_order_then_none(chain):
    assert chain() == ([], DONE)
    assert (chain.results / "three.csv").read_text() == "123"
    assert chain() == ([], CURRENT)
    assert chain(force=True) == ([], DONE)


@pytest.mark.parametrize(
    ("deleted", "rerun"),
    [("one.csv", {"01"}), ("two.csv", {"02"}), ("three.csv", {"03"}), ("four/a.txt", {"04"})],
)
def test_a_deleted_result_is_made_again_and_nothing_else(chain, deleted, rerun):
    chain()
    (chain.results / deleted).unlink()
    # The file comes back with the same bytes, so that what depends on it is still up to date.
    _, said = chain()
    assert {number for number, text in said.items() if text == "done"} == rerun
    assert (chain.results / deleted).exists()


def test_a_changed_input_runs_what_depends_on_it(chain):
    chain()
    (chain.study / "input.txt").write_text("x")
    assert chain() == ([], {**DONE, "04": "up to date"})
    assert (chain.results / "three.csv").read_text() == "x23"


def test_a_result_edited_by_hand_is_made_again(chain):
    chain()
    (chain.results / "two.csv").write_text("edited")
    _, said = chain()
    assert said == {**CURRENT, "02": "done"}
    assert (chain.results / "two.csv").read_text() == "12"


def test_changed_code_runs_again(chain):
    chain()
    script = chain.folder / "03_step.py"
    script.write_text(script.read_text().replace('"3"', '"three"'))
    assert chain()[1] == {**CURRENT, "03": "done"}
    (chain.folder / "study.py").write_text("A = 2")
    assert chain()[1] == DONE


def test_a_comment_runs_nothing_and_a_module_beside_the_scripts_counts(chain):
    chain()
    script, own = chain.folder / "03_step.py", chain.folder / "own.py"
    script.write_text("# A thought.\n" + script.read_text())
    (chain.folder / "study.py").write_text("# Why 1.\nA = 1")
    assert chain() == ([], CURRENT)
    own.write_text("B = 1")
    script.write_text(script.read_text() + "\ndef later():\n    from analyses.own import B\n")
    assert chain()[1] == {**CURRENT, "03": "done"}
    own.write_text("B = 2")
    assert chain()[1] == {**CURRENT, "03": "done"}


def test_a_failing_step_is_named_and_stops_only_what_needs_it(chain):
    chain()
    (chain.study / "input.txt").write_text("bad")
    failed, said = chain()
    assert failed == ["02", "03"]
    assert said["02"] == "FAILED: BadInput: one.csv holds bad"
    assert said["03"] == "NOT RUN: needs step 02, which failed"
    assert said["04"] == "up to date"
    assert "BadInput: one.csv holds bad" in (chain.results / "02_error.log").read_text()
    assert chain()[0] == ["02", "03"]
    (chain.study / "input.txt").write_text("good")
    assert chain()[0] == []
    assert not (chain.results / "02_error.log").exists()


def test_a_bug_is_not_hidden_and_stops_only_what_needs_its_step(chain):
    script = chain.folder / "01_step.py"
    script.write_text(script.read_text().replace("read_text())", "read_txt())"))
    failed, said = chain()
    assert failed == ["01", "02", "03"]
    log = chain.results / "01_error.log"
    assert said["01"].startswith("CRASHED: unexpected AttributeError: ")
    assert "Traceback" in log.read_text() and "read_txt" in log.read_text()
    assert said["04"] == "done"


def test_only_some_steps(chain):
    assert chain(only={"01", "04"}) == ([], {"01": "done", "04": "done"})


def test_real_steps_are_numbered_and_complete():
    found = steps()
    assert [step.number for step in found] == [f"{n:02d}" for n in range(1, len(found) + 1)]
    written = set()
    for step in found:
        for name in step.module.READS:
            if not name.startswith("study:"):
                assert name in written, (
                    f"{step.path.name} reads {name}, which no step before writes"
                )
        written |= set(step.module.WRITES)


@pytest.fixture(scope="module")
def analyzed(made_once, study):
    """Results of every step for the small study."""

    def fill(folder):
        folder.mkdir()
        said = []
        failed = run_steps(
            steps(),
            study,
            folder / "results",
            force=False,
            say=lambda step, text: said.append(f"{step.number} {text}"),
        )
        (folder / "said.txt").write_text("\n".join([*said, f"failed: {failed}"]))

    return made_once("analyzed", fill)


def test_the_whole_analysis_of_a_small_study(analyzed):
    said = (analyzed / "said.txt").read_text()
    assert said.endswith("failed: []"), said
    for step in steps():
        for name in step.module.WRITES:
            assert (analyzed / "results" / name).exists()
    assert not [path for path in (analyzed / "results").rglob("*") if "part" == path.suffix[1:]]
    assert not list((analyzed / "results").rglob(".part*"))


def test_a_second_run_does_nothing(analyzed, study):
    said = []
    run_steps(
        steps(),
        study,
        analyzed / "results",
        force=False,
        say=lambda step, text: said.append(text),
    )
    assert set(said) == {"up to date"}


def test_only_what_depends_runs_again(analyzed, study, tmp_path):
    results = shutil.copytree(analyzed / "results", tmp_path / "results")
    (results / "cross_modal.csv").unlink()
    said = {}
    failed = run_steps(
        steps(),
        study,
        results,
        force=False,
        say=lambda step, text: said.update({step.number: text}),
    )
    assert failed == []
    assert {number for number, text in said.items() if text != "up to date"} == {"08"}
    assert (results / "cross_modal.csv").exists()
