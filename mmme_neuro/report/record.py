"""Constants of the methods and versions of the software, as plain values for texts."""

import inspect
import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version

import mmme_neuro
from mmme_neuro.clocks import camera
from mmme_neuro.clocks.align import align_clocks
from mmme_neuro.reliability.coders.detection import IOU_THRESHOLDS, ONSET_TOLERANCES_S
from mmme_neuro.responses.autonomic import AUTONOMIC_WINDOWS, SCR_THRESHOLD_US
from mmme_neuro.responses.regions import ROIS
from mmme_neuro.responses.spectral.timefrequency import DEFAULT_FREQUENCIES, cycles
from mmme_neuro.signals.eeg import bad_channels, ica
from mmme_neuro.signals.eeg.clean import clean_eeg
from mmme_neuro.vocabulary import MICRO_MAX_DURATION_S, MICRO_MAX_RISE_S

PACKAGES = (
    "mne",
    "mne-connectivity",
    "mne-icalabel",
    "pyprep",
    "autoreject",
    "numpy",
    "scipy",
    "pandas",
    "xarray",
    "neurokit2",
    "python-picard",
    "pingouin",
    "statsmodels",
    "scikit-learn",
    "matplotlib",
)
"""Packages whose version can change a result."""


def method_constants() -> dict:
    """Return the defaults and thresholds of the methods.

    Returns
    -------
    dict
        Nested, of plain values: ``rule, coders, clocks, cleaning, regions, time_frequency,
        physio``.

    Examples
    --------
    >>> method_constants()["cleaning"]["highpass_hz"]
    0.1
    """
    n_cycles = cycles(DEFAULT_FREQUENCIES)
    return {
        "rule": {"max_duration_s": MICRO_MAX_DURATION_S, "max_rise_s": MICRO_MAX_RISE_S},
        "coders": {
            "iou_thresholds": list(IOU_THRESHOLDS),
            "onset_tolerances_s": list(ONSET_TOLERANCES_S),
        },
        "clocks": {
            **_defaults(align_clocks),
            "camera_drift_prior_sd_ppm": camera.DRIFT_PRIOR_SD_PPM,
        },
        "cleaning": {
            **_defaults(clean_eeg),
            "ica_band_hz": list(ica.ICA_BAND_HZ),
            "muscle_band_hz": list(ica.MUSCLE_BAND_HZ),
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
        "physio": {
            "windows": [asdict(window) for window in AUTONOMIC_WINDOWS.values()],
            "scr_threshold_us": SCR_THRESHOLD_US,
        },
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
    versions = {"python": platform.python_version(), "mmme_neuro": mmme_neuro.__version__}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def _defaults(function: object) -> dict:
    """Default values of a function's options."""
    parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    plain = (bool, int, float, str, type(None))
    return {p.name: p.default for p in parameters if isinstance(p.default, plain)}
