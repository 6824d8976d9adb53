"""Scalp maps and head plans."""

from collections.abc import Sequence

import mne
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from mmme_neuro.errors import MissingInput
from mmme_neuro.plots.style import DIVERGING

FEWEST_FOR_SPHERE = 8
HEAD_RADIUS_M = 0.095
"""Of the outline, as MNE draws it."""


def scalp_map(
    values: np.ndarray,
    info: mne.Info,
    ax: Axes,
    *,
    vlim: tuple[float, float],
    cmap: str = DIVERGING,
    sensors: bool = True,
    highlight: Sequence[str] = (),
) -> Axes:
    """Draw values of channels on the scalp, seen from above, nose up.

    Parameters
    ----------
    values : array, shape (n_channels,)
        In the order of the channels.
    info : mne.Info
        Channels with positions.
    ax : Axes
        Where to draw.
    vlim : tuple of float
        Ends of the colors.
    cmap : str
        Colors.
    sensors : bool
        Whether electrodes are dots.
    highlight : sequence of str
        Channels drawn as larger dots, e.g. those of the measured region.

    Returns
    -------
    Axes

    Notes
    -----
    Electrodes are placed by `head_plan`, about the sphere that fits them; MNE's default is the
    origin of the head's frame, which lies below and behind their center and moves all to the front.
    """
    mne.viz.plot_topomap(
        values,
        HEAD_RADIUS_M * head_plan(info, info["ch_names"]),
        axes=ax,
        show=False,
        cmap=cmap,
        vlim=vlim,
        contours=0,
        sensors="k." if sensors else False,
        sphere=HEAD_RADIUS_M,
        mask=np.isin(info["ch_names"], list(highlight)) if len(highlight) else None,
        mask_params={
            "markersize": 3,
            "markerfacecolor": "white",
            "markeredgewidth": 0.5,
            "linewidth": 0,
        },
    )
    _thin(ax)
    return ax


def fitted_sphere(points: np.ndarray) -> np.ndarray:
    """Least-squares sphere of electrode positions.

    Parameters
    ----------
    points : array, shape (n, 3)
        Meters.

    Returns
    -------
    array, shape (4,)
        Center and radius (m); of MNE's default head where too few points determine a sphere.
    """
    if len(points) < FEWEST_FOR_SPHERE:
        return np.array([0.0, 0.0, 0.0, HEAD_RADIUS_M])
    design = np.column_stack([2 * points, np.ones(len(points))])
    found = np.linalg.lstsq(design, (points**2).sum(axis=1), rcond=None)[0]
    return np.r_[found[:3], np.sqrt(found[3] + found[:3] @ found[:3])]


def head_plan(info: mne.Info, ch_names: Sequence[str]) -> np.ndarray:
    """Project electrodes on the plane; the circle of radius 1 is the plan's head outline.

    Parameters
    ----------
    info : mne.Info
        Channels with positions.
    ch_names : sequence of str
        Channels to place.

    Returns
    -------
    plan : array, shape (n_channels, 2)
        Right and front are positive.

    Notes
    -----
    Azimuthal equidistant about the vertex of a sphere fitted to the positions by least squares;
    radius 1 is 100 degrees from the vertex, just below the electrodes of the 10-20 belt.
    """
    places = {channel["ch_name"]: channel["loc"][:3] for channel in info["chs"]}
    lost = [n for n in ch_names if not np.isfinite(places[n]).all() or not places[n].any()]
    if lost:
        raise MissingInput(
            f"info: a head plan needs positions, channels {lost} have none. Use set_montage or "
            "leave the channels out."
        )
    located = np.array([p for p in places.values() if np.isfinite(p).all() and p.any()])
    points = np.array([places[name] for name in ch_names]) - fitted_sphere(located)[:3]
    polar = np.arccos(points[:, 2] / np.linalg.norm(points, axis=1))
    azimuth = np.arctan2(points[:, 1], points[:, 0])
    radius = polar / np.deg2rad(100)
    return radius[:, None] * np.column_stack([np.cos(azimuth), np.sin(azimuth)])


def head_outline(ax: Axes) -> None:
    """Head, nose and ears."""
    ax.add_patch(Circle((0, 0), 1.0, fill=False, edgecolor="black", linewidth=0.8, zorder=1))
    nose = (np.array([-0.1, 0, 0.1]), np.array([0.995, 1.12, 0.995]))
    ear = np.linspace(-np.pi / 2, np.pi / 2, 30)
    ears = [(side * (0.99 + 0.08 * np.cos(ear)), 0.16 * np.sin(ear)) for side in (-1, 1)]
    for line in (nose, *ears):
        ax.plot(*line, color="black", linewidth=0.8, zorder=1)
    ax.set(xlim=(-1.15, 1.15), ylim=(-1.1, 1.2), aspect="equal")
    ax.set_axis_off()


def _thin(ax: Axes) -> None:
    """Thin the head outline and sensors to journal weight."""
    for line in ax.lines:
        if line.get_marker() == ".":
            line.set(markersize=1.2, markeredgewidth=0)
        elif line.get_marker() in ("None", None, ""):
            line.set_linewidth(0.7)
