import gzip
import warnings

import mne
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmme_neuro.clocks.triggers import (
    agreeing_sources,
    annotation_codes,
    code_sources,
    digital_codes,
    recording_codes,
    stim_codes,
    trigger_sources,
)

SFREQ = 1000.0


def pulses(codes, *, length=20, gap=80, n_lines=8, low=0.0, high=5.0):
    """Lines that rest low and carry each code for ``length`` samples."""
    state = np.zeros(gap + len(codes) * (length + gap), dtype=int)
    for k, code in enumerate(codes):
        start = gap + k * (length + gap)
        state[start : start + length] = code
    bits = (state >> np.arange(n_lines)[:, None]) & 1
    return low + (high - low) * bits, gap + np.arange(len(codes)) * (length + gap)


def raw_of(data, names, kinds, sfreq=SFREQ, first_samp=0):
    info = mne.create_info(list(names), sfreq, kinds)
    return mne.io.RawArray(np.atleast_2d(data), info, first_samp=first_samp, verbose="error")


@settings(max_examples=60, deadline=None)
@given(
    codes=st.lists(st.integers(1, 255), min_size=1, max_size=12),
    inverted=st.integers(0, 255),
    order=st.sampled_from(["lsb", "msb"]),
    low=st.sampled_from([0.0, -0.2]),
    high=st.sampled_from([5.0, 3.3, 1.0]),
)
def test_any_codes_on_lines_of_any_polarity(codes, inverted, order, low, high):
    lines, onsets = pulses(codes, low=low, high=high)
    flip = ((inverted >> np.arange(8)) & 1).astype(bool)
    lines[flip] = low + high - lines[flip]
    if order == "msb":
        lines, flip = lines[::-1], flip[::-1]
    found = digital_codes(lines, SFREQ, bit_order=order)
    assert found["code"].tolist() == codes
    np.testing.assert_allclose(found["onset"], onsets / SFREQ)
    np.testing.assert_allclose(found["duration"], 0.02)
    given_polarity = digital_codes(lines, SFREQ, bit_order=order, inverted=flip)
    pd.testing.assert_frame_equal(found, given_polarity)


@settings(max_examples=60, deadline=None)
@given(
    codes=st.lists(st.integers(1, 255), min_size=1, max_size=8),
    seed=st.integers(0, 2**32 - 1),
)
def test_bits_that_switch_one_by_one_are_one_code(codes, seed):
    rng = np.random.default_rng(seed)
    lines, onsets = pulses(codes)
    settled = lines > 2.5
    for onset, code in zip(onsets, codes, strict=True):
        late = rng.integers(0, 3, size=8)
        # At least one bit of the code flips at the onset itself.
        late[rng.choice(np.flatnonzero((code >> np.arange(8)) & 1))] = 0
        for bit in range(8):
            settled[bit, onset : onset + late[bit]] = False
    found = digital_codes(5.0 * settled, SFREQ)
    assert found["code"].tolist() == codes
    np.testing.assert_allclose(found["onset"], onsets / SFREQ)


