"""Mixed models of ME against MaE: every single-event response, and every cell of maps.

Reads the single-event tables and epochs/; writes

- models.csv (fixed effects), variance_components.csv, random_effects.csv (participants and stimuli)
  and model_notes.csv (counts, reductions, warnings) of every response;
- valence_contrasts.csv: the contrast within each valence, from the model with the interaction;
- map_erp.nc, map_regions.nc, map_power.nc, map_physio.nc: the effect in each cell, its interval,
  status and p-value corrected for the map; map_tests.csv and map_status.csv: each map in a row.
"""

from pathlib import Path

import pandas as pd

from analyses import study as choices
from analyses.study import CONDITION, LEVELS, RANDOM_TERMS, RESPONSES
from analyses.tables import eeg_epochs, physio_epochs, responses_table, write_map, write_table
from mmme_neuro.inference import EffectMap, axis_neighbors, effect_map
from mmme_neuro.models import contrasts_within, fit_many, with_reference
from mmme_neuro.responses import event_courses, event_power, region_courses

PLURALS = {
    "channel": "channels",
    "region": "regions",
    "time": "times",
    "frequency": "frequencies",
}
MAPS = ("erp", "regions", "power", "physio")
READS = (
    "erp_amplitudes.csv",
    "band_power.csv",
    "physio_responses.csv",
    "participants.csv",
    "epochs",
)
WRITES = (
    "models.csv",
    "variance_components.csv",
    "random_effects.csv",
    "model_notes.csv",
    "valence_contrasts.csv",
    *(f"map_{name}.nc" for name in MAPS),
    "map_tests.csv",
    "map_status.csv",
)


def main(study: Path, results: Path) -> None:
    single_responses(results)
    tests, states = [], []
    for name, responses, events, adjacency in maps(results):
        tested = effect_map(
            choices.MAP_FORMULA,
            responses,
            events,
            term=choices.MAP_TERM,
            rng=choices.SEED,
            n_permutations=choices.N_PERMUTATIONS,
            adjacency=adjacency,
        )
        write_map(results, f"map_{name}", tested.effect(choices.MAP_TERM))
        tests.append({"map": name} | summary(tested))
        states.append(tested.fits.status.reset_index().assign(map=name))
    write_table(results, "map_tests", pd.DataFrame(tests))
    write_table(results, "map_status", pd.concat(states)[["map", "status", "n_cells"]])


def single_responses(results: Path) -> None:
    table = with_reference(responses_table(results), CONDITION, LEVELS)
    fits = fit_many(list(RESPONSES), f"{CONDITION} + {RANDOM_TERMS}", table)
    valences = contrasts_within(list(RESPONSES), choices.PRIMARY, table, of=CONDITION, by="valence")
    write_table(results, "models", with_unit(fits.estimates))
    write_table(results, "variance_components", fits.variance_components)
    write_table(results, "random_effects", with_unit(fits.random_effects))
    write_table(results, "model_notes", fits.notes)
    write_table(results, "valence_contrasts", with_unit(valences))


def maps(results: Path):
    epochs = eeg_epochs(results)
    options = {"window": choices.ERP_MAP_WINDOW_S, "baseline": choices.ERP_BASELINE_S}
    courses = event_courses(epochs, step=choices.ERP_MAP_STEP_S, **options)
    yield "erp", courses, epochs.metadata, axis_neighbors(courses, info=epochs.info)
    fine = event_courses(epochs, step=choices.REGION_MAP_STEP_S, **options)
    regions = region_courses(fine, epochs.info, choices.MAP_REGIONS)
    yield "regions", regions, epochs.metadata, axis_neighbors(regions, separate=["region"])
    power = event_power(
        epochs,
        picks=choices.TFR_CHANNELS,
        window=choices.POWER_MAP_WINDOW_S,
        step=choices.POWER_MAP_STEP_S,
        baseline=choices.TFR_BASELINE_S,
    )
    yield "power", power, epochs.metadata, axis_neighbors(power, separate=["channel"])
    body = physio_epochs(results)
    signals = event_courses(
        body,
        picks=[name for name in choices.PHYSIO_MAP_CHANNELS if name in body.ch_names],
        window=choices.PHYSIO_MAP_WINDOW_S,
        step=choices.PHYSIO_MAP_STEP_S,
        baseline=choices.PHYSIO_BASELINE_S,
    )
    yield "physio", signals, body.metadata, axis_neighbors(signals, separate=["channel"])


def summary(tested: EffectMap) -> dict:
    status = tested.fits.to_dataset()["status"]
    test = tested.test
    low, high = test.p_interval if test else (float("nan"), float("nan"))
    return {
        "axes": " x ".join(f"{n} {PLURALS[str(axis)]}" for axis, n in status.sizes.items()),
        "formula": tested.fits.formula,
        "term": choices.MAP_TERM,
        "n_observations": tested.fits.n_observations,
        "n_cells": status.size,
        "n_failed": int((status == -1).sum()),
        "n_permutations": test.n_permutations if test else 0,
        "units": "; ".join(f"{name} {n}" for name, n in test.units.items()) if test else "",
        "p_value": test.p_value if test else float("nan"),
        "p_low": low,
        "p_high": high,
        "n_marked": int((test.to_dataset()["p_value"] <= test.alpha).sum()) if test else 0,
        "note": " ".join(test.notes) if test else tested.refusal,
    }


def with_unit(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(unit=table["response"].map(RESPONSES))
