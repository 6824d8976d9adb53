"""A small folder of results, made by the analysis' own steps where they are quick."""

import importlib
from dataclasses import asdict
from itertools import combinations

import mne
import numpy as np
import pandas as pd
import pytest

from analyses.study import CODER_CRITERIA, CODER_LEVELS, CONDITION
from analyses.tables import write_table
from mmme_neuro.epochs import Epoching
from mmme_neuro.events import database_table, named_action_units
from mmme_neuro.events.ids import row_ids
from mmme_neuro.io import write_json
from mmme_neuro.rejection import Rejection
from mmme_neuro.reliability import agreement_tables
from mmme_neuro.signals import Cleaning, Deriving

PEOPLE = ("lina", "wangfang", "zhouyu")
FAILED = "zhaolei"
EXCLUDED = {"lina": 1, "wangfang": 5}
"""Events without an epoch, the first of their kind."""

KIND_EXCLUDED = {"lina": "macro", "wangfang": "micro"}
ELECTRODES = (
    "FP1 FP2 F1 FZ F2 FC1 FCZ FC2 T7 C3 CZ C4 T8 CP1 CPZ CP2 P1 PZ P2 PO3 POZ PO4 O1 OZ O2".split()
)
PHYSIO = ("eda", "heart_rate", "pulse_rate", "pulse_amplitude", "rsp_rate", "rsp_amplitude", "skt")
N_EVENTS = 24
STEPS = (
    "03_erp",
    "04_time_frequency",
    "05_connectivity",
    "06_physio",
    "07_mixed_models",
    "11_quality",
    "18_participants",
)
USED = {
    "clean": asdict(Cleaning()),
    "physio": asdict(Deriving()),
    "epochs": asdict(Epoching()),
    "reject": asdict(Rejection()),
    "merge": "union",
    "continuous": True,
    "rng": 1,
    "muscle_band_hz": [51.0, 69.0],
    "n_participants": 3,
    "n_already_clean": 0,
    "n_without_iclabel": 0,
}
"""What a run records with the defaults."""

EEG_HZ, PHYSIO_HZ = 100.0, 10.0


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """Results of three participants; a fourth failed."""
    folder = tmp_path_factory.mktemp("results")
    (folder / "epochs").mkdir()
    rng = np.random.default_rng(7)
    events = pd.concat([_events(name, rng) for name in PEOPLE], ignore_index=True)
    events.insert(0, "event", row_ids(range(2, len(events) + 2)))
    write_table(folder, "events", events)
    _write_sheet_tables(folder, events, rng)
    write_table(folder, "participants", _participants(events))
    for name, own in events.groupby("participant"):
        _write_epochs(folder, name, own.reset_index(drop=True), rng)
    _write_quality(folder, events, rng)
    _write_overlap(folder)
    for step in STEPS:
        importlib.import_module(f"analyses.{step}").main(folder, folder)
    _write_statistics(folder)
    write_json(folder / "used.json", USED)
    importlib.import_module("analyses.12_methods").main(folder, folder)
    return folder


def _events(name, rng):
    """Events 15 s apart; every third is a micro-expression."""
    onset = 20.0 + 15.0 * np.arange(N_EVENTS) + rng.uniform(0, 2, N_EVENTS)
    is_micro = np.arange(N_EVENTS) % 3 == 0
    duration = np.where(is_micro, 0.4, 1.2)
    return pd.DataFrame(
        {
            "participant": name,
            "stimulus": [str(101 + number % 4) for number in range(N_EVENTS)],
            "clip": [f"{name}_{101 + number % 4}" for number in range(N_EVENTS)],
            "expression": np.where(is_micro, "micro", "macro"),
            "onset": onset,
            "apex": onset + duration / 2,
            "offset": onset + duration,
            "duration": duration,
            "rise": duration / 2,
            "emotion": "disgust",
            "valence": "negative",
            "action_units": "AU4,AU14",
            "censored": False,
            "source_rows": [f"{name}-{number}" for number in range(N_EVENTS)],
            "exclusion_reason": "",
        }
    )


