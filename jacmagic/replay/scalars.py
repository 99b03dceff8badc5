"""A program on a few numbers, in Python's own floats: no operation of torch's starts for them.

Starting an operation takes torch longer than adding a hundred floats takes Python. What is said
here number by number is what IEEE arithmetic rounds in one way only: sums, products, quotients,
roots and what moves numbers about. Everything else is called as before, between the lines.

NOTE [Never another bit]: the numbers are those of torch's operations, which `program` tries at
points of its own. Where Python would raise or a number is not finite, the operations are run
instead, so that infinities and nan are torch's too. Folding a zero away would hide them; what was
multiplied by it is looked at in the end. The sign of a zero may be lost on the way: whatever tells
one from the other is not written like this.

NOTE [Numbers that move]: an operation that only moves numbers is run once, on their names.
"""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.replay.calls import Call, Proof
from jacmagic.replay.recorder import (
    Recorder,
    Slot,
    Step,
    exchanged,
    slots_in,
    takes_shape_only,
)
from jacmagic.replay.spelling import plain

MOST_NUMBERS = 64  # in any one tensor that is written out
MOST_LINES = 400
TRIALS = 8  # points at which both forms must bring the same bits
RUNS = 5  # of both forms, of which the quickest are compared
_F64 = torch.float64

_MOVES = frozenset(
    """
    view _unsafe_view reshape expand permute t transpose unsqueeze squeeze select slice narrow cat
    stack split split_with_sizes unbind diagonal clone detach alias constant_pad_nd select_backward
    slice_backward roll flip repeat index_select movedim diag_embed lift_fresh
    """.split()
)
_BINARY = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv
}  # fmt: skip
_PAD = "constant_pad_nd"  # with zeros; its third argument may be another number
_POWERS = {2: ("*",), 3: ("*", "*")}  # as torch's own loops write them
_SIGNED_ZEROS = frozenset("atan2 arctan2 copysign signbit hypot".split())


class Unwritten(Exception):
    """The program cannot be written, or should not be."""


class Lines:
    """Lines of Python on named floats, each name bound once."""

    def __init__(self) -> None:
        """Two names are there from the start: of zero and of one."""
        self.names = ["0.0", "1.0"]
        self.hidden: set[int] = set()  # what was multiplied by zero
        self._said: dict[str, int] = {"0.0": 0, "1.0": 1}
        self._values = {0: 0.0, 1: 1.0}  # of the names that are literals
        self._lines: list[tuple[tuple[str, ...], str, tuple[str, ...]]] = []

    def fresh(self) -> int:
        """A new name."""
        self.names.append(f"a{len(self.names)}")
        return len(self.names) - 1

    def literal(self, value: float) -> int:
        """The name of a constant, which is its text."""
        if not math.isfinite(value):
            raise Unwritten("a constant is not finite")
        text = repr(float(value) + 0.0)
        if text not in self._said:
            self.names.append(text)
            self._said[text] = name = len(self.names) - 1
            self._values[name] = float(text)
        return self._said[text]

    def line(self, targets: Sequence[str], text: str, reads: Iterable[str], form: str = "") -> None:
        """One line that binds some names, by a form of its own or one after the other."""
        text = f"{form or ', '.join(targets)} = {text}"
        self._lines.append((tuple(targets), text, tuple(reads)))
        if len(self._lines) > MOST_LINES:
            raise Unwritten("it is too long")

    def apply(self, sign: str, a: int, b: int) -> int:
        """`a + b`, or another operation; what is said already, or need not be, has a name."""
        if a in self._values and b in self._values:
            return self.literal(ARITHMETIC[sign](self._values[a], self._values[b]))
        if sign == "+" and 0 in (a, b):
            return a + b
        if sign == "-" and b == 0:
            return a
        if sign == "*" and 1 in (a, b):
            return b if a == 1 else a
        if sign == "/" and b == 1:
            return a
        if sign == "*" and 0 in (a, b):
            self.hidden.add(a + b)
            return 0
        return self.said(f"{self.names[a]} {sign} {self.names[b]}", a, b)

    def is_literal(self, name: str) -> bool:
        """Whether a name is the text of a constant."""
        return self._said.get(name) in self._values

    def negative(self, a: int) -> int:
        """`-a`."""
        if a in self._values:
            return self.literal(-self._values[a])
        return self.said(f"-{self.names[a]}", a)

    def said(self, text: str, *reads: int) -> int:
        """The name of an expression."""
        if text not in self._said:
            self._said[text] = name = self.fresh()
            self.line([self.names[name]], text, [self.names[one] for one in reads])
        return self._said[text]

    def needed(self, wanted: Iterable[str]) -> list[str]:
        """The lines that lead to some names, in order."""
        names, kept = set(wanted), []
        for targets, text, reads in reversed(self._lines):
            if not names.isdisjoint(targets):
                kept.append(text)
                names |= set(reads)
        return kept[::-1]


