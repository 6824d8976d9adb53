"""Which effects are there?

Linear mixed models of one response or of a map, and what is asked of a fit.

* ``mixed``: Linear mixed models of one response with crossed or nested random effects.
* ``maps``: One mixed model fitted to every cell of a map: channels, times, frequencies.
* ``contrasts``: Marginal means of a mixed model and contrasts between them.
* ``families``: Correction of contrasts for the number of those tested together.
* ``f_tests``: Type III F tests of the terms of a mixed model.
* ``comparison``: Likelihood-ratio tests between nested mixed models.
* ``effects``: Standardized effect sizes of contrasts, and tests that an effect is negligibly
  small.
* ``explained``: Shares of the variance: marginal and conditional R2, intraclass correlations.
* ``diagnostics``: Residuals of a mixed model, event by event, and collinearity of its fixed
  terms.
* ``deletion``: Influence of single participants or stimuli on a fit: each left out in turn.
* ``profile``: Intervals of variance components by profile likelihood or parametric bootstrap.
* ``bootstrap``: Responses simulated from a fitted mixed model, refits to them, and the parametric
  bootstrap.
* ``many``: The same mixed model fitted to several responses of one events table.
* ``reduction``: Reduction of random terms that the events cannot support.
* ``glmm``: Generalized mixed models for yes/no and count responses, by statsmodels.
* ``planning``: The assumed truth of a study that is planned, and its events.
* ``simulated_power``: Power and sample size of a mixed-model test by simulation.
* ``centering``: Split of a predictor into what varies within and what varies between groups.
* ``formula``: Wilkinson formulas with random terms as in lme4: ``y ~ a * b + (1 + a | g)``.
* ``naming``: Names of columns in formulas: identifiers that no transform has stand for them.
* ``values``: Values of columns as formulas take them: float64 numbers, and categories with an
  order.
* ``design``: Design of a mixed model: fixed columns, random columns and groups, built from a
  table.
* ``weighting``: Prior weights and offsets: what the search sees of a design and its responses.
* ``summary``: Conditional modes of random effects, and the printed summary of a mixed model.
* ``held``: The criterion of a mixed model with one variance component held at a value.
* ``mapinput``: Input of fits and tests of maps: one-sided formula, responses with named axes,
  threads.
* ``patterns``: Responses that lack the same events, fitted together, and the tables of their
  fits.
* ``solver``: How is a mixed model fitted?
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
