"""Units of every format that states them, or not, and the data formats of Neuroscan's files."""

import struct
import warnings

import mne
import numpy as np
import pytest
from scipy.io import savemat

from mmme_neuro.errors import BadInput, MmmeError
from mmme_neuro.io.eeg import read_eeg
from mmme_neuro.simulate.files.curry_file import write_curry

SFREQ = 200
NAMES = ["Fz", "Cz", "Pz", "Oz"]
UV = 20 * np.random.default_rng(0).standard_normal((4, 10 * SFREQ))
"""An EEG in microvolt."""


def write_edf(path, units, values=UV, *, names=NAMES, limit=400.0, encoding="latin-1"):
    """European Data Format with any physical dimension; ``limit`` in the unit of the values."""
    units = [units] * len(names) if isinstance(units, str) else units

    def field(text, width):
        raw = text if isinstance(text, bytes) else str(text).encode(encoding)
        return (raw + b" " * width)[:width]

    n_channels, n_records = len(names), values.shape[1] // SFREQ
    head = field("0", 8) + field("X", 80) + field("X", 80) + field("01.01.20", 8)
    head += field("10.00.00", 8) + field(256 * (n_channels + 1), 8) + field("", 44)
    head += field(n_records, 8) + field(1, 8) + field(n_channels, 4)
    columns = [
        (16, names),
        (80, ""),
        (8, units),
        (8, f"{-limit:g}"),
        (8, f"{limit:g}"),
        (8, -32768),
        (8, 32767),
    ]
    columns += [(80, ""), (8, SFREQ), (32, "")]
    for width, column in columns:
        each = column if isinstance(column, list) else [column] * n_channels
        head += b"".join(field(text, width) for text in each)
    digital = np.round((values + limit) / (2 * limit) * 65535 - 32768).astype("<i2")
    records = digital.reshape(n_channels, n_records, SFREQ).transpose(1, 0, 2)
    path.write_bytes(head + records.tobytes())
    return path


def write_vhdr(path, fields, values=UV, *, names=NAMES, encoding="utf-8"):
    """BrainVision with any resolution and unit, such as ``1,µV``."""
    fields = [fields] * len(names) if isinstance(fields, str) else fields
    values.T.astype("<f4").tofile(path.with_suffix(".eeg"))
    rows = "\n".join(
        f"Ch{k}={n},,{f}" for k, (n, f) in enumerate(zip(names, fields, strict=True), 1)
    )
    text = (
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\n"
        f"DataFile={path.stem}.eeg\nMarkerFile={path.stem}.vmrk\nDataFormat=BINARY\n"
        f"DataOrientation=MULTIPLEXED\nNumberOfChannels={len(names)}\n"
        f"SamplingInterval={10**6 // SFREQ}\n[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n"
        f"[Channel Infos]\n{rows}\n"
    )
    path.write_bytes(text.encode(encoding))
    path.with_suffix(".vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\n"
        f"DataFile={path.stem}.eeg\n[Marker Infos]\nMk1=New Segment,,1,1,0,0\n"
    )
    return path


def write_cnt(path, counts, *, n_bytes, n_samples=None, names=NAMES):
    """Neuroscan 4 file of a million counts a volt; ``n_samples`` as the header should state."""
    stated = counts.shape[1] if n_samples is None else n_samples
    body = np.round(counts).T.astype(f"<i{n_bytes}").tobytes()
    head = bytearray(900)
    struct.pack_into("<H", head, 370, len(names))
    struct.pack_into("<H", head, 376, SFREQ)
    struct.pack_into("<i", head, 864, stated)
    struct.pack_into("<i", head, 886, 900 + 75 * len(names) + len(body))
    for name in names:
        electrode = bytearray(75)
        electrode[: len(name)] = name.encode()
        struct.pack_into("<f", electrode, 59, 1.0)
        struct.pack_into("<f", electrode, 71, 204.8)
        head += electrode
    path.write_bytes(bytes(head) + body + struct.pack("<Bll", 1, 0, 0) + b"\0" * 16)
    return path


def assert_is_eeg(raw, *, atol=2e-8):
    np.testing.assert_allclose(raw.get_data("eeg"), 1e-6 * UV, atol=atol)


SPELLINGS = ["uV", "UV", "uv", "microV", "uVolt", "µV".encode(), "μV".encode(), b"\xb5V"]


