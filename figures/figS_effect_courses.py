"""Micro minus macro over time, from the mixed model of every time: estimate and 95 % interval
of each time by itself (Satterthwaite). Left, regions of the scalp; right, signals of the body.
Green bars: p at most .05 after correction over all panels of a column and all times (sign
flips, threshold-free cluster enhancement). The bars describe where the data stand out; the test
is of the whole map.
"""

from pathlib import Path

from analyses.study import LEVELS
from analyses.tables import read_map
from mmme_neuro.plots import difference_name, effect_courses_figure

READS = ("map_regions.nc", "map_physio.nc")


def draw(results: Path):
    return effect_courses_figure(
        read_map(results, "map_regions"),
        read_map(results, "map_physio"),
        effect=difference_name(LEVELS),
    )
