import warnings
from dataclasses import replace

import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro import EventLocked, Recording, align_clocks, epoch
from mmme_neuro.clocks.fit import ClockFit
from mmme_neuro.epochs import concatenate, events_with_reasons

SFREQ = 100.0
N_SECONDS = 60.0
PHYSIO_SFREQ = 40.0


def ramp(n_seconds=N_SECONDS, sfreq=SFREQ, *, kind="eeg", scale=1e-6, first_samp=0):
    """A signal that is its own time in seconds (times scale), so that epochs tell when they are."""
    times = np.arange(int(n_seconds * sfreq)) / sfreq
    info = mne.create_info(["FZ", "PZ"], sfreq, kind)
    return mne.io.RawArray(
        scale * np.stack([times, -times]), info, first_samp=first_samp, verbose="error"
    )


def table_of(onsets, **columns):
    return pd.DataFrame({"onset": np.asarray(onsets, float), **columns})


@pytest.fixture
def recording():
    events = table_of(
        [10.0, 20.0, 30.0, 40.0],
        apex=[10.1, 20.2, np.nan, 40.4],
        offset=[10.5, np.nan, np.nan, 41.0],
        expression=["micro", "macro", "micro", "macro"],
        stimulus=["101", "101", "102", "102"],
    )
    return Recording(
        eeg=ramp(),
        physio=ramp(sfreq=PHYSIO_SFREQ, kind="misc", scale=1.0),
        events=events,
        clock=None,
    )


def seconds_at_zero(epochs, scale):
    """Time of the recording at time 0 of each epoch, read from the ramp."""
    return epochs.get_data(picks=[0])[:, 0, np.argmin(np.abs(epochs.times))] / scale


def assert_in_step(locked):
    assert_allclose = np.testing.assert_allclose
    landmark = locked.events[locked.lock].to_numpy()
    if locked.eeg is not None:
        assert_allclose(seconds_at_zero(locked.eeg, 1e-6), landmark, atol=0.5 / SFREQ + 1e-9)
        assert_same_table(locked.eeg.metadata, locked.events)
    if locked.physio is not None:
        assert_allclose(seconds_at_zero(locked.physio, 1), landmark, atol=0.5 / PHYSIO_SFREQ + 1e-9)
        assert_same_table(locked.physio.metadata, locked.events)


def assert_same_table(metadata, events):
    # MNE numbers metadata by the epochs' place before selection.
    numbered = events.reset_index(drop=True)
    pd.testing.assert_frame_equal(metadata.reset_index(drop=True), numbered)
    assert events.index.tolist() == numbered["event"].tolist()


def test_row_i_is_epoch_i_of_both_modalities(recording):
    locked = epoch(recording)
    assert len(locked) == 4 and isinstance(locked.eeg, mne.BaseEpochs)
    assert_in_step(locked)
    assert locked.eeg.tmin == -1.5 and locked.eeg.tmax == 2.0
    assert locked.physio.tmin == -2.0 and locked.physio.tmax == 10.0
    assert locked.eeg.baseline is None


def test_events_are_named_by_the_condition_that_the_caller_names(recording):
    locked = epoch(recording, condition="expression")
    assert locked.eeg.event_id == locked.physio.event_id == {"macro": 1, "micro": 2}
    assert locked.eeg["micro"].metadata["onset"].tolist() == [10.0, 30.0]
    assert locked.physio["micro"].metadata["onset"].tolist() == [10.0, 30.0]


@pytest.mark.parametrize("column", ["condition", "trial_type"])
def test_a_column_of_the_usual_name_needs_not_be_named(recording, column):
    events = recording.events.rename(columns={"stimulus": column})
    locked = epoch(replace(recording, events=events.assign(trial_type=events[column])))
    assert locked.eeg.event_id == {"101": 1, "102": 2}
    plain = recording.events.drop(columns="expression")
    assert epoch(replace(recording, events=plain)).eeg.event_id == {"event": 1}


