"""Reliability of event-locked measures, of self-reports and of the body's answer to the videos.

Reads the single-event tables and epochs/; writes score_reliability.csv (split-half and
dependability of each response, and of components of averages), score_left_out.csv,
trials_needed.csv, dependability.csv (by number of events), score_error.csv (measurement error
beside differences between participants) and reliability_curves.csv (along a region's curve). Reads
ratings.csv of the study (optional); writes icc.csv (of one item), rating_icc.csv,
rating_scales.csv, and, where emotions were rated, dominance.csv, dominance_videos.csv,
emotions_felt.csv (which was felt most) and dominance_left_out.csv. Reads the continuous physiology;
writes video_responses.csv, video_icc.csv and video_means.csv (by intended emotion).
"""

from functools import partial
from pathlib import Path

import pandas as pd

from analyses import study as choices
from analyses.tables import analyzed, eeg_epochs, responses_table, write_table
from mmme_neuro import erp_reliability, icc, read_ratings
from mmme_neuro.pipeline import decisions, read_continuous
from mmme_neuro.reliability import (
    EmotionDominance,
    component_reliability,
    emotion_dominance,
    icc_by_item,
    means_by_emotion,
    reliability_over_time,
    scale_reliability,
)
from mmme_neuro.responses import measure_curves, region_curves, roi_channels, video_responses

READS = ("study:ratings.csv", "study:decisions.csv", "participants.csv", "epochs")
READS += ("erp_amplitudes.csv", "band_power.csv", "physio_responses.csv")
WRITES = ("icc.csv", "rating_icc.csv", "rating_scales.csv", "dominance.csv", "emotions_felt.csv")
WRITES += ("dominance_videos.csv", "dominance_left_out.csv", "video_responses.csv")
WRITES += ("video_icc.csv", "video_means.csv", "score_reliability.csv", "score_left_out.csv")
WRITES += ("trials_needed.csv", "dependability.csv", "score_error.csv", "reliability_curves.csv")

SETTINGS = {"min_trials": choices.MIN_TRIALS, "rng": choices.SEED}


def main(study: Path, results: Path) -> None:
    path = study / "ratings.csv"
    _write(results, scores(results) | videos(results) | ratings(path))


def scores(results: Path) -> dict[str, pd.DataFrame]:
    table, settings = responses_table(results), {"levels": choices.LEVELS, **SETTINGS}
    how = {"condition": choices.CONDITION, **settings}
    single = erp_reliability(table, list(choices.RESPONSES), **how)
    epochs = eeg_epochs(results)
    curves = {roi: smooth_curves(epochs, roi) for roi in _regions()}
    averages = [components(epochs, roi, curves[roi], **settings) for roi in curves]
    times = [over_time(epochs, roi, curves[roi], **settings) for roi in curves]
    return {
        "score_reliability": pd.concat([single.coefficients, *averages]),
        "score_left_out": single.left_out,
        "trials_needed": single.trials_needed,
        "dependability": single.by_trials,
        "score_error": single.measurement.assign(unit=_unit(single.measurement)),
        "reliability_curves": pd.concat(times),
    }


def smooth_curves(epochs, roi: str):
    own = epochs.copy().pick(roi_channels(epochs.info, roi))
    own.filter(None, choices.ERP_LOWPASS_HZ, verbose="error")
    return region_curves(own, own.ch_names, baseline=choices.ERP_BASELINE_S)


def components(epochs, roi: str, curves, **settings) -> pd.DataFrame:
    measures = {
        f"{one.name}_{one.statistic}": partial(measure_curves, times=epochs.times, measure=one)
        for one in choices.ERP_COMPONENTS
        if one.roi == roi and one.statistic != "mean"
    }
    people, kinds = epochs.metadata["participant"], epochs.metadata[choices.CONDITION]
    return component_reliability(curves, people, kinds, measures, **settings)


def over_time(epochs, roi: str, curves, **settings) -> pd.DataFrame:
    people, kinds = epochs.metadata["participant"], epochs.metadata[choices.CONDITION]
    width = choices.TIME_COURSE_WIDTH_S
    found = reliability_over_time(curves, epochs.times, people, kinds, width=width, **settings)
    return found.assign(roi=roi)


def ratings(path: Path) -> dict[str, pd.DataFrame]:
    if not path.is_file():
        return {"icc": pd.DataFrame(columns=["form", "icc"])}
    table = decisions.of_study(path.parent).included(read_ratings(path))
    rated = table[table["item"] == choices.RATED_ITEM]
    one = icc(rated, targets="stimulus", raters="participant", ratings="rating")
    scales = scale_reliability(table, choices.RATING_SCALES, rng=choices.SEED)
    found = {"icc": one.reset_index(), "rating_icc": icc_by_item(table), "rating_scales": scales}
    if table.loc[table["item"].isin(choices.EMOTION_ITEMS), "item"].nunique() < 2:
        return found
    return found | _dominance(
        emotion_dominance(
            table, choices.INTENDED_EMOTIONS, emotions=choices.EMOTION_ITEMS, rng=choices.SEED
        )
    )


def videos(results: Path) -> dict[str, pd.DataFrame]:
    parts = []
    for name in analyzed(results):
        recording = read_continuous(results / "epochs", name, "physio")
        found = video_responses(recording.physio, recording.events)
        parts.append(found.assign(participant=name))
    table = pd.concat(parts, ignore_index=True)
    means = means_by_emotion(
        table, choices.INTENDED_EMOTIONS, item="channel", value="value", rng=choices.SEED
    )
    units = table.drop_duplicates("channel").set_index("channel")["unit"]
    return {
        "video_responses": table,
        "video_icc": icc_by_item(table, item="channel", value="value"),
        "video_means": means.assign(unit=means["item"].map(units)),
    }


def _dominance(found: EmotionDominance) -> dict[str, pd.DataFrame]:
    return {
        "dominance": found.by_emotion.assign(chance=found.chance),
        "dominance_videos": found.by_stimulus,
        "emotions_felt": found.confusion,
        "dominance_left_out": found.left_out,
    }


def _regions() -> list[str]:
    return list(dict.fromkeys(measure.roi for measure in choices.ERP_MEASURES))


def _unit(table: pd.DataFrame) -> pd.Series:
    return table["response"].map(choices.RESPONSES)


def _write(results: Path, tables: dict[str, pd.DataFrame]) -> None:
    for name in (path.removesuffix(".csv") for path in WRITES):
        if name in tables:
            write_table(results, name, tables[name])
        else:  # Of an earlier run with other ratings.
            (results / f"{name}.csv").unlink(missing_ok=True)
