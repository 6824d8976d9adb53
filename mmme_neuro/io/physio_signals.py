"""Peripheral signals as a file states them, before names, types and units are settled."""

from dataclasses import dataclass, field

import numpy as np

from mmme_neuro.errors import BadInput


@dataclass(frozen=True)
class Marker:
    """A mark the experimenter or the software set, ``onset`` in seconds from the first sample."""

    onset: float
    text: str
    kind: str


@dataclass(frozen=True)
class PhysioSignals:
    """Signals in the file's own units.

    Attributes
    ----------
    labels, units : tuple of str
        As written in the file, without padding; one a channel.
    data : array, shape (n_channels, n_samples)
        Samples; missing ones NaN.
    sfreq : float
        Samples per second.
    first_sample : int
        Number of the first sample on the recording's own clock.
    markers : tuple of Marker
        Event marks, if the format has any.
    """

    labels: tuple[str, ...]
    units: tuple[str, ...]
    data: np.ndarray
    sfreq: float
    first_sample: int = 0
    markers: tuple[Marker, ...] = field(default=())

    def __post_init__(self) -> None:
        if not len(self.labels) == len(self.units) == len(self.data):
            raise BadInput(
                f"expected a label and a unit for each of {len(self.data)} channels, found "
                f"{len(self.labels)} labels and {len(self.units)} units."
            )
