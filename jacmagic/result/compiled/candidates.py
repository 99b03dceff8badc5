"""The backends that can compute a Jacobian, built, checked and measured."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from jacmagic.errors import FunctionError
from jacmagic.function.interop.call_limit import REFUSALS
from jacmagic.result.compiled.check import RELATIVE_STEPS, Reference, beside, disagreement
from jacmagic.result.compiled.measure import Program, measured
from jacmagic.result.compiled.native.kernel import Kernel
from jacmagic.result.compiled.native.native import MAX_OPERATIONS, MAX_OPERATIONS_IF_NAMED, native
from jacmagic.result.compiled.obstacles import NotCompiled
from jacmagic.result.compiled.specification import References

if TYPE_CHECKING:
    from jacmagic.result.compiled.native.forms import Forms

BACKENDS = ("auto", "native", "graph", "python", "inductor")
OPERATIONS_PER_ENTRY = 4  # at least, where the entries are many: to compute and to store it
SECONDS_OF_A_QUICK_CALL = 2e-5  # seconds of a call below which no other backend is tried


class Builder:
    """Builds programs for inputs of one kind."""

    def __init__(self, references: References) -> None:
        """Nothing is built yet.

        Args:
            references: the function at inputs of this kind.
        """
        self.references = references

    @functools.cached_property
    def forms(self) -> Forms:
        """The closed forms that programs share."""
        from jacmagic.result.compiled.native.forms import Forms  # loads tracing to formulas

        return Forms(self.references)

    def build(self, backend: str, tensors: Sequence[Tensor]) -> Sequence[Program]:
        """Build one backend's programs that hold at some tensors, the fastest first.

        Raises:
            NotCompiled: this backend cannot compute it.
        """
        if backend == "native":
            asked = self.references.spec.backend == "native"
            longest = MAX_OPERATIONS_IF_NAMED if asked else MAX_OPERATIONS
            program = self.forms.program(tensors, longest)
            shape = self.references.shape if self.references.scheme is None else (program.entries,)
            return [native(program, tensors, shape, longest)]
        if backend == "python":
            from jacmagic.result.compiled.native.floats import Floats

            return [Floats(self.forms.program(tensors))]
        from jacmagic.result.compiled.graph.tracing import graph, inductor  # loads the lowering

        task = self.references.task(tensors)
        return graph(task, tensors) if backend == "graph" else [inductor(task, tensors)]


def choose(builder: Builder, tensors: Sequence[Tensor]) -> tuple[Program, float, list[str]]:
    """Return the fastest backend that agrees with `jacobian()`, or the one requested.

    Args:
        builder: builds for this kind of inputs.
        tensors: the example.

    Returns:
        The program, seconds of a call, and why others were not taken.

    Raises:
        FunctionError: no backend can compute it, or the one asked for cannot or is wrong.
    """
    asked = builder.references.spec.backend
    is_small = OPERATIONS_PER_ENTRY * len(builder.references.rows) <= MAX_OPERATIONS
    order = ("native", "graph", "python") if is_small else ("graph", "native", "python")
    names = order if asked == "auto" else (asked,)
    built: list[tuple[float, Program]] = []
    notes = []
    for name in names:
        fastest = min((seconds for seconds, _ in built), default=float("inf"))
        in_c = any(isinstance(program, Kernel) for _, program in built)
        if (
            fastest < SECONDS_OF_A_QUICK_CALL
            or (built and name == "python")
            or (in_c and name == "native")
        ):
            notes.append(f"{name} was not tried: {built[0][1].backend} is quick enough")
            continue
        try:
            programs = builder.build(name, tensors)
        except NotCompiled as error:
            notes.append(f"{name}: {error}")
            continue
        for program in programs:
            if wrong := check(program, builder.references, tensors):
                notes.append(f"{name} ({program.by}) is left out: {wrong}")
            else:
                built.append((_seconds(program, builder.references, tensors), program))
                break
    if not built:
        raise FunctionError(
            f"expected a function that {'some backend' if asked == 'auto' else asked} can compile; "
            f"found {'; '.join(notes)}; write jacmagic.jacobian(f, x), which always runs f"
            + ("" if asked == "auto" else ', or backend="auto"')
        )
    seconds, program = min(built, key=lambda pair: pair[0])
    slower = [f"{p.backend} takes {microseconds(s)}" for s, p in built if p is not program]
    return program, seconds, [*slower, *notes]


def _seconds(program: Program, references: References, tensors: Sequence[Tensor]) -> float:
    """Return the seconds of a call; of `jacobian()`, where the program does not hold."""
    if program.entries(tensors) is not None:
        return measured(lambda: program.entries(tensors))
    return measured(lambda: references.at(tensors))


def check(program: Program, references: References, tensors: Sequence[Tensor]) -> str | None:
    """Return what a program gets wrong at or beside the example; None if nothing."""
    for reference in (
        references.at(tensors, references.first),
        *_further(program, references, tensors),
    ):
        outcome = program(reference.tensors)
        if outcome is None:
            if not bool(reference.entries.isfinite().all()):
                continue  # `jacobian()` is asked at such points
            return "it does not hold at the example"
        if wrong := disagreement(reference, *outcome, references.rounding):
            return wrong
        alone = program.entries(reference.tensors)
        if alone is None:
            return "it does not hold without the values"
        if wrong := disagreement(reference, alone, outcome[1], references.rounding):
            return wrong
    return None


def _further(
    program: Program, references: References, tensors: Sequence[Tensor]
) -> list[Reference]:
    """Return two points beside the example, on its own branch."""
    further = []
    for seed in (1, 2):
        for step in RELATIVE_STEPS:
            point = beside(tensors, seed, step)
            try:
                reference = references.at(point)
            except REFUSALS:
                continue
            if program(point) is not None:
                further.append(reference)
                break
    return further


def microseconds(seconds: float) -> str:
    """Return a time in µs or ms."""
    return f"{1e3 * seconds:.3g} ms" if seconds >= 1e-3 else f"{1e6 * seconds:.3g} µs"