def _write_sheet_tables(folder, events, rng):
    """What the annotation sheet gives: the dataset beside others, and two coders compared."""
    write_table(folder, "action_units", named_action_units(events))
    write_table(folder, "databases", database_table(events))
    coders = []
    for _ in "AB":
        own = events[rng.random(len(events)) < 0.9].copy()
        for time in ("onset", "apex", "offset"):
            own[time] += rng.normal(0, 0.03, len(own))
        is_wrong = rng.random(len(own)) < 0.1
        own["expression"] = own["expression"].where(~is_wrong, "macro")
        own["action_units"] = np.where(rng.random(len(own)) < 0.8, "AU4,AU14", "AU4")
        coders.append(own)
    found = agreement_tables(
        *coders, CODER_CRITERIA, condition=CONDITION, levels=CODER_LEVELS, rng=1, n_resamples=200
    )
    for name, table in vars(found).items():
        write_table(folder, f"agreement_{name}", table)


def _participants(events):
    counts = pd.crosstab(events["participant"], events["expression"])
    done = pd.DataFrame(
        {
            "participant": counts.index,
            "status": "done",
            "reason": "",
            "n_epochs": counts.sum(axis=1),
            "n_excluded": 0,
        }
    )
    for name, n in EXCLUDED.items():
        done.loc[name, ["n_epochs", "n_excluded"]] += [-n, n]
    failed = {
        "participant": FAILED,
        "status": "failed",
        "reason": f"/data/secret/{FAILED}/{FAILED}_20230714.cdt: no triggers; export them.",
    }
    return pd.concat([done, pd.DataFrame([failed])], ignore_index=True).fillna(0)


def _write_epochs(folder, name, events, rng):
    """EEG with a slow potential and physiology with a ramp after each event."""
    times = np.arange(-1.5, 2.0 + 1e-9, 1 / EEG_HZ)
    info = mne.create_info([*ELECTRODES, "EMG"], EEG_HZ, ["eeg"] * len(ELECTRODES) + ["emg"])
    montage = mne.channels.make_standard_montage("fsaverage_1005")
    info.set_montage(montage, match_case=False, verbose="error")
    data = rng.normal(0, 5e-6, (len(events), len(ELECTRODES) + 1, len(times)))
    data[:, :, 180:200] += 5e-6
    _save(mne.EpochsArray(data, info, tmin=-1.5, metadata=events, verbose="error"),
          folder / "epochs" / f"{name}_eeg-epo.fif")  # fmt: skip
    times = np.arange(-2.0, 10.0 + 1e-9, 1 / PHYSIO_HZ)
    info = mne.create_info(list(PHYSIO), PHYSIO_HZ, "misc")
    curves = 1.0 + 0.1 * np.clip(times, 0, None) + rng.normal(0, 0.01, (len(events), 7, 1))
    _save(mne.EpochsArray(curves, info, tmin=-2.0, metadata=events, verbose="error"),
          folder / "epochs" / f"{name}_physio-epo.fif")  # fmt: skip


def _save(epochs, path):
    epochs.save(path, overwrite=True, verbose="error")


def _number_of_kind(events):
    """Place of each event among those of its participant and kind."""
    return events.groupby(["participant", "expression"]).cumcount()


