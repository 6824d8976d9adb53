"""Choices of this study: windows, regions, formulas, seeds and rules of exclusion."""

from mmme_neuro.epochs import Epoching
from mmme_neuro.models import treatment_term
from mmme_neuro.pipeline import Options, QualityLimits
from mmme_neuro.rejection import Rejection
from mmme_neuro.reliability import OverlapAbove
from mmme_neuro.responses import (
    Component,
    OverlapPlan,
    PhaseMeasure,
    ResponseWindow,
    Splines,
    Window,
)
from mmme_neuro.signals import Cleaning, Deriving
from mmme_neuro.vocabulary import (
    EXPRESSION_NAMES,
    INTENDED_EMOTION_BY_CODE,
    VALENCE_BY_EMOTION,
)

SEED = 20260101

CONDITION = "expression"
"""Column of the events with the conditions that are compared."""

LEVELS = ("macro", "micro")
"""Its levels that are compared, the reference first: differences are micro minus macro. Events
whose two coders disagree ("mixed") are kept in the files but not compared."""

COMPARED = {"condition": CONDITION, "levels": LEVELS}

LEVEL_NAMES = {level: EXPRESSION_NAMES[level] for level in LEVELS}
"""As figures print them."""

PREPROCESSING = Options(
    clean=Cleaning(line_hz=50.0, highpass_hz=0.1, sfreq=250.0),
    physio=Deriving(sfreq=50.0, eda_method="highpass"),
    epochs=Epoching(lock="onset", condition=CONDITION, eeg=(-1.5, 2.0), physio=(-2.0, 10.0)),
    reject=Rejection(rule="threshold", eeg_uv=150.0),
    merge="union",
    rng=SEED,
)
"""Every option is a field of these classes; what is not named here has its default."""

ERP_BASELINE_S = (-1.5, -1.0)
"""Before the premotor potential, which precedes spontaneous movements."""

ERP_LOWPASS_HZ = 30.0
"""Of the averages only; single-event amplitudes are measured without it."""

ERP_WINDOWS = [
    Window(name="premotor", roi="fronto_central", tmin=-0.5, tmax=0.0),
    Window(name="late_positivity", roi="parietal", tmin=0.25, tmax=0.55),
]

ERP_COMPONENTS = [
    Component(name=window.name, roi=window.roi, tmin=window.tmin, tmax=window.tmax)
    for window in ERP_WINDOWS
] + [
    Component(
        name="late_positivity", roi="parietal", tmin=0.1, tmax=0.9, polarity=1, measure=measure
    )
    for measure in ("peak_latency", "area_latency")
]
"""Measured on each participant's averages, with their measurement error; latencies in a window
that holds the whole component."""

CODER_SD_S = 0.07
"""Standard deviation of a coder's onsets: two who differ by 70 ms (median) have this each."""

CODER_CRITERIA = (OverlapAbove(), OverlapAbove(0.5))
"""Which rows of two coders are one event: any overlap, and the field's rule for spotting."""

CODER_LEVELS = ("micro", "macro")
"""Labels of coders from the weakest to the strongest."""

CODER_UNIT_S = 0.1
"""Unit of time of the agreement on what the face does at each moment."""

JITTER_BASELINE_S = (-1.2, -1.0)
"""Leaves room for the shifts within the epoch."""

LARGEST_ONSET_SD_S = 0.06
"""Events placed less exactly stay out of the analysis of jitter: shifts would leave epochs."""

PHASE_MEASURES = [
    PhaseMeasure(name="theta_consistency", roi="fronto_central", frequency=5.0, time=0.2),
    PhaseMeasure(name="alpha_consistency", roi="occipital", frequency=10.0, time=0.2),
]
N_JITTER_DRAWS = 200