@pytest.mark.parametrize("unit", SPELLINGS)
def test_microvolt_of_edf_in_every_spelling(tmp_path, unit, recwarn):
    units = [unit] * 4
    raw = read_eeg(write_edf(tmp_path / "a.edf", units))
    assert_is_eeg(raw)
    assert not raw.preload and not [w for w in recwarn if "unit" in str(w.message)]


@pytest.mark.parametrize(("unit", "scale"), [("mV", 1e-3), ("MV", 1e-3), ("V", 1e-6), ("nV", 1e3)])
def test_other_voltages_of_edf(tmp_path, unit, scale):
    path = write_edf(tmp_path / "a.edf", unit, UV * scale, limit=400 * scale)
    assert_is_eeg(read_eeg(path))


@pytest.mark.parametrize("unit", ["", ".V", "?V", "n/a"])
def test_a_unit_that_is_blank_or_spoiled_is_microvolt_with_a_word(tmp_path, unit):
    path = write_edf(tmp_path / "a.edf", unit)
    with pytest.warns(UserWarning, match="microvolt is assumed"):
        assert_is_eeg(read_eeg(path))


@pytest.mark.parametrize("unit", ["mmHg", "%", "counts", "g", "uS"])
def test_an_eeg_in_no_voltage_is_refused_with_the_remedy(tmp_path, unit):
    path = write_edf(tmp_path / "a.edf", unit)
    with pytest.raises(BadInput, match=r"a\.edf.*units='uV'") as raised:
        read_eeg(path)
    assert repr(unit) in str(raised.value)
    assert_is_eeg(read_eeg(path, units="uV"))


@pytest.mark.parametrize("stated", ["V", "mV"])
def test_a_wrong_unit_is_refused_and_mended(tmp_path, stated):
    path = write_edf(tmp_path / "a.edf", stated)
    with pytest.raises(BadInput, match=r"robust spread.*units='uV'"):
        read_eeg(path)
    assert_is_eeg(read_eeg(path, units="microvolt"))


def test_blank_volts_are_refused_and_mended(tmp_path):
    path = write_edf(tmp_path / "a.edf", "", UV * 1e-6, limit=4e-4)
    with pytest.warns(UserWarning), pytest.raises(BadInput, match="units='V'"):
        read_eeg(path)
    assert_is_eeg(read_eeg(path, units="V"))


def test_units_of_channels_by_name(tmp_path):
    values = UV * np.array([[1.0], [1.0], [1e-3], [1.0]])
    path = write_edf(tmp_path / "a.edf", ["uV", "", "", "uV"], values)
    raw = read_eeg(path, units={"Cz": "uV", "Pz": "mV"})
    assert_is_eeg(raw, atol=1e-5)
    np.testing.assert_allclose(raw.get_data(["Pz"])[0], 1e-6 * UV[2], atol=1e-5)
    with pytest.raises(BadInput, match=r"\['Xz'\]"):
        read_eeg(path, units={"Xz": "uV"})


@pytest.mark.parametrize("units", ["furlong", {"Cz": "uS"}, ""])
def test_units_that_are_none_are_refused(tmp_path, units):
    path = write_edf(tmp_path / "a.edf", "uV")
    with pytest.raises(BadInput, match="units must be units of voltage"):
        read_eeg(path, units=units)


def test_given_units_keep_what_no_head_gives(tmp_path):
    path = write_edf(tmp_path / "a.edf", "mV")
    with pytest.warns(UserWarning, match="kept, as units were given"):
        raw = read_eeg(path, units="mV")
    np.testing.assert_allclose(raw.get_data(), 1e-3 * UV, atol=2e-5)


def test_the_other_signals_of_edf_keep_their_units(tmp_path):
    names = ["Fz", "Cz", "GSR", "Temp skin"]
    values = np.vstack([UV[:2], 5 + 0.1 * UV[2:3], 33 + 0.01 * UV[3:4]])
    path = write_edf(tmp_path / "a.edf", ["uV", "uV", "uS", "degC"], values, names=names)
    raw = read_eeg(path)
    assert raw.get_channel_types() == ["eeg", "eeg", "gsr", "temperature"]
    np.testing.assert_allclose(raw.get_data("gsr")[0], 1e-6 * values[2], atol=2e-8)
    np.testing.assert_allclose(raw.get_data("temperature")[0], values[3], atol=0.02)


