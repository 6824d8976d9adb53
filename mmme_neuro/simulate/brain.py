"""The head, where brain signals come from, and how each looks on the scalp."""

from dataclasses import dataclass
from functools import lru_cache

import mne
import numpy as np

from mmme_neuro.io.montage import template_positions
from mmme_neuro.simulate.noise import PowerLaw, Rhythm, Spectrum, density
from mmme_neuro.simulate.parameters import EegParameters

SOURCE_DEPTH = 0.75
"""Distance of a source from the sphere's center as a share of the head's radius."""


@dataclass(frozen=True, eq=False)
class Head:
    """Electrodes on a sphere and the forward solution of any dipole in it.

    Two heads are equal only if they are the same object, so that patterns can be kept by head.

    Attributes
    ----------
    info : mne.Info
        Electrode names and positions (head coordinates, meters).
    center : array, shape (3,)
        Center of the sphere.
    radius : float
        Radius of the head in meters.
    """

    info: mne.Info
    center: np.ndarray
    radius: float

    @property
    def ch_names(self) -> list[str]:
        """Names of the electrodes."""
        return self.info["ch_names"]

    @property
    def positions(self) -> np.ndarray:
        """Electrode positions in meters, shape (n_channels, 3)."""
        return np.array([channel["loc"][:3] for channel in self.info["chs"]])

    def below(self, *electrodes: str) -> np.ndarray:
        """Return the direction (unit vector) of the middle of some electrodes."""
        index = [self.ch_names.index(name) for name in electrodes]
        middle = self.positions[index].mean(axis=0) - self.center
        return middle / np.linalg.norm(middle)

    def topographies(self, places: np.ndarray, moments: np.ndarray) -> np.ndarray:
        """Average-referenced potentials (arbitrary scale) of dipoles.

        Parameters
        ----------
        places : array, shape (n_sources, 3)
            Positions relative to the center, in units of the radius.
        moments : array, shape (n_sources, 3)
            Directions.

        Returns
        -------
        array, shape (n_channels, n_sources)
        """
        forward = _forward(
            self.info,
            self.center + places * self.radius,
            moments,
            center=self.center,
            radius=self.radius,
        )
        return forward - forward.mean(axis=0)


@lru_cache(maxsize=4)
def simulated_head(ch_names: tuple[str, ...]) -> Head:
    """Return the head that carries the named electrodes at their 10-05 places."""
    info = mne.create_info(list(ch_names), sfreq=100.0, ch_types="eeg")
    montage = mne.channels.make_dig_montage(template_positions(ch_names), coord_frame="head")
    info.set_montage(montage, verbose="error")
    radius, center, _ = mne.bem.fit_sphere_to_headshape(
        info, dig_kinds=("eeg",), units="m", verbose="error"
    )
    return Head(info=info, center=np.asarray(center), radius=float(radius))


def _forward(
    info: mne.Info, places: np.ndarray, moments: np.ndarray, *, center: np.ndarray, radius: float
) -> np.ndarray:
    """Solve the four-shell sphere for fixed dipoles with MNE."""
    unit = moments / np.linalg.norm(moments, axis=1, keepdims=True)
    sphere = mne.make_sphere_model(center, head_radius=radius, verbose="error")
    sources = mne.setup_volume_source_space(
        pos={"rr": places, "nn": unit}, bem=None, mri=None, sphere_units="m", verbose="error"
    )
    solution = mne.make_forward_solution(
        info, trans=None, src=sources, bem=sphere, eeg=True, meg=False, mindist=0, verbose="error"
    )
    gain = solution["sol"]["data"].reshape(len(info["ch_names"]), len(places), 3)
    return np.einsum("csk,sk->cs", gain, unit)


REGIONS = {
    "fronto_central": ("F1", "FZ", "F2", "FC1", "FCZ", "FC2"),
    "parietal": ("CP1", "CPZ", "CP2", "P1", "PZ", "P2"),
    "occipital": ("PO3", "POZ", "PO4", "O1", "OZ", "O2"),
}
"""Regions in which amplitudes are stated."""

RESPONSE_REGION = {"premotor": "fronto_central", "late_positivity": "parietal"}
"""Evoked responses: the region in which their mean topography is 1 microvolt."""

