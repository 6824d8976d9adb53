"""Signals of cortical regions without an MRI: minimum norm in a sphere fitted to the electrodes."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import mne
import numpy as np

from mmme_neuro.io.montage import template_positions

REGIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "frontal left": ("F3", "F5", "AF3"),
        "frontal right": ("F4", "F6", "AF4"),
        "frontal medial": ("FZ", "FCZ"),
        "central left": ("C3", "C5"),
        "central right": ("C4", "C6"),
        "temporal left": ("T7", "TP7"),
        "temporal right": ("T8", "TP8"),
        "parietal left": ("P3", "CP3"),
        "parietal right": ("P4", "CP4"),
        "parietal medial": ("PZ", "POZ"),
        "occipital left": ("O1", "PO7"),
        "occipital right": ("O2", "PO8"),
    }
)
"""Regions and the electrodes above them; a source belongs to the region nearest in direction."""

DEPTH = (0.70, 0.85)
"""Shell of sources, shares of the head's radius: about where the cortex is."""

SPACING_MM = 12.0
SNR = 3.0
FEWEST_ELECTRODES = 16


def source_regions(
    epochs: mne.BaseEpochs,
    *,
    rois: Mapping[str, Sequence[str]] = REGIONS,
    snr: float = SNR,
) -> mne.EpochsArray:
    """Estimate the signals of cortical regions from scalp EEG.

    Parameters
    ----------
    epochs : mne.Epochs
        Cleaned EEG with electrode positions; average reference.
    rois : mapping of str to sequence of str
        Regions by the 10-05 names of electrodes above them, which need not be recorded.
    snr : float
        Signal-to-noise ratio of amplitudes that regularizes the inverse.

    Returns
    -------
    mne.EpochsArray
        One channel a region (type ``misc``, arbitrary units, each of unit SD), metadata kept;
        give it to `connectivity` with ``picks=regions.ch_names``.

    Raises
    ------
    ValueError
        With fewer than 16 placed electrodes, or a region whose electrodes are unknown.

    Notes
    -----
    There is no template brain: a four-shell sphere is fitted to the electrodes, dipoles of free
    direction lie in a shell at 70-85 % of its radius, and a region's signal is the first principal
    component of the minimum-norm estimates of its dipoles (MNE-Python; depth weighting 0.8). The
    signals are linear mixtures of the electrodes: neighboring regions share signal, as electrodes
    do, so only measures that zero lag does not reach say anything about coupling (imaginary
    coherency, wPLI, orthogonalized envelopes). Where a region is, is known to some centimeters.

    References
    ----------
    .. [1] Hamalainen & Ilmoniemi (1994). Med. Biol. Eng. Comput. 32, 35-42.
    """
    eeg = epochs.copy().load_data().pick("eeg")
    kernel, points, center = _inverse(eeg.info, snr)
    members = _members(points - center, _directions(rois, center))
    data = eeg.get_data(verbose="error")
    weights = []
    covariance = np.einsum("ect,edt->cd", data, data) / (data.shape[0] * data.shape[2])
    for name, own in members.items():
        if not own.any():
            raise ValueError(f"region {name!r}: no source lies below {rois[name]}.")
        rows = kernel[own].reshape(-1, kernel.shape[-1])
        _, vectors = np.linalg.eigh(rows @ covariance @ rows.T)
        one = vectors[:, -1] @ rows
        spread = np.sqrt(one @ covariance @ one)
        weights.append(one / spread * np.sign(one[np.abs(one).argmax()]))
    signals = np.einsum("rc,ect->ert", np.array(weights), data)
    info = mne.create_info(list(members), epochs.info["sfreq"], "misc")
    return mne.EpochsArray(
        signals,
        info,
        epochs.events,
        epochs.tmin,
        epochs.event_id,
        metadata=epochs.metadata,
        verbose="error",
    )


def _inverse(info: mne.Info, snr: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kernel (n_sources, 3, n_channels), places of the sources (m) and center of the sphere."""
    placed = [ch for ch in info["chs"] if np.isfinite(ch["loc"][:3]).all() and ch["loc"][:3].any()]
    if len(placed) < FEWEST_ELECTRODES or len(placed) < len(info["chs"]):
        raise ValueError(
            f"epochs: the inverse needs positions of all, and {FEWEST_ELECTRODES} or more, EEG "
            f"electrodes; {len(placed)} of {len(info['chs'])} have one. Use set_montage, or leave "
            "channels out."
        )
    with mne.use_log_level("error"):
        radius, center, _ = mne.bem.fit_sphere_to_headshape(
            _digitized(info), dig_kinds=("eeg",), units="m"
        )
        sphere = mne.make_sphere_model(center, head_radius=radius)
        inner, outer = (1000 * radius * share for share in DEPTH)
        space = mne.setup_volume_source_space(
            pos=SPACING_MM,
            sphere=(*(1000 * center), outer),
            sphere_units="mm",
            exclude=inner,
            mri=None,
        )
        forward = mne.make_forward_solution(
            info, trans=None, src=space, bem=sphere, meg=False, mindist=0
        )
        flat = mne.EvokedArray(np.eye(len(info["chs"])), info)
        flat.set_eeg_reference(projection=True)
        operator = mne.minimum_norm.make_inverse_operator(
            flat.info, forward, mne.make_ad_hoc_cov(flat.info), loose=1.0, depth=0.8
        )
        found = mne.minimum_norm.apply_inverse(
            flat, operator, lambda2=1 / snr**2, method="MNE", pick_ori="vector"
        )
    used = forward["src"][0]
    return found.data, used["rr"][used["vertno"]], center


def _digitized(info: mne.Info) -> mne.Info:
    """Info whose electrodes are digitized points, from which the sphere is fitted."""
    positions = {ch["ch_name"]: ch["loc"][:3] for ch in info["chs"]}
    montage = mne.channels.make_dig_montage(positions, coord_frame="head")
    fresh = mne.create_info(list(positions), info["sfreq"], "eeg")
    return fresh.set_montage(montage, verbose="error")


def _directions(rois: Mapping[str, Sequence[str]], center: np.ndarray) -> dict[str, np.ndarray]:
    """Unit vector from the center to each region's electrodes."""
    out = {}
    for name, electrodes in rois.items():
        places = template_positions(electrodes)
        if not places:
            raise ValueError(
                f"region {name!r}: none of {list(electrodes)} is an electrode of the 10-05 system."
            )
        mean = np.mean(list(places.values()), axis=0) - center
        out[name] = mean / np.linalg.norm(mean)
    return out


def _members(offsets: np.ndarray, directions: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Which sources belong to each region: the nearest in direction, within 60 degrees."""
    units = offsets / np.linalg.norm(offsets, axis=1, keepdims=True)
    cosines = units @ np.array(list(directions.values())).T
    nearest = np.where(cosines.max(axis=1) >= 0.5, cosines.argmax(axis=1), -1)
    return {name: nearest == k for k, name in enumerate(directions)}
