"""Simulate the map of a study with 3,475 events: ``python make_mmme_like_data.py [--all FOLDER]``.

110 participants, 48 videos, 64 channels by 200 times (12,800 responses). The design and six of the
responses go to lmm/mmme_like_responses.csv.gz, which lmm.R reads; `--all` also saves the whole map
and its truth for benchmarks. The draws depend on the seed only; the last bits of sums differ from
machine to machine.
"""

import argparse
import gzip
from pathlib import Path

import mne
import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

HERE = Path(__file__).parent
SEED = 20240607
N_EVENTS, N_MICRO, N_PARTICIPANTS, N_VIDEOS = 3475, 634, 110, 48
TIMES = -0.2 + np.arange(200) / 200.0
MONTAGE = mne.channels.make_standard_montage("biosemi64")
KEPT = (253, 793, 1590, 3179, 5223, 10498)
VIDEOS_PER_EMOTION = {
    "happiness": 7,
    "surprise": 7,
    "anger": 7,
    "contempt": 7,
    "disgust": 7,
    "fear": 7,
    "sadness": 6,
}
VALENCES = {"happiness": "positive", "surprise": "surprise"}


def participants_of_events(rng):
    """Lognormal numbers of events, two or more, that sum to all of them."""
    weights = rng.lognormal(mean=0.0, sigma=0.9, size=N_PARTICIPANTS)
    counts = np.maximum(2, np.floor(weights / weights.sum() * N_EVENTS).astype(int))
    while counts.sum() != N_EVENTS:
        i = rng.integers(N_PARTICIPANTS)
        step = np.sign(N_EVENTS - counts.sum())
        if counts[i] + step >= 2:
            counts[i] += step
    fewest = np.argsort(counts)[:3]
    counts[counts.argmax()] += counts[fewest].sum() - 6
    counts[fewest] = 2
    return np.repeat(np.arange(N_PARTICIPANTS), counts)


def videos_of_events(rng, participant, emotion_of_video):
    """Videos by their weights; happy ones are seen with more expressions."""
    weights = rng.lognormal(0, 0.6, N_VIDEOS)
    weights[emotion_of_video == 0] *= 2.2
    video = np.empty(N_EVENTS, int)
    for p in range(N_PARTICIPANTS):
        own = participant == p
        video[own] = rng.choice(N_VIDEOS, size=own.sum(), p=weights / weights.sum())
    return video


def duration_s(rng, condition):
    """Micro-expressions .1 to .5 s, macro-expressions .5 to 4 s."""
    while True:
        if condition == "ME":
            drawn = rng.lognormal(np.log(0.36), 0.25)
            if 0.1 <= drawn <= 0.5:
                return drawn
        else:
            drawn = rng.lognormal(np.log(1.1), 0.5)
            if 0.5 < drawn <= 4:
                return drawn


def simulated_design(rng):
    """Table of events, and the numbers of their participants and videos."""
    participant = participants_of_events(rng)
    emotion_of_video = np.repeat(
        np.arange(len(VIDEOS_PER_EMOTION)), list(VIDEOS_PER_EMOTION.values())
    )
    video = videos_of_events(rng, participant, emotion_of_video)
    emotion = np.array(list(VIDEOS_PER_EMOTION))[emotion_of_video[video]]
    propensity = (
        rng.normal(0, 1.0, N_PARTICIPANTS)[participant]
        + rng.normal(0, 0.5, N_VIDEOS)[video]
        + rng.logistic(size=N_EVENTS)
    )
    condition = np.full(N_EVENTS, "MaE", dtype=object)
    condition[np.argsort(-propensity)[:N_MICRO]] = "ME"
    log_duration = np.log([duration_s(rng, of_event) for of_event in condition])
    order = rng.permutation(N_EVENTS)
    design = pd.DataFrame(
        {
            "participant": [f"P{p:03d}" for p in participant[order]],
            "video": [f"V{v:02d}" for v in video[order]],
            "valence": [VALENCES.get(name, "negative") for name in emotion[order]],
            "condition": condition[order],
            "logdur_z": ((log_duration - log_duration.mean()) / log_duration.std(ddof=1))[order],
        }
    )
    return design, participant[order], video[order]


