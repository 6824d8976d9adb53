"""Recordings of Neuroscan's Curry 7, 8 and 9."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import mne
import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput, DamagedFile
from mmme_neuro.io.channels.labels import channel_types
from mmme_neuro.io.channels.voltages import VOLTAGES, given_unit, is_blank, volts_per_unit
from mmme_neuro.io.curry_header import (
    CurryChannel,
    CurryHeader,
    read_curry_header,
    read_curry_text,
)
from mmme_neuro.io.damage import small_text
from mmme_neuro.io.montage import axes_contradict_names, template_positions

HEADER_ENDINGS = {".cdt": (".cdt.dpa", ".cdt.dpo"), ".dat": (".dap",)}
LABEL_ENDINGS = {".cdt": (".cdt.dpa", ".cdt.dpo"), ".dat": (".rs3",)}
EVENT_ENDINGS = {".cdt": (".cdt.cef", ".cdt.ceo"), ".dat": (".dat.cef", ".dat.ceo", ".cef", ".ceo")}
TESLAS = {"pT": 1e-12, "fT": 1e-15}
SCALED_TYPES = (*VOLTAGES, "mag")
N_EVENT_COLUMNS = 11
SAMPLES_PER_BLOCK = 65536
IMPEDANCE_CHECK_CODE = 700010
IMPEDANCE_CHECK = "BAD_impedance"
FIDUCIALS = ("nasion", "lpa", "rpa")


@dataclass(frozen=True)
class SampleLayout:
    """Where the samples of a recording lie and in which order."""

    path: Path
    n_samples: int
    n_channels: int
    dtype: str
    is_ascii: bool
    is_by_channel: bool

    def open(self) -> np.ndarray:
        """Samples in the file's units, shape (n_samples, n_channels); a memory map if binary."""
        shape = (self.n_samples, self.n_channels)
        shape_in_file = shape[::-1] if self.is_by_channel else shape
        if self.is_ascii:
            samples = _ascii_values(self.path).reshape(shape_in_file)
        else:
            samples = np.memmap(self.path, dtype=self.dtype, mode="r", shape=shape_in_file)
        return samples.T if self.is_by_channel else samples


class RawCurry(mne.io.BaseRaw):
    """A continuous Curry recording; made by `read_curry`."""

    def __init__(self, info: mne.Info, layout: SampleLayout, annotations: mne.Annotations):
        super().__init__(
            info,
            preload=False,
            last_samps=[layout.n_samples - 1],
            filenames=[layout.path],
            orig_format="single",
            raw_extras=[{"layout": layout}],
            verbose="error",
        )
        self.set_annotations(annotations)

    def _read_segment_file(
        self,
        data: np.ndarray,
        idx: slice | np.ndarray,
        fi: int,
        start: int,
        stop: int,
        cals: np.ndarray | None,
        mult: np.ndarray | None,
    ) -> None:
        """Fill `data` with the samples start..stop of the channels `idx`, scaled to SI."""
        layout = self._raw_extras[fi]["layout"]
        step = stop - start if layout.is_ascii else SAMPLES_PER_BLOCK
        for first in range(start, stop, step):
            last = min(first + step, stop)
            # Opened anew for each block, as pages of an open map count as memory in use.
            block = layout.open()[first:last, idx].T
            part = data[:, first - start : last - start]
            # BaseRaw hands over either a projection that includes the scales, or the scales.
            if mult is not None:
                part[:] = mult @ block
            elif cals is not None:
                np.multiply(block, cals.reshape(-1, 1), out=part)


def read_curry(
    path: str | Path, *, units: str | Mapping[str, str] | None = None
) -> RawCurry | mne.EpochsArray:
    """Read a Curry recording: continuous or epoched, 32-bit float or text, version 7 to 9.

    Parameters
    ----------
    path : path-like
        Data file, ``.cdt`` (with ``.cdt.dpa`` or ``.cdt.dpo``) or ``.dat`` (with ``.dap`` and
        ``.rs3``). Events come from ``.cdt.cef`` or ``.cdt.ceo`` where there is one.
    units : str | mapping of str to str | None
        Unit of the voltages, or of channels, where the header has none or a wrong one.

    Returns
    -------
    RawCurry | mne.EpochsArray
        Signals in SI units; continuous float data stay on disk until used. One annotation an
        event: ``description`` its code, ``extras["remark"]`` its remark, with its duration.
        Impedance checks are annotated ``BAD_impedance``: no events, and epochs over them are
        rejected. An epoched file gives epochs, with its trial table as metadata.

    Notes
    -----
    - Trigger channels hold the code itself (no unit). A blank unit is taken as microvolt.
    - Electrodes are turned from Curry's axes (left, back, up) to MNE's (right, front, up). Where
      the result contradicts the channel names, the 10-05 template replaces it, with a warning.
    - Dates and serial numbers are left behind: ``info["meas_date"]`` is None.
    - Magnetometers come without positions.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from mmme_neuro.simulate.files.curry_file import write_curry
    >>> path = write_curry(
    ...     tempfile.mkdtemp() + "/a.cdt", np.ones((2, 10)), sfreq=1000.0, ch_names=["FZ", "CZ"]
    ... )
    >>> float(read_curry(path).get_data()[0, 0])
    1e-06
    """
    path = Path(path)
    header_file = _require_companion(path, HEADER_ENDINGS, "header")
    header = read_curry_header(
        header_file, _require_companion(path, LABEL_ENDINGS, "channel labels")
    )
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: expected the data that {header_file.name} describes, found no such file; "
            "copy it next to its header."
        )
    layout = _sample_layout(path, header)
    info = _make_info(header, units)
    if header.n_trials > 1 or header.trials is not None:
        return _make_epochs(header, info, layout)
    raw = RawCurry(info, layout, _read_annotations(path, header.sfreq))
    return raw.load_data(verbose="error") if layout.is_ascii else raw


