r"""Tokens of LaTeX: commands, names with their subscripts, numbers and signs.

Spacing, sizes of brackets and delimiters of formulas carry no meaning and are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
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
    r"|(?P<sign>\\[{}|]|\*\*|[-+*/^_(){}\[\]|&=<>!,']|\.(?=[\s$]*$))"
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
    return tokens_by(source, lambda column: plain_tokens(source, column))


def tokens_by(source: str, read: Callable[[int], tuple[list[Token], int]]) -> list[Token]:
    """Split a text into tokens, the last of which is its end.

    Args:
        source: the text.
        read: returns the tokens that begin at a column, and the column after them.
    """
    tokens: list[Token] = []
    column = 0
    while column < len(source):
        silent = _SILENT.match(source, column)
        start = column if silent is None else _after(silent)
        new, column = ([], start) if start > column else read(column)
        tokens += new
    return [*tokens, Token("end of text", "", len(source))]


def plain_tokens(source: str, column: int, noun: str = "the LaTeX") -> tuple[list[Token], int]:
    """Return the token of LaTeX that begins at a column, and the column after it.

    Raises:
        OptionError: none does.
    """
    match = _TOKEN.match(source, column)
    if match is None:
        raise refusal(source, column, f"expected mathematics; found {source[column]!r}", noun=noun)
    kind = match.lastgroup if match.lastgroup != "name" else "begin"
    text = "^" if match[0] == "**" else match[0]
    return [Token(str(kind), text, column)], match.end()


def _after(silent: re.Match[str]) -> int:
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
