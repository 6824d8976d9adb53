import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmme_neuro.events.coding import normalize_action_units, split_action_units


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AU4, AU7", "AU4,AU7"),
        ("au12;AU04", "AU4,AU12"),
        ("4+7", "AU4,AU7"),
        (4, "AU4"),
        ("AU4，AU4", "AU4"),
        ("AU 10", "AU10"),
        ("", ""),
    ],
)
def test_spellings(text, expected):
    assert normalize_action_units(text) == expected


@given(st.lists(st.integers(1, 99), max_size=6))
def test_normal_form_is_sorted_unique_and_stable(numbers):
    text = normalize_action_units(", ".join(f"AU{number}" for number in numbers))
    assert split_action_units(text) == tuple(f"AU{number}" for number in sorted(set(numbers)))
    assert normalize_action_units(text) == text


@pytest.mark.parametrize("text", ["AU", "smile", "AU4 AU7", "AU100", "AU0", "AU4.5"])
def test_refuses(text):
    with pytest.raises(ValueError, match="action units must read"):
        normalize_action_units(text)