def _write_quality(folder, events, rng):
    """Tables of the preprocessing."""
    clocks = [
        {"participant": name, "device": device, "drift_ppm": 12.3, "drift_se_ppm": 2.0,
         "residual_sd_ms": 1.5, "n_matched": 6, "n_unmatched": 1, "n_segments": 1}
        for name in PEOPLE for device in ("physio", "camera")
    ]  # fmt: skip
    codes = [
        {"participant": name, "device": device, "code": 101 + number, "seen_by": "other",
         "onset_reference": 60.0 * number if number else np.nan, "onset": 5.0,
         "residual_ms": rng.normal() if number else np.nan, "reason": "" if number else "spurious"}
        for name in PEOPLE for device in ("physio", "camera") for number in range(7)
    ]  # fmt: skip
    components = [
        {"participant": name, "component": number, "removed_as": kind, "variance_share": share,
         "eye_r": 0.9, "muscle_r": 0.1, "muscle_log_ratio": -0.5, "p_eye": np.nan,
         "p_muscle": np.nan, "decision": ""}
        for name in PEOPLE
        for number, (kind, share) in enumerate([("eye", 0.5), ("muscle", 0.1), ("", 0.4)])
    ]  # fmt: skip
    quality = [
        {"participant": name, "channel": channel, "source": "x", "share_missing": 0.0,
         "share_artifact": 0.01, "share_usable": 0.99, "reason": ""}
        for name in PEOPLE for channel in PHYSIO
    ]  # fmt: skip
    quality[0] |= {"share_usable": 0.3, "reason": "electrode of lina came off"}
    is_excluded = events["participant"].map(EXCLUDED) > _number_of_kind(events)
    is_excluded &= events["expression"] == events["participant"].map(KIND_EXCLUDED)
    columns = ["event", "participant", "stimulus", "expression", "onset"]
    excluded = events.loc[is_excluded, columns]
    excluded = excluded.assign(exclusion_reason="window leaves the physio recording")
    audit = {"check": "rows <that overlap>", "n": 3, "share": 0.1, "remedy": "Merge."}
    bad = {"participant": "lina", "channel": "FZ", "reason": "flat"}
    tables = {"clocks": clocks, "codes": codes, "components": components, "audit": [audit],
              "physio_quality": quality, "excluded": excluded, "bad_channels": [bad]}  # fmt: skip
    decision = {"participant": "lina", "kind": "bad_channel", "target": "FZ",
                "reason": "electrode of lina came off", "outcome": "applied"}  # fmt: skip
    tables["decisions"] = [decision]
    components[0] |= {"p_eye": 0.95, "p_muscle": 0.0}
    tables["component_maps"] = [
        {"participant": name, "component": number, "channel": channel, "weight": rng.uniform(-1, 1)}
        for name in PEOPLE for number in (0, 1) for channel in ELECTRODES
    ]  # fmt: skip
    tables["cleaning"] = [
        {"participant": name, "item": item, "setting": value}
        for name in PEOPLE for item, value in (("line_hz", 50.0), ("note", f"{name}: no ICLabel"))
    ]  # fmt: skip
    frequency = np.arange(0.5, 100, 0.5)
    tables["spectra"] = pd.concat(
        pd.DataFrame({"participant": name, "frequency": frequency,
                      "before_db": 10 - 10 * np.log10(frequency),
                      "after_db": 8 - 10 * np.log10(frequency)})
        for name in PEOPLE
    )  # fmt: skip
    tables["muscles"] = [
        {"participant": name, "onset": onset, "roi": "temporal", "before_db": 6.0, "after_db": 1.0,
         "removed_share": 0.5}
        for name in PEOPLE for onset in (1.0, 2.0)
    ]  # fmt: skip
    fate = np.where(is_excluded, "excluded", "epoch")
    tables["moments"] = events[["event", "participant", "expression"]].assign(fate=fate)
    tables["onset_jitter"] = [
        {"draw": draw, "measure": "premotor", "unit": "uV", "condition": condition,
         "value": rng.normal()}
        for draw in range(-1, 20) for condition in ("macro", "micro", "micro - macro")
    ]  # fmt: skip
    tables["onset_jitter_summary"] = [
        {"measure": "premotor", "unit": "uV", "condition": "micro", "as_coded": -3.0, "mean": -2.9,
         "sd": 0.1, "low": -3.1, "high": -2.7, "ratio": 0.97, "expected_ratio": np.nan,
         "sd_ms": 71.9, "n_events": 428}
    ]  # fmt: skip
    for name, rows in tables.items():
        write_table(folder, name, pd.DataFrame(rows))


