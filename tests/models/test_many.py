import numpy as np
import pandas as pd
import pytest

from mmme_neuro import contrast, fit_lmm
from mmme_neuro.models import standardized_effects
from mmme_neuro.models.many import contrasts_within, fit_many
from mmme_neuro.stats import adjust_p_values

RIGHT = "expression + (1 | participant)"


@pytest.fixture
def data():
    rng = np.random.default_rng(4)
    n = 400
    participant = rng.integers(0, 20, n)
    micro = rng.random(n) < 0.4
    base = rng.normal(0, 1, 20)[participant] + rng.normal(0, 1, n)
    return pd.DataFrame(
        {
            "participant": participant.astype(str),
            "expression": np.where(micro, "micro", "macro"),
            "late": base + 2.0 * micro,
            "flat": 1.0,
            "scr": np.where(rng.random(n) < 0.1, np.nan, rng.normal(0, 1, n) - 1.0 * micro),
        }
    )


def test_many_fits_are_single_fits(data):
    fits = fit_many(["late", "scr"], RIGHT, data)
    for response in ("late", "scr"):
        alone = fit_lmm(f"{response} ~ {RIGHT}", data).table()
        found = fits.estimates[fits.estimates["response"] == response].set_index("term")
        pd.testing.assert_frame_equal(found[list(alone)], alone, rtol=1e-6)
    assert list(fits.estimates)[0] == "response"
    assert set(fits.variance_components["response"]) == {"late", "scr"}


def test_counts_are_each_responses_own(data):
    notes = fit_many(["late", "scr"], RIGHT, data).notes.set_index("response")
    assert notes.loc["late", "n_observations"] == 400
    assert notes.loc["scr", "n_observations"] == data["scr"].notna().sum()
    assert notes.loc["late", "n_participant"] == 20
    assert (notes["converged"]).all()


def test_effects_are_recovered(data):
    table = fit_many(["late", "scr"], RIGHT, data).estimates
    micro = table[table["term"] == "expression[T.micro]"].set_index("response")
    for response, truth in (("late", 2.0), ("scr", -1.0)):
        row = micro.loc[response]
        assert abs(row["estimate"] - truth) < 4 * row["std_error"]


def test_a_response_that_cannot_be_fitted_is_noted_and_stops_no_other(data):
    fits = fit_many(["flat", "late"], RIGHT, data)
    assert set(fits.estimates["response"]) == {"late"}
    assert fits.notes["response"].tolist() == ["flat", "late"]
    assert fits.notes["warnings"][0] != ""


def test_nothing_fitted_gives_empty_tables(data):
    fits = fit_many(["flat"], RIGHT, data)
    assert fits.estimates.empty and len(fits.notes) == 1


def test_absent_responses_are_named(data):
    with pytest.raises(ValueError, match=r"responses \['absent'\] are no columns"):
        fit_many(["late", "absent"], RIGHT, data)


def test_random_effects_hold_every_level(data):
    fits = fit_many(["late"], RIGHT, data)
    fit = fit_lmm(f"late ~ {RIGHT}", data)
    table = fits.random_effects.set_index("level")
    modes = fit.conditional_modes["participant"]["Intercept"]
    np.testing.assert_allclose(table.loc[modes.index, "mode"], modes)
    width = (table["ci_high"] - table["ci_low"]) / table["sd"]
    np.testing.assert_allclose(width, 2 * 1.959964, rtol=1e-6)


def test_contrasts_over_all_and_within_levels(data):
    data["valence"] = np.where(np.arange(len(data)) % 3 == 0, "positive", "negative")
    right = "expression * valence + (1 | participant)"
    table = contrasts_within(["late", "flat"], right, data, of="expression", by="valence")
    late = table[table["response"] == "late"].set_index("within")
    assert list(late.index) == ["all", "negative", "positive"]
    fit = fit_lmm(f"late ~ {right}", data)
    each = contrast(fit, "expression", by="valence")
    np.testing.assert_allclose(late["estimate"].iloc[1:], each["estimate"])
    np.testing.assert_allclose(late["estimate"].iloc[0], contrast(fit, "expression")["estimate"])
    np.testing.assert_allclose(late["p_adjusted"].iloc[1:], adjust_p_values(each)["p_adjusted"])
    sizes = standardized_effects(fit, each)
    np.testing.assert_allclose(late["effect_size"].iloc[1:], sizes["effect_size"])
    flat = table[table["response"] == "flat"]
    assert flat["note"].iloc[0] != "" and np.isnan(flat["estimate"].iloc[0])
