"""What a channel's label says: its type, by name and unit, and its electrode."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

import mne

from mmme_neuro.io.channels.voltages import is_blank, volts_per_unit

NEAREST_10_05 = {"CB1": "PO9", "CB2": "PO10", "VREF": "CZ"}
"""Stand-ins for electrodes that no 10-05 template has: Neuroscan's cerebellum, EGI's vertex."""

TYPE_BY_WORD = (
    (
        r"[A-Z]{0,3}EOG.*|[HV]EO[LRUD]?|[LR]OC|[LRIS]O\d|IO[LR]?|SO[LR]"
        r"|VE[ULOA]|HE[LR]|[LRVH]{0,2}EYES?|(EYE)?LIDS?|AUGEN?",
        "eog",
    ),
    (r"[A-Z]?E[CK]G.*|LEADI{1,3}|AV[RLF]", "ecg"),
    (
        r"[A-Z]*EMG.*|ZYG.*|CORR(UG.*)?|MASSET.*|ORBIC.*|FRONTALIS|MENT(ALIS|UM)|CHIN[LRZ]?|SUBMENT.*"
        r"|[LR]?LEGS?|[LR]?TIB.*|[LR]AT|PLM[LR]?|TRAPEZ.*",
        "emg",
    ),
    (
        r"RESP.*|RSP|THO(R.*)?|ABD(O.*)?|CHEST|BELT|BREATH.*|(AIR)?FLOW|NASAL|NASO.*|CANNULA"
        r"|THERM(ISTOR|OCOUPLE)?|PNEUMO.*|EFFORT",
        "resp",
    ),
    (r"EDA.*|GSR.*|SCR|SCL|GALVANIC|SKINCOND.*|ELECTRODERMAL", "gsr"),
    (r"TEMP(ERATURE)?|SKT|(SKIN|BODY)TEMP.*", "temperature"),
    (r"PPG.*|PLETH?.*|PULSE?|BVP|S[AP]O|OS[AP]T|OXY.*", "bio"),
    (r"TRIG.*|STI|STIM.*|STATUS|EVENTS?|MARKERS?|MKR|MRK|TTL|DIN", "stim"),
    (
        r"ACC(EL.*)?[XYZ]?|[XYZ]ACC|[XYZ]DIR|GYRO?[XYZ]?|DC|AUX|PHOTO.*|PHOTIC|LIGHT|LUX|SOUND"
        r"|AUDIO|MIC(ROPHONE)?|SNOR.*|POSITION|BODYPOS.*|BUTTON.*|KEY(BOARD)?|JOYSTICK|BAT(TERY)?"
        r"|COUNTER|SAMPLE|TIMESTAMP|TIME|E?T?CO|BP|PRES(S.*)?|HR|PR|IBI|BURSTS?|SUPPR|PTT|GAZE.*"
        r"|EYE(LINK|TRACK|GAZE).*|[LR]?PUPIL.*|HEART.*|RATE|DIODE|POS|ERGO?|IMP(EDANCE)?|GROUND|GND|CQ|BEAT|ANALOG|EXTERNAL",
        "misc",
    ),
)
"""Words of a label, as patterns of whole words in upper case -> MNE type; the first that fits."""

TYPE_BY_UNIT = (
    (r"(deg(rees?)?\.?|°|º|o)?\s?(c(elsius)?|f(ahrenheit)?)|℃|℉", "temperature"),
    (r"(micro|milli|nano|[mnuµμ])?\s?(s(iemens?)?|mhos?)", "gsr"),
)
"""Units that tell the type of a channel whose name tells nothing; other units make it ``misc``."""

REFERENCES = re.compile(
    r"\(?(REF\w*|VREF|LE|RE|AR|AVG?|AVERAGE|CAR|AA|[AM][12]|[AM]1?2|[AM]1\+?[AM]2"
    r"|\([AM]1\+[AM]2\)/2|[LB]?EARS?|LINKED\w*|LM|GND|G\d?|ORG|COM|CMS|NOSE|X|[AM]\d?/?[AM]\d?|\d+)\)?"
)
"""What stands behind the electrode in ``Fp1-Ref`` and is no partner of a bipolar derivation."""

FORMER_NAMES = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
"""Electrodes that have two names."""

CAPS_WITH_10_20_NAMES = ("biosemi16", "biosemi32", "biosemi64")
BIOSEMI_BANK = 32
FEWEST_OF_A_CAP = 0.75
"""Share of a cap's own labels (BioSemi's A1 .., EGI's E1 ..) that must be there to know it by."""

