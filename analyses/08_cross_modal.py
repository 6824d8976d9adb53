"""Cross-modal association: what goes together in face, brain and body, event by event.

Reads the single-event tables and epochs/; writes cross_modal.csv (chosen pairs),
cross_modal_matrix.csv (every pair, as it is and with the condition held constant),
cross_modal_levels.csv (random slopes), cross_modal_parts.csv (within and between participants),
cross_modal_lags.csv (windows after the event) and cross_modal_components.csv,
cross_modal_loadings.csv and cross_modal_null.csv (canonical correlation, partial least squares).
"""

from pathlib import Path

import pandas as pd

from analyses import study as choices
from analyses.tables import physio_epochs, responses_table, write_table
from mmme_neuro.association import (
    Resampling,
    cross_modal_pairs,
    face_features,
    lagged_corr,
    multilevel_slope,
    rm_corr_matrix,
    rm_corr_pairs,
    window_means,
    within_between_corr,
)

NAMES = ("matrix", "levels", "parts", "lags", "components", "loadings", "null")
READS = ("erp_amplitudes.csv", "band_power.csv", "physio_responses.csv", "participants.csv")
READS += ("epochs",)
WRITES = ("cross_modal.csv", *(f"cross_modal_{name}.csv" for name in NAMES))
PERMUTED = Resampling(
    rng=choices.SEED,
    n_resamples=choices.N_BOOTSTRAP,
    n_permutations=choices.N_ORDERS,
    blocks=choices.CROSS_MODAL_BLOCKS,
)
SHIFTED = Resampling(
    rng=choices.SEED,
    n_resamples=0,
    n_permutations=choices.N_ORDERS,
    blocks=choices.CROSS_MODAL_BLOCKS,
    scheme="circular_shift",
)


def main(study: Path, results: Path) -> None:
    events = responses_table(results)
    events = events.join(face_features(events))
    pairs = choices.CROSS_MODAL_PAIRS
    write_table(results, "cross_modal", rm_corr_pairs(events, pairs, resampling=PERMUTED))
    write_table(results, "cross_modal_matrix", matrices(events))
    levels = [multilevel_slope(events, *pair, stimulus="stimulus") for pair in pairs]
    write_table(results, "cross_modal_levels", pd.concat(levels))
    parts = [within_between_corr(events, *pair) for pair in pairs]
    write_table(results, "cross_modal_parts", pd.concat(parts))
    write_table(results, "cross_modal_lags", lags(events, physio_epochs(results)))
    write_multivariate(events, results)


def matrices(events: pd.DataFrame) -> pd.DataFrame:
    plain, partial = (
        rm_corr_matrix(events, choices.MODALITIES, covariates=held, resampling=PERMUTED)
        for held in ((), choices.HELD_CONSTANT)
    )
    held = ", ".join(choices.HELD_CONSTANT)
    return pd.concat([plain.assign(adjusted_for=""), partial.assign(adjusted_for=held)])


def lags(events: pd.DataFrame, epochs) -> pd.DataFrame:
    tables = []
    for channel, scale in choices.LAG_CHANNELS.items():
        signal = scale * epochs.get_data(picks=[channel])[:, 0]
        how = {"baseline": choices.PHYSIO_BASELINE_S}
        course = window_means(signal, epochs.times, choices.LAG_EDGES_S, **how)
        found = lagged_corr(events, choices.LAG_MEASURE, course, resampling=SHIFTED)
        tables.append(found.assign(channel=channel))
    return pd.concat(tables)


def write_multivariate(events: pd.DataFrame, results: Path) -> None:
    found = [
        cross_modal_pairs(events, choices.CANONICAL_MODALITIES, resampling=PERMUTED, strata=held)
        for held in ((), choices.HELD_CONSTANT)
    ]
    for name in ("components", "loadings", "null"):
        joined = pd.concat([getattr(tables, name) for tables in found])
        write_table(results, f"cross_modal_{name}", joined)
