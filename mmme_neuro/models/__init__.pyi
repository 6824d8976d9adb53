from .bootstrap import parametric_bootstrap, simulate_responses
from .centering import within_between
from .comparison import bootstrap_likelihood_ratio, likelihood_ratio
from .contrasts import contrast, marginal_means
from .deletion import Influence, influence
from .design import with_reference
from .diagnostics import collinearity, residual_checks, residual_table
from .effects import equivalence_test, standardized_effects
from .explained import intraclass_correlations, r_squared
from .f_tests import anova
from .formula import treatment_term
from .glmm import GLMMFit, fit_glmm
from .many import contrasts_within, fit_many
from .maps import LMMMap, fit_lmm_map
from .mixed import LMMFit, fit_lmm
from .planning import StatedModel, crossed_events, stated_model
from .profile import variance_intervals
from .reduction import fit_reduced
from .simulated_power import SampleSize, power, power_table, sample_size

__all__ = [
    "GLMMFit",
    "Influence",
    "LMMFit",
    "LMMMap",
    "SampleSize",
    "StatedModel",
    "anova",
    "bootstrap_likelihood_ratio",
    "collinearity",
    "contrast",
    "contrasts_within",
    "crossed_events",
    "equivalence_test",
    "fit_many",
    "fit_glmm",
    "fit_lmm",
    "fit_lmm_map",
    "fit_reduced",
    "influence",
    "intraclass_correlations",
    "likelihood_ratio",
    "marginal_means",
    "parametric_bootstrap",
    "power",
    "power_table",
    "r_squared",
    "residual_checks",
    "residual_table",
    "sample_size",
    "simulate_responses",
    "standardized_effects",
    "stated_model",
    "treatment_term",
    "variance_intervals",
    "with_reference",
    "within_between",
]
