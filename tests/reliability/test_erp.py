import numpy as np
import pandas as pd
import pytest

from mmme_neuro import erp_reliability
from mmme_neuro.reliability import component_reliability, reliability_over_time
from mmme_neuro.responses.measures import Measure, measure_curves

TIMES = np.arange(-0.5, 1.0, 0.02)


def events_of(rng, *, n_people=25, n_events=40, error_sd=3.0):
    people = np.repeat([f"p{k:02d}" for k in range(n_people)], n_events)
    kinds = np.tile(["macro", "micro"], n_people * n_events // 2)
    places = np.repeat(np.arange(n_people), n_events)
    size = rng.normal(5, 2, n_people)[places] + rng.normal(-2, 1, n_people)[places] * (
        kinds == "micro"
    )
    table = pd.DataFrame({"participant": people, "expression": kinds})
    return table.assign(late=size + error_sd * rng.normal(size=len(table)), size=size)


@pytest.fixture(scope="module")
def found():
    table = events_of(np.random.default_rng(1))
    table["noise"] = np.random.default_rng(2).normal(size=len(table))
    return erp_reliability(
        table,
        ["late", "noise"],
        rng=3,
        n_splits=100,
        n_resamples=400,
        condition="expression",
        levels=("macro", "micro"),
    )


def test_tables_hold_every_response_and_condition(found):
    keys = ["response", "condition"]
    conditions = ["macro", "micro", "micro - macro"]
    for table, n_each in (
        (found.coefficients, 2),
        (found.trials_needed, 2),
        (found.by_trials, 60),
        (found.measurement, 1),
    ):
        counts = table.groupby(keys, sort=False).size()
        assert counts.index.tolist() == [(r, c) for r in ("late", "noise") for c in conditions]
        assert (counts == n_each).all()
    assert found.left_out.empty
    assert (found.coefficients["n_participants"] == 25).all()
    assert repr(found) == "<ErpReliability | 2 responses: late, noise>"


def test_amplitude_is_reliable_its_difference_less_and_noise_not(found):
    wide = found.coefficients.set_index(["response", "condition", "coefficient"])["estimate"]
    for kind in ("split_half", "dependability"):
        late = wide.xs(kind, level="coefficient")["late"]
        assert late["macro"] == pytest.approx(4 / (4 + 9 / 20), abs=0.1)
        assert late["micro - macro"] == pytest.approx(1 / (1 + 18 / 20), abs=0.25)
        assert late["micro - macro"] < late["macro"]
        assert (wide.xs(kind, level="coefficient")["noise"] < 0.6).all()
    of_noise = found.coefficients.query("response == 'noise' and coefficient == 'dependability'")
    assert (of_noise["ci_low"] < 0.05).all()


def test_numbers_needed_agree_with_the_curve(found):
    late = found.trials_needed.query("response == 'late' and condition == 'macro'")
    curve = found.by_trials.query("response == 'late' and condition == 'macro'")
    curve = curve.set_index("n_trials")["dependability"]
    for target, n in late[["target", "n_trials"]].to_numpy():
        assert curve[n] >= target > curve.get(n - 1, 0)
    assert curve.is_monotonic_increasing


def test_measurement_error_is_that_of_the_participants(found):
    table = events_of(np.random.default_rng(1))
    by_person = table[table["expression"] == "macro"].groupby("participant")["late"]
    row = found.measurement.query("response == 'late' and condition == 'macro'").iloc[0]
    assert row["rms_sme"] == pytest.approx(np.sqrt((by_person.sem() ** 2).mean()))
    assert row["sd_participants"] == pytest.approx(by_person.mean().std())
    estimate = found.coefficients.query(
        "response == 'late' and condition == 'macro' and coefficient == 'dependability'"
    )["estimate"].item()
    assert row["share_of_error"] == pytest.approx(1 - estimate)


def test_participants_with_too_few_events_are_listed():
    table = events_of(np.random.default_rng(4), n_people=6, n_events=10)
    is_gone = (table["participant"] == "p02") & (table["expression"] == "micro")
    table.loc[is_gone.to_numpy().nonzero()[0][:3], "late"] = np.nan
    found = erp_reliability(
        table,
        "late",
        rng=1,
        n_splits=20,
        n_resamples=100,
        condition="expression",
        levels=("macro", "micro"),
    )
    assert found.left_out["participant"].tolist() == ["p02", "p02"]
    assert found.left_out["condition"].tolist() == ["micro", "micro - macro"]
    n = found.coefficients.drop_duplicates("condition").set_index("condition")["n_participants"]
    assert n.to_dict() == {"macro": 6, "micro": 5, "micro - macro": 5}


@pytest.mark.parametrize("n_people", [1, 2])
def test_one_or_two_participants_give_no_number_but_a_reason(n_people):
    table = events_of(np.random.default_rng(4), n_people=n_people, n_events=10)
    found = erp_reliability(table, "late", rng=1, condition="expression", levels=("macro", "micro"))
    assert found.coefficients["estimate"].isna().all()
    assert (found.coefficients["reason"].str.contains(f"{n_people} participants have")).all()
    assert found.trials_needed["n_trials"].isna().all()


def test_one_event_each_and_constant_responses():
    table = events_of(np.random.default_rng(4), n_people=8, n_events=2)
    found = erp_reliability(table, "late", rng=1, condition="expression", levels=("macro", "micro"))
    assert (found.coefficients["reason"].str.startswith("0 participants")).all()
    assert len(found.left_out) == 8 * 3
    table = events_of(np.random.default_rng(4), n_people=8, n_events=10).assign(late=1.0)
    found = erp_reliability(table, "late", rng=1, condition="expression", levels=("macro", "micro"))
    assert found.coefficients["estimate"].isna().all()
    assert (found.coefficients["reason"] != "").all()


def test_errors():
    table = events_of(np.random.default_rng(4), n_people=4, n_events=8)
    with pytest.raises(ValueError, match=r"table lacks the columns \['early'\]"):
        erp_reliability(table, "early", rng=1, condition="expression", levels=("macro", "micro"))
    with pytest.raises(ValueError, match=r"responses must hold numbers; \['expression'\]"):
        erp_reliability(
            table, ["late", "expression"], rng=1, condition="expression", levels=("macro", "micro")
        )
    with pytest.raises(ValueError, match="levels must be conditions"):
        erp_reliability(table, "late", rng=1, levels=["macro", "control"], condition="expression")
    with pytest.raises(ValueError, match="max_trials must be 1 or more"):
        erp_reliability(
            table, "late", rng=1, max_trials=0, condition="expression", levels=("macro", "micro")
        )


def curves_of(table, rng):
    """A late bump of the events' size, at a time that is the participant's own."""
    people = table["participant"].str[1:].astype(int).to_numpy()
    at = np.linspace(0.3, 0.6, people.max() + 1)[people]
    bump = np.exp(-(((TIMES - at[:, None]) / 0.15) ** 2))
    return table["size"].to_numpy()[:, None] * bump + rng.normal(size=(len(table), len(TIMES)))


def test_latency_of_averages():
    rng = np.random.default_rng(5)
    table = events_of(rng, n_events=24)
    # An average near zero has no latency to speak of.
    table["size"] += 12
    late = Measure(
        name="late", roi="parietal", window=(0.1, 0.9), baseline=None, statistic="area_latency"
    )
    found = component_reliability(
        curves_of(table, rng), table["participant"], table["expression"],
        {"latency": lambda averages: measure_curves(averages, TIMES, late)}, rng=1, n_splits=20,
        n_resamples=200, levels=("macro", "micro")
    )  # fmt: skip
    latency = found.set_index("condition")
    assert latency.loc["macro", "estimate"] > 0.9
    # Both conditions have the participant's latency, so their difference is noise.
    assert latency.loc["micro - macro", "estimate"] < 0.6
    assert found["coefficient"].eq("split_half").all()


def test_curve_is_reliable_where_there_is_a_response():
    rng = np.random.default_rng(6)
    table = events_of(rng, n_people=20, n_events=20)
    curves = curves_of(table, rng)
    people, kinds = table["participant"], table["expression"]
    found = reliability_over_time(
        curves, TIMES, people, kinds, rng=1, levels=["macro"], width=0.1, n_resamples=100
    )
    assert len(found) == 15
    np.testing.assert_allclose(found["time"][:2], [-0.46, -0.36])
    before, during = found["time"] < -0.1, found["time"].between(0.35, 0.55)
    assert found.loc[during, "estimate"].min() > 0.85
    assert found.loc[before, "estimate"].max() < 0.7
    # The same as that of the amplitude in the window.
    inside = (TIMES > 0.395) & (TIMES < 0.495)
    table["window"] = curves[:, inside].mean(axis=1)
    one = erp_reliability(
        table,
        "window",
        rng=1,
        levels=["macro"],
        n_splits=10,
        n_resamples=100,
        condition="expression",
    )
    at = found["time"].sub(0.44).abs().idxmin()
    assert found.loc[at, "estimate"] == pytest.approx(one.coefficients["estimate"][1])


def test_errors_of_curves():
    curves, people = np.zeros((6, 5)), list("aaabbb")
    with pytest.raises(ValueError, match=r"curves must be \(n_events, n_times\), got shape \(6,\)"):
        reliability_over_time(
            curves[:, 0], np.arange(5), people, ["x"] * 6, rng=1, levels=("macro", "micro")
        )
    with pytest.raises(ValueError, match="times must have 5 entries, as curves; got 4"):
        reliability_over_time(
            curves, np.arange(4), people, ["x"] * 6, rng=1, levels=("macro", "micro")
        )
    with pytest.raises(ValueError, match="width must be one sample or more"):
        reliability_over_time(
            curves, np.arange(5), people, ["x"] * 6, rng=1, width=9.0, levels=("macro", "micro")
        )