class _Writer:
    """Writes steps as lines; each slot is a tensor of names, the name of a tensor, or both."""

    def __init__(self, recorder: Recorder) -> None:
        self.lines = Lines()
        self.space: dict[str, Any] = {"array": np.array, "tensor": torch.from_numpy}
        self.calls = False
        self._recorder = recorder
        self._proof = Proof(recorder)
        self._numbers: dict[int, Tensor] = {}
        self._tensors = {slot: f"v{slot}" for slot in range(recorder.inputs)}

    # ── one step ──────────────────────────────────────────────────────────────────────────────

    def write(self, step: Step) -> None:
        """Write one step, number by number where that is known to be the same."""
        name = step.func.overloadpacket.__name__ if hasattr(step.func, "overloadpacket") else ""
        if step.writes or name in _SIGNED_ZEROS:
            raise Unwritten(f"{step.func}")
        if not self._is_small(step):
            self._call(step)
        elif name in _MOVES and not any(map(bool, step.args[2:] if name == _PAD else ())):
            self._move(step)
        elif name in _BINARY and self._is_plain(step, 2):
            self._elementwise(step, lambda a, b: self.lines.apply(_BINARY[name], a, b))
        elif name == "neg":
            self._elementwise(step, self.lines.negative)
        elif name == "pow" and self._is_plain(step, 2) and step.args[1] in _POWERS:
            self._elementwise(step, self._power(_POWERS[step.args[1]]), 1)
        else:
            self._call(step)

    def _is_small(self, step: Step) -> bool:
        """Whether all that goes in and out are few numbers of double precision."""
        slots = [*slots_in((step.args, step.kwargs)), *step.outs]
        tensors = [self._recorder.tensors[slot] for slot in slots]
        return (
            bool(step.outs)
            and None not in step.results
            and not takes_shape_only(step.func)
            and all(one.dtype == _F64 and one.numel() <= MOST_NUMBERS for one in tensors)
        )

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

    def _call(self, step: Step) -> None:
        """A step as torch runs it."""
        self.calls = True
        there = not takes_shape_only(step.func)
        call = Call(step.func, step.args, step.kwargs, step.results, step.single, not there)
        call = plain(self._recorder, call, self._proof)
        reads: list[str] = []
        name = f"f{len(self.space)}"
        self.space[name] = call.function
        given = [self._text(one, reads, there) for one in call.args]
        given += [f"{key}={self._text(one, reads, there)}" for key, one in call.kwargs.items()]
        targets = ["_" if slot is None else f"t{slot}" for slot in step.results]
        self._tensors |= {slot: f"t{slot}" for slot in step.outs}
        form = "" if step.single else f"({', '.join(targets)},)"
        self.lines.line(targets, f"{name}({', '.join(given)})", reads, form)

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


