import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.events.ids import check_unique, event_index, row_ids, with_event_ids


def test_ids_are_made_of_rows():
    assert row_ids([2, 944, 12345]) == ["e0002", "e0944", "e12345"]
    assert row_ids([3], "07") == ["e0003-07"]


def test_a_table_without_ids_is_counted_and_stays_as_it_was():
    events = pd.DataFrame({"onset": [5.0, 5.0]}, index=[9, 9])
    found = with_event_ids(events)
    assert found["event"].tolist() == ["e0001", "e0002"] and "event" not in events
    assert found.index.tolist() == [9, 9]


def test_participants_are_told_apart_without_their_names():
    events = pd.DataFrame({"onset": [1.0]})
    ids = [with_event_ids(events, name)["event"].item() for name in ("marlene", "zoe", "marlene")]
    assert ids[0] == ids[2] != ids[1]
    assert all(one.startswith("e0001-") and "arlene" not in one for one in ids)


def test_given_ids_stay_and_are_texts():
    events = pd.DataFrame({"event": ["x", "y"], "onset": [1.0, 2.0]})
    assert with_event_ids(events, "someone") is events
    assert with_event_ids(events.assign(event=[7, 8]))["event"].tolist() == ["7", "8"]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["a", None], "1 of 2 rows have no id in column 'event'"),
        (["a", ""], "1 of 2 rows have no id in column 'event'"),
        (["a", "a"], r"ids must be unique in a study, but \['a'\]"),
    ],
)
def test_missing_and_shared_ids_are_refused(ids, message):
    with pytest.raises(ValueError, match=message):
        with_event_ids(pd.DataFrame({"event": ids, "onset": [1.0, 2.0]}))


def test_unique_ids_pass():
    check_unique(pd.Series(["a", "b"]))


def epochs_with(metadata):
    info = mne.create_info(["CZ"], 10.0, "eeg")
    data = np.zeros((3, 1, 5))
    return mne.EpochsArray(data, info, metadata=metadata, verbose="error")


def test_epochs_are_named_by_their_events_whatever_mne_counts():
    epochs = epochs_with(pd.DataFrame({"event": ["a", "b", "c"]}))
    assert event_index(epochs[[2, 0]]).tolist() == ["c", "a"]
    assert event_index(epochs).name == "event"


def test_epochs_without_ids_keep_their_own_index():
    assert event_index(epochs_with(None)).tolist() == [0, 1, 2]
    kinds = epochs_with(pd.DataFrame({"event": ["face", "face", "rest"]}))
    assert event_index(kinds).tolist() == [0, 1, 2]
