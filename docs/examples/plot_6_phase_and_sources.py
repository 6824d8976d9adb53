"""
Phase and coupling of cortical regions
======================================

Are the phases of a rhythm the same in every event, and do cortical regions share it? Both measures
are unbiased by the number of events: two conditions with few and many events can be compared.
"""

# %%
# Simulated epochs
# ----------------
# Thirty-two electrodes; theta is locked to the onset in one condition only.

import matplotlib.pyplot as plt
import mne
import numpy as np
import pandas as pd

from mmme_neuro import connectivity, time_frequency
from mmme_neuro.plots import journal_style, mark_onset, new_figure
from mmme_neuro.responses import participant_average, phase_consistency, source_regions

rng = np.random.default_rng(4)
montage = mne.channels.make_standard_montage("biosemi32")
info = mne.create_info(montage.ch_names, sfreq=100.0, ch_types="eeg")
info.set_montage(montage)
times = np.arange(-1.5, 2.0 + 1e-9, 0.01)

events = pd.DataFrame(
    {
        "participant": np.repeat([f"p{n}" for n in range(1, 5)], 75),
        "kind": np.tile(np.repeat(["posed", "spontaneous"], [50, 25]), 4),
    }
)
is_locked = (events["kind"] == "spontaneous").to_numpy()
phase = np.where(is_locked, 0.0, rng.uniform(0, 2 * np.pi, len(events)))
theta = np.cos(2 * np.pi * 6 * times + phase[:, None]) * np.exp(-(((times - 0.2) / 0.25) ** 2))
frontal = [info.ch_names.index(name) for name in ("Fz", "FC1", "FC2", "Cz")]
data = 8e-6 * rng.normal(size=(len(events), len(info.ch_names), times.size))
data[:, frontal] += 8e-6 * theta[:, None]
epochs = mne.EpochsArray(data, info, tmin=times[0], metadata=events, verbose="error")

# %%
# Power and phase
# ---------------
# Power rises in both conditions, phase consistency (PPC) only where the phase is locked.

frequencies = np.arange(4.0, 13.0)
maps = participant_average(
    time_frequency(epochs.copy().pick(["Fz"]), by=["participant", "kind"], frequencies=frequencies)
)
found = phase_consistency(epochs, by="kind", frequencies=frequencies, picks=["Fz"])
print(maps)
print(found)

with journal_style():
    figure = new_figure(height_mm=60.0)
    for ax, kind in zip(figure.subplots(1, 2, sharey=True), ("posed", "spontaneous"), strict=True):
        shown = found.data.sel(condition=kind).squeeze("channel", drop=True)
        shown = shown.transpose("frequency", "time")
        image = ax.pcolormesh(shown["time"], shown["frequency"], shown, vmin=0, vmax=1)
        mark_onset(ax)
        ax.set(title=kind, xlabel="Time from onset (s)", xlim=(-1, 1.5))
    figure.axes[0].set_ylabel("Frequency (Hz)")
    figure.colorbar(image, ax=figure.axes, label="PPC at Fz")
plt.show()

# %%
# Cortical regions
# ----------------
# `source_regions` fits a sphere to the electrodes. Its signals are mixtures of the electrodes, so
# only coupling that zero lag does not explain is interpreted.

regions = source_regions(epochs)
coupled = connectivity(regions, method="wpli2_debiased", by="kind", picks=regions.ch_names, rng=1)
print(coupled)
