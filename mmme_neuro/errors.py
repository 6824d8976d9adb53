"""Errors of the package: what is wrong with an input or cannot be estimated, as opposed to a bug.

Whatever a user can mend is one of these, and a message names what was expected, what was found and
what to do. All are ``ValueError``; files that are not there are Python's ``FileNotFoundError``.
"""

import traceback
from pathlib import Path

__all__ = [
    "MmmeError",
    "BadInput",
    "MissingInput",
    "DamagedFile",
    "BadFormula",
    "NotEstimable",
    "TooFewUnits",
    "MissingExtra",
]


class MmmeError(ValueError):
    """Base of the errors below; catch it to go on where the package refuses something."""


class BadInput(MmmeError):
    """Raised where an argument, an option, a table or a sheet breaks a rule that is stated."""


class MissingInput(MmmeError):
    """Raised where a signal, channel, trigger code, event or value that is needed is not there."""


class DamagedFile(MmmeError):
    """Raised where a file cannot be read: damaged, truncated, or not of the format it should be."""


class BadFormula(MmmeError):
    """Raised where a formula cannot be parsed or names columns that the table does not have.

    It is about the formula, not about the events, so no part of a larger analysis turns it into a
    note.
    """


class NotEstimable(MmmeError):
    """Raised where the events at hand cannot carry a correct model or a statistic.

    Analyses of many responses, cells or pairs record it as the reason for an empty result and go
    on with the others.
    """


class TooFewUnits(NotEstimable):
    """Raised where no pattern of signs of so few units can be rare enough for a test."""


class MissingExtra(MmmeError, ImportError):
    """Raised where a step needs an optional package; names the extra that installs it."""


EXPECTED_FAILURES = (OSError, MmmeError)
"""Raised with a message for users. A participant's failure of these kinds is recorded and does not
stop the others. Neither does any other error, but it is a bug and recorded as a crash."""


def crash_text(error: Exception) -> str:
    """Sentence about an error that nobody expected: its kind, message and place.

    Parameters
    ----------
    error : Exception
        As caught.

    Returns
    -------
    str
    """
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}, line {last.lineno}, in {last.name}"
    return (
        f"unexpected {type(error).__name__}: {error} ({place}). Unless an argument or option is "
        "wrong, this is a bug of the program: please report it with its traceback."
    )
