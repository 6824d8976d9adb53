"""Data of one participant beside the others'. a, b, mean potentials of the measured regions with
their standard error over events, measuring windows shaded; c, spectra as recorded and cleaned
(shaded: the middle 80 % of all participants); d, e, residuals of matched trigger codes of the
physiology recorder and of the camera (starts of its clips); f, usable share of each derived signal
(line: median of all participants; hatched: less than the fixed limit).
"""

from pathlib import Path

from analyses.study import ERP_MEASURES, LEVELS
from analyses.tables import analyzed, participant_numbers, read_map, read_table
from mmme_neuro.plots import ParticipantData, participant_figure

READS = (
    "erp_participants.nc",
    "spectra.csv",
    "spectrum_range.csv",
    "codes.csv",
    "participant_quality.csv",
    "participants.csv",
    "events.csv",
)
WIDTH_PX = 1050


def draw_each(results: Path):
    curves = read_map(results, "erp_participants")
    usual = read_table(results, "spectrum_range")
    names = ("spectra", "codes", "participant_quality")
    tables = {name: read_table(results, name) for name in names}
    numbers = participant_numbers(results)
    for name in analyzed(results):
        own = (table[table["participant"] == name] for table in tables.values())
        data = ParticipantData(name, curves, *own)
        figure = participant_figure(data, usual, levels=LEVELS, measures=ERP_MEASURES)
        yield f"quality/{numbers[name]}", figure
