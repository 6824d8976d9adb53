import numpy as np
import pytest

from mmme_neuro.models.patterns import missing_patterns


def test_columns_are_grouped_by_their_missing_rows(monkeypatch):
    monkeypatch.setattr("mmme_neuro.models.patterns.SCAN_BYTES", 8 * 20 * 3)  # three at once
    rng = np.random.default_rng(1)
    values = rng.normal(size=(20, 11))
    values[4, [1, 9]] = np.nan
    values[:, 5] = np.nan
    values[7, 2] = np.nan  # not a row of the design
    rows = np.setdiff1d(np.arange(20), [7])
    patterns = {tuple(pattern.columns): pattern for pattern in missing_patterns(values, rows)}
    assert set(patterns) == {(0, 2, 3, 4, 6, 7, 8, 10), (1, 9), (5,)}
    assert rows[~patterns[(1, 9)].is_present].tolist() == [4]
    assert not patterns[(5,)].is_present.any()
    assert all(pattern.is_present.shape == rows.shape for pattern in patterns.values())


def test_infinite_values_are_named():
    values = np.zeros((6, 4), dtype=np.float32)
    values[[1, 3], [2, 0]] = np.nan, -np.inf
    with pytest.raises(ValueError, match="1 infinite values, the first at event 3, column 0"):
        missing_patterns(values, np.arange(6))
