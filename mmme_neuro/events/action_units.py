"""Action units written as text: ``"AU4,AU7"``."""

import re

_ACTION_UNIT = re.compile(r"(?:AU)?\s*0*([1-9]\d?)", re.IGNORECASE | re.ASCII)
_SEPARATOR = re.compile(r"[,;+，；、]")


def normalise_action_units(text: str) -> str:
    """Action units in one spelling: upper case, by number, each once, joined by commas.

    Parameters
    ----------
    text : str
        Such as ``"AU7, AU4"``, ``"au04+7"`` or ``""`` (none coded).

    Returns
    -------
    str
        Such as ``"AU4,AU7"``.

    Examples
    --------
    >>> normalise_action_units("AU12, au4")
    'AU4,AU12'
    """
    numbers = set()
    for token in filter(None, (part.strip() for part in _SEPARATOR.split(str(text)))):
        match = _ACTION_UNIT.fullmatch(token)
        if match is None:
            raise ValueError(f"action units must read like 'AU4, AU7': {token!r} in {text!r}")
        numbers.add(int(match.group(1)))
    return ",".join(f"AU{number}" for number in sorted(numbers))


def split_action_units(action_units: str) -> tuple[str, ...]:
    """Split normalised action units.

    Parameters
    ----------
    action_units : str
        Such as ``"AU4,AU7"``.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> split_action_units("AU4,AU7")
    ('AU4', 'AU7')
    """
    return tuple(filter(None, action_units.split(",")))
