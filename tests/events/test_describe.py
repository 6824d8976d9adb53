import numpy as np
import pytest

from mmme_neuro.events.describe import describe_events
from mmme_neuro.events.sheet import read_events
from tests.events.made_up_sheet import made_up_sheet


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    return made_up_sheet(tmp_path_factory.mktemp("sheet"))


@pytest.fixture(scope="module")
def events(sheet):
    return read_events(sheet, merge="union")


def test_counts_equal_a_plain_count(events):
    description = describe_events(events)
    for table, column in ((description.emotions, "emotion"), (description.valence, "valence")):
        for row in table.itertuples():
            chosen = (events[column] == getattr(row, column)) & (
                events["expression"] == row.expression
            )
            assert row.n == chosen.sum()
        shares = table.groupby("expression")["share"].sum()
        np.testing.assert_allclose(shares, 1)
    assert description.expressions["n"].sum() == len(events) == len(description.times)
    assert description.participants["n"].sum() == len(events)
    assert list(description.expressions["expression"])[:2] == ["macro", "micro"]


def test_action_units_count_each_unit_of_an_event(events):
    units = describe_events(events).action_units.set_index(["action_unit", "expression"])
    micro = events[events["expression"] == "micro"]["action_units"]
    n_with_au4 = micro.str.split(",").map(lambda names: "AU4" in names).sum()
    assert units.loc[("AU4", "micro"), "n"] == n_with_au4
    assert units.loc[("AU4", "micro"), "share"] == pytest.approx(n_with_au4 / len(micro))
    order = list(dict.fromkeys(units.index.get_level_values(0)))
    assert order == ["AU1", "AU2", "AU4", "AU12"]


def test_durations_in_milliseconds(events):
    durations = describe_events(events).durations.set_index(["expression", "measure"])
    micro = events[events["expression"] == "micro"]
    row = durations.loc[("micro", "duration")]
    assert row["mean_ms"] == pytest.approx(1000 * micro["duration"].mean())
    assert row["sd_ms"] == pytest.approx(1000 * np.std(micro["duration"], ddof=1))
    coded = durations.loc[("micro", "duration_coded")]
    assert coded["n"] == (~micro["censored"]).sum()
    assert durations.loc[("micro", "rise"), "median_ms"] == pytest.approx(200, abs=15)


def test_refuses_nothing(events):
    with pytest.raises(ValueError, match="at least one row"):
        describe_events(events.iloc[:0])