COUPLED_PAIR = ("C3", "PO4")
UNCOUPLED_PAIR = ("C4", "PO3")
ALPHA, BETA, THETA = Rhythm(10.0, 0.8), Rhythm(22.0, 1.2), Rhythm(6.0, 0.7)
PAIR = Rhythm(16.5, 0.9)


@dataclass(frozen=True)
class Ongoing:
    """Ongoing activity: one source, its scalp pattern and its spectrum.

    Attributes
    ----------
    name : str
        Which rhythm it is; ``background`` for 1/f activity.
    pattern : array, shape (n_channels,)
        Microvolt (root mean square) at each electrode.
    spectrum : callable
        Relative power at each frequency.
    """

    name: str
    pattern: np.ndarray
    spectrum: Spectrum

    def density(self, freqs: np.ndarray) -> np.ndarray:
        """One-sided density of the source's unit-variance time course, 1/Hz."""
        return density(self.spectrum, freqs)


def evoked_patterns(head: Head) -> dict[str, np.ndarray]:
    """Scalp pattern of each evoked response: 1 microvolt in the mean of its region."""
    patterns = {}
    for name, region in RESPONSE_REGION.items():
        pattern = _radial(head, present(head, region))
        patterns[name] = pattern / pattern[indices(head, present(head, region))].mean()
    return patterns


def ongoing_sources(head: Head, parameters: EegParameters) -> list[Ongoing]:
    """Every stationary source of the brain: 1/f background, alpha, beta, theta, the pairs."""
    occipital = present(head, "occipital")
    sources = [
        Ongoing("alpha", _at_rms(head, occipital, parameters.alpha_uv), ALPHA),
        Ongoing("beta", _at_rms(head, ("CZ",), parameters.beta_uv), BETA),
        Ongoing("theta", _at_rms(head, ("FZ",), parameters.theta_uv), THETA),
    ]
    for electrode in (*COUPLED_PAIR, *UNCOUPLED_PAIR):
        sources.append(Ongoing(electrode, _at_rms(head, (electrode,), parameters.pair_uv), PAIR))
    return [*sources, *_background(head, parameters)]


def present(head: Head, region: str) -> tuple[str, ...]:
    """Electrodes of a region that this cap has."""
    found = tuple(name for name in REGIONS[region] if name in head.ch_names)
    if not found:
        raise ValueError(
            f"channels must hold at least one of {REGIONS[region]} ({region}), got none; add one."
        )
    return found


def indices(head: Head, electrodes: tuple[str, ...]) -> list[int]:
    """Return row numbers of electrodes."""
    return [head.ch_names.index(name) for name in electrodes]


@lru_cache(maxsize=64)
def _radial(head: Head, electrodes: tuple[str, ...]) -> np.ndarray:
    """Pattern of a radial dipole below the middle of some electrodes."""
    direction = head.below(*electrodes)[None]
    return head.topographies(SOURCE_DEPTH * direction, direction)[:, 0]


def _at_rms(head: Head, electrodes: tuple[str, ...], microvolt: float) -> np.ndarray:
    """Pattern of a radial source scaled to a root mean square at the electrodes above it."""
    missing = [name for name in electrodes if name not in head.ch_names]
    if missing:
        raise ValueError(f"channels must hold {missing} (sources lie below them); add them.")
    pattern = _radial(head, electrodes)
    return microvolt * pattern / np.sqrt(np.mean(pattern[indices(head, electrodes)] ** 2))


@lru_cache(maxsize=8)
def _background(head: Head, parameters: EegParameters) -> tuple[Ongoing, ...]:
    """Deep and shallow 1/f sources in random directions, the same for every study."""
    rng = np.random.default_rng(0)
    n = parameters.n_background_sources
    places = _unit(rng.standard_normal((n, 3)))
    places[:, 2] = np.abs(places[:, 2]) - 0.2
    moments = _unit(rng.standard_normal((n, 3)))
    patterns = head.topographies(_unit(places) * rng.uniform(0.4, 0.85, (n, 1)), moments)
    patterns /= np.linalg.norm(patterns, axis=0)
    patterns *= parameters.background_uv / np.sqrt(np.mean(np.sum(patterns**2, axis=1)))
    law = PowerLaw(parameters.background_exponent)
    return tuple(Ongoing("background", pattern, law) for pattern in patterns.T)


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Scale rows to length 1."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