def _write_overlap(folder):
    """Tables of the deconvolution."""
    times = np.arange(-2.0, 15.0, 0.5)
    curves = [
        pd.DataFrame(
            {"measure": "scr", "unit": "uS", "method": method, "condition": condition,
             "time": times, "estimate": 0.1 * np.exp(-((times - 4) ** 2)),
             "ci_low": -0.05, "ci_high": 0.2}
        )
        for method in ("average", "deconvolution") for condition in ("macro", "micro")
    ]  # fmt: skip
    write_table(folder, "overlap_curves", pd.concat(curves))
    rows = [
        {"measure": "scr", "unit": "uS", "method": method, "condition": condition,
         "estimate": 0.1, "std_error": 0.02, "ci_low": 0.05, "ci_high": 0.15, "n_events": 40,
         "n_participants": 3, "truth": 0.12, "bias_expected": -0.04, "covered": 1.0}
        for method in ("average", "isolated", "deconvolution")
        for condition in ("macro", "micro", "micro - macro")
    ]  # fmt: skip
    write_table(folder, "overlap", pd.DataFrame(rows))
    power = [
        {"roi": roi, "condition": condition, "cleaning": cleaning, "mean_db": 3.0,
         "ci_low": 2.0, "ci_high": 4.0, "n_participants": 3}
        for roi in ("temporal", "parietal") for condition in ("macro", "micro")
        for cleaning in ("before", "after")
    ]  # fmt: skip
    write_table(folder, "muscle_power", pd.DataFrame(power))
    removal = {"roi": "temporal", "macro": 0.8, "micro": 0.6, "estimate": 0.4, "ci_low": 0.1,
               "ci_high": 0.7, "p_value": 0.01}  # fmt: skip
    write_table(folder, "muscle_removal", pd.DataFrame([removal]))
    sensitivity = [
        {"analysis": analysis, "response": "premotor", "estimate": -2.8, "std_error": 0.6,
         "dof": 9.0, "statistic": -4.7, "p_value": 0.001, "ci_low": -4.0, "ci_high": -1.5,
         "n_events": 72, "n_participants": 3, "is_same_unit": True, "note": "", "verdict": verdict}
        for analysis, verdict in (("primary", "primary"), ("upper face only", "holds"))
    ]  # fmt: skip
    write_table(folder, "sensitivity", pd.DataFrame(sensitivity))
    balance = {"analysis": "primary", "difference_sd": -1.2, "n_events": 72}
    write_table(folder, "muscle_balance", pd.DataFrame([balance]))
    vif = {"participant": "lina", "measure": "scr", "event_type": "event", "term": "Intercept",
           "vif": 2.0, "n_events": 40, "overlapped": 0.4, "condition_number": 30.0}  # fmt: skip
    write_table(folder, "collinearity", pd.DataFrame([vif]))


def _write_statistics(folder):
    """Tables of the models, correlations, ratings and recovery."""
    model = {"response": "premotor", "term": "expression[T.micro]", "estimate": -2.8057,
             "std_error": 0.5756, "dof": 9.73, "statistic": -4.87, "p_value": 0.0007,
             "ci_low": -4.0931, "ci_high": -1.5184, "unit": "uV"}  # fmt: skip
    note = {
        "response": "premotor",
        "formula": "premotor ~ expression + (1 | participant)",
        "n_observations": 72,
        "reductions": "(1 | stimulus) (singular)",
        "warnings": "",
    }
    part = {"response": "premotor", "group": "participant", "term": "Intercept", "sd": 0.9,
            "correlation": np.nan}  # fmt: skip
    pair = {
        "x": "late_positivity",
        "y": "scr_us",
        "r": 0.279,
        "ci_low": 0.188,
        "ci_high": 0.365,
        "dof": 68,
        "p_value": 0.01,
        "p_holm": 0.02,
        "n_events": 72,
        "n_left_out": 0,
        "boot_low": 0.17,
        "boot_high": 0.38,
        "p_permutation": 0.0005,
    }
    _write_reliability(folder)
    icc = {"form": "ICC(A,1)", "icc": 0.43, "f": 12.3, "dof1": 11, "dof2": 99, "p_value": 0.0,
           "ci_low": 0.23, "ci_high": 0.71}  # fmt: skip
    found = {"quantity": "premotor micro - macro", "unit": "uV", "truth": -2.3, "estimate": -2.8,
             "std_error": 0.58, "ci_low": -4.1, "ci_high": -1.5, "covered": True}  # fmt: skip
    missed = found | {"quantity": "physio clock drift", "unit": "ppm", "covered": False}
    tables = {"models": [model], "model_notes": [note], "variance_components": [part],
              "cross_modal": [pair], "icc": [icc], "recovery": [found, missed]}  # fmt: skip
    for name, rows in (tables | _cross_modal(pair)).items():
        write_table(folder, name, pd.DataFrame(rows))


