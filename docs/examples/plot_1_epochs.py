"""
Epochs of two devices
=====================

EEG and skin conductance are recorded by two devices whose clocks differ. Both stored the same
trigger codes, so both can be cut around the same events.
"""

import mne
import numpy as np
import pandas as pd

from mmme_neuro import Recording, align_clocks, epoch
from mmme_neuro.plots import journal_style, mark_onset, new_figure

rng = np.random.default_rng(1)

# %%
# Two recordings
# --------------
# 30 events; each is followed by a potential of the brain and, seconds later, by sweat. The
# physiology began 12.3 s before the EEG, and its clock is fast by 50 parts in a million.

onsets = 15 + 18 * np.arange(30) + rng.uniform(0, 4, 30)


def on_physio_clock(seconds):
    return 12.3 + seconds * (1 + 50e-6)


eeg_times = np.arange(0, 600, 1 / 100)
potential = sum(np.exp(-(((eeg_times - onset - 0.4) / 0.1) ** 2)) for onset in onsets)
eeg = mne.io.RawArray(
    8e-6 * potential[None] + 8e-6 * rng.standard_normal((1, eeg_times.size)),
    mne.create_info(["PZ"], sfreq=100.0, ch_types="eeg"),
    verbose="error",
)

physio_times = np.arange(0, 620, 1 / 50)
since = np.clip(physio_times[:, None] - on_physio_clock(onsets) - 1, 0, None)
sweat = (since * np.exp(-since / 2)).sum(axis=1)
physio = mne.io.RawArray(
    4e-6 + 0.3e-6 * sweat[None] + 3e-9 * rng.standard_normal((1, physio_times.size)),
    mne.create_info(["EDA"], sfreq=50.0, ch_types="gsr"),
    verbose="error",
)

# %%
# One clock
# ---------
# The device of the physiology lost two of the ten codes.

codes = pd.DataFrame({"code": 101 + np.arange(10), "onset": 10 + 60.0 * np.arange(10)})
seen = codes.drop(index=[3, 7]).assign(onset=lambda table: on_physio_clock(table["onset"]))
clock = align_clocks(codes, seen)
print(f"{len(clock.matched)} codes matched, drift {clock.drift_ppm:.1f} ppm")
clock.unmatched[["code", "onset", "reason"]]

# %%
# Epochs
# ------
# Row *i* of the table is epoch *i* of both.

events = pd.DataFrame(
    {"onset": onsets, "expression": np.where(rng.random(30) < 0.4, "micro", "macro")}
)
recording = Recording(eeg=eeg, physio=physio, events=events, clock=clock)
locked = epoch(recording, eeg=(-1.0, 1.5), physio=(-2.0, 10.0))
print(locked)
locked.excluded[["onset", "exclusion_reason"]]

# %%
# Both are MNE epochs.

with journal_style():
    figure = new_figure(height_mm=55)
    left, right = figure.subplots(1, 2)
    potentials = 1e6 * locked.eeg.get_data()[:, 0]
    left.plot(locked.eeg.times, potentials.mean(axis=0), color="black")
    left.set(xlabel="Time from onset (s)", ylabel="Amplitude (µV)", title="EEG at PZ")
    conductance = 1e6 * locked.physio.get_data()[:, 0]
    change = conductance - conductance[:, locked.physio.times < 0].mean(axis=1, keepdims=True)
    right.plot(locked.physio.times, change.T, color="0.8", linewidth=0.5)
    right.plot(locked.physio.times, change.mean(axis=0), color="black")
    right.set(xlabel="Time from onset (s)", ylabel="Change (µS)", title="Skin conductance")
    for ax in (left, right):
        mark_onset(ax)
