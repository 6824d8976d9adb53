"""The benchmark measures what it starts; the numbers themselves are not tested."""

import pandas as pd
import pytest

from benchmarks import participant


def test_a_command_is_timed_with_its_memory():
    seconds, peak = participant.measured(["simulate", "--help"])
    assert 0 < seconds < 60
    assert 0.005 < peak < 2


def test_a_failing_command_is_an_error(tmp_path):
    with pytest.raises(RuntimeError, match="ended with status"):
        participant.measured(["check", str(tmp_path / "nowhere")])


def test_the_page_holds_the_runs(tmp_path, monkeypatch):
    (tmp_path / "calibration").mkdir()
    (tmp_path / "study").mkdir()
    monkeypatch.setattr(participant, "DOCS", tmp_path)
    table = pd.DataFrame([{"run": 1, "seconds": 60.04, "peak_gb": 3.456}])
    participant.write_page(table, tmp_path / "study", 1)
    assert "| 1 | 60.0 | 3.46 |" in (tmp_path / "participant.md").read_text(encoding="utf-8")