def test_events_of_a_sheet_are_named_by_its_condition(recording):
    labels = ["sad", "happy", "sad", "disgust"][: len(recording.events)]
    events = recording.events.assign(expression=labels)
    locked = epoch(replace(recording, events=events))
    assert set(locked.eeg.event_id) == set(labels)
    assert set(locked.eeg["sad"].metadata["expression"]) == {"sad"}


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        (["sad", "happy", "sad", "disgust"], {"disgust": [3], "happy": [1], "sad": [0, 2]}),
        (["a/b", "a c", "a/b", "b"], {"a c": [1], "a/b": [0, 2]}),
        ([10, 9, 10, 2], {"2": [3], "9": [1], "10": [0, 2]}),
        ([1.5, 2.0, 2.0, np.nan], {"1.5": [0], "2": [1, 2], "missing": [3]}),
        ([True, False, False, True], {"False": [1, 2], "True": [0, 3]}),
        (["x", None, "", " "], {"x": [0], "missing": [1, 2, 3]}),
        (["face: sad; mild", "b", "b", "b"], {"b": [1, 2, 3], "face: sad, mild": [0]}),
        (
            pd.Categorical(["lo", "hi", None, "lo"], categories=["lo", "mid", "hi"]),
            {"lo": [0, 3], "hi": [1], "missing": [2]},
        ),
        (pd.array([1, None, 0, 1], dtype="Int64"), {"0": [2], "1": [0, 3], "missing": [1]}),
        (pd.array([True, None, False, False], dtype="boolean"), {"True": [0], "missing": [1]}),
        (pd.array(["b", None, "a", "a"], dtype="string"), {"a": [2, 3], "missing": [1]}),
    ],
)
def test_every_label_has_a_code_of_its_own_and_survives_a_file(recording, labels, named, tmp_path):
    mine = replace(recording, events=recording.events.assign(kind=labels))
    locked = epoch(mine, condition="kind")
    locked.eeg.save(tmp_path / "a-epo.fif", verbose="error")
    again = mne.read_epochs(tmp_path / "a-epo.fif", verbose="error")
    for epochs in (locked.eeg, again):
        assert set(epochs.event_id.values()) == set(range(1, len(epochs.event_id) + 1))
        for label, rows in named.items():
            assert np.flatnonzero(epochs.events[:, 2] == epochs.event_id[label]).tolist() == rows
    order = [name for name in locked.eeg.event_id if name in named]
    assert order == list(named)


def test_labels_of_several_columns_are_tags(recording):
    locked = epoch(recording, condition=["expression", "stimulus"])
    assert list(locked.eeg.event_id) == ["macro/101", "macro/102", "micro/101", "micro/102"]
    assert len(locked.eeg["micro"]) == 2 and len(locked.eeg["micro/102"]) == 1


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"kind": [1, "1", "b", "b"]}, "1"),
        ({"kind": ["missing", None, "b", "b"]}, "missing"),
        ({"kind": ["a/b", "a", "b", "b"], "other": ["c", "b/c", "c", "c"]}, "a/b/c"),
    ],
)
def test_labels_that_would_read_alike_are_refused(recording, columns, text):
    mine = replace(recording, events=recording.events.assign(**columns))
    with pytest.raises(ValueError, match=f"are both written '{text}'"):
        epoch(mine, condition=list(columns))


@pytest.mark.parametrize("condition", ["kind", ["expression", "kind"], []])
def test_a_condition_that_is_no_column_is_refused(recording, condition):
    with pytest.raises(ValueError, match="must name columns of the events"):
        epoch(recording, condition=condition)


def test_a_query_selects_in_both(recording):
    chosen = epoch(recording)["expression == 'micro' and onset > 15"]
    assert chosen.events["onset"].tolist() == [30.0]
    assert len(chosen.eeg) == len(chosen.physio) == 1
    assert_in_step(chosen)


def test_a_query_without_a_match_is_empty_in_both(recording):
    none = epoch(recording)["onset > 100"]
    assert len(none) == len(none.eeg) == len(none.physio) == 0


