"""How names, units and numbers of result tables are written for readers."""

import math
import re

MINUS = "\N{MINUS SIGN}"

UNIT_TEXTS = {
    "uV": "µV",
    "uV^2": "µV²",
    "uS": "µS",
    "bpm": "beats/min",
    "deg C": "°C",
    "1": "",
}
"""Units of the tables that are written otherwise in print."""

RESPONSE_NAMES = {
    "premotor": "Premotor potential",
    "late_positivity": "Late positivity",
    "alpha_power": "Alpha power",
    "scr_us": "Skin conductance response",
    "heart_rate_bpm": "Heart rate",
    "pulse_rate_bpm": "Pulse rate",
    "pulse_amplitude_v": "Pulse amplitude",
    "pulse_amplitude_relative": "Relative pulse amplitude",
    "rsp_rate_bpm": "Breathing rate",
    "rsp_amplitude": "Breathing amplitude",
    "skt_celsius": "Skin temperature",
    "scr": "Skin conductance response",
    "scr_late": "Skin conductance, late",
    "heart_rate": "Heart rate",
    "heart_rate_early": "Heart rate, early",
    "temperature": "Skin temperature",
    "theta_power": "Theta power",
    "beta_power": "Beta power",
    "gamma_power": "Gamma power",
    "log_duration": "Duration (log)",
    "log_rise": "Rise (log)",
    "n_action_units": "Number of action units",
    "upper_share": "Upper-face share",
    "late_positivity_peak_latency": "Late positivity, peak latency",
    "late_positivity_area_latency": "Late positivity, area latency",
}

CHANNEL_NAMES = {
    "eda": "Skin conductance",
    "eda_phasic": "Skin conductance, phasic",
    "eda_tonic": "Skin conductance, tonic",
    "heart_rate": "Heart rate",
    "pulse_amplitude": "Pulse amplitude",
    "rsp_rate": "Breathing rate",
    "rsp_amplitude": "Breathing amplitude",
    "skt": "Skin temperature",
    "skt_slope": "Skin temperature, slope",
    "skt_b": "Skin temperature, B",
    "emg_a": "Facial EMG, A",
    "emg_b": "Facial EMG, B",
}

MEASURE_NAMES = {
    "mean": "mean amplitude",
    "peak": "peak amplitude",
    "peak_latency": "peak latency",
    "area_latency": "fractional area latency",
    "onset_latency": "onset latency",
}

P_FLOOR = 0.001
"""Smaller p values are written as smaller than this."""


def unit_text(unit: str) -> str:
    """Write a unit as in print.

    Parameters
    ----------
    unit : str
        As in a table.

    Returns
    -------
    str

    Examples
    --------
    >>> unit_text("uV^2")
    'µV²'
    """
    return UNIT_TEXTS.get(unit, unit)


def response_name(response: str) -> str:
    """Name a response as in print.

    Parameters
    ----------
    response : str
        Column of a single-event table.

    Returns
    -------
    str

    Examples
    --------
    >>> response_name("scr_us")
    'Skin conductance response'
    """
    plain = response.replace("_", " ")
    return RESPONSE_NAMES.get(response, plain[:1].upper() + plain[1:])


def channel_name(channel: str) -> str:
    """Name a derived physiological channel as in print.

    Examples
    --------
    >>> channel_name("rsp_rate")
    'Breathing rate'
    """
    return CHANNEL_NAMES.get(channel, response_name(channel))


def measure_name(measure: str) -> str:
    """Write a measure of a component as in print.

    Examples
    --------
    >>> measure_name("area_latency")
    'fractional area latency'
    """
    return MEASURE_NAMES.get(measure, measure.replace("_", " "))


def network_name(measure: str) -> str:
    """Write a measure of a network as in print; names of electrode pairs stay.

    Examples
    --------
    >>> network_name("global_efficiency_area")
    'global efficiency, area over densities'
    """
    text = measure.replace("_area", ", area over densities")
    return text if "-" in text else text.replace("_", " ")


def quantity_text(quantity: str) -> str:
    """Write the name of a recovered quantity as in print.

    Parameters
    ----------
    quantity : str
        As in the recovery table.

    Returns
    -------
    str

    Examples
    --------
    >>> quantity_text("late_positivity spontaneous - posed")
    'Late positivity, spontaneous − posed'
    """
    text = re.sub(r" (\S+) - (\S+)", rf", \1 {MINUS} \2", quantity).replace("^2", "²")
    text = text.replace("scr,", "SCR,").replace("_", " ")
    return text if text[1:2].isupper() or text.startswith("wPLI") else text[:1].upper() + text[1:]


def number_text(value: float, *, digits: int = 3) -> str:
    """Write a number with a fixed number of significant digits.

    Parameters
    ----------
    value : float
        Any number; a missing one is written as a dash. Whole digits are never rounded away.
    digits : int
        Significant digits.

    Returns
    -------
    str

    Examples
    --------
    >>> number_text(-2.8057), number_text(0.0123456), number_text(44749.7)
    ('−2.81', '0.0123', '44750')
    """
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if -4 <= exponent:
        return with_minus(f"{value:.{max(digits - 1 - exponent, 0)}f}")
    return _power_text(value, digits)


