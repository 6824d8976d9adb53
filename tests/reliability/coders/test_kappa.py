import numpy as np
import pytest

from mmme_neuro.reliability.coders.kappa import (
    LEVELS,
    cohen_kappa,
    coincidence_counts,
    crossed_counts,
    fleiss_counts,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
)
from tests.reference import tables
from tests.reference.published import FLEISS_1971

# Krippendorff (2011), section C: four observers, twelve units, 0 where there is no value.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
]
# Fleiss (1971): fourteen raters, ten subjects, five categories.
FLEISS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip


def alpha_of(table, level):
    """Krippendorff's alpha of units by raters, NaN where missing."""
    table = np.asarray(table, float)
    values = np.unique(table[np.isfinite(table)])
    codes = np.where(np.isfinite(table), np.searchsorted(values, np.nan_to_num(table)), -1)
    return krippendorff_alpha(coincidence_counts(codes, len(values)).sum(axis=0), values, level)


def alpha_by_pairs(table, level):
    """The same by its definition: mean distance within units over that of all pairs."""
    table = np.asarray(table, float)
    units = [row[np.isfinite(row)] for row in table]
    units = [row for row in units if len(row) > 1]
    pool = np.concatenate(units)

    def distance(a, b):
        if level == "nominal":
            return float(a != b)
        if level == "ordinal":
            low, high = min(a, b), max(a, b)
            between = ((pool >= low) & (pool <= high)).sum()
            return (between - ((pool == a).sum() + (pool == b).sum()) / 2) ** 2
        if level == "ratio":
            return 0.0 if a == b else ((a - b) / (a + b)) ** 2
        return (a - b) ** 2

    within = sum(
        distance(a, b) / (len(row) - 1)
        for row in units
        for i, a in enumerate(row)
        for j, b in enumerate(row)
        if i != j
    ) / len(pool)
    n = len(pool)
    expected = sum(distance(a, b) for a in pool for b in pool) / (n * (n - 1))
    return 1 - within / expected


@pytest.mark.parametrize(
    ("level", "published"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_krippendorffs_own_example(level, published):
    table = np.where(np.array(OBSERVERS).T > 0, np.array(OBSERVERS).T, np.nan)
    assert round(float(alpha_of(table, level)), 3) == published


@pytest.mark.parametrize("level", LEVELS)
def test_alpha_equals_its_definition(level):
    rng = np.random.default_rng(1)
    table = rng.integers(0, 4, (15, 3)).astype(float)
    table[rng.random(table.shape) < 0.2] = np.nan
    assert alpha_of(table, level) == pytest.approx(alpha_by_pairs(table, level))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("data", ["three_raters", "four_raters", "three_raters_missing"])
def test_alpha_equals_the_reference(data, level):
    expected = tables.reliability("krippendorff", data=data, level=level)
    found = alpha_of(tables.reliability(data), level)
    assert found == pytest.approx(expected["alpha"].item(), abs=1e-9)


@pytest.mark.parametrize("level", LEVELS)
def test_alpha_with_gaps_equals_irr(level):
    def expected(data):
        found = tables.reliability("kappa_irr", data=data, setting=level)
        return pytest.approx(found["value"].item(), abs=1e-9)

    found = alpha_of(tables.reliability("three_raters_missing"), level)
    assert found == expected("three_raters_missing")
    table = np.where(np.array(OBSERVERS).T > 0, np.array(OBSERVERS).T, np.nan)
    assert alpha_of(table, level) == expected("krippendorff")


@pytest.mark.parametrize(
    ("weights", "setting"),
    [("unweighted", "unweighted"), ("linear", "equal"), ("quadratic", "squared")],
)
@pytest.mark.parametrize("columns", [(0, 1), (1, 2)])
def test_cohen_equals_irr(weights, setting, columns):
    name = f"three_raters[,{columns[0] + 1}:{columns[1] + 1}]"
    expected = tables.reliability("kappa_irr", statistic="cohen", data=name, setting=setting)
    table = tables.reliability("three_raters").to_numpy()[:, columns]
    values = np.unique(table)
    counts = crossed_counts(*np.searchsorted(values, table).T, len(values)).sum(axis=0)
    assert cohen_kappa(counts, weights) == pytest.approx(expected["value"].item(), abs=1e-9)


def test_fleiss_equals_irr():
    expected = tables.reliability("kappa_irr", statistic="fleiss")
    codes = np.array([np.repeat(np.arange(5), of_patient) for of_patient in FLEISS_1971])
    counts = fleiss_counts(codes, 5).sum(axis=0)
    assert fleiss_kappa(counts[0], counts[1:], 6) == pytest.approx(expected["value"].item())


def test_fleiss_published_example():
    totals = np.array(FLEISS)
    pairs = (totals * (totals - 1)).sum()
    assert round(float(fleiss_kappa(pairs, totals.sum(axis=0), 14)), 3) == 0.210


def test_gwet_published_example():
    # The paradox of kappa in an example of Gwet: 118 of 125 agree, one category is rare.
    counts = np.array([[118.0, 5.0], [2.0, 0.0]])
    assert cohen_kappa(counts) == pytest.approx(-0.0234, abs=5e-4)
    assert gwet_ac1(counts) == pytest.approx(0.9408, abs=5e-4)


def test_no_agreement_beyond_chance_is_zero():
    rng = np.random.default_rng(2)
    labels = rng.choice(3, (20_000, 2), p=[0.6, 0.3, 0.1])
    counts = crossed_counts(*labels.T, 3).sum(axis=0)
    totals = fleiss_counts(labels, 3).sum(axis=0)
    assert cohen_kappa(counts) == pytest.approx(0, abs=0.02)
    assert cohen_kappa(counts, "quadratic") == pytest.approx(0, abs=0.03)
    assert fleiss_kappa(totals[0], totals[1:], 2) == pytest.approx(0, abs=0.02)
    assert alpha_of(labels, "nominal") == pytest.approx(0, abs=0.02)


def test_many_tables_at_once_equal_one_by_one():
    counts = np.random.default_rng(3).integers(0, 9, (4, 5, 3, 3)).astype(float)
    for statistic in (
        cohen_kappa,
        gwet_ac1,
        lambda c: krippendorff_alpha(c + c.swapaxes(-1, -2), np.arange(3), "ordinal"),
    ):
        together = statistic(counts)
        assert together.shape == (4, 5)
        assert together[2, 3] == pytest.approx(float(statistic(counts[2, 3])))


def test_one_category_throughout_is_undefined():
    counts = np.array([[12.0, 0.0], [0.0, 0.0]])
    assert np.isnan(cohen_kappa(counts))
    assert np.isnan(krippendorff_alpha(2 * counts, np.arange(2), "nominal"))
    assert gwet_ac1(counts) == 1
    assert np.isnan(cohen_kappa(np.zeros((2, 2))))


def test_errors():
    with pytest.raises(ValueError, match=r"weights must be one of .* got 'cubic'"):
        cohen_kappa(np.eye(2), "cubic")
    with pytest.raises(ValueError, match=r"level must be one of .* got 'order'"):
        krippendorff_alpha(np.eye(2), np.arange(2), "order")
    with pytest.raises(ValueError, match="level 'ratio' needs values of zero or more, got -1"):
        krippendorff_alpha(np.eye(2), np.array([-1.0, 1.0]), "ratio")
