"""What a peripheral channel is: name, MNE type and unit, from its label."""

import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmme_neuro.errors import BadInput
from mmme_neuro.io.physio_units import SI_BY_TYPE, normalized, unit_of

DERIVED = re.compile(r"\b(rate|bpm|filtered|differentiated|integrated|smoothed|derived)\b", re.I)
"""Signals AcqKnowledge computed from another channel; they keep their label."""

DIGITAL = re.compile(r"STP\s*Input\s*(\d+)|^\s*Digital\D*(\d+)", re.I)

SKIN = re.compile(r"\s*skin[\s_.-]*(?:(temp)|(cond|resis))", re.I)

_PLUG = r"(?:(?:CH(?:annel)?|A|AI)?[ _]?\d+\s*[-:.)_ ]\s*|Biopac[ _-]+)?"
"""What stands before the signal: the amplifier's input."""

NAME_BY_WORD = {
    **dict.fromkeys(("ECG", "EKG"), "ECG"),
    **dict.fromkeys(("PPG", "BVP", "PULSE", "PLETH", "PLETHYSMOGRAM"), "PPG"),
    **dict.fromkeys(("PHOTOPLETHYSMOGRAM", "PHOTOPLETHYSMOGRAPHY", "PULS"), "PPG"),
    **dict.fromkeys(("RSP", "RESP", "RESPIRATION", "RESPIRATORY", "BREATHING", "ATMUNG"), "RSP"),
    **dict.fromkeys(("BREATH", "THORAX", "THORACIC"), "RSP"),
    **dict.fromkeys(("EDA", "GSR", "SCR", "SCL", "ELECTRODERMAL", "GALVANIC"), "EDA"),
    **dict.fromkeys(("SKT", "TEMP", "TEMPERATURE", "TEMPERATUR"), "SKT"),
    **dict.fromkeys(("EMG", "ZYGOMATICUS", "CORRUGATOR"), "EMG"),
}
"""Name of a signal by the first word of its label, upper case."""

TYPE_BY_NAME = {
    "ECG": "ecg",
    "PPG": "bio",
    "RSP": "resp",
    "EDA": "gsr",
    "SKT": "temperature",
    "EMG": "emg",
}
EXAMPLE_BY_TYPE = {"ecg": "mV", "emg": "mV", "gsr": "uS", "temperature": "degC"}
NAME_BY_TYPE = {kind: name for name, kind in TYPE_BY_NAME.items()}
TYPES = (*NAME_BY_TYPE, "stim", "misc")


@dataclass(frozen=True)
class PhysioChannel:
    """Name and MNE type of a channel, and ``SI value = scale * value + offset``.

    Where ``is_inverse`` (a skin resistance), ``SI value = scale / value``.
    """

    label: str
    unit: str
    name: str
    kind: str
    scale: float
    offset: float
    is_inverse: bool = False


def is_digital(label: str) -> bool:
    """Whether a label is that of a digital trigger line."""
    return DIGITAL.search(label) is not None


def describe_channels(
    labels: Sequence[str], units: Sequence[str], *, channel_types: Mapping[str, str] | None = None
) -> tuple[PhysioChannel, ...]:
    """Settle name, type and unit of each channel.

    Parameters
    ----------
    labels, units : sequence of str
        As the file states them.
    channel_types : mapping of str to str | None
        Label -> ``ecg``, ``bio`` (PPG), ``resp``, ``gsr`` (EDA), ``temperature``, ``emg``,
        ``stim`` or ``misc``; decides where given.

    Returns
    -------
    tuple of PhysioChannel
        Signals are named ``ECG PPG RSP EDA SKT EMG``, with the label's own letter or, where
        several bear one name, a running one (``SKT_A``, ``SKT_B``); digital lines ``D0`` to
        ``D7``; others keep their label and become ``misc``.

    Examples
    --------
    >>> [channel.name for channel in describe_channels(["SKT A, X, SKT2-R"], ["Deg. C"])]
    ['SKT_A']
    """
    _check_overrides(labels, channel_types or {})
    named = [name_and_type(label, (channel_types or {}).get(label)) for label in labels]
    names = _made_unique([name for name, _ in named])
    return tuple(
        PhysioChannel(label, unit, name, kind, *_to_si(label, unit, kind))
        for label, unit, name, (_, kind) in zip(labels, units, names, named, strict=True)
    )


def _check_overrides(labels: Sequence[str], channel_types: Mapping[str, str]) -> None:
    """Refuse labels the file does not have and types MNE does not have."""
    unknown = [label for label in channel_types if label not in labels]
    if unknown:
        raise BadInput(
            f"channel_types must name channels of the file, {unknown} not among {list(labels)}; "
            "write the labels as in the file."
        )
    wrong = {label: kind for label, kind in channel_types.items() if kind not in TYPES}
    if wrong:
        raise BadInput(f"channel_types must be among {list(TYPES)}, got {wrong}.")


def name_and_type(label: str, override: str | None = None) -> tuple[str, str]:
    """Name and MNE type by label, unless the type is given.

    Parameters
    ----------
    label : str
        As in the file.
    override : str | None
        Given type.

    Returns
    -------
    name, kind : str
    """
    digital = DIGITAL.search(label)
    if override in ("stim", "misc") and not digital:
        return label, override
    if override and override not in ("stim", "misc"):
        return NAME_BY_TYPE[override], override
    if digital:
        return f"D{digital[1] or digital[2]}", override or "stim"
    found = re.match(rf"\s*{_PLUG}([A-Za-z]+)[ _]?([A-D]\b)?", label)
    word, letter = found.groups() if found else ("", None)
    skin = SKIN.match(label)
    name = ("SKT" if skin[1] else "EDA") if skin else NAME_BY_WORD.get(word.upper())
    if name is None or DERIVED.search(label):
        return label, "misc"
    return (f"{name}_{letter}" if letter else name), TYPE_BY_NAME[name]


def _made_unique(names: Sequence[str]) -> list[str]:
    """Names with a running letter where several channels bear the same."""
    count = Counter(names)
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        unique.append(f"{name}_{chr(ord('A') + seen[name])}" if count[name] > 1 else name)
        seen[name] += 1
    return unique


def _to_si(label: str, unit: str, kind: str) -> tuple[float, float, bool]:
    """Factor, offset and direction to SI; 1, 0 and False for other units.

    With a warning where it matters.
    """
    if kind in ("stim", "misc"):
        return 1.0, 0.0, False
    known = unit_of(unit, kind)
    if known is not None:
        return known.scale, known.offset, known.is_inverse
    if kind in SI_BY_TYPE:
        given = f"unit {unit!r} is not a unit of {kind} ({SI_BY_TYPE[kind]})"
        warnings.warn(
            f"Channel {label!r}: {given if normalized(unit) else given + ', none is stated'}; "
            "values are kept as in the file, so amplitudes have no known unit. Give the unit with "
            f"`units`, such as units={{{label!r}: {EXAMPLE_BY_TYPE[kind]!r}}}, or correct it in "
            "the file.",
            stacklevel=4,
        )
    return 1.0, 0.0, False
