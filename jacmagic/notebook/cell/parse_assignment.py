"""Parse one `name=value` of the magic's line, without evaluating the value."""

from __future__ import annotations

import ast
import re

from jacmagic.errors import CellError
from jacmagic.function.syntax.bindings import is_name, normal
from jacmagic.function.syntax.hints import for_syntax
from jacmagic.notebook.cell.line import Assignment, Line
from jacmagic.notebook.cell.tokens import Token

_PAIR = re.compile(r"([^\s=()\[\]{}'\",:;#<>!*+/%&|^~-]+)=(?!=)")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


def parse_assignment(line: Line, token: Token, queue: list[Token]) -> Assignment | None:
    """Parse `name=value` with a Python expression; return None for other tokens.

    Args:
        line: the whole line, for messages.
        token: may be an assignment.
        queue: the tokens that follow.

    Raises:
        CellError: the value is missing, or no expression.
    """
    match = _PAIR.match(token.text)
    if match is None or not is_name(match[1]):
        return None
    name = normal(match[1])
    source = token.text[match.end() :].removesuffix(",")
    marked = line.mark(token.column, len(token.text))
    if not source:
        follows = queue[0].text if queue else "--"
        value = "VALUE" if _PAIR.match(follows) or follows.startswith("--") else follows
        raise CellError(
            f"the point needs a value for {name}; write {name}={value} without blanks{marked}"
        )
    if _DECIMAL_COMMA.fullmatch(source):
        raise CellError(_for_decimal_comma(name, source) + marked)
    if not is_expression(source):
        hint = for_syntax(source) or "write name=value pairs with a blank between them"
        raise CellError(
            f"the value of {name} is not a Python expression: {shortened(source)}; {hint}"
            + line.mark(token.column + match.end(), len(source))
        )
    return Assignment(name, source, token.column)


def _for_decimal_comma(name: str, source: str) -> str:
    return (
        f"expected one number for {name}; found two, {source}; write "
        f"{name}={source.replace(',', '.')} for a decimal number, or "
        f"{name}=[{source.replace(',', ', ')}] for a vector"
    )


def refuse_blanks(line: Line, token: Token, queue: list[Token]) -> None:
    """Raise for `x = 1` and `x =1`, blanks around the sign of a pair."""
    if not is_name(token.text) or not queue or not re.match("=(?!=)", queue[0].text):
        return
    value = queue[0].text[1:] or (queue[1].text if len(queue) > 1 else "VALUE")
    end = queue[0 if queue[0].text[1:] or len(queue) == 1 else 1]
    raise CellError(
        f"the point takes no blanks around =; write {token.text}={value}"
        + line.mark(token.column, end.column + len(end.text) - token.column)
    )


def is_expression(text: str) -> bool:
    """Whether a text is a Python expression."""
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # what the parser may raise
        return False
    return True


def shortened(text: str) -> str:
    """Return a text of at most 60 characters, for messages."""
    return text if len(text) <= 60 else f"{text[:59]}…"


def refuse_duplicates(line: Line, point: list[Assignment]) -> None:
    """Raise for a name with two values."""
    seen: set[str] = set()
    for assignment in point:
        if assignment.name in seen:
            raise CellError(
                f"the point names {assignment.name} twice; write it once"
                + line.mark(assignment.column, len(assignment.name))
            )
        seen.add(assignment.name)
