"""Which response belongs to which event?

Linear deconvolution of responses that overlap.

* ``deconvolve``: Linear deconvolution: responses to events that follow each other too fast to be
  averaged.
* ``basis``: Bases in which the time course of an event-related response is expressed.
* ``compare``: The same response by averaging all events, isolated events only, and by
  deconvolution.
* ``expansion``: Design matrix of a continuous signal: every event's row spread out in time.
* ``serialnoise``: Least squares under serially correlated noise, with gaps.
"""
