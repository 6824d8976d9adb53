import pandas as pd
import pytest

from mmme_neuro.report.results import Results


@pytest.fixture
def results(tmp_path):
    pd.DataFrame({"participant": ["sub01", "sub02"]}).to_csv(tmp_path / "events.csv", index=False)
    pd.DataFrame(
        {"participant": ["sub01", "sub03"], "reason": ["", "/a/b/sub03/x.cdt: gone"]}
    ).to_csv(tmp_path / "participants.csv", index=False)
    return Results(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("/home/me/study/sub01/Acquisition 01.cdt: no triggers", "Acquisition 01.cdt: no triggers"),
        (r"C:\data\sub02\x.mat: 3/5 lines", "x.mat: 3/5 lines"),
        ("sub01_101: outside", "P01_101: outside"),
        ("sub011 is another; sub03 failed", "sub011 is another; P03 failed"),
        ("angry_1_146_sub02_20230714.avi", "angry_1_146_P02_(date).avi"),
        ("recorded 2023-07-14 at 150 fps", "recorded (date) at 150 fps"),
        ("(1 + x | participant) / 2 = 20260 uV", "(1 + x | participant) / 2 = 20260 uV"),
    ],
)  # fmt: skip
def test_names_folders_and_dates_are_taken_out(results, text, plain):
    assert results.plain(text) == plain


def test_tables_are_read_without_names(results):
    table = results.table("participants")
    assert table["participant"].tolist() == ["P01", "P03"]
    assert table["reason"].tolist() == ["", "x.cdt: gone"]


def test_absent_figure_is_named(results):
    assert "fig9_none was not drawn" in results.figure("fig9_none")


def test_only_a_study_with_truth_is_simulated(results, tmp_path):
    assert not results.is_simulated
    pd.DataFrame(columns=["quantity"]).to_csv(tmp_path / "recovery.csv", index=False)
    assert not results.is_simulated
    pd.DataFrame({"quantity": ["x"]}).to_csv(tmp_path / "recovery.csv", index=False)
    assert results.is_simulated
