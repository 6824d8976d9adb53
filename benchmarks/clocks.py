"""How exactly events are placed on the EEG clock, over many simulated studies.

``python -m benchmarks.clocks`` writes docs/calibration/clocks.csv, which docs/clocks.md explains.
"""

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from mmme_neuro import align_clocks
from mmme_neuro.clocks import align_camera, place_events
from mmme_neuro.errors import MmmeError

DOCS = Path(__file__).resolve().parents[1] / "docs"
N_VIDEOS = 48
FRAMES_PER_S = 150
WALL_OF_EEG_ZERO_S = 57_600.0
WRONG_MATCH_S = 0.02
"""A pair of codes further apart than this, in true time, is not one trigger."""

COLUMNS = (
    "path",
    "condition",
    "n_studies",
    "n_refused",
    "n_wrong_matches",
    "median_ms",
    "q99_ms",
    "largest_ms",
    "within_1_se",
    "within_1_96_se",
)


def session(rng: np.random.Generator) -> pd.DataFrame:
    """Draw the videos of a session of about 73 minutes: ``code, start, stop`` (s, true time)."""
    gap, length = rng.uniform(23.4, 60.3, N_VIDEOS), rng.uniform(42.7, 59.1, N_VIDEOS)
    stop = 30 + np.cumsum(gap + length)
    codes = 101 + rng.permutation(N_VIDEOS)
    return pd.DataFrame({"code": codes, "start": stop - length, "stop": stop})


def codes_of(videos: pd.DataFrame, *, equal: bool = False) -> pd.DataFrame:
    """List the codes sent: the video's at its start, 100 at its end (all 1 if ``equal``)."""
    starts = pd.DataFrame({"code": videos["code"], "onset": videos["start"]})
    ends = pd.DataFrame({"code": 100, "onset": videos["stop"]})
    sent = pd.concat([starts, ends]).sort_values("onset", ignore_index=True)
    return sent.assign(code=1) if equal else sent


def received(
    sent: pd.DataFrame, rng: np.random.Generator, *, jitter_s: float, lost: float, spurious: float
) -> pd.DataFrame:
    """Return what one device writes of the codes sent, rows shuffled."""
    kept = sent[rng.random(len(sent)) >= lost]
    onset = kept["onset"] + rng.normal(0, jitter_s, len(kept))
    n = rng.binomial(len(sent), spurious)
    invented = pd.DataFrame(
        {
            "code": rng.choice(np.append(sent["code"], [77, 88]), n),
            "onset": rng.uniform(sent["onset"].min(), sent["onset"].max(), n),
        }
    )
    return pd.concat([kept.assign(onset=onset), invented]).sample(frac=1, random_state=rng)