def _companion(path: Path, endings: Mapping[str, Sequence[str]]) -> Path | None:
    """The first file beside `path` with one of the endings, in upper or lower case."""
    if path.suffix.lower() not in endings:
        raise BadInput(
            f"{path}: expected a Curry data file ({', '.join(endings)}), found the suffix "
            f"{path.suffix!r}; give the data file, its companions are found by name."
        )
    folder = path.parent.iterdir() if path.parent.is_dir() else ()
    beside = {entry.name.lower(): entry for entry in folder}
    names = [path.stem.lower() + ending for ending in endings[path.suffix.lower()]]
    return next((beside[name] for name in names if name in beside), None)


def _require_companion(path: Path, endings: Mapping[str, Sequence[str]], what: str) -> Path:
    """The companion file; a missing one is an error that says whether the data are there."""
    found = _companion(path, endings)
    if found is None:
        wanted = " or ".join(path.stem + ending for ending in endings[path.suffix.lower()])
        state = (
            "no such file next to the data" if path.is_file() else "neither it nor the data file"
        )
        raise FileNotFoundError(
            f"{path}: expected the {what} in {wanted}, found {state}; "
            "copy all files of the recording into one folder."
        )
    return found


def _sample_layout(path: Path, header: CurryHeader) -> SampleLayout:
    """Order of the samples, after checking that the file holds as many as the header says."""
    n_channels = len(header.channels)
    if header.is_by_channel and header.n_trials > 1:
        raise DamagedFile(
            f"{path}: expected epochs stored sample by sample, found DataSampOrder = CHAN; "
            "open the recording in Curry and save it as 'Raw Float'."
        )
    if header.is_ascii:
        n_values, found = float(len(_ascii_values(path))), "text"
    else:
        n_values, found = path.stat().st_size / 4, f"{path.stat().st_size} bytes"
    # Curry writes -1 when it was stopped before it could count.
    n_samples = (
        header.n_samples * header.n_trials if header.n_samples >= 0 else n_values / n_channels
    )
    if n_values != n_samples * n_channels or n_samples != int(n_samples) or n_samples < 1:
        raise DamagedFile(
            f"{path}: expected {header.n_samples} samples x {header.n_trials} trials x "
            f"{n_channels} channels as {header.path.name} says, found {n_values:.12g} values "
            f"({found}); the file is truncated or belongs to another header: "
            "copy it again, or save it from Curry again."
        )
    return SampleLayout(
        path=path,
        n_samples=int(n_samples),
        n_channels=n_channels,
        dtype=header.byte_order + "f4",
        is_ascii=header.is_ascii,
        is_by_channel=header.is_by_channel,
    )


def _ascii_values(path: Path) -> np.ndarray:
    """Numbers of a text recording, to its very end."""
    content = small_text(path)
    try:
        values = np.array(content.split(), dtype=float)
    except ValueError as error:  # what NumPy raises on text that is no number
        raise DamagedFile(
            f"{path}: expected numbers, found other text ({error}); the file is damaged: copy it "
            "again, or save it from Curry again."
        ) from error
    if not content[-1:].isspace():
        raise DamagedFile(
            f"{path}: expected a line break at its end, found {content[-20:]!r}; the last number "
            "may be cut off: copy the file again."
        )
    return values


def _make_info(header: CurryHeader, given: str | Mapping[str, str] | None) -> mne.Info:
    """Names, types, scales and electrode positions; neither date nor device."""
    names = [channel.name for channel in header.channels]
    types = _types(header.channels)
    info = mne.create_info(names, header.sfreq, types)
    unitless = []
    for entry, channel, kind in zip(info["chs"], header.channels, types, strict=True):
        unit = given_unit(given, channel.name) if kind in VOLTAGES else None
        unit = channel.unit if unit is None else unit
        entry["cal"] = _scale_to_si(channel, kind, unit, header.path)
        if kind in SCALED_TYPES and is_blank(unit):
            unitless.append(channel.name)
    if unitless:
        warnings.warn(
            f"{header.path}: no unit given for {unitless}; microvolt is assumed. Check amplitudes.",
            stacklevel=3,
        )
    montage = _make_montage(header, types)
    return info if montage is None else info.set_montage(montage, on_missing="ignore")