def test_other_blocks_of_a_rescaled_file_have_the_same_scale(tmp_path):
    raw = read_eeg(write_edf(tmp_path / "a.edf", "uv"))
    whole = raw.get_data()
    np.testing.assert_allclose(raw.get_data(start=700, stop=1500), whole[:, 700:1500])
    np.testing.assert_allclose(raw.copy().load_data(verbose="error").get_data(), whole)
    np.testing.assert_allclose(raw.copy().pick(["Pz"]).get_data(), whole[[2]])


@pytest.mark.parametrize(
    "fields",
    ["1,µV", "1,uV", "1,μV", "1,uv", "1,UV", "1", "1,", "0.5,microV", "0.001,mV", "1e-6,V"],
)
def test_units_of_brainvision(tmp_path, fields):
    resolution = float(fields.split(",")[0])
    volts = {"mV": 1e-3, "V": 1.0}.get(fields.partition(",")[2], 1e-6)
    values = UV * 1e-6 / (resolution * volts)
    raw = read_eeg(write_vhdr(tmp_path / "a.vhdr", fields, values))
    assert raw.get_channel_types() == ["eeg"] * 4
    assert_is_eeg(raw)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_brainvision_in_either_encoding(tmp_path, encoding):
    assert_is_eeg(read_eeg(write_vhdr(tmp_path / "a.vhdr", "1,µV", encoding=encoding)))


@pytest.mark.parametrize("fields", ["0,1,µV", "0,µV", "-1,µV", "x,µV"])
def test_a_resolution_that_is_none_is_refused(tmp_path, fields):
    path = write_vhdr(tmp_path / "a.vhdr", fields)
    with pytest.raises(MmmeError, match="a.vhdr"):
        read_eeg(path)


def test_brainvision_in_no_voltage_is_refused_and_mended(tmp_path):
    path = write_vhdr(tmp_path / "a.vhdr", ["1,µV", "1,Foo", "1,µV", "1,µV"])
    with pytest.raises(BadInput, match="'Cz': 'Foo'"):
        read_eeg(path)
    assert_is_eeg(read_eeg(path, units={"Cz": "uV"}))


def test_auxiliary_channels_of_brainvision_are_told_by_their_units(tmp_path):
    names = ["Fz", "X1", "X2", "ACC_X"]
    path = write_vhdr(tmp_path / "a.vhdr", ["1,µV", "1,°C", "1,µS", "1,g"], names=names)
    assert read_eeg(path).get_channel_types() == ["eeg", "temperature", "gsr", "misc"]


def test_fif_in_microvolt_is_refused_and_mended(tmp_path):
    raw = mne.io.RawArray(UV, mne.create_info(NAMES, SFREQ, "eeg"), verbose="error")
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    with pytest.raises(BadInput, match="units='uV'"):
        read_eeg(tmp_path / "a_raw.fif")
    assert_is_eeg(read_eeg(tmp_path / "a_raw.fif", units="uV"), atol=1e-10)


def test_epochs_in_millivolt_are_refused_and_mended(tmp_path):
    epochs = mne.EpochsArray(
        1e-3 * UV.reshape(4, 10, SFREQ).transpose(1, 0, 2),
        mne.create_info(NAMES, SFREQ, "eeg"),
        verbose="error",
    )
    epochs.save(tmp_path / "a-epo.fif", verbose="error")
    with pytest.raises(BadInput, match="units='mV'"):
        read_eeg(tmp_path / "a-epo.fif")
    mended = read_eeg(tmp_path / "a-epo.fif", units="mV").get_data()
    np.testing.assert_allclose(mended, 1e-3 * epochs.get_data(), rtol=1e-6)


def write_set(path, values):
    """EEGLAB set with its samples inside."""
    eeg = {"nbchan": len(NAMES), "trials": 1, "pnts": values.shape[1], "srate": float(SFREQ)}
    eeg |= {"xmin": 0.0, "xmax": values.shape[1] / SFREQ, "data": values, "event": []}
    eeg["chanlocs"] = np.array([(name,) for name in NAMES], dtype=[("labels", object)])
    savemat(path, {"EEG": eeg}, appendmat=False)
    return path


def test_eeglab_is_in_microvolt(tmp_path):
    assert_is_eeg(read_eeg(write_set(tmp_path / "a.set", UV)), atol=1e-10)


@pytest.mark.parametrize(("unit", "scale"), [("V", 1e-6), ("mV", 1e-3)])
def test_eeglab_in_another_unit_is_refused_and_mended(tmp_path, unit, scale):
    path = write_set(tmp_path / "a.set", scale * UV)
    with pytest.raises(BadInput, match=f"units='{unit}'"):
        read_eeg(path)
    assert_is_eeg(read_eeg(path, units=unit), atol=1e-10)