@pytest.mark.parametrize(("lock", "n_kept", "n_lost"), [("apex", 3, 1), ("offset", 2, 2)])
def test_other_landmarks(recording, lock, n_kept, n_lost):
    locked = epoch(recording, lock=lock)
    assert (len(locked), len(locked.excluded)) == (n_kept, n_lost)
    assert set(locked.excluded["exclusion_reason"]) == {f"{lock} not coded"}
    assert locked.lock == lock
    assert_in_step(locked)


@pytest.mark.parametrize("first_samp", [0, 5000])
def test_hand_made_raw_with_only_onsets(first_samp):
    raw = ramp(first_samp=first_samp)
    mine = Recording(eeg=raw, physio=None, events=table_of([5.0, 7.123]))
    locked = epoch(mine, eeg=(-0.5, 1.0))
    assert locked.physio is None and locked.eeg.event_id == {"event": 1}
    assert_in_step(locked)
    assert "apex" not in locked.events


def test_one_modality_only(recording):
    assert epoch(recording, physio=None).physio is None
    assert epoch(recording, eeg=None).eeg is None
    with pytest.raises(ValueError, match="nothing to cut"):
        epoch(recording, eeg=None, physio=None)


def test_physio_has_its_own_clock(recording):
    # The physio device was started 12 s before the EEG and runs 100 ppm fast.
    codes = np.linspace(0, 50, 6)
    device = (codes + 12) * (1 + 1e-4)
    times = np.arange(int(80 * PHYSIO_SFREQ)) / PHYSIO_SFREQ
    on_eeg_clock = times / (1 + 1e-4) - 12
    info = mne.create_info(["EDA"], PHYSIO_SFREQ, "misc")
    physio = mne.io.RawArray(on_eeg_clock[None], info, verbose="error")
    fit = fitted_clock(codes, device)
    locked = epoch(Recording(recording.eeg, physio, recording.events, fit))
    assert_in_step(locked)


def fitted_clock(reference, device) -> ClockFit:
    codes = np.arange(101, 101 + len(reference))
    return align_clocks(
        pd.DataFrame({"code": codes, "onset": reference}),
        pd.DataFrame({"code": codes, "onset": device}),
    )


@pytest.mark.parametrize(
    ("onset", "reason"),
    [
        (1.0, "window leaves the EEG recording"),
        (58.5, "window leaves the EEG recording"),
        (1.8, "window leaves the physio recording"),
        (51.0, "window leaves the physio recording"),
        (-3.0, "window leaves the EEG recording"),
        (1e6, "window leaves the EEG recording"),
    ],
)
def test_a_window_that_leaves_a_recording_is_a_row_with_a_reason(recording, onset, reason):
    events = table_of(sorted([onset, 30.0]))
    locked = epoch(Recording(recording.eeg, recording.physio, events))
    assert locked.events["onset"].tolist() == [30.0]
    assert locked.excluded[["onset", "exclusion_reason"]].to_numpy().tolist() == [[onset, reason]]
    assert_in_step(locked)


def test_the_first_and_last_sample_are_inside():
    mine = Recording(eeg=ramp(), physio=None, events=table_of([1.5, 57.99]))
    assert len(epoch(mine)) == 2


def test_reasons_of_before_stay(recording):
    events = recording.events.assign(exclusion_reason=["", "coder unsure", None, ""])
    locked = epoch(Recording(recording.eeg, recording.physio, events))
    assert locked.excluded["exclusion_reason"].tolist() == ["coder unsure"]
    assert locked.events["onset"].tolist() == [10.0, 30.0, 40.0]


def test_windows_that_touch_a_bad_stretch_have_a_reason(recording):
    eeg = recording.eeg.copy()
    eeg.set_annotations(mne.Annotations([21.0, 41.0, 31.0], [0.5, 0.5, 5.0], ["bad", "BAD x", "k"]))
    locked = epoch(Recording(eeg, recording.physio, recording.events))
    assert locked.excluded[["onset", "exclusion_reason"]].to_numpy().tolist() == [
        [20.0, "EEG window touches 'bad'"],
        [40.0, "EEG window touches 'BAD x'"],
    ]
    assert_in_step(locked)