def _types(channels: Sequence[CurryChannel]) -> list[str]:
    """MNE types by device group, name and unit."""
    units = {each.name: each.unit for each in channels if each.unit not in TESLAS}
    by_name = channel_types([each.name for each in channels], units)
    types = []
    for each in channels:
        kind = by_name[each.name]
        is_other = kind == "eeg" and each.group.startswith("OTHER")
        is_other |= kind in ("gsr", "temperature")  # their units are none of Curry's
        types.append("mag" if each.group.startswith("MAG") else "misc" if is_other else kind)
    return types


def _scale_to_si(channel: CurryChannel, kind: str, unit: str, header_file: Path) -> float:
    """Factor from the file's unit to volt or tesla; triggers and unknown signals stay as stored."""
    if kind == "stim":
        return 1.0
    scale = TESLAS.get(unit, volts_per_unit(unit))
    if scale is None and kind in SCALED_TYPES and is_blank(unit):
        scale = 1e-6
    if scale is None and kind in SCALED_TYPES:
        raise DamagedFile(
            f"{header_file}: expected the DataUnit of {channel.name!r} to be one of nV, uV, mV, V, "
            f"pT, fT or blank, found {unit!r}; save it from Curry in uV, or read the recording "
            "with units='uV', say."
        )
    return 1.0 if scale is None else scale


def _make_montage(header: CurryHeader, types: list[str]) -> mne.channels.DigMontage | None:
    """Electrode positions in the head frame; None where the file has none."""
    positions = {
        channel.name: np.array(channel.position_m)
        for channel, kind in zip(header.channels, types, strict=True)
        if kind == "eeg" and channel.position_m is not None and any(channel.position_m)
    }
    if not positions:
        return None
    if axes_contradict_names(positions):
        warnings.warn(
            f"{header.path}: electrode positions contradict the channel names (mirrored or "
            "rotated); the 10-05 template is used instead. Check the montage.",
            stacklevel=4,
        )
        positions = template_positions(list(positions))
        return mne.channels.make_dig_montage(positions, coord_frame="head")
    if all(point in header.landmarks_m for point in FIDUCIALS):
        fiducials = {point: header.landmarks_m[point] for point in FIDUCIALS}
        return mne.channels.make_dig_montage(positions, coord_frame="unknown", **fiducials)
    # Without landmarks Curry's own origin stands in for the head frame's.
    return mne.channels.make_dig_montage(positions, coord_frame="head")


def _make_epochs(header: CurryHeader, info: mne.Info, layout: SampleLayout) -> mne.EpochsArray:
    """Trials of an epoched recording, with the header's trial table as metadata."""
    trials = header.trials
    if trials is None:
        trials = pd.DataFrame({"code": np.ones(header.n_trials, dtype=int)})
    if len(trials) != header.n_trials:
        raise DamagedFile(
            f"{header.path}: expected {header.n_trials} rows in EPOCH_INFORMATION, found "
            f"{len(trials)}; save the recording from Curry again."
        )
    n_times = layout.n_samples // header.n_trials
    cals = np.array([channel["cal"] for channel in info["chs"]])
    samples = layout.open().reshape(header.n_trials, n_times, layout.n_channels)
    data = np.ascontiguousarray((samples * cals).transpose(0, 2, 1))
    zero = np.arange(header.n_trials) * n_times - round(header.tmin * header.sfreq)
    events = np.column_stack([zero, np.zeros_like(zero), trials["code"]])
    return mne.EpochsArray(
        data,
        info,
        events=events,
        tmin=header.tmin,
        event_id={str(code): int(code) for code in trials["code"].unique()},
        metadata=trials,
        verbose="error",
    )


def _read_annotations(path: Path, sfreq: float) -> mne.Annotations:
    """Events of the recording's event file; none where there is no such file."""
    event_file = _companion(path, EVENT_ENDINGS)
    if event_file is None:
        return mne.Annotations([], [], [])
    text = read_curry_text(event_file)
    for key in ("PointKeyNumbers", "PointKeyRemarks"):
        name = text.parameters.get("POINT_KEYWORDS", {}).get(key, "")
        if name not in ("", "NO_LIST", *text.lists) and text.number(
            "POINT_KEYWORDS", "PointNrLocations", default=1
        ):
            raise DamagedFile(
                f"{event_file}: expected the list {name}, found none; the file is damaged or "
                "truncated: save the events from Curry again."
            )
    numbers = text.numbers("NUMBER_LIST", N_EVENT_COLUMNS).astype(int)
    remarks = [remark.strip() for remark in text.lists.get("REMARK_LIST", [])]
    if len(remarks) != len(numbers):
        if any(remarks):
            warnings.warn(
                f"{event_file}: {len(numbers)} events but {len(remarks)} remarks; the remarks are "
                "left out, since they cannot be matched. Save the events from Curry again.",
                stacklevel=3,
            )
        remarks = [""] * len(numbers)
    sample, code, first, last = numbers[:, [0, 2, 4, 5]].T
    description = [
        IMPEDANCE_CHECK if number == IMPEDANCE_CHECK_CODE else str(number) for number in code
    ]
    return mne.Annotations(
        onset=sample / sfreq,
        duration=np.maximum(last - first, 0) / sfreq,
        description=description,
        extras=[{"remark": remark} for remark in remarks],
    )
