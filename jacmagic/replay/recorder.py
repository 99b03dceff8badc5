"""The dispatch mode that notes every operation which torch runs below autograd and vmap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from jacmagic.dispatch import Watching
from jacmagic.replay.steps import Slot, Step, exchanged, leaves_of, takes_shape_only

MOST_STEPS = 4000
MOST_BYTES = 2**26  # of the tensors on the way, which are all kept while recording

# What depends on its arguments in ways that a program does not repeat.
_FORBIDDEN = (
    torch.Tag.dynamic_output_shape,
    torch.Tag.data_dependent_output,
)

# Raises for a singular matrix; a program goes on, and is not total.
_CHECK = torch.ops.aten._linalg_check_errors.default

_PLACED = "as_strided"  # counts from the beginning of the memory


class Unrecorded(BaseException):
    """The computation cannot be run again as a program; the message says why in a few words.

    Not an `Exception`: the recorded code must not take it for one of its own.
    """


class Recorder(Watching):
    """Runs torch operations as they are, and notes them.

    Attributes:
        tensors: all tensors met, by slot; kept alive, so that none takes another's place.
        inputs: how many of the first slots are inputs.
        steps: the operations in order.
        outside: the memory that was there before: of the inputs and of what the code refers to.
        strange: of that, what neither is an input nor was made of constants by the way.
        read: of that, what was read for good: the program will not look at its numbers again.
        total: whether no check was left out that raises for some numbers, and nothing depends on
            where in its memory an input begins.
    """

    def __init__(self, inputs: Sequence[Tensor]) -> None:
        """Begin with the tensors that will be others next time."""
        super().__init__()
        self.tensors: list[Tensor] = []
        self.inputs = len(inputs)
        self.steps: list[Step] = []
        self._slots: dict[int, int] = {}
        self._memory: list[int] = []  # of each slot
        self._dependent: set[int] = set()  # memory
        self._bytes = 0
        for tensor in inputs:
            self._dependent.add(self._memory[self._made(tensor)])
        self.outside = set(self._memory)
        self.read: set[int] = set()
        self.strange: set[int] = set()
        self._constants: list[Tensor] = []
        self.total = True

    def depends(self, slot: int) -> bool:
        """Whether what lies in a slot depends on the inputs."""
        return self._memory[slot] in self._dependent

    def is_dependent(self, tensor: Tensor) -> bool:
        """Whether a tensor's memory holds what depends on the inputs."""
        return storage_of(tensor) in self._dependent

    def memory_of(self, slot: int) -> int:
        """Equal for slots that share memory."""
        return self._memory[slot]

    def slot_of(self, tensor: Tensor) -> int:
        """The slot of a tensor that was met.

        Raises:
            Unrecorded: it was not.
        """
        if id(tensor) not in self._slots:
            raise Unrecorded("a result did not come from torch's operations")
        return self._slots[id(tensor)]

    def read_once(self, slot: int) -> Tensor:
        """The tensor of a slot, for what is decided by its numbers as they are now."""
        self.read.add(self._memory[slot])
        return self.tensors[slot]

    def made_of_constants(self, tensor: Tensor) -> None:
        """A tensor was made of numbers that do not depend on the inputs."""
        self._constants.append(tensor)
        self.strange.discard(storage_of(tensor))

    def constant(self, tensor: Tensor) -> int:
        """A slot for a tensor that was computed beside the recording."""
        return self._made(tensor)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        given = [leaf for leaf in leaves_of((args, kwargs)) if isinstance(leaf, Tensor)]
        if any(map(torch._C._functorch.is_functorch_wrapped_tensor, given)):
            raise Unrecorded(f"{func} was called inside a transformation of torch.func")
        reads = [self._met(leaf) for leaf in given]
        touched = any(map(self.depends, reads)) and not takes_shape_only(func)
        if draws(func, args, kwargs) or (touched and any(tag in func.tags for tag in _FORBIDDEN)):
            raise Unrecorded(f"{func} depends on values or draws random numbers")
        places, named = exchanged((args, kwargs), self._place)
        written = self._written(func, args, kwargs)
        out = func(*args, **kwargs)
        self.total &= func is not _CHECK and not self._is_placed(func, reads)
        self.total &= not kwargs.get("check_errors", False)
        if func is _CHECK:
            return out
        single = isinstance(out, Tensor)
        leaves = list(out) if isinstance(out, tuple | list) else [out]
        results = tuple(self._made(x) if isinstance(x, Tensor) else None for x in leaves)
        shape_only = takes_shape_only(func)
        step = Step(func, places, named, results, single, written, shape_only)
        if touched and not step.outs:
            raise Unrecorded(f"{func} reads a value")
        if not touched:
            kept = {self._memory[slot] for slot in step.outs}
            self.read |= {m for slot in step.reads if (m := self._memory[slot]) not in kept}
        if touched:
            self._dependent |= {self._memory[slot] for slot in (*step.outs, *written)}
        self.steps.append(step)
        if len(self.steps) > MOST_STEPS or self._bytes > MOST_BYTES:
            raise Unrecorded("it is too long")
        return out

    def _is_placed(self, func: Any, reads: Sequence[int]) -> bool:
        """Whether an operation finds an input by where that begins in its memory."""
        given = self._memory[: self.inputs]
        return _PLACED in func._schema.name and any(self._memory[slot] in given for slot in reads)

    # ── slots ─────────────────────────────────────────────────────────────────────────────────

    def _place(self, leaf: Any) -> Any:
        return Slot(self._slots[id(leaf)]) if isinstance(leaf, Tensor) else leaf

    def _met(self, tensor: Tensor) -> int:
        """The slot of an argument; one not met before comes from outside and stays as it is."""
        known = self._slots.get(id(tensor))
        if known is not None:
            return known
        if storage_of(tensor) in self._dependent:
            raise Unrecorded("memory that depends on the inputs was reached by a way of its own")
        if storage_of(tensor) not in self._memory:
            self.outside.add(storage_of(tensor))
            if all(storage_of(tensor) != storage_of(one) for one in self._constants):
                self.strange.add(storage_of(tensor))
        return self._made(tensor)

    def _made(self, tensor: Tensor) -> int:
        """The slot of a result: a new one, but for what was written in place."""
        known = self._slots.get(id(tensor))
        if known is not None:
            return known
        memory = storage_of(tensor)
        self._bytes += 0 if memory in self._memory else tensor.untyped_storage().nbytes()
        self._slots[id(tensor)] = slot = len(self.tensors)
        self.tensors.append(tensor)
        self._memory.append(memory)
        return slot

    def _written(self, func: Any, args: tuple, kwargs: dict) -> tuple[int, ...]:
        """The slots of the arguments that an operation writes into."""
        slots = []
        for place, argument in enumerate(func._schema.arguments):
            if argument.alias_info is None or not argument.alias_info.is_write:
                continue
            given = args[place] if place < len(args) else kwargs.get(argument.name)
            for leaf in leaves_of(given):
                if isinstance(leaf, Tensor):
                    slots.append(self._slots[id(leaf)])
        return tuple(slots)


