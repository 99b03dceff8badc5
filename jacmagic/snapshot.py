"""Places and things as they stood at one moment, and whether they stand so still.

Numbers and texts are compared by value, small arrays and tensors by their numbers, larger tensors
by version and memory, containers by the identity of what is in them; whoever takes the snapshot
adds what that is in turn. Functions are held weakly: a snapshot does not keep alive what it is of.
"""

from __future__ import annotations

import types
import weakref
from collections.abc import Sequence
from operator import is_
from typing import Any

import numpy as np
import torch

from jacmagic.lift.places import MISSING, Place
from jacmagic.lift.walk import parts_of
from jacmagic.replay import same_values

LARGE = 4096  # bytes of an array that are compared
MUCH = 2**21  # bytes of all tensors that are compared on request

VALUES = (
    bool, int, float, complex, str, bytes, type(None), type(...), range, slice, np.generic,
    np.dtype, torch.dtype, torch.device, torch.layout, torch.memory_format, torch.Size,
)  # fmt: skip


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
        self._names: list[tuple[dict[Any, Any], Any, Any]] = []
        self._places: list[tuple[Place, Any]] = []
        self._functions: list[tuple[weakref.ref[types.FunctionType], tuple[Any, ...]]] = []
        self._dicts: list[tuple[Any, tuple[Any, ...], tuple[Any, ...]]] = []
        self._items: list[tuple[Any, tuple[Any, ...]]] = []
        self._tensors: list[tuple[torch.Tensor, tuple[Any, ...]]] = []
        self._numbers: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._arrays: list[tuple[np.ndarray, bytes]] = []

    # ── adding ────────────────────────────────────────────────────────────────────────────────

    def add_place(self, place: Place) -> None:
        """What stands in a place."""
        if isinstance(place.owner, dict):
            self._names.append((place.owner, place.key, _held(place.get())))
        else:
            self._places.append((place, _held(place.get())))

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
        self._arrays.append((array, array.tobytes()))
        return True

    def add_tensor(self, tensor: torch.Tensor) -> None:
        """When and where a tensor was written; the numbers too where they are few."""
        self._tensors.append((tensor, _state(tensor)))
        plain = tensor.layout == torch.strided and tensor.device.type == "cpu"
        if plain and tensor.nbytes <= LARGE:
            self._numbers.append((tensor, tensor.detach().clone()))

    @property
    def loose(self) -> list[torch.Tensor]:
        """Tensors whose numbers may be written into without a trace, as through `.data`."""
        known = {id(tensor) for tensor, _ in self._numbers}
        return [tensor for tensor, _ in self._tensors if id(tensor) not in known]

    def compare(self, tensors: Sequence[torch.Tensor]) -> bool:
        """Look at the numbers of some tensors too, from now on.

        Returns:
            Whether that is so; False if they are too many to be compared each time.
        """
        if sum(tensor.nbytes for tensor in tensors) > MUCH:
            return False
        if any(tensor.layout != torch.strided for tensor in tensors):
            return False
        self._numbers += [(tensor, tensor.detach().clone()) for tensor in tensors]
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
        for tensor, copy in self._numbers:
            if not same_values(tensor, copy):
                return False
        for items, keys, values in self._dicts:
            if len(items) != len(values) or (values and not _all_same(items, keys, values)):
                return False
        for items, values in self._items:
            if len(items) != len(values):
                return False
            if not all(map(is_, items, values)) and not all(map(_same, items, values)):
                return False
        return all(array.tobytes() == content for array, content in self._arrays)


def _state(tensor: torch.Tensor) -> tuple[Any, ...]:
    """What changes when a tensor is written into or given other memory."""
    strided = tensor.layout == torch.strided
    return tensor._version, tensor.requires_grad, tensor.shape, strided and tensor.data_ptr()


def _held(value: Any) -> Any:
    """A value to compare with later; a function weakly."""
    return weakref.ref(value) if isinstance(value, types.FunctionType) else value


def _all_same(held: Any, keys: tuple[Any, ...], values: tuple[Any, ...]) -> bool:
    """Whether under each key stands what stood there."""
    if all(map(is_, held, keys)) and all(map(is_, held.values(), values)):
        return True  # in the order of old, nothing moved
    return all(
        (now := held.get(key, MISSING)) is value or _same(now, value)
        for key, value in zip(keys, values, strict=True)
    )


def _same(one: Any, other: Any) -> bool:
    """The same thing, or an equal number or text."""
    if one is other:
        return True
    if isinstance(one, types.FunctionType):
        return isinstance(other, weakref.ref) and other() is one
    return type(one) is type(other) and isinstance(one, VALUES) and bool(one == other)


def _switches() -> tuple[Any, ...]:
    """Settings of torch that change what its operations do."""
    return torch.get_default_dtype(), torch.is_autocast_enabled("cpu")
