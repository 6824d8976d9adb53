"""
Potentials and scalp maps
=========================

Averages of participants, their grand average with intervals, and the scalp maps of two windows.
"""

import mne
import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

from mmme_neuro import evoked
from mmme_neuro.plots import evoked_figure
from mmme_neuro.responses import (
    Measure,
    component_table,
    grand_average,
    measurement_quality,
)

rng = np.random.default_rng(1)

# %%
# Events of ten participants
# --------------------------
# 6 micro- and 14 macro-expressions each. A negative potential grows before the onset over the
# fronto-central cortex, a positive one follows it over the parietal cortex; both are larger with
# micro-expressions.

montage = mne.channels.make_standard_montage("fsaverage_1005")
names = (
    "Fp1 Fp2 F7 F3 F1 Fz F2 F4 F8 FC1 FCz FC2 T7 C3 C1 Cz C2 C4 T8 "
    "CP1 CPz CP2 P7 P3 P1 Pz P2 P4 P8 O1 Oz O2"
).split()
info = mne.create_info(names, sfreq=100.0, ch_types="eeg")
info.set_montage(montage)
places = np.array([montage.get_positions()["ch_pos"][name] for name in names])
distances = np.linalg.norm(places[:, None] - places, axis=2)
near = np.exp(-((distances / 0.05) ** 2))

times = np.arange(-1.5, 2.0 + 1e-9, 0.01)
rising = np.clip(times + 1, 0, None) * (times < 0)
before = rising + np.exp(-times.clip(0) / 0.1) * (times >= 0)
after = np.exp(-(((times - 0.4) / 0.12) ** 2))
response = -4e-6 * np.outer(near[names.index("FCz")], before)
response += 5e-6 * np.outer(near[names.index("Pz")], after)

events = pd.DataFrame(
    {
        "participant": np.repeat([f"sub{n:02d}" for n in range(1, 11)], 20),
        "expression": np.tile(["micro"] * 6 + ["macro"] * 14, 10),
    }
)
size = np.where(events["expression"] == "micro", 2.0, 0.8)
size = size * np.repeat(rng.gamma(9, 1 / 9, 10), 20)
noise = rng.normal(size=(len(events), len(names), times.size))
noise = 10e-6 * near @ gaussian_filter1d(noise, sigma=5)
data = size[:, None, None] * response + noise
data -= data.mean(axis=1, keepdims=True)
epochs = mne.EpochsArray(data, info, tmin=times[0], metadata=events, verbose="error")

# %%
# Averages
# --------
# The baseline ends a second before the onset: -200 to 0 ms is no rest before a spontaneous
# movement.

baseline = (-1.5, -1.0)
epochs.apply_baseline(baseline, verbose="error")
cells = evoked(epochs, ["participant", "expression"])
grand = grand_average(cells)
print(grand)

measures = [
    Measure(name="premotor", roi="fronto_central", window=(-0.5, 0.0), baseline=baseline),
    Measure(name="late_positivity", roi="parietal", window=(0.25, 0.55), baseline=baseline),
]
figure = evoked_figure(
    grand,
    rois=[measure.roi for measure in measures],
    measures=measures,
    levels=("macro", "micro"),
    baseline=baseline,
)

# %%
# How exact is a participant's average?
# -------------------------------------
# Each average carries its standardized measurement error; its share of the variance between
# participants says how much of what differs between them is noise.

measured = component_table(epochs, measures, by=["participant", "expression"], rng=1)
measurement_quality(measured, condition="expression").round(2)
