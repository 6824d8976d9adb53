"""Optional packages: the extra that brings each, and an error that names it."""

import importlib
from types import ModuleType

from mmme_neuro.errors import MissingExtra

EXTRAS = {
    "all": ("h5netcdf",),
    "bids": ("mne_bids", "pybv"),
    "clean": ("autoreject", "mne_icalabel", "onnxruntime", "picard", "pyprep"),
    "connectivity": ("mne_connectivity",),
    "dask": ("dask", "dask_jobqueue", "distributed"),
    "formats": ("bioread", "pymatreader"),
    "paper": ("typst",),
    "physio": ("clarabel", "neurokit2"),
}
"""Extra -> packages, as they are imported; ``all`` also brings those of the others but the tools of
developers."""

EXTRA_OF = {package: extra for extra, packages in EXTRAS.items() for package in packages}


def optional(name: str) -> ModuleType:
    """Import a module of an optional package, or say how to install it.

    Parameters
    ----------
    name : str
        Dotted name of the module; its package is one of `EXTRAS`.

    Returns
    -------
    module

    Raises
    ------
    MissingExtra
        When the package is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRA_OF:
            raise
        extra = EXTRA_OF[package]
        raise MissingExtra(
            f"{package} is not installed; it comes with the extra '{extra}': "
            f"pip install 'mmme_neuro[{extra}]'."
        ) from error
