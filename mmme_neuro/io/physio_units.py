"""Units of peripheral signals: as people write them, and which values a body can have."""

import re
import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SI_BY_TYPE = {"ecg": "V", "emg": "V", "gsr": "S", "temperature": "C"}
"""Types whose unit matters for what is derived from them."""

MAX_LOOKED_AT = 20_000
"""So many samples are enough to tell volts from millivolts."""


@dataclass(frozen=True)
class Unit:
    """``SI value = scale * value + offset``, or ``scale / value`` where it is inverse.

    Attributes
    ----------
    si : str
        Unit as MNE keeps it: V, S, C.
    scale, offset : float
        From the unit to it.
    is_inverse : bool
        Whether the unit is one of resistance.
    """

    si: str
    scale: float
    offset: float = 0.0
    is_inverse: bool = False

    def to_si(self, values: np.ndarray) -> np.ndarray:
        """Values in the SI unit; no resistance at all is missing.

        Parameters
        ----------
        values : array
            In this unit.

        Returns
        -------
        array
            Of the same shape.

        Examples
        --------
        >>> Unit("S", 1e-3, is_inverse=True).to_si(np.array([100.0, 200.0])).tolist()
        [1e-05, 5e-06]
        """
        if not self.is_inverse:
            return self.scale * values + self.offset
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(values == 0, np.nan, self.scale / values)


# A file in an old encoding that was opened as another: the sign for micro or degrees is lost.
_LOST = r"[?\ufffd]"
_PREFIXES = (("", 1.0), ("m|milli", 1e-3), (rf"u|µ|μ|micro|mc|{_LOST}", 1e-6), ("n|nano", 1e-9))
_DEGREES = rf"(deg(ree)?s?\.?|°|º|˚|o|{_LOST}|grad)?\s*"
_OHM = r"(ohms?|Ω|Ω)"

UNITS: tuple[tuple[re.Pattern[str], Unit], ...] = (
    *(
        (re.compile(rf"({prefix})\s*(V|volts?)", re.I), Unit("V", scale))
        for prefix, scale in _PREFIXES
    ),
    *(
        (re.compile(rf"({prefix})\s*(S|siemens?|mhos?|℧|ʊ)", re.I), Unit("S", scale))
        for prefix, scale in _PREFIXES
    ),
    (re.compile(rf"{_DEGREES}(C|celsius|centigrade)", re.I), Unit("C", 1.0)),
    (re.compile(rf"{_DEGREES}(F|fahrenheit)", re.I), Unit("C", 5 / 9, -160 / 9)),
    (re.compile(rf"{_DEGREES}(K|kelvins?)", re.I), Unit("C", 1.0, -273.15)),
    (re.compile(_OHM, re.I), Unit("S", 1.0, is_inverse=True)),
    (re.compile(rf"(k|kilo)\s*{_OHM}", re.I), Unit("S", 1e-3, is_inverse=True)),
    # Nobody's skin has milliohms.
    (re.compile(rf"(m|mega)\s*{_OHM}", re.I), Unit("S", 1e-6, is_inverse=True)),
)
"""Unit as written, without regard to capitals -> unit."""

NO_UNITS = ("", "n/a", "na", "none", "unknown", "unspecified", "?", "-", "arbitrary", "a.u.", "au")
"""What stands where nobody said the unit."""

WITHOUT_SI = re.compile(
    r"%|percent|bpm|(beats|breaths|1)\s*(/|per)\s*min|g|m/s\^?2|s|sec|ms|us|hz|a\.?u\.?|adc|counts",
    re.I,
)
"""Other units that stand in a line of units."""


@dataclass(frozen=True)
class Plausible:
    """Size that a signal of a body has, and units that people leave out.

    Attributes
    ----------
    measure : str
        ``"level"``: median of the samples; ``"spread"``: from the 1st to the 99th percentile.
    low, high : float
        Limits in the SI unit.
    units : tuple of str
        Candidates for a signal without a unit; ranges do not overlap within ``guess``.
    guess : tuple of float
        Narrower limits for a guess.
    text : str
        The limits in words.
    """

    measure: str
    low: float
    high: float
    units: tuple[str, ...]
    guess: tuple[float, float]
    text: str


PLAUSIBLE = {
    "gsr": Plausible("level", 1e-8, 1e-4, ("uS", "S"), (1e-8, 1e-4), "0.01 to 100 uS"),
    "temperature": Plausible("level", 15.0, 45.0, ("C", "F", "K"), (15.0, 45.0), "15 to 45 degC"),
    "ecg": Plausible("spread", 2e-5, 0.1, ("mV", "V", "uV"), (1e-4, 0.03), "0.02 to 100 mV"),
    "emg": Plausible("spread", 1e-7, 0.1, ("mV", "V", "uV"), (5e-6, 4e-3), "0.1 uV to 100 mV"),
}


