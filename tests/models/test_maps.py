"""Maps of fits equal single fits and lme4, recover effects, keep their error rate."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from mmme_neuro import fit_lmm, fit_lmm_map
from mmme_neuro.models.mixed import estimate_lmm
from mmme_neuro.models.solver import batch
from tests.reference import tables

SLOPES = "~ expression * valence + (1 + expression | participant) + (1 | stimulus)"
FORMULAS = [
    "~ expression + (1 | participant)",
    "~ expression + rise + (1 + expression | participant)",
    "~ rise + (1 + rise || participant) + (1 | stimulus)",
    SLOPES,
    "~ expression + (1 + expression | participant) + (1 + expression | stimulus)",
    "~ valence + (1 | participant / clip) + (1 | stimulus)",
    "~ rise + (1 + expression + rise | participant)",
    "~ expression + (1 | stimulus) + (0 + rise | stimulus) + (1 | participant)",
]


def simulated_events(rng, *, n=400, n_participants=14, n_stimuli=9):
    participant = rng.integers(0, n_participants, n)
    stimulus = rng.integers(0, n_stimuli, n)
    return pd.DataFrame(
        {
            "participant": [f"p{i:02}" for i in participant],
            "stimulus": [f"s{i:02}" for i in stimulus],
            "clip": rng.integers(0, 3, n),
            "expression": np.where(rng.random(n) < 0.4, "micro", "macro"),
            "valence": np.array(["negative", "positive", "surprise"])[stimulus % 3],
            "rise": rng.normal(0.3, 0.1, n),
        }
    )


def simulated_map(rng, events, n_columns, *, sds=(0.0, 0.1, 0.3, 1.0)):
    """Columns whose random intercepts and slopes have standard deviations drawn from ``sds``."""
    micro = (events["expression"] == "micro").to_numpy(float)[:, None]
    values = rng.normal(size=(len(events), n_columns))
    for group in ("participant", "stimulus"):
        codes, levels = pd.factorize(events[group])
        intercept, slope = rng.choice(sds, (2, n_columns))
        values += (rng.normal(size=(len(levels), n_columns)) * intercept)[codes]
        values += micro * (rng.normal(size=(len(levels), n_columns)) * slope)[codes]
    return values


@pytest.fixture(scope="module")
def events():
    return simulated_events(np.random.default_rng(7))


def assert_equal_to_single_fit(fits, cell, single):
    found = fits.to_dataset().isel(dict(zip(fits.dataset["status"].dims, cell, strict=True)))
    table = single.table()
    assert float(found["criterion"]) <= single.criterion + 1e-6
    se = table["std_error"].to_numpy()
    scale = np.maximum(np.abs(table["estimate"].to_numpy()), se)
    assert (np.abs(found["estimate"].to_numpy() - table["estimate"]) <= 1e-6 * scale).all()
    np.testing.assert_allclose(found["std_error"], se, rtol=1e-5)
    np.testing.assert_allclose(found["dof"], table["dof"], rtol=1e-3)
    np.testing.assert_allclose(found["statistic"], table["statistic"], rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(found["p_value"], table["p_value"], rtol=1e-3, atol=1e-12)
    assert float(found["sigma"]) == pytest.approx(single.sigma, rel=1e-6)
    # A variance near zero is flat in the criterion.
    np.testing.assert_allclose(found["theta"], single.theta, atol=1e-4)
    assert (int(found["status"]) > 0) == single.singular
    assert int(found["n_observations"]) == single.n_observations


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("formula", FORMULAS)
def test_every_cell_is_the_single_fit(formula, reml, events):
    rng = np.random.default_rng(3)
    values = 1e3 + simulated_map(rng, events, 6)
    fits = fit_lmm_map(formula, values, events, reml=reml)
    for cell in range(6):
        single = estimate_lmm(f"y {formula}", events.assign(y=values[:, cell]), reml=reml)
        assert_equal_to_single_fit(fits, (cell,), single)


@pytest.mark.parametrize("model", ["(1 + condition | participant) + (1 | video)"])
def test_cells_equal_lme4(model):
    table = tables.mmme_like()
    columns = [name for name in table if name.startswith("y_")]
    fits = fit_lmm_map(
        f"~ condition * valence + logdur_z + {model}", table[columns].to_numpy(), table
    )
    which = {"model": "M3", "method": "REML", "coding": "treatment"}
    reference, fixed = (tables.lmm(f"mmme_like_{name}", **which) for name in ("fit", "fixef"))
    n_interior = 0
    for i, name in enumerate(columns):
        of_column = fixed[fixed["column"] == int(name[2:])]
        row = reference[reference["column"] == int(name[2:])].iloc[0]
        found = fits.to_dataset().isel(axis_1=i)
        assert float(found["criterion"]) == pytest.approx(row["criterion"], abs=1e-6)
        np.testing.assert_allclose(found["std_error"], of_column["se"], rtol=1e-5)
        error = np.abs(found["estimate"] - of_column["est"].to_numpy())
        assert (error <= 1e-6 * of_column["se"].to_numpy()).all()
        assert (int(found["status"]) > 0) == row["singular"]
        if not row["singular"]:
            n_interior += 1
            np.testing.assert_allclose(found["dof"], of_column["df"], rtol=1e-3)
    assert n_interior


@pytest.mark.slow
@pytest.mark.parametrize(
    "slopes", ["(1 | stimulus)", "(1 + expression | stimulus)"], ids=["M3", "primary"]
)
def test_boundary_cases_reach_the_best_known_optimum(slopes):
    rng = np.random.default_rng(11)
    events = simulated_events(rng, n=2000, n_participants=40, n_stimuli=30)
    values = simulated_map(rng, events, 100)
    formula = f"~ expression * valence + (1 + expression | participant) + {slopes}"
    fits = fit_lmm_map(formula, values, events)
    assert (fits.dataset["status"] >= 0).all()
    for cell in range(100):
        single = estimate_lmm(f"y {formula}", events.assign(y=values[:, cell]), reml=True)
        assert float(fits.dataset["criterion"][cell]) <= single.criterion + 1e-6


def test_missing_events_are_left_out_cell_by_cell(events):
    rng = np.random.default_rng(5)
    values = simulated_map(rng, events, 8)
    values[rng.random(len(events)) < 0.1, 1] = np.nan
    values[:30, 2:5] = np.nan  # a shared pattern
    values[(events["stimulus"] == "s03").to_numpy(), 6] = np.nan  # a level of a group is gone
    holey = events.copy()
    holey.loc[[4, 70], "rise"] = np.nan  # events that no cell can use
    formula = "~ expression + rise + (1 | participant) + (1 | stimulus)"
    fits = fit_lmm_map(formula, values, holey)
    assert fits.n_dropped == 2
    for cell in range(8):
        single = estimate_lmm(f"y {formula}", holey.assign(y=values[:, cell]), reml=True)
        assert_equal_to_single_fit(fits, (cell,), single)


def test_cells_that_cannot_be_fitted_say_why(events):
    rng = np.random.default_rng(6)
    values = simulated_map(rng, events, 6, sds=(0.5,))
    values[:, 0] = 7.0
    values[:, 1] = np.nan
    values[(events["expression"] == "macro").to_numpy(), 2] = np.nan
    values[:, 3] = pd.factorize(events["participant"])[0]
    values[12:, 4] = np.nan
    fits = fit_lmm_map(SLOPES, values, events)
    states = [fits.status_name(int(code)) for code in fits.dataset["status"]]
    assert states[:5] == ["constant", "missing", "missing", "constant", "missing"]
    assert states[5] not in {"failed", "constant", "missing"}
    assert fits.status.sum() == 6 and fits.status["missing"] == 3
    result = fits.to_dataset()
    for name in ("estimate", "std_error", "dof", "statistic", "p_value", "criterion", "theta"):
        assert np.isnan(result[name].isel(axis_1=slice(0, 5))).all()
        assert np.isfinite(result[name].isel(axis_1=5)).all()


def test_boundaries_are_named():
    rng = np.random.default_rng(8)
    events = simulated_events(rng)
    values = rng.normal(size=(len(events), 40))
    fits = fit_lmm_map(SLOPES, values, events)
    assert any("zero variance of Intercept | stimulus" in name for name in fits.status.index)
    sd = fits.dataset["random_sd"].sel(component="Intercept | stimulus")
    for cell in range(40):
        name = fits.status_name(int(fits.dataset["status"][cell]))
        assert ("zero variance of Intercept | stimulus" in name) == (float(sd[cell]) == 0)


def test_labels_go_through(events):
    rng = np.random.default_rng(9)
    values = xr.DataArray(
        simulated_map(rng, events, 6).reshape(-1, 2, 3).astype(np.float32),
        dims=("event", "channel", "time"),
        coords={"channel": ["Fz", "Cz"], "time": [0.0, 0.1, 0.2], "event": np.arange(len(events))},
    )
    fits = fit_lmm_map(SLOPES, values, events)
    assert fits.estimate("expression[T.micro]").dims == ("channel", "time")
    assert fits.dataset["p_value"].dims == ("term", "channel", "time")
    single = estimate_lmm(
        f"y {SLOPES}",
        events.assign(y=values.sel(channel="Cz", time=0.1).to_numpy().astype(float)),
        reml=True,
    )
    assert_equal_to_single_fit(fits, (1, 1), single)
    assert "2 channel x 3 time" in repr(fits)
    with pytest.raises(ValueError, match=r"no term 'expression'; the terms are \['Intercept'"):
        fits.estimate("expression")


def test_threads_units_and_order_change_nothing(events):
    rng = np.random.default_rng(10)
    values = simulated_map(rng, events, 700)
    one = fit_lmm_map(SLOPES, values, events, n_threads=1).to_dataset()
    two = fit_lmm_map(SLOPES, values, events, n_threads=2).to_dataset()
    xr.testing.assert_identical(one, two)
    volts = (
        fit_lmm_map(SLOPES, 1e-6 * values[:, ::-1], events)
        .to_dataset()
        .isel(axis_1=slice(None, None, -1))
    )
    np.testing.assert_allclose(volts["statistic"], one["statistic"], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(volts["estimate"], 1e-6 * one["estimate"], rtol=1e-6, atol=1e-12)
    np.testing.assert_array_equal(volts["status"], one["status"])


def test_effects_are_recovered(events):
    rng = np.random.default_rng(12)
    effect = np.array([0.0, 0.5, 2.0])
    values = simulated_map(rng, events, 3, sds=(0.3,))
    values += (events["expression"] == "micro").to_numpy()[:, None] * effect
    found = fit_lmm_map(SLOPES.replace("* valence", ""), values, events).to_dataset()
    found = found.sel(term="expression[T.micro]")
    assert (np.abs(found["estimate"] - effect) < 4 * found["std_error"]).all()
    assert float(found["p_value"][2]) < 1e-4


def test_false_positives_are_nominal_with_slopes():
    rng = np.random.default_rng(13)
    events = simulated_events(rng, n=500, n_participants=20)
    n_maps = 1000
    values = simulated_map(rng, events, n_maps, sds=(0.5,))
    formula = "~ expression + (1 + expression | participant) + (1 + expression | stimulus)"
    p_value = fit_lmm_map(formula, values, events).dataset["p_value"]
    rate = float((p_value.sel(term="expression[T.micro]") < 0.05).mean())
    assert abs(rate - 0.05) < 3 * np.sqrt(0.05 * 0.95 / n_maps)


@pytest.mark.parametrize(
    ("formula", "change", "error", "message"),
    [
        ("y ~ rise + (1 | participant)", None, ValueError, "start the formula with '~'"),
        ("~ ris + (1 | participant)", None, ValueError, r"no column 'ris'.*did you mean 'rise'"),
        ("~ rise + (1 | actor)", None, ValueError, r"no column 'actor'; the columns are \['part"),
        ("~ rise", None, ValueError, "has no random term"),
        ("~ one + (1 | participant)", None, ValueError, "one level 'a'"),
        ("~ rise + (1 | one)", None, ValueError, "has 1 level; it needs at least two"),
        ("~ rise + (1 | number)", None, ValueError, "cannot be told from the residual"),
        (None, lambda v: v[:-1], ValueError, r"shape \(399, 4\).*400 events"),
        (None, lambda v: np.where(v == v[3, 2], np.inf, v), ValueError, "infinite.*event 3"),
        (None, lambda v: v + 0j, TypeError, "real numbers, got dtype complex128"),
        (None, lambda v: v[:, :0], ValueError, "nothing to fit"),
        (None, lambda v: v.astype(str), TypeError, "real numbers"),
    ],
)
def test_bad_input_is_refused(formula, change, error, message, events):
    values = np.random.default_rng(14).normal(size=(len(events), 4))
    table = events.assign(one="a", number=np.arange(len(events)))
    with pytest.raises(error, match=message):
        fit_lmm_map(formula or SLOPES, change(values) if change else values, table)


def test_exchanged_arguments_are_refused(events):
    with pytest.raises(TypeError, match=r"call fit_lmm_map\(formula, responses, events\)"):
        fit_lmm_map(SLOPES, events, np.zeros((len(events), 2)))
    with pytest.raises(ValueError, match="n_threads must be at least 1, got 0"):
        fit_lmm_map(SLOPES, np.zeros((len(events), 2)), events, n_threads=0)


def test_a_cell_without_minimum_gets_the_single_search(events, monkeypatch):
    values = simulated_map(np.random.default_rng(17), events, 3)
    compiled, n_calls = batch.fit_block, []

    def without_minimum(*arguments):
        compiled(*arguments)
        n_calls.append(1)
        if len(n_calls) == 1:
            summary, theta = arguments[-1], arguments[6]
            summary[:, 2], theta[:] = 0, 9.0

    monkeypatch.setattr(batch, "fit_block", without_minimum)
    fits = fit_lmm_map(SLOPES, values, events, n_threads=1)
    assert len(n_calls) > 1 and (fits.dataset["status"] >= 0).all()
    for cell in range(3):
        single = estimate_lmm(f"y {SLOPES}", events.assign(y=values[:, cell]), reml=True)
        assert_equal_to_single_fit(fits, (cell,), single)
    monkeypatch.setattr(batch, "_single_optimum", lambda *_, **__: None)
    n_calls.clear()
    failed = fit_lmm_map(SLOPES, values, events, n_threads=1)
    assert failed.status["failed"] >= 1
    assert np.isnan(failed.dataset["p_value"].where(failed.dataset["status"] == -1)).all()


def test_axes_that_the_result_uses_are_refused(events):
    values = xr.DataArray(np.zeros((len(events), 2)), dims=("event", "term"))
    with pytest.raises(ValueError, match=r"axes \['term'\] of responses.*rename"):
        fit_lmm_map(SLOPES, values, events)


def test_one_dimensional_responses_are_one_cell(events):
    values = simulated_map(np.random.default_rng(15), events, 1)[:, 0]
    fits = fit_lmm_map(FORMULAS[0], values, events)
    single = fit_lmm(f"y {FORMULAS[0]}", events.assign(y=values))
    assert_equal_to_single_fit(fits, (), single)


def test_no_cell_fails_where_only_slopes_vary():
    """Cholesky factors follow the valley to a correlation of one badly when the first is small."""
    rng = np.random.default_rng(16)
    events = simulated_events(rng, n=900, n_participants=40)
    micro = (events["expression"] == "micro").to_numpy(float)[:, None]
    codes = pd.factorize(events["participant"])[0]
    values = rng.normal(size=(900, 800)) + micro * rng.normal(size=(40, 800))[codes]
    fits = fit_lmm_map("~ expression + (1 + expression | participant)", values, events)
    assert (fits.dataset["status"] >= 0).all()


def test_intervals_are_those_of_the_single_fit(events):
    responses = simulated_map(np.random.default_rng(11), events, 3)
    fits = fit_lmm_map(FORMULAS[0], responses, events)
    low, high = fits.interval("expression[T.micro]", confidence=0.9)
    for cell in range(3):
        single = estimate_lmm("y " + FORMULAS[0], events.assign(y=responses[:, cell]), reml=True)
        row = single.table(confidence=0.9).loc["expression[T.micro]"]
        assert float(low[cell]) == pytest.approx(row["ci_low"], abs=1e-5)
        assert float(high[cell]) == pytest.approx(row["ci_high"], abs=1e-5)
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        fits.interval("expression[T.micro]", confidence=95)


def test_numbers_in_objects_are_numbers(events):
    values = np.random.default_rng(4).normal(size=(len(events), 3))
    values[2, 1] = np.nan
    objects = values.astype(object)
    objects[2, 1] = None
    formula = "~ expression + (1 | participant)"
    found, expected = fit_lmm_map(formula, objects, events), fit_lmm_map(formula, values, events)
    np.testing.assert_array_equal(found.dataset["statistic"], expected.dataset["statistic"])
    objects[0, 0] = "much"
    with pytest.raises(TypeError, match="found objects that are none.*much"):
        fit_lmm_map(formula, objects, events)
