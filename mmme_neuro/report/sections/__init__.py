"""What stands in each part of the report?

One module per part of the page; each takes the results and gives HTML.

* ``overview``: Sections on what was analyzed: summary, methods, participants, exclusions, clocks,
  audit.
* ``findings``: Sections on cleaning and results: potentials, oscillations, coupling, physiology,
  recovery.
* ``modeling``: Sections on mixed models: of single responses and over maps.
* ``association``: Tables on association of face, brain and body, in addition to the chosen pairs.
* ``reliability``: Section on reliability: scores of participants, self-reports, the body's answer
  to videos.
* ``agreement``: Section on the agreement of the coders.
* ``robustness``: Sections on what results owe to overlap, facial muscles and errors of the coded
  onsets.
* ``participants``: Section with one foldable part a participant: what to look at, figure, events,
  signals.
"""
