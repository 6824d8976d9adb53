"""The study's fixed vocabulary: emotions, valence, action units, trigger codes and column names."""

EMOTION_BY_CODED_WORD = {
    "angry": "anger",
    "anger": "anger",
    "calm": "calm",
    "contempt": "contempt",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "happiness": "happiness",
    "nervous": "tension",
    "tense": "tension",
    "sad": "sadness",
    "sadness": "sadness",
    "surprise": "surprise",
}
"""The one map from the words found in sheets and file names to the emotion used everywhere."""

VALENCE_BY_EMOTION = {
    "anger": "negative",
    "contempt": "negative",
    "disgust": "negative",
    "fear": "negative",
    "sadness": "negative",
    "tension": "negative",
    "happiness": "positive",
    "surprise": "surprise",
    "calm": "neutral",
}

EXPRESSIONS = ("macro", "micro", "mixed", "control")
"""Order matters: ``macro`` is the reference level, so contrasts read micro - macro."""

EXPRESSION_NAMES = {
    "macro": "Macro-expression",
    "micro": "Micro-expression",
    "mixed": "Mixed",
    "control": "No expression",
}
"""Printed name of each."""

SHEET_CONDITION = "expression"
"""Column of the annotation sheet's own condition."""

EVENT_COLUMNS = (
    "event",
    "participant",
    "stimulus",
    "clip",
    "code",
    "expression",
    "expression_by_rule",
    "onset",
    "apex",
    "offset",
    "onset_sd",
    "duration",
    "rise",
    "emotion",
    "valence",
    "action_units",
    "annotation_pass",
    "censored",
    "source_row",
    "exclusion_reason",
    "clock",
)
"""Columns of every events table; times in seconds of the clock named in ``clock``.

``event`` is the id by which an event is found again in every other table."""

CAMERA_COLUMNS = ("onset_clock", "apex_clock", "offset_clock")
"""Camera wall clock, seconds of the day."""

FIRST_STIMULUS_CODE = 101
LAST_STIMULUS_CODE = 148
STIMULUS_END_CODE = 100

STIMULUS_WORD_BY_CODE = dict(
    enumerate(
        "sad disgust happy fear nervous calm anger surprise sad disgust happy disgust "
        "fear nervous calm anger surprise sad disgust happy fear nervous happy calm "
        "anger surprise sad disgust happy fear nervous calm anger fear surprise sad "
        "disgust happy fear nervous calm anger surprise nervous calm anger surprise sad".split(),
        start=FIRST_STIMULUS_CODE,
    )
)
"""Category of each of the 48 videos as written in the stimulus log."""

INTENDED_EMOTION_BY_CODE = {
    code: EMOTION_BY_CODED_WORD[word] for code, word in STIMULUS_WORD_BY_CODE.items()
}
"""Emotion that each video was chosen for."""

ACTION_UNIT_NAMES = {
    1: "Inner brow raiser",
    2: "Outer brow raiser",
    4: "Brow lowerer",
    5: "Upper lid raiser",
    6: "Cheek raiser",
    7: "Lid tightener",
    8: "Lips toward each other",
    9: "Nose wrinkler",
    10: "Upper lip raiser",
    11: "Nasolabial furrow deepener",
    12: "Lip corner puller",
    13: "Sharp lip puller",
    14: "Dimpler",
    15: "Lip corner depressor",
    16: "Lower lip depressor",
    17: "Chin raiser",
    18: "Lip pucker",
    19: "Tongue show",
    20: "Lip stretcher",
    21: "Neck tightener",
    22: "Lip funneler",
    23: "Lip tightener",
    24: "Lip pressor",
    25: "Lips part",
    26: "Jaw drop",
    27: "Mouth stretch",
    28: "Lip suck",
    41: "Lid droop",
    42: "Slit",
    43: "Eyes closed",
    44: "Squint",
    45: "Blink",
    46: "Wink",
}
"""Names of the Facial Action Coding System (Ekman & Friesen 1978)."""

ACTION_UNITS_BY_REGION = {
    "upper": (1, 2, 4, 6, 42),
    "middle": (5, 7, 9, 10, 11, 12, 41, 43, 44, 45, 46),
    "lower": (8, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28),
}
"""Region of the face as in table 1 of the dataset paper (upper, middle, lower face). Units that its
table lacks are put beside their neighbors: lids with 5, 7 and 41, mouth and jaw with 13 to 26."""

UPPER_FACE = frozenset({1, 2, 4, 5, 6, 7, 41, 42, 43, 44, 45, 46})
"""Action units of brow, lids and cheek raiser (Ekman, Friesen & Hager 2002): by muscles, where the
regions of the dataset paper count lids and cheeks to the middle face."""

RULE_NAME = EXPRESSION_NAMES["micro"].lower()
"""What the rule of durations defines."""

MICRO_MAX_DURATION_S = 0.5
MICRO_MAX_RISE_S = 0.25


def is_stimulus_code(code: int) -> bool:
    """Whether a trigger code marks the start of a video."""
    return FIRST_STIMULUS_CODE <= code <= LAST_STIMULUS_CODE
