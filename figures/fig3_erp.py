"""Event-related potentials at the onset of the expression. a, b, mean over participants in each
region with the within-participant interval (Cousineau-Morey), measuring windows shaded,
baseline as a bar; green bars: micro differs from macro, mixed model of every time, p at most
.05 corrected over regions and times (the test is of the whole map, not of latencies); c, scalp
maps of the windows (white dots: the region measured) and of the difference.
"""

from pathlib import Path

from analyses.study import ERP_BASELINE_S, ERP_MEASURES, LEVEL_NAMES
from analyses.tables import read_grand_average, read_map
from mmme_neuro.plots import evoked_figure

READS = ("erp.nc", "erp-info.fif", "erp_excluded.csv", "map_regions.nc")
ALPHA = 0.05


def draw(results: Path):
    return evoked_figure(
        read_grand_average(results, "erp"),
        rois=list(dict.fromkeys(measure.roi for measure in ERP_MEASURES)),
        measures=ERP_MEASURES,
        levels=LEVEL_NAMES,
        baseline=ERP_BASELINE_S,
        marked=read_map(results, "map_regions")["p_value"] <= ALPHA,
    )