def _cross_modal(pair):
    """Tables of cross-modal association beside the chosen pairs."""
    modality = {
        "log_rise": "face",
        "late_positivity": "brain",
        "scr_us": "body",
        "skt_celsius": "body",
    }
    rng = np.random.default_rng(3)
    matrix = [
        pair | {"x": x, "y": y, "r": rng.uniform(-0.6, 0.6), "modality_x": modality[x],
                "modality_y": modality[y], "adjusted_for": held, "p_fdr": 0.02, "reason": "",
                "p_holm": 0.3 if held else 0.02,
                "family": f"{modality[x]} - {modality[y]}"}
        for held in ("", "expression") for x, y in combinations(modality, 2)
    ]  # fmt: skip
    matrix[0] |= {"r": np.nan, "p_holm": np.nan, "reason": "log_rise is constant"}
    slope = {"estimate": 0.28, "ci_low": 0.19, "ci_high": 0.37, "dof": 60.0, "p_value": 0.001,
             "slope_sd": 0.1, "reductions": "", "x": "late_positivity", "y": "scr_us"}  # fmt: skip
    parts = {"x": "late_positivity", "y": "scr_us", "r_total": -0.2, "r_within": 0.28,
             "r_between": -0.5, "r_means": -0.52, "means_low": np.nan, "means_high": np.nan,
             "share_within_x": 0.6, "share_within_y": 0.7, "n_participants": 3}  # fmt: skip
    lags = [
        {"x": "late_positivity", "channel": channel, "lag": lag, "r": 0.3 * np.sin(lag),
         "ci_low": -0.1, "ci_high": 0.4, "null_low": -0.15, "null_high": 0.16,
         "p_permutation": 0.02, "p_max": 0.04 if lag < 2 else 0.4}
        for channel in ("eda", "heart_rate") for lag in np.arange(0.5, 6)
    ]  # fmt: skip
    about = [
        {"modality_x": x, "modality_y": y, "method": method, "adjusted_for": held, "component": 1}
        for method in ("cca", "pls") for held in ("", "expression")
        for x, y in combinations(("face", "brain", "body"), 2)
    ]  # fmt: skip
    fitted = {"r": 0.34, "r_cv": 0.28, "null_high": 0.12, "p_value": 0.001, "p_holm": 0.003,
              "n_events": 72, "n_participants": 3, "reason": ""}  # fmt: skip
    refused = {"r": np.nan, "r_cv": np.nan, "p_holm": np.nan, "p_value": np.nan,
               "reason": "every block holds a single event"}  # fmt: skip
    components = [row | fitted for row in about]
    components[-1] |= refused
    loading = {"feature": "scr_us", "modality": "y", "weight": 0.9, "loading": 0.95}
    return {
        "cross_modal_matrix": matrix,
        "cross_modal_levels": [slope | {"level": level} for level in ("within", "between")],
        "cross_modal_parts": [parts],
        "cross_modal_lags": lags,
        "cross_modal_components": components,
        "cross_modal_loadings": [row | loading for row in about],
    }


