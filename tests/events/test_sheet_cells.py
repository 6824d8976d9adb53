import numpy as np
import pandas as pd
import pytest

from mmme_neuro.events.sheet_cells import (
    name_rows,
    parse_column,
    read_expression,
    read_seconds,
    read_stimulus_code,
    read_text,
)


@pytest.mark.parametrize(
    ("read", "cell", "expected"),
    [
        (read_text, " sub01 ", "sub01"),
        (read_text, 7, "7"),
        (read_seconds, "24.33", 24.33),
        (read_seconds, 0, 0.0),
        (read_stimulus_code, 101.0, 101),
        (read_stimulus_code, "148", 148),
        (read_expression, "Macro-expression", "macro"),
        (read_expression, "ME", "micro"),
    ],
)
def test_reads(read, cell, expected):
    assert read(cell) == expected


@pytest.mark.parametrize(
    ("read", "cell"),
    [
        (read_text, np.nan),
        (read_text, None),
        (read_seconds, "nan"),
        (read_seconds, -0.01),
        (read_stimulus_code, 100),
        (read_stimulus_code, 149),
        (read_expression, "m"),
    ],
)
def test_refuses(read, cell):
    with pytest.raises(ValueError):
        read(cell)


def test_all_unreadable_cells_are_named_once():
    table = pd.DataFrame({"x": ["1", "a", "b", "a"], "source_row": [2, 3, 4, 9]})
    with pytest.raises(ValueError, match="f.csv: x must be a time, found 'a', 'b' in row 3, 4, 9"):
        parse_column(table, "x", read_seconds, "a time", "f.csv")
    assert parse_column(table[:1], "x", read_seconds, "a time", "f.csv").tolist() == [1.0]


def test_name_rows_stops_at_ten():
    assert name_rows(pd.Series(range(2, 5))) == "row 2, 3, 4"
    assert name_rows(pd.Series(range(1, 14))).endswith("9, 10 and 3 more")