def expressions(videos: pd.DataFrame, rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw events: ``code, onset`` (s, true time), some seconds inside the videos."""
    shown = videos.iloc[rng.integers(0, len(videos), n)]
    onset = rng.uniform(shown["start"] + 1, shown["stop"] - 1)
    events = pd.DataFrame({"code": shown["code"].to_numpy(), "onset": np.asarray(onset)})
    return events.assign(start=shown["start"].to_numpy())


def trigger_study(
    rng: np.random.Generator,
    *,
    equal: bool = False,
    jitter_s: float = 0.002,
    lost: float = 0.1,
    spurious: float = 0.1,
) -> dict[str, np.ndarray | int]:
    """Align two devices once; return errors (s), standard errors (s) and wrong matches."""
    videos = session(rng)
    sent = codes_of(videos, equal=equal)
    offset, drift = rng.uniform(-600, 600), rng.uniform(-2e-4, 2e-4)
    options = {"jitter_s": jitter_s, "lost": lost, "spurious": spurious}
    reference = received(sent, rng, **options)
    other = received(sent.assign(onset=(sent["onset"] - offset) / (1 + drift)), rng, **options)
    truth = expressions(videos, rng, 30)["onset"].to_numpy()
    fit = align_clocks(reference, other)
    at_other = (truth - offset) / (1 + drift)
    partner = offset + (1 + drift) * fit.matched["onset_other"]
    wrong = np.abs(fit.matched["onset_reference"] - partner) > WRONG_MATCH_S
    return {
        "error": fit.to_reference(at_other) - truth,
        "se": fit.se_at(at_other),
        "n_wrong": int(wrong.sum()),
    }


def camera_study(
    rng: np.random.Generator,
    *,
    n_clips: int,
    n_bad: int = 0,
    clip_sd_s: float = 0.032,
    spread_s: float = 0.01,
) -> dict[str, np.ndarray | int]:
    """Place one participant's events by the camera once; return errors (s) and ``onset_sd`` (s)."""
    videos = session(rng)
    shown = videos.iloc[rng.choice(N_VIDEOS, n_clips, replace=False)]
    events = expressions(shown, rng, 3 * n_clips)
    truth = events["onset"].to_numpy()
    drift = rng.normal(0, 30e-6)
    wall = WALL_OF_EEG_ZERO_S + truth / (1 + drift)
    frame = np.floor(wall * FRAMES_PER_S + rng.random()) / FRAMES_PER_S + 0.5 / FRAMES_PER_S
    delay = pd.Series(rng.normal(0, clip_sd_s, N_VIDEOS), index=videos["code"])
    delay[rng.choice(shown["code"], n_bad, replace=False)] += rng.choice([-1.5, 1.0], n_bad)
    in_clip = truth - events["start"] - delay[events["code"]].to_numpy()
    coded = events.assign(
        clip=events["code"],
        onset=in_clip + rng.normal(0, spread_s, len(events)),
        onset_clock=np.round(frame, 3),
    )
    codes = pd.DataFrame({"code": videos["code"], "onset": videos["start"]})
    placed = place_events(coded, align_camera(coded, codes))
    return {
        "error": placed["onset"].to_numpy() - truth,
        "se": placed["onset_sd"].to_numpy(),
        "n_wrong": 0,
    }


def measured(
    path: str, condition: str, study: Callable, *, n_studies: int, **options
) -> dict[str, object]:
    """Run a study with the seeds 0, 1, .. and sum its errors up in one row."""
    found, n_refused = [], 0
    for seed in range(n_studies):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            try:
                found.append(study(np.random.default_rng(seed), **options))
            except MmmeError:
                n_refused += 1
    error = np.abs(np.concatenate([one["error"] for one in found]))
    se = np.concatenate([one["se"] for one in found])
    row = (
        path,
        condition,
        n_studies,
        n_refused,
        sum(one["n_wrong"] for one in found),
        1e3 * np.median(error),
        1e3 * np.quantile(error, 0.99),
        1e3 * error.max(),
        np.mean(error <= se),
        np.mean(error <= 1.96 * se),
    )
    return dict(zip(COLUMNS, row, strict=True))


def trigger_table(n_studies: int = 200) -> pd.DataFrame:
    """Accuracy of `align_clocks`: offset to 10 min, drift to 200 ppm, jitter SD 2 ms a device."""
    conditions: dict[str, dict] = {
        "10 % lost, 10 % spurious": {},
        "the same, all codes equal": {"equal": True},
        "nothing lost or spurious": {"lost": 0.0, "spurious": 0.0},
        "30 % lost, 30 % spurious": {"lost": 0.3, "spurious": 0.3},
    }
    rows = [
        measured("triggers", name, trigger_study, n_studies=n_studies, **options)
        for name, options in conditions.items()
    ]
    return pd.DataFrame(rows)


def camera_table(n_studies: int = 200) -> pd.DataFrame:
    """Accuracy of `place_events` and coverage of ``onset_sd``: clip starts scatter by 32 ms."""
    conditions: dict[str, dict] = {f"{n} clips": {"n_clips": n} for n in (2, 4, 8, 17, 48)} | {
        "17 clips, 2 of them off by 1 s or more": {"n_clips": 17, "n_bad": 2}
    }
    rows = [
        measured("camera", name, camera_study, n_studies=n_studies, **options)
        for name, options in conditions.items()
    ]
    return pd.DataFrame(rows)


def main() -> None:
    """Measure and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DOCS / "calibration" / "clocks.csv")
    out = parser.parse_args().out
    table = pd.concat([trigger_table(), camera_table()], ignore_index=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(out, index=False, float_format="%.4g")
    print(table.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
