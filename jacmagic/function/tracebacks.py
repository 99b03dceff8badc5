"""Tracebacks of the user's own frames, without frames of this package, and hints."""

from __future__ import annotations

import functools
import linecache
import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from jacmagic.errors import FunctionError, JacmagicError, text_of
from jacmagic.function.syntax.hints import for_exception, for_syntax

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_P = ParamSpec("_P")
_R = TypeVar("_R")

_LIBRARIES = frozenset(sys.stdlib_module_names | {"IPython", "jacmagic", "numpy", "sympy", "torch"})
# What these modules call fails as the user's own.
_CALLS_USERS_CODE = (
    "jacmagic.function.interop",
    "jacmagic.function.targets",
    "jacmagic.notebook.expressions_target",
)


def show_as_ipython(shell: InteractiveShell, error: SyntaxError) -> SyntaxError:
    """Return the cell's syntax error as IPython shows it, with a hint.

    IPython prints the whole stack of a syntax error that code raises while it runs. Here the
    "code" is the user's cell, so the next syntax error is shown as one that was found before.
    """
    if _package(_frames(error)[-1]) not in ("IPython", "codeop", "jacmagic"):
        return error
    error.__context__ = None  # the text was read before it was compiled
    code = error.text or linecache.getline(str(error.filename), error.lineno or 0)
    if hint := for_syntax(code, error.msg):
        error.msg = f"{error.msg}; {hint}"
    original = shell.showsyntaxerror

    def restore(*_: object) -> None:
        vars(shell).pop("showsyntaxerror", None)
        if restore in shell.events.callbacks["post_run_cell"]:
            shell.events.unregister("post_run_cell", restore)

    def show(filename: str | None = None, running_compiled_code: bool = False) -> None:
        restore()
        original(filename, running_compiled_code=False)

    shell.events.register("post_run_cell", restore)
    vars(shell)["showsyntaxerror"] = show
    return error.with_traceback(None)


def from_users_frame(error: BaseException, title: str = "the function") -> BaseException:
    """Return the exception with its traceback from the user's first frame on.

    Untouched where the last frame is ours: then it is our bug. Where no frame is the user's, as in
    a module made of torch's own layers, one line says what was raised.

    Args:
        error: raised while the user's function ran.
        title: the function's name, for that line.
    """
    frames = _frames(error)
    last = frames[-1]
    if _is_ours(last):
        return error
    first = next((frame for frame in frames[1:] if _package(frame) not in _LIBRARIES), None)
    if first is None and not isinstance(error, Exception):
        return error  # an interrupt within torch
    if first is None:
        message = str(error).strip().partition("\n")[0]
        refusal = FunctionError(
            f"{title} raises {type(error).__name__}: {message}; write inputs that it takes"
        )
        refusal.__cause__ = error
        return refusal
    _forget_our_attempts(error)
    return error.with_traceback(first)


def showing_users_frames(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return a public function whose errors show the callers' own frames."""

    @functools.wraps(function)
    def wrapper(*values: _P.args, **named: _P.kwargs) -> _R:
        __tracebackhide__ = True
        try:
            return function(*values, **named)
        except JacmagicError:
            raise
        except Exception as error:
            frames = _frames(error)
            first = next((frame for frame in frames if _package(frame) not in _LIBRARIES), None)
            if _is_ours(frames[-1]):
                raise
            _forget_our_attempts(error)
            raise error.with_traceback(first)  # noqa: B904 the same exception

    return wrapper


def _is_ours(frame: TracebackType) -> bool:
    """Whether a frame that raised runs this package's code and not the user's."""
    return _package(frame) == "jacmagic" and not _module_name(frame).startswith(_CALLS_USERS_CODE)


def _forget_our_attempts(error: BaseException) -> None:
    """Cut off exceptions that came before because this package tried another way."""
    before = error.__context__
    if before is None or error.__cause__ is not None:
        return
    caught = before.__traceback__
    if caught is None or _package(caught) in _LIBRARIES:
        error.__context__ = None
    else:
        _forget_our_attempts(before)


def add_hint(error: BaseException) -> None:
    """Add a note on what to write, if the user's line is mathematics, not Python."""
    frames = [frame for frame in _frames(error) if _package(frame) not in _LIBRARIES]
    if not frames or getattr(error, "__notes__", None):
        return
    code = linecache.getline(frames[-1].tb_frame.f_code.co_filename, frames[-1].tb_lineno)
    if hint := for_exception(type(error).__name__, text_of(error), code):
        error.add_note(hint)


def _frames(error: BaseException) -> list[TracebackType]:
    frames, part = [], error.__traceback__
    while part is not None:
        frames.append(part)
        part = part.tb_next
    return frames


def _module_name(frame: TracebackType) -> str:
    return str(frame.tb_frame.f_globals.get("__name__", ""))


def _package(frame: TracebackType) -> str:
    return _module_name(frame).partition(".")[0]