def fixed_text(value: float, decimals: int) -> str:
    """Write a number with fixed decimals and a typographic minus.

    Parameters
    ----------
    value : float
        Any number; a missing one is written as a dash.
    decimals : int
        Digits after the point; beyond five the number is written with a power of ten.

    Returns
    -------
    str
        E.g. ``"−0.012"`` or ``"1.2×10⁻⁵"``.

    Examples
    --------
    >>> fixed_text(0.98765, 2), fixed_text(1.2e-6, 7)
    ('0.99', '1.2×10⁻⁶')
    """
    if not math.isfinite(value):
        return "–"
    if decimals <= 5 or value == 0:
        return with_minus(f"{value:.{min(decimals, 5)}f}")
    return _power_text(value, 2)


def value_text(value: float, decimals: int) -> str:
    """Write a number of a result's one-line representation.

    Parameters
    ----------
    value : float
        Any number.
    decimals : int
        Digits after the point.

    Returns
    -------
    str
        In words where there is no number, so that nobody takes "nan" for one.

    Examples
    --------
    >>> value_text(0.98765, 2), value_text(float("nan"), 2)
    ('0.99', 'not estimable')
    """
    return f"{value:.{decimals}f}" if math.isfinite(value) else "not estimable"


def with_minus(text: str) -> str:
    """Write hyphens before numbers as typographic minus signs.

    Parameters
    ----------
    text : str
        Numbers without words.

    Returns
    -------
    str

    Examples
    --------
    >>> with_minus("-0.5")
    '−0.5'
    """
    return text.replace("-", MINUS)


def _power_text(value: float, digits: int) -> str:
    """A number with a power of ten."""
    exponent = math.floor(math.log10(abs(value)))
    raised = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return with_minus(f"{value / 10.0**exponent:.{digits - 1}f}") + f"×10{raised}"


def p_text(p_value: float) -> str:
    """Write a p value as journals do.

    Parameters
    ----------
    p_value : float
        Between 0 and 1; a missing one is written as a dash.

    Returns
    -------
    str

    Examples
    --------
    >>> p_text(0.0007), p_text(0.0123), p_text(0.55)
    ('< .001', '.012', '.55')
    """
    if not math.isfinite(p_value):
        return "–"
    if p_value < P_FLOOR:
        return f"< {P_FLOOR:.3f}".replace("0.", ".")
    text = f"{p_value:.3f}" if p_value < 0.1 else f"{p_value:.2f}"
    return text.removeprefix("0")


def interval_decimals(low: float, high: float) -> int:
    """Choose the decimals of an estimate from its interval.

    Parameters
    ----------
    low, high : float
        Ends of the interval.

    Returns
    -------
    int
        Decimals that leave half the width two digits, or three where the first is a 1 or 2.

    Examples
    --------
    >>> interval_decimals(-4.09, -1.52), interval_decimals(-11.9, -3.6)
    (2, 1)
    """
    half = abs(high - low) / 2
    if not math.isfinite(half) or half == 0:
        return 3
    exponent = math.floor(math.log10(half))
    is_small = half / 10.0**exponent < 3
    return min(max((2 if is_small else 1) - exponent, 0), 12)


def interval_text(low: float, high: float) -> str:
    """Write an interval.

    Parameters
    ----------
    low, high : float
        Its ends; a missing interval is written as a dash.

    Returns
    -------
    str

    Examples
    --------
    >>> interval_text(-0.0082, 0.2917)
    '[−0.008, 0.292]'
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return "–"
    decimals = interval_decimals(low, high)
    return with_minus(f"[{low:.{decimals}f}, {high:.{decimals}f}]")


def estimate_text(estimate: float, low: float, high: float) -> str:
    """Write an estimate with as many decimals as its interval has.

    Parameters
    ----------
    estimate, low, high : float
        Value and ends of its interval; without interval, three significant digits.

    Returns
    -------
    str

    Examples
    --------
    >>> estimate_text(-7.7344, -11.88, -3.59)
    '−7.7'
    """
    if not all(math.isfinite(value) for value in (estimate, low, high)):
        return number_text(estimate)
    # Adding zero turns a rounded −0.0 into 0.0.
    rounded = round(estimate, interval_decimals(low, high)) + 0.0
    return with_minus(f"{rounded:.{interval_decimals(low, high)}f}")


def p_relation(p_value: float) -> str:
    """Write a p value with its relation.

    Parameters
    ----------
    p_value : float
        Between 0 and 1.

    Returns
    -------
    str

    Examples
    --------
    >>> p_relation(0.0001), p_relation(0.2), p_relation(float("nan"))
    ('p < .001', 'p = .20', 'no p value')
    """
    if not math.isfinite(p_value):
        return "no p value"
    text = p_text(p_value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"
