"""Random terms are reduced in a fixed order and only where they are at the boundary."""

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.models.mixed import fit_lmm
from mmme_neuro.models.reduction import fit_reduced


def simulate(seed, *, slope_sd=0.0, stimulus_sd=0.0, n_participants=20, n_stimuli=12):
    rng = np.random.default_rng(seed)
    grid = pd.MultiIndex.from_product(
        [range(n_participants), range(n_stimuli), range(2)],
        names=["participant", "stimulus", "repetition"],
    )
    events = grid.to_frame(index=False)
    events["expression"] = np.where(rng.random(len(events)) < 0.4, "micro", "macro")
    is_micro = (events["expression"] == "micro").to_numpy(float)
    participant, stimulus = events["participant"], events["stimulus"]
    events["y"] = (
        rng.normal(0, 1, n_participants)[participant]
        + rng.normal(0, slope_sd, n_participants)[participant] * is_micro
        + rng.normal(0, stimulus_sd, n_stimuli)[stimulus]
        + rng.normal(0, 1, len(events))
    )
    return events


MAXIMAL = "y ~ expression + (1 + expression | participant) + (1 + expression | stimulus)"


def test_supported_terms_are_kept():
    events = simulate(1, slope_sd=1.0)
    formula = "y ~ expression + (1 + expression | participant)"
    fit = fit_reduced(formula, events)
    assert fit.reductions == ()
    assert fit.criterion == fit_lmm(formula, events).criterion


def test_zero_stimulus_variance_leaves_the_participant_slope():
    steps = []
    for seed in range(6):
        fit = fit_reduced(MAXIMAL, simulate(seed, slope_sd=1.0))
        assert "(1 + expression | participant)" in fit.formula
        steps.extend(fit.reductions)
    assert len(steps) > 3
    assert all("stimulus" in step for step in steps)


@pytest.mark.filterwarnings("ignore:singular fit")
def test_reduced_fit_lies_between_maximal_and_uncorrelated():
    events = simulate(2, slope_sd=1.0)
    fit = fit_reduced(MAXIMAL, events)
    uncorrelated = "(1 + expression || participant) + (1 + expression || stimulus)"
    assert fit.criterion >= fit_lmm(MAXIMAL, events).criterion - 1e-8
    assert fit.criterion <= fit_lmm(f"y ~ expression + {uncorrelated}", events).criterion + 1e-8


def test_order_is_fixed():
    order = ["correlations of", "expression from", "(1 | stimulus)"]
    n_reduced = 0
    for seed in range(8):
        fit = fit_reduced(MAXIMAL, simulate(seed))
        stages = [
            next(i for i, start in enumerate(order) if step.startswith(start))
            for step in fit.reductions
        ]
        assert stages == sorted(stages)
        for stage in (0, 1):
            names = [s for s, k in zip(fit.reductions, stages, strict=True) if k == stage]
            is_participant = ["participant" in name for name in names]
            assert is_participant == sorted(is_participant)
        n_reduced += bool(stages)
        assert all("singular" in step for step in fit.reductions)
        assert any(factor.name == "participant" for factor in fit.design.random)
    assert n_reduced > 3


def test_kept_intercept_stays_even_without_variance():
    rng = np.random.default_rng(0)
    events = pd.DataFrame({"participant": np.repeat(np.arange(10), 10)})
    events["y"] = rng.normal(size=100)
    events["y"] -= events.groupby("participant")["y"].transform("mean")
    fit = fit_reduced("y ~ 1 + (1 | participant)", events)
    assert fit.singular
    assert fit.reductions == ()
    assert fit.warnings


def test_interaction_goes_before_its_parts():
    rng = np.random.default_rng(4)
    events = simulate(4)
    events["valence"] = rng.choice(["negative", "positive"], len(events))
    fit = fit_reduced("y ~ expression * valence + (expression * valence | participant)", events)
    slopes = [step.split(" from ")[0] for step in fit.reductions if " from " in step]
    assert slopes[0] == "expression:valence"
    assert not fit.singular


def test_formula_without_the_kept_factor_keeps_one_term():
    events = simulate(3)
    fit = fit_reduced("y ~ 1 + (1 | stimulus)", events)
    assert fit.n_groups == {"stimulus": 12}


def test_summary_names_the_reductions():
    fit = fit_reduced(MAXIMAL, simulate(0))
    assert all(step in fit.summary() for step in fit.reductions)


def test_bad_formula_is_refused():
    with pytest.raises(ValueError, match="no column 'expresion'"):
        fit_reduced("y ~ expresion + (1 | participant)", simulate(0))
