import mne
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from mmme_neuro import fit_lmm_map, permutation_test
from mmme_neuro.inference.term_maps import axis_neighbors, effect_map

FORMULA = "~ expression + (1 + expression | participant)"
TERM = "expression[T.micro]"
CHANNELS = ["FZ", "FCZ", "CZ", "CPZ", "PZ", "POZ", "OZ", "C3", "C4"]


def study(n_participants, effect, rng):
    events = pd.DataFrame({"participant": np.repeat(np.arange(n_participants), 16)})
    events["expression"] = np.tile(["micro", "macro"], len(events) // 2)
    values = rng.normal(size=(len(events), 3, 10))
    values[(events["expression"] == "micro").to_numpy(), 0, 3:8] += effect
    return xr.DataArray(values, dims=("event", "channel", "time")), events


def test_effect_holds_fit_and_test_of_the_same_cells():
    responses, events = study(12, 1.0, np.random.default_rng(1))
    how = {"rng": 5, "n_permutations": 199}
    how["adjacency"] = axis_neighbors(responses, separate=["channel"])
    effect = effect_map(FORMULA, responses, events, term=TERM, **how).effect(TERM)
    fits = fit_lmm_map(FORMULA, responses, events)
    test = permutation_test(FORMULA, responses, events, term=TERM, **how)
    np.testing.assert_array_equal(effect["estimate"], fits.estimate(TERM))
    np.testing.assert_array_equal(effect["p_value"], test.to_dataset()["p_value"])
    low, high = fits.interval(TERM)
    np.testing.assert_array_equal(effect["ci_low"], low)
    np.testing.assert_array_equal(effect["ci_high"], high)
    marked = effect["p_value"] <= 0.05
    assert bool(marked[0, 3:8].all()) and int(marked.sum()) <= 7


def test_too_few_participants_leave_the_fits_and_a_reason():
    responses, events = study(4, 0.0, np.random.default_rng(2))
    found = effect_map(FORMULA, responses, events, term=TERM, rng=1, n_permutations=99)
    effect = found.effect(TERM)
    assert found.test is None and "participant" in found.refusal
    assert np.isnan(effect["p_value"]).all() and (effect["cluster"] == -1).all()
    assert np.isfinite(effect["estimate"]).all()


def test_a_wrong_formula_is_an_error_not_a_refusal():
    responses, events = study(12, 0.0, np.random.default_rng(3))
    with pytest.raises(ValueError, match="valens"):
        effect_map("~ valens + (1 | participant)", responses, events, term="valens", rng=1)


def test_neighbors_of_channels_come_from_their_places():
    info = mne.create_info(CHANNELS, 100.0, "eeg")
    info.set_montage("standard_1005", match_case=False)
    responses = xr.DataArray(
        np.zeros((2, 9, 5)), dims=("event", "channel", "time"), coords={"channel": CHANNELS[::-1]}
    )
    matrix, times = axis_neighbors(responses, info=info)
    assert times == 5
    near = np.asarray(matrix.todense()) > 0
    names = CHANNELS[::-1]
    assert near[names.index("CZ"), names.index("FCZ")]
    assert not near[names.index("FZ"), names.index("OZ")]


def test_separate_axes_have_no_neighbors():
    responses = xr.DataArray(np.zeros((2, 3, 4)), dims=("event", "channel", "time"))
    signals, times = axis_neighbors(responses, separate=["channel"])
    assert signals.sum() == 0 and times == 4
