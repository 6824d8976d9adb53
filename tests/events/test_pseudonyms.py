import pandas as pd
import pytest

from mmme_neuro.events.describe import describe_events
from mmme_neuro.events.pseudonyms import pseudonymous, pseudonyms


def test_numbers_follow_the_order_of_names():
    assert pseudonyms(["c", "a", "c"], ["b", "a"]) == {"a": "P01", "c": "P02", "b": "P03"}
    assert pseudonyms([f"s{number:03d}" for number in range(120)])["s119"] == "P120"


def test_numbers_agree_with_those_of_the_description():
    events = pd.DataFrame({"participant": ["zoe", "bo", "bo"], "expression": "micro"})
    events = events.assign(
        emotion="fear", valence="negative", action_units="AU1", duration=0.3, rise=0.1,
        censored=False, clip=["x", "y", "z"],
    )  # fmt: skip
    counts = describe_events(events).participants.set_index("participant")["n"]
    numbers = pseudonyms(events["participant"], ["ann"])
    assert counts[numbers["bo"]] == 2
    assert counts[numbers["zoe"]] == 1
    assert numbers["ann"] not in counts


def test_unknown_participant_is_refused():
    with pytest.raises(ValueError, match="x"):
        pseudonymous(pd.DataFrame({"participant": ["x"]}), {"a": "P01"})
