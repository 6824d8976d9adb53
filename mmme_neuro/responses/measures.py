"""Windows of time: which samples belong to one, everywhere alike."""

import numpy as np

WINDOW_TOLERANCE_S = 1e-9
"""Added at both ends of a window: decimal times are no exact multiples of a sampling interval."""


def window_mask(
    times: np.ndarray, window: tuple[float, float], *, is_half_open: bool = False
) -> np.ndarray:
    """Samples inside a window; both ends belong to it.

    Parameters
    ----------
    times : array, shape (n_times,)
        Times in s.
    window : tuple of float
        First and last time in s. `WINDOW_TOLERANCE_S` decides on samples at the ends.
    is_half_open : bool
        Whether the end belongs to the next window, so that windows in a row share no sample.

    Returns
    -------
    mask : array of bool, shape (n_times,)
        True inside the window.

    Examples
    --------
    >>> times = np.arange(5) * 0.1
    >>> window_mask(times, (0.1, 0.3)).tolist()
    [False, True, True, True, False]
    >>> window_mask(times, (0.1, 0.3), is_half_open=True).tolist()
    [False, True, True, False, False]
    """
    times = np.asarray(times)
    begins = times >= window[0] - WINDOW_TOLERANCE_S
    if is_half_open:
        return begins & (times < window[1] - WINDOW_TOLERANCE_S)
    return begins & (times <= window[1] + WINDOW_TOLERANCE_S)


def window_samples(
    onsets: np.ndarray, window: tuple[float, float], sfreq: float
) -> tuple[np.ndarray, np.ndarray]:
    """First sample of a window after each onset, and the one behind its last.

    Parameters
    ----------
    onsets : array, shape (n_events,)
        Seconds since the first sample of a continuous signal; they need not lie on samples.
    window : tuple of float
        Start and end, s since the onset; the samples are those of `window_mask`.
    sfreq : float
        Rate in Hz.

    Returns
    -------
    begin, end : array of int, shape (n_events,)
        As for a slice. They may lie outside the signal.

    Examples
    --------
    >>> begin, end = window_samples(np.array([1.0, 2.03]), (-0.1, 0.2), 10.0)
    >>> begin.tolist(), end.tolist()
    ([9, 20], [13, 23])
    """
    onsets = np.asarray(onsets, float)
    begin = np.ceil((onsets + window[0] - WINDOW_TOLERANCE_S) * sfreq).astype(int)
    end = np.floor((onsets + window[1] + WINDOW_TOLERANCE_S) * sfreq).astype(int) + 1
    return begin, end


def epoch_mask(times: np.ndarray, window: tuple[float, float], *, name: str) -> np.ndarray:
    """Samples inside a closed window, which has to lie inside the epoch.

    Parameters
    ----------
    times : array, shape (n_times,)
        Times in s.
    window : tuple of float
        First and last time in s.
    name : str
        Name of the argument, for the error message.

    Returns
    -------
    mask : array of bool, shape (n_times,)
        True inside the window.
    """
    first, last = window
    # Half a sample of slack: decimal times are not multiples of the sampling interval.
    slack = 0.5 * (times[1] - times[0])
    if not (times[0] - slack <= first < last <= times[-1] + slack):
        raise ValueError(
            f"{name}=({first}, {last}): must be increasing and inside the epoch, which runs from "
            f"{times[0]:.3f} to {times[-1]:.3f} s. Change the window or cut longer epochs."
        )
    mask = window_mask(times, window)
    if not mask.any():
        raise ValueError(f"{name}=({first}, {last}): holds no sample. Widen it.")
    return mask
