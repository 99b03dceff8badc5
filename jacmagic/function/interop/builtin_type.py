"""`type` as a lifted function sees it: an array of this package is an ndarray."""

from __future__ import annotations

from typing import Any

import numpy

from jacmagic.function.interop.arrays import Array


class _Classes(type):
    """Lets `isinstance(thing, type)` and `issubclass(kind, type)` ask the builtin."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, type) if cls is Type else super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, type) if cls is Type else super().__subclasscheck__(subclass)


class Type(type, metaclass=_Classes):
    """The builtin `type`, but for this package's arrays; classes may derive from it."""

    def __new__(cls, *args: Any, **named: Any) -> Any:
        """`type(thing)`, or `type(name, bases, namespace)`."""
        if len(args) == 1 and cls is Type:
            found = type(args[0])
            return numpy.ndarray if found is Array else Type if found is type else found
        return type.__new__(type if cls is Type else cls, *args, **named)

    def __class_getitem__(cls, item: Any) -> Any:
        """`type[int]` in an annotation."""
        return type[item]