FEWEST_WITH_ONE_PARTNER = 3
"""So many pairs with one partner are derivations from a common reference, fewer are bipolar."""

_PREFIX = re.compile(r"(EEG|POL|CH)[\s:_-]+(?=\S)")


def channel_types(
    ch_names: Sequence[str], units: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Tell the MNE type of each channel by its name and unit; EEG unless these say otherwise.

    Parameters
    ----------
    ch_names : sequence of str
        Channel names, in any case, with or without a type in front (``EEG F3-Ref``, ``EKG II``).
    units : mapping of str to str | None
        Unit of channels as the file has it, where it has one.

    Returns
    -------
    dict of str to str
        Name as given -> ``eeg, eog, ecg, emg, resp, gsr, temperature, bio`` (pulse, oxygen),
        ``stim``, or ``misc`` (accelerometer, photodiode, auxiliary inputs). A name of the 10-20
        system is EEG whatever its unit.

    Examples
    --------
    >>> channel_types(["FZ", "HEO", "EKG", "Trigger", "VEOGo", "acc1"])
    {'FZ': 'eeg', 'HEO': 'eog', 'EKG': 'ecg', 'Trigger': 'stim', 'VEOGo': 'eog', 'acc1': 'misc'}
    >>> channel_types(["X1", "Tp9"], {"X1": "°C", "Tp9": "uV"})
    {'X1': 'temperature', 'Tp9': 'eeg'}
    """
    electrodes = electrodes_of(ch_names)
    units = units or {}
    return {
        name: "eeg"
        if electrodes[name] is not None
        else _by_words(name) or _by_unit(units.get(name, ""))
        for name in ch_names
    }


def _by_words(name: str) -> str:
    """Type by the words of a name; empty where none tells."""
    upper = _plain(name)
    if re.match(r"E[12]\s*-\s*[AM]\d", upper):
        return "eog"  # the eyes of a polysomnography
    words = re.findall(r"[A-Z]+\d*", upper)
    for word in ("".join(words), *words):
        for pattern, kind in TYPE_BY_WORD:
            if re.fullmatch(pattern, word) or re.fullmatch(pattern, word.rstrip("0123456789")):
                return kind
    return ""


def _by_unit(unit: str) -> str:
    """Type of a channel whose name tells nothing."""
    if is_blank(unit) or volts_per_unit(unit) is not None:
        return "eeg"
    text = unit.strip().strip("[]()").lower()
    return next((kind for pattern, kind in TYPE_BY_UNIT if re.fullmatch(pattern, text)), "misc")


def electrode_of(label: str, *, partner: str = "") -> str | None:
    """Name of the 10-05 electrode that a label means, in upper case; None where it means none.

    Parameters
    ----------
    label : str
        Such as ``EEG F3-Ref``, ``Fp1.``, ``FP1-M2``, ``C3A2``, ``cz``.
    partner : str
        Electrode that is taken for the common reference (upper case), so that ``F3-CZ`` is F3.
        Other pairs are bipolar and have no one place.

    Returns
    -------
    str | None

    Examples
    --------
    >>> [electrode_of(label) for label in ("EEG F3-Ref", "Fp1.", "C3A2", "Fz-Cz", "EEG 001")]
    ['F3', 'FP1', 'C3', None, None]
    """
    known = _electrodes()
    text = _plain(label)
    text = _PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text
    if text not in known and text.startswith("EEG") and text[3:] in known:
        text = text[3:]
    text = re.sub(r"[.\s]+$", "", text)
    if text in known:
        return text
    if joined := re.fullmatch(r"([A-Z]+\d{1,2}H?|[A-Z]+Z)[AM][12]", text):
        return joined[1] if joined[1] in known else None
    first, *rest = re.split(r"\s*[-–—:_/]\s*|\s+", text, maxsplit=1)
    first = first.rstrip(".")
    if first not in known or not rest:
        return None
    rest_text = rest[0].replace(" ", "").rstrip(".")
    is_reference = REFERENCES.fullmatch(rest_text) is not None or rest_text == partner
    return first if is_reference else None


def electrodes_of(ch_names: Sequence[str]) -> dict[str, str | None]:
    """Electrode that each label means; None for what is no electrode of the 10-05 system.

    Parameters
    ----------
    ch_names : sequence of str
        All channels of a recording, as some labels are understood only beside the others:
        ``F3-CZ`` where all have the same partner, and ``A1 .. B32`` of BioSemi's caps, in which
        A1 is no ear. ``cap_of`` tells which caps have positions of their own.

    Returns
    -------
    dict of str to str | None

    Examples
    --------
    >>> electrodes_of(["F3-CZ", "F4-CZ", "PZ-CZ", "EKG"])
    {'F3-CZ': 'F3', 'F4-CZ': 'F4', 'PZ-CZ': 'PZ', 'EKG': None}
    """
    return dict(_electrodes_of(tuple(ch_names)))


@lru_cache(maxsize=16)
def _electrodes_of(ch_names: tuple[str, ...]) -> dict[str, str | None]:
    """The same, kept: types, positions and regions all ask."""
    if (cap := cap_of(ch_names)) is not None:
        return {name: cap[1].get(name) or electrode_of(name) for name in ch_names}
    known = _electrodes()
    numbered = _numbered(ch_names)
    n_known = sum(f"{bank}{number}" in known for bank, number in numbered.values())
    if _is_beyond_10_20(numbered) and n_known < len(numbered) / 2:
        # Banks of contacts or of an unknown cap: its C3 is no C3.
        return {name: None if name in numbered else electrode_of(name) for name in ch_names}
    pairs = [re.split(r"\s*-\s*", _PREFIX.sub("", _plain(name), count=1)) for name in ch_names]
    partners = {pair[1] for pair in pairs if len(pair) == 2 and pair[0] in known}
    n_pairs = sum(len(pair) == 2 and pair[0] in known for pair in pairs)
    is_common = n_pairs >= FEWEST_WITH_ONE_PARTNER and len(partners) == 1 and partners <= known
    partner = partners.pop() if is_common else ""
    return {name: electrode_of(name, partner=partner) for name in ch_names}


def channels_by_electrode(ch_names: Sequence[str]) -> dict[str, str]:
    """Channel of every 10-20 electrode that a recording has, whatever its label.

    Parameters
    ----------
    ch_names : sequence of str
        All channels of a recording.

    Returns
    -------
    dict of str to str
        Electrode in upper case, under its present and its former name -> channel. Numbered
        electrodes of large caps are none of the 10-20 system: C3 of BioSemi's 128 is no C3.

    Examples
    --------
    >>> channels_by_electrode(["EEG F3-Ref", "T3"])
    {'F3': 'EEG F3-Ref', 'T3': 'T3', 'T7': 'T3'}
    """
    cap = cap_of(ch_names)
    numbered = cap[1] if cap is not None and cap[0] not in CAPS_WITH_10_20_NAMES else {}
    found: dict[str, str] = {}
    for name, electrode in electrodes_of(ch_names).items():
        if electrode is not None and name not in numbered:
            is_exact = name.upper() == electrode.upper()
            if is_exact or electrode.upper() not in found:
                found[electrode.upper()] = name
    for former, present in FORMER_NAMES.items():
        for one, other in ((former, present), (present, former)):
            if one in found:
                found.setdefault(other, found[one])
    return found


def cap_of(ch_names: Sequence[str]) -> tuple[str, dict[str, str]] | None:
    """Cap whose electrodes are numbered, told by the labels: BioSemi's A1 .. H32 or EGI's E1 .. .

    Parameters
    ----------
    ch_names : sequence of str
        All channels of a recording.

    Returns
    -------
    tuple of str and dict | None
        Name of MNE's montage, and label as given -> name of the electrode in it. None where fewer
        than three quarters of a cap's labels are there.

    Examples
    --------
    >>> cap_of([f"{bank}{k}" for bank in "ABCD" for k in range(1, 33)])[0]
    'biosemi128'
    """
    numbered = _numbered(ch_names)
    if not numbered:
        return None
    return _egi_cap(numbered) if _are_all_e(numbered) else _biosemi_cap(numbered)


def _numbered(ch_names: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Labels of one letter from A to I and a number -> both."""
    plain = {name: _PREFIX.sub("", _plain(name), count=1) for name in ch_names}
    plain = {name: re.split(r"-", text)[0].rstrip(". ") for name, text in plain.items()}
    return {
        name: (match[1], int(match[2]))
        for name, text in plain.items()
        if (match := re.fullmatch(r"([A-I])0{0,2}([1-9]\d{0,2})", text))
    }


def _is_beyond_10_20(numbered: Mapping[str, tuple[str, int]]) -> bool:
    """Whether some label cannot be of the 10-20 system, which has neither A3 nor a B."""
    return any(bank in "BDG" or (bank == "A" and number > 2) for bank, number in numbered.values())


def _are_all_e(numbered: Mapping[str, tuple[str, int]]) -> bool:
    """Whether the numbered labels are EGI's: more E's than one of BioSemi's banks could have."""
    counts = Counter(bank for bank, _ in numbered.values())
    return counts["E"] > 0 and counts["B"] == counts["D"] == counts["G"] == 0


def _egi_cap(numbered: Mapping[str, tuple[str, int]]) -> tuple[str, dict[str, str]] | None:
    """Geodesic net with the fewest electrodes that has all labels."""
    labels = {name: number for name, (bank, number) in numbered.items() if bank == "E"}
    montages = {32: "32", 64: "65_1.0", 128: "129", 256: "257"}
    size = next((n for n in montages if max(labels.values()) <= n + 1), None)
    if size is None or len(labels) < FEWEST_OF_A_CAP * size:
        return None
    vertex = {name: "Cz" for name, number in labels.items() if number == size + 1}
    found = {name: f"E{number}" for name, number in labels.items()} | vertex
    return f"GSN-HydroCel-{montages[size]}", found


def _biosemi_cap(numbered: Mapping[str, tuple[str, int]]) -> tuple[str, dict[str, str]] | None:
    """Cap of BioSemi whose banks and numbers fit."""
    labels = {(bank, number) for bank, number in numbered.values()}
    largest = max(number for _, number in labels)
    last = max(bank for bank, _ in labels)
    n_banks = {"A": 1, "B": 2, "C": 4, "D": 4, "E": 5, "F": 8, "G": 8, "H": 8}.get(last)
    if n_banks is None or largest > BIOSEMI_BANK or not _is_beyond_10_20(numbered):
        return None
    size = 16 if n_banks == 1 and largest <= 16 else n_banks * BIOSEMI_BANK
    if len(labels) < FEWEST_OF_A_CAP * size:
        return None
    name = f"biosemi{size}"
    own = mne.channels.make_standard_montage(name).ch_names
    order = {label: (ord(label[0]) - ord("A")) * BIOSEMI_BANK + label[1] - 1 for label in labels}
    # Caps of up to 64 electrodes bear 10-20 names in the order of the banks.
    return name, {
        label: own[order[place]] for label, place in numbered.items() if order[place] < len(own)
    }


@cache
def template_name() -> str:
    """MNE's name of its montage of the 10-05 system: the present or the former one."""
    # MNE 1.13 renamed standard_1005 and takes the old name away in 1.14.
    names = mne.channels.get_builtin_montages()
    return "colin27_1005" if "colin27_1005" in names else "standard_1005"


@cache
def _electrodes() -> frozenset[str]:
    """Names of the 10-05 system and their stand-ins, upper case."""
    montage = mne.channels.make_standard_montage(template_name())
    known = {name.upper() for name in montage.ch_names}
    return frozenset(known | set(NEAREST_10_05))


def _plain(name: str) -> str:
    """A label in upper case, without marks around it."""
    return unicodedata.normalize("NFKC", name).upper().strip(" '\"\t")
