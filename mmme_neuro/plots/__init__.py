"""What does it look like?

Figures of results: (tidy table | fit | MNE object, axes) -> axes.

* ``style``: One look for all figures: journal widths, type sizes, color-blind safe colors, stable
  files.
* ``dataset``: Plots of a dataset's events: counts by emotion, class, action unit and participant;
  durations.
* ``action_units``: A table of action units, set as a figure.
* ``databases``: Figure of a dataset beside the published ones.
* ``agreement``: Figures of how far two coders agree: what they saw, what they called it, and
  when.
* ``example``: All signals of one participant around one event, on one time axis.
* ``evoked``: Evoked responses: traces by condition with intervals, and topographies of time
  windows.
* ``timefrequency``: Time-frequency maps of conditions and their difference on one symmetric color
  scale.
* ``connectivity``: Connectivity: matrix ordered along the cap, and the strongest connections on a
  head plan.
* ``autonomic``: Figures of event-locked autonomic responses.
* ``scalp``: Scalp maps and head plans.
* ``forest``: Estimates with their intervals: forests in their own units, and recovery of a known
  truth.
* ``modelmaps``: Effects of mixed models over maps: time courses, topographies, boundaries; random
  effects.
* ``association``: Correlations of many measures: a matrix with its modalities apart, and a
  network.
* ``crossmodal``: The figure of cross-modal association: matrix, network, lags and canonical
  correlations.
* ``reliability``: Figures of how reliable participants' scores are.
* ``self_reports``: Figures of the self-reports: emotions felt, and agreement of participants on
  videos.
* ``muscles``: Figures of facial muscle activity in the EEG and of what results owe to it.
* ``robustness``: Measures under errors of the coded onsets, and with overlapping responses
  separated.
* ``quality``: Quality of all recordings: events kept, channels and components removed, and an
  overview.
* ``participant``: Figure of one participant's data: potentials, spectra, clocks and usable
  signals.
* ``cleaning``: Figures of what cleaning took out of the EEG.
* ``clocks``: Clock alignment of all participants: what remains at every trigger, and the drift.
* ``pictures``: Small pictures that keep their colors.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
