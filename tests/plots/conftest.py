"""A small simulated study on the 62 electrodes of the cap that templates know."""

import mne
import numpy as np
import pandas as pd
import pytest

SFREQ = 100.0
TIMES = np.arange(-1.5, 2.0 + 1e-9, 1 / SFREQ)
CAP = (
    "FP1 FPZ FP2 AF3 AF4 F7 F5 F3 F1 FZ F2 F4 F6 F8 FT7 FC5 FC3 FC1 FCZ FC2 FC4 FC6 FT8 T7 C5 C3 "
    "C1 CZ C2 C4 C6 T8 TP7 CP5 CP3 CP1 CPZ CP2 CP4 CP6 TP8 P7 P5 P3 P1 PZ P2 P4 P6 P8 PO7 PO5 PO3 "
    "POZ PO4 PO6 PO8 O1 OZ O2"
).split()


def simulate_epochs(*, n_participants, n_macro, n_micro, ch_names, seed):
    """Premotor negativity, late parietal positivity, alpha desynchronization, pink-ish noise."""
    rng = np.random.default_rng(seed)
    info = mne.create_info(ch_names, SFREQ, "eeg", verbose="error")
    montage = mne.channels.make_standard_montage("fsaverage_1005")
    info.set_montage(montage, match_case=False, verbose="error")
    places = np.array([channel["loc"][:3] for channel in info["chs"]])
    rows = [
        (f"p{i:02d}", kind, number % 6)
        for i in range(n_participants)
        for kind, n_epochs in (("macro", n_macro), ("micro", n_micro))
        for number in range(n_epochs)
    ]
    metadata = pd.DataFrame(rows, columns=["participant", "expression", "stimulus"])
    is_macro = (metadata["expression"] == "macro").to_numpy()[:, None, None]
    noise = rng.normal(0, 1, (len(rows), len(ch_names), len(TIMES))).cumsum(axis=-1)
    noise -= np.linspace(0, 1, len(TIMES)) * noise[..., -1:]
    mixing = np.exp(-(np.linalg.norm(places[:, None] - places, axis=-1) ** 2) / (2 * 0.03**2))
    noise = np.einsum("ij,njt->nit", mixing / mixing.sum(axis=1, keepdims=True), noise)

    def field(name):
        distance = np.linalg.norm(places - places[ch_names.index(name)], axis=1)
        pattern = np.exp(-0.5 * (distance / 0.05) ** 2)
        return (pattern - pattern.mean())[:, None]

    premotor = -np.clip((TIMES + 0.9) / 0.9, 0, 1) * (TIMES < 0.05) * field("FCZ")
    late = np.exp(-0.5 * ((TIMES - 0.45) / 0.15) ** 2) * field("PZ")
    size = rng.normal(1, 0.3, (n_participants, 2))
    people = metadata["participant"].str[1:].astype(int).to_numpy()
    evoked = size[people, 0, None, None] * np.where(is_macro, 4.0, 2.0) * premotor
    evoked = evoked + size[people, 1, None, None] * np.where(is_macro, 6.0, 3.5) * late
    phase = rng.uniform(0, 2 * np.pi, (len(rows), 1, 1))
    fall = 1 - np.where(is_macro, 0.6, 0.25) / (1 + np.exp(-(TIMES - 0.1) / 0.08))
    delay = np.linspace(0, 1, len(ch_names))[:, None]
    alpha = 5 * fall * np.cos(2 * np.pi * 10 * TIMES + phase + delay) * np.abs(field("OZ"))
    data = evoked + alpha + 1.5 * noise
    return mne.EpochsArray(
        data * 1e-6, info, tmin=-1.5, metadata=metadata, baseline=None, verbose="error"
    )


@pytest.fixture(scope="session")
def study():
    """Eight participants with 12 macro- and 6 micro-expressions each."""
    return simulate_epochs(n_participants=8, n_macro=12, n_micro=6, ch_names=CAP, seed=5)
