"""Recorded steps on few numbers, written in Python's own floats.

Starting an operation takes torch longer than adding a hundred floats takes Python. What is said
here number by number is what IEEE arithmetic rounds in one way only, sums, products and quotients,
and what moves numbers about. Everything else is called as before, between the lines (not even
roots are the same everywhere: torch takes them from its vector library).

NOTE [Numbers that move]: an operation that only moves numbers is run once, on their names.

NOTE [Signs of zeros]: `x + 0.0` is not `x` where that is -0.0, and `x * 0.0` may be -0.0. Autograd
adds and multiplies zeros all the time, and here they are folded away. An operation that might tell
one zero from the other gets no number that may have lost its sign on the way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.replay.lines import Lines, Unwritten
from jacmagic.replay.proof import Proof
from jacmagic.replay.recorder import Recorder
from jacmagic.replay.spelling import plain
from jacmagic.replay.steps import Slot, Step, exchanged, slots_in

MOST_NUMBERS = 64  # in any one tensor that is written out

_F64 = torch.float64
_MOVES = frozenset(
    """
    view _unsafe_view reshape expand permute t transpose unsqueeze squeeze select slice narrow cat
    stack split split_with_sizes unbind diagonal clone detach alias constant_pad_nd select_backward
    slice_backward roll flip repeat movedim diag_embed lift_fresh
    """.split()
)
_PAD = "constant_pad_nd"  # with zeros; its third argument may be another number
# The sign, and whether the operands change places.
_BINARY = {
    "add": ("+", False), "sub": ("-", False), "rsub": ("-", True), "mul": ("*", False),
    "div": ("/", False),
}  # fmt: skip
_UNARY: dict[str, Callable[[Lines], Callable[[int], int]]] = {
    "neg": lambda lines: lines.negative,
    "reciprocal": lambda lines: lambda a: lines.apply("/", 1, a),
}
_POWERS = {2: ("*",), 3: ("*", "*")}  # as torch's own loops write them
# They do not tell 0.0 from -0.0, but for the sign of a zero that they return.
_BLIND = frozenset(
    """
    abs acos add addmm addmv amax amin asin asinh atan bmm clamp cos cosh cumsum dot eq erf erfc
    exp exp2 expm1 ge gelu gelu_backward gt le linalg_vector_norm log log10 log1p log2
    _log_softmax log_softmax _log_softmax_backward_data logical_and_ logical_or_ lt masked_fill_
    max maximum mean min minimum mm mul mv ne neg prod relu rsub sgn sigmoid sigmoid_backward sign
    silu silu_backward sin sinh _softmax _softmax_backward_data softplus softplus_backward sqrt
    squeeze_ sub sum tan tanh tanh_backward threshold_backward unsqueeze_ where
    """.split()
)


class Writer:
    """Writes steps as lines; each slot is a tensor of names, the name of a tensor, or both."""

    def __init__(self, recorder: Recorder) -> None:
        self.lines = Lines()
        self.space: dict[str, Any] = {
            "array": np.array,
            "tensor": torch.from_numpy,
        }
        self.calls = False
        self._recorder = recorder
        self._proof = Proof(recorder)
        self._looks = Counter(map(recorder.memory_of, range(len(recorder.tensors))))
        self._numbers: dict[int, Tensor] = {}
        self._tensors: dict[int, str] = {}
        self._unsigned: set[int] = set()  # slots whose zeros may have lost their sign
        self.given = [self._arrives(slot) for slot in range(recorder.inputs)]

    def _arrives(self, slot: int) -> list[str]:
        """The names of an input's numbers, which are there from the start."""
        shape = self._recorder.tensors[slot].shape
        names = [self.lines.fresh() for _ in range(shape.numel())]
        self._numbers[slot] = torch.tensor(names, dtype=torch.int64).view(shape)
        return [self.lines.names[one] for one in names]

    # ── one step ──────────────────────────────────────────────────────────────────────────────

    def write(self, step: Step) -> None:
        """Write one step, number by number where that is known to be the same."""
        name = step.func.overloadpacket.__name__ if hasattr(step.func, "overloadpacket") else ""
        if any(map(self._is_shared, step.writes)):
            raise Unwritten(f"{step.func}")
        self.lines.unsigned = not self._unsigned.isdisjoint(step.reads)
        if step.writes or not self._is_small(step):
            self._call(step, name)
            for slot in step.writes:
                self._numbers.pop(slot, None)
        elif name in _MOVES and not any(map(bool, step.args[2:] if name == _PAD else ())):
            self._move(step)
        elif name in _BINARY and self._is_plain(step, 2):
            sign, swapped = _BINARY[name]
            self._elementwise(
                step,
                lambda a, b: self.lines.apply(sign, *((b, a) if swapped else (a, b))),
            )
        elif name in _UNARY and len(step.args) == 1 and not step.kwargs:
            self._elementwise(step, _UNARY[name](self.lines))
        elif name == "pow" and self._is_plain(step, 2) and step.args[1] in _POWERS:
            self._elementwise(step, self._power(_POWERS[step.args[1]]), 1)
        else:
            self._call(step, name)
        if self.lines.unsigned:
            self._unsigned |= set(step.outs)

    def _is_small(self, step: Step) -> bool:
        """Whether all that goes in and out are few numbers of double precision."""
        slots = [*slots_in((step.args, step.kwargs)), *step.outs]
        tensors = [self._recorder.tensors[slot] for slot in slots]
        return (
            bool(step.outs)
            and None not in step.results
            and not step.shape_only
            and all(one.dtype == _F64 and one.numel() <= MOST_NUMBERS for one in tensors)
        )

    def _is_shared(self, slot: int) -> bool:
        """Whether another slot looks at the same memory."""
        return self._looks[self._recorder.memory_of(slot)] > 1

    def _is_plain(self, step: Step, count: int) -> bool:
        """Whether the arguments are tensors or numbers, and nothing but them is given."""
        numbers = (Slot, int, float)
        given = all(isinstance(one, numbers) for one in step.args)
        return len(step.args) == count and not step.kwargs and given

    def _move(self, step: Step) -> None:
        def moved(leaf: Any) -> Any:
            return self._names_of(leaf) if isinstance(leaf, Slot) else leaf

        args, kwargs = exchanged((step.args, step.kwargs), moved)
        try:
            out = step.func(*args, **kwargs)
        except RuntimeError as error:  # not of whole numbers
            raise Unwritten(str(error)) from error
        outs = [out] if step.single else list(out)
        self._numbers |= dict(zip(step.outs, outs, strict=True))

    def _elementwise(self, step: Step, write: Callable[..., int], count: int | None = None) -> None:
        given = [self._names_of(one) for one in step.args[:count]]
        (slot,) = step.outs
        shape = self._recorder.tensors[slot].shape
        flat = [one.expand(shape).reshape(-1).tolist() for one in given]
        try:
            found = [write(*names) for names in zip(*flat, strict=True)]
        except ArithmeticError as error:  # of constants
            raise Unwritten(str(error)) from error
        self._numbers[slot] = torch.tensor(found, dtype=torch.int64).view(shape)

    def _power(self, signs: Sequence[str]) -> Callable[[int], int]:
        def write(base: int) -> int:
            found = base
            for sign in signs:
                found = self.lines.apply(sign, found, base)
            return found

        return write

    def _call(self, step: Step, name: str) -> None:
        """A step as torch runs it; see NOTE [Signs of zeros]."""
        if self.lines.unsigned and name not in _BLIND | _MOVES:
            raise Unwritten(f"{step.func} may tell the sign of a zero")
        self.calls = True
        call = step if step.writes else plain(self._recorder, step, self._proof)
        there = not step.shape_only
        reads: list[str] = []
        function = f"f{len(self.space)}"
        self.space[function] = call.func
        given = [self._text(one, reads, there) for one in call.args]
        given += [f"{key}={self._text(one, reads, there)}" for key, one in call.kwargs.items()]
        targets = ["_" if slot is None else f"t{slot}" for slot in step.results]
        self._tensors |= {slot: f"t{slot}" for slot in step.outs}
        form = "" if step.single else f"({', '.join(targets)},)"
        self.lines.line(targets, f"{function}({', '.join(given)})", reads, form)

    # ── from numbers to tensors and back ──────────────────────────────────────────────────────

    def _text(self, value: Any, reads: list[str], there: bool) -> str:
        """How an argument is written; `reads` gets the names in it."""
        if isinstance(value, Slot):
            name = self._tensor(value.number) if there else self._fixed(value.number)
            reads.append(name)
            return name
        if type(value) in (list, tuple):
            inside = "".join(f"{self._text(one, reads, there)}, " for one in value)
            return f"[{inside}]" if isinstance(value, list) else f"({inside})"
        if type(value) in (int, bool, type(None)):
            return repr(value)
        name = f"k{len(self.space)}"
        self.space[name] = value
        return name

    def _fixed(self, slot: int) -> str:
        self.space[f"c{slot}"] = self._recorder.tensors[slot]
        return f"c{slot}"

    def _tensor(self, slot: int) -> str:
        """The name of the tensor in a slot, put together where only its numbers are known."""
        if slot not in self._tensors:
            if slot not in self._numbers:
                return self._fixed(slot)
            self._tensors[slot] = name = f"t{slot}"
            reads, shape = self.names_in(slot), tuple(self._recorder.tensors[slot].shape)
            form = "" if len(shape) == 1 else f".reshape({shape})"
            self.lines.line([name], f"tensor(array([{', '.join(reads)}], float){form})", reads)
        return self._tensors[slot]

    def names_in(self, slot: int) -> list[str]:
        """The names of the numbers in a slot, row-major."""
        return [self.lines.names[one] for one in self._names_of(Slot(slot)).reshape(-1).tolist()]

    def _names_of(self, value: Slot | float) -> Tensor:
        """The names of the numbers in a slot."""
        if not isinstance(value, Slot):
            return torch.tensor(self.lines.literal(value))
        slot = value.number
        if slot not in self._numbers:
            tensor = self._recorder.tensors[slot]
            if tensor.dtype != _F64 or tensor.numel() > MOST_NUMBERS:
                raise Unwritten("a result is of another kind")
            if slot in self._tensors:
                names = self._taken_apart(self._tensors[slot], tensor)
            elif tensor.untyped_storage().nbytes() > MOST_NUMBERS * tensor.element_size():
                names = self._taken_apart(self._fixed(slot), tensor)  # part of what is not compared
            else:
                held = self._recorder.read_once(slot).detach().reshape(-1).tolist()
                names = [self.lines.literal(one) for one in held]
            self._numbers[slot] = torch.tensor(names, dtype=torch.int64).view(tensor.shape)
        return self._numbers[slot]

    def _taken_apart(self, name: str, tensor: Tensor) -> list[int]:
        names = [self.lines.fresh() for _ in range(tensor.numel())]
        targets = [self.lines.names[one] for one in names]
        if tensor.dim() == 0:
            self.lines.line(targets, f"{name}.item()", [name])
        elif names:
            flat = name if tensor.dim() == 1 else f"{name}.reshape(-1)"
            self.lines.line(targets, f"{flat}.tolist()", [name], f"({', '.join(targets)},)")
        return names
