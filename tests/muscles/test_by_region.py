import numpy as np
import pandas as pd
import pytest

from mmme_neuro.muscles.by_region import (
    by_condition,
    muscle_of_events,
    region_values,
    removal_by_region,
)

KINDS = {"condition": "expression", "levels": ("macro", "micro")}


@pytest.fixture
def events():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"event": [f"e{row}" for row in range(180)],
         "participant": np.repeat(list("abcdef"), 30),
         "onset": np.repeat(rng.uniform(0, 600, 90), 2),
         "expression": np.resize(["macro", "macro", "micro"], 180),
         "stimulus": np.resize(["1", "2", "3", "4", "5"], 180)}
    )  # fmt: skip


@pytest.fixture
def muscles(events):
    """Macro-expressions are 3 dB louder; cleaning takes all of it and more variance of them."""
    rng = np.random.default_rng(1)
    macro = (events["expression"] == "macro").to_numpy()
    parts = []
    for roi, level in (("face", 10.0), ("temporal", 4.0)):
        noise = rng.standard_normal(len(events))
        parts.append(
            events[["event", "participant", "onset"]].assign(
                onset=events["onset"].round(3),
                roi=roi,
                before_db=level + 3 * macro + noise,
                after_db=noise if roi != "face" else np.nan,
                removed_share=np.where(macro, 0.8, 0.5) + 0.05 * noise if roi != "face" else np.nan,
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_events_get_their_own_value_though_times_were_rounded_and_shared(events, muscles):
    found = muscle_of_events(events, muscles, ["face", "temporal"])["muscle_db"]
    expected = muscles.loc[muscles["roi"] == "face", "before_db"]
    np.testing.assert_allclose(found, expected)
    shuffled = events.sample(frac=1, random_state=2)
    again = region_values(shuffled, muscles, "before_db", "face")
    np.testing.assert_allclose(again.sort_index(), expected)


def test_the_first_region_with_values_is_taken_and_none_is_an_error(events, muscles):
    without_face = muscles[muscles["roi"] != "face"]
    found = muscle_of_events(events, without_face, ["face", "temporal"])["muscle_db"]
    assert found.mean() == pytest.approx(6.0, abs=0.3)
    with pytest.raises(ValueError, match="none of \\['face'\\] is there, only \\['temporal'\\]"):
        muscle_of_events(events, without_face, ["face"])


def test_means_by_region_and_condition(events, muscles):
    table = by_condition(muscles, events, **KINDS).set_index(["roi", "condition", "cleaning"])
    assert table.loc[("face", "macro", "before"), "mean_db"] == pytest.approx(13, abs=0.3)
    assert table.loc[("temporal", "micro", "after"), "mean_db"] == pytest.approx(0, abs=0.4)
    assert ("face", "macro", "after") not in table.index
    assert (table["n_participants"] == 6).all()


def test_removal_differs_between_conditions(events, muscles):
    table = removal_by_region(muscles, events, "(1 | participant)", **KINDS).set_index("roi")
    assert list(table.index) == ["temporal"]
    assert table.loc["temporal", "macro"] == pytest.approx(0.8, abs=0.02)
    assert table.loc["temporal", "p_value"] < 0.001 and table.loc["temporal", "estimate"] > 0
