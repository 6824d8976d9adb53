import numpy as np
import pandas as pd
import pytest

from mmme_neuro.models.mixed import fit_lmm
from mmme_neuro.muscles.sensitivity import (
    Variant,
    muscle_balance,
    muscle_variants,
    sensitivity_table,
)

TERMS = "(1 | participant)"
CONTRAST = "expression[T.micro]"
KINDS = {"condition": "expression", "levels": ("macro", "micro")}


def events(rng, *, brain=0.0, muscle=0.0, n_people=16, n=50):
    """Muscle power is higher for macro; a response may follow the expression or the muscle."""
    rows = []
    for person in range(n_people):
        kind = rng.choice(["macro", "micro"], n, p=[0.6, 0.4])
        micro = kind == "micro"
        power = 8 - 2.0 * micro + 1.5 * rng.standard_normal(n)
        response = rng.normal() + brain * micro + muscle * power + 2 * rng.standard_normal(n)
        rows.append(
            pd.DataFrame(
                {"participant": f"p{person}", "stimulus": rng.choice(list("uvw"), n),
                 "expression": kind, "onset": np.cumsum(rng.exponential(8, n)),
                 "action_units": rng.choice(["AU4", "AU12", "AU4,AU12"], n),
                 "muscle_db": power, "response": response}
            )
        )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def table_of(data, **options):
    variants = muscle_variants(data, rng=1, **KINDS, **options)
    return sensitivity_table(variants, ["response"], TERMS, **KINDS).set_index("analysis")


def test_an_effect_of_the_brain_holds_everywhere():
    table = table_of(events(np.random.default_rng(0), brain=1.5))
    assert set(table["verdict"]) <= {"primary", "holds"}


def test_an_effect_of_muscles_goes_when_muscles_are_held_constant():
    table = table_of(events(np.random.default_rng(1), muscle=0.6))
    assert table.loc["primary", "p_value"] < 0.001
    for name in ("muscle power as covariate", "matched muscle power"):
        assert table.loc[name, "p_value"] > 0.05, name
        assert table.loc[name, "verdict"] in ("same sign, not significant", "reverses")
    assert table.loc["upper face only", "p_value"] < 0.05


def test_primary_is_the_model_itself_and_subsets_are_counted():
    data = events(np.random.default_rng(2), brain=1.0)
    table = table_of(data)
    fit = fit_lmm(f"response ~ expression + {TERMS}", data).table().loc[CONTRAST]
    assert table.loc["primary", "estimate"] == pytest.approx(fit["estimate"], rel=1e-6)
    assert table.loc["upper face only", "n_events"] == (data["action_units"] == "AU4").sum()
    onset = data.groupby("participant")["onset"]
    gap = np.minimum(onset.diff().fillna(np.inf), -onset.diff(-1).fillna(-np.inf))
    assert table.loc["isolated events", "n_events"] == (gap > 5).sum()


def test_other_measurements_and_the_negative_control_have_their_own_words():
    data = events(np.random.default_rng(3), brain=1.5)
    others = {
        "current source density": data.assign(response=-1e3 * data["response"]),
        "muscle band itself": data.assign(response=data["muscle_db"]),
    }
    table = table_of(data, others=others)
    assert table.loc["current source density", "verdict"] == "reverses"
    assert not table.loc["current source density", "is_same_unit"]
    assert table.loc["muscle band itself", "verdict"] == "muscles differ"


def test_a_subset_that_cannot_be_fitted_says_why():
    data = events(np.random.default_rng(4))
    only = Variant("macro only", data[data["expression"] == "macro"])
    table = sensitivity_table([Variant("primary", data), only], ["response"], TERMS, **KINDS)
    row = table.set_index("analysis").loc["macro only"]
    assert np.isnan(row["estimate"]) and row["note"] and row["verdict"] == "no estimate"


def test_balance_shows_what_matching_did():
    variants = muscle_variants(events(np.random.default_rng(5)), rng=1, **KINDS)
    balance = muscle_balance(variants, **KINDS).set_index("analysis")["difference_sd"]
    assert balance["primary"] == pytest.approx(-2 / 1.5, abs=0.2)
    assert abs(balance["matched muscle power"]) < 0.1


def test_null_rates_of_the_sensitivity_analyses_stay_nominal():
    rng = np.random.default_rng(6)
    found = [table_of(events(rng, n_people=10, n=30))["p_value"] for _ in range(30)]
    rates = (pd.DataFrame(found) < 0.05).mean()
    assert rates.max() <= 0.2
