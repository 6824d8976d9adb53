"""Type I error of mixed models of single events: ``python -m tests.calibration.type_one``.

Writes docs/type_one.md and docs/calibration/type_one.csv. Many designs, many responses of each;
`fit_lmm_map` fits them all, and `fit_reduced`, what the analysis of a study uses, some.
"""

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mmme_neuro import fit_lmm_map
from mmme_neuro.models.reduction import fit_reduced

DOCS = Path(__file__).resolve().parents[2] / "docs"
TERM = "expression[T.micro]"
LEVEL = 0.05
INTERCEPTS = "expression + (1 | participant) + (1 | stimulus)"
PARTICIPANTS = "expression + (1 + expression | participant) + (1 | stimulus)"
BOTH = "expression + (1 + expression | participant) + (1 + expression | stimulus)"


@dataclass(frozen=True)
class Condition:
    """How events and responses are drawn, and what is fitted; the tested effect is zero.

    Standard deviations are in units of the residual's. ``counts`` is the shape of the gamma
    distribution of participants' rates, None for equal ones; ``micro`` the share of ME.
    """

    name: str
    formula: str
    participant_slope: float = 0.0
    stimulus_slope: float = 0.0
    n_participants: int = 40
    n_stimuli: int = 24
    counts: float | None = None
    micro: float = 0.35
    n_events: int = 24


CONDITIONS = (
    Condition("no slopes, none fitted", INTERCEPTS),
    Condition("participant slopes .5, none fitted", INTERCEPTS, 0.5),
    Condition("participant slopes 1, none fitted", INTERCEPTS, 1.0),
    Condition("no slopes, participants' fitted", PARTICIPANTS),
    Condition("participant slopes .5", PARTICIPANTS, 0.5),
    Condition("participant slopes 1", PARTICIPANTS, 1.0),
    Condition("stimulus slopes .5, left out", PARTICIPANTS, 0.5, 0.5),
    Condition("both slopes .5", BOTH, 0.5, 0.5),
    Condition("both slopes 1", BOTH, 1.0, 1.0),
    Condition("10 participants, both slopes .5", BOTH, 0.5, 0.5, n_participants=10),
    Condition("20 participants, both slopes .5", BOTH, 0.5, 0.5, n_participants=20),
    Condition("20 participants, 12 stimuli, both slopes .5", BOTH, 0.5, 0.5, 20, 12),
    Condition("unequal counts and 18 % ME, both slopes .5", BOTH, 0.5, 0.5, counts=1.5, micro=0.18),
    Condition(
        "20 participants, unequal counts and 18 % ME, both slopes .5",
        *(BOTH, 0.5, 0.5, 20),
        counts=1.5,
        micro=0.18,
    ),
)


