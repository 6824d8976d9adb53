"""Results of a step on disk: written atomically, read back with their types."""

import json
from pathlib import Path

import mne
import pandas as pd
import xarray as xr

from analyses import study
from mmme_neuro import read_epochs
from mmme_neuro.events import pseudonyms
from mmme_neuro.extras import optional
from mmme_neuro.io import atomic_file
from mmme_neuro.models import with_reference
from mmme_neuro.responses import Connectivity, GrandAverage, TimeFrequency


def write_table(results: Path, name: str, table: pd.DataFrame) -> None:
    """Write one CSV."""
    with atomic_file(results / f"{name}.csv") as part:
        table.to_csv(part, index=False)


def read_table(results: Path, name: str) -> pd.DataFrame:
    """Read one CSV; empty texts stay empty."""
    table = pd.read_csv(results / f"{name}.csv", dtype={"stimulus": str, "event": str})
    texts = [name for name in ("reason", "exclusion_reason", "note") if name in table]
    return table.fillna({name: "" for name in texts})


def read_json(results: Path, name: str) -> dict:
    """Read one small result."""
    return json.loads((results / f"{name}.json").read_text(encoding="utf-8"))


def write_map(results: Path, name: str, data: xr.Dataset) -> None:
    """Write one labeled array as NetCDF."""
    optional("h5netcdf")
    with atomic_file(results / f"{name}.nc") as part:
        data.to_netcdf(part, engine="h5netcdf")


def read_map(results: Path, name: str) -> xr.Dataset:
    """Read a labeled array."""
    optional("h5netcdf")
    return xr.load_dataset(results / f"{name}.nc", engine="h5netcdf")


def read_channels(results: Path, name: str) -> mne.Info:
    """Read the channels that belong to a labeled array."""
    return mne.io.read_info(results / f"{name}-info.fif", verbose="error")


def write_grand_average(results: Path, name: str, grand: GrandAverage) -> None:
    """Write a grand average: arrays as NetCDF, channels as FIF, who was left out as CSV."""
    data = grand.data.assign(individual=grand.individual)
    write_map(results, name, data.assign_attrs(confidence=grand.confidence))
    grand.info.save(results / f"{name}-info.fif", overwrite=True, verbose="error")
    write_table(results, f"{name}_excluded", grand.excluded)


def read_grand_average(results: Path, name: str) -> GrandAverage:
    """Read what ``write_grand_average`` wrote."""
    data = read_map(results, name)
    info = read_channels(results, name)
    left_out = read_table(results, f"{name}_excluded")
    return GrandAverage(data, data["individual"], info, left_out, data.attrs["confidence"])


def write_time_frequency(results: Path, name: str, maps: TimeFrequency) -> None:
    """Write power maps: array as NetCDF, channels as FIF, counts as CSV."""
    data = maps.data.assign_attrs(baseline=list(maps.baseline))
    write_map(results, name, data.to_dataset(name="power"))
    maps.info.save(results / f"{name}-info.fif", overwrite=True, verbose="error")
    write_table(results, f"{name}_counts", maps.counts.reset_index())


def read_time_frequency(results: Path, name: str) -> TimeFrequency:
    """Read what ``write_time_frequency`` wrote."""
    data = read_map(results, name)["power"]
    info = read_channels(results, name)
    counts = read_table(results, f"{name}_counts")
    # The first column is named after what the maps are by.
    counts = counts.set_index(counts.columns[0])
    return TimeFrequency(data, counts, info, data.attrs["mode"], tuple(data.attrs["baseline"]))


def write_connectivity(results: Path, name: str, result: Connectivity) -> None:
    """Write matrices: array as NetCDF, channels as FIF, counts as CSV."""
    about = {"method": result.method, "band": list(result.band), "window": list(result.window)}
    write_map(results, name, result.matrix.to_dataset(name="matrix").assign_attrs(about))
    result.info.save(results / f"{name}-info.fif", overwrite=True, verbose="error")
    write_table(results, f"{name}_counts", result.counts.reset_index())


def read_connectivity(results: Path, name: str) -> Connectivity:
    """Read what ``write_connectivity`` wrote."""
    data = read_map(results, name)
    info = read_channels(results, name)
    counts = read_table(results, f"{name}_counts").set_index("cell")
    band, window = tuple(data.attrs["band"]), tuple(data.attrs["window"])
    return Connectivity(data["matrix"], counts, info, data.attrs["method"], band, window)


def analyzed(results: Path) -> list[str]:
    """Participants whose preprocessing went through."""
    table = read_table(results, "participants")
    return table.loc[table["status"] == "done", "participant"].tolist()


def muscle_band(results: Path) -> tuple[float, float]:
    """Band (Hz) in which the run measured muscles."""
    low, high = read_json(results, "used")["muscle_band_hz"]
    return low, high


def participant_numbers(results: Path) -> dict[str, str]:
    """Number that stands for each participant in figures."""
    listed, folders = (read_table(results, name) for name in ("events", "participants"))
    return pseudonyms(listed["participant"], folders["participant"])


def responses_table(results: Path) -> pd.DataFrame:
    """Every single-event response beside its event, one row per event."""
    table = read_table(results, "erp_amplitudes")
    for name in ("band_power", "physio_responses"):
        other = read_table(results, name)
        new = other.columns.difference(table.columns)
        table = table.merge(other[["event", *new]], on="event", validate="one_to_one")
    return table


def event_table(epochs, *measured: pd.DataFrame) -> pd.DataFrame:
    """Events of epochs and what was measured of each, joined by the events' ids."""
    joined = pd.concat([epochs.metadata.set_index("event"), *measured], axis=1)
    return joined.rename_axis("event").reset_index()


def eeg_epochs(results: Path):
    """EEG epochs of the conditions compared, all participants."""
    return _compared(read_epochs(results / "epochs", analyzed(results), "eeg"))


def physio_epochs(results: Path):
    """Physiological epochs of the conditions compared, all participants."""
    return _compared(read_epochs(results / "epochs", analyzed(results), "physio"))


def slow_epochs(results: Path):
    """Long epochs of skin temperature, the same events; None where nobody has any."""
    people = analyzed(results)
    there = [(results / "epochs" / f"{name}_slow-epo.fif").is_file() for name in people]
    return _compared(read_epochs(results / "epochs", people, "slow")) if all(there) else None


def _compared(epochs):
    """Epochs of the conditions that are compared."""
    chosen = epochs[epochs.metadata[study.CONDITION].isin(study.LEVELS).to_numpy()]
    with mne.use_log_level("error"):
        chosen.metadata = with_reference(chosen.metadata, study.CONDITION, study.LEVELS)
    return chosen
