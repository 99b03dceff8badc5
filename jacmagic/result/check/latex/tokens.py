r"""Tokens of LaTeX: commands, names with their subscripts, numbers and signs.

Spacing, sizes of brackets and delimiters of formulas carry no meaning and are dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jacmagic.errors import OptionError, caret

# Commands that only place or size what follows.
_SILENT = re.compile(
    r"(?:\s|~|\$|\\[,;:!> ]|\\(?:left|right|bigl?|bigr|Bigl?|Bigr|biggl?|biggr|displaystyle|"
    r"textstyle|quad|qquad|limits|nonumber|phantom\{[^{}]*\})(?![a-zA-Z]))+\.?"
)
_TOKEN = re.compile(
    r"(?P<begin>\\begin\{(?P<name>\w+\*?)\}(?:\{[lcr|]*\})?)"
    r"|(?P<end>\\end\{\w+\*?\})"
    r"|(?P<row>\\\\(?:\[[^\]]*\])?)"
    r"|(?P<operator>\\operatorname\*?\{[^{}]*\})"
    r"|(?P<word>\\(?:mathrm|mathit|mathbf|mathsf|text|textrm|boldsymbol|bm)\{[^{}]*\})"
    r"|(?P<accent>\\(?:dot|ddot|hat|bar|tilde|vec)(?![a-zA-Z]))"
    r"|(?P<command>\\[a-zA-Z]+)"
    r"|(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+)"
    r"|(?P<letter>[^\W\d_])"
    r"|(?P<sign>\\[{}|]|[-+*/^_(){}\[\]|&=<>!,'])"
)


@dataclass(frozen=True)
class Token:
    """One token.

    Attributes:
        kind: a group of the pattern, such as "command"; "end of text" at the end.
        text: as it is written.
        column: where it begins.
    """

    kind: str
    text: str
    column: int


def tokens(source: str) -> list[Token]:
    """Split LaTeX into tokens, the last of which is the end of the text.

    Raises:
        OptionError: a character belongs to no token.
    """
    tokens: list[Token] = []
    column = 0
    while column < len(source):
        silent = silent_until(source, column)
        if silent > column:
            column = silent
            continue
        token = token_at(source, column)
        if token is None:
            raise refusal(source, column, f"expected mathematics; found {source[column]!r}")
        tokens.append(token)
        column += len(token.text)
    return [*tokens, end_of(source)]


def token_at(source: str, column: int) -> Token | None:
    """Return the token that begins at a column; None where no token does."""
    match = _TOKEN.match(source, column)
    if match is None:
        return None
    kind = match.lastgroup if match.lastgroup != "name" else "begin"
    return Token(str(kind), match[0], column)


def end_of(source: str) -> Token:
    """Return the token for the end of the text."""
    return Token("end of text", "", len(source))


def silent_until(source: str, column: int) -> int:
    """Return the column after spacing and sizes of brackets."""
    silent = _SILENT.match(source, column)
    return column if silent is None else _after(source, silent)


def _after(source: str, silent: re.Match[str]) -> int:
    r"""Return where the next token begins; the point of `\right.` is dropped, of `.5` is not."""
    dotted = silent[0].endswith(".")
    invisible = re.search(r"\\(?:left|right)\s*\.$", silent[0]) is not None
    return silent.end() - (dotted and not invisible)


def refusal(
    source: str, column: int, message: str, width: int = 1, noun: str = "the LaTeX"
) -> OptionError:
    """Return the error at a column of a formula, with a caret below its line."""
    start = source.rfind("\n", 0, column) + 1
    line = source[start:].split("\n", 1)[0]
    return OptionError(f"{message} in {noun}\n{caret(line, column - start, max(width, 1))}")
