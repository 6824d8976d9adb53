"""Coverage and bias of the reliability of participants' scores, and of dominance.

``python -m tests.calibration.score_reliability [studies]`` writes docs/reliability_of_scores.md.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from mmme_neuro.reliability.dependability import dependability
from mmme_neuro.reliability.scores import Scores
from mmme_neuro.reliability.split_half import split_half
from mmme_neuro.stats.groups import sums_by_cluster
from mmme_neuro.stats.resampling import ParticipantIntervals
from tests.calibration.tables import as_markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability_of_scores.md"

N_MACRO, N_MICRO = (13, 39), (5, 33)
"""Events of a participant: any number in this range."""

EVENT_SD = 6.0
"""Of a single-event amplitude about the participant's own mean, uV."""

SCENARIOS: dict[str, dict] = {
    "10 participants": {"n_people": 10},
    "20 participants": {"n_people": 20},
    "40 participants": {"n_people": 40},
    "65 participants": {"n_people": 65},
    "20, no true differences": {"n_people": 20, "person_sd": 0.0, "slope_sd": 0.0},
    "20, heavy tails between": {"n_people": 20, "tails": 5.0},
    "20, noise differs threefold": {"n_people": 20, "noise": (0.5, 1.5)},
}


def study(
    rng: np.random.Generator,
    *,
    n_people: int,
    person_sd: float = 2.0,
    slope_sd: float = 1.5,
    tails: float | None = None,
    noise: tuple[float, float] = (1.0, 1.0),
) -> tuple[Scores, Scores, float, float]:
    """Macro-expressions and the difference, with their true reliabilities."""

    def drawn(sd: float) -> np.ndarray:
        if tails is None:
            return rng.normal(0, sd, n_people)
        return sd * rng.standard_t(tails, n_people) / np.sqrt(tails / (tails - 2))

    level, slope = drawn(person_sd), drawn(slope_sd)
    counts = rng.integers(*N_MACRO, n_people), rng.integers(*N_MICRO, n_people)
    sd = EVENT_SD * rng.uniform(*noise, n_people)
    macro, micro = (
        [at + own * rng.normal(size=n) for at, own, n in zip(means, sd, number, strict=True)]
        for means, number in ((level, counts[0]), (level + slope, counts[1]))
    )
    # What other participants would have: the mean error of these numbers of events.
    low, high = noise
    variance = EVENT_SD**2 * (low**2 + low * high + high**2) / 3
    one, other = (variance * np.mean(1 / number) for number in counts)
    names = tuple(map(str, range(n_people)))
    return (
        Scores("macro", names, tuple((part,) for part in macro), (1,)),
        Scores("micro - macro", names, tuple(zip(micro, macro, strict=True)), (1, -1)),
        person_sd**2 / (person_sd**2 + one),
        slope_sd**2 / (slope_sd**2 + one + other),
    )


def coverage(n_studies: int) -> pd.DataFrame:
    """Coverage of every interval in every scenario."""
    rows = []
    for scenario, settings in SCENARIOS.items():
        rng = np.random.default_rng(len(rows) + 1)
        for _ in range(n_studies):
            macro, difference, *truths = study(rng, **settings)
            for scores, truth in zip((macro, difference), truths, strict=True):
                halves = split_half(scores, n_splits=100, rng=rng, n_resamples=500)
                limits = halves.estimate, halves.ci_low, halves.ci_high
                rows.append((scenario, scores.name, "split-half", truth, *limits))
                whole = dependability(scores, rng=rng, n_resamples=500).observed()
                rows.append((scenario, scores.name, "dependability", truth, *whole))
    columns = ["scenario", "score", "coefficient", "truth", "estimate", "low", "high"]
    return _summary(pd.DataFrame(rows, columns=columns))


