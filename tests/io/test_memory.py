import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.io.montage import MISC_CHANNELS, QUIK_CAP_64
from mmme_neuro.simulate.files.curry_file import write_curry

MEASURE = """
import json, pathlib, sys
from mmme_neuro import read_eeg
from mmme_neuro.clocks import recording_codes
import mne, scipy.signal, pandas
def peak_mib():
    # Not ru_maxrss, which a process inherits from the one that started it.
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
before = peak_mib()
raw = read_eeg(sys.argv[1])
opened = peak_mib()
part = raw.get_data(start=4_000_000, stop=4_010_000)
codes = recording_codes(raw)
print(json.dumps({
    "opened": opened - before, "used": peak_mib() - before, "value": float(part[3, 0]),
    "preload": bool(raw.preload), "n_times": int(raw.n_times), "n_codes": len(codes),
}))
"""


def measured(path):
    """Peak memory (MiB beyond the interpreter) of a fresh process that opens the file."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_a_session_of_73_minutes_is_opened_without_its_samples(tmp_path):
    n_channels, n_samples = len(QUIK_CAP_64) + len(MISC_CHANNELS), 73 * 60 * 1000
    samples = np.lib.format.open_memmap(
        tmp_path / "samples.npy", mode="w+", dtype="<f4", shape=(n_channels, n_samples)
    )
    samples[3, 4_000_000] = 12.5
    events = pd.DataFrame({"sample": np.arange(96) * 45_000 + 5, "code": [101, 100] * 48})
    path = write_curry(
        tmp_path / "a.cdt",
        samples,
        sfreq=1000.0,
        ch_names=QUIK_CAP_64,
        misc_names=MISC_CHANNELS,
        events=events,
    )
    found = measured(path)
    print(f"peak beyond the interpreter (MiB): {found}, file {path.stat().st_size / 2**20:.0f}")
    assert not found["preload"] and found["n_times"] == n_samples and found["n_codes"] == 96
    assert found["value"] == pytest.approx(12.5e-6)
    assert found["opened"] < 100  # MiB; the whole trigger channel alone takes 35 twice
    assert found["used"] < 500
