"""Silent runs of the user's function: no output, and no warning twice.

NOTE [Silence without a switch]: nothing is redirected and no filter is changed for a run. Whether
code runs silently is read off its own stack: it does where a frame below it has opened `silent`.
So other threads notice nothing, and an interrupt at any moment leaves nothing to be put back. The
copies of the user's functions get a `print` that prints nothing; warnings meet one filter, made
when this module is loaded, which matches only in silent code.
"""

from __future__ import annotations

import functools
import io
import sys
import types
import warnings
from collections.abc import Container
from typing import Any

WRITING = frozenset("print pprint pp display warn stdout stderr tqdm trange".split())

_frames: dict[int, list[types.FrameType]] = {}  # of the functions that have opened `silent`


class silent:
    """Within this context the user's code runs without output and without warnings."""

    def __init__(self, depth: int = 1) -> None:
        """`depth` counts the frames between the one that is meant and `__enter__`."""
        self._depth = depth

    def __enter__(self) -> None:
        frame = sys._getframe(self._depth)
        self._id = id(frame)
        _frames.setdefault(self._id, []).append(frame)
        _install()

    def __exit__(self, *_: object) -> None:
        opened = _frames.get(self._id, [])
        if len(opened) > 1:
            opened.pop()
        else:
            _frames.pop(self._id, None)


def is_silent() -> bool:
    """Whether the calling code runs within `silent`, in this thread."""
    return bool(_frames) and runs_within(_frames)


def runs_within(frames: Container[int]) -> bool:
    """Whether the running code was called, however indirectly, by one of some frames."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and id(frame) not in frames:
        frame = frame.f_back
    return frame is not None


class _Silent:
    """A pattern for the filters of `warnings`, which matches any text in silent code."""

    def match(self, text: str) -> bool:
        """Return whether the running code is silent, as `re.Pattern.match` of any text."""
        return is_silent()


_FILTER: Any = ("ignore", _Silent(), Warning, None, 0)
_ORDINARY = (UserWarning, RuntimeWarning, FutureWarning)
_in_order: list[Any] = []  # the filters as `_install` left them


def _install() -> None:
    """Put the filter before all others that would show or raise an ordinary warning."""
    filters: Any = warnings.filters
    if filters == _in_order:
        return
    for installed in filters:
        if installed is _FILTER:
            break
        if _shows(installed):
            filters[:] = [_FILTER, *(other for other in filters if other is not _FILTER)]
            break
    else:
        filters.append(_FILTER)
    _in_order[:] = filters


def _shows(installed: Any) -> bool:
    """Whether a filter would show or raise an ordinary warning."""
    return installed[0] != "ignore" and any(issubclass(kind, installed[2]) for kind in _ORDINARY)


_install()


def discard_output(*_: Any, **__: Any) -> None:
    """Replace `print` and similar functions in silent code."""


class _NoStream(io.StringIO):
    """`sys.stdout` and `sys.stderr` in silent code."""

    def write(self, text: str) -> int:
        return len(text)


def in_silence(value: Any) -> Any | None:
    """Return the silent replacement of what writes or warns; None for all else."""
    if value is sys.stdout or value is sys.stderr:
        return _NoStream()
    module = (getattr(value, "__module__", None) or "").partition(".")[0]
    if module == "tqdm" and callable(value):
        return functools.partial(value, disable=True)
    return discard_output if callable(value) and module in _WRITERS else None


_WRITERS = frozenset({"IPython", "builtins", "pprint", "rich", "warnings", "_warnings"})
