import importlib
import json
import re
import shutil
import sys

import pandas as pd
import pytest
from typer.testing import CliRunner

from figures.gallery import draw_figures, scripts
from mmme_neuro.errors import MissingExtra
from paper.build import FOLDER, MAIN_FIGURES, build_paper
from tests.figures.conftest import FAILED, PEOPLE

typst = pytest.importorskip("typst", reason="the manuscript needs typst (the extra 'paper')")
pypdf = pytest.importorskip("pypdf", reason="pypdf reads the manuscript's text in the tests")

step = importlib.import_module("analyses.17_numbers")
TITLE = "Faces, brain & <body>"


def flat(text):
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def pages(path):
    return [flat(page.extract_text()) for page in pypdf.PdfReader(path).pages]


def copied(results, folder):
    """Results without the large epochs, with numbers as the step writes them."""
    shutil.copytree(results, folder, ignore=shutil.ignore_patterns("epochs"))
    return folder


@pytest.fixture(scope="module")
def numbered(results, tmp_path_factory):
    folder = copied(results, tmp_path_factory.mktemp("paper") / "results")
    step.main(folder, folder)
    return folder


@pytest.fixture(scope="module")
def pictures(results, tmp_path_factory):
    """Two real figures; one of them stands for the other main figures."""
    out = tmp_path_factory.mktemp("paper_figures")
    chosen = [s for s in scripts() if s.name in ("fig7_mixed_models", "figS_recovery")]
    draw_figures(chosen, results, out, say=lambda *_: None, formats=["pdf"])
    for name in set(MAIN_FIGURES) - {"fig7_mixed_models"}:
        shutil.copyfile(out / "fig7_mixed_models.pdf", out / f"{name}.pdf")
    return out


@pytest.fixture(scope="module")
def paper(numbered, pictures, tmp_path_factory):
    out = tmp_path_factory.mktemp("paper_out") / "deep" / "paper.pdf"
    return build_paper(numbered, pictures, out, title=TITLE, authors=["A. Author"])


@pytest.fixture(scope="module")
def numbers(numbered):
    return json.loads((numbered / "numbers.json").read_text(encoding="utf-8"))


def test_first_page_says_that_data_are_simulated(paper):
    found = pages(paper)
    assert 8 <= len(found) <= 40
    assert TITLE in found[0] and "A. Author" in found[0]
    assert "The data are simulated." in found[0] and "1 of 2 intervals" in found[0]
    assert all("Simulated data" in page for page in found[1:])


def test_text_holds_the_numbers_of_the_tables(paper, numbered):
    text = " ".join(pages(paper))
    assert "−2.81 µV (95 % CI [−4.09, −1.52])" in text
    assert "0.279 (95 % CI [0.188, 0.365])" in text
    kept = pd.read_csv(numbered / "quality.csv")
    assert f"{kept['n_micro'].sum():.0f} facial micro-expressions" in text
    assert "Missed: Physio clock drift" in text
    for constant in ("150 µV", "ransac_share", "overlap_plans[0].measures[1]"):
        assert constant in text


def test_written_quantities_are_those_of_the_results(numbers, numbered):
    row = pd.read_csv(numbered / "models.csv").iloc[0]
    (contrast,) = numbers["models"]["contrasts"]
    found = [float(part) for part in re.findall(r"-?\d+\.?\d*", ascii_minus(contrast["text"]))]
    expected = [row["estimate"], 95, row["ci_low"], row["ci_high"], row["dof"], row["statistic"]]
    assert found[:6] == pytest.approx(expected, abs=0.05)
    detection = pd.read_csv(numbered / "agreement_detection.csv").iloc[0]
    (written, *_) = numbers["agreement"]["loosest"]["coefficients"]
    assert float(written["estimate"]) == pytest.approx(detection["f1"], abs=0.005)
    table = numbers["tables"]["models"]
    assert table["rows"][0][:3] == ["Premotor potential", "micro − macro", "µV"]
    assert len(table["header"]) == len(table["kinds"]) == len(table["rows"][0])


def ascii_minus(text):
    return text.replace("\N{MINUS SIGN}", "-")


def test_methods_and_every_constant_are_there(numbers, numbered):
    methods = json.loads((numbered / "methods.json").read_text(encoding="utf-8"))
    assert {part["heading"] for part in numbers["methods"]} >= {"EEG", "Statistics", "Clocks"}
    names = {row[1] for row in numbers["tables"]["parameters"]["rows"]}
    for owner in ("study", "used", "methods"):
        for key in methods[owner]:
            assert any(name.split(".")[0].split("[")[0] == key for name in names), key


def test_same_results_give_the_same_bytes(paper, numbered, pictures, tmp_path):
    again = tmp_path / "again.pdf"
    build_paper(numbered, pictures, again, title=TITLE, authors=["A. Author"])
    assert again.read_bytes() == paper.read_bytes()
    assert list(tmp_path.iterdir()) == [again]


def test_names_of_participants_are_nowhere(paper, numbered):
    text = " ".join(pages(paper)) + (numbered / "numbers.json").read_text(encoding="utf-8")
    for name in (*PEOPLE, FAILED, "secret"):
        assert name not in text


