"""Did the videos work? (a) Emotion felt most after videos of each intended emotion. (b) Share of
trials in which it was the intended one; dashed: answers at random. (c) Agreement of participants on
videos: intraclass correlation (absolute agreement of single participants) of ratings, and of
physiological signals averaged over each video. 95 % intervals: participants resampled (b), F
distribution (c).
"""

from pathlib import Path

from analyses.tables import read_table
from mmme_neuro.plots import SELF_REPORT_FORM, self_report_figure
from mmme_neuro.wording import channel_name

READS = ("video_icc.csv",)


def draw(results: Path):
    videos = read_table(results, "video_icc")
    names = [channel_name(name) for name in videos.loc[videos["form"] == SELF_REPORT_FORM, "item"]]
    there = [(results / f"{name}.csv").is_file() for name in ("rating_icc", "dominance")]
    ratings = read_table(results, "rating_icc") if there[0] else videos[:0]
    if not there[1]:
        return self_report_figure(ratings, videos, names)
    dominance, felt = (read_table(results, name) for name in ("dominance", "emotions_felt"))
    return self_report_figure(ratings, videos, names, dominance, felt)
