"""Writers of EEG formats that no dependency writes."""

import numpy as np
import pytest


def write_fif(raw, path):
    raw.save(path, verbose="error")


def write_brainvision(raw, path):
    (raw.get_data().T * 1e6).astype("<f4").tofile(path.with_suffix(".eeg"))
    channels = "\n".join(f"Ch{n}={name},,1,µV" for n, name in enumerate(raw.ch_names, 1))
    path.write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={path.stem}.eeg\nMarkerFile={path.stem}.vmrk\nDataFormat=BINARY\n"
        f"DataOrientation=MULTIPLEXED\nNumberOfChannels={len(raw.ch_names)}\n"
        "SamplingInterval=2000\n[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n[Channel Infos]\n"
        f"{channels}\n",
        encoding="utf-8",
    )
    marks = "\n".join(
        f"Mk{n}=Comment,{mark['description']},{round(mark['onset'] * 500) + 1},1,0"
        for n, mark in enumerate(raw.annotations, 1)
    )
    path.with_suffix(".vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={path.stem}.eeg\n[Marker Infos]\n{marks}\n",
        encoding="utf-8",
    )


def write_edf(raw, path, *, n_bytes=2):
    """European Data Format, or with three bytes BioSemi's; 200 microvolt full scale."""
    n_channels, top = len(raw.ch_names), 2 ** (8 * n_bytes - 1) - 1
    fields = [(16, raw.ch_names), (80, ""), (8, "uV"), (8, -200), (8, 200)]
    fields += [(8, -top), (8, top), (80, ""), (8, 500), (32, "")]
    version = b"0       " if n_bytes == 2 else b"\xffBIOSEMI"
    kind = "" if n_bytes == 2 else "24BIT"
    head = f"{'':80}{'':80}01.01.0100.00.00{256 * (n_channels + 1):<8}{kind:<44}"
    head += f"{raw.n_times // 500:<8}{1:<8}{n_channels:<4}"
    for width, values in fields:
        values = values if isinstance(values, list) else [values] * n_channels
        head += "".join(f"{value!s:<{width}}" for value in values)
    digital = np.round(raw.get_data() * 1e6 / 200 * top).astype("<i4")
    records = digital.reshape(n_channels, -1, 500).transpose(1, 0, 2)
    samples = np.ascontiguousarray(records).view("u1").reshape(-1, 4)[:, :n_bytes]
    path.write_bytes(version + head.encode("ascii") + samples.tobytes())


@pytest.fixture(scope="session")
def eeg_writers():
    """Suffix -> function (raw, path) that writes a recording."""
    return {
        ".fif": write_fif,
        ".vhdr": write_brainvision,
        ".edf": write_edf,
        ".bdf": lambda raw, path: write_edf(raw, path, n_bytes=3),
    }
