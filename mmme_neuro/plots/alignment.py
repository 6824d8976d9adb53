"""Figure of a clock alignment: what remains of each trigger after the map."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from mmme_neuro.clocks.fit import ClockFit
from mmme_neuro.wording import with_minus

MATCHED_COLOR = "#0072B2"
UNMATCHED_COLORS = {"reference": "#D55E00", "other": "#E69F00"}
UNMATCHED_LABELS = {"reference": "reference only", "other": "other device only"}
BAND_ALPHA = 0.18
RUG_HEIGHT = 0.045
NORMAL_95 = 1.96
SECONDS_PER_MINUTE = 60.0


def plot_alignment(fit: ClockFit, ax: Axes) -> Axes:
    """Draw the residual of each matched code over the session, and the unmatched codes as ticks.

    Parameters
    ----------
    fit : ClockFit
        Result of `align_clocks` or `align_camera`.
    ax : matplotlib.axes.Axes
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes: time (min from the first matched code on the reference clock) against the
        residual (ms), with a band of two standard errors of the map.

    Examples
    --------
    >>> import matplotlib.pyplot as plt, pandas as pd
    >>> from mmme_neuro import align_clocks
    >>> codes = pd.DataFrame({"code": [1, 2, 3, 4], "onset": [0.0, 30.0, 70.0, 100.0]})
    >>> ax = plot_alignment(align_clocks(codes, codes), plt.figure().add_subplot())
    >>> ax.get_xlabel()
    'Time on the reference clock (min)'
    """
    origin = _origin(fit)
    _draw_bands(fit, ax, origin)
    minutes = (fit.matched["onset_reference"].to_numpy() - origin) / SECONDS_PER_MINUTE
    ax.axhline(0.0, color="0.35", linewidth=0.8, zorder=1)
    ax.plot(
        minutes,
        fit.residual_ms,
        "o",
        markersize=3.5,
        markeredgewidth=0,
        alpha=0.85,
        color=MATCHED_COLOR,
        label=f"matched ({len(minutes)})",
        zorder=3,
    )
    largest = max(float(np.max(np.abs(fit.residual_ms), initial=0.0)), 1.0)
    ax.set_ylim(-1.45 * largest, 1.25 * largest)
    _draw_unmatched(fit, ax, origin)
    ax.set_xlabel("Time on the reference clock (min)")
    ax.set_ylabel("Residual (ms)")
    ax.set_title(_title(fit), fontsize="medium", loc="left")
    _draw_legend(ax)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _origin(fit: ClockFit) -> float:
    """Reference time (s) that the axis starts from: the first matched code."""
    return float(fit.segments["start_reference"].min())


def _draw_bands(fit: ClockFit, ax: Axes, origin: float) -> None:
    """Shade the 95 % band of the map in each segment and mark the pauses between them."""
    spans = fit.segments[["start_other", "stop_other"]].to_numpy(dtype=float)
    for k, (start, stop) in enumerate(spans):
        other = np.linspace(start, stop, 100)
        minutes = (fit.to_reference(other) - origin) / SECONDS_PER_MINUTE
        half_width = 1e3 * NORMAL_95 * fit.se_at(other)
        ax.fill_between(
            minutes, -half_width, half_width, color=MATCHED_COLOR, alpha=BAND_ALPHA, linewidth=0
        )
        if k:
            ax.axvline(minutes[0], color="0.5", linestyle=(0, (4, 3)), linewidth=0.8, zorder=1)


def _draw_unmatched(fit: ClockFit, ax: Axes, origin: float) -> None:
    """Draw unmatched codes as ticks along the bottom, one row a device."""
    for row, (device, color) in enumerate(UNMATCHED_COLORS.items()):
        onset = fit.unmatched.loc[fit.unmatched["device"] == device, "onset"].to_numpy(dtype=float)
        onset = onset[np.isfinite(onset)]
        if len(onset) == 0:
            continue
        reference_time = onset if device == "reference" else fit.to_reference(onset)
        low = 0.015 + row * (RUG_HEIGHT + 0.015)
        ax.vlines(
            (reference_time - origin) / SECONDS_PER_MINUTE,
            low,
            low + RUG_HEIGHT,
            transform=ax.get_xaxis_transform(),
            color=color,
            linewidth=1.3,
            label=f"{UNMATCHED_LABELS[device]} ({len(onset)})",
        )


def _draw_legend(ax: Axes) -> None:
    """Put the legend above the axes, where no point can be."""
    handles, labels = ax.get_legend_handles_labels()
    handles.append(Patch(color=MATCHED_COLOR, alpha=BAND_ALPHA, linewidth=0))
    labels.append("95 % band of the map")
    ax.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(0.0, -0.2),
        ncols=4,
        frameon=False,
        fontsize="small",
        borderaxespad=0.0,
        handletextpad=0.5,
        columnspacing=1.4,
        handlelength=1.4,
    )


def _title(fit: ClockFit) -> str:
    """Drift and spread, with the number of segments where there are several."""
    residual_sd = float(fit.longest["residual_sd_ms"])
    parts = [
        f"Drift {fit.drift_ppm:.1f} ± {fit.drift_se_ppm:.1f} ppm",
        f"residual SD {residual_sd:.1f} ms",
    ]
    if len(fit.segments) > 1:
        parts.append(f"{len(fit.segments)} segments")
    if fit.longest["note"]:
        parts[0] = f"Drift fixed at 0 (prior SE {fit.drift_se_ppm:.0f} ppm)"
    return with_minus(", ".join(parts))