def dominance_coverage(n_studies: int) -> pd.DataFrame:
    """Coverage of the share of trials with the intended emotion felt most.

    Participants differ in how often (beta distribution); 48 videos, or 6 of one emotion.
    """
    rows = []
    for n_people in (10, 30, 65):
        for n_videos in (6, 48):
            rng = np.random.default_rng(n_people + n_videos)
            for _ in range(n_studies):
                rate = rng.beta(6, 4, n_people)
                hits = rng.random((n_people, n_videos)) < rate[:, None]
                people = np.repeat(np.arange(n_people), n_videos)
                counts = np.column_stack([hits.ravel(), np.ones(hits.size)])
                sums = sums_by_cluster(counts, people)
                limits = ParticipantIntervals(0.95, rng, 500).interval(
                    lambda c: c[..., 0] / c[..., 1], sums
                )
                name = f"{n_people} participants, {n_videos} videos"
                rows.append((name, "dominance", "share", 0.6, hits.mean(), *limits))
    columns = ["scenario", "score", "coefficient", "truth", "estimate", "low", "high"]
    return _summary(pd.DataFrame(rows, columns=columns))


def _summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean truth, median estimate, width and coverage."""
    rows = rows.assign(
        coverage=(rows["low"] <= rows["truth"]) & (rows["truth"] <= rows["high"]),
        above_zero=rows["low"] > 0,
        error=rows["estimate"] - rows["truth"],
        width=rows["high"].clip(0, 1) - rows["low"].clip(0, 1),
    )
    groups = rows.groupby(["scenario", "score", "coefficient"], sort=False)
    return groups.agg(
        truth=("truth", "mean"),
        mean_error=("error", "mean"),
        median_error=("error", "median"),
        median_width=("width", "median"),
        coverage=("coverage", "mean"),
        above_zero=("above_zero", "mean"),
    ).reset_index()


DIGITS = {
    "scenario": "",
    "score": "",
    "coefficient": "",
    "truth": ".2f",
    "mean_error": ".3f",
    "median_error": ".3f",
    "median_width": ".2f",
    "coverage": ".3f",
    "above_zero": ".3f",
}

TEXT = """# Calibration of the reliability of scores

Written by `python -m tests.calibration.score_reliability {n}`; do not edit.

{n} simulated studies a row, 95 % intervals. Participants have {macro[0]} to {macro_last}
macro- and {micro[0]} to {micro_last} micro-expressions; a single event's amplitude varies by
{sd:g} µV about the participant's own mean, which varies by 2 µV between participants, and the
difference of the two kinds by 1.5 µV. `truth` is the share of the variance between participants
that is not error; `median_width` is the width of the part of the interval between 0 and 1;
`above_zero` is how often the interval lies above 0 (with no true differences: 2.5 % if exact).

{table}

- **Dependability**: bootstrap-t over participants of log(variance / error variance). Percentiles of
  resampled participants, for comparison, covered .83 (10 participants) and .89 (20) in the same
  kind of simulation.
- **Split-half**: Spearman and Brown's step-up of the mean correlation over splits; percentiles of
  resampled participants, widened for their number. Stepping up each split and averaging after it
  had 1.2 to 2.1 times the downward bias in the same kind of simulation. Participants with unequal
  numbers of events make the correlation of halves differ slightly from the ratio of mean variances
  that is called `truth`.
- Both estimates are biased downwards with few participants (the mean more than the median), and
  with 10 participants an interval says little: plan for 40 or more.

## Dominance of the intended emotion

Share of trials; participants resampled whole, the same videos.

{dominance}
"""


def page(table: pd.DataFrame, dominance: pd.DataFrame, n_studies: int) -> str:
    """Text of docs/reliability_of_scores.md."""
    without = {key: form for key, form in DIGITS.items() if key != "above_zero"}
    return TEXT.format(
        n=n_studies,
        macro=N_MACRO,
        macro_last=N_MACRO[1] - 1,
        micro=N_MICRO,
        micro_last=N_MICRO[1] - 1,
        sd=EVENT_SD,
        table=as_markdown(table, DIGITS),
        dominance=as_markdown(dominance, without),
    )


def main(n_studies: int) -> None:
    """Write the page."""
    text = page(coverage(n_studies), dominance_coverage(n_studies), n_studies)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