class Scalp:
    """Fields that are smooth over the sensors and in time."""

    def __init__(self):
        positions = np.array(list(MONTAGE.get_positions()["ch_pos"].values()))
        self.directions = positions / np.linalg.norm(positions, axis=1, keepdims=True)
        self.angles = np.arccos(np.clip(self.directions @ self.directions.T, -1, 1))

    def factor(self, width):
        """Cholesky factor of a Gaussian kernel of the chords between sensors."""
        chord = np.linalg.norm(self.directions[:, None] - self.directions[None], axis=2)
        return np.linalg.cholesky(
            np.exp(-((chord / width) ** 2)) + 1e-6 * np.eye(len(self.directions))
        )

    def field(self, rng, n, factor, width_samples):
        """Unit variance; array, shape (n, n_channels, n_times)."""
        margin = int(6 * width_samples)
        n_times = len(TIMES)
        drawn = rng.standard_normal((n, len(factor), n_times + 2 * margin))
        drawn = gaussian_filter1d(drawn, width_samples, axis=2, mode="constant")
        drawn = drawn[:, :, margin : margin + n_times]
        impulse = np.zeros(401)
        impulse[200] = 1
        drawn /= np.sqrt((gaussian_filter1d(impulse, width_samples) ** 2).sum())
        return np.einsum("cd,ndt->nct", factor, drawn, optimize=True)

    def bump(self, channel, angle, peak_s, width_s):
        """A Gaussian around a channel and a time; array, shape (n_channels, n_times)."""
        return np.outer(
            self.around(channel, angle), np.exp(-0.5 * ((TIMES - peak_s) / width_s) ** 2)
        )

    def around(self, channel, angle):
        """A Gaussian around a channel; array, shape (n_channels,)."""
        return np.exp(-0.5 * (self.angles[MONTAGE.ch_names.index(channel)] / angle) ** 2)


def rise(onset_s, width_s):
    """A step that is smooth in time."""
    return 1 / (1 + np.exp(-(TIMES - onset_s) / width_s))


def fixed_effects(scalp):
    """Maps of the effects in microvolts."""
    return {
        "base": 4.0 * scalp.bump("Oz", 0.5, 0.12, 0.02) - 5.0 * scalp.bump("Oz", 0.6, 0.19, 0.03),
        "condition": 1.8 * scalp.bump("CPz", 0.55, 0.30, 0.05)
        - 1.2 * scalp.bump("PO8", 0.4, 0.17, 0.025),
        "condition_positive": 1.5 * scalp.bump("AFz", 0.5, 0.50, 0.08),
        "positive": 1.0 * scalp.bump("Fz", 0.6, 0.40, 0.10),
        "surprise": -0.8 * scalp.bump("Pz", 0.6, 0.35, 0.06),
        "logdur": 0.4 * np.outer(scalp.around("Cz", 0.8), rise(0.2, 0.04)),
    }


def random_sds():
    """Standard deviations in microvolts; slopes and videos have none in the baseline."""
    slope, video = 1.8 * rise(0.18, 0.03), 1.0 * rise(0.15, 0.03)
    slope[TIMES < 0.05] = 0
    video[TIMES < 0.05] = 0
    return {"participant": 1.0 + 2.5 * rise(0.10, 0.03), "slope": slope, "video": video}


def simulated_map(rng, design, participant, video):
    """Responses of all events, and their truth."""
    scalp = Scalp()
    noise, spread = scalp.factor(0.6), scalp.factor(0.9)
    sds, effects, correlation = random_sds(), fixed_effects(scalp), -0.4
    intercepts = scalp.field(rng, N_PARTICIPANTS, spread, 8)
    own = scalp.field(rng, N_PARTICIPANTS, spread, 8)
    slopes = correlation * intercepts + np.sqrt(1 - correlation**2) * own
    of_video = scalp.field(rng, N_VIDEOS, spread, 8)
    is_micro = (design["condition"] == "ME").to_numpy(float)
    is_positive = (design["valence"] == "positive").to_numpy(float)
    responses = 9.0 * scalp.field(rng, N_EVENTS, noise, 4)
    responses += 2.0 * rng.standard_normal(responses.shape)
    responses += (intercepts * sds["participant"])[participant]
    responses += (slopes * sds["slope"])[participant] * is_micro[:, None, None]
    responses += (of_video * sds["video"])[video]
    covariates = {
        "base": np.ones(N_EVENTS),
        "condition": is_micro,
        "condition_positive": is_micro * is_positive,
        "positive": is_positive,
        "surprise": (design["valence"] == "surprise").to_numpy(float),
        "logdur": design["logdur_z"].to_numpy(),
    }
    for name, covariate in covariates.items():
        responses += covariate[:, None, None] * effects[name][None]
    truth = {f"effect_{name}": effect for name, effect in effects.items()}
    truth |= {f"sd_{name}": sd for name, sd in sds.items()}
    return responses.reshape(N_EVENTS, -1), truth


def main():
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", type=Path, help="also save the whole map and its truth here")
    folder = parser.parse_args().all
    rng = np.random.default_rng(SEED)
    design, participant, video = simulated_design(rng)
    responses, truth = simulated_map(rng, design, participant, video)
    table = design.assign(**{f"y_{column}": responses[:, column] for column in KEPT})
    # No time in the header: the same table gives the same bytes.
    text = table.to_csv(index=False).encode()
    (HERE / "lmm" / "mmme_like_responses.csv.gz").write_bytes(gzip.compress(text, mtime=0))
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        design.to_csv(folder / "design.csv", index=False)
        np.savez(folder / "responses.npz", responses=responses)
        np.savez_compressed(folder / "truth.npz", **truth)


if __name__ == "__main__":
    main()