class Readings(TorchFunctionMode):
    """Sees where values leave torch without an operation, as lists or arrays do."""

    def __init__(self, recorder: Recorder) -> None:
        """Look at what depends on a recorder's inputs."""
        super().__init__()
        self._recorder = recorder

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name, kwargs = getattr(func, "__name__", ""), kwargs or {}
        if name == "tensor_split":
            self._note(name, leaves_of((args[1:], kwargs)), lone=False)
        if name in _READ or name in _MAKE:
            self._note(name, leaves_of((args, kwargs)), lone=name in _LEND and bool(args))
        result = func(*args, **kwargs)
        if name in _MAKE and isinstance(result, Tensor):
            self._recorder.made_of_constants(result)
        return result

    def _note(self, name: str, leaves: Iterator[Any], *, lone: bool) -> None:
        """Refuse numbers that depend on the inputs; of others remember that they were read."""
        given = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
        if lone and len(given) == 1:
            return  # a tensor that is passed on
        for tensor in given:
            if self._recorder.is_dependent(tensor):
                raise Unrecorded(f"{name} reads values")
            self._recorder.read.add(storage_of(tensor))


# What reads numbers, and what makes tensors of numbers or passes a tensor on.
_READ = frozenset(
    ("tolist", "numpy", "__array__", "__dlpack__", "data_ptr", "__repr__", "__format__")
)
_MAKE = frozenset(("tensor", "as_tensor", "asarray", "scalar_tensor", "new_tensor", "from_numpy"))
_LEND = frozenset(("as_tensor", "asarray"))


def draws(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    """Whether an operation draws random numbers; attention without dropout could, but does not."""
    if torch.Tag.nondeterministic_seeded not in func.tags:
        return False
    for place, argument in enumerate(func._schema.arguments):
        if argument.name == "dropout_p":
            given = args[place] if place < len(args) else kwargs.get(argument.name)
            return bool(argument.default_value if given is None else given)
    return True


def storage_of(tensor: Tensor) -> int:
    """What tells a tensor's memory from others'.

    Raises:
        Unrecorded: it has no plain memory.
    """
    if tensor.layout != torch.strided or type(tensor).__torch_dispatch__ is not _PLAIN:
        raise Unrecorded(f"a tensor of layout {tensor.layout} or of a class of its own was used")
    return tensor.untyped_storage()._cdata


_PLAIN = Tensor.__torch_dispatch__
