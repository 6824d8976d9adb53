"""Every constant of a study and of the methods, and versions of the software."""

import platform
from typing import Any

import pandas as pd

import mmme_neuro
from mmme_neuro.clocks import align, camera
from mmme_neuro.pipeline import provenance as preprocessing
from mmme_neuro.reliability.coders.detection import IOU_THRESHOLDS, ONSET_TOLERANCES_S
from mmme_neuro.report import formats
from mmme_neuro.report.quantities import table_text
from mmme_neuro.responses.autonomic import SCR_THRESHOLD_US
from mmme_neuro.responses.measures import BANDS
from mmme_neuro.responses.regions import ROIS
from mmme_neuro.responses.spectral.timefrequency import DEFAULT_FREQUENCIES, cycles
from mmme_neuro.signals.eeg import bad_channels, ica
from mmme_neuro.vocabulary import MICRO_MAX_DURATION_S, MICRO_MAX_RISE_S, RULE_NAME
from mmme_neuro.wording import with_minus

PACKAGES = (
    *preprocessing.DERIVING,
    "formulaic",
    "mne-connectivity",
    "nilearn",
    "numba",
    "pingouin",
    "statsmodels",
    "xarray",
    "matplotlib",
    "seaborn",
)
"""Packages whose version can change a result."""


def method_constants() -> dict:
    """Return the constants of the methods: what no option of a run changes.

    Returns
    -------
    dict
        Nested, of plain values: ``rule, coders, clocks, cleaning, regions, time_frequency,
        bands_hz, physio``.

    Examples
    --------
    >>> method_constants()["cleaning"]["ica_band_hz"]
    [1.0, 100.0]
    """
    n_cycles = cycles(DEFAULT_FREQUENCIES)
    return {
        "rule": {
            "name": RULE_NAME,
            "max_duration_s": MICRO_MAX_DURATION_S,
            "max_rise_s": MICRO_MAX_RISE_S,
        },
        "coders": {
            "iou_thresholds": list(IOU_THRESHOLDS),
            "onset_tolerances_s": list(ONSET_TOLERANCES_S),
        },
        "clocks": {
            "max_drift_ppm": align.MAX_DRIFT_PPM,
            "camera_drift_prior_sd_ppm": camera.DRIFT_PRIOR_SD_PPM,
        },
        "cleaning": {
            "ica_band_hz": list(ica.ICA_BAND_HZ),
            "brain_band_hz": list(ica.BRAIN_BAND_HZ),
            "agreeing_eye_r": ica.AGREEING_EYE_R,
            "ransac_correlation": bad_channels.RANSAC_CORRELATION,
            "ransac_share": bad_channels.RANSAC_SHARE,
        },
        "regions": {name: list(channels) for name, channels in ROIS.items()},
        "time_frequency": {
            "n_frequencies": len(DEFAULT_FREQUENCIES),
            "frequencies_hz": [float(DEFAULT_FREQUENCIES[0]), float(DEFAULT_FREQUENCIES[-1])],
            "n_cycles": [float(n_cycles[0]), float(n_cycles[-1])],
        },
        "bands_hz": {name: list(edges) for name, edges in BANDS.items()},
        "physio": {"scr_threshold_us": SCR_THRESHOLD_US},
    }


def software_versions() -> dict[str, str]:
    """Return the versions of Python, this package and those it computes with.

    Returns
    -------
    dict of str to str
        Name to version; ``"not installed"`` where a package is absent.

    Examples
    --------
    >>> "python" in software_versions()
    True
    """
    own = {"python": platform.python_version(), "mmme_neuro": mmme_neuro.__version__}
    return own | preprocessing.versions(PACKAGES)


MOST_ROWS = 20
"""Longer mappings of plain values are one row."""


def constants_table(methods: dict) -> dict[str, list]:
    """Write every constant as one row.

    Parameters
    ----------
    methods : dict
        Content of ``methods.json``: ``study``, ``used`` (by the run) and ``methods``, nested and
        of plain values.

    Returns
    -------
    dict
        ``header, kinds, rows``; a nested constant has a dotted name, a record within a list one
        row.

    Examples
    --------
    >>> used = {"clean": {"line_hz": 60.0}}
    >>> constants_table({"study": {"window": [-1.5, 2.0]}, "used": used, "methods": {}})["rows"]
    [['study', 'window', '−1.5, 2'], ['run', 'clean.line_hz', '60']]
    """
    rows = [
        {"owner": owner, "name": name, "value": value}
        for owner, part in (("study", "study"), ("run", "used"), ("methods", "methods"))
        for name, value in _flat(methods[part])
    ]
    columns = [
        formats.text("owner", "of the"),
        formats.text("name", "constant"),
        formats.text("value", "value", is_long=True),
    ]
    return table_text(pd.DataFrame(rows), columns)


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Nested constants as dotted names with texts; lists of plain values stay together."""
    if isinstance(value, dict) and len(value) > MOST_ROWS and not _is_nested([*value.values()]):
        return [(name, _grouped(value))]
    if isinstance(value, dict):
        # "is" names the class of a record.
        named = [(key, inner) for key, inner in value.items() if key != "is"]
        rows = [(f"{name}.{key}" if name else key, inner) for key, inner in named]
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        rows = [(f"{name}[{number}]", item) for number, item in enumerate(value)]
    else:
        return [(name, _constant(value))]
    if "[" in name and not any(_is_nested(inner) for _, inner in rows):
        # One line for a small record within a list, e.g. a window.
        texts = [f"{key.rsplit('.', 1)[-1]} {_constant(inner)}" for key, inner in rows]
        return [(name, "; ".join(texts))]
    return [pair for key, inner in rows for pair in _flat(inner, key)]


def _grouped(mapping: dict) -> str:
    """A long mapping as its values with all their keys."""
    keys: dict[str, list[str]] = {}
    for key, value in mapping.items():
        keys.setdefault(_constant(value), []).append(str(key))
    return "; ".join(f"{value}: {', '.join(own)}" for value, own in keys.items())


def _is_nested(value: Any) -> bool:
    """Whether a constant is more than a plain value or a list of them."""
    items = value if isinstance(value, list) else [value]
    return any(isinstance(item, dict) for item in items)


def _constant(value: Any) -> str:
    """A plain constant as text."""
    if isinstance(value, list):
        is_deep = any(isinstance(item, list) for item in value)
        return ("; " if is_deep else ", ").join(_constant(item) for item in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return with_minus(f"{value:.10g}")
    return "none" if value is None else str(value)
