"""Replacements that a lifted function has stored in the user's objects.

Nearly always there is nothing: proxies and arrays die with the frames that held them. What is still
alive when the call has ended was stored by the function. There its original, or an array's plain
numbers, replaces it.
"""

from __future__ import annotations

import collections
import gc
import types
import weakref
from collections.abc import Callable, Iterable
from typing import Any


def alive(references: Iterable[weakref.ref[Any]]) -> list[Any]:
    """Return the objects that are still referenced."""
    return [value for value in (reference() for reference in references) if value is not None]


def replaced(references: list[weakref.ref[Any]], original: Callable[[Any], Any]) -> None:
    """Replace objects that are still alive by the originals wherever they are referenced.

    Args:
        references: to all objects of a call that has ended.
        original: returns what replaces an object.
    """
    if not alive(references):
        return
    gc.collect(0)  # functions that name themselves die here
    pairs = [(copy, original(copy)) for copy in alive(references)]
    own = {id(vars(copy)) for copy, _ in pairs if hasattr(copy, "__dict__")}
    for copy, instead in pairs:
        for holder in gc.get_referrers(copy):
            if id(holder) not in own:
                _exchange(holder, copy, instead)


def _exchange(holder: Any, copy: Any, instead: Any) -> None:
    if isinstance(holder, (list, collections.deque)):
        for position, value in enumerate(holder):
            if value is copy:
                holder[position] = instead
    elif isinstance(holder, dict):
        for key in [key for key, value in holder.items() if value is copy]:
            holder[key] = instead
    elif isinstance(holder, types.CellType):
        holder.cell_contents = instead
    elif not isinstance(holder, (types.FrameType, tuple, type)) and hasattr(holder, "__dict__"):
        for key in [key for key, value in vars(holder).items() if value is copy]:
            vars(holder)[key] = instead
