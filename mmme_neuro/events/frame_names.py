"""Camera frame names: the wall clock in ``HH-MM-SS-mmm`` with or without a frame counter."""

import re
from dataclasses import dataclass

import numpy as np

SECONDS_PER_DAY = 86_400
_FRAME_NAME = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{1,2})-(\d{1,3})(?:-(\d{1,4}))?", re.ASCII)


@dataclass(frozen=True)
class FrameName:
    """What a frame name says.

    Parameters
    ----------
    seconds : float
        Seconds of the day on the camera's wall clock, to the millisecond.
    counter : int or None
        Frame counter (wraps at 1000), None where the name has none.
    """

    seconds: float
    counter: int | None


def parse_frame_name(name: str) -> FrameName:
    """Read a frame name such as ``16-00-31-433-685``.

    Parameters
    ----------
    name : str
        ``HH-MM-SS-mmm`` or ``HH-MM-SS-mmm-counter``.

    Returns
    -------
    FrameName

    Examples
    --------
    >>> parse_frame_name("16-00-31-433-685")
    FrameName(seconds=57631.433, counter=685)
    """
    match = _FRAME_NAME.fullmatch(str(name).strip())
    if match is None:
        raise ValueError(f"a frame name must read HH-MM-SS-mmm or HH-MM-SS-mmm-counter: {name!r}")
    hour, minute, second, millisecond = (int(part) for part in match.groups()[:4])
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"a frame name must hold a time of the day: {name!r}")
    counter = match.group(5)
    total_ms = ((hour * 60 + minute) * 60 + second) * 1000 + millisecond
    return FrameName(total_ms / 1000, None if counter is None else int(counter))


def unwrap_midnight(seconds: np.ndarray) -> np.ndarray:
    """Let the clock of one session run on past midnight.

    Parameters
    ----------
    seconds : array
        Seconds of the day of one session, which lasts less than 12 hours; any shape.

    Returns
    -------
    array
        The same, with 86,400 s added to the times after midnight where the session spans it.
    """
    seconds = np.asarray(seconds, float)
    if seconds.size == 0:
        return seconds.copy()
    after_midnight = seconds < seconds.max() - SECONDS_PER_DAY / 2
    return seconds + SECONDS_PER_DAY * after_midnight
