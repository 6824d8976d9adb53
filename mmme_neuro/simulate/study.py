"""Write a whole study: device files, annotation sheet, self-reports and the truth behind them."""

import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.io.files import atomic_file
from mmme_neuro.io.montage import MISC_CHANNELS, QUIK_CAP_64
from mmme_neuro.simulate.body import (
    BodyState,
    electrocardiogram,
    photoplethysmogram,
    respiration,
    simulate_body,
)
from mmme_neuro.simulate.brain import Head, simulated_head
from mmme_neuro.simulate.eeg import EegSignals, simulate_eeg
from mmme_neuro.simulate.estimands import estimands
from mmme_neuro.simulate.files.acqknowledge_file import write_acqknowledge_mat
from mmme_neuro.simulate.files.curry_file import write_curry
from mmme_neuro.simulate.files.devices import (
    DeviceClock,
    digital_lines,
    draw_camera_clock,
    draw_physio_clock,
    received_codes,
    trigger_channel,
)
from mmme_neuro.simulate.files.sheet_file import write_sheet
from mmme_neuro.simulate.parameters import RatingParameters, StudyParameters
from mmme_neuro.simulate.responses import Person, Stimuli, draw_amplitudes
from mmme_neuro.simulate.timeline import Timeline, simulate_timeline
from mmme_neuro.vocabulary import INTENDED_EMOTION_BY_CODE, VALENCE_BY_EMOTION

DIMENSIONS = ("valence", "arousal")
EMOTIONS = tuple(dict.fromkeys(INTENDED_EMOTION_BY_CODE.values()))
NEGATIVE = tuple(name for name in EMOTIONS if VALENCE_BY_EMOTION[name] == "negative")
ITEMS = (*DIMENSIONS, *EMOTIONS)
MIDDLE_OF_SCALE = 5.0
USUAL_EMOTION = 2.5