def simulated(
    condition: Condition, n_responses: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """Events of one study and responses without any effect of expression."""
    rate = np.ones(condition.n_participants)
    if condition.counts is not None:
        rate = rng.gamma(condition.counts, 1 / condition.counts, condition.n_participants)
    counts = np.maximum(rng.poisson(condition.n_events * rate), 2)
    participant = np.repeat(np.arange(condition.n_participants), counts)
    stimulus = rng.integers(0, condition.n_stimuli, len(participant))
    is_micro = rng.random(len(participant)) < condition.micro
    events = pd.DataFrame(
        {
            "participant": participant,
            "stimulus": stimulus,
            "expression": np.where(is_micro, "micro", "macro"),
        }
    )
    responses = rng.standard_normal((len(events), n_responses))
    for codes, n, slope in (
        (participant, condition.n_participants, condition.participant_slope),
        (stimulus, condition.n_stimuli, condition.stimulus_slope),
    ):
        responses += 0.7 * rng.standard_normal((n, n_responses))[codes]
        responses += slope * is_micro[:, None] * rng.standard_normal((n, n_responses))[codes]
    return events, responses


def error_rates(
    n_designs: int,
    n_responses: int,
    n_reduced: int,
    conditions: Iterable[Condition] = CONDITIONS,
) -> pd.DataFrame:
    """Share of null responses with p < .05.

    Parameters
    ----------
    n_designs, n_responses : int
        Designs of a condition, and responses of each.
    n_reduced : int
        Responses of each design that `fit_reduced` fits, too.

    Returns
    -------
    DataFrame
        One row a condition. ``rate_se`` takes the designs as the independent units.
    """
    rows = []
    for condition in conditions:
        rejected, reduced, interior = [], [], []
        for seed in range(n_designs):
            rng = np.random.default_rng([seed, sum(condition.name.encode())])
            events, responses = simulated(condition, n_responses, rng)
            fits = fit_lmm_map(f"~ {condition.formula}", responses, events).to_dataset()
            rejected.append(float((fits["p_value"].sel(term=TERM) < LEVEL).mean()))
            interior.append(float((fits["status"] == 0).mean()))
            for column in range(n_reduced):
                table = events.assign(y=responses[:, column])
                fit = fit_reduced(f"y ~ {condition.formula}", table)
                reduced.append(fit.table().loc[TERM, "p_value"] < LEVEL)
        rows.append(
            {
                "condition": condition.name,
                "formula": condition.formula,
                "n_fits": n_designs * n_responses,
                "rate": np.mean(rejected),
                "rate_se": np.std(rejected, ddof=1) / np.sqrt(n_designs),
                "interior": np.mean(interior),
                "n_reduced": len(reduced),
                "rate_reduced": np.mean(reduced) if reduced else np.nan,
                "rate_reduced_se": np.sqrt(LEVEL * (1 - LEVEL) / max(1, len(reduced))),
            }
        )
        print(pd.DataFrame(rows[-1:]).round(4).to_string(index=False, header=len(rows) == 1))
    return pd.DataFrame(rows)


def page(table: pd.DataFrame, command: str) -> str:
    """Markdown page."""
    lines = [
        "| condition | random part fitted | fits | rate of p < .05 (SE) | not at a boundary "
        "| reduced where singular: rate (SE) |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in table.itertuples():
        random = row.formula[row.formula.index("(") :].replace("|", "\\|")
        lines.append(
            f"| {row.condition} | `{random}` | {row.n_fits} | {row.rate:.3f} ({row.rate_se:.3f}) "
            f"| {100 * row.interior:.0f} % | {row.rate_reduced:.3f} ({row.rate_reduced_se:.3f}, "
            f"{row.n_reduced} fits) |"
        )
    return f"""# Type I error of mixed models of single events

Written by `{command}`; do not edit.

Responses without any effect of expression, {CONDITIONS[0].n_participants} participants with about
{CONDITIONS[0].n_events} events each and {CONDITIONS[0].n_stimuli} stimuli unless said otherwise,
random intercepts SD .7, residual 1; micro against macro with Satterthwaite's degrees of freedom
(nominal .05). Unequal counts are gamma distributed (shape 1.5), as in the public sheet.

{chr(10).join(lines)}

- A slope that exists and is left out of the model makes its test wrong, whatever its grouping
  factor: the rows “none fitted” and “left out” show the price. Keep the slopes that the design
  justifies.
- With slopes in the model the rate is near .05, below it where variances are estimated at a
  boundary. `fit_reduced`, which leaves out random terms of singular fits, is a little less
  conservative.
"""


def main() -> None:
    """Run and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--designs", type=int, default=100)
    parser.add_argument("--responses", type=int, default=40)
    parser.add_argument("--reduced", type=int, default=4)
    arguments = parser.parse_args()
    table = error_rates(arguments.designs, arguments.responses, arguments.reduced)
    command = (
        f"python -m tests.calibration.type_one --designs {arguments.designs} "
        f"--responses {arguments.responses} --reduced {arguments.reduced}"
    )
    table.round(5).to_csv(DOCS / "calibration" / "type_one.csv", index=False)
    (DOCS / "type_one.md").write_text(page(table, command), encoding="utf-8")


if __name__ == "__main__":
    main()
