"""Choices of the study: each window stands once, and every plan has it from there."""

import importlib
import json
import types
from pathlib import Path

import pytest

from analyses import study
from mmme_neuro.report.methods import methods_text
from mmme_neuro.responses import AUTONOMIC_MEASURES
from mmme_neuro.simulate.estimands import MEASURES as SIMULATED
from tests.report.test_methods import used_of

SOURCE = Path(study.__file__).read_text(encoding="utf-8")


def changed(old, new):
    """The study's choices with one span of the file changed."""
    assert SOURCE.count(old) == 1, f"{old} stands {SOURCE.count(old)} times in analyses/study.py"
    module = types.ModuleType("changed")
    exec(compile(SOURCE.replace(old, new), "study.py", "exec"), vars(module))
    return module


def windows_of(choices, name, *, statistic="mean"):
    """Every window of a measure in the plans and lists of a study, by where it was found."""
    lists = {
        "single events": choices.MEASURES.values(),
        "components": choices.ERP_COMPONENTS,
        "jitter": choices.JITTER_MEASURES,
        "overlap": [one for plan in choices.OVERLAP_PLANS for one in plan.measures],
        "truth": choices.TRUE_MEASURES,
    }
    return {
        place: one.window
        for place, measures in lists.items()
        for one in measures
        if one.name == name and one.statistic == statistic
    }


def test_one_change_of_the_late_positivity_reaches_every_plan():
    places = windows_of(study, "late_positivity")
    assert set(places) == {"single events", "components", "jitter", "overlap", "truth"}
    earlier = changed("window=(0.25, 0.55)", "window=(0.20, 0.50)")
    assert set(places.values()) == {(0.25, 0.55)}
    assert windows_of(earlier, "late_positivity") == dict.fromkeys(places, (0.20, 0.50))
    assert windows_of(earlier, "premotor") == windows_of(study, "premotor")


def test_one_change_of_the_power_window_reaches_every_plan():
    later = changed("window=(0.2, 1.2)", "window=(0.3, 1.0)")
    found = windows_of(later, "alpha_power")
    assert found == dict.fromkeys(["single events", "overlap", "truth"], (0.3, 1.0))
    assert {one.window for one in later.POWER_MEASURES} == {(0.3, 1.0)}


@pytest.mark.parametrize(
    ("old", "place", "name"),
    [
        ("ERP_BASELINE_S = (-1.5, -1.0)", "overlap", "premotor"),
        ("TFR_BASELINE_S = (-1.25, -0.75)", "overlap", "alpha_power"),
        ("PHYSIO_BASELINE_S = (-1.0, 0.0)", "overlap", "scr"),
    ],
)
def test_one_change_of_a_baseline_reaches_the_measures(old, place, name):
    constant = old.partition(" ")[0]
    other = changed(old, f"{constant} = (-0.9, -0.8)")
    overlap = {one.name: one for plan in other.OVERLAP_PLANS for one in plan.measures}
    assert overlap[name].baseline == (-0.9, -0.8)
    own = {"scr": "scr_us"}.get(name, name)
    assert other.MEASURES[own].baseline == (-0.9, -0.8)


def test_deconvolution_measures_the_body_as_single_events_do():
    for name, column in (
        ("scr", "scr_us"),
        ("heart_rate", "heart_rate_bpm"),
        ("temperature", "skt_celsius"),
    ):
        assert windows_of(study, name)["overlap"] == AUTONOMIC_MEASURES[column].window
        assert windows_of(study, column)["single events"] == AUTONOMIC_MEASURES[column].window


def test_names_are_given_once():
    names = [one.name for one in (*study.ERP_MEASURES, *study.POWER_MEASURES)]
    names += [one.name for one in study.PHYSIO_MEASURES]
    assert len(set(names)) == len(names) == len(study.MEASURES)
    assert set(study.RESPONSES) <= set(study.MEASURES)


def test_a_simulated_study_knows_the_truth_of_the_measures_as_they_are():
    for measure in study.TRUE_MEASURES:
        foreseen = SIMULATED[measure.name]
        for part in ("window", "baseline", "roi", "signal", "unit"):
            assert getattr(measure, part) == getattr(foreseen, part), (measure.name, part)


def test_the_methods_text_tells_the_changed_window(tmp_path, monkeypatch):
    step = importlib.import_module("analyses.12_methods")
    (tmp_path / "used.json").write_text(json.dumps(used_of(study.PREPROCESSING)))

    def text(choices):
        monkeypatch.setattr(step, "choices", choices)
        step.main(tmp_path, tmp_path)
        return methods_text(json.loads((tmp_path / "methods.json").read_text(encoding="utf-8")))

    earlier = changed("window=(0.25, 0.55)", "window=(0.20, 0.50)")
    before, after = text(study), text(earlier)
    section = "Event-related potentials"
    assert "0.25 to 0.55 s" in before[section] and "0.2 to 0.5 s" in after[section]
    assert {name for name in before if before[name] != after[name]} == {section}
