"""Places and things as they stood at one moment, and whether they stand so still.

Numbers and texts are compared by value, small arrays and tensors by their numbers, larger tensors
by version and memory, containers by the identity of what is in them; whoever takes the snapshot
adds what that is in turn. Functions are held weakly, as they hold what watches them.
"""

from __future__ import annotations

import types
import weakref
from collections.abc import Mapping, Sequence
from operator import is_
from typing import Any

import numpy as np
import torch

from jacmagic.lift.places import MISSING, Place
from jacmagic.lift.walk import parts_of
from jacmagic.replay import same_values, storage_of

LARGE = 4096  # bytes of the largest array that is compared
MUCH = 2**21  # bytes of all tensors together that are compared on request

_VALUES = frozenset((
    bool, int, float, complex, str, bytes, type(None), type(...), range, slice, torch.dtype,
    torch.device, torch.layout, torch.memory_format, torch.Size,
))  # fmt: skip


class Snapshot:
    """What is added to it, as it was then.

    Example:
        >>> numbers, snapshot = [1.0, 2.0], Snapshot()
        >>> snapshot.add_items(numbers)
        >>> snapshot.unchanged()
        True
        >>> numbers[0] = 3.0
        >>> snapshot.unchanged()
        False
    """

    def __init__(self) -> None:
        """Nothing but the settings of torch that change what its operations do."""
        self._switches = _switches()
        self._names: list[tuple[Mapping[Any, Any], Any, Any]] = []
        self._places: list[tuple[Place, Any]] = []
        self._functions: list[tuple[weakref.ref[types.FunctionType], tuple[Any, ...]]] = []
        self._dicts: list[tuple[Any, tuple[Any, ...], tuple[Any, ...]]] = []
        self._items: list[tuple[Any, tuple[Any, ...]]] = []
        self._tensors: list[tuple[torch.Tensor, tuple[Any, ...]]] = []
        self._numbers: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]] = []
        self._arrays: list[tuple[np.ndarray, tuple[Any, ...]]] = []
        self._kinds: list[tuple[Any, type]] = []

    # ── adding ────────────────────────────────────────────────────────────────────────────────

    def add_place(self, place: Place) -> None:
        """What stands in a place."""
        if isinstance(place.owner, dict):
            self.add_name(place.owner, place.key)
        else:
            self._places.append((place, _held(place.get())))

    def add_name(self, space: Mapping[Any, Any], name: Any) -> None:
        """What stands under a name, or that there is none."""
        self._names.append((space, name, _held(space.get(name, MISSING))))

    def add_function(self, function: types.FunctionType) -> None:
        """What a function is made of."""
        self._functions.append((weakref.ref(function), parts_of(function)))

    def add_dict(self, held: Any) -> None:
        """A mapping: what stands under which key."""
        self._dicts.append((held, tuple(held), tuple(held.values())))

    def add_items(self, held: Any) -> None:
        """A list, tuple or set: what is in it."""
        self._items.append((held, tuple(map(_held, held))))

    def add_array(self, array: np.ndarray) -> bool:
        """The numbers of an array; False where there are too many, or objects."""
        if array.nbytes > LARGE or array.dtype == object:
            return False
        self._arrays.append((array, _content(array)))
        return True

    def add_kind(self, value: Any) -> None:
        """Of which class something is."""
        self._kinds.append((value, type(value)))

    def add_tensor(self, tensor: torch.Tensor) -> None:
        """When and where a tensor was written; the numbers too where they are few."""
        self._tensors.append((tensor, _state(tensor)))
        plain = tensor.layout == torch.strided and tensor.device.type == "cpu"
        if plain and tensor.nbytes <= LARGE:
            self._numbers.append(_numbers_of(tensor))

    @property
    def loose(self) -> list[torch.Tensor]:
        """Tensors whose numbers may be written into without a trace, as through `.data`."""
        known = {id(tensor) for tensor, *_ in self._numbers}
        return [tensor for tensor, _ in self._tensors if id(tensor) not in known]

    @property
    def memory(self) -> set[int]:
        """What tells the memory of all tensors that were added."""
        strided = [tensor for tensor, _ in self._tensors if tensor.layout == torch.strided]
        return {storage_of(tensor) for tensor in strided}

    def compare(self, tensors: Sequence[torch.Tensor]) -> bool:
        """Look at the numbers of some tensors too, from now on.

        Returns:
            Whether that is so; False if they are too many to be compared each time.
        """
        if sum(tensor.nbytes for tensor in tensors) > MUCH:
            return False
        self._numbers += map(_numbers_of, tensors)
        return True

    # ── comparing ─────────────────────────────────────────────────────────────────────────────

    def unchanged(self) -> bool:
        """Whether all is as it was."""
        if self._switches != _switches():
            return False
        for space, name, value in self._names:
            if (now := space.get(name, MISSING)) is not value and not _same(now, value):
                return False
        for place, value in self._places:
            if (now := place.get()) is not value and not _same(now, value):
                return False
        for held, parts in self._functions:
            function = held()  # one that is gone is called no more
            if function is not None and not all(map(is_, parts_of(function), parts)):
                return False
        for tensor, state in self._tensors:
            if _state(tensor) != state:
                return False
        for tensor, copy, signs in self._numbers:
            if not same_values(tensor, copy):
                return False
            if signs is not None and not torch.equal(tensor.signbit(), signs):
                return False
        for items, keys, values in self._dicts:
            if len(items) != len(values) or (values and not _all_same(items, keys, values)):
                return False
        for items, values in self._items:
            if len(items) != len(values):
                return False
            if not all(map(is_, items, values)) and not all(map(_same, items, values)):
                return False
        for value, kind in self._kinds:
            if type(value) is not kind:
                return False
        return all(_content(array) == content for array, content in self._arrays)


