"""A physiological recording in the layout of AcqKnowledge's MATLAB export."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.io import savemat

from mmme_neuro.io.files import atomic_file

LABELS = (
    "PPG, X, PPGED-R",
    "RSP, X, RSPEC-R",
    "EMG A, X, EMG2-R",
    "SKT A, X, SKT2-R",
    "EDA, X, PPGED-R",
    "ECG, X, RSPEC-R",
    "EMG B, X, EMG2-R",
    "SKT B, X, SKT2-R",
    *(f"Digital (STP Input {line})" for line in range(8)),
    "ECG rate (.5 - 35 Hz)",
)
"""Labels of the 17 channels, in the order of the export."""

UNITS = (
    "Volts",
    "Volts",
    "mV",
    "Deg. C",
    "microsiemens",
    "mV",
    "mV",
    "Deg. C",
    *["Volts"] * 8,
    "BPM",
)
"""Units of the 17 channels; the digital lines rest at 0 V and rise to 5 V."""

HEADER_TEXT = b"MATLAB 5.0 MAT-file"
HEADER_BYTES = 116


def write_acqknowledge_mat(
    path: str | Path,
    data: np.ndarray,
    *,
    labels: Sequence[str] = LABELS,
    units: Sequence[str] = UNITS,
    isi_ms: float = 1.0,
    start_sample: int = 0,
) -> Path:
    """Write ``data, labels, units, isi, isi_units, start_sample`` as AcqKnowledge exports them.

    Parameters
    ----------
    path : path-like
        File to write, ending in ``.mat``; it appears only when complete.
    data : array, shape (n_samples, n_channels)
        Samples in the units of `units`; its float type is kept.
    labels, units : sequence of str
        One a channel; written as character matrices padded with blanks.
    isi_ms : float
        Milliseconds between samples.
    start_sample : int
        Number of the first sample in the recording the export was cut from.

    Returns
    -------
    Path
        The file.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> path = tempfile.mkdtemp() + "/a.mat"
    >>> write_acqknowledge_mat(path, np.zeros((10, 17))).name
    'a.mat'
    """
    path, data = Path(path), np.asarray(data)
    if path.suffix != ".mat":
        raise ValueError(f"path must end in '.mat', got {path.name!r}; rename the file.")
    if data.ndim != 2 or not data.shape[1] == len(labels) == len(units):
        raise ValueError(
            f"data must be samples x channels with a label and a unit for each channel, got shape "
            f"{data.shape}, {len(labels)} labels and {len(units)} units."
        )
    content = {
        "data": data,
        "labels": _padded(labels),
        "units": _padded(units),
        "isi": float(isi_ms),
        "isi_units": "ms",
        "start_sample": float(start_sample),
    }
    with atomic_file(path) as part, part.open("wb") as stream:
        savemat(stream, content, do_compression=True)
        # SciPy writes the time of day into the header; same data, same bytes.
        stream.seek(0)
        stream.write(HEADER_TEXT.ljust(HEADER_BYTES))
    return path


def _padded(texts: Sequence[str]) -> np.ndarray:
    """Texts padded with blanks to one width, as a MATLAB character matrix needs."""
    width = max(len(text) for text in texts)
    return np.array([text.ljust(width) for text in texts])
