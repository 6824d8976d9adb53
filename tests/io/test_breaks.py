"""Cuts and gaps of recordings of every format, annotated by the names that MNE respects."""

import warnings
from unittest import mock

import mne
import numpy as np
import pytest
from scipy.io import savemat

from mmme_neuro import read_eeg
from mmme_neuro.clocks.triggers import stim_codes
from mmme_neuro.errors import DamagedFile
from mmme_neuro.io.breaks import across, cnt_cuts, cuts, skipped, stretches
from mmme_neuro.io.edf_records import _padded

SFREQ = 200


def raw_of(n_times=1000, sfreq=100.0, first_samp=0):
    info = mne.create_info(["Fz", "Cz"], sfreq, "eeg")
    return mne.io.RawArray(np.zeros((2, n_times)), info, first_samp=first_samp, verbose="error")


@pytest.mark.parametrize(
    "text",
    ["boundary", "Boundary", "New Segment/", "BAD boundary", "EDGE boundary", "New Segment/x"],
)
@pytest.mark.parametrize("first_samp", [0, 350])
def test_a_cut_is_found_by_any_name_and_wherever_the_recording_begins(text, first_samp):
    raw = raw_of(first_samp=first_samp)
    raw.set_annotations(mne.Annotations([0.0, 3.995, 9.999], [0, 2.0, 0], [text] * 3))
    # The first sample is no cut, half a sample before 400 belongs to 400, 9.999 s is the end.
    assert cuts(raw).tolist() == [400]


@pytest.mark.parametrize("text", ["boundaries of rooms", "rebound", "1", "segment 2", "BAD x"])
def test_other_words_are_no_cuts(text):
    assert not len(cuts(raw_of().set_annotations(mne.Annotations([4.0], 0.0, [text]))))


def test_joined_recordings_of_mne_are_cut_where_they_were_joined():
    joined = mne.concatenate_raws([raw_of(300), raw_of(200), raw_of(100)], verbose="error")
    assert cuts(joined).tolist() == [300, 500]
    assert cuts(joined.copy().crop(1.0, 4.5)).tolist() == [200]
    assert stretches(joined) == [(0, 300), (300, 500), (500, 600)]


def test_stretches_leave_out_what_was_not_recorded():
    raw = raw_of().set_annotations(
        mne.Annotations(
            [2.0, 6.0, 8.0], [1.0, 0.0, 5.0], ["BAD_ACQ_SKIP", "boundary", "bad_acq_skip"]
        )
    )
    assert np.flatnonzero(np.diff(skipped(raw).astype(int))).tolist() == [199, 299, 799]
    assert stretches(raw) == [(0, 200), (300, 600), (600, 800)]


def test_windows_across_a_cut():
    # The cut lies between samples 99 and 100.
    found = across(np.array([90, 94, 95, 100, 104, 105, 110]), (-5, 5), np.array([100]))
    assert found.tolist() == [False, False, True, True, True, False, False]