def _numbers_of(tensor: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """A tensor, its numbers, and their signs where a zero is among them: -0.0 equals 0.0."""
    copy = tensor.detach().clone()
    signed = copy.dtype.is_floating_point and bool((copy == 0).any())
    return tensor, copy, copy.signbit() if signed else None


def _content(array: np.ndarray) -> tuple[Any, ...]:
    return array.tobytes(), array.shape, array.strides, array.dtype


def _state(tensor: torch.Tensor) -> tuple[Any, ...]:
    """What changes when a tensor is written into or given other memory."""
    strided = tensor.layout == torch.strided
    return tensor._version, tensor.requires_grad, tensor.shape, strided and tensor.data_ptr()


def _held(value: Any) -> Any:
    """A value to compare with later; a function weakly."""
    return weakref.ref(value) if isinstance(value, types.FunctionType) else value


def _all_same(held: Any, keys: tuple[Any, ...], values: tuple[Any, ...]) -> bool:
    """Whether under the same keys, in the same order, stands what stood there."""
    if not all(map(is_, held, keys)) and tuple(held) != keys:
        return False
    return all(map(is_, held.values(), values)) or all(map(_same, held.values(), values))


def is_value(one: Any) -> bool:
    """Whether something is a number or a text, and nothing more: an enumeration's member is not."""
    if type(one) in _VALUES:
        return True
    return isinstance(one, np.generic | np.dtype) and not isinstance(one, np.void)


def _same(one: Any, other: Any) -> bool:
    """The same thing, or an equal number or text."""
    if one is other:
        return True
    if isinstance(one, types.FunctionType):
        return isinstance(other, weakref.ref) and other() is one
    if type(one) is not type(other) or not is_value(one):
        return False
    if isinstance(one, float | complex | np.inexact):
        return repr(one) == repr(other)  # 0.0 equals -0.0
    return bool(one == other)


def _switches() -> tuple[Any, ...]:
    """Settings of torch that change what its operations do."""
    return (
        torch.get_default_dtype(),
        torch.is_autocast_enabled("cpu"),
        torch.get_autocast_dtype("cpu"),
    )
