"""Every independent component that was removed, a row a participant (at most the first 20).
Number of the component and what it was removed as; weights at the channels, the largest is 1.
"""

from pathlib import Path

from analyses.tables import participant_numbers, read_table
from mmme_neuro.events import pseudonymous
from mmme_neuro.plots import components_figure

READS = ("components.csv", "component_maps.csv", "events.csv", "participants.csv")
MOST_PARTICIPANTS = 20


def draw(results: Path):
    numbers = participant_numbers(results)
    tables = [
        pseudonymous(read_table(results, name), numbers)
        for name in ("components", "component_maps")
    ]
    kept = sorted(set(tables[1]["participant"].astype(str)))[:MOST_PARTICIPANTS]
    tables = [table[table["participant"].astype(str).isin(kept)] for table in tables]
    return components_figure(*tables) if kept else None
