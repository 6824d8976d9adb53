"""Event-related potentials at the onset of the expression. a, b, mean over participants in each
region with the within-participant interval (Cousineau-Morey), measuring windows shaded, baseline
as a bar; c, scalp maps of the windows (white dots: the region measured) and of the difference.
"""

from pathlib import Path

from analyses.study import ERP_BASELINE_S, ERP_WINDOWS
from analyses.tables import read_grand_average
from mmme_neuro.plots.evoked import evoked_figure

READS = ("erp.nc", "erp-info.fif", "erp_excluded.csv")


def draw(results: Path):
    return evoked_figure(
        read_grand_average(results, "erp"),
        rois=list(dict.fromkeys(window.roi for window in ERP_WINDOWS)),
        windows=ERP_WINDOWS,
        baseline=ERP_BASELINE_S,
    )
