import pytest

from tests.calibration.reliability import SCENARIOS, coverage, null_rates, page


@pytest.fixture(scope="module")
def table():
    return coverage(200)


@pytest.mark.slow
def test_intervals_cover(table):
    assert set(table["scenario"]) == set(SCENARIOS)
    exact = table[
        table["scenario"].isin(["complete table", "a quarter missing", "one-way", "facets"])
    ]
    assert (exact["coverage"] > 0.9).all()
    assert (exact["coverage"] < 1).any()


@pytest.mark.slow
def test_agreement_intervals_cover_with_enough_participants(table):
    many = table[table["scenario"] == "40 participants"]
    assert (many["coverage"] > 0.85).all()
    few = table[table["scenario"] == "8 participants"]
    assert (few["coverage"] > 0.75).all()


@pytest.mark.slow
def test_null_rate_and_page(table):
    null = null_rates(200)
    assert null["rate"].between(0.01, 0.1).all()
    assert "| a quarter missing | ICC(A,1) |" in page(table, null)
