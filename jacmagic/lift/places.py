"""Where a function finds its names, and how stand-ins are put there and taken away again.

A place is one name of a namespace (globals, an object's attributes), one closure cell or the
defaults of one function. Several threads and nested calls may need the same place: it is changed
by the first and restored by the last, and only where what stands there is still ours.
"""

from __future__ import annotations

import functools
import threading
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from jacmagic.lift.naming import answered
from jacmagic.lift.standins import stand_in

MISSING = object()


class Place(NamedTuple):
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
