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

EVENT_COLUMNS = (
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
"""Columns of every events table; times in seconds of the clock named in ``clock``."""

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

MICRO_MAX_DURATION_S = 0.5
MICRO_MAX_RISE_S = 0.25


def is_stimulus_code(code: int) -> bool:
    """Whether a trigger code marks the start of a video."""
    return FIRST_STIMULUS_CODE <= code <= LAST_STIMULUS_CODE
