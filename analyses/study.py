"""Choices of this study: windows, regions, formulas, seeds and rules of exclusion."""

from mmme_neuro.preprocess import Options
from mmme_neuro.responses.regions import Window

SEED = 20260101

PREPROCESSING = Options(
    eeg_window=(-1.5, 2.0),
    physio_window=(-2.0, 10.0),
    lock="onset",
    reject_uv=150.0,
    merge="union",
    rng=SEED % 2**31,
)

EXPRESSIONS = ["macro", "micro"]
"""Events whose two coders disagree ("mixed") are kept in the files but not compared."""

ERP_BASELINE_S = (-1.5, -1.0)
"""Before the premotor potential, which precedes spontaneous movements."""

ERP_LOWPASS_HZ = 30.0
"""Of the averages only; single-event amplitudes are measured without it."""

ERP_WINDOWS = [
    Window(name="premotor", roi="fronto_central", tmin=-0.5, tmax=0.0),
    Window(name="late_positivity", roi="parietal", tmin=0.25, tmax=0.55),
]

TFR_BASELINE_S = (-1.25, -0.75)
TFR_CHANNELS = ("FZ", "FCZ", "CZ", "PZ", "POZ", "OZ")
ALPHA_ROI = "occipital"
ALPHA_BAND_HZ = (8.0, 13.0)
ALPHA_WINDOW_S = (0.2, 1.2)

CONNECTIVITY_METHOD = "wpli2_debiased"
CONNECTIVITY_BAND_HZ = (14.0, 19.0)
CONNECTIVITY_WINDOW_S = (-0.25, 0.75)
MIN_EPOCHS = 20
PAIRS = {"C3-PO4": ("C3", "PO4"), "C4-PO3": ("C4", "PO3")}
"""Named pairs of electrodes, the second mirrored, reported one by one."""

PHYSIO_BASELINE_S = (-1.0, 0.0)

RANDOM_TERMS = "(1 + expression | participant) + (1 + expression | stimulus)"
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
"""Single-event responses that are modelled, with their units."""

CROSS_MODAL_PAIRS = [("late_positivity", "scr_us"), ("late_positivity", "heart_rate_bpm")]
"""Pairs of responses correlated within participants (family for Holm's correction)."""

RATED_ITEM = "valence"
