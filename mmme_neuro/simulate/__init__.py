"""What would a study with known truth look like?

Simulated studies in the on-disk layout of the real one.

* ``study``: Write a whole study: device files, annotation sheet, self-reports and the truth
  behind them.
* ``parameters``: Every number that goes into a simulated study.
* ``recovery``: Compare what an analysis found with the truth behind a simulated study.
* ``estimands``: What the analysis should find: the study's truth as seen through its own linear
  steps.
* ``timeline``: When videos run and when faces move: the true course of a session on the EEG
  clock.
* ``eeg``: The EEG of one participant: brain, face, eyes, mains and faulty electrodes.
* ``brain``: The head, where brain signals come from, and how each looks on the scalp.
* ``muscles``: Facial muscles: bursts at every expression and what of them leaks into the EEG.
* ``noise``: Stationary Gaussian noise with a stated spectrum.
* ``body``: Heart, vessels, breath, skin and finger temperature of one participant.
* ``responses``: Amplitudes of event-locked responses: fixed effects, people, videos and single
  events.
* ``shapes``: Time courses of event-locked responses, peak 1, time in seconds from the event's
  onset.
* ``files``: How does a device or a coder store it?
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
