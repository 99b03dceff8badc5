"""The exceptions that jacmagic raises on purpose, each shown as one line.

    JacmagicError
    ├── CellError        the magic's line or the cell's text cannot be read
    ├── PointError       the point does not fit the function's inputs
    ├── FunctionError    the function returns what has no Jacobian          (also a TypeError)
    ├── OptionError      an argument has no such value                      (also a ValueError)
    │   └── KeywordError a call has no argument of that name                (also a TypeError)
    ├── SizeError        the Jacobian would not fit into memory             (also a MemoryError)
    ├── StrictError      strict mode found an independent output            (also a RuntimeError)
    └── PageError        a page cannot be written there                     (also an OSError)

Each message has three short parts: what was expected, what was found, what to write instead.
Exceptions raised by the user's own code are none of these: they pass through untouched.
"""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Callable, Collection
from pathlib import Path
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

_LIBRARIES = frozenset({"jacmagic", "IPython", "site-packages"})  # folders without user code


class JacmagicError(Exception):
    """Base of every error that jacmagic raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        """Return the user's line and the message, without frames of libraries."""
        frames = traceback.extract_tb(self.__traceback__)
        # generated code, such as a dataclass's __init__, has no line
        users = [f for f in frames if f.line and not _is_library(Path(f.filename))]
        where = [f"line {frame.lineno}: {frame.line}" for frame in users[-1:]]
        return [*where, f"{type(self).__name__}: {self}"]


class CellError(JacmagicError):
    """The magic's line or the cell's text cannot be read."""


class PointError(JacmagicError):
    """The point does not fit the function's inputs."""


class FunctionError(JacmagicError, TypeError):
    """The function takes or returns something that has no Jacobian."""


class OptionError(JacmagicError, ValueError):
    """An option has a value that it cannot have."""


class KeywordError(OptionError, TypeError):
    """A call has no argument of that name."""


class SizeError(JacmagicError, MemoryError):
    """The Jacobian would not fit into memory."""


class StrictError(JacmagicError, RuntimeError):
    """Strict mode found an output that does not depend on an input."""


class PageError(JacmagicError, OSError):
    """A page cannot be written to the path."""


def _is_library(path: Path) -> bool:
    """Return whether a file is part of a library, or is functools, which reads properties."""
    return bool(set(path.parts) & _LIBRARIES) or path == Path(functools.__file__)


def text_of(error: BaseException) -> str:
    """Return an exception's text; "" where its `__str__` fails."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 whatever the user's __str__ raises
        return ""


def check_keywords(call: str, keywords: Collection[str], accepted: Collection[str]) -> None:
    """Refuse names of arguments that a call does not have.

    Args:
        call: the call as it is written, such as "J.shown".
        keywords: the names in the call.
        accepted: those that there are, at least one.

    Raises:
        KeywordError: the first name that is none of them, with the nearest that is.
    """
    for name in keywords:
        if name not in accepted:
            import difflib  # 20 ms that only a mistake needs

            longer = [word for word in accepted if word.startswith(name)]
            near = [*longer, *difflib.get_close_matches(name, accepted, n=1), *accepted][0]
            raise KeywordError(
                f"expected arguments among {', '.join(accepted)}; found {name!r}; "
                f"write {call}({near}=…)"
            )


def naming_keywords(call: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Return a decorator for a public function: unknown keywords raise a `KeywordError`.

    Args:
        call: how the function is called, such as "J.explore".
    """

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        accepted = inspect.signature(function).parameters.keys()
        keywords = [name for name in accepted if name != "self" and not name.startswith("_")]

        @functools.wraps(function)
        def wrapper(*values: _P.args, **named: _P.kwargs) -> _R:
            __tracebackhide__ = True
            if named.keys() - accepted:
                check_keywords(call, named, keywords)
            return function(*values, **named)

        return wrapper

    return decorate


def caret(line: str, column: int, width: int = 1) -> str:
    """Draw a line of the user's with carets under a part of it.

    Args:
        line: the line as the user typed it.
        column: first character of the part, counted from 0.
        width: number of characters, at least 1.

    Returns:
        Two lines, indented by two blanks, to be appended to a message after a newline.

    Example:
        >>> print(caret("%%jacobian x=3 y=", 15, 2))
          %%jacobian x=3 y=
                         ^^
    """
    return f"  {line}\n  {' ' * column}{'^' * max(1, width)}"