TFR_BASELINE_S = (-1.25, -0.75)
TFR_CHANNELS = ("FZ", "FCZ", "CZ", "PZ", "POZ", "OZ")
ALPHA_ROI = "occipital"
ALPHA_BAND_HZ = (8.0, 13.0)
ALPHA_WINDOW_S = (0.2, 1.2)
RHYTHMS = {
    "alpha_power": ("alpha", ALPHA_ROI),
    "theta_power": ("theta", "fronto_central"),
    "beta_power": ("beta", "sensorimotor"),
    "gamma_power": ("gamma", "parietal"),
}
"""Single-event power in the alpha window; gamma only to see what muscles leave."""

MUSCLE_ROIS = ("face", "temporal", "frontal_polar")
"""Whose power before cleaning stands for an event's muscle activity: the first that is there."""

SENSITIVITY_RESPONSES = ("premotor", "late_positivity", *RHYTHMS)

CONNECTIVITY_METHOD = "wpli2_debiased"
CONNECTIVITY_BAND_HZ = (14.0, 19.0)
CONNECTIVITY_WINDOW_S = (-0.25, 0.75)
MIN_EPOCHS = 20
PAIRS = {"C3-PO4": ("C3", "PO4"), "C4-PO3": ("C4", "PO3")}
"""Named pairs of electrodes, the second mirrored, reported one by one."""

PHYSIO_BASELINE_S = (-1.0, 0.0)

OVERLAP_PLANS = (
    OverlapPlan(
        modality="physio",
        basis=Splines(-2.0, 25.0, 30),
        stimulus_basis=Splines(0.0, 15.0, 10),
        windows=(
            ResponseWindow(
                name="scr",
                channel="eda",
                tmin=2.5,
                tmax=5.5,
                baseline=PHYSIO_BASELINE_S,
                scale=1e6,
                unit="uS",
            ),
            ResponseWindow(
                name="scr_late",
                channel="eda",
                tmin=6.0,
                tmax=9.0,
                baseline=PHYSIO_BASELINE_S,
                scale=1e6,
                unit="uS",
            ),
            ResponseWindow(
                name="heart_rate",
                channel="heart_rate",
                tmin=4.0,
                tmax=8.0,
                baseline=PHYSIO_BASELINE_S,
                unit="bpm",
            ),
            ResponseWindow(
                name="heart_rate_early",
                channel="heart_rate",
                tmin=1.5,
                tmax=3.5,
                baseline=PHYSIO_BASELINE_S,
                unit="bpm",
            ),
        ),
        isolation=12.0,
        sfreq=10.0,
    ),
    OverlapPlan(
        modality="physio",
        basis=Splines(-2.0, 50.0, 40),
        windows=(
            ResponseWindow(
                name="temperature",
                channel="skt",
                tmin=5.0,
                tmax=20.0,
                baseline=PHYSIO_BASELINE_S,
                unit="deg C",
            ),
        ),
        isolation=12.0,
        sfreq=10.0,
    ),
    OverlapPlan(
        modality="eeg",
        basis=Splines(-1.8, 2.2, 36),
        stimulus_basis=Splines(-0.2, 2.0, 20),
        windows=(
            ResponseWindow(
                name="premotor",
                channel="fronto_central",
                tmin=-0.5,
                tmax=0.0,
                baseline=ERP_BASELINE_S,
                scale=1e6,
                unit="uV",
            ),
            ResponseWindow(
                name="late_positivity",
                channel="parietal",
                tmin=0.25,
                tmax=0.55,
                baseline=ERP_BASELINE_S,
                scale=1e6,
                unit="uV",
            ),
            ResponseWindow(
                name="alpha_power",
                channel="alpha_occipital",
                tmin=0.2,
                tmax=1.2,
                baseline=TFR_BASELINE_S,
                scale=1e12,
                unit="uV^2",
            ),
        ),
        isolation=5.0,
    ),
)
"""Deconvolution: bases reach as far as the responses do, so that tails do not spoil baselines."""

