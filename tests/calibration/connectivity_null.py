"""Does noise alone make micro- and macro-expressions differ in coupling?

    python -m tests.calibration.connectivity_null --studies 400

simulates participants whose EEG does not answer to events, with few micro- and many
macro-expressions, and tests the difference of each measure over participants. Writes
docs/connectivity_null.md.
"""

import argparse
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats
from threadpoolctl import threadpool_limits

from mmme_neuro.responses.coupling.connectivity import connectivity
from mmme_neuro.responses.coupling.graph import graph_measures
from mmme_neuro.responses.spectral.phase import phase_consistency

SFREQ = 100.0
N_CHANNELS = 6
N_PARTICIPANTS = 20
WINDOW = {"window": (-0.25, 0.75), "band": (8.0, 13.0), "by": "expression", "min_epochs": 2}
FEW = {"n_resamples": 20}
COUNTS = ((6, 26), (20, 80))
DOCS = Path(__file__).resolve().parents[2] / "docs"

Measure = Callable[[mne.BaseEpochs, int], Mapping[str, float]]
"""Epochs and seed -> value of each condition."""


def noise_epochs(n_micro: int, n_macro: int, rng: np.random.Generator) -> mne.EpochsArray:
    """Pink noise of 12 sources mixed into the channels; events do nothing."""
    n_epochs, times = n_micro + n_macro, np.arange(-1.0, 1.5, 1 / SFREQ)
    spectrum = rng.standard_normal((2, n_epochs, 12, times.size // 2 + 1))
    amplitude = 1 / np.sqrt(np.maximum(np.fft.rfftfreq(times.size, 1 / SFREQ), 1.0))
    sources = np.fft.irfft((spectrum[0] + 1j * spectrum[1]) * amplitude, times.size)
    data = 1e-5 * np.einsum("cs,est->ect", rng.standard_normal((N_CHANNELS, 12)), sources)
    cells = pd.DataFrame({"expression": ["micro"] * n_micro + ["macro"] * n_macro})
    names = [f"E{k}" for k in range(N_CHANNELS)]
    info = mne.create_info(names, SFREQ, "eeg")
    return mne.EpochsArray(data, info, tmin=-1.0, metadata=cells, verbose="error")


def mean_coupling(epochs: mne.BaseEpochs, seed: int, **options: object) -> Mapping[str, float]:
    """Mean over pairs."""
    result = connectivity(epochs, rng=seed, **WINDOW, **options)  # type: ignore[arg-type]
    return _by_name(result.matrix.mean(("channel", "other")))


def graph_of(
    epochs: mne.BaseEpochs, seed: int, *, name: str, density: float | None, average: bool = False
) -> Mapping[str, float]:
    """A network measure of the default coupling, of each subsample or of their average."""
    result = connectivity(epochs, rng=seed, average=average, **WINDOW, **FEW)  # type: ignore[arg-type]
    networks = graph_measures(result.matrix, density=density).networks
    return networks.set_index("expression")[name].to_dict()


def phase_of(epochs: mne.BaseEpochs, seed: int, **options: object) -> Mapping[str, float]:
    """Mean phase consistency at 10 Hz from 0 to 0.5 s."""
    found = phase_consistency(
        epochs,
        frequencies=[10.0],
        n_cycles=4,
        min_epochs=2,
        rng=seed,
        by="expression",
        **options,  # type: ignore[arg-type]
    )
    return _by_name(found.data.sel(time=slice(0, 0.5)).mean(("channel", "frequency", "time")))


def _by_name(values: xr.DataArray) -> dict[str, float]:
    (name,) = values.dims
    return dict(zip(values[name].values.tolist(), values.values.tolist(), strict=True))


OFFERED: dict[str, Measure] = {
    "wpli2_debiased": partial(mean_coupling, **FEW),
    "ppc": partial(mean_coupling, method="ppc", **FEW),
    "pli2_unbiased": partial(mean_coupling, method="pli2_unbiased", **FEW),
    "abs_imcoh": partial(mean_coupling, method="abs_imcoh", **FEW),
    "plv, equal numbers": partial(mean_coupling, method="plv", **FEW),
    "orthogonal_envelope": partial(mean_coupling, method="orthogonal_envelope", **FEW),
    "envelope_correlation": partial(mean_coupling, method="envelope_correlation", n_resamples=5),
    "envelope_partial": partial(mean_coupling, method="envelope_partial", n_resamples=5),
    "global efficiency": partial(graph_of, name="global_efficiency", density=None),
    "global efficiency, density .3": partial(graph_of, name="global_efficiency", density=0.3),
    "clustering": partial(graph_of, name="clustering", density=None),
    "phase consistency (ppc)": phase_of,
    "itc, equal numbers": partial(phase_of, measure="itc", n_resamples=20),
}
"""What the package does unless told otherwise (equal numbers of epochs or debiased)."""

WARNINGS: dict[str, Measure] = {
    "plv, all epochs": partial(mean_coupling, method="plv", equalize=False),
    "coherence, all epochs": partial(mean_coupling, method="coh", equalize=False),
    "abs_imcoh, all epochs": partial(mean_coupling, method="abs_imcoh", equalize=False),
    "itc, all epochs": partial(phase_of, measure="itc", equalize=False),
    "global efficiency of the averaged matrix": partial(
        graph_of, name="global_efficiency", density=None, average=True
    ),
}
"""What must be asked for, and why it should not be."""


def p_values(
    seed: int, counts: tuple[int, int], measures: Mapping[str, Measure]
) -> dict[str, tuple[float, float]]:
    """One study: paired t-test of micro minus macro over participants, and the mean difference."""
    rng = np.random.default_rng([seed, *counts])
    differences: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(N_PARTICIPANTS):
        epochs = noise_epochs(*counts, rng)
        for name, measure in measures.items():
            values = measure(epochs, int(rng.integers(2**31)))
            differences[name].append(values["micro"] - values["macro"])
    return {
        name: (float(stats.ttest_1samp(values, 0).pvalue), float(np.mean(values)))
        for name, values in differences.items()
    }


def null_rates(
    n_studies: int, measures: Mapping[str, Measure], *, jobs: int = 1, counts: Iterable = COUNTS
) -> pd.DataFrame:
    """Share of studies with p < .05, for each measure and pair of counts."""
    rows = []
    for pair in counts:
        run = partial(p_values, counts=pair, measures=measures)
        if jobs == 1:
            studies = [run(seed) for seed in range(n_studies)]
        else:
            with ProcessPoolExecutor(jobs, initializer=_one_thread) as executor:
                studies = list(executor.map(run, range(n_studies), chunksize=4))
        for name in measures:
            found = np.array([study[name] for study in studies])
            rate = float(np.mean(found[:, 0] < 0.05))
            rows.append(
                {
                    "measure": name,
                    "epochs": f"{pair[0]} and {pair[1]}",
                    "mean_difference": float(found[:, 1].mean()),
                    "rate": rate,
                    "rate_se": float(np.sqrt(0.05 * 0.95 / n_studies)),
                }
            )
    return pd.DataFrame(rows)


def _one_thread() -> None:
    """Workers do not fight over cores."""
    threadpool_limits(1)
    mne.set_log_level("error")


def _page(offered: pd.DataFrame, warned: pd.DataFrame, n_studies: int) -> str:
    """Markdown page."""

    def table(rows: pd.DataFrame) -> str:
        lines = ["| measure | epochs (micro and macro) | mean difference | rate of p < .05 |"]
        lines.append("| --- | --- | --- | --- |")
        lines += [
            f"| {r['measure']} | {r['epochs']} | {r['mean_difference']:.4f} | {r['rate']:.3f} |"
            for r in rows.to_dict("records")
        ]
        return "\n".join(lines)

    error = np.sqrt(0.05 * 0.95 / n_studies)
    return f"""# Coupling measures under the null

Written by `python -m tests.calibration.connectivity_null --studies {n_studies}`; do not edit.

{n_studies} studies of {N_PARTICIPANTS} participants each, pink noise without any answer to events;
micro minus macro, paired t-test over participants. Nominal rate .05, Monte-Carlo standard error
{error:.3f}. Cells below 20 epochs are refused by default; the refusal was switched off here.

## Measures as offered

{table(offered)}

## Why equal numbers, debiased estimators, and graphs of every subsample

{table(warned)}
"""


def main() -> None:
    """Run all studies and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=400)
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    offered = null_rates(chosen.studies, OFFERED, jobs=chosen.jobs)
    warned = null_rates(max(chosen.studies // 4, 20), WARNINGS, jobs=chosen.jobs)
    both = pd.concat([offered.assign(kind="offered"), warned.assign(kind="warning")])
    both.to_csv(DOCS / "calibration" / "connectivity_null.csv", index=False)
    page = _page(offered, warned, chosen.studies)
    (DOCS / "connectivity_null.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
