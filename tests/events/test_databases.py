import pandas as pd
import pytest

from mmme_neuro.events import database_table
from mmme_neuro.events.databases import PUBLISHED, THIS_STUDY

EVENTS = pd.DataFrame(
    {
        "participant": ["a", "a", "b", "b", "c"],
        "expression": ["micro", "micro", "micro", "macro", "mixed"],
        "duration": [0.3, 0.5, 9.0, 1.0, 0.4],
        "censored": [False, False, True, False, False],
    }
)


def test_the_study_is_the_last_row_and_others_stay_as_published():
    table = database_table(EVENTS)
    pd.testing.assert_frame_equal(table.iloc[:-1], PUBLISHED)
    assert table["database"].tolist()[-1] == THIS_STUDY
    assert not table["database"].duplicated().any()


def test_durations_are_of_micro_expressions_whose_offset_was_coded():
    own = database_table(EVENTS).iloc[-1]
    assert own[["n_participants", "n_micro", "n_macro"]].tolist() == [3, 3, 1]
    assert own["duration_mean_ms"] == pytest.approx(400)
    assert own["duration_sd_ms"] == pytest.approx(141.421, abs=0.001)


def test_years_are_in_order_and_counts_are_whole():
    assert PUBLISHED["year"].is_monotonic_increasing
    assert (PUBLISHED[["n_participants", "n_micro"]] > 0).all(axis=None)
    assert PUBLISHED.loc[PUBLISHED["n_macro"].isna(), "database"].tolist() == ["CASME", "CASME II"]
