"""The magic's line, aware of brackets and quotes: point, target and options in any order.

    x1=3 --strict x2=[1, 2] -p 6   ─read─▶   point (x1, x2) · options (--strict, -p6)

Knows no values: what stands right of a `=` stays the text of a Python expression.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from jacmagic.cell.names import WORD
from jacmagic.errors import CellError, caret

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_ASSIGNMENT = re.compile(rf"((?:[{WORD}]+\.)*[^\W\d][{WORD}]*)=(?!=)")
_OPTION = re.compile(r"--?[^\W\d_][\w-]*")


@dataclass(frozen=True)
class Assignment:
    """One `name=value` of the point; `column` is where the name starts in the line."""

    name: str
    source: str
    column: int


@dataclass(frozen=True)
class Line:
    """What the user typed after the magic's name, taken apart.

    Attributes:
        text: the line as typed.
        point: the `name=value` pairs, in the order typed.
        target: the expression of `%jacobian TARGET`; `None` for the cell form.
        options: tokens for the option parser, every value attached to its option.
        head: the magic as typed before `text`; error messages draw `head + text`.
    """

    text: str
    point: tuple[Assignment, ...] = ()
    target: str | None = None
    options: tuple[str, ...] = ()
    head: str = "%%jacobian "

    def mark(self, column: int, width: int = 1) -> str:
        """The line with carets under `width` characters from `column`, after a newline."""
        return "\n" + caret(self.head + self.text, len(self.head) + column, width)

    def mark_text(self, fragment: str) -> str:
        """The line with carets under the last place where `fragment` stands in it."""
        column = self.text.rfind(fragment)
        return "" if column < 0 else self.mark(column, len(fragment))

    def mark_end(self) -> str:
        """The line with a caret where something is missing: one blank after its end."""
        return self.mark(len(self.text.rstrip()) + 1)


@dataclass(frozen=True)
class _Token:
    text: str
    column: int


def read_line(
    text: str,
    *,
    flags: Collection[str],
    valued: Collection[str],
    wants_target: bool,
    magic: str = "jacobian",
) -> Line:
    """Read the magic's line.

    Args:
        text: the line after the magic's name.
        flags: the options without a value, such as `"--strict"`.
        valued: the options with a value, such as `"--of"` or `"-p"`.
        wants_target: whether this is `%jacobian TARGET …` and not `%%jacobian …`.
        magic: the magic's name.

    Returns:
        The point, the target and the options; pairs and options may stand in any order.

    Raises:
        CellError: an option is unknown or lacks its value, a name stands twice, a bracket or
            quote stays open, or a value is no Python expression.

    Example:
        >>> read_line("x=3 -p 6", flags=(), valued=("-p",), wants_target=False).options
        ('-p6',)
    """
    line = Line(text, head=f"{'%' if wants_target else '%%'}{magic} ")
    tokens = list(_tokens(line))
    if tokens and tokens[-1].text.endswith(";"):  # a trailing `;` silences the display
        tokens[-1] = _Token(tokens[-1].text.rstrip(";"), tokens[-1].column)
    point: list[Assignment] = []
    options: list[str] = []
    bare: list[_Token] = []
    queue = [token for token in tokens if token.text]
    while queue:
        token = queue.pop(0)
        if _OPTION.match(token.text):
            options.append(_option(line, token, queue, flags, valued))
        elif match := _ASSIGNMENT.match(token.text):
            point.append(_assignment(line, token, match))
        else:
            bare.append(token)
    _refuse_duplicates(line, point)
    target = _target(line, bare, wants_target)
    return Line(text, tuple(point), target, tuple(options), line.head)


def _tokens(line: Line) -> Iterator[_Token]:
    """Split at blanks outside brackets and quotes; `#` at the start of a token ends the line."""
    text, start, open_brackets = line.text, None, []  # type: str, int | None, list[tuple[str, int]]
    position = 0
    while position < len(text):
        character = text[position]
        if character.isspace() and not open_brackets:
            if start is not None:
                yield _Token(text[start:position], start)
            start = None
        elif character == "#" and start is None:
            return
        else:
            start = position if start is None else start
            if character in "\"'":
                position = _end_of_quote(line, position)
            elif character in _CLOSING:
                open_brackets.append((_CLOSING[character], position))
            elif character in ")]}" and (not open_brackets or open_brackets.pop()[0] != character):
                raise CellError(
                    f"the brackets of the line do not match: this {character!r} closes nothing; "
                    "write every bracket in pairs" + line.mark(position)
                )
        position += 1
    if open_brackets:
        missing, column = open_brackets[-1]
        raise CellError(
            f"a bracket of the line stays open; write the missing {missing!r}" + line.mark(column)
        )
    if start is not None:
        yield _Token(text[start:], start)


def _end_of_quote(line: Line, start: int) -> int:
    """Position of the quote that ends the string starting at `start`."""
    text, quote = line.text, line.text[start]
    position = start + 1
    while position < len(text) and text[position] != quote:
        position += 2 if text[position] == "\\" else 1
    if position >= len(text):
        raise CellError(
            f"a quote of the line stays open; write the missing {quote}" + line.mark(start)
        )
    return position


def _option(
    line: Line,
    token: _Token,
    queue: list[_Token],
    flags: Collection[str],
    valued: Collection[str],
) -> str:
    """One option with its value attached, as argparse reads it without doubt."""
    name, equals, value = token.text.partition("=")
    if name in flags:
        if equals:
            raise CellError(
                f"{name} takes no value; write {name} alone"
                + line.mark(token.column, len(token.text))
            )
        return name
    short = name[:2]
    if name not in valued and short in valued and not name.startswith("--"):
        name, value, equals = short, token.text[2:], "="  # -p6
    if name not in valued:
        raise CellError(_unknown(name, [*flags, *valued]) + line.mark(token.column, len(name)))
    if not equals and queue and not _is_option(queue[0].text, flags, valued):
        value = queue.pop(0).text
    value = _unquoted(value)
    if not value:
        raise CellError(
            f"{name} needs a value; write {name} VALUE" + line.mark(token.column, len(name))
        )
    return f"{name}={value}" if name.startswith("--") else f"{name}{value}"


def _is_option(text: str, flags: Collection[str], valued: Collection[str]) -> bool:
    name = text.partition("=")[0]
    return name in flags or name in valued or text.startswith("--")


def _unquoted(value: str) -> str:
    """The value without the quotes around the whole of it, as a shell would read it."""
    quoted = len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]
    return value[1:-1] if quoted and value[0] not in value[1:-1] else value


def _unknown(name: str, known: list[str]) -> str:
    import difflib  # only mistakes need it, and loading should be quick

    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "write -h to see them all"
    return f"there is no option {name}; {hint}"


def _assignment(line: Line, token: _Token, match: re.Match[str]) -> Assignment:
    """`name=value` with a value that is a Python expression."""
    name = unicodedata.normalize("NFKC", match[1])  # as Python reads identifiers
    source = token.text[match.end() :].removesuffix(",")
    if not source:
        raise CellError(
            f"the point needs a value for {name}; write {name}=VALUE without blanks"
            + line.mark(token.column, len(token.text))
        )
    try:
        ast.parse(source, mode="eval")
    except SyntaxError:
        raise CellError(
            f"the value of {name} is no Python expression: {source}; "
            f"write name=value pairs with a blank between them"
            + line.mark(token.column + match.end(), len(source))
        ) from None
    return Assignment(name, source, token.column)


def _refuse_duplicates(line: Line, point: list[Assignment]) -> None:
    seen: set[str] = set()
    for assignment in point:
        if assignment.name in seen:
            raise CellError(
                f"the point names {assignment.name} twice; write it once"
                + line.mark(assignment.column, len(assignment.name))
            )
        seen.add(assignment.name)


def _target(line: Line, bare: list[_Token], wants_target: bool) -> str | None:
    """The tokens that are neither pairs nor options, as one expression."""
    if not bare:
        return None
    first, last = bare[0], bare[-1]
    text = line.text[first.column : last.column + len(last.text)]
    if not wants_target:
        raise CellError(
            f"expected name=value pairs and options; found {first.text!r}; "
            "write values with blanks in brackets, such as x=(1 + 2)"
            + line.mark(first.column, len(first.text))
        )
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        raise CellError(
            f"expected one target, a function or an expression; found {text!r}; "
            "write an expression with blanks in brackets" + line.mark(first.column, len(text))
        ) from None
    return text
