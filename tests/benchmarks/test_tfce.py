import pandas as pd
import pytest

from benchmarks import tfce
from benchmarks.tfce import compare, page


def test_small_comparison_runs_and_is_written(monkeypatch):
    monkeypatch.setattr(tfce, "SHAPE", (64, 20))
    monkeypatch.setattr(tfce, "N_PERMUTATIONS", 40)
    monkeypatch.setattr(tfce, "MNE_PERMUTATIONS", 4)
    table = compare()
    assert list(table["correction"]) == ["tfce", "cluster"]
    assert (table["own_cpu_ms"] > 0).all()
    whole = pd.DataFrame([{"model": "some", "cells": 7, "cpu_s": 1.25, "wall_s": 2.0}])
    assert "| some | 7 | 1.2 | 2.0 |" in page(table, whole)


@pytest.mark.slow
def test_tfce_is_ten_times_as_fast_as_mnes():
    table = compare().set_index("correction")
    assert table.loc["tfce", "ratio_cpu"] >= 10