@settings(max_examples=40, deadline=None)
@given(
    samples=st.lists(st.integers(0, 1200), max_size=10),
    width=st.integers(1, 2),
    bit=st.integers(0, 7),
)
def test_spikes_are_no_codes_and_do_not_split_one(samples, width, bit):
    lines, onsets = pulses([101, 100, 102], length=60, gap=300)
    clean = digital_codes(lines, SFREQ)
    edges = np.concatenate([onsets, onsets + 60])
    for sample in samples:
        # A spike at an edge, or beside another one, cannot be told from the code's own switching.
        if np.abs(edges - sample).min() > 6:
            lines[bit, 5 * (sample // 5) : 5 * (sample // 5) + width] = 5.0
    found = digital_codes(lines, SFREQ)
    assert found["code"].tolist() == clean["code"].tolist()
    np.testing.assert_allclose(found["onset"], clean["onset"])


def test_codes_held_until_the_next():
    state = np.repeat([0, 101, 100, 102, 100, 103, 100], [500, 900, 700, 900, 700, 900, 700])
    lines = 5.0 * ((state >> np.arange(8)[:, None]) & 1)
    assert digital_codes(lines, SFREQ)["code"].tolist() == [101, 100, 102, 100, 103, 100]
    inverted = digital_codes(5.0 - lines, SFREQ)
    assert inverted["code"].tolist() == [101, 100, 102, 100, 103, 100]


def test_start_in_an_odd_state_of_held_codes_warns():
    state = np.repeat([7, 101, 100, 102], [100, 900, 800, 900])
    lines = 5.0 * ((state >> np.arange(8)[:, None]) & 1)
    with pytest.warns(UserWarning, match="begins in state 7"):
        digital_codes(lines, SFREQ)
    assert digital_codes(lines, SFREQ, inverted=False)["code"].tolist() == [7, 101, 100, 102]


def test_floating_line_is_no_bit():
    lines, _ = pulses([101, 100])
    lines[7] = 5.0
    assert digital_codes(lines, SFREQ)["code"].tolist() == [101, 100]


def test_single_sample_codes_at_a_low_rate():
    lines, onsets = pulses([1, 2, 5], length=1, gap=10)
    found = digital_codes(lines, 100.0)
    assert found["code"].tolist() == [1, 2, 5]
    np.testing.assert_allclose(found["onset"], onsets / 100.0)


def test_trailing_edge():
    lines, onsets = pulses([3, 4])
    found = digital_codes(lines, SFREQ, edge="trailing")
    np.testing.assert_allclose(found["onset"], (onsets + 20) / SFREQ)


@pytest.mark.parametrize("lines", [np.zeros((8, 100)), np.full((8, 100), 5.0), np.zeros((8, 0))])
def test_silent_lines_give_an_empty_table(lines):
    found = digital_codes(lines, SFREQ)
    assert found.empty
    assert list(found) == ["code", "onset", "duration", "source"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lines": np.zeros(5)}, "shape"),
        ({"lines": np.full((2, 5), np.nan)}, "non-finite"),
        ({"sfreq": 0.0}, "sfreq"),
        ({"bit_order": "big"}, "bit_order"),
        ({"edge": "middle"}, "edge"),
        ({"inverted": [True]}, "one per line"),
    ],
)
def test_bad_lines_are_refused(change, message):
    arguments = {"lines": np.zeros((2, 50)), "sfreq": SFREQ} | change
    with pytest.raises(ValueError, match=message):
        digital_codes(**arguments)


@settings(max_examples=25, deadline=None)
@given(codes=st.lists(st.integers(1, 250), min_size=1, max_size=10))
def test_stim_codes_equal_mne_find_events(codes):
    state = np.zeros(200 + 100 * len(codes))
    for k, code in enumerate(codes):
        state[150 + 100 * k : 160 + 100 * k] = code
    raw = raw_of(state, ["STI 014"], "stim", first_samp=777)
    found = stim_codes(raw, "STI 014")
    expected = mne.find_events(raw, "STI 014", min_duration=0.003, verbose="error")
    assert found["code"].tolist() == expected[:, 2].tolist()
    np.testing.assert_allclose(found["onset"], (expected[:, 0] - 777) / SFREQ)


@pytest.mark.parametrize("scale", [1.0, 1e-6])
@pytest.mark.parametrize("rest", [0, 65280])
def test_stim_codes_undo_scale_and_resting_value(scale, rest):
    state = np.full(1000, float(rest))
    state[300:310] = rest + 101
    raw = raw_of(scale * state, ["Trigger"], "misc")
    found = stim_codes(raw, "Trigger")
    assert found[["code", "onset"]].to_numpy().tolist() == [[101, 0.3]]


def test_stim_codes_refuse_voltages_and_unknown_channels():
    raw = raw_of(np.linspace(0, 3.7, 500), ["Trigger"], "misc")
    with pytest.raises(ValueError, match="integer codes"):
        stim_codes(raw, "Trigger")
    with pytest.raises(ValueError, match="not in the recording"):
        stim_codes(raw, "STI")


@pytest.mark.parametrize("has_date", [True, False])
def test_annotation_codes_count_from_the_first_sample(has_date):
    raw = raw_of(np.zeros(5000), ["Cz"], "eeg")
    if has_date:
        raw.set_meas_date(1_700_000_000)
    raw.set_annotations(
        mne.Annotations(
            [1.0, 2.5, 3.0], 0.0, ["101", "100", "102.0"], orig_time=raw.info["meas_date"]
        )
    )
    raw = raw.crop(0.5)
    events, names = mne.events_from_annotations(raw, verbose="error")
    found = annotation_codes(raw)
    assert found["code"].tolist() == [101, 100, 102]
    np.testing.assert_allclose(found["onset"], [0.5, 2.0, 2.5])
    np.testing.assert_allclose(found["onset"], (events[:, 0] - raw.first_samp) / SFREQ)


def test_annotation_codes_take_the_longest_kind_and_count_the_rest():
    raw = raw_of(np.zeros(9000), ["Cz"], "eeg")
    names = ["Stimulus/S 101", "Response/R  1", "Stimulus/S100", "BAD 1", "blink", "Stimulus/S102"]
    raw.set_annotations(mne.Annotations(np.arange(6.0), 0.0, names))
    with pytest.warns(UserWarning, match="3 codes of Stimulus/S are taken; left out: 1 of R"):
        found = annotation_codes(raw)
    assert found["code"].tolist() == [101, 100, 102]
    assert set(found["source"]) == {"annotations Stimulus/S"}


def test_recording_codes_choose_the_fullest_source():
    lines, onsets = pulses([101, 100, 102, 100])
    stim = np.zeros(lines.shape[1])
    stim[onsets[0] : onsets[0] + 20] = 101
    names = [*(f"D{k}" for k in range(8)), "Trigger", "EDA"]
    data = np.vstack([lines, stim, np.zeros_like(stim)])
    raw = raw_of(data, names, ["misc"] * 8 + ["stim", "misc"])
    raw.set_annotations(mne.Annotations([0.08, 0.18], 0.0, ["101", "100"]))
    assert recording_codes(raw)["code"].tolist() == [101, 100, 102, 100]
    assert recording_codes(raw.copy().drop_channels(names[:8]))["source"].iloc[0] == "annotations"
    without = raw.copy().drop_channels(names[:8]).set_annotations(None)
    assert recording_codes(without)["source"].tolist() == ["Trigger"]
    with pytest.raises(ValueError, match="no trigger codes"):
        recording_codes(without.drop_channels(["Trigger"]))


def test_recording_codes_place_missing_lines():
    lines, _ = pulses([4, 6])
    raw = raw_of(lines[1:3], ["D1", "D2"], "misc")
    assert recording_codes(raw)["code"].tolist() == [4, 6]


@pytest.mark.parametrize("participant", ["09", "10", "11", "12", "14", "15"])
def test_real_lines_give_the_authors_onsets(shared_data, participant):
    """Twelve blocks of faces; the authors take the fall from 5 to 0 V of each line as the onset."""
    path = shared_data / "physio_events" / "fmov" / f"{participant}_FMOV_preprocessed.txt.gz"
    with gzip.open(path, "rt") as file:
        lines = np.loadtxt(file, usecols=(5, 6, 7)).T
    found = digital_codes(lines, 100.0, edge="trailing")
    fall = np.diff(lines, axis=1) == -5
    expected = np.flatnonzero(fall.any(axis=0)) + 1
    np.testing.assert_allclose(found["onset"], expected / 100.0)
    assert found["code"].value_counts().to_dict() == {1: 4, 2: 4, 4: 4}
    np.testing.assert_array_equal(found["code"], fall[:, expected - 1].T @ np.array([1, 2, 4]))
    flipped = digital_codes(5.0 - lines, 100.0, edge="trailing")
    pd.testing.assert_frame_equal(flipped, found)


def channel(state, sfreq, name="STI", kind="stim"):
    return raw_of(np.asarray(state, float), [name], kind, sfreq=sfreq)


def state_of(codes, sfreq, *, length=1, rest=0, seconds=0.5):
    step = int(seconds * sfreq)
    state = np.full(step * (len(codes) + 1), rest)
    for k, code in enumerate(codes, 1):
        state[k * step : k * step + length] = rest ^ code
    return state, np.arange(1, len(codes) + 1) * step / sfreq


@pytest.mark.parametrize("sfreq", [100.0, 256.0, 500.0, 1000.0, 2048.0, 20000.0])
@pytest.mark.parametrize("rest", [0, 255, 65280])
def test_codes_of_one_sample_count_at_any_rate(sfreq, rest):
    codes = [1, 2, 3, 128, 77, 1, 1, 255]
    state, onsets = state_of(codes, sfreq, rest=rest)
    found = recording_codes(channel(state, sfreq))
    assert found["code"].tolist() == codes
    np.testing.assert_allclose(found["onset"], onsets)
    expected = mne.find_events(
        channel(state ^ rest, sfreq), shortest_event=1, verbose="error"
    )  # fmt: skip
    np.testing.assert_allclose(found["onset"], expected[:, 0] / sfreq)


@pytest.mark.parametrize("as_lines", [True, False])
def test_a_rise_over_several_samples_is_one_code(as_lines):
    state = np.zeros(4000, int)
    for at, steps in ((1000, [1, 5, 37]), (2000, [64, 96]), (3000, [36])):
        state[at : at + len(steps)] = steps
        state[at + len(steps) : at + 50] = 101
        state[at + 50] = 37  # one bit falls first
    if as_lines:
        found = digital_codes(5.0 * ((state >> np.arange(8)[:, None]) & 1), 1000.0)
    else:
        found = stim_codes(channel(state, 1000.0), "STI")
    assert found["code"].tolist() == [101, 101, 101]
    np.testing.assert_allclose(found["onset"], [1.0, 2.0, 3.0])


def test_lines_whose_pulses_are_all_short_keep_them():
    state, onsets = state_of([101, 100, 102, 7, 8], 2000.0, length=2)
    lines = 5.0 * ((state >> np.arange(8)[:, None]) & 1)
    found = digital_codes(lines, 2000.0)
    assert found["code"].tolist() == [101, 100, 102, 7, 8]
    np.testing.assert_allclose(found["onset"], onsets)
    assert digital_codes(lines, 2000.0, min_duration=0.003).empty


def test_glitches_that_are_left_out_are_counted_and_can_be_kept():
    lines, _ = pulses([101, 100, 102])
    lines[1, 40] = 5.0
    with pytest.warns(UserWarning, match="1 states of less than 3 ms among 3.*min_duration=0"):
        assert digital_codes(lines, SFREQ)["code"].tolist() == [101, 100, 102]
    assert digital_codes(lines, SFREQ, min_duration=0)["code"].tolist() == [2, 101, 100, 102]


@pytest.mark.parametrize("high", [0, 2**16, 2**20 + 2**22, 2**23])
def test_the_upper_bits_of_a_status_word_are_no_code(high):
    state, onsets = state_of([101, 100, 65535, 4096], 512.0, length=5)
    state = state + high
    state[: len(state) // 2] |= 2**19  # the amplifier's own state changes in between
    if high == 2**23:
        state = state - 2**24  # read as a signed word of 24 bits
    found = recording_codes(channel(state, 512.0, name="Status"))
    assert found["code"].tolist() == [101, 100, 65535, 4096]
    np.testing.assert_allclose(found["onset"], onsets)


def test_a_code_held_from_the_first_sample_on_began_before():
    state, onsets = state_of([101, 100], 500.0, length=10)
    state[:100] = 77
    found = recording_codes(channel(state, 500.0))
    assert found["code"].tolist() == [101, 100]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("101", 101), (" 101 ", 101), ("101.0", 101), ("S  1", 1), ("R 15", 15), ("101/happy", 101),
        ("Stimulus/S101", 101), ("Stimulus/S 101", 101), ("happy/101", 101), ("0x65", 101),
        ("TestStim#7", 7),
        ("B1(101)", 101), ("B2,B3(7)", 7), ("B1,3(8)", 8), ("9\x00", 9),
        ("Trigger: 5", 5), ("Code 7.0", 7), ("DIN4", 4), ("T0", 0),
        ("1.5", None), ("-99", None), ("+0.00", None), ("+5", None), ("S -1", None), ("1,5", None),
        ("cond 2.5", None), ("1e3", None), ("12:30", None), ("2019-01-05", None), ("", None),
        ("20190105123000", None), ("5 uV", None), ("BAD 3", None), ("boundary 1", None),
        ("Comment/block 2", None), ("LostSamples: 53", None), ("New Segment/", None), ("nan", None),
    ],
)  # fmt: skip
def test_which_descriptions_are_codes(text, code):
    raw = raw_of(np.zeros(5000), ["Cz"], "eeg")
    raw.set_annotations(mne.Annotations([1.0, 2.0], 0.0, [text, text]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert annotation_codes(raw)["code"].tolist() == ([] if code is None else [code, code])


def test_numbers_that_are_no_codes_are_told_and_never_cut():
    raw = raw_of(np.zeros(9000), ["Cz"], "eeg")
    names = ["101", "-99", "-99", "102", "1.5", "-99"]
    raw.set_annotations(mne.Annotations(np.arange(1.0, 7.0), 0.0, names))
    with pytest.warns(UserWarning, match="left out: 3 of '-99', which is no code, 1 of '1.5'"):
        assert annotation_codes(raw)["code"].tolist() == [101, 102]
    with pytest.warns(UserWarning, match="'-99' .3.*decimals, signs and times are no codes"):
        assert recording_codes(raw)["code"].tolist() == [101, 102]
    raw.set_annotations(mne.Annotations([1.0, 2.0], 0.0, ["1.5", "2.5"]))
    with pytest.raises(ValueError, match="no trigger codes.*'1.5'"):
        recording_codes(raw)


def noisy(name, kind, rng, *, n_times=15000, sfreq=125.0):
    return raw_of(np.round(41853 + 6 * rng.standard_normal(n_times)), [name], kind, sfreq=sfreq)


@pytest.mark.parametrize(
    ("name", "kind"), [("Trigger", "stim"), ("Status", "misc"), ("STI", "stim")]
)
def test_a_noisy_input_is_left_out_with_a_word(name, kind):
    raw = noisy(name, kind, np.random.default_rng(0))
    raw.set_annotations(mne.Annotations([10, 20, 30, 40], 0.0, ["101", "100", "102", "100"]))
    with pytest.warns(UserWarning, match=f"from annotations: 4.*left out: {name}.*times a second"):
        found = recording_codes(raw)
    assert found["code"].tolist() == [101, 100, 102, 100]
    assert len(recording_codes(raw, source=name)) > 1000
    with pytest.raises(ValueError, match="no trigger codes.*times a second"):
        recording_codes(raw.set_annotations(None))


@pytest.mark.parametrize("kind", ["eeg", "misc", "stim", "seeg"])
def test_electrodes_named_like_lines_are_none(kind):
    rng = np.random.default_rng(1)
    names = [f"{bank}{k}" for bank in "CD" for k in range(1, 33)]
    walk = 1e-6 * np.cumsum(rng.standard_normal((64, 20000)), axis=1)
    state, _ = state_of([101, 100, 102, 100], 512.0, length=5, seconds=5)
    data = np.vstack([walk, np.resize(state, 20000)])
    data[40, :] = 0.0  # a flat electrode
    raw = raw_of(data, [*names, "Status"], [kind] * 64 + ["stim"], sfreq=512.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = recording_codes(raw)
    assert set(found["source"]) == {"Status"}
    assert found["code"].tolist()[:4] == [101, 100, 102, 100]


def test_lines_beside_an_analog_input_of_a_like_name():
    lines, onsets = pulses([101, 100, 102])
    analog = np.sin(np.arange(lines.shape[1]) / 9)
    raw = raw_of(np.vstack([lines, 5 * analog]), [f"D{k}" for k in range(9)], "misc")
    with pytest.warns(UserWarning, match="D8 left out"):
        assert recording_codes(raw)["code"].tolist() == [101, 100, 102]


def test_an_analog_trigger_line_with_two_levels_is_a_line():
    lines, onsets = pulses([1, 1, 1, 1], n_lines=1, high=4.8)
    noise = 0.02 * np.random.default_rng(0).standard_normal(lines.shape)
    found = recording_codes(raw_of(lines + noise, ["Trigger"], "misc"))
    assert found["code"].tolist() == [1, 1, 1, 1]
    np.testing.assert_allclose(found["onset"], onsets / SFREQ)
    ramp = raw_of(np.linspace(0, 3.7, 500), ["Trigger"], "misc")
    with pytest.raises(ValueError, match="neither whole numbers nor two levels"):
        recording_codes(ramp)


def test_every_source_is_listed_and_can_be_chosen():
    lines, _ = pulses([7, 8, 9, 10])
    stim = np.zeros(lines.shape[1])
    stim[100:110], stim[200:210] = 101, 100
    raw = raw_of(
        np.vstack([lines, stim]), [*(f"D{k}" for k in range(8)), "STI"], ["misc"] * 8 + ["stim"]
    )
    names = ["Stimulus/S  1", "Stimulus/S  2", "Response/R 15"]
    raw.set_annotations(mne.Annotations([0.1, 0.2, 0.3], 0.0, names))
    table = code_sources(raw).set_index("source")
    assert table["n_codes"].to_dict() == {
        "annotations Stimulus/S": 2, "annotations Response/R": 1, "STI": 2, "digital": 4,
    }  # fmt: skip
    assert table["first_codes"]["digital"] == "7, 8, 9, 10" and (table["fault"] == "").all()
    for source, codes in (
        ("digital", [7, 8, 9, 10]), ("STI", [101, 100]), ("sti", [101, 100]),
        ("annotations", [1, 2]), ("annotations Response/R", [15]),
    ):  # fmt: skip
        assert recording_codes(raw, source=source)["code"].tolist() == codes
    with pytest.raises(ValueError, match="source='D0'.*has annotations Stimulus/S.*digital"):
        recording_codes(raw, source="D0")
    with pytest.warns(UserWarning, match="taken from digital.*left out: annotations Stimulus"):
        recording_codes(raw)


def test_two_devices_take_the_sources_that_share_their_codes():
    # More annotations than codes, but the other device never saw them.
    eeg = channel(state_of([101, 100, 102, 100], 500.0, length=5)[0], 500.0)
    eeg.set_annotations(mne.Annotations(np.arange(6) / 4, 0.0, [str(k) for k in range(1, 7)]))
    lines, _ = pulses([101, 100, 102, 100])
    physio = raw_of(lines, [f"D{k}" for k in range(8)], "misc")
    pair = agreeing_sources(trigger_sources(eeg), trigger_sources(physio))
    assert [each.name for each in pair] == ["STI", "digital"]
    other = raw_of(pulses([7, 8])[0], [f"D{k}" for k in range(8)], "misc")
    assert agreeing_sources(trigger_sources(eeg), trigger_sources(other)) is None


@pytest.mark.parametrize(
    ("states", "codes"),
    [
        ([1, 2] * 10, [2, 1]),
        ([3, 1, 2] * 7, [1, 2, 3]),
        (range(1, 30), [2, 3, 4]),
        ([65281, 65282, 65284], [2 ^ 1 ^ 1, 4]),
        ([1, 17, 1, 33, 1, 65], [16, 32, 64]),
        ([255, 255 - 17, 255, 255 - 33, 255, 255 - 65], [17, 33, 65]),
    ],
)
def test_codes_that_a_channel_holds_are_not_counted_from_the_first(states, codes):
    state = np.repeat(list(states), 50)
    found = stim_codes(raw_of(state, ["STI"], "stim"), "STI")["code"].tolist()
    assert found[: len(codes)] == codes
    assert len(found) == (3 if len(codes) == 3 and codes[0] > 15 else len(list(states)) - 1)


@pytest.mark.parametrize("length", [1, 10])
def test_a_channel_that_rests_at_minus_one(length):
    state, onsets = state_of([11, 12, 200], 500.0, length=length)
    found = recording_codes(channel(np.where(state == 0, -1, state), 500.0))
    assert found["code"].tolist() == [11, 12, 200]
    np.testing.assert_allclose(found["onset"], onsets)
    word = recording_codes(channel(~state, 500.0))
    assert word["code"].tolist() == [11, 12, 200]


def test_slow_noise_of_an_open_input_is_no_source_beside_codes():
    noise = np.round(40 * np.random.default_rng(1).standard_normal(500)).repeat(60)
    raw = raw_of(noise, ["Trigger"], "stim", 500.0)
    codes = [11, 12, 13, 21]
    raw.set_annotations(mne.Annotations([2.0, 7.0, 12.0, 17.0], 0.0, list(map(str, codes))))
    with pytest.warns(UserWarning, match="taken from annotations: 4 codes.*left out: Trigger"):
        assert recording_codes(raw)["code"].tolist() == codes


@pytest.mark.parametrize(
    ("texts", "left_out"),
    [(["S  1", "S  2", "R  1"], "annotations R"), (["Epoch 1", "Beat 1"], "annotations Beat")],
)
def test_equal_codes_at_other_times_are_not_the_same(texts, left_out):
    raw = raw_of(np.zeros(9000), ["Cz"], "eeg")
    raw.set_annotations(mne.Annotations(np.arange(len(texts)) + 1.0, 0.0, texts))
    with pytest.warns(UserWarning, match=f"left out: {left_out}"):
        recording_codes(raw)


def test_a_channel_and_late_annotations_of_its_codes_are_the_same():
    state, onsets = state_of([101, 100, 102], 500.0, length=10)
    raw = channel(state, 500.0)
    raw.set_annotations(mne.Annotations(onsets + 0.02, 0.0, ["S101", "S100", "S102"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert recording_codes(raw)["code"].tolist() == [101, 100, 102]


def test_slow_noise_is_not_what_two_devices_share():
    noise = np.round(40 * np.random.default_rng(1).standard_normal(3000)).repeat(20)
    state, onsets = state_of([101, 100, 102, 77, 88, 103], 500.0, length=10)
    eeg = raw_of(noise, ["Trigger"], "stim", 500.0)
    texts = ["S101", "S100", "S102", "S 88", "S103"]
    eeg.set_annotations(mne.Annotations(np.delete(onsets, 3), 0.0, texts))
    physio = channel(state, 500.0)
    taken = agreeing_sources(trigger_sources(eeg), trigger_sources(physio))
    assert [each.name for each in taken] == ["annotations S", physio.ch_names[0]]
    held = raw_of(np.repeat(np.arange(200), 100), ["Trigger"], "stim", 500.0)
    held.set_annotations(mne.Annotations([1.0, 2.0], 0.0, ["Block 1", "Block 2"]))
    with pytest.warns(UserWarning, match="taken from Trigger: 199 codes.*annotations Block"):
        recording_codes(held)
    taken = agreeing_sources(trigger_sources(held), trigger_sources(held))
    assert [each.name for each in taken] == ["Trigger", "Trigger"]


@pytest.mark.parametrize("limits", [(-1000, 1000), (-3000, 3000), (0, 4095), (-32768, 32767)])
@pytest.mark.parametrize("codes", [[15, 20, 95, 60, 7], [1, 2, 3, 101, 255]])
def test_codes_that_a_format_stored_in_16_bits(limits, codes):
    state, onsets = state_of(codes, 500.0, length=10)
    step = (limits[1] - limits[0]) / 65535
    stored = limits[0] + np.round((state - limits[0]) / step) * step
    found = recording_codes(raw_of(stored, ["Marker"], "misc", 500.0))
    assert found["code"].tolist() == codes
    np.testing.assert_allclose(found["onset"], onsets)
    in_volt = recording_codes(raw_of(1e-6 * stored, ["Marker"], "misc", 500.0))
    assert in_volt["code"].tolist() == codes


def test_pulses_of_many_heights_are_no_line():
    state, _ = state_of([15, 20, 95, 60, 40, 50, 7, 80], 500.0, length=10)
    volts = raw_of(state * 0.0313, ["Trigger"], "misc", 500.0)
    assert "neither whole numbers nor two levels" in code_sources(volts)["fault"][0]
    line = raw_of(np.where(state > 0, 3.3, 0.1), ["Trigger"], "misc", 500.0)
    assert recording_codes(line)["code"].tolist() == [1] * 8
