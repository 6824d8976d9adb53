"""Do items agree?

Scales, their items and what the stimuli aroused.

* ``alpha``: Cronbach's alpha of a scale, its items, and its levels.
* ``omega``: McDonald's omega: how much of a score's variance is due to common factors.
* ``multilevel``: Alpha of items that participants answered many times: within and between
  participants.
* ``self_reports``: Agreement and consistency of what participants say, or show, after each video.
* ``dominance``: Did a video arouse the emotion that it was chosen for?
* ``factor``: Common factors of a correlation matrix: extraction, oblique rotation, general
  factor.
* ``items``: Answers to items, checked, and functions of their covariance with standard errors.
"""
