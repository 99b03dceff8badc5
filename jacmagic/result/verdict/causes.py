"""The likely cause of an entry in which torch differs from all else, and the remedy.

A habit is blamed only where the trace saw values leave torch's graph on the way from the input to
the output; else the sentence says that the code shows no reason.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from jacmagic.function.problem import Problem
from jacmagic.numeric.result import NumericJacobian
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.singularities import Singularity
from jacmagic.symbolic.graph import write_tape
from jacmagic.symbolic.trace import ADVICE, Leak, Refusal

_DISCARDED = "torch's backward pass meets 0·∞ or 0/0, often in a branch that torch.where discards."
_OUT_OF_RANGE = (
    "torch's backward pass leaves the range of float64: rewrite or scale the function so that no "
    "number on the way overflows or underflows."
)
_BEYOND = (
    "torch's backward pass meets 0·∞ or leaves the range of {} on the way: compute in a "
    "higher precision (--dtype float64)."
)
MAX_SUSPECTS = 2  # cuts named where no trace shows which of them matters
_MEANT = "gradient reversal, a straight-through estimator, an implicit layer solved to a tolerance"
ONE_TRIANGLE = (
    "A function such as eigh or cholesky reads one triangle of a matrix that is not symmetric "
    "here, and torch's derivative is that of the symmetric part: write (A + A.mT) / 2 for A."
)
NOTHING_SEEN = "The code shows no reason"
_NOTHING_ELSE = "; check any backward of your own, and report this function if there is none."
_SHORT = " but the few digits and the range of {dtype}: compare in float64 (--dtype float64)."
_TWICE = (
    "{name}.backward cannot be differentiated itself (@once_differentiable, or numbers without a "
    "graph): write it in torch operations on ctx.saved_tensors, without the decorator."
)
_NOT_REACHED = (
    "torch's graph does not reach this input: look for torch.tensor([...]), .item(), "
    "float(), .detach(), .numpy() or no_grad on the way, and write torch.stack([...]) "
    "or the tensor itself."
)


def _cuts_in(leaks: Sequence[Leak]) -> list[Leak]:
    """Return those of some leaks that lose a derivative."""
    return [leak for leak in leaks if leak.habit != "int()"]


def sentence(leak: Leak) -> str:
    """Return what one leak does to torch's graph, and what to write instead."""
    where = "" if leak.line is None else f" in line {leak.line}"
    if leak.habit == "autograd.Function":
        return (
            f"{leak.name}.backward does not give the derivative of what {leak.name}.forward "
            f"computes{where}: correct it, unless another one is meant ({_MEANT})."
        )
    if leak.habit == "cosine_similarity()":
        return (
            f"torch's derivative of cosine_similarity{where} takes no notice that a norm below eps "
            f"is clamped: {leak.advice}."
        )
    if leak.habit == "no derivative":
        return f"torch has no derivative of {leak.name}{where}: {leak.advice}."
    return f"{leak.habit}{where} cuts torch's graph: {leak.advice}."


@dataclass
class Causes:
    """What the trace and torch's graph show about each entry, looked up on first use.

    Attributes:
        problem: the function and the point.
        numbers: what torch computed.
        form: the closed form, or None.
        refusal: why there is none.
        edges: the kinks at the point.
        gradient_is_right: of a Hessian, whether what is differentiated again is confirmed.
    """

    problem: Problem
    numbers: NumericJacobian
    form: ClosedForm | None
    refusal: Refusal | None
    edges: Sequence[Singularity]
    gradient_is_right: bool
    _reached: dict[int, set[int]] = field(default_factory=dict)

    def cut(self, i: int, j: int) -> bool:
        """Whether the code cuts torch's graph between input j and output i."""
        return self._leak(i, j) is not None

    def __call__(self, i: int, j: int, value: float) -> str:
        """Return the likely cause of torch's `value` in entry (i, j), and a remedy."""
        leak = self._leak(i, j)
        if leak is not None and leak.habit == "autograd.Function" and self.gradient_is_right:
            return _TWICE.format(name=leak.name)
        if leak is not None:
            return sentence(leak)
        if self.refusal is not None and self.refusal.operation in ADVICE:
            return sentence(Leak(self.refusal.operation, self.refusal.line, frozenset()))
        cuts = [] if self.refusal is None else _cuts_in(self.refusal.leaks)
        if cuts:
            return " ".join(sentence(cut) for cut in cuts[:MAX_SUSPECTS])
        for edge in self.edges:
            if i in edge.rows and not edge.possible:
                return f"The point lies on a kink: {edge}."
        if not self._connected(i, j):
            return _NOT_REACHED
        return self._unseen(i, j, value)

    def _unseen(self, i: int, j: int, value: float) -> str:
        """Return a cause that lies in the arithmetic: its range, or its digits."""
        dtype = str(self.problem.inputs[0].value.dtype).rpartition(".")[2]
        finite = math.isfinite(value)
        if dtype != "float64":
            return (
                f"{NOTHING_SEEN}{_SHORT}".format(dtype=dtype) if finite else _BEYOND.format(dtype)
            )
        if (finite or not self._chooses(i)) and self._leaves_range(j):
            return _OUT_OF_RANGE
        return NOTHING_SEEN + _NOTHING_ELSE if finite else _DISCARDED

    def _chooses(self, i: int) -> bool:
        """Whether an output chooses between branches, as torch.where does."""
        return self.form is not None and any(
            self.form.graph.operations[node] == "where" for node in self._below(i)
        )

    def _leaves_range(self, j: int) -> bool:
        """Whether a number on the way to a column, as it is written, over- or underflows."""
        if self.form is None:
            return False
        entries = self.form.entries[j :: self.form.shape[1]]
        tape = write_tape(self.form.graph, entries, self.form.trace.inputs)
        slots = tape.slots(self.problem.flat_point)
        for value, (name, *reads) in zip(slots[tape.first :], tape.operations, strict=True):
            regular = all(math.isfinite(slots[read]) and slots[read] for read in reads)
            lost = math.isinf(value) or (value == 0 and name in ("mul", "div", "pow", "exp"))
            if regular and lost:
                return True
        return False

    def _leak(self, i: int, j: int) -> Leak | None:
        """Return the first cut on the way between two components."""
        for leak, inputs in self._cuts:
            if self.problem.potential is not None or (
                j in inputs and not leak.nodes.isdisjoint(self._below(i))
            ):
                return leak
        return None

    @cached_property
    def _cuts(self) -> list[tuple[Leak, set[int]]]:
        """Each leak that loses a derivative, with the input components that reach it."""
        if self.form is None:
            return []
        columns = {node: j for j, node in enumerate(self.form.trace.inputs)}
        return [
            (leak, {columns[n] for n in self.form.graph.reach(sorted(leak.nodes)) if n in columns})
            for leak in _cuts_in(self.form.trace.leaks)
        ]

    def _below(self, i: int) -> set[int]:
        assert self.form is not None
        if i not in self._reached:
            self._reached[i] = set(self.form.graph.reach([self.form.trace.outputs[i]]))
        return self._reached[i]

    def _connected(self, row: int, column: int) -> bool:
        """Whether torch's graph leads from an output component to an input component."""
        output = _holder([leaf.numel() for leaf in self.numbers.outputs.leaves], row)
        position = _holder(self.problem.sizes, column)
        return bool(self.numbers.connected[output][position])


def _holder(sizes: Sequence[int], position: int) -> int:
    """Return which of consecutive parts holds a position."""
    return bisect.bisect_right(list(itertools.accumulate(sizes)), position)
