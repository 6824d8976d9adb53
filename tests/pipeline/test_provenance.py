from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from mmme_neuro.pipeline import preprocess
from mmme_neuro.pipeline.provenance import (
    DERIVING,
    Provenance,
    file_digest,
    input_digests,
    options_used,
    read_provenance,
    software,
    stale_because,
)

PLAN = Provenance("s", {"a.cdt": "1"}, {"reject_uv": 150.0}, {"mne": "1", "code": "c"}, {})


@pytest.fixture
def finished(tmp_path):
    """Sidecar of a finished run, beside its one derivative."""
    (tmp_path / "s_x.csv").write_text("x")
    path = tmp_path / "s_provenance.json"
    replace(PLAN, outputs={"s_x.csv": file_digest(tmp_path / "s_x.csv")}).write(path)
    return path


def test_unchanged_is_up_to_date(finished):
    assert stale_because(PLAN, finished) == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": {"a.cdt": "2"}}, "inputs changed: a.cdt differs"),
        ({"inputs": {"a.cdt": "1", "b": "1"}}, "inputs changed: b is new"),
        ({"inputs": {}}, "inputs changed: a.cdt is gone"),
        ({"options": {"reject_uv": 100.0}}, "options changed: reject_uv 150.0 -> 100.0"),
        ({"versions": {"mne": "2", "code": "c"}}, "versions changed: mne 1 -> 2"),
        ({"versions": {"mne": "1", "code": "d"}}, "versions changed: code differs"),
    ],
)
def test_every_change_is_named(finished, change, message):
    assert stale_because(replace(PLAN, **change), finished) == message


def test_lost_changed_and_half_written_derivatives_are_seen(finished):
    derivative = finished.parent / "s_x.csv"
    derivative.write_text("y")
    assert stale_because(PLAN, finished) == "s_x.csv was changed"
    derivative.unlink()
    assert stale_because(PLAN, finished) == "s_x.csv is missing"
    finished.write_text(finished.read_text()[:40])
    assert read_provenance(finished) is None
    assert stale_because(PLAN, finished) == "no complete earlier run"


def test_digests_are_of_content(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"1")
    table = pd.DataFrame({"x": [1.0]})
    found = input_digests([tmp_path / "a", tmp_path / "b"], {"rows": table})
    assert found["a"] == found["b"] != found["rows"]
    assert found["rows"] != input_digests([], {"rows": table + 1})["rows"]


def test_sidecar_holds_no_folder_and_no_time(finished):
    text = finished.read_text()
    assert str(finished.parent) not in text and "20" not in text.replace("150", "")


def test_software_names_code_and_packages():
    found = software(Path(preprocess.__file__))
    assert len(found["code"]) == 16 and found["mne"][0].isdigit()
    assert set(found) == {"code", *DERIVING}


def test_options_that_a_run_used_are_read_from_the_sidecars(finished):
    other = finished.parent / "t_provenance.json"
    replace(PLAN, participant="t").write(other)
    assert options_used(finished.parent, ["s", "t"]) == {"s": PLAN.options, "t": PLAN.options}
    replace(PLAN, options={"reject_uv": 9.0}).write(other)
    with pytest.raises(ValueError, match="s and t .* different options \\['reject_uv'\\]"):
        options_used(finished.parent, ["s", "t"])
    with pytest.raises(ValueError, match="u has no sidecar"):
        options_used(finished.parent, ["u"])
