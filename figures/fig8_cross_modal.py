"""What goes together in face, brain and body from event to event, within participants. a,
correlations of every two measures (below the diagonal) and with the kind of expression held
constant (above); dots, p (Holm, within each pair of modalities) up to .05; durations of events
whose end was seen. b, pairs that pass; dashed lines do not pass once the kind of expression is
held constant. c, correlation of the late positivity with windows of the body's course; bands, 95 %
of circular shifts within stimulus; filled dots, p up to .05 over all windows. d, first canonical
correlation of every two modalities, fitted and in participants and stimuli left out; bars, 95 % of
its null.
"""

from pathlib import Path

from analyses.study import HELD_CONSTANT
from analyses.tables import read_table
from mmme_neuro.plots import cross_modal_figure

READS = ("cross_modal_matrix.csv", "cross_modal_lags.csv", "cross_modal_components.csv")


def draw(results: Path):
    matrix, lags, components = (read_table(results, name.removesuffix(".csv")) for name in READS)
    matrix, components = (table.fillna({"adjusted_for": ""}) for table in (matrix, components))
    return cross_modal_figure(matrix, lags, components, held=", ".join(HELD_CONSTANT))
