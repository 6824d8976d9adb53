"""Random effects of the mixed models: conditional modes with their 95 % intervals (fixed
effects and variances taken as known), sorted. Rows: level and slope (micro minus macro) of
participants and of stimuli; terms that could not be estimated were left out of the model.
"""

from pathlib import Path

from analyses.study import LEVELS, MAP_TERM
from analyses.tables import participant_numbers, read_table
from mmme_neuro.plots import random_effects_figure

READS = ("random_effects.csv", "events.csv", "participants.csv")
RESPONSES = ("late_positivity", "alpha_power", "scr_us", "heart_rate_bpm")
ROWS = tuple(
    (group, term, f"{heading}:\n{name}")
    for group, heading in (("participant", "Participants"), ("stimulus", "Stimuli"))
    for term, name in (
        ("Intercept", LEVELS[0]),
        (MAP_TERM, f"{LEVELS[1]} \N{MINUS SIGN} {LEVELS[0]}"),
    )
)


def draw(results: Path):
    return random_effects_figure(
        read_table(results, "random_effects"),
        responses=RESPONSES,
        rows=ROWS,
        names=participant_numbers(results),
    )
