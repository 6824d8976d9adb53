"""Do coders agree?

What they saw, what they called it, and when.

* ``agreement``: Agreement of two coders of facial events: what they saw, what they called it, and
  when.
* ``comparisons``: Agreement of the coders of one sheet, as tidy tables for several ways of
  matching events.
* ``detection``: Events matched between two coders, and how many both saw.
* ``labels``: Agreement of two or more raters on labels, with intervals over participants.
* ``weighted``: Agreement of any number of raters with credit for near misses: Gwet's AC2, Fleiss'
  kappa.
* ``categories``: Labels of raters as numbers of categories, in the order that the labels state.
* ``timing``: How far two coders' onset, apex and offset lie apart.
* ``action_units``: Agreement of two coders on action units, and unit of time by unit of time.
* ``kappa``: Chance-corrected agreement on categories: Cohen, Fleiss, Gwet and Krippendorff.
"""