def test_bad_stretches_of_a_cropped_recording(recording):
    eeg = ramp(first_samp=5000)
    eeg.set_annotations(mne.Annotations([21.0], [0.5], ["BAD"]))
    assert epoch(Recording(eeg, None, recording.events)).excluded["onset"].tolist() == [20.0]


def test_two_events_on_one_sample():
    mine = Recording(eeg=ramp(), physio=None, events=table_of([10.0, 10.001, 10.002, 30.0]))
    locked = epoch(mine)
    assert locked.events["onset"].tolist() == [10.0, 10.001, 10.002, 30.0]
    assert len(locked.eeg) == 4
    np.testing.assert_allclose(seconds_at_zero(locked.eeg, 1e-6), [10.0, 10.01, 10.02, 30.0])


def test_events_on_the_clip_clock_are_refused(recording):
    events = recording.events.assign(clock="clip")
    with pytest.raises(ValueError, match="clock of their clips.*read_recording"):
        epoch(Recording(recording.eeg, None, events))


def test_unmerged_passes_are_refused_and_merged_ones_are_not(recording):
    events = recording.events.assign(annotation_pass=["first", "second"] * 2)
    with pytest.raises(ValueError, match="count twice.*merge"):
        epoch(Recording(recording.eeg, None, events))
    merged = events.assign(source_rows=["0,1", "2", "3", "4"])
    assert len(epoch(Recording(recording.eeg, None, merged))) == 4
    chosen = recording.events.assign(annotation_pass="second")
    assert len(epoch(Recording(recording.eeg, None, chosen))) == 4


def test_other_bad_arguments(recording):
    with pytest.raises(ValueError, match=r"lock must be one of .*'apx'"):
        epoch(recording, lock="apx")
    with pytest.raises(ValueError, match="needs an events column 'apex'"):
        epoch(Recording(recording.eeg, None, table_of([10.0])), lock="apex")
    with pytest.raises(ValueError, match="no event of 1 can be cut: {'window leaves the EEG"):
        epoch(Recording(recording.eeg, None, table_of([0.1])))


def test_the_order_of_the_events_table_does_not_matter(recording):
    shuffled = recording.events.iloc[[2, 0, 3, 1]]
    ordered, locked = epoch(recording), epoch(Recording(recording.eeg, recording.physio, shuffled))
    assert_in_step(locked)
    np.testing.assert_array_equal(locked.eeg.get_data(), ordered.eeg.get_data())
    pd.testing.assert_frame_equal(locked.events, ordered.events)


def with_temperature(recording):
    raw = recording.physio.copy().rename_channels({"FZ": "skt", "PZ": "eda"})
    return Recording(recording.eeg, raw, recording.events)


def test_skin_temperature_is_cut_longer_and_ends_with_the_recording(recording):
    locked = epoch(with_temperature(recording))
    assert len(locked.slow) == len(locked) == 4
    assert locked.slow.ch_names == ["skt"]
    assert (locked.slow.times[0], locked.slow.times[-1]) == (-2.0, 30.0)
    np.testing.assert_allclose(seconds_at_zero(locked.slow, 1), [10, 20, 30, 40])
    assert_same_table(locked.slow.metadata, locked.events)
    data = locked.slow.get_data()[:, 0]
    assert np.isfinite(data[:2]).all()
    # The recording ends at 60 s, 20 s after the last event.
    ended = 40 + locked.slow.times >= N_SECONDS - 1e-9
    np.testing.assert_array_equal(np.isnan(data[3]), ended)


