"""The interface of a scope that proxies and copied classes are written against."""

from __future__ import annotations

from typing import Any, Protocol


class Replacements(Protocol):
    """What replaces the user's values during one call of a lifted function.

    Attributes:
        is_open: whether the call is still running.
        is_silent: whether what the code writes is dropped.
    """

    is_open: bool
    is_silent: bool

    def of(self, value: Any, name: str = "") -> Any:
        """Return what the function sees instead of a value; the value itself for most."""

    def needs(self, value: Any) -> bool:
        """Return whether a class or function does anything that has to be replaced."""

    def note(self, value: Any, replacement: Any) -> Any:
        """Record what replaces a value, and return it."""

    def original(self, value: Any) -> Any:
        """Return what a replacement replaces; an array becomes its numbers."""

    def replacement(self, value: Any) -> Any | None:
        """Return what replaces a value already; None if nothing does."""

    def original_class(self, kind: type) -> type | None:
        """Return the user's class that a copied class was made from."""