@dataclass(frozen=True)
class InNumbers:
    """A computation in floats.

    Attributes:
        run: takes the input tensors by position and returns all results as one array of floats;
            raises an `ArithmeticError` or a `ValueError` where a number is not finite.
        shapes: of the results, which follow each other in the array.
    """

    run: Callable[..., np.ndarray]
    shapes: tuple[torch.Size, ...]

    def tensors(self, flat: np.ndarray) -> tuple[Tensor, ...]:
        """The results one by one."""
        found, begin = [], 0
        for shape in self.shapes:
            end = begin + shape.numel()
            found.append(torch.from_numpy(flat[begin:end].reshape(shape)))
            begin = end
        return tuple(found)


def in_numbers(recorder: Recorder, steps: Sequence[Step], wanted: Sequence[int]) -> InNumbers:
    """What can be done in floats of some steps that lead to some slots, and the rest between.

    Raises:
        Unwritten: not all of the results can be written in floats.
    """
    writer = _Writer(recorder)
    for step in steps:
        writer.write(step)
    lines = writer.lines
    answers = [name for slot in wanted for name in writer.names_in(slot)]
    looked_at = {name for name in answers if not lines.is_literal(name)}
    looked_at |= {lines.names[one] for one in lines.hidden}
    body = lines.needed(looked_at)
    if looked_at:
        body += [f"s = {' + '.join(sorted(looked_at))}", "if s - s != 0.0: raise ArithmeticError"]
    body.append(f"return array([{', '.join(answers)}], float)")
    heading = f"def run({', '.join(f'v{slot}' for slot in range(recorder.inputs))}):"
    exec("\n    ".join([heading, *body]), writer.space)
    run = writer.space["run"]
    shapes = tuple(recorder.tensors[slot].shape for slot in wanted)
    return InNumbers(torch.no_grad()(run) if writer.calls else run, shapes)


# ── is it the same, and is it quicker ─────────────────────────────────────────────────────────


def quick_form(
    recorder: Recorder,
    steps: Sequence[Step],
    wanted: Sequence[int],
    run: Callable[..., tuple[Tensor, ...]],
) -> InNumbers | None:
    """The steps in floats, where that brings what `run` brings, and sooner; else None."""
    inputs = [tensor.detach() for tensor in recorder.tensors[: recorder.inputs]]
    if any(one.dtype != _F64 or one.numel() > MOST_NUMBERS for one in inputs):
        return None
    try:
        quick = in_numbers(recorder, steps, wanted)
        same = _brings_the_same(quick, run, inputs)
    except (Unwritten, ArithmeticError, ValueError):
        return None
    return quick if same and _seconds(quick.run, inputs) < _seconds(run, inputs) else None


def _brings_the_same(
    quick: InNumbers, run: Callable[..., tuple[Tensor, ...]], inputs: Sequence[Tensor]
) -> bool:
    """Whether both forms give the same bits here, and wherever else floats do."""
    generator = torch.Generator().manual_seed(0)
    for trial in range(TRIALS):
        points = list(inputs)
        if trial:
            noise = [torch.randn(one.shape, generator=generator, dtype=_F64) for one in inputs]
            pairs = zip(inputs, noise, strict=True)
            points = [one * (1 + 0.3 * n) + (trial % 2) * n for one, n in pairs]
        with torch.no_grad():
            expected = run(*points)
        try:
            found = quick.tensors(quick.run(*points))
        except (ArithmeticError, ValueError):
            if not trial:
                return False
            continue
        if not all(map(_same_bits, found, expected)):
            return False
    return True


def _same_bits(one: Tensor, other: Tensor) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and torch.equal(one, other)


def _seconds(run: Callable[..., Any], inputs: Sequence[Tensor]) -> float:
    best = math.inf
    for _ in range(RUNS):
        began = time.perf_counter()
        with torch.no_grad():
            run(*inputs)
        best = min(best, time.perf_counter() - began)
    return best
