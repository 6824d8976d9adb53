"""
A map of mixed models and its test
==================================

One mixed model in every channel and time, and a permutation test of the map as a whole that stays
valid where effects differ between participants.
"""

import mne
import numpy as np
import xarray as xr
from scipy.ndimage import gaussian_filter1d

from mmme_neuro import fit_lmm_map, permutation_test
from mmme_neuro.models import crossed_events
from mmme_neuro.plots import journal_style, mark_onset, new_figure, scalp_map

rng = np.random.default_rng(1)

# %%
# Single events
# -------------
# 14 participants; a positive potential over the parietal cortex is larger with micro-expressions,
# by an amount that differs between participants.

montage = mne.channels.make_standard_montage("fsaverage_1005")
names = "Fp1 Fp2 F7 F3 Fz F4 F8 FC1 FC2 T7 C3 Cz C4 T8 CP1 CP2 P7 P3 Pz P4 P8 O1 Oz O2".split()
info = mne.create_info(names, sfreq=20.0, ch_types="eeg").set_montage(montage)
places = np.array([montage.get_positions()["ch_pos"][name] for name in names])
distances = np.linalg.norm(places[:, None] - places, axis=2)
near_pz = np.exp(-((distances[names.index("Pz")] / 0.06) ** 2))
smooth = np.exp(-((distances / 0.04) ** 2))

events = crossed_events(
    14, 10, {"expression": ("macro", "micro")}, {"macro": 15, "micro": 8}, rng=rng
)
is_micro = (events["expression"] == "micro").to_numpy(float)
person = events["participant"].astype("category").cat.codes
times = np.arange(-0.5, 1.0, 0.05)
wave = np.outer(near_pz, np.exp(-(((times - 0.4) / 0.15) ** 2)))
size = (3.0 + rng.normal(0, 1.5, 14))[person] * is_micro
noise = rng.normal(0, 4.0, (len(events), len(names), times.size))
noise = smooth @ gaussian_filter1d(noise, sigma=1)
responses = xr.DataArray(
    size[:, None, None] * wave + noise + rng.normal(0, 1.0, (14, 1, 1))[person],
    dims=("event", "channel", "time"),
    coords={"channel": names, "time": times.round(3)},
)

# %%
# Fit
# ---

model = "~ expression + (1 + expression | participant)"
maps = fit_lmm_map(model, responses, events)
print(maps)

# %%
# Test
# ----
# Neighbors in time and on the head support each other (threshold-free cluster enhancement).

neighbors, _ = mne.channels.find_ch_adjacency(info, "eeg")
test = permutation_test(
    model,
    responses,
    events,
    term="expression",
    rng=1,
    adjacency=[neighbors, times.size],
)
print(test.summary())
test.clusters

# %%
# The statistic of every cell; cells whose corrected p-value is above .05 are pale.

front_to_back = np.argsort(-places[:, 1])
ordered = test.dataset.isel(channel=front_to_back)
colors = {"cmap": "RdBu_r", "vmin": -6, "vmax": 6}
with journal_style():
    figure = new_figure(height_mm=85)
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    rows = np.arange(len(names))
    left.pcolormesh(times, rows, ordered["statistic"], alpha=0.35, **colors)
    clear = ordered["statistic"].where(ordered["p_value"] <= 0.05)
    mesh = left.pcolormesh(times, rows, clear, **colors)
    left.set_yticks(rows, ordered["channel"].to_numpy())
    left.invert_yaxis()
    left.set(xlabel="Time from onset (s)", title="Micro minus macro")
    mark_onset(left)
    figure.colorbar(mesh, ax=left, label="Statistic", shrink=0.7)
    estimate = maps.estimate("expression[T.micro]").sel(time=0.4, method="nearest")
    scalp_map(estimate.to_numpy(), info, right, vlim=(-4, 4))
    right.set_title("Estimate at 0.4 s, ±4 µV")

# %%
# The test is of the whole map. Which cells stand out describes the data; it is no test of when the
# effect begins or where it comes from.
