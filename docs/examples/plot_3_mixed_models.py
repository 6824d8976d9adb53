"""
Mixed models in a forest
========================

One model a response, with participants and videos as random effects, and all differences between
micro- and macro-expressions in one figure.
"""

import numpy as np
import pandas as pd

from mmme_neuro import contrast
from mmme_neuro.models import crossed_events, fit_reduced
from mmme_neuro.plots import forest_figure
from mmme_neuro.stats import adjust_p_values

rng = np.random.default_rng(1)

# %%
# Events
# ------
# 20 participants and 12 videos, 16 macro- and 7 micro-expressions each.

events = crossed_events(
    20, 12, {"expression": ("macro", "micro")}, {"macro": 16, "micro": 7}, rng=rng
)
is_micro = (events["expression"] == "micro").to_numpy(float)
person = events["participant"].astype("category").cat.codes
video = events["stimulus"].astype("category").cat.codes


def response(difference, noise):
    """Differs by ``difference``, which varies between participants."""
    slopes = difference + rng.normal(0, 0.3 * noise, 20)
    means = rng.normal(0, 0.4 * noise, 20)[person] + rng.normal(0, 0.2 * noise, 12)[video]
    return slopes[person] * is_micro + means + rng.normal(0, noise, len(events))


responses = {
    "Premotor potential": ("µV", response(-2.0, 5.0)),
    "Late positivity": ("µV", response(3.0, 5.0)),
    "Skin conductance": ("µS", response(0.15, 0.25)),
    "Heart rate": ("beats/min", response(-2.0, 4.0)),
    "Breathing rate": ("breaths/min", response(0.0, 3.0)),
}

# %%
# Models
# ------
# All random slopes that the design justifies; `fit_reduced` leaves out what a response cannot
# support and says so.

rows = []
for name, (unit, values) in responses.items():
    fit = fit_reduced(
        "y ~ expression + (1 + expression | participant) + (1 | stimulus)", events.assign(y=values)
    )
    print(f"{name:20s}", fit.reductions or "nothing left out")
    rows.append(contrast(fit, "expression").assign(label=name, unit=unit))
differences = pd.concat(rows, ignore_index=True)

# %%
# Five tests, one family: Holm's correction.

differences = adjust_p_values(differences, method="holm")
differences.set_index("label")[["estimate", "ci_low", "ci_high", "p_value", "p_adjusted"]].round(3)

# %%
# Micro minus macro with 95 % intervals, each unit on an axis of its own.

figure = forest_figure(differences)