def test_real_study_without_ratings(results, pictures, tmp_path):
    folder = copied(results, tmp_path / "results")
    for name in ("recovery", "icc", "coupling_test", "erp_jackknife", "excluded"):
        pd.read_csv(folder / f"{name}.csv").head(0).to_csv(folder / f"{name}.csv", index=False)
    overlap = pd.read_csv(folder / "overlap.csv").drop(columns=["truth", "bias_expected"])
    overlap.assign(truth=float("nan"), covered=float("nan")).to_csv(
        folder / "overlap.csv", index=False
    )
    for path in folder.glob("agreement_*.csv"):
        path.write_text("criterion\n")
    (folder / "agreement_summary.csv").write_text("criterion,reason\n,the sheet holds one pass\n")
    (folder / "action_units.csv").write_text("action_unit,region\n")
    step.main(folder, folder)
    few = tmp_path / "figures"
    shutil.copytree(pictures, few)
    (few / "figS_recovery.pdf").unlink()
    text = " ".join(pages(build_paper(folder, few, tmp_path / "a.pdf", title=TITLE)))
    assert "imulated" not in text
    assert "restricted to those whom the dataset" in text
    assert "Reliability of the ratings" not in text
    assert "Recovery of what was put in" not in text
    assert "Not drawn" in text and "figS_recovery" in text
    assert "not compared in coupling" in text
    assert "The coders were not compared: the sheet holds one pass." in text
    assert "Action units of the coded events" not in text


def test_study_that_allows_few_estimates(results, pictures, tmp_path):
    folder = copied(results, tmp_path / "results")
    for name in ("models", "variance_components"):
        (folder / f"{name}.csv").write_text("response\n")
    note = {"response": "premotor", "formula": "premotor ~ x", "warnings": "too few events"}
    pd.DataFrame([note]).to_csv(folder / "model_notes.csv", index=False)
    for name in ("erp_jackknife", "coupling_test", "physio_quality", "clocks", "muscle_balance"):
        head = pd.read_csv(folder / f"{name}.csv").head(0)
        head.to_csv(folder / f"{name}.csv", index=False)
    (folder / "erp_jackknife.csv").write_text("\n")
    (folder / "coupling_test.csv").write_text("\n")
    step.main(folder, folder)
    text = " ".join(pages(build_paper(folder, pictures, tmp_path / "a.pdf", title=TITLE)))
    assert "No model could be fitted." in text and "too few events" in text
    assert "Too few participants have both expressions" in text
    assert "not aligned" in text
    assert "nan" not in text.split("References")[0].lower().split()


def test_prose_holds_no_number():
    text = (FOLDER / "manuscript.typ").read_text(encoding="utf-8")
    text = re.sub(r"//.*", "", text)
    for code in (r'"[^"\n]*"', r"`[^`]*`", r"@[\w-]+", r"<tab-[\w-]+>", r"\bBSD\b"):
        text = re.sub(code, "", text)
    # What is left of code: sizes, levels and comparisons with an empty list.
    text = re.sub(r"[\d.]+pt\b|level: \d|len\(\) > 0|NeuroKit2", "", text)
    assert re.findall(r".{0,20}\d.{0,20}", text) == []


def test_every_reference_is_cited_and_none_is_without_source():
    entries = (FOLDER / "references.bib").read_text(encoding="utf-8").strip().splitlines()
    keys = [re.match(r"@\w+\{([\w]+),", line).group(1) for line in entries]
    cited = set(re.findall(r"@([a-z]+\d{4})\b", (FOLDER / "manuscript.typ").read_text("utf-8")))
    assert set(keys) == cited and len(keys) == len(set(keys))
    for line in entries:
        assert "year={" in line and "title={" in line
        assert any(part in line for part in ("doi={", "pages={", "url={"))


def test_missing_results_and_figures_are_named(numbered, pictures, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    out = tmp_path / "paper.pdf"
    with pytest.raises(FileNotFoundError, match="numbers.json: not in .*python -m analyses"):
        build_paper(empty, pictures, out, title=TITLE)
    with pytest.raises(FileNotFoundError, match="fig3_erp.*not in .*python -m figures"):
        build_paper(numbered, empty, out, title=TITLE)
    with pytest.raises(ValueError, match="must end in .pdf"):
        build_paper(numbered, pictures, tmp_path / "paper.txt", title=TITLE)
    assert not out.exists()


def test_step_names_the_result_it_lacks(results, tmp_path):
    folder = copied(results, tmp_path / "results")
    (folder / "cross_modal.csv").unlink()
    (folder / "methods.json").unlink()
    with pytest.raises(FileNotFoundError, match="cross_modal.csv, methods.json: not in"):
        step.main(folder, folder)
    assert not (folder / "numbers.json").exists()


def test_without_typst_the_error_says_what_to_install(numbered, pictures, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(MissingExtra, match=r"mmme_neuro\[paper\]"):
        build_paper(numbered, pictures, tmp_path / "a.pdf", title=TITLE)


def test_command_line(numbered, pictures, tmp_path):
    command = importlib.import_module("paper.__main__")
    app = command.typer.Typer()
    app.command()(command.main)
    out = tmp_path / "paper.pdf"
    given = ["--results", str(numbered), "--figures", str(pictures), "--out", str(out)]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 0 and out.read_bytes().startswith(b"%PDF")
    failed = CliRunner().invoke(app, ["--results", str(tmp_path), *given[2:]])
    assert failed.exit_code == 2 and "numbers.json" in failed.output
