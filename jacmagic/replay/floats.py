"""A program on a few numbers, in Python's own floats, where that brings the same and sooner.

NOTE [Never another bit]: the numbers are those of torch's operations; that is tried at several
points. Where Python would raise or a number is not finite, the operations are run instead, so that
infinities and nan are torch's too. Folding a zero away would hide them; what was multiplied by it
is looked at in the end. Of a zero in a result the sign may be lost (see `scalars`).
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.replay.lines import Unwritten
from jacmagic.replay.recorder import Recorder
from jacmagic.replay.scalars import MOST_NUMBERS, Writer
from jacmagic.replay.steps import Step

TRIALS = 8  # points at which both forms must bring the same bits
RUNS = 5  # of both forms, of which the quickest are compared
_FAILURES = (ArithmeticError, LookupError, RuntimeError, SyntaxError, TypeError, ValueError)


@dataclass(frozen=True)
class FloatForm:
    """A computation in floats.

    Attributes:
        run: takes the components of all inputs by position and returns all results as one array;
            raises an `ArithmeticError` or a `ValueError` where a number is not finite.
        shapes: of the results, which follow each other in the array.
    """

    run: Callable[..., np.ndarray]
    shapes: tuple[torch.Size, ...]

    def at(self, tensors: Iterable[Tensor]) -> np.ndarray:
        """All results where the inputs are these tensors."""
        floats: list[float] = []
        for tensor in tensors:
            if tensor.dim() == 0:
                floats.append(tensor.item())
            else:
                floats += tensor.tolist() if tensor.dim() == 1 else tensor.reshape(-1).tolist()
        return self.run(*floats)

    def tensors(self, flat: np.ndarray) -> tuple[Tensor, ...]:
        """The results one by one."""
        flat, found, begin = flat.copy(), [], 0
        for shape in self.shapes:
            end = begin + shape.numel()
            found.append(torch.from_numpy(flat[begin:end].reshape(shape)))
            begin = end
        return tuple(found)


def written_in_floats(
    recorder: Recorder, steps: Sequence[Step], wanted: Sequence[int]
) -> FloatForm:
    """What can be done in floats of some steps that lead to some slots, and the rest between.

    Raises:
        Unwritten: not all of the results can be written in floats.
    """
    writer = Writer(recorder)
    for step in steps:
        writer.write(step)
    lines = writer.lines
    answers = [name for slot in wanted for name in writer.names_in(slot)]
    looked_at = {name for name in answers if not lines.is_literal(name)}
    looked_at |= {lines.names[one] for one in lines.hidden}
    body = lines.needed(looked_at)
    body += _all_finite(sorted(looked_at))
    body.append(f"return array([{', '.join(answers)}], float)")
    heading = f"def run({', '.join(itertools.chain(*writer.given))}):"
    exec("\n    ".join([heading, *body]), writer.space)
    run = writer.space["run"]
    shapes = tuple(recorder.tensors[slot].shape for slot in wanted)
    return FloatForm(torch.no_grad()(run) if writer.calls else run, shapes)


def _all_finite(names: Sequence[str]) -> list[str]:
    """Lines that raise where one of some numbers, or their sum, is not finite."""
    parts = [names[k : k + 100] for k in range(0, len(names), 100)]  # Python nests sums
    sums = [f"s = {' + '.join(['s', *part])}" for part in parts]
    return ["s = 0.0", *sums, "if s - s != 0.0: raise ArithmeticError"]


# ── is it the same, and is it quicker ─────────────────────────────────────────────────────────


def float_form(
    recorder: Recorder,
    steps: Sequence[Step],
    wanted: Sequence[int],
    run: Callable[..., tuple[Tensor, ...]],
) -> FloatForm | None:
    """The steps in floats, where that brings what `run` brings, and sooner; else None."""
    inputs = [tensor.detach() for tensor in recorder.tensors[: recorder.inputs]]
    if any(one.dtype != torch.float64 or one.numel() > MOST_NUMBERS for one in inputs):
        return None
    try:
        form = written_in_floats(recorder, steps, wanted)
        same = _brings_the_same(form, run, inputs)
    except (Unwritten, *_FAILURES):
        return None
    took = _seconds(lambda *given: form.at(given), inputs)
    return form if same and took < _seconds(run, inputs) else None


def _brings_the_same(
    form: FloatForm, run: Callable[..., tuple[Tensor, ...]], inputs: Sequence[Tensor]
) -> bool:
    """Whether both forms give the same bits here, and wherever else floats do."""
    generator = torch.Generator().manual_seed(0)
    for trial in range(TRIALS):
        points = list(inputs)
        if trial:
            noise = [torch.randn(one.shape, generator=generator, dtype=one.dtype) for one in inputs]
            pairs = zip(inputs, noise, strict=True)
            points = [one * (1 + 0.3 * n) + (trial % 2) * n for one, n in pairs]
        try:
            with torch.no_grad():
                expected = run(*points)
            found = form.tensors(form.at(points))
        except _FAILURES:
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
