"""One step of a recorded computation: an operation on slots, which stand for tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

# Of their argument they take the shape alone.
_FRESH = frozenset(
    "empty_like zeros_like ones_like full_like new_empty new_empty_strided new_zeros new_ones "
    "new_full".split()
)


@dataclass(frozen=True)
class Slot:
    """The place of a tensor among all that were met."""

    number: int


@dataclass(frozen=True)
class Step:
    """One operation.

    Attributes:
        func: the ATen operation, or what is called in its place.
        args: its arguments, slots in the place of tensors.
        kwargs: those given by name.
        results: the slots of what it returned, in order; None for what is no tensor.
        single: whether it returned one bare tensor.
        writes: the slots it wrote into.
        shape_only: whether the numbers in its arguments do not matter.
    """

    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    results: tuple[int | None, ...]
    single: bool
    writes: tuple[int, ...] = ()
    shape_only: bool = False

    @cached_property
    def outs(self) -> tuple[int, ...]:
        """The slots of the tensors it returned."""
        return tuple(slot for slot in self.results if slot is not None)

    @cached_property
    def reads(self) -> tuple[int, ...]:
        """The slots of the tensor arguments whose numbers matter."""
        return () if self.shape_only else slots_in((self.args, self.kwargs))


def leaves_of(given: Any) -> Iterator[Any]:
    """What stands in an operation's arguments; ATen nests them in tuples, lists and dicts only."""
    if isinstance(given, tuple | list):
        for one in given:
            yield from leaves_of(one)
    elif isinstance(given, dict):
        yield from leaves_of(tuple(given.values()))
    else:
        yield given


def exchanged(given: Any, change: Callable[[Any], Any]) -> Any:
    """Arguments in which every leaf is changed."""
    if isinstance(given, tuple | list):
        return type(given)([exchanged(one, change) for one in given])
    if isinstance(given, dict):
        return {name: exchanged(one, change) for name, one in given.items()}
    return change(given)


def slots_in(given: Any) -> tuple[int, ...]:
    """The numbers of the slots among some arguments."""
    return tuple([leaf.number for leaf in leaves_of(given) if type(leaf) is Slot])


def takes_shape_only(func: Any) -> bool:
    """Whether an operation makes something new in the shape of its argument."""
    packet = getattr(func, "overloadpacket", None)
    return packet is not None and packet.__name__ in _FRESH


def may_raise(step: Step) -> bool:
    """Whether an operation raises for some numbers: an index or a probability out of range."""
    packet = getattr(step.func, "overloadpacket", None)
    return packet is not None and packet.__name__.startswith(_RAISE)


_RAISE = (
    "binary_cross_entropy", "embedding", "gather", "index", "nll_loss", "put", "scatter", "take",
)  # fmt: skip
