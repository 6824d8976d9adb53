"""How long a full participant takes from raw files to epochs, and how much memory.

``python -m benchmarks.participant`` simulates one participant of full size (64 channels at 1000 Hz,
48 videos, 73 minutes, physiology) and preprocesses it several times, each in a fresh process.
Writes docs/calibration/participant.csv and docs/participant.md.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pandas as pd

DOCS = Path(__file__).resolve().parents[1] / "docs"
EVERY_S = 0.2
LIMIT_S, LIMIT_GB = 300.0, 4.0

PAGE = """# A full participant: time and memory

Written by `{command}`; do not edit. One simulated participant of full size (64 EEG channels and
physiology at 1000 Hz, {minutes:.0f} minutes, {size_gb:.1f} GB of files) goes from device files to
epochs with `mmme preprocess --jobs 1` and the defaults (RANSAC, ICA with ICLabel, threshold),
{n} times, each in fresh processes on {cores} cores ({machine}). Memory is the proportional set size
of all processes, sampled every {every:g} s.

{table}

Wanted: at most {limit_s:.0f} s and {limit_gb:g} GB.
"""


def main() -> None:
    """Run the benchmark and write its page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="times (%(default)s)")
    parser.add_argument("--study", type=Path, help="simulated study to keep or reuse")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        study = chosen.study or Path(scratch) / "study"
        if not (study / "truth.json").is_file():
            simulate = ["simulate", str(study), "--participants", "1", "--videos", "48"]
            seconds, _ = measured([*simulate, "--seed", "11", "--full"])
            print(f"simulated in {seconds:.0f} s", flush=True)
        rows = []
        for run in range(chosen.repeats):
            out = Path(scratch) / f"out{run}"
            seconds, peak = measured(["preprocess", str(study), "--out", str(out)])
            rows.append({"run": run + 1, "seconds": seconds, "peak_gb": peak})
            print(f"{seconds:.1f} s, {peak:.2f} GB", flush=True)
        write_page(pd.DataFrame(rows), study, chosen.repeats)


def measured(arguments: list[str]) -> tuple[float, float]:
    """Seconds and peak memory (GB) of a command of ``mmme`` and all its processes.

    Parameters
    ----------
    arguments : list of str
        After ``mmme``.

    Raises
    ------
    RuntimeError
        When the command fails.
    """
    begun = time.perf_counter()
    command = [sys.executable, "-m", "mmme_neuro.cli", *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        peak, done = [0.0], threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, peak, done))
        watcher.start()
        code = process.wait()
        done.set()
        watcher.join()
    if code:
        raise RuntimeError(f"mmme {' '.join(arguments)} ended with status {code}.")
    return time.perf_counter() - begun, peak[0]


def write_page(table: pd.DataFrame, study: Path, repeats: int) -> None:
    """Write the table and the page that explains it."""
    size = sum(path.stat().st_size for path in study.rglob("*") if path.is_file())
    table.round(3).to_csv(DOCS / "calibration" / "participant.csv", index=False)
    lines = ["| run | seconds | peak memory (GB) |", "| --- | --- | --- |"]
    lines += [
        f"| {row['run']:.0f} | {row['seconds']:.1f} | {row['peak_gb']:.2f} |"
        for row in table.to_dict("records")
    ]
    page = PAGE.format(
        command=f"python -m benchmarks.participant --repeats {repeats}",
        minutes=73,
        size_gb=size / 1e9,
        n=repeats,
        cores=os.cpu_count(),
        machine=f"{platform.system()} {platform.machine()}",
        every=EVERY_S,
        table="\n".join(lines),
        limit_s=LIMIT_S,
        limit_gb=LIMIT_GB,
    )
    (DOCS / "participant.md").write_text(page, encoding="utf-8")


def _watch(root: int, peak: list[float], done: threading.Event) -> None:
    """Keep the largest memory of a process and its descendants (Linux)."""
    while not done.wait(EVERY_S):
        peak[0] = max(peak[0], sum(_memory_gb(pid) for pid in _family(root)))


def _family(root: int) -> list[int]:
    """A process and all that it started."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(fields[1])
    family = [root]
    for pid in family:
        family += [child for child, parent in parents.items() if parent == pid]
    return family


def _memory_gb(pid: int) -> float:
    """Proportional set size of a process; 0 if it has ended."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e9
    except OSError:
        pass
    return 0.0


if __name__ == "__main__":
    main()
