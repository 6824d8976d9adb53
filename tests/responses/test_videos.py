import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.responses import video_responses

SFREQ = 10.0


def recording(n_seconds=200):
    """Skin conductance that is 2 uS higher while the first video runs."""
    times = np.arange(0, n_seconds, 1 / SFREQ)
    eda = 5e-6 + 2e-6 * ((times >= 20) & (times < 60))
    raw = mne.io.RawArray(
        np.stack([eda, 70 + 0 * times]), mne.create_info(["eda", "heart_rate"], SFREQ, "misc"),
        verbose="error",
    )  # fmt: skip
    marks = [("onset", 101, 20.0), ("offset", 101, 60.0), ("onset", 102, 100.0),
             ("offset", 102, 150.0), ("onset", 103, 180.0)]  # fmt: skip
    events = pd.DataFrame(marks, columns=["event_type", "code", "onset"])
    events["event_type"] = "stimulus_" + events["event_type"]
    return raw, events


def test_change_over_the_video_in_the_fields_units():
    found = video_responses(*recording())
    eda = found[found["channel"] == "eda"].set_index("stimulus")
    assert eda["value"].round(9).to_dict() == {"101": 2.0, "102": 0.0}  # 103 has no end
    assert eda["seconds"].tolist() == [40, 50]
    assert eda["unit"].tolist() == ["uS", "uS"]
    assert (found.loc[found["channel"] == "heart_rate", "value"] == 0).all()


def test_only_the_first_showing_and_other_events_do_not_count():
    raw, events = recording()
    more = pd.DataFrame({"event_type": ["event", "stimulus_onset", "stimulus_offset"],
                         "code": [101, 101, 101], "onset": [30.0, 155.0, 175.0]})  # fmt: skip
    again = video_responses(raw, pd.concat([events, more]))
    pd.testing.assert_frame_equal(again, video_responses(raw, events))


def test_missing_samples():
    raw, events = recording()
    raw._data[0, 200:420] = np.nan  # 22 of 40 s of the first video
    raw._data[1, 960:1000] = np.nan  # 4 of 5 s before the second
    found = video_responses(raw, events).set_index(["stimulus", "channel"])["value"]
    assert np.isnan(found["101", "eda"]) and np.isnan(found["102", "heart_rate"])
    assert found["102", "eda"] == pytest.approx(0)
    lenient = video_responses(raw, events, min_present=0.1).set_index(["stimulus", "channel"])
    assert lenient.loc[("101", "eda"), "value"] == pytest.approx(2)


def test_video_at_the_start_has_no_baseline():
    raw, events = recording()
    found = video_responses(raw, events.assign(onset=events["onset"] - 20))
    assert found.loc[found["stimulus"] == "101", "value"].isna().all()


def test_errors():
    raw, events = recording()
    with pytest.raises(ValueError, match=r"events lack the columns \['event_type'\]"):
        video_responses(raw, events.drop(columns="event_type"))
    with pytest.raises(ValueError, match="physio has none of"):
        video_responses(raw, events, channels={"skt": ("deg C", 1.0)})
    with pytest.raises(ValueError, match="baseline must be longer than 0 s"):
        video_responses(raw, events, baseline=0)
