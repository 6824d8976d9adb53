"""Wilkinson formulas with random terms as in lme4: ``y ~ a * b + (1 + a | g)``."""

import ast
import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import formulaic
import pandas as pd
from formulaic.errors import FormulaicError
from formulaic.parser.types import Factor

from mmme_neuro.errors import BadFormula, BadInput


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
        Left of the tilde; None for a one-sided formula.
    fixed : str
        The fixed part, as written.
    random : tuple of RandomTerm
        Nested groups (``a/b``) are already expanded.
    """

    response: str | None
    fixed: str
    random: tuple[RandomTerm, ...]

    def __str__(self) -> str:
        left = f"{self.response} ~ " if self.response else "~ "
        return left + " + ".join([self.fixed, *map(str, self.random)])

    def with_random(self, random: tuple[RandomTerm, ...]) -> "Formula":
        """The same formula with other random terms."""
        return replace(self, random=random)


def parse_formula(text: str) -> Formula:
    """Split a formula into response, fixed part and random terms.

    Parameters
    ----------
    text : str
        Wilkinson notation; random terms ``(x | g)``, ``(x || g)``, ``(1 | a/b)``, ``(0 + x | g)``.
        Names that are not identifiers stand in backticks.

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
    fixed, random = [], []
    for sign, piece in _signed_pieces(sides[-1], text):
        bar = _bar(piece)
        if bar is None:
            fixed.append((sign, piece))
        elif sign == "-":
            raise BadFormula(f"formula {text!r}: a random term cannot be subtracted: {piece}")
        else:
            random.extend(_random_terms(piece, bar, text))
    return Formula(response, _joined(fixed), tuple(random))


def variables_of(expression: str, formula: str) -> set[str]:
    """Names of the columns that an expression needs.

    Parameters
    ----------
    expression : str
        One side of a formula or a part of it, without random terms.
    formula : str
        The whole formula, for the message.

    Returns
    -------
    set of str

    Raises
    ------
    BadFormula
        When the expression cannot be parsed.
    """
    try:
        parsed = formulaic.Formula(expression)
        names = set(map(str, parsed.required_variables))
        # formulaic 1.2 finds no variables inside transforms that keep a state, as center(x).
        for factor in {factor for term in parsed for factor in term.factors}:
            if factor.eval_method is Factor.EvalMethod.PYTHON:
                names |= _names_in(factor.expr)
    except (FormulaicError, SyntaxError) as error:
        why = str(error).splitlines()[0]
        raise BadFormula(f"formula {formula!r}: cannot read {expression!r} ({why})") from error
    return names - {"np"}


def check_columns(names: Iterable[str], data: pd.DataFrame, formula: str) -> None:
    """Refuse names that are not columns of a table, or are columns twice.

    Parameters
    ----------
    names : iterable of str
        Columns that a formula needs.
    data : DataFrame
        The table.
    formula : str
        The formula, for the message.

    Raises
    ------
    BadFormula
        With the nearest name of a column.
    BadInput
        When a column is there several times.
    """
    columns = [str(column) for column in data.columns]
    for name in names:
        if columns.count(name) > 1:
            raise BadInput(f"column {name!r} is there {columns.count(name)} times; rename one")
        if name not in columns:
            near = difflib.get_close_matches(name, columns, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise BadFormula(
                f"formula {formula!r}: no column {name!r}; the columns are {columns}{hint}"
            )


def _names_in(expression: str) -> set[str]:
    """Columns in a Python expression: its names that are neither functions nor modules."""
    quoted = re.findall("`([^`]+)`", expression)
    tree = ast.parse(re.sub("`[^`]+`", "0", expression), mode="eval")
    apart = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call | ast.Attribute)
        for inner in ast.walk(node.func if isinstance(node, ast.Call) else node.value)
    }
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in apart}
    return names | set(quoted)


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
    if not name.isidentifier():
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


def quoted(name: str) -> str:
    """Name of a column as formulas write it."""
    return name if name.isidentifier() else f"`{name}`"


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
            raise BadFormula(f"formula {formula!r}: a term is missing beside '{sign}'")
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
    return "".join(text.split("`")[::2])


def _split(text: str, separators: str) -> list[tuple[int, int]]:
    """Spans between separators that stand outside brackets and backticks."""
    spans, start, depth, isquoted = [], 0, 0, False
    for position, character in enumerate(text):
        if character == "`":
            isquoted = not isquoted
        if isquoted:
            continue
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and character in separators:
            spans.append((start, position))
            start = position + 1
    if depth or isquoted:
        raise BadFormula(f"unbalanced brackets or backticks in {text!r}")
    return [*spans, (start, len(text))]
