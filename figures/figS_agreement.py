"""Agreement of two coders who watched the same clips. (a, b) Events that both saw: F1 (twice the
matches over the events of both) by the smallest intersection over union and by the largest
difference of onsets; shaded: 95 % interval, participants resampled whole; dotted: the rule of the
field's spotting challenges. (c) Expression that each coder gave to matched events. (d) Action units
of matched events: Cohen's kappa (filled, 95 % interval), which falls where a unit is rare, Gwet's
AC1 (hollow), and the share of events that hold the unit; units of fewer than three events are left
out. (e) Differences of times: bias (line) and limits of agreement (dashed); d, difference. In c to
e events of any overlap are matched.
"""

from pathlib import Path

from analyses.study import CODER_CRITERIA
from analyses.tables import read_table
from mmme_neuro.plots import agreement_figure

TABLES = ("detection", "confusion", "action_units", "timing", "differences")
READS = ("agreement_summary.csv", *(f"agreement_{name}.csv" for name in TABLES))


def draw(results: Path):
    if read_table(results, "agreement_summary")["reason"].iloc[0]:
        return None
    tables = {name: read_table(results, f"agreement_{name}") for name in TABLES}
    shown = str(CODER_CRITERIA[0])
    for name in TABLES[1:]:
        tables[name] = tables[name][tables[name]["criterion"] == shown]
    return agreement_figure(**tables)
