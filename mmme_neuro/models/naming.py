"""Names of columns in formulas: identifiers that no transform has stand for them."""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from formulaic.parser.types import Factor
from formulaic.transforms import TRANSFORMS

from mmme_neuro.errors import BadFormula, BadInput
from mmme_neuro.models.formula import WORD, quoted

CONTRASTS = {"contr", "Sum", "Treatment", "Helmert", "Diff", "Poly"}
"""Names that stand behind the comma of ``C(x, contr.sum)``."""
MODULES = ("np", "contr")
CONSTANTS = {"True", "False", "None"}
OPERATORS = {"and", "or", "not", "in", "is", "if", "else", "for", "lambda"}

TOKEN = re.compile(
    r"(?P<quoted>`[^`]*`)"
    r"|(?P<text>\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')"
    r"|(?P<operator>%in%)"
    rf"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?!{WORD}))"
    rf"|(?P<word>{WORD}+)"
    r"|(?P<space>\s+)"
    r"|(?P<sign>.)",
    re.DOTALL,
)
STAND_IN = re.compile(r"\b(?:column|category|value)_(\d+)_of_the_table\b")


@dataclass(frozen=True)
class ColumnNames:
    """Names of the columns of a table, whatever they are.

    Parameters
    ----------
    columns : tuple of str
        In the order of the table.

    Notes
    -----
    Formulas are evaluated with identifiers that no transform of the formula language, module,
    keyword or level is called: ``column_3_of_the_table`` for a term, ``category_3_of_the_table``
    for the first argument of ``C()`` and ``value_3_of_the_table`` in other arithmetic.
    """

    columns: tuple[str, ...]

    def expression(self, text: str, formula: str, *, is_arithmetic: bool = False) -> "Expression":
        """Put identifiers in place of the columns of an expression.

        Parameters
        ----------
        text : str
            One side of a formula or a part of it, without random terms.
        formula : str
            The whole formula, for messages.
        is_arithmetic : bool
            Whether the text is an arithmetic expression, as left of ``~`` and in brackets of a
            function, and not a sum of terms.

        Returns
        -------
        Expression

        Raises
        ------
        BadFormula
            When a name is no column; with the nearest one.
        BadInput
            When a column is there several times.
        """
        if re.fullmatch(rf"{WORD}+", text.strip()) and text.strip() in self.columns:
            # Left of the tilde True, None or a keyword can only be a column.
            text = f"`{text.strip()}`" if is_arithmetic else text
        reader = _Reader(self, text, formula, is_arithmetic)
        hidden = reader.read()
        return Expression(
            hidden,
            frozenset(reader.columns),
            frozenset(reader.as_category),
            frozenset(match.group() for match in STAND_IN.finditer(hidden)),
            self,
        )

    def find(self, name: str) -> int | None:
        """Position of a column; None where there is no such name."""
        if name in self.columns:
            return self.columns.index(name)
        plain = unicodedata.normalize("NFC", name)
        same = [i for i, c in enumerate(self.columns) if unicodedata.normalize("NFC", c) == plain]
        return same[0] if len(same) == 1 else None

    def check(self, names: Iterable[str], formula: str) -> None:
        """Refuse names that are not columns of the table, or are columns twice."""
        for name in names:
            position = self.find(name)
            if position is None:
                raise BadFormula(
                    f"formula {formula!r}: no column {name!r}; the columns are "
                    f"{list(self.columns)}{self._hint(name, formula)}"
                )
            times = self.columns.count(self.columns[position])
            if times > 1:
                raise BadInput(
                    f"column {name!r} is there {times} times, so which is meant is not known; "
                    "rename or remove one"
                )

    def shown(self, text: str) -> str:
        """Name of a result, such as ``"face type[T.micro]"``, with the columns' own names."""

        def name(match: re.Match[str]) -> str:
            column = self.columns[int(match.group(1))]
            return column if _is_alone(match) else quoted(column)

        return STAND_IN.sub(name, text)

    def term(self, text: str) -> str:
        """Name of a term; a name with a colon stands in backticks."""

        def name(match: re.Match[str]) -> str:
            column = self.columns[int(match.group(1))]
            return column if _is_alone(match) and ":" not in column else quoted(column)

        return STAND_IN.sub(name, text)

    def written(self, text: str) -> str:
        """Text of a formula, unusual names in backticks."""
        return STAND_IN.sub(lambda match: quoted(self.columns[int(match.group(1))]), text)

    def column_of(self, stand_in: str) -> str:
        """Name of the column behind an identifier."""
        match = STAND_IN.fullmatch(stand_in)
        assert match is not None
        return self.columns[int(match.group(1))]

    def columns_in(self, text: str) -> set[str]:
        """Names of the columns behind the identifiers of a text."""
        return {self.columns[int(match.group(1))] for match in STAND_IN.finditer(text)}

    def _hint(self, name: str, formula: str) -> str:
        """What the user may have meant."""
        bare = "".join(formula.split("`")[::2])
        unquoted = [c for c in self.columns if name in c and c in bare and quoted(c) != c]
        if unquoted:
            return f"; write {quoted(unquoted[0])}, in backticks"
        near = difflib.get_close_matches(name, self.columns, n=1)
        return f"; did you mean {near[0]!r}?" if near else ""


@dataclass(frozen=True)
class Expression:
    """A part of a formula with identifiers in place of the columns.

    Parameters
    ----------
    text : str
        What is evaluated.
    columns : frozenset of str
        Names of the columns that it needs.
    as_category : frozenset of str
        Of these, the ones that stand in it as terms or in ``C()``, not in arithmetic.
    stand_ins : frozenset of str
        The identifiers.
    names : ColumnNames
        What the identifiers stand for.
    """

    text: str
    columns: frozenset[str]
    as_category: frozenset[str]
    stand_ins: frozenset[str]
    names: ColumnNames