def test_curry_in_another_spelling_and_with_given_units(tmp_path):
    path = write_curry(tmp_path / "a.cdt", UV.astype("f4"), sfreq=200.0, ch_names=NAMES)
    header = tmp_path / "a.cdt.dpa"
    text = header.read_text(encoding="utf-8")
    for unit in ("uv", "microV", "µV"):
        header.write_text(text.replace("= uV", f"= {unit}"), encoding="utf-8")
        assert_is_eeg(read_eeg(path), atol=1e-10)
    header.write_text(text.replace("= uV", "= V"), encoding="utf-8")
    with pytest.raises(BadInput, match="units='uV'"):
        read_eeg(path)
    assert_is_eeg(read_eeg(path, units="uV"), atol=1e-10)


SLOW = np.cumsum(np.random.default_rng(3).standard_normal((4, 10 * SFREQ)), axis=1)
SLOW -= SLOW.mean(axis=1, keepdims=True)
"""A signal whose samples follow one another, as an EEG's do; in microvolt."""


@pytest.mark.parametrize("n_bytes", [2, 4])
def test_cnt_of_either_width(tmp_path, n_bytes, recwarn):
    path = write_cnt(tmp_path / "a.cnt", SLOW, n_bytes=n_bytes)
    for data_format in ("auto", f"int{8 * n_bytes}"):
        read = read_eeg(path, data_format=data_format).get_data()
        np.testing.assert_allclose(read, 1e-6 * SLOW, atol=6e-7)


@pytest.mark.parametrize(("n_bytes", "wrong"), [(2, "int32"), (4, "int16")])
def test_the_wrong_width_of_cnt_is_refused(tmp_path, n_bytes, wrong):
    path = write_cnt(tmp_path / "a.cnt", SLOW, n_bytes=n_bytes)
    with pytest.raises(BadInput, match=f"'int{8 * n_bytes}'"):
        read_eeg(path, data_format=wrong)


@pytest.mark.parametrize(("n_bytes", "stated"), [(2, 0), (4, 0), (2, 1000), (4, 4000), (4, 1999)])
def test_cnt_whose_header_does_not_tell_its_width(tmp_path, n_bytes, stated):
    path = write_cnt(tmp_path / "a.cnt", SLOW, n_bytes=n_bytes, n_samples=stated)
    with pytest.warns(UserWarning, match=f"'int{8 * n_bytes}'"):
        read = read_eeg(path).get_data()
    n_read = min(stated or 2000, 2000)
    np.testing.assert_allclose(read[:, :n_read], 1e-6 * SLOW[:, :n_read], atol=6e-7)


def test_data_format_is_for_cnt(tmp_path):
    path = write_edf(tmp_path / "a.edf", "uV")
    with pytest.raises(BadInput, match="for .cnt files"):
        read_eeg(path, data_format="int16")
    with pytest.raises(BadInput, match="data_format must be"):
        read_eeg(path, data_format="int8")


def test_cnt_of_another_maker_is_named(tmp_path):
    (tmp_path / "a.cnt").write_bytes(b"RIFF" + bytes(5000))
    with pytest.raises(BadInput, match="ANT Neuro"):
        read_eeg(tmp_path / "a.cnt")


@pytest.mark.parametrize(("unit", "factor"), [("mV", 1e3), ("V", 1e6)])
def test_one_channel_in_another_unit_is_told(tmp_path, unit, factor):
    path = write_edf(tmp_path / "a.edf", ["uV", "uV", unit, "uV"])
    with pytest.warns(UserWarning, match="channels .'Pz'. have a robust spread"):
        spread = read_eeg(path).get_data().std(axis=1)
    np.testing.assert_allclose(spread[2] / spread[0], factor, rtol=0.2)
    path = write_edf(tmp_path / "b.edf", ["uV"] * 4, UV * np.c_[[1.0, 19.0, 1e-3, 1.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_eeg(path)


@pytest.mark.parametrize("unit", [b"uV\0\0", b"\0uV", b"mV\0"])
def test_units_that_are_padded_by_zeros(tmp_path, unit):
    factor = 1e-6 if b"u" in unit else 1e-3
    raw = read_eeg(write_edf(tmp_path / "a.edf", [unit] * 4, UV * 1e-6 / factor))
    np.testing.assert_allclose(raw.get_data().std(axis=1), UV.std(axis=1) * 1e-6, rtol=0.2)
