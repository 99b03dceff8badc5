"""Copies of the user's classes with methods of a scope, and their instances.

The copy of an object shares its attributes: `self.count += 1` counts in the user's object. Reading
an attribute gives what the scope replaces it by. A class that cannot be copied (slots, a
metaclass, a base in C) is used as it is.
"""

from __future__ import annotations

import abc
import dataclasses
import enum
import types
from typing import Any

import numpy
import torch
from torch import nn

from jacmagic.function.interop.arrays import Array, tensor_in, traced_by
from jacmagic.function.interop.local_constants import offering_code
from jacmagic.function.interop.named_constants import answered, current, fields_of
from jacmagic.function.interop.replacements import Replacements
from jacmagic.function.interop.user_code import is_users

_LEFT_OUT = frozenset({"__dict__", "__weakref__", "__abstractmethods__", "_abc_impl"})


def copied(scope: Replacements, kind: type) -> type:
    """Return the class with the scope's methods; itself if it needs none."""
    if issubclass(kind, torch.autograd.Function):
        return _applied_to_arrays(scope, kind)
    if not _can_be_copied(kind) or not (scope.needs(kind) or _names_numbers(kind)):
        return kind
    return _copy(scope, kind)


def _applied_to_arrays(scope: Replacements, kind: type) -> type:
    """Return a `torch.autograd.Function` whose `apply` takes arrays as tensors.

    `apply` asks no argument for its `__torch_function__`, and would cut the graph of an array.
    """

    def apply(*args: Any, **kwargs: Any) -> Any:
        is_tensor = [isinstance(arg, Array) and traced_by(arg) is not None for arg in args]
        inputs = [tensor_in(arg) if yes else arg for arg, yes in zip(args, is_tensor, strict=True)]
        return kind.apply(*inputs, **kwargs)  # type: ignore[attr-defined]

    subclass: type = type(kind)(kind.__name__, (kind,), {"apply": staticmethod(apply)})
    scope.note(kind, subclass)
    return subclass


def _can_be_copied(kind: type) -> bool:
    for base in kind.__mro__:
        if base in (object, nn.Module, abc.ABC):
            continue
        if not is_users(base) or vars(base).get("__slots__") or "__init_subclass__" in vars(base):
            return False
    return type(kind) in (type, abc.ABCMeta) and not issubclass(kind, enum.Enum)


def _copy(scope: Replacements, kind: type) -> type:
    bases = tuple(_copy_of_base(scope, base) for base in kind.__bases__)
    copied_class = type(kind)(kind.__name__, bases, {"__module__": kind.__module__})
    scope.note(kind, copied_class)  # before its methods: these may name it
    defaults = vars(kind).get("__dataclass_fields__", ())  # named where an instance is read
    for name, value in vars(kind).items():
        if name in defaults:
            setattr(copied_class, name, value)
        elif name not in _LEFT_OUT:
            setattr(copied_class, name, _member(scope, value, name))
    copied_class.__qualname__ = kind.__qualname__
    if "__getattribute__" not in vars(kind):
        _read_through(scope, copied_class, "__getattribute__")
        if hasattr(copied_class, "__getattr__"):
            _read_through(scope, copied_class, "__getattr__")
    return copied_class


def _copy_of_base(scope: Replacements, base: type) -> type:
    if not is_users(base):
        return base
    replacement = scope.replacement(base)
    return _copy(scope, base) if replacement is None else replacement


def _member(scope: Replacements, value: Any, name: str) -> Any:
    if isinstance(value, (staticmethod, classmethod)):
        return type(value)(scope.of(value.__func__))
    if isinstance(value, property):
        parts = (value.fget, value.fset, value.fdel)
        get, put, delete = (part and scope.of(part) for part in parts)
        return property(get, put, delete, value.__doc__)
    return scope.of(value, name) if not name.startswith("__") or callable(value) else value


def _read_through(scope: Replacements, copied_class: type, method: str) -> None:
    """Return an attribute as the scope replaces it."""
    read = getattr(copied_class, method)

    def reading(self: Any, name: str) -> Any:
        value = read(self, name)
        return value if name.startswith("__") or not scope.is_open else scope.of(value, name)

    setattr(copied_class, method, reading)


def instance(scope: Replacements, value: Any) -> Any:
    """Return an instance of the copied class with `value`'s attributes, or itself."""
    kind = type(value)
    if isinstance(value, nn.Module) and current() is not None:
        answered("", value)
    attributes = getattr(value, "__dict__", None)
    if not isinstance(attributes, dict) or not _can_be_copied(kind):
        return value
    if not (
        scope.needs(kind)
        or any(_meets(scope, attribute) for attribute in attributes.values())
        or (current() is not None and fields_of(value))
        or _names_numbers(kind)
    ):
        return value
    instance_copy = object.__new__(scope.replacement(kind) or _copy(scope, kind))
    object.__setattr__(instance_copy, "__dict__", attributes)
    return scope.note(value, instance_copy)


def _meets(scope: Replacements, value: Any) -> bool:
    """Whether a scope replaces an attribute."""
    if type(value) is numpy.ndarray:
        return True
    if isinstance(value, (torch.Tensor, nn.Module, int, float, str)) or value is None:
        return False
    return (callable(value) and scope.needs(value)) or (
        is_users(type(value))
        and any(_meets(scope, attribute) for attribute in getattr(value, "__dict__", {}).values())
    )


def _names_numbers(kind: type) -> bool:
    """Whether a class, its instances or its methods refer to named numbers."""
    if current() is None:
        return False
    members = [var for base in kind.__mro__ if is_users(base) for var in vars(base).values()]
    codes = (member.__code__ for member in members if isinstance(member, types.FunctionType))
    return (
        dataclasses.is_dataclass(kind)
        or any(type(member) is float for member in members)
        or any(offering_code(code) is not code for code in codes)
    )