def test_slow_epochs_follow_selection_and_joining(recording):
    locked = epoch(with_temperature(recording))
    micro = locked["expression == 'micro'"]
    np.testing.assert_allclose(seconds_at_zero(micro.slow, 1), [10, 30])
    other = recording.events.assign(event=["a", "b", "c", "d"])
    both = concatenate([locked, epoch(replace(with_temperature(recording), events=other))])
    assert len(both.slow) == 8
    assert epoch(with_temperature(recording), slow=None).slow is None
    assert epoch(recording).slow is None


def test_baseline_of_the_eeg(recording):
    locked = epoch(recording, baseline=(-1.5, -1.0))
    early = locked.eeg.copy().crop(-1.5, -1.0).get_data()
    np.testing.assert_allclose(early.mean(axis=2), 0, atol=1e-15)
    np.testing.assert_allclose(seconds_at_zero(locked.physio, 1), [10, 20, 30, 40])


def test_inputs_are_not_changed(recording):
    before = recording.events.copy()
    data = recording.eeg.get_data().copy()
    epoch(recording)
    pd.testing.assert_frame_equal(recording.events, before)
    np.testing.assert_array_equal(recording.eeg.get_data(), data)


def test_reasons_without_cutting_are_those_of_cutting(recording):
    events = table_of([1.0, 20.0, 58.0])
    mine = Recording(recording.eeg, recording.physio, events)
    locked = epoch(mine)
    reasons = events_with_reasons(mine).set_index("onset")["exclusion_reason"]
    assert reasons[20.0] == ""
    expected = locked.excluded.set_index("onset")["exclusion_reason"]
    pd.testing.assert_series_equal(reasons.drop(20.0), expected)


def test_concatenation_keeps_rows_and_epochs_together(recording):
    first = epoch(recording)["expression == 'micro'"]
    second = epoch(recording)["expression == 'macro'"]
    both = concatenate([first, second])
    assert both.events["onset"].tolist() == [10.0, 30.0, 20.0, 40.0]
    assert_in_step(both)
    chosen = both["stimulus == '102'"]
    assert chosen.events["onset"].tolist() == [30.0, 40.0]
    assert_in_step(chosen)
    assert both.eeg.event_id == {"macro": 1, "micro": 2}
    with pytest.raises(ValueError, match="nothing to join"):
        concatenate([])


def test_two_events_at_one_onset_stay_two(recording, tmp_path):
    events = table_of([20.0, 10.0, 10.0], event=["late", "second", "first"])
    locked = epoch(Recording(recording.eeg, recording.physio, events))
    assert locked.events.index.tolist() == ["second", "first", "late"]
    assert locked["event == 'first'"].eeg.metadata["event"].tolist() == ["first"]
    locked.eeg.save(tmp_path / "a-epo.fif", verbose="error")
    back = mne.read_epochs(tmp_path / "a-epo.fif", verbose="error")
    again = EventLocked(back, locked.physio, locked.events, locked.excluded)
    assert again.eeg.metadata["event"].tolist() == again.physio.metadata["event"].tolist()
    swapped = locked.events.iloc[[1, 0, 2]]
    with pytest.raises(ValueError, match="eeg must hold one epoch for each"):
        EventLocked(back, None, swapped, locked.excluded)


def test_events_of_hand_made_recordings_can_be_joined_if_participants_are_named(recording):
    def locked(participant):
        return epoch(Recording(recording.eeg, None, table_of([10.0]), participant=participant))

    assert len(concatenate([locked("ann"), locked("bob")])) == 2
    with pytest.raises(ValueError, match="ids must be unique in a study"):
        concatenate([locked(""), locked("")])


def test_epochs_without_ids_are_refused(recording):
    locked = epoch(recording)
    with pytest.raises(ValueError, match="events must have a column 'event'"):
        EventLocked(locked.eeg, None, locked.events.drop(columns="event"), locked.excluded)


