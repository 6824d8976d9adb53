import pytest

from tests.calibration.score_reliability import SCENARIOS, coverage, dominance_coverage, page


@pytest.mark.slow
def test_intervals_of_scores_cover():
    table = coverage(100)
    assert set(table["scenario"]) == set(SCENARIOS)
    # .92 less 3.3 standard errors of 100 studies is .83; 10 participants lose some more.
    many = table[~table["scenario"].str.startswith("10")]
    assert (many["coverage"] > 0.83).all()
    assert (table["coverage"] > 0.8).all()
    null = table[table["scenario"].str.contains("no true differences")]
    assert (null["above_zero"] < 0.1).all()
    assert "| 65 participants | micro - macro | dependability |" in page(table, table, 100)


@pytest.mark.slow
def test_interval_of_dominance_covers():
    table = dominance_coverage(300)
    assert table["coverage"].between(0.89, 0.99).all()