RANDOM_TERMS = f"(1 + {CONDITION} | participant) + (1 + {CONDITION} | stimulus)"
RESPONSES = {
    "premotor": "uV",
    "late_positivity": "uV",
    "alpha_power": "uV^2",
    "scr_us": "uS",
    "heart_rate_bpm": "bpm",
    "pulse_amplitude_relative": "share of baseline",
    "rsp_rate_bpm": "breaths/min",
    "skt_celsius": "deg C",
}
"""Single-event responses that are modeled, with their units."""

PRIMARY = f"{CONDITION} * valence + {RANDOM_TERMS}"
"""Behind contrasts of expressions within valences."""

MAP_FORMULA = f"~ {CONDITION} + {RANDOM_TERMS}"
MAP_TERM = treatment_term(CONDITION, LEVELS)
"""Model and tested effect of maps; nothing is reduced there: boundaries are in the status."""

N_PERMUTATIONS = 1000
ERP_MAP_WINDOW_S = (-1.0, 1.5)
ERP_MAP_STEP_S = 0.02
REGION_MAP_STEP_S = 0.012
MAP_REGIONS = ("fronto_central", "sensorimotor", "parietal", "occipital")
"""Regions whose time courses of the effect are drawn."""

POWER_MAP_WINDOW_S = (-1.0, 1.5)
POWER_MAP_STEP_S = 0.05
PHYSIO_MAP_WINDOW_S = (-1.0, 9.75)
PHYSIO_MAP_STEP_S = 0.25
PHYSIO_MAP_CHANNELS = ("eda", "heart_rate", "pulse_amplitude", "rsp_rate")
"""Tested together, one family; each is compared with itself over time only."""

CROSS_MODAL_PAIRS = [("late_positivity", "scr_us"), ("late_positivity", "heart_rate_bpm")]
"""Pairs of responses correlated within participants (family for Holm's correction)."""

MODALITIES = {
    "face": ["log_duration", "log_rise", "n_action_units", "upper_share"],
    "brain": ["premotor", "late_positivity", "alpha_power", "theta_power"],
    "body": [
        "scr_us",
        "heart_rate_bpm",
        "pulse_amplitude_relative",
        "rsp_rate_bpm",
        "skt_celsius",
    ],
}
"""Measures of the matrix of correlations."""

CANONICAL_MODALITIES = MODALITIES | {"face": ["log_rise", "n_action_units", "upper_share"]}
"""Features combined: an expression whose end was not seen has no duration and would be lost."""

HELD_CONSTANT = (CONDITION,)
"""Micro- and macro-expressions differ in all modalities: does anything go together beyond that?"""

CROSS_MODAL_BLOCKS = ("participant", "stimulus")
"""Events change places within these, so that a shared stimulus is no association."""

N_ORDERS = 1999
N_BOOTSTRAP = 1999

LAG_MEASURE = "late_positivity"
LAG_CHANNELS = {"eda": 1e6, "heart_rate": 1.0}
"""Courses that it is followed into, with the factor to their unit in tables."""

LAG_EDGES_S = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0)

RATED_ITEM = "valence"
"""Item whose agreement is compared with the simulated one."""

EMOTION_ITEMS = tuple(dict.fromkeys(INTENDED_EMOTION_BY_CODE.values()))
INTENDED_EMOTIONS = {str(code): emotion for code, emotion in INTENDED_EMOTION_BY_CODE.items()}
RATING_SCALES = {
    "negative_emotion": [name for name in EMOTION_ITEMS if VALENCE_BY_EMOTION[name] == "negative"],
}
"""Items that are added to one score."""

MIN_TRIALS = 4
"""A participant with fewer events of a kind has no score whose reliability could be seen."""

QUALITY_LIMITS = QualityLimits(fewest_events=MIN_TRIALS)
"""What a participant's data should have; pages name who has less. Nobody is excluded by them."""

MUSCLE_REGION = "temporal"
"""Region over the jaw's muscle, whose power participants are compared by."""

TIME_COURSE_WIDTH_S = 0.1
"""Reliability of curves is that of means over windows so long."""
