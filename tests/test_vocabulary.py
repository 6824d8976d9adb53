import pytest

from mmme_neuro import vocabulary as v


def test_every_coded_word_has_an_emotion_with_a_valence():
    assert set(v.EMOTION_BY_CODED_WORD.values()) == set(v.VALENCE_BY_EMOTION)


@pytest.mark.parametrize(
    ("word", "emotion", "valence"),
    [
        ("angry", "anger", "negative"),
        ("happy", "happiness", "positive"),
        ("sad", "sadness", "negative"),
        ("tense", "tension", "negative"),
        ("nervous", "tension", "negative"),
        ("surprise", "surprise", "surprise"),
        ("calm", "calm", "neutral"),
    ],
)
def test_the_one_map_of_words(word, emotion, valence):
    assert v.EMOTION_BY_CODED_WORD[word] == emotion
    assert v.VALENCE_BY_EMOTION[emotion] == valence


def test_48_videos_of_8_categories_6_each():
    words = v.STIMULUS_WORD_BY_CODE
    assert list(words) == list(range(101, 149))
    counts = {word: list(words.values()).count(word) for word in set(words.values())}
    assert counts == dict.fromkeys("sad disgust happy fear nervous calm anger surprise".split(), 6)
    assert (words[101], words[123], words[148]) == ("sad", "happy", "sad")


def test_stimulus_codes():
    assert v.is_stimulus_code(101) and v.is_stimulus_code(148)
    assert not any(map(v.is_stimulus_code, (100, 149, 77, 88, 0)))


def test_macro_is_the_reference_level():
    assert v.EXPRESSIONS[0] == "macro" and set(v.EXPRESSIONS) == {
        "macro",
        "micro",
        "mixed",
        "control",
    }