def unit_of(text: str, kind: str) -> Unit | None:
    """Find the unit that a text means for a type of channel.

    Parameters
    ----------
    text : str
        Unit as a file or a person writes it.
    kind : str
        MNE type of the channel.

    Returns
    -------
    Unit | None
        None where the text is no unit of such a channel.

    Examples
    --------
    >>> unit_of("℃", "temperature").si, unit_of(" [µS] ", "gsr").scale
    ('C', 1e-06)
    """
    written = normalized(text)
    expected = SI_BY_TYPE.get(kind, "V")
    for pattern, unit in UNITS:
        if unit.si == expected and pattern.fullmatch(written):
            return unit
    return None


def normalized(text: str) -> str:
    """Unit without brackets, padding and the ligatures of other alphabets.

    Parameters
    ----------
    text : str
        As written.

    Returns
    -------
    str
    """
    plain = text.replace("º", "°").replace("˚", "°").replace("Â", "")
    return unicodedata.normalize("NFKC", plain).strip().strip("[](){}'\"").strip()


def is_unit(text: str) -> bool:
    """Whether a text is a unit, of whatever channel.

    Parameters
    ----------
    text : str
        Such as a field of a table's second line.

    Returns
    -------
    bool
    """
    written = normalized(text)
    known = any(pattern.fullmatch(written) for pattern, _ in UNITS)
    return known or WITHOUT_SI.fullmatch(written) is not None


def settle_unit(label: str, unit: str, kind: str, values: np.ndarray) -> str:
    """Unit of a channel: as stated, or by the size of its samples where nothing is stated.

    Parameters
    ----------
    label, unit : str
        As the file states them.
    kind : str
        MNE type of the channel.
    values : array, shape (n_samples,)
        Samples in the file's unit.

    Returns
    -------
    str
        The unit, with a warning where it was guessed; as stated, with a warning where the samples
        cannot have it.
    """
    plausible = PLAUSIBLE.get(kind)
    if plausible is None:
        return unit
    sample = _sample(values)
    if normalized(unit).lower() in NO_UNITS:
        guesses = [name for name in plausible.units if _fits(name, kind, sample, plausible.guess)]
        if len(guesses) != 1:
            return unit
        warnings.warn(
            f"Channel {label!r}: no unit; taken for {guesses[0]} by the size of its samples "
            f"({_found(sample, plausible)}; {kind}: {plausible.text}). If that is wrong, give the "
            f"unit: units={{{label!r}: ...}}.",
            stacklevel=4,
        )
        return guesses[0]
    if unit_of(unit, kind) is not None and not _fits(
        unit, kind, sample, (plausible.low, plausible.high)
    ):
        warnings.warn(
            f"Channel {label!r}: implausible for {kind}: {_found(sample, plausible)} in {unit!r}, "
            f"expected {plausible.text}. If the unit is wrong, give the right one: "
            f"units={{{label!r}: ...}}; if the sensor was off, nothing can be derived from it.",
            stacklevel=4,
        )
    return unit


def _sample(values: np.ndarray) -> np.ndarray:
    """Some of the known samples; zeros are those of a sensor that is off."""
    some = values[:: max(values.size // MAX_LOOKED_AT, 1)]
    return some[np.isfinite(some) & (some != 0)]


def _fits(name: str, kind: str, sample: np.ndarray, limits: tuple[float, float]) -> bool:
    """Whether samples have a possible size in a unit; without any, every unit fits."""
    unit = unit_of(name, kind)
    if unit is None or sample.size < 2 or np.ptp(sample) == 0:
        return True
    size = _size(unit.to_si(sample), PLAUSIBLE[kind].measure)
    return limits[0] <= size <= limits[1]


def _size(values: np.ndarray, measure: str) -> float:
    """Level or spread of samples."""
    if measure == "level":
        return float(np.nanmedian(values))
    low, high = np.nanpercentile(values, [1, 99])
    return float(high - low)


def _found(sample: np.ndarray, plausible: Plausible) -> str:
    """Size of the samples in words."""
    word = "median" if plausible.measure == "level" else "spread"
    return f"{word} {_size(sample, plausible.measure):.4g}" if sample.size else "no samples"


def unit_in(label: str) -> str:
    """Unit that stands within a label: in brackets at its end, or behind its last underscore.

    Parameters
    ----------
    label : str
        Name of a column.

    Returns
    -------
    str
        Empty where there is none.

    Examples
    --------
    >>> unit_in("EDA [uS]"), unit_in("skt_degC"), unit_in("EMG_A"), unit_in("EDA (0 - 35 Hz)")
    ('uS', 'degC', '', '')
    """
    found = re.search(r"[\[(]([^\[\]()]*)[\])]\s*$", label) or re.search(
        r"[_ /]([^_ /]{2,})$", label
    )
    return found[1].strip() if found and is_unit(found[1]) else ""


def units_in(labels: Sequence[str]) -> tuple[str, ...]:
    """Unit that stands within each label.

    Parameters
    ----------
    labels : sequence of str
        Names of columns.

    Returns
    -------
    tuple of str
    """
    return tuple(unit_in(label) for label in labels)
