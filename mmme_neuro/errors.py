"""What may go wrong with a user's files, as opposed to a bug."""

EXPECTED_FAILURES = (OSError, ValueError, RuntimeError)
"""Raised with a message that names file, expectation, finding and remedy; one participant's failure
of these kinds is recorded and does not stop the others."""


class MissingExtra(ValueError):
    """What was asked for needs an optional package that is not installed."""