def test_participants_who_lack_a_condition_are_joined(recording):
    whole = epoch(recording, condition="expression")
    kept = recording.events["expression"] == "micro"
    events = recording.events[kept].drop(columns="event")
    fewer = replace(recording, events=events, participant="other")
    part = epoch(fewer, condition="expression")
    assert whole.eeg.event_id["micro"] != part.eeg.event_id["micro"]
    both = concatenate([whole, part])
    for epochs in (both.eeg, both.physio):
        assert epochs.event_id == {"macro": 1, "micro": 2}
        labels = [{1: "macro", 2: "micro"}[code] for code in epochs.events[:, 2]]
        assert labels == both.events["expression"].tolist()
    assert part.eeg.event_id == {"micro": 1} and set(part.eeg.events[:, 2]) == {1}


def test_parts_with_and_without_physiology_are_not_joined_in_silence(recording):
    with pytest.raises(ValueError, match="physio is there in 1 of 2 parts"):
        concatenate([epoch(recording), epoch(recording, physio=None)])
    with pytest.raises(ValueError, match=r"one lock, got \['apex', 'onset'\]"):
        concatenate([epoch(recording), epoch(recording, lock="apex")])


def test_epochs_and_table_that_differ_are_refused(recording):
    locked = epoch(recording)
    with pytest.raises(ValueError, match="eeg must hold one epoch for each of the 3 rows"):
        EventLocked(locked.eeg, None, locked.events.iloc[:3], locked.excluded)
    turned = locked.events.iloc[::-1].reset_index(drop=True)
    with pytest.raises(ValueError, match="physio must hold one epoch"):
        EventLocked(None, locked.physio, turned, locked.excluded)


def test_repr(recording):
    assert repr(epoch(recording, physio=None)) == (
        "<EventLocked | 4 events locked to onset, EEG 2 channels, no physio>"
    )


def cut_at(seconds, *, text="boundary", first_samp=0, **options):
    raw = ramp(first_samp=first_samp, **options)
    return raw.set_annotations(mne.Annotations(seconds, [1.5] * len(seconds), text))


@pytest.mark.parametrize("text", ["boundary", "New Segment/", "EDGE boundary", "BAD boundary"])
@pytest.mark.parametrize("first_samp", [0, 777])
def test_windows_across_a_cut_have_a_reason(text, first_samp):
    eeg = cut_at([20.0], text=text, first_samp=first_samp)
    # -1 to 1 s: the sample at 20.00 s is the first after the cut.
    events = table_of([18.98, 18.99, 19.0, 20.5, 20.99, 21.0, 21.01])
    locked = epoch(Recording(eeg, None, events), eeg=(-1.0, 1.0))
    kept = [18.98, 18.99, 21.0, 21.01] if "BAD" not in text else [18.98, 18.99]
    if text == "BAD boundary":  # with a duration it is a bad stretch as well
        kept = [18.98, 18.99]
    assert locked.events["onset"].tolist() == kept
    assert set(locked.excluded["exclusion_reason"]) == {"EEG window touches 'BAD boundary'"}


def test_cuts_of_the_physiology_exclude_too_and_slow_windows_end_there(recording):
    mine = with_temperature(recording)
    mine.physio.set_annotations(mne.Annotations([35.0, 55.0], [0, 2], ["boundary", "BAD_ACQ_SKIP"]))
    locked = epoch(mine, physio=(-2.0, 4.0))
    assert locked.events["onset"].tolist() == [10.0, 20.0, 30.0, 40.0]
    data, times = locked.slow.get_data()[:, 0], locked.slow.times
    np.testing.assert_array_equal(np.isnan(data[1]), 20 + times >= 35 - 1e-9)
    skipped = (times + 40 >= 55 - 1e-9) & (times + 40 < 57 - 1e-9)
    np.testing.assert_array_equal(np.isnan(data[3]), skipped | (40 + times >= 60 - 1e-9))
    assert epoch(mine, physio=(-2.0, 6.0)).excluded["exclusion_reason"].tolist() == [
        "physio window touches 'BAD boundary'"
    ]


