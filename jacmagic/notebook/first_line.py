"""A cell magic below the first line of its cell: comments move below it, code is explained.

IPython takes a cell magic only in the first line. Elsewhere `%%jacobian` is a line magic named
`%jacobian`, and Python runs the rest of the cell as ordinary code.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Sequence
from textwrap import dedent

from IPython.core.error import UsageError

from jacmagic.errors import caret

NAMES = ("jacobian", "hessian", "jacobian_check")
_MAGIC = re.compile(rf"\s*%%({'|'.join(sorted(NAMES, key=len, reverse=True))})(?![\w.])(.*)")
_EMPTY = re.compile(r"\s*(#.*)?$")


def lifted(lines: list[str]) -> list[str]:
    """Return a cell with its magic in the first line where only comments are above it.

    With code above it, return a call that explains what to do, so that no part of the cell runs.
    """
    line_and_name = _magic_below(lines)
    if line_and_name is None:
        return lines
    index, magic = line_and_name
    above = lines[:index]
    if all(_EMPTY.match(line) for line in above):
        magic_line, *body = dedent("".join(lines[index:])).splitlines(keepends=True)
        return [magic_line, *above, *body]
    text = lines[index].strip()
    return [f"get_ipython().run_line_magic({'%' + magic!r}, {text[len(magic) + 2 :]!r})\n"]


def explainer(name: str) -> Callable[[str], None]:
    """Return the line magic that IPython calls for `%%name` below the first line."""

    def explain(line: str) -> None:
        text = f"%%{name} {line.strip()}".rstrip()
        raise UsageError(
            f"%%{name} has to be the first line of its cell; found code above it; move that code "
            "into a cell of its own (in Jupyter, Ctrl+Shift+− splits a cell at the cursor)"
            f"\n{caret(text, 0, len(name) + 2)}"
        )

    return explain


def _magic_below(lines: Sequence[str]) -> tuple[int, str] | None:
    """Return the line of the first magic below the first line, and its name."""
    if not lines or lines[0].startswith("%%"):
        return None  # the rest belongs to that magic
    for index, line in enumerate(lines[1:], 1):
        match = _MAGIC.match(line)
        if match is not None and _is_complete(lines[:index]):
            return index, match[1]
    return None


def _is_complete(lines: Sequence[str]) -> bool:
    """Whether no string or bracket is open at the end of some lines."""
    try:
        for _ in tokenize.generate_tokens(io.StringIO("".join(lines)).readline):
            pass
    except (tokenize.TokenError, SyntaxError):
        return False
    return True
