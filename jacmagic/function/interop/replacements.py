"""What replaces the user's values during one call of a lifted function, and what it replaces."""

from __future__ import annotations

import types
from typing import Any

import torch
from torch import nn

from jacmagic.function.interop.arrays import Array
from jacmagic.function.interop.conversions import numbers_of
from jacmagic.function.interop.named_constants import answered, current
from jacmagic.function.interop.silence import is_silent
from jacmagic.function.interop.survey import survey

CONTAINERS = (list, tuple, dict, types.SimpleNamespace)
_ITSELF = (bool, int, float, complex, str, bytes, type(None), torch.Tensor, nn.Parameter)


class Replacements:
    """The proxies and copies of one call, by what they replace; a `Scope` makes them.

    Attributes:
        is_open: whether the call is still running.
        is_silent: whether what the code writes is dropped.
    """

    def __init__(self) -> None:
        self.is_open = True
        self.is_silent = is_silent()
        # by identity: the original, what replaces it
        self._replaced: dict[int, tuple[Any, Any]] = {}
        self._originals: dict[int, Any] = {}  # by identity of the replacement

    def of(self, value: Any, name: str = "") -> Any:
        """Return what the function sees instead of a value; the value itself for most."""
        if type(value) in _ITSELF:
            return value if current() is None else answered(name, value)
        entry = self._replaced.get(id(value))
        if entry is not None:
            return entry[1]
        if id(value) in self._originals:
            return value
        replacement = self._make(value, name)
        if replacement is value and type(value) not in CONTAINERS:
            self._replaced[id(value)] = (value, value)
        return replacement

    def _make(self, value: Any, name: str) -> Any:
        """Make what replaces a value."""
        raise NotImplementedError

    def note(self, value: Any, replacement: Any) -> Any:
        """Remember what replaces a value, and return it."""
        self._replaced[id(value)] = (value, replacement)
        self._originals[id(replacement)] = value
        return replacement

    def needs(self, value: Any) -> bool:
        """Whether a class or function of the user's does anything that a scope changes."""
        surveyed = survey(value)
        return surveyed.is_replaced or surveyed.applies or (self.is_silent and surveyed.writes)

    def replacement(self, value: Any) -> Any | None:
        """Return what replaces a value already; None if nothing does."""
        entry = self._replaced.get(id(value))
        return None if entry is None else entry[1]

    def original(self, value: Any) -> Any:
        """Return what a replacement replaces; an array becomes its numbers."""
        if isinstance(value, Array):
            entry = self._originals.get(id(value))
            return numbers_of(value) if entry is None else entry
        before = self._originals.get(id(value), value)
        if hasattr(before, "node"):  # a number that carries its name
            return int(before) if isinstance(before, int) else float(before)
        return self.as_original(before)

    def as_original(self, value: Any) -> Any:
        """Return an instance of a copied class as one of the user's class."""
        kind = self._originals.get(id(type(value)))
        if kind is not None:
            value.__class__ = kind
        return value
