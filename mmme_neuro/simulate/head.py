"""Sphere-model topographies: what a source below an electrode gives at every electrode."""

from dataclasses import dataclass
from functools import lru_cache

import mne
import numpy as np

from mmme_neuro.io.montage import template_positions

SOURCE_DEPTH = 0.75
"""Distance of a source from the sphere's centre as a share of the head's radius."""


@dataclass(frozen=True, eq=False)
class Head:
    """Electrodes on a sphere and the forward solution of any dipole in it.

    Two heads are equal only if they are the same object, so that patterns can be kept by head.

    Attributes
    ----------
    info : mne.Info
        Electrode names and positions (head coordinates, metres).
    centre : array, shape (3,)
        Centre of the sphere.
    radius : float
        Radius of the head in metres.
    """

    info: mne.Info
    centre: np.ndarray
    radius: float

    @property
    def ch_names(self) -> list[str]:
        """Names of the electrodes."""
        return self.info["ch_names"]

    @property
    def positions(self) -> np.ndarray:
        """Electrode positions in metres, shape (n_channels, 3)."""
        return np.array([channel["loc"][:3] for channel in self.info["chs"]])

    def below(self, *electrodes: str) -> np.ndarray:
        """Return the direction (unit vector) of the middle of some electrodes."""
        index = [self.ch_names.index(name) for name in electrodes]
        middle = self.positions[index].mean(axis=0) - self.centre
        return middle / np.linalg.norm(middle)

    def topographies(self, places: np.ndarray, moments: np.ndarray) -> np.ndarray:
        """Average-referenced potentials (arbitrary scale) of dipoles.

        Parameters
        ----------
        places : array, shape (n_sources, 3)
            Positions relative to the centre, in units of the radius.
        moments : array, shape (n_sources, 3)
            Directions.

        Returns
        -------
        array, shape (n_channels, n_sources)
        """
        forward = _forward(
            self.info,
            self.centre + places * self.radius,
            moments,
            centre=self.centre,
            radius=self.radius,
        )
        return forward - forward.mean(axis=0)


@lru_cache(maxsize=4)
def simulated_head(ch_names: tuple[str, ...]) -> Head:
    """Return the head that carries the named electrodes at their 10-05 places."""
    info = mne.create_info(list(ch_names), sfreq=100.0, ch_types="eeg")
    montage = mne.channels.make_dig_montage(template_positions(ch_names), coord_frame="head")
    info.set_montage(montage, verbose="error")
    radius, centre, _ = mne.bem.fit_sphere_to_headshape(
        info, dig_kinds=("eeg",), units="m", verbose="error"
    )
    return Head(info=info, centre=np.asarray(centre), radius=float(radius))


def _forward(
    info: mne.Info, places: np.ndarray, moments: np.ndarray, *, centre: np.ndarray, radius: float
) -> np.ndarray:
    """Solve the four-shell sphere for fixed dipoles with MNE."""
    unit = moments / np.linalg.norm(moments, axis=1, keepdims=True)
    sphere = mne.make_sphere_model(centre, head_radius=radius, verbose="error")
    sources = mne.setup_volume_source_space(
        pos={"rr": places, "nn": unit}, bem=None, mri=None, sphere_units="m", verbose="error"
    )
    solution = mne.make_forward_solution(
        info, trans=None, src=sources, bem=sphere, eeg=True, meg=False, mindist=0, verbose="error"
    )
    gain = solution["sol"]["data"].reshape(len(info["ch_names"]), len(places), 3)
    return np.einsum("csk,sk->cs", gain, unit)
