"""Small synthetic studies with known amplitudes, power and coupling."""

import mne
import numpy as np
import pandas as pd
import pytest

SFREQ = 100.0
TIMES = np.arange(-1.5, 2.0 + 1e-9, 1 / SFREQ)
CHANNELS = ["Fz", "FC1", "FCz", "FC2", "C3", "Cz", "C4", "Pz", "O1", "Oz"]


def make_epochs(data_uv, metadata, *, ch_names=CHANNELS, sfreq=SFREQ, tmin=-1.5):
    """Epochs from an array in uV and an events table."""
    info = mne.create_info(list(ch_names), sfreq, "eeg", verbose="error")
    return mne.EpochsArray(
        data_uv * 1e-6, info, tmin=tmin, baseline=None, metadata=metadata, verbose="error"
    )


def make_metadata(counts):
    """Events table with ``counts[(participant, expression)]`` rows each."""
    rows = [
        {"participant": person, "expression": kind, "stimulus": number % 4, "onset": float(number)}
        for (person, kind), n_rows in counts.items()
        for number in range(n_rows)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def erp_epochs():
    """Six participants; a 300 ms bump of 4 uV (macro) or 2 uV (micro) at Cz, noise of 5 uV."""
    rng = np.random.default_rng(7)
    counts = {
        (f"p{i}", kind): n for i in range(6) for kind, n in (("macro", 14), ("micro", 5 + i % 2))
    }
    metadata = make_metadata(counts)
    data = rng.normal(0, 5, (len(metadata), len(CHANNELS), len(TIMES)))
    bump = np.exp(-0.5 * ((TIMES - 0.3) / 0.08) ** 2)
    size = metadata["expression"].map({"macro": 4.0, "micro": 2.0}).to_numpy()
    data[:, CHANNELS.index("Cz")] += size[:, None] * bump
    return make_epochs(data, metadata)
