"""Choices of this study: windows, regions, formulas, seeds and rules of exclusion."""

from dataclasses import replace

from mmme_neuro.epochs import Epoching
from mmme_neuro.models import treatment_term
from mmme_neuro.pipeline import Options, QualityLimits
from mmme_neuro.rejection import Rejection
from mmme_neuro.reliability import OverlapAbove
from mmme_neuro.responses import AUTONOMIC_MEASURES, Measure, OverlapPlan, Splines
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

TFR_BASELINE_S = (-1.25, -0.75)
"""Before the premotor potential, and half a wavelet inside the epoch."""

PHYSIO_BASELINE_S = (-1.0, 0.0)

ERP_MEASURES = [
    Measure(name="premotor", roi="fronto_central", window=(-0.5, 0.0), baseline=ERP_BASELINE_S),
    Measure(name="late_positivity", roi="parietal", window=(0.25, 0.55), baseline=ERP_BASELINE_S),
]
POWER_MEASURES = [
    Measure(name=f"{band}_power", signal=band, roi=roi, window=(0.2, 1.2), baseline=TFR_BASELINE_S)
    for band, roi in (
        ("alpha", "occipital"),
        ("theta", "fronto_central"),
        ("beta", "sensorimotor"),
        ("gamma", "parietal"),
    )
]
"""Gamma only to see what muscles leave."""

PHYSIO_MEASURES = [
    replace(measure, baseline=PHYSIO_BASELINE_S) for measure in AUTONOMIC_MEASURES.values()
]
"""Windows and their sources stand with `AUTONOMIC_MEASURES`."""

MEASURES = {measure.name: measure for measure in (*ERP_MEASURES, *POWER_MEASURES, *PHYSIO_MEASURES)}
"""What is measured on every event. Each window stands here once; all else is derived."""

ERP_COMPONENTS = ERP_MEASURES + [
    replace(MEASURES["late_positivity"], window=(0.1, 0.9), statistic=statistic)
    for statistic in ("peak_latency", "area_latency")
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

JITTER_MEASURES = [
    *(replace(measure, baseline=JITTER_BASELINE_S) for measure in ERP_MEASURES),
    *(
        Measure(
            name=f"{band}_consistency",
            roi=roi,
            window=(0.2, 0.2),
            baseline=None,
            statistic="ppc",
            frequency=frequency,
        )
        for band, roi, frequency in (
            ("theta", "fronto_central", 5.0),
            ("alpha", "occipital", 10.0),
        )
    ),
]
N_JITTER_DRAWS = 200

TFR_CHANNELS = ("FZ", "FCZ", "CZ", "PZ", "POZ", "OZ")

MUSCLE_ROIS = ("face", "temporal", "frontal_polar")
"""Whose power before cleaning stands for an event's muscle activity: the first that is there."""

SENSITIVITY_RESPONSES = tuple(one.name for one in (*ERP_MEASURES, *POWER_MEASURES))

CONNECTIVITY_METHOD = "wpli2_debiased"
CONNECTIVITY_BAND_HZ = (14.0, 19.0)
CONNECTIVITY_WINDOW_S = (-0.25, 0.75)
MIN_EPOCHS = 20
PAIRS = {"C3-PO4": ("C3", "PO4"), "C4-PO3": ("C4", "PO3")}
"""Named pairs of electrodes, the second mirrored, reported one by one."""

SCR, HEART_RATE, TEMPERATURE = (
    replace(MEASURES[column], name=name)
    for column, name in (
        ("scr_us", "scr"),
        ("heart_rate_bpm", "heart_rate"),
        ("skt_celsius", "temperature"),
    )
)
"""The same measures, named as in tables that have a column for the unit."""

SCR_LATE = replace(SCR, name="scr_late", window=(6.0, 9.0))
HEART_RATE_EARLY = replace(HEART_RATE, name="heart_rate_early", window=(1.5, 3.5))
"""The end of the one response and the beginning of the other, where overlap differs."""

OVERLAP_PLANS = (
    OverlapPlan(
        modality="physio",
        basis=Splines((-2.0, 25.0), 30),
        stimulus_basis=Splines((0.0, 15.0), 10),
        measures=(SCR, SCR_LATE, HEART_RATE, HEART_RATE_EARLY),
        isolation=12.0,
        sfreq=10.0,
    ),
    OverlapPlan(
        modality="physio",
        basis=Splines((-2.0, 50.0), 40),
        measures=(TEMPERATURE,),
        isolation=12.0,
        sfreq=10.0,
    ),
    OverlapPlan(
        modality="eeg",
        basis=Splines((-1.8, 2.2), 36),
        stimulus_basis=Splines((-0.2, 2.0), 20),
        measures=(*ERP_MEASURES, MEASURES["alpha_power"]),
        isolation=5.0,
    ),
)
"""Deconvolution: bases reach as far as the responses do, so that tails do not spoil baselines."""

TRUE_MEASURES = tuple(measure for plan in OVERLAP_PLANS for measure in plan.measures)
"""Those whose truth a simulated study knows, whatever their windows."""

RANDOM_TERMS = f"(1 + {CONDITION} | participant) + (1 + {CONDITION} | stimulus)"
RESPONSES = {
    name: MEASURES[name].unit
    for name in (
        "premotor",
        "late_positivity",
        "alpha_power",
        "scr_us",
        "heart_rate_bpm",
        "pulse_amplitude_relative",
        "rsp_rate_bpm",
        "skt_celsius",
    )
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
