"""Wilkinson formulas with random terms as in lme4: ``y ~ a * b + (1 + a | g)``."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mmme_neuro.errors import BadFormula

WORD = r"[\w.\u0300-\u036f]"
"""A character of a bare name: a letter of any script, combining accent, digit, _ or dot."""

PLAIN = re.compile(rf"[^\W\d]{WORD}*")
RESERVED = {"True", "False", "None"}
"""Names that mean something else in arithmetic."""


@dataclass(frozen=True)
class RandomTerm:
    """One random term: columns that vary over the levels of a grouping factor.

    Parameters
    ----------
    expression : str
        Left of the bar, for example ``"1 + condition"``.
    groups : tuple of str
        Columns whose combination defines the groups, for example ``("participant",)``.
    correlated : bool
        Whether covariances between the columns are estimated (``|``) or zero (``||``).
    """

    expression: str
    groups: tuple[str, ...]
    correlated: bool = True

    @property
    def group(self) -> str:
        """Name of the grouping factor, nested columns joined by a colon."""
        return ":".join(self.groups)

    def __str__(self) -> str:
        bar = "|" if self.correlated else "||"
        return f"({self.expression} {bar} {':'.join(map(quoted, self.groups))})"


@dataclass(frozen=True)
class Formula:
    """A parsed formula.

    Parameters
    ----------
    response : str or None
        Left of the tilde, an arithmetic expression; None for a one-sided formula.
    fixed : str
        The fixed part, as written, without offsets.
    random : tuple of RandomTerm
        Nested groups (``a/b``) are already expanded.
    offsets : tuple of str
        Arithmetic expressions in ``offset()``: parts of the response that are known.
    """

    response: str | None
    fixed: str
    random: tuple[RandomTerm, ...]
    offsets: tuple[str, ...] = ()

    def __str__(self) -> str:
        left = f"{self.response} ~ " if self.response else "~ "
        known = [f"offset({text})" for text in self.offsets]
        return left + " + ".join([self.fixed, *known, *map(str, self.random)])

    def with_random(self, random: tuple[RandomTerm, ...]) -> "Formula":
        """The same formula with other random terms."""
        return replace(self, random=random)


def parse_formula(text: str) -> Formula:
    """Split a formula into response, fixed part and random terms.

    Parameters
    ----------
    text : str
        Wilkinson notation; random terms ``(x | g)``, ``(x || g)``, ``(1 | a/b)``, ``(0 + x | g)``.
        Names with other characters than letters, digits, ``_`` and dots stand in backticks.
        Left of ``~`` stands an arithmetic expression, such as ``log(rt)`` or ``post - pre``;
        ``offset(z)`` is a term with the known coefficient 1.

    Returns
    -------
    Formula

    Notes
    -----
    ``||`` sets all covariances between the columns of a term to zero, those between the columns
    of a categorical predictor included (lme4 leaves these free).

    Examples
    --------
    >>> parse_formula("n400 ~ condition + (1 | participant/clip)").random[1].group
    'participant:clip'
    """
    sides = [text[start:stop] for start, stop in _split(text, "~")]
    if len(sides) > 2:
        raise BadFormula(f"formula {text!r}: expected one '~', found {len(sides) - 1}")
    response = sides[0].strip() or None if len(sides) == 2 else None
    if len(sides) == 2 and "|" in _outside_quotes(response or ""):
        raise BadFormula(f"formula {text!r}: random terms stand right of '~', found {response!r}")
    fixed, random, offsets = [], [], []
    for sign, piece in _signed_pieces(sides[-1], text):
        bar = _bar(piece)
        known = _offset(piece)
        if bar is None and known is None:
            fixed.append((sign, piece))
        elif sign == "-":
            kind = "an offset" if bar is None else "a random term"
            raise BadFormula(f"formula {text!r}: {kind} cannot be subtracted: {piece}")
        elif bar is None:
            offsets.append(known or "")
        else:
            random.extend(_random_terms(piece, bar, text))
    return Formula(response, _joined(fixed), tuple(random), tuple(offsets))


def _offset(piece: str) -> str | None:
    """What stands in the brackets of ``offset()``; None for another term."""
    found = re.fullmatch(r"offset\s*\((.*)\)", piece, re.DOTALL)
    if found is None:
        if re.search(r"\boffset\s*\(", _outside_quotes(piece)):
            raise BadFormula(f"offset() is a term of its own, not a part of another: {piece!r}")
        return None
    inner = found.group(1).strip()
    if not inner or not _is_balanced(inner):
        raise BadFormula(f"expected one expression in offset(), found {piece!r}")
    return inner


def _is_balanced(text: str) -> bool:
    """Whether no bracket closes before it was opened."""
    try:
        return len(_split(text, ",")) == 1
    except BadFormula:
        return False


def _joined(pieces: list[tuple[str, str]]) -> str:
    """Fixed pieces with their signs; an intercept alone where there are none."""
    joined = " ".join(f"{sign} {piece}" for sign, piece in pieces)
    return joined.removeprefix("+ ") or "1"


def _random_terms(piece: str, bar: tuple[int, int], text: str) -> list[RandomTerm]:
    """Random terms of one bracket, nested groups expanded."""
    expression, groups = piece[1 : bar[0]].strip(), piece[bar[1] : -1].strip()
    if not expression or not groups:
        raise BadFormula(f"formula {text!r}: expected (columns | group), found {piece}")
    nested = [groups[start:stop].strip() for start, stop in _split(groups, "/")]
    levels = [[part[a:b].strip() for a, b in _split(part, ":")] for part in nested]
    names = [tuple(_unquoted(name, text) for name in level) for level in levels]
    correlated = bar[1] - bar[0] == 1
    return [
        RandomTerm(expression, sum(names[: depth + 1], ()), correlated)
        for depth in range(len(names))
    ]


def _unquoted(name: str, text: str) -> str:
    """Column name without backticks; anything but a name is refused."""
    if name.startswith("`") and name.endswith("`") and len(name) > 2:
        return name[1:-1]
    if not re.fullmatch(rf"{WORD}+", name) or name.replace(".", "").isdigit():
        raise BadFormula(
            f"formula {text!r}: the group must be columns joined by ':' or '/', found {name!r}; "
            "put unusual names in backticks"
        )
    return name


def treatment_term(condition: str, levels: Sequence[str]) -> str:
    """Name of the fixed term that holds the second level minus the first.

    Parameters
    ----------
    condition : str
        Column of the conditions.
    levels : sequence of str
        The reference and the level that is compared with it; see `with_reference`.

    Returns
    -------
    str

    Examples
    --------
    >>> treatment_term("kind", ("posed", "spontaneous"))
    'kind[T.spontaneous]'
    """
    return f"{condition}[T.{levels[1]}]"


def factors_of(term: str) -> list[str]:
    """Factors of an interaction as it is written."""
    return [term[start:stop] for start, stop in _split(term, ":")]


def quoted(name: str) -> str:
    """Name of a column as formulas write it."""
    return name if PLAIN.fullmatch(name) and name not in RESERVED else f"`{name}`"


def _signed_pieces(text: str, formula: str) -> Iterator[tuple[str, str]]:
    """Top-level summands with their signs."""
    position, sign = 0, "+"
    for start, stop in _split(text, "+-"):
        if start > 0:
            sign = text[start - 1]
        piece = text[start:stop].strip()
        if piece:
            yield sign, piece
        elif position > 0 or stop == len(text):
            raise BadFormula(f"formula {formula!r}: a term is missing next to '{sign}'")
        position += 1


def _bar(piece: str) -> tuple[int, int] | None:
    """Start and end of the bar of a random term, None for a fixed term."""
    if not (piece.startswith("(") and piece.endswith(")")):
        if "|" in _outside_quotes(piece):
            raise BadFormula(f"random terms stand in brackets of their own, found {piece!r}")
        return None
    inner = [(start + 1, stop + 1) for start, stop in _split(piece[1:-1], "|")]
    if len(inner) == 1:
        return None
    if len(inner) == 2 or (len(inner) == 3 and inner[1][0] == inner[1][1]):
        return inner[0][1], inner[-1][0]
    raise BadFormula(f"expected one '|' or '||' in the random term, found {piece!r}")


def _outside_quotes(text: str) -> str:
    return re.sub(r"`[^`]*`|\"[^\"]*\"|'[^']*'", "", text)


def _split(text: str, separators: str) -> list[tuple[int, int]]:
    """Spans between separators that stand outside brackets, backticks and quotes."""
    spans, start, depth, quote = [], 0, 0, ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
            continue
        if character == "`" or (character in "\"'" and character in text[position + 1 :]):
            quote = character
            continue
        depth += (character in "([{") - (character in ")]}")
        if depth < 0:
            break
        if depth == 0 and character in separators:
            spans.append((start, position))
            start = position + 1
    if depth or quote:
        raise BadFormula(f"unbalanced brackets or backticks in {text!r}")
    return [*spans, (start, len(text))]