@pytest.mark.parametrize("start", [-2.0, 0.0, 3.5])
def test_physiology_counts_from_its_own_start(start):
    # Its samples tell the time on the EEG's clock.
    eeg, sfreq = ramp(), 40.0
    times = start + np.arange(int(90 * sfreq)) / sfreq
    info = mne.create_info(["EDA"], sfreq, "misc")
    physio = mne.io.RawArray(times[None], info, first_samp=round(start * sfreq), verbose="error")
    mine = Recording(eeg, physio, table_of([10.0, 20.0]))
    assert mine.physio_start == start
    np.testing.assert_allclose(seconds_at_zero(epoch(mine).physio, 1), [10.0, 20.0])
    stated = Recording(eeg, physio, table_of([10.0, 20.0]), ClockFit.of_offset(start))
    np.testing.assert_allclose(seconds_at_zero(epoch(stated).physio, 1), [10.0, 20.0])


@pytest.mark.parametrize(
    ("eeg_from", "physio_from"), [(10, 10), (0, 10), (10, 0), (12.5, 5), (5, 12.5)]
)
def test_cropped_signals_stay_on_one_clock(recording, eeg_from, physio_from):
    eeg, physio = recording.eeg.copy().crop(eeg_from), recording.physio.copy().crop(physio_from)
    # Times count from the EEG's first sample; the ramps tell those of the whole recording.
    mine = Recording(eeg, physio, table_of(np.array([25.0, 35.0]) - eeg_from))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        locked = epoch(mine)
    np.testing.assert_allclose(seconds_at_zero(locked.eeg, 1e-6), [25.0, 35.0])
    np.testing.assert_allclose(seconds_at_zero(locked.physio, 1), [25.0, 35.0])


def test_physiology_on_the_clock_of_a_cropped_eeg_is_told(recording):
    eeg = recording.eeg.copy().crop(10.0)
    physio = ramp(n_seconds=50.0, sfreq=PHYSIO_SFREQ, kind="misc", scale=1.0)
    with pytest.warns(UserWarning, match="EEG begins at 10 s.*taken to begin at 0 s"):
        locked = epoch(Recording(eeg, physio, table_of([20.0])))
    np.testing.assert_allclose(seconds_at_zero(locked.physio, 1), [20.0])


def test_physiology_alone_counts_from_its_first_sample_or_its_negative_start():
    early = ramp(first_samp=-200, kind="misc", scale=1.0)
    locked = epoch(Recording(None, early, table_of([20.0])))
    np.testing.assert_allclose(seconds_at_zero(locked.physio, 1), [22.0])
    late = ramp(first_samp=500, kind="misc", scale=1.0)
    with pytest.warns(UserWarning, match="begins at 5 s of its own time.*first sample"):
        locked = epoch(Recording(None, late, table_of([20.0])))
    np.testing.assert_allclose(seconds_at_zero(locked.physio, 1), [20.0])


@pytest.mark.parametrize(
    ("n_seconds", "is_told"), [(900, True), (70, True), (62, False), (50, False)]
)
def test_physiology_much_longer_than_the_eeg_is_told(n_seconds, is_told):
    physio = ramp(n_seconds=n_seconds, sfreq=10.0, kind="misc")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        epoch(Recording(ramp(), physio, table_of([20.0])))
    assert is_told == any("align_clocks" in str(each.message) for each in caught)


def test_events_that_lie_behind_the_end_are_told_with_what_they_may_be():
    with pytest.warns(UserWarning, match="2 of 3 events lie behind.*ends at 59.99 s.*milliseconds"):
        locked = epoch(Recording(ramp(), None, table_of([30.0, 12000.0, 25000.0])))
    assert len(locked) == 1
    with (
        pytest.warns(UserWarning, match="behind the end"),
        pytest.raises(ValueError, match="ends at 59.99 s, the events are at 400 to 5000.*100 Hz"),
    ):
        epoch(Recording(ramp(), None, table_of([400, 5000])))


