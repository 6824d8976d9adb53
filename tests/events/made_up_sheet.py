"""An annotation sheet of three made-up participants."""

import datetime as dt

import numpy as np
import pandas as pd

from mmme_neuro.simulate.files.sheet_file import CodingParameters, write_sheet

PARTICIPANTS = ("zoe", "adam", "mia")


def made_up_sheet(folder):
    """Write the sheet into a folder and return its path."""
    rng = np.random.default_rng(5)
    n = 90
    onset = np.tile([5.0, 20.0, 35.0], n // 3) + rng.random(n)
    micro = rng.random(n) < 0.4
    rise = np.where(micro, 0.2, 0.7)
    events = pd.DataFrame(
        {
            "participant": np.repeat(PARTICIPANTS, n // 3),
            "code": np.tile(np.repeat(np.arange(101, 111), 3), 3),
            "expression": np.where(micro, "micro", "macro"),
            "onset": onset,
            "apex": onset + rise,
            "offset": onset + 2 * rise,
            "action_units": rng.choice(["AU4", "AU4,AU12", "AU1,AU2"], n),
            "recording_date": dt.date(2031, 5, 17),
        }
    )
    for name in ("onset", "apex", "offset"):
        events[f"{name}_clock"] = events[name] + 40_000 + 90 * (events["code"] - 101)
    path = folder / "coding_file.xlsx"
    write_sheet(path, events, rng=1, parameters=CodingParameters(detection=1))
    return path
