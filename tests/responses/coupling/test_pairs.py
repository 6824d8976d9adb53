import mne
import numpy as np
import pandas as pd
import pytest
import scipy.stats
import xarray as xr
from statsmodels.stats.multitest import multipletests

from mmme_neuro.responses.coupling.connectivity import Connectivity
from mmme_neuro.responses.coupling.pairs import average_matrix, pair_table, paired_differences

CHANNELS = ["C3", "C4", "PO3"]


@pytest.fixture
def result():
    values = np.arange(27, dtype=float).reshape(3, 3, 3)
    values = values + values.transpose(0, 2, 1)
    values[:, range(3), range(3)] = np.nan
    values[2] = np.nan
    people = ["a", "b", "c"]
    matrix = xr.DataArray(
        values,
        dims=("cell", "channel", "other"),
        coords={
            "cell": people,
            "participant": ("cell", people),
            "channel": CHANNELS,
            "other": CHANNELS,
        },
    )
    counts = pd.DataFrame(
        {
            "n_epochs": [30, 40, 5],
            "n_used": [30, 40, 0],
            "n_subsamples": 1,
            "reason": ["", "", "5 epochs, 20 needed"],
        },
        index=pd.Index(people, name="cell"),
    )
    info = mne.create_info(CHANNELS, 100.0, "eeg")
    return Connectivity(matrix, counts, info, "ppc", (14.0, 19.0), (-0.25, 0.75))


KINDS = {"condition": "expression", "levels": ("macro", "micro")}


def test_pairs_of_every_cell_that_was_not_refused(result):
    table = pair_table(result, {"first": ("C3", "PO3"), "second": ("PO3", "C4")})
    assert list(table) == ["participant", "first", "second"]
    assert table["participant"].tolist() == ["a", "b"]
    assert table["first"].tolist() == [2.0 + 6.0, 11.0 + 15.0]
    assert table["second"].tolist() == [5.0 + 7.0, 14.0 + 16.0]


def test_unknown_channels_are_named(result):
    with pytest.raises(ValueError, match=r"channels \['CZ'\] are not in the matrices"):
        pair_table(result, {"first": ("C3", "CZ")})


def test_average_counts_every_cell_once_and_leaves_out_refused_ones(result):
    average = average_matrix(result, "all events")
    assert average.matrix.dims == result.matrix.dims
    assert average.matrix["cell"].to_numpy().tolist() == ["all events"]
    expected = result.matrix.to_numpy()[:2].mean(axis=0)
    np.testing.assert_allclose(average.matrix.to_numpy()[0], expected)
    assert average.counts.loc["all events", "n_epochs"] == 70
    assert average.counts.loc["all events", "reason"] == ""
    assert (average.method, average.band, average.window) == ("ppc", (14.0, 19.0), (-0.25, 0.75))


def test_nothing_left_says_so(result):
    counts = result.counts.assign(reason="too few")
    average = average_matrix(
        Connectivity(result.matrix, counts, result.info, "ppc", result.band, result.window), "all"
    )
    assert average.counts.loc["all", "reason"] == "every cell was refused"


def test_paired_differences_are_a_paired_t_test():
    rng = np.random.default_rng(1)
    people = [f"p/{k}" for k in range(8)]
    micro, macro = rng.normal(0.2, 0.1, 8), rng.normal(0.0, 0.1, 8)
    table = pd.DataFrame(
        {
            "participant": [*people, *people],
            "expression": ["micro"] * 8 + ["macro"] * 8,
            "a": np.r_[micro, macro],
            "b": np.r_[macro, macro + 0.01 * rng.standard_normal(8)],
        }
    )
    table.loc[len(table)] = ["alone", "macro", 5.0, 5.0]
    found = paired_differences(table, ["a", "b"], **KINDS).set_index("measure")
    expected = scipy.stats.ttest_rel(micro, macro)
    assert found.loc["a", "statistic"] == pytest.approx(expected.statistic)
    assert found.loc["a", "p_value"] == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval(0.95)
    assert found.loc["a", ["ci_low", "ci_high"]].tolist() == pytest.approx([low, high])
    assert (found["n_participants"] == 8).all()
    spread = np.sqrt((micro.var(ddof=1) + macro.var(ddof=1)) / 2)
    g_av = (micro.mean() - macro.mean()) / spread * (1 - 3 / (4 * 14 - 1))
    assert found.loc["a", "effect_size"] == pytest.approx(g_av)
    reference = multipletests(found["p_value"], method="holm")[1]
    assert found["p_holm"].tolist() == pytest.approx(list(reference))


def test_too_few_participants_give_no_test():
    table = pd.DataFrame(
        {"participant": list("aab"), "expression": ["micro", "macro", "macro"], "x": [1.0, 2, 3]}
    )
    row = paired_differences(table, ["x"], **KINDS).iloc[0]
    assert np.isnan(row["estimate"]) and row["n_participants"] == 1
    one_level = table.iloc[1:]
    assert np.isnan(paired_differences(one_level, ["x"], **KINDS)["p_holm"].item())
    empty = table.iloc[:0]
    assert paired_differences(empty, ["x"], **KINDS)["n_participants"].item() == 0