def test_events_that_stand_twice_are_told_and_stay():
    events = table_of([10.0, 20.0, 10.0], kind=["a", "b", "a"])
    with pytest.warns(UserWarning, match="1 of 3 events repeat another one.*drop_duplicates"):
        locked = epoch(Recording(ramp(), None, events))
    assert locked.events["onset"].tolist() == [10.0, 10.0, 20.0] and len(locked.eeg) == 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        epoch(Recording(ramp(), None, events.assign(kind=["a", "b", "c"])))


@pytest.mark.parametrize("n_events", [2, 3, 5])
@pytest.mark.parametrize("at", ["first", "last"])
def test_events_that_share_the_last_or_first_possible_sample_stay(recording, n_events, at):
    # The last window of both modalities ends with the recording.
    onset = 2.0 if at == "first" else 59.975 - 10
    events = table_of([onset] * n_events + [30.0], kind=[*map(str, range(n_events)), "z"])
    locked = epoch(Recording(recording.eeg, recording.physio, events), condition="kind")
    assert len(locked) == len(locked.eeg) == len(locked.physio) == n_events + 1
    assert not len(locked.excluded)
    nearest = np.abs(seconds_at_zero(locked.eeg, 1e-6) - locked.events["onset"])
    assert nearest.max() <= n_events / SFREQ


def test_more_events_than_samples_are_refused():
    raw = ramp(n_seconds=3.6)
    events = table_of([1.5] * 20, kind=range(20))
    with pytest.raises(ValueError, match="share too few samples"):
        epoch(Recording(raw, None, events))


@pytest.mark.parametrize("window", [(-0.1, 0.4), (-0.3, 0.7), (-1.1, 1.3)])
@pytest.mark.parametrize("sfreq", [100.0, 250.0, 1000.0])
def test_the_last_and_the_first_possible_samples_count(window, sfreq):
    raw = ramp(20.0, sfreq)
    last = (raw.n_times - 1 - np.round(window[1] * sfreq)) / sfreq
    first = np.round(-window[0] * sfreq) / sfreq
    events = table_of([first, first + 1, last - 1, last])
    locked = epoch(Recording(eeg=raw, physio=None, events=events), eeg=window)
    assert len(locked) == 4
    np.testing.assert_allclose(seconds_at_zero(locked.eeg, 1e-6), events["onset"], atol=1e-9)


@pytest.mark.parametrize(
    "labels",
    [[" happy", "happy ", "happy", "sad"], ["happy\n", "happy", "happy\t", "sad\r\n"]],
)
def test_blanks_around_a_label_are_none(tmp_path, labels):
    events = table_of([10.0, 20.0, 30.0, 40.0], condition=labels)
    for column in (labels, pd.Categorical(labels)):
        mine = Recording(eeg=ramp(), physio=None, events=events.assign(condition=column))
        locked = epoch(mine, eeg=(-0.5, 0.5))
        assert locked.eeg.event_id == {"happy": 1, "sad": 2}
        assert len(locked.eeg["happy"]) == 3
    locked.eeg.save(tmp_path / "a-epo.fif")
    assert mne.read_epochs(tmp_path / "a-epo.fif").event_id == {"happy": 1, "sad": 2}


@pytest.mark.parametrize(
    ("labels", "is_told"),
    [
        (["happy/face", "happy", "sad", "face"], True),
        (["sad/happy", "happy/sad", "sad", "happy"], True),
        (["happy/face", "sad/face", "sad/house", "happy/house"], False),
        (["happy", "unhappy", "sad", "n/a"], False),
    ],
)
def test_labels_that_mne_takes_for_tags_of_others_are_told(labels, is_told):
    events = table_of([10.0, 20.0, 30.0, 40.0], condition=labels)
    mine = Recording(eeg=ramp(), physio=None, events=events)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        epochs = epoch(mine, eeg=(-0.5, 0.5)).eeg
    own = {
        label: int((epochs.events[:, 2] == code).sum()) for label, code in epochs.event_id.items()
    }
    is_mixed = any(len(epochs[label]) != count for label, count in own.items())
    assert is_mixed == is_told == any("list of tags" in str(each.message) for each in caught)
