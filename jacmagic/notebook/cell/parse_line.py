"""Parse the magic's line: point, target and options in any order.

x1=3 --strict x2=[1, 2] -p 6   ─parse─▶   point (x1, x2) · options (--strict, -p6)
"""

from __future__ import annotations

import re
from collections.abc import Collection

from jacmagic.errors import CellError
from jacmagic.function.syntax.bindings import is_name
from jacmagic.function.syntax.hints import for_syntax
from jacmagic.notebook.cell.line import Assignment, Line
from jacmagic.notebook.cell.parse_assignment import (
    is_expression,
    parse_assignment,
    refuse_blanks,
    refuse_duplicates,
    shortened,
)
from jacmagic.notebook.cell.parse_option import parse_option
from jacmagic.notebook.cell.tokens import Token, tokens

_OPTION = re.compile(r"--?[^\W\d_][\w-]*")
_CALL = re.compile(r"\((.*[^=<>!]=[^=].*)\)")  # %%jacobian(x=3)


def read_line(
    text: str,
    *,
    flags: Collection[str],
    valued: Collection[str],
    wants_target: bool,
    magic: str = "jacobian",
    wants_hand: bool = False,
    is_cell: bool | None = None,
) -> Line:
    """Parse the magic's line.

    Args:
        text: the line after the magic's name.
        flags: the options without a value, such as `"--strict"`.
        valued: the options with a value, such as `"--of"` or `"-p"`.
        wants_target: whether this is `%jacobian TARGET …` and not `%%jacobian …`.
        magic: the magic's name.
        wants_hand: whether another expression may stand before the target.
        is_cell: whether there is a cell below; by default where no target is wanted.

    Returns:
        The point, the target and the options; pairs and options come in any order.

    Raises:
        CellError: an option is unknown or lacks its value, a name stands twice, a bracket or
            quote stays open, or a value is not a Python expression.

    Example:
        >>> read_line("x=3 -p 6", flags=(), valued=("-p",), wants_target=False).options
        ('-p6',)
    """
    below = not wants_target if is_cell is None else is_cell
    line = Line(text, head=f"{'%%' if below else '%'}{magic} ")
    parts = list(tokens(text, line.mark))
    if parts and parts[-1].text.endswith(";"):  # a trailing `;` silences the display
        parts[-1] = Token(parts[-1].text.rstrip(";"), parts[-1].column)
    point: list[Assignment] = []
    options: list[str] = []
    bare: list[Token] = []
    queue = [token for token in parts if token.text]
    while queue:
        token = queue.pop(0)
        if _OPTION.match(token.text):
            options.append(parse_option(line, token, queue, flags, valued))
        elif assignment := parse_assignment(line, token, queue):
            point.append(assignment)
        else:
            refuse_blanks(line, token, queue)
            bare.append(token)
    refuse_duplicates(line, point)
    hand = bare.pop(0).text if wants_hand and bare else None
    target = _target(line, bare, wants_target, point, [*flags, *valued])
    return Line(text, tuple(point), target, tuple(options), line.head, hand)


def _target(
    line: Line,
    bare: list[Token],
    wants_target: bool,
    point: Collection[Assignment],
    options: Collection[str],
) -> str | None:
    """Return the tokens that are neither pairs nor options, as one expression."""
    if not bare:
        return None
    bare[-1] = Token(bare[-1].text.removesuffix(","), bare[-1].column)
    first, last = bare[0], bare[-1]
    text = line.text[first.column : last.column + len(last.text)]
    marked = line.mark(first.column, len(text))
    if called := _CALL.fullmatch(text):
        raise CellError(
            f"the point stands after the magic without brackets; found {shortened(text)}; "
            f"write {line.head}{called[1].replace(', ', ' ').replace(',', ' ')}{marked}"
        )
    _refuse_unnamed(line, bare)
    if not wants_target:
        hint = _for_sign(first.text) or _for_option(line, first, options)
        hint = hint or (None if is_expression(text) else for_syntax(text))
        follows_value = any(coordinate.column < first.column for coordinate in point)
        usual = (
            "write values with blanks in brackets, such as x=(1 + 2)"
            if follows_value
            else "write a name before each value, such as x=1"
        )
        raise CellError(
            f"expected name=value pairs and options; found {first.text!r}; "
            + (hint or usual)
            + line.mark(first.column, len(first.text))
        )
    if not is_expression(text):
        raise CellError(
            f"expected one target, a function or an expression; found {text!r}; "
            + (for_syntax(text) or "write blanks in brackets, and a point as x=1 or --at VALUE")
            + marked
        )
    return text


def _refuse_unnamed(line: Line, bare: list[Token]) -> None:
    """Raise for `0=[1, 2]`, a pair whose left side is not a name."""
    for token in bare:
        left, sign, value = token.text.partition("=")
        if sign and value[:1] not in {"", "="} and re.fullmatch(r"\\?[^\W_][\w.]*", left):
            name = left.removeprefix("\\")  # a completion that was not finished
            hint = f"{name}={value}, or press Tab behind {left}" if name != left else f"x={value}"
            raise CellError(
                f"expected the name of an argument before =; found {left}; "
                f"write for example {hint}" + line.mark(token.column, len(left))
            )


def _for_sign(text: str) -> str | None:
    """Return the pair meant by `x:1` and `x==1`."""
    name, sign, value = re.match(r"([^:=]*)(:=?|==|)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]  # matches any text
    return f"write {name}={value}" if sign and value and is_name(name) else None


def _for_option(line: Line, token: Token, options: Collection[str]) -> str | None:
    """Return the option meant by `steps` and `—steps`, and the list meant by `--wrt x y`."""
    word = token.text.lstrip("-–—")
    if f"--{word}" in options:
        return f"write --{word}"
    names = re.search(r"(--wrt[ =])(\S+)\s*$", line.text[: token.column])
    return f"write {names[1]}{names[2].rstrip(',')},{word}" if names and is_name(word) else None
