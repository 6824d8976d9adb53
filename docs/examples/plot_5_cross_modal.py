"""
What goes together in face, brain and body
==========================================

Correlations from event to event within participants, and the combination of brain measures that
goes best with a combination of autonomic ones.
"""

import numpy as np
import pandas as pd

from mmme_neuro import cross_modal, rm_corr
from mmme_neuro.association import Resampling, rm_corr_matrix
from mmme_neuro.plots import journal_style, new_figure, plot_association_matrix

rng = np.random.default_rng(1)

# %%
# Events
# ------
# An arousal that nobody measures moves the late positivity, the skin and the heart from event to
# event. Participants who have a large positivity on average sweat *less*: a correlation over all
# events would mix the two.

n_participants, n_stimuli, n_repeats = 20, 6, 6
events = pd.MultiIndex.from_product(
    [range(n_participants), range(n_stimuli), range(n_repeats)],
    names=["participant", "stimulus", "repeat"],
).to_frame(index=False)
n = len(events)
arousal = rng.normal(size=n)
trait = rng.normal(0, 2, n_participants)[events["participant"]]
events["rise"] = rng.normal(size=n)
events["premotor"] = 0.4 * events["rise"] + rng.normal(size=n)
events["late_positivity"] = 0.7 * arousal + trait + rng.normal(size=n)
events["scr"] = 0.7 * arousal - trait + rng.normal(size=n)
events["heart_rate"] = -0.5 * arousal + rng.normal(size=n)

print(f"all events: r = {events['late_positivity'].corr(events['scr']):.2f}")
plan = Resampling(rng=1, blocks=("participant", "stimulus"))
rm_corr(events, "late_positivity", "scr", resampling=plan)

# %%
# Every pair
# ----------
# Dots: p of .05 or less after Holm's correction, which counts pairs of different modalities.

modalities = {
    "face": ["rise"],
    "brain": ["premotor", "late_positivity"],
    "body": ["scr", "heart_rate"],
}
pairs = rm_corr_matrix(events, modalities, resampling=plan)
with journal_style():
    figure = new_figure(width_mm=100, height_mm=85)
    ax = figure.subplots()
    plot_association_matrix(pairs.assign(adjusted_for=""), ax, limit=0.5, upper="")
    figure.colorbar(ax.images[-1], ax=ax, label="Correlation within participants", shrink=0.7)

# %%
# Combinations
# ------------
# Canonical correlation, judged on participants and stimuli that the fit has not seen: fitted and
# tested on the same events it is always too large.

found = cross_modal(events, modalities["brain"], modalities["body"], resampling=plan)
print(found)
found.components[["component", "r", "r_cv", "p_value"]].round(3)

# %%

found.loadings.round(2)
