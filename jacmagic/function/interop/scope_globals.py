"""The globals of copied functions: reads go to the user's through a scope.

Among them is `type`: an array of this package is an ndarray to it.
"""

from __future__ import annotations

import builtins
import functools
import types
from collections.abc import Callable
from typing import Any

import numpy

from jacmagic.function.interop.arrays import Array
from jacmagic.function.interop.local_constants import OFFERED
from jacmagic.function.interop.named_constants import has_a_name
from jacmagic.function.interop.replacements import Replacements
from jacmagic.function.interop.silence import discard_output
from jacmagic.function.interop.user_code import names_in

_MISSING = object()
_PRESET = ("__name__", "__package__", "__spec__", "__file__", "__loader__", "__warningregistry__")


class Globals(dict[str, Any]):
    """The globals of copied functions: what is read is the user's, through a scope.

    The interpreter reads globals of this type through `__getitem__`; what it writes, it writes
    into the dict itself.
    """

    def __init__(self, scope: Replacements, real: dict[str, Any]) -> None:
        super().__init__({name: real[name] for name in _PRESET if name in real})
        self.scope, self.real = scope, real
        own = real.get("__builtins__", builtins)
        own = dict(own if isinstance(own, dict) else vars(own))
        if scope.is_silent:
            own["print"] = discard_output
        if own.get("type") is type:
            own["type"] = Type
        own[OFFERED] = functools.partial(_offered, scope)
        own["__import__"] = functools.partial(_imported, scope, own["__import__"])
        self["__builtins__"] = own
        self.preset = dict(self)

    def __getitem__(self, name: str) -> Any:
        value = self.get(name, _MISSING)
        return self.scope.of(self.real[name], name) if value is _MISSING else value

    def preload(self, code: types.CodeType) -> None:
        """Put the names that bodies of inner classes read into the dict itself."""
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self.preload(constant)
        if not code.co_flags & 1:  # CO_OPTIMIZED: no body of a function
            for name in names_in(code):
                if name in self.real and name not in self:
                    self[name] = self.preset[name] = self.scope.of(self.real[name], name)

    def flush(self) -> None:
        """Write back to the user's globals what the function has assigned."""
        for name, value in list(self.items()):
            if self.preset.get(name, _MISSING) is not value:
                self.real[name] = self.scope.original(value)


def _offered(scope: Replacements, name: str, value: Any) -> Any:
    """Return what a local constant is under its name."""
    return scope.of(value, name) if has_a_name(value) else value


def _imported(
    scope: Replacements, original: Callable[..., Any], name: str, *rest: Any, **named: Any
) -> Any:
    """`import numpy as np` inside the function."""
    return scope.of(original(name, *rest, **named))


class _Classes(type):
    """Metaclass by which `isinstance(x, type)` and `issubclass(C, type)` test the builtin."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, type) if cls is Type else super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, type) if cls is Type else super().__subclasscheck__(subclass)


class Type(type, metaclass=_Classes):
    """The builtin `type`, but for this package's arrays; classes may derive from it."""

    def __new__(cls, *args: Any, **named: Any) -> Any:
        """`type(thing)`, or `type(name, bases, namespace)`."""
        if len(args) == 1 and cls is Type:
            kind = type(args[0])
            return numpy.ndarray if kind is Array else Type if kind is type else kind
        return type.__new__(type if cls is Type else cls, *args, **named)

    def __class_getitem__(cls, item: Any) -> Any:
        """`type[int]` in an annotation."""
        return type[item]