def write_edf(path, seconds, onsets, *, marks=(), kind="EDF+D", sfreq=SFREQ):
    """An EDF+ or BDF+ file of records of 1 s whose samples tell their time in the file, in uV."""
    is_bdf = kind.startswith("BDF")
    n_bytes, low, high = (3, -(2**23), 2**23 - 1) if is_bdf else (2, -32768, 32767)
    n_records, time_bytes = len(onsets), 60 * n_bytes

    def field(text, width):
        return str(text).ljust(width).encode("ascii")

    head = b"\xffBIOSEMI" if is_bdf else field("0", 8)
    head += field("X X X X", 80) + field("Startdate 01-JAN-2020 X X X", 80)
    head += field("01.01.20", 8) + field("10.00.00", 8) + field(256 * 3, 8) + field(kind, 44)
    head += field(n_records, 8) + field(1, 8) + field(2, 4)
    for pair, width in (
        (("Fz", f"{kind[:3]} Annotations"), 16),
        (("", ""), 80),
        (("uV", ""), 8),
        ((-1000, -1), 8),
        ((1000, 1), 8),
        ((low, low), 8),
        ((high, high), 8),
        (("", ""), 80),
        ((sfreq, time_bytes // n_bytes), 8),
        (("", ""), 32),
    ):
        head += b"".join(field(text, width) for text in pair)
    body = b""
    for number, onset in enumerate(onsets):
        values = seconds[number * sfreq : (number + 1) * sfreq]
        whole = np.round((values + 1000) / 2000 * (high - low) + low).astype("<i4")
        raw_bytes = whole.view(np.uint8).reshape(-1, 4)[:, :n_bytes]
        text = f"+{onset:g}\x14\x14\x00" if isinstance(onset, int | float) else onset
        for time, name in marks:
            if isinstance(onset, int | float) and onset <= time < onset + 1:
                text += f"+{time:g}\x14{name}\x14\x00"
        body += raw_bytes.tobytes() + text.encode().ljust(time_bytes, b"\0")
    path.write_bytes(head + body)
    return path


@pytest.mark.parametrize("kind", ["EDF+D", "BDF+D"])
@pytest.mark.parametrize("first", [0, 0.5])
def test_records_stand_where_their_times_say(tmp_path, kind, first):
    onsets = [first + k + (0 if k < 3 else 5 if k < 6 else 7.25) for k in range(9)]
    within = np.arange(SFREQ) / SFREQ
    seconds = np.concatenate([onset - first + within for onset in onsets])
    path = write_edf(
        tmp_path / f"a.{kind[:3].lower()}",
        100 + seconds,
        onsets,
        marks=[(first + 8.5, "101"), (first + 15, "102")],
        kind=kind,
    )
    with pytest.warns(UserWarning, match=r"2 gap\(s\).*7.25 s in all"):
        raw = read_eeg(path)
    data = 1e6 * raw.get_data(picks="Fz")[0] - 100
    recorded = ~skipped(raw)
    np.testing.assert_allclose(data[recorded], raw.times[recorded], atol=0.04)
    np.testing.assert_array_equal(raw.get_data()[0][~recorded], 0.0)
    assert stretches(raw) == [(0, 600), (1600, 2200), (2650, 3250)]
    found = {mark["description"]: mark["onset"] for mark in raw.annotations}
    assert (found["101"], found["102"]) == (8.5, 15.0)


@pytest.mark.parametrize("kind", ["EDF+C", "EDF+D"])
def test_records_without_a_gap_stay_on_disk(tmp_path, kind):
    onsets = [k + (0.0004 if k == 2 else 0) for k in range(5)]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*gap")
        warnings.filterwarnings("ignore", message=".*the EEG is flat")
        raw = read_eeg(write_edf(tmp_path / "a.edf", np.zeros(5 * SFREQ), onsets, kind=kind))
    assert not raw.preload and raw.n_times == 5 * SFREQ and not skipped(raw).any()


@pytest.mark.parametrize(
    ("onsets", "text"),
    [([0, 1, 0.5, 3], "begins before the last one's end"), ([0, 1, "x\x14\x14\x00", 3], "time of")],
)
def test_times_of_records_that_cannot_be_are_refused(tmp_path, onsets, text):
    path = write_edf(tmp_path / "a.edf", np.zeros(4 * SFREQ), onsets)
    with pytest.raises(DamagedFile, match=f"(?s)a.edf.*{text}"):
        read_eeg(path)


def eeglab_set(path, events, *, n_times=5000, sfreq=250.0):
    kinds = [("latency", "f8"), ("type", "O"), ("duration", "f8")]
    places = np.array([("Fz",), ("Cz",)], dtype=[("labels", "O")])
    content = {"setname": "x", "srate": sfreq, "nbchan": 2, "pnts": n_times, "trials": 1}
    content |= {"xmin": 0.0, "xmax": (n_times - 1) / sfreq, "data": np.zeros((2, n_times), "f4")}
    content |= {"event": np.array(events, dtype=kinds), "chanlocs": places}
    empty = ("icawinv", "icasphere", "icaweights", "icachansind", "epoch", "urevent")
    savemat(path, {"EEG": content | {name: [] for name in empty}}, oned_as="row")
    return path


@pytest.mark.parametrize(
    ("latency", "kind", "sample"),
    [
        (2000.5, "boundary", 2000),
        (2001.5, "boundary", 2001),
        (2001.0, "boundary", 2000),
        (2000.5, "-99", 2000),
        (2000.5, -99, 2000),
    ],
)
def test_boundaries_of_eeglab_and_erplab(tmp_path, latency, kind, sample):
    events = [
        (1.0, "101", 0.0),
        (0.5, "boundary", 9.0),
        (latency, kind, 250.0),
        (3001.0, "102", 0.0),
    ]
    raw = read_eeg(eeglab_set(tmp_path / "cut.set", events))
    assert cuts(raw).tolist() == [sample]
    marks = {mark["description"]: mark for mark in raw.annotations}
    for name in ("BAD boundary", "EDGE boundary"):
        assert marks[name]["onset"] == sample / 250.0 and marks[name]["duration"] == 0


def test_segments_of_brainvision(tmp_path, eeg_writers):
    path = tmp_path / "a.vhdr"
    eeg_writers[".vhdr"](raw_of(1000), path)
    markers = path.with_suffix(".vmrk")
    stamp = "20200101120000000000"
    text = f"\nMk8=New Segment,,1,1,0,{stamp}\nMk9=New Segment,,401,1,0,{stamp}\n"
    markers.write_text(markers.read_text("utf-8").rstrip() + text, "utf-8")
    assert cuts(read_eeg(path)).tolist() == [400]


def test_skips_of_a_fif_recording_stay(tmp_path):
    raw = raw_of(1000).set_annotations(mne.Annotations([3.0], [1.0], ["BAD_ACQ_SKIP"]))
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    assert stretches(read_eeg(tmp_path / "a_raw.fif")) == [(0, 300), (400, 1000)]


@pytest.mark.parametrize(("kind", "n_bytes"), [(2, 4), (2, 2), (3, 4)])
def test_pauses_of_neuroscan(tmp_path, kind, n_bytes):
    """Marks whose upper half byte is 14 (start or stop) or 11 (DC reset) in the table of events."""
    n_channels, n_times = 3, 500
    data_at = 900 + 75 * n_channels
    frame = n_channels * n_bytes
    head = bytearray(data_at)
    head[370:372] = n_channels.to_bytes(2, "little")
    head[886:890] = (data_at + frame * n_times).to_bytes(4, "little")
    marks = [(0, 14, 0), (101, 0, 40), (0, 14, 200), (0, 13, 250), (0, 12, 260), (0, 11, 400)]
    table = b""
    for code, half, sample in marks:
        offset = sample if kind == 3 else data_at + frame * sample
        table += code.to_bytes(2, "little") + bytes([0, half << 4]) + offset.to_bytes(4, "little")
        table += bytes(11)
    about = bytes([kind]) + len(table).to_bytes(4, "little") + bytes(4)
    (tmp_path / "a.cnt").write_bytes(bytes(head) + bytes(frame * n_times) + about + table)
    assert cnt_cuts(tmp_path / "a.cnt", n_times) == [200, 400]
    (tmp_path / "b.cnt").write_bytes(bytes(head[:500]))
    assert cnt_cuts(tmp_path / "b.cnt", n_times) == []


@pytest.mark.parametrize(("rest", "codes"), [(255, [5, 9]), (0, [250, 246]), (65280, [5, 9])])
def test_a_trigger_channel_sends_no_code_in_a_gap(rest, codes):
    states = np.full(6 * SFREQ, rest)
    sent = [250, 246] if rest < 256 else [65285, 65289]
    states[50:60], states[850:860] = sent
    info = mne.create_info(["Cz", "Status"], SFREQ, ["eeg", "stim"])
    raw = mne.io.RawArray(np.stack([np.zeros(6 * SFREQ), states]), info, verbose="error")
    placed = [SFREQ * (k + 5 * (k > 2)) for k in range(6)]
    with mock.patch("mne.read_annotations", return_value=mne.Annotations([], [], [])):
        with pytest.warns(UserWarning, match="1 gap"):
            padded = _padded("a.bdf", raw, placed)
    found = stim_codes(padded, "Status")
    assert found["code"].tolist() == codes
    np.testing.assert_allclose(found["onset"], [0.25, 850 / SFREQ + 5])