def simulate_ratings(
    parameters: RatingParameters,
    participants: list[str],
    *,
    n_videos: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Draw ratings from a two-way random model, not rounded to the scale's points nor cut there.

    Returns
    -------
    DataFrame
        ``participant, stimulus, item, rating`` with every participant rating every stimulus.
    """
    tables = []
    for item in DIMENSIONS:
        shape = (len(participants), n_videos)
        of_video = rng.normal(0, np.sqrt(parameters.stimulus_variance), n_videos)
        of_person = rng.normal(0, np.sqrt(parameters.participant_variance), len(participants))
        rest = rng.normal(0, np.sqrt(parameters.residual_variance), shape)
        ratings = MIDDLE_OF_SCALE + of_video + of_person[:, None] + rest
        tables.append(_tidy(ratings.round(3), participants, item))
    for item, ratings in _emotions(parameters, len(participants), n_videos, rng).items():
        tables.append(_tidy(ratings.round(3), participants, item))
    return pd.concat(tables, ignore_index=True)


def _emotions(
    parameters: RatingParameters, n_participants: int, n_videos: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Ratings of every emotion, each shape (n_participants, n_videos)."""
    aims = np.array([INTENDED_EMOTION_BY_CODE[101 + video] for video in range(n_videos)])
    shape = (n_participants, n_videos)
    negative = rng.normal(0, np.sqrt(parameters.negative_variance), shape)
    of_person = rng.normal(0, np.sqrt(parameters.participant_variance), (n_participants, 1))
    ratings = {}
    for name in EMOTIONS:
        rest = rng.normal(0, np.sqrt(parameters.emotion_residual_variance), shape)
        aroused = parameters.emotion_gain * (aims == name)
        shared = negative if name in NEGATIVE else 0.0
        ratings[name] = USUAL_EMOTION + aroused + of_person + shared + rest
    return ratings


def _tidy(ratings: np.ndarray, participants: list[str], item: str) -> pd.DataFrame:
    """One row per rating."""
    stimuli = [str(101 + video) for video in range(ratings.shape[1])]
    wide = pd.DataFrame(ratings, index=pd.Index(participants, name="participant"), columns=stimuli)
    tidy = wide.reset_index().melt("participant", var_name="stimulus", value_name="rating")
    return tidy.assign(item=item)[["participant", "stimulus", "item", "rating"]]


EEG_FILE = "Acquisition 01.cdt"
PHYSIO_FILE = "Untitled1 (001).mat"
SHEET_FILE = "coding_file.xlsx"
RATINGS_FILE = "ratings.csv"
TRUTH_FILE = "truth.json"
FIRST_DAY = datetime.date(2030, 1, 1)
PHYSIO_TAIL_S = 5.0
GBK_EVERY = 3


@dataclass(frozen=True)
class Session:
    """The truth about one participant, before any device has seen it."""

    participant: str
    timeline: Timeline
    amplitudes: pd.DataFrame
    person: Person
    physio_clock: DeviceClock
    camera_clock: DeviceClock
    clip_starts_s: np.ndarray
    clip_rates: np.ndarray
    inverted_lines: tuple[int, ...]
    encoding: str
    recording_date: datetime.date


def simulate_study(
    folder: str | Path,
    *,
    n_participants: int,
    n_videos: int,
    seed: int,
    parameters: StudyParameters | None = None,
    progress: Callable[[str], None] | None = None,
) -> Path:
    """Write a study with known truth in the real on-disk layout.

    Parameters
    ----------
    folder : path
        Folder to write into; made if absent. A folder that already holds files is refused.
    n_participants, n_videos : int
        Size of the study (the real one: 110 and 48).
    seed : int
        Same seed and parameters give the same bytes, in every file.
    parameters : StudyParameters | None
        What goes in; the default has the real study's rates, channels and pauses.
    progress : callable | None
        Called with a line of text for every participant written.

    Returns
    -------
    Path
        The study's folder: ``subNN/Acquisition 01.cdt`` (+ ``.dpa``, ``.cef``),
        ``subNN/Untitled1 (001).mat``, ``coding_file.xlsx``, ``ratings.csv``, ``truth.json``.

    Examples
    --------
    >>> from mmme_neuro.simulate import DEMO, simulate_study
    >>> simulate_study("study", n_participants=2, n_videos=3, seed=1, parameters=DEMO)
    ... # doctest: +SKIP
    """
    _check_size(n_participants, n_videos)
    parameters = parameters or StudyParameters()
    head = simulated_head(tuple(parameters.channels or QUIK_CAP_64))
    of_study, *of_people = np.random.default_rng(seed).spawn(n_participants + 1)
    stimuli = Stimuli.drawn(parameters, n_videos, of_study)
    sessions = [
        _draw_session(parameters, number, n_videos=n_videos, stimuli=stimuli, rng=rng)
        for number, rng in enumerate(of_people)
    ]
    if not sum(len(session.timeline.events) for session in sessions):
        raise BadInput(
            f"no expression fell into {n_participants} x {n_videos} videos of "
            f"{parameters.video_s} s; ask for more or longer ones, or another seed."
        )
    known = estimands(parameters, n_videos)
    folder = _empty_directory(folder)
    truths = []
    for number, (session, rng) in enumerate(zip(sessions, of_people, strict=True)):
        truths.append(_write_session(folder, session, parameters, head=head, rng=rng))
        if progress:
            progress(f"wrote {session.participant} ({number + 1} of {n_participants})")
    write_sheet(
        folder / SHEET_FILE, _true_events(sessions), rng=of_study, parameters=parameters.coding
    )
    participants = [session.participant for session in sessions]
    ratings = simulate_ratings(parameters.ratings, participants, n_videos=n_videos, rng=of_study)
    ratings.to_csv(folder / RATINGS_FILE, index=False)
    truth = {
        "seed": seed,
        "n_participants": n_participants,
        "n_videos": n_videos,
        "parameters": parameters.to_dict(),
        "estimands": known,
        "participants": truths,
    }
    with atomic_file(folder / TRUTH_FILE) as part:
        part.write_text(json.dumps(truth, indent=1), encoding="utf-8")
    return folder


def _empty_directory(directory: str | Path) -> Path:
    """Make the folder; refuse one that holds something."""
    directory = Path(directory)
    if directory.exists() and any(directory.iterdir()):
        raise FileExistsError(
            f"folder must be empty, {directory} is not: name another or empty it."
        )
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _check_size(n_participants: int, n_videos: int) -> None:
    """Refuse sizes the design does not have."""
    if n_participants < 1:
        raise BadInput(f"n_participants must be at least 1, got {n_participants}.")
    if not 1 <= n_videos <= 48:
        raise BadInput(f"n_videos must be 1 to 48 (codes 101 to 148), got {n_videos}.")


def _draw_session(
    parameters: StudyParameters,
    number: int,
    *,
    n_videos: int,
    stimuli: Stimuli,
    rng: np.random.Generator,
) -> Session:
    """Draw everything about one participant that is not noise."""
    timeline = simulate_timeline(parameters, n_videos=n_videos, rng=rng)
    person = Person.drawn(parameters, rng)
    amplitudes = draw_amplitudes(
        parameters, timeline.events, person=person, stimuli=stimuli, rng=rng
    )
    clocks = parameters.clocks
    start_of_day = rng.uniform(8, 18) * 3600
    camera = draw_camera_clock(clocks, start_of_day_s=start_of_day, rng=rng)
    wall_starts = camera.from_eeg(timeline.videos["start"].to_numpy())
    inverted = rng.random() < clocks.inverted_line_share
    return Session(
        participant=f"sub{number + 1:02d}",
        timeline=timeline,
        amplitudes=amplitudes,
        person=person,
        physio_clock=draw_physio_clock(clocks, rng),
        camera_clock=camera,
        clip_starts_s=wall_starts + rng.normal(0, clocks.clip_delay_sd_s, n_videos),
        clip_rates=1 + rng.normal(0, clocks.clip_rate_sd, n_videos),
        inverted_lines=(int(rng.integers(0, 8)),) if inverted else (),
        encoding="gbk" if number % GBK_EVERY == 1 else "utf-8",
        recording_date=FIRST_DAY + datetime.timedelta(days=number),
    )


def _write_session(
    directory: Path,
    session: Session,
    parameters: StudyParameters,
    *,
    head: Head,
    rng: np.random.Generator,
) -> dict:
    """Write one participant's device files; return their truth."""
    folder = directory / session.participant
    folder.mkdir()
    timeline = session.timeline
    physio_start = float(session.physio_clock.to_eeg(0.0))
    body = simulate_body(
        parameters.physio,
        timeline.events["onset"].to_numpy(),
        session.amplitudes,
        span=(physio_start - 5, timeline.duration + PHYSIO_TAIL_S + 10),
        person=session.person,
        rng=rng,
    )
    eeg = simulate_eeg(
        parameters, timeline, session.amplitudes, head=head, person=session.person, rng=rng
    )
    _write_eeg(folder, session, eeg, body, parameters, head=head, rng=rng)
    _write_physio(folder, session, eeg, body, parameters, rng=rng)
    return _session_truth(session, eeg)


def _write_eeg(
    folder: Path,
    session: Session,
    eeg: EegSignals,
    body: BodyState,
    parameters: StudyParameters,
    *,
    head: Head,
    rng: np.random.Generator,
) -> None:
    """Write the Curry recording with its trigger channel and event list."""
    sfreq, timeline = parameters.eeg_sfreq, session.timeline
    codes = received_codes(timeline.codes, parameters.clocks, duration=timeline.duration, rng=rng)
    n_samples = eeg.scalp.shape[1]
    heart = 1000 * electrocardiogram(body, np.arange(n_samples) / sfreq)
    trigger = trigger_channel(
        codes, n_samples=n_samples, sfreq=sfreq, pulse_s=parameters.clocks.pulse_s
    )
    misc = np.stack([eeg.horizontal_eye, eeg.vertical_eye, heart, eeg.muscle, trigger])
    write_curry(
        folder / EEG_FILE,
        np.concatenate([eeg.scalp, misc.astype(np.float32)]),
        sfreq=sfreq,
        ch_names=head.ch_names,
        misc_names=MISC_CHANNELS,
        events=pd.DataFrame(
            {
                "sample": np.round(codes["onset"] * sfreq).astype(int),
                "code": codes["code"].astype(int),
                "remark": [_remark(code, session.encoding) for code in codes["code"]],
            }
        ),
        encoding=session.encoding,
        start=datetime.datetime.combine(session.recording_date, datetime.time(9)),
    )


def _remark(code: int, encoding: str) -> str:
    """Return what the recorder writes beside a code; a Chinese-language one writes Chinese."""
    chinese = encoding == "gbk"
    if code == 100:
        return "视频结束" if chinese else "video end"
    return ("视频开始 " if chinese else "video ") + str(code)


def _write_physio(
    folder: Path,
    session: Session,
    eeg: EegSignals,
    body: BodyState,
    parameters: StudyParameters,
    *,
    rng: np.random.Generator,
) -> None:
    """Write the 17 channels of the AcqKnowledge export."""
    sfreq, clock, timeline = parameters.physio_sfreq, session.physio_clock, session.timeline
    end = float(clock.from_eeg(timeline.duration + PHYSIO_TAIL_S))
    device_time = np.arange(int(end * sfreq)) / sfreq
    time = clock.to_eeg(device_time)
    codes = received_codes(timeline.codes, parameters.clocks, duration=timeline.duration, rng=rng)
    codes["onset"] = clock.from_eeg(codes["onset"])
    lines = digital_lines(
        codes,
        n_samples=time.size,
        sfreq=sfreq,
        parameters=parameters.clocks,
        inverted_lines=session.inverted_lines,
        rng=rng,
    )
    analog = _analog_channels(body, eeg, time, parameters, rng)
    rate = np.interp(time, body.time, body.heart_rate)
    data = np.column_stack([*analog, lines, rate]).astype(np.float32)
    write_acqknowledge_mat(folder / PHYSIO_FILE, data, isi_ms=1000 / sfreq)


def _analog_channels(
    body: BodyState,
    eeg: EegSignals,
    time: np.ndarray,
    parameters: StudyParameters,
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """PPG, RSP, EMG A, SKT A, EDA, ECG, EMG B, SKT B in the units of the export."""

    def noise(sd: float) -> np.ndarray:
        return sd * rng.standard_normal(time.size)

    def slow(course: np.ndarray) -> np.ndarray:
        return np.interp(time, body.time, course)

    eeg_time = np.arange(eeg.muscle.size) / parameters.eeg_sfreq
    facial_mv = 1e-3 * np.interp(time, eeg_time, eeg.muscle)
    return [
        photoplethysmogram(body, time) + noise(0.01),
        respiration(body, time) + noise(0.02),
        facial_mv + noise(0.001),
        slow(body.temperature) + noise(0.01),
        slow(body.skin_conductance) + noise(parameters.physio.eda_noise_us),
        electrocardiogram(body, time) + noise(0.02),
        0.7 * facial_mv + noise(0.001),
        slow(body.temperature) - 0.4 + noise(0.01),
    ]


def _true_events(sessions: list[Session]) -> pd.DataFrame:
    """Return all true events on the clocks that coders see: the clip's and the camera's."""
    return pd.concat([_camera_events(session) for session in sessions], ignore_index=True)


def _camera_events(session: Session) -> pd.DataFrame:
    """Move one participant's true events to clip time and camera clock."""
    events = session.timeline.events
    video = events["code"].to_numpy() - 101
    columns = {
        "participant": session.participant,
        "code": events["code"],
        "expression": events["expression"],
        "action_units": events["action_units"],
        "recording_date": session.recording_date,
    }
    for landmark in ("onset", "apex", "offset"):
        wall = session.camera_clock.from_eeg(events[landmark].to_numpy())
        columns[f"{landmark}_clock"] = wall
        columns[landmark] = (wall - session.clip_starts_s[video]) * session.clip_rates[video]
    return pd.DataFrame(columns)


def _session_truth(session: Session, eeg: EegSignals) -> dict:
    """Everything about one participant that an analysis could be asked to recover."""
    events = session.timeline.events.drop(columns="clip_start")
    events = pd.concat([events, session.amplitudes], axis=1)
    events["muscle_uv"] = eeg.muscle_strength
    return {
        "participant": session.participant,
        "physio_clock": vars(session.physio_clock),
        "camera_clock": vars(session.camera_clock),
        "inverted_lines": list(session.inverted_lines),
        "bad_channels": eeg.bad_channels,
        "latency": session.person.latency,
        "width": session.person.width,
        "deviations": {k: v.tolist() for k, v in session.person.deviations.items()},
        "videos": session.timeline.videos.round(6).to_dict("list"),
        "events": events.round(6).to_dict("list"),
    }
