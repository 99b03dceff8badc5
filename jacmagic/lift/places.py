"""Where a function finds its names, and how stand-ins are put there and taken away again.

A place is one name of a namespace (globals, an object's attributes), one closure cell or the
defaults of one function. Several threads and nested calls may need the same place: it is changed
by the first and restored by the last, and only where what stands there is still ours.
"""

from __future__ import annotations

import functools
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from jacmagic.lift.naming import answered, fields_of
from jacmagic.lift.standins import stand_in

LIBRARIES = frozenset(
    sys.stdlib_module_names | {"IPython", "jacmagic", "numpy", "scipy", "sympy", "torch"}
) - {"__main__"}
MISSING = object()
_BOOKKEEPING = vars(nn.Module()).keys()  # attributes of a module in which nothing of the user's is


@dataclass(frozen=True)
class Place:
    """One place a value is read from: `owner[key]`, a cell's contents, or a function's defaults.

    Attributes:
        owner: a dict, a cell or a function.
        key: where in a dict.
        names: what the user calls the value, or each of the defaults.
    """

    owner: Any
    key: str | None = None
    names: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[int, str | None]:
        """Equal for the same place."""
        return id(self.owner), self.key

    def get(self) -> Any:
        """What stands there now, or `MISSING`."""
        if isinstance(self.owner, dict):
            return self.owner.get(self.key, MISSING)
        if isinstance(self.owner, types.FunctionType):
            return self.owner.__defaults__
        try:
            return self.owner.cell_contents
        except ValueError:  # a name that is not bound yet
            return MISSING

    def put(self, value: Any) -> None:
        """Let `value` stand there."""
        if isinstance(self.owner, dict):
            self.owner[self.key] = value
        elif isinstance(self.owner, types.FunctionType):
            self.owner.__defaults__ = value
        else:
            self.owner.cell_contents = value


@dataclass
class Loan:
    """A place that a stand-in occupies, and how many running calls count on it."""

    place: Place
    original: Any
    replacement: Any
    users: int = 0


_lock = threading.RLock()
_loans: dict[tuple[int, str | None], Loan] = {}


def functions_of(target: Any) -> Iterator[types.FunctionType]:
    """The Python functions that run when `target` is called; of a module, those the user wrote."""
    if isinstance(target, functools.partial):
        yield from functions_of(target.func)
    elif isinstance(target, types.MethodType):
        yield from functions_of(target.__func__)
    elif isinstance(target, types.FunctionType):
        yield target
        yield from functions_of(getattr(target, "__wrapped__", None))
    elif isinstance(target, nn.Module):
        kinds: dict[Any, None] = dict.fromkeys(map(type, target.modules()))
        for kind in kinds:
            yield from filter(is_users, functions_of(kind.forward))
    elif callable(target) and isinstance(type(target).__call__, types.FunctionType):
        yield from functions_of(type(target).__call__)


def is_users(function: types.FunctionType) -> bool:
    """Library code is never touched; code compiled into a bare namespace says it is `builtins`."""
    module = function.__module__ or "builtins"
    return module == "builtins" or module.partition(".")[0] not in LIBRARIES


def names_in(code: types.CodeType) -> Iterator[str]:
    """Every name the code and the functions defined inside it may look up."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from names_in(constant)


def places_of(target: Any) -> list[Place]:
    """Every place from which `target` and the user's functions it calls may read."""
    found: dict[tuple[int, str | None], Place] = {}
    pending, seen = list(functions_of(target)), set()
    for holder in _holders(target):
        for name in holder.keys() - _BOOKKEEPING:
            place = Place(holder, name, (name,))
            found[place.identity] = place
    while pending:
        function = pending.pop()
        if id(function) in seen:
            continue
        seen.add(id(function))
        for place in places_in(function):
            if place.identity not in found and (value := place.get()) is not MISSING:
                found[place.identity] = place
                pending += filter(is_users, functions_of(value))
        if function.__defaults__:
            found[id(function), None] = _defaults(function)
    return list(found.values())


def places_in(function: types.FunctionType) -> Iterator[Place]:
    """The names that a function reads from outside itself, and its keyword-only defaults."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield Place(cell, None, (name,))
    for name in names_in(function.__code__):
        yield Place(function.__globals__, name, (name,))
        if name == "from_numpy":
            yield Place(vars(torch), name, (name,))
    for name in function.__kwdefaults__ or ():
        yield Place(function.__kwdefaults__, name, (name,))


def _defaults(function: types.FunctionType) -> Place:
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    return Place(function, None, positional[-len(function.__defaults__ or ()) :])


def fields_in(places: Sequence[Place]) -> Iterator[Place]:
    """The named numbers inside the values that stand in some places."""
    for place in places:
        value = place.get()
        for part in value if isinstance(value, tuple) else (value,):
            fields = fields_of(part)
            holder = part if isinstance(part, dict) else getattr(part, "__dict__", None)
            for key in fields:
                yield Place(holder, key, (key,))


def _holders(target: Any) -> Iterator[dict[str, Any]]:
    """The attribute dictionaries of the object that `target` is or is bound to."""
    while isinstance(target, functools.partial):
        target = target.func
    owner = getattr(target, "__self__", target)
    if not isinstance(owner, (type, types.ModuleType, types.FunctionType)):
        attributes = getattr(owner, "__dict__", None)
        if isinstance(attributes, dict):
            yield attributes


def _replacement(place: Place, value: Any) -> Any:
    if isinstance(place.owner, types.FunctionType):  # defaults
        parts = tuple(map(_answer, place.names, value))
        same = all(new is old for new, old in zip(parts, value, strict=True))
        return value if same else parts
    return _answer(place.names[0], value)


def _answer(name: str, value: Any) -> Any:
    return answered(name, stand_in(value))


def install(places: Sequence[Place], held: list[Loan]) -> None:
    """Put stand-ins into `places`; what was taken is noted in `held` at once, for `restore`."""
    with _lock:
        for place in places:
            current = place.get()
            loan = _loans.get(place.identity)
            if loan is None or loan.replacement is not current:
                replacement = _replacement(place, current)
                if replacement is current:
                    continue
                loan = _loans[place.identity] = Loan(place, current, replacement)
            loan.users += 1
            held.append(loan)  # before the change: an interrupt here must not leave it behind
            place.put(loan.replacement)


def restore(held: list[Loan]) -> None:
    """Give back what `install` noted, where nobody needs it or has put something else."""
    with _lock:
        while held:
            loan = held.pop()
            loan.users -= 1
            if loan.users == 0:
                if loan.place.get() is loan.replacement:
                    loan.place.put(loan.original)
                if _loans.get(loan.place.identity) is loan:
                    del _loans[loan.place.identity]


def entrance(function: Callable[..., Any]) -> Callable[..., Any]:
    """What to call in place of `function`: its stand-in, with a partial's arguments replaced."""
    if not isinstance(function, functools.partial):
        return stand_in(function)

    def call(*values: Any, **named: Any) -> Any:
        own = {key: stand_in(value) for key, value in function.keywords.items()}
        return entrance(function.func)(*map(stand_in, function.args), *values, **own | named)

    return call
