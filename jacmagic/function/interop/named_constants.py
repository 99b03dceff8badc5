"""Named numbers of the user's code, offered to a tracer that keeps names.

While `naming` is on, a lifted function offers every number and tensor that it finds under a name
(a global, a closure's, a default argument, a field of a dataclass, a module's parameter). The offer
is answered with what shall stand there while the function runs: the value itself, or a number of a
subclass of `float` or `int` that remembers its name.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import numpy
from torch import Tensor, nn


class Names(Protocol):
    """The interface of objects that keep names.

    Attributes:
        keeps: whether names are kept, and not only noticed.
    """

    keeps: bool

    def offer(self, name: str, value: Any) -> Any:
        """Return the value to use for a number or tensor that is read by a name."""

    def function(self, name: str, value: Any) -> Any | None:
        """Return what a function gives for a named number; None if it has no name."""


class _Current(threading.local):
    names: Names | None = None


_current = _Current()


@contextmanager
def naming(names: Names) -> Iterator[None]:
    """Offer named numbers to `names` in this thread."""
    before, _current.names = _current.names, names
    try:
        yield
    finally:
        _current.names = before


def current() -> Names | None:
    """Return the object that keeps names in this thread."""
    return _current.names


def answered(name: str, value: Any) -> Any:
    """Return what replaces a named value; a module offers its parameters."""
    names = _current.names
    if names is None:
        return value
    if isinstance(value, nn.Module):
        for key, parameter in value.named_parameters():
            names.offer(key, parameter)
        return value
    return names.offer(name, value) if _is_number(value) or isinstance(value, Tensor) else value


def has_a_name(value: Any) -> bool:
    """Whether a local constant is shown by its name: zeros shape a formula, and stay numbers."""
    if isinstance(value, Tensor | numpy.ndarray):
        return bool(value.all())
    return all(value) if isinstance(value, list | tuple) else value != 0


def fields_of(value: Any) -> Mapping[str, Any]:
    """Return the named numbers of an object: all of a dataclass, the floats of another."""
    fields = getattr(value, "__dict__", {})
    is_number = _is_number if dataclasses.is_dataclass(value) else _is_float
    return {key: part for key, part in fields.items() if is_number(part)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_float(value: Any) -> bool:
    return type(value) is float


def through(name: str, values: tuple[Any, ...]) -> Any | None:
    """Return a named number after a function of one number; None without a name."""
    if _current.names is None or len(values) != 1 or not hasattr(values[0], "node"):
        return None
    return _current.names.function(name, values[0])