def factor_text(factor: Factor) -> str:
    """A factor as it stands in a formula: arithmetic that is no call in braces."""
    is_code = factor.eval_method is Factor.EvalMethod.PYTHON
    is_call = re.fullmatch(r"[\w.]+\(.*\)", factor.expr, re.DOTALL)
    return f"{{{factor.expr}}}" if is_code and not is_call else str(factor.expr)


def _is_alone(match: re.Match[str]) -> bool:
    """Whether an identifier is a factor of its own, not a part of a function's brackets."""
    text, start, end = match.string, match.start(), match.end()
    return (start == 0 or text[start - 1] == ":") and (end == len(text) or text[end] in ":[")


class _Reader:
    """Reads one expression from left to right."""

    def __init__(self, names: ColumnNames, text: str, formula: str, is_arithmetic: bool) -> None:
        self.names, self.text, self.formula = names, text, formula
        found = [(m.lastgroup or "", m.group()) for m in TOKEN.finditer(text)]
        self.tokens = found
        self.dense = [i for i, (kind, _) in enumerate(found) if kind != "space"]
        self.brackets = [is_arithmetic]
        self.columns: set[str] = set()
        self.as_category: set[str] = set()

    @property
    def is_arithmetic(self) -> bool:
        """Whether the reader is inside a function's brackets."""
        return self.brackets[-1]

    def read(self) -> str:
        """Text with the identifiers."""
        pieces = [value for _, value in self.tokens]
        skipped: set[int] = set()
        for place, index in enumerate(self.dense):
            if index in skipped:
                continue
            kind, value = self.tokens[index]
            if kind == "sign":
                pieces[index] = self._sign(place, value)
            elif kind == "quoted":
                pieces[index] = self._column(value[1:-1], place)
            elif kind == "word":
                if value == "Q" and (name := self._patsy_name(place)) is not None:
                    inside = self.dense[place + 1 : place + 4]
                    pieces[index] = self._column(name, place)
                    skipped |= set(inside)
                    for other in inside:
                        pieces[other] = ""
                else:
                    pieces[index] = self._word(value, place)
        return "".join(pieces)

    def _sign(self, place: int, value: str) -> str:
        """Brackets open and close arithmetic; a caret in it is a power, as in R."""
        if value in "([{":
            kind, before = self._token(place - 1)
            is_call = kind in ("word", "quoted") or before in (")", "]")
            self.brackets.append(self.is_arithmetic or value == "{" or is_call)
        elif value in ")]}" and len(self.brackets) > 1:
            self.brackets.pop()
        elif value == "^" and self.is_arithmetic:
            return "**"
        return value

    def _token(self, place: int) -> tuple[str, str]:
        """Kind and text of a neighbor, spaces left out."""
        return self.tokens[self.dense[place]] if 0 <= place < len(self.dense) else ("", "")

    def _patsy_name(self, place: int) -> str | None:
        """Name in ``Q("...")``."""
        (_, opened), (kind, text), (_, closed) = (self._token(place + i) for i in (1, 2, 3))
        return text[1:-1] if (opened, kind, closed) == ("(", "text", ")") else None

    def _word(self, word: str, place: int) -> str:
        """A bare name: column, function, keyword of Python or argument."""
        before, after = self._token(place - 1)[1], self._token(place + 1)[1]
        if word == "." and not self.is_arithmetic:
            raise BadFormula(
                f"formula {self.formula!r}: '.' for all other columns is not supported; name them"
            )
        if word.startswith(".") and before in (")", "]"):
            return word
        if after == "(":
            return self._rooted(word, place) or word
        if self.is_arithmetic:
            is_argument = after == "=" and self._token(place + 2)[1] != "="
            is_coding = before in (",", "=") and word.split(".")[0] in CONTRASTS
            if word in CONSTANTS or is_argument or is_coding or self._is_operator(word, place):
                return word
        if self.names.find(word) is not None:
            return self._column(word, place)
        root = word.split(".")[0]
        if self.is_arithmetic and (root in MODULES or word in TRANSFORMS):
            return word
        return (self._rooted(word, place) if self.is_arithmetic else None) or self._column(
            word, place
        )

    def _is_operator(self, word: str, place: int) -> bool:
        """Whether a word such as ``if`` stands between operands, as an operator of Python."""
        if word not in OPERATORS:
            return False
        (before, sign), (after, other) = self._token(place - 1), self._token(place + 1)
        return (
            before not in ("", "sign") or after not in ("", "sign") or sign == ")" or other == "("
        )

    def _rooted(self, word: str, place: int) -> str | None:
        """``x.rank`` as the column ``x`` and what is asked of it; None where no column is there."""
        parts = word.split(".")
        if parts[0] in MODULES:
            return None
        for n in range(len(parts) - 1, 0, -1):
            name = ".".join(parts[:n])
            if self.names.find(name) is not None:
                return ".".join([self._column(name, place), *parts[n:]])
        return None

    def _column(self, name: str, place: int) -> str:
        """Identifier that stands for a column here."""
        self.names.check([name], self.formula)
        position = self.names.find(name)
        column = self.names.columns[position or 0]
        self.columns.add(column)
        opened = (self._token(place - 2)[1], self._token(place - 1)[1])
        if opened == ("C", "(") and self._token(place + 1)[1] in (",", ")"):
            kind = "category"
        else:
            kind = "value" if self.is_arithmetic else "column"
        if kind != "value":
            self.as_category.add(column)
        return f"{kind}_{position}_of_the_table"