def _write_reliability(folder):
    """Tables of the reliability of scores, ratings and responses to videos."""
    conditions = ("macro", "micro", "micro - macro")
    scores = [
        {"response": "premotor", "condition": condition, "coefficient": kind, "estimate": 0.6,
         "ci_low": -0.1, "ci_high": 0.8, "split_low": 0.4, "split_high": 0.7,
         "n_participants": 3, "n_trials": 8.0, "reason": ""}
        for condition in conditions for kind in ("split_half", "dependability")
    ]  # fmt: skip
    needed = [
        {"response": "premotor", "condition": condition, "target": target, "n_trials": number,
         "ci_low": 7.0, "ci_high": np.inf}
        for condition in conditions for target, number in ((0.7, 12.0), (0.8, np.inf))
    ]  # fmt: skip
    by_trials = [
        {"response": "premotor", "condition": condition, "n_trials": n,
         "dependability": n / (n + 10), "ci_low": n / (n + 40), "ci_high": n / (n + 2)}
        for condition in conditions for n in range(1, 21)
    ]  # fmt: skip
    error = [
        {"response": "premotor", "condition": condition, "rms_sme": 0.8, "sd_participants": 1.2,
         "sd_true": 0.9, "share_of_error": 0.44, "ci_low": 0.2, "ci_high": 1.1,
         "n_participants": 3, "unit": "uV"}
        for condition in conditions
    ]  # fmt: skip
    curves = [
        {"condition": condition, "time": time, "estimate": 0.5, "ci_low": -0.2, "ci_high": 0.9,
         "n_participants": 3, "roi": roi}
        for roi in ("fronto_central", "parietal") for condition in conditions
        for time in (-0.5, 0.0, 0.5)
    ]  # fmt: skip
    agreement = {"form": "ICC(A,1)", "icc": 0.4, "f": 9.0, "dof1": 11, "dof2": 99, "p_value": 0.01,
                 "ci_low": 0.2, "ci_high": 0.7, "n_stimuli": 12, "n_participants": 3,
                 "n_missing": 0, "reason": ""}  # fmt: skip
    scale = {"scale": "negative_emotion", "coefficient": "alpha", "estimate": 0.7, "ci_low": 0.6,
             "ci_high": 0.8, "n_items": 5, "n_rows": 36, "n_participants": 3,
             "reason": ""}  # fmt: skip
    dominance = [
        {"intended": emotion, "measure": measure, "estimate": 0.7, "ci_low": 0.5, "ci_high": 0.9,
         "n_stimuli": 2, "n_participants": 3, "n_trials": 6, "chance": 0.5}
        for emotion in ("fear", "calm", "all") for measure in ("dominance", "margin")
    ]  # fmt: skip
    felt = [
        {"intended": one, "felt": other, "share": 0.7 if one == other else 0.3}
        for one in ("fear", "calm") for other in ("fear", "calm")
    ]  # fmt: skip
    by_video = {"stimulus": "104", "intended": "fear", "dominance": 0.7, "margin": 0.5,
                "n_participants": 3}  # fmt: skip
    mean = {"item": "eda", "intended": "fear", "estimate": 0.1, "ci_low": 0.0, "ci_high": 0.2,
            "n_participants": 3, "n_stimuli": 2, "unit": "uS"}  # fmt: skip
    left_out = {"response": "premotor", "condition": "micro", "participant": "lina",
                "n_trials": 2, "reason": "2 usable trials, 4 needed"}  # fmt: skip
    tables = {"score_reliability": scores, "trials_needed": needed, "dependability": by_trials,
              "score_error": error, "reliability_curves": curves, "score_left_out": [left_out],
              "rating_icc": [agreement | {"item": "valence"}],
              "video_icc": [agreement | {"item": "eda"}, agreement | {"item": "skt"}],
              "rating_scales": [scale], "dominance": dominance, "emotions_felt": felt,
              "dominance_videos": [by_video], "video_means": [mean]}  # fmt: skip
    for name, rows in tables.items():
        write_table(folder, name, pd.DataFrame(rows))
