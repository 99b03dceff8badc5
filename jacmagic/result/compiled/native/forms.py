"""Closed forms of inputs of one kind, one for each branch, as straight-line programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from jacmagic.function.problem import Problem
from jacmagic.numeric.modes.rescue import NOT_BY_TORCH
from jacmagic.result.compiled.native.native import MAX_OPERATIONS
from jacmagic.result.compiled.native.straight import Straight
from jacmagic.result.compiled.native.values import columns_of
from jacmagic.result.compiled.obstacles import NotCompiled
from jacmagic.result.compiled.specification import References
from jacmagic.symbolic.branches import ClosedForms
from jacmagic.symbolic.economy import cheapest
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.graph import Tape, write_tape
from jacmagic.symbolic.trace import Refusal
from jacmagic.symbolic.validation import values_again

MAX_ENTRIES = 50_000  # of a Jacobian whose closed form is compiled
MAX_SAVING = 2  # times fewer operations than the form has, at most
MAX_SECONDS_FOR_FORM = 0.15  # to derive one: `compile` is to return within 300 ms
MAX_SECONDS_IF_NAMED = 20.0  # the same where a backend is asked for by name


class Forms:
    """Closed forms that were compiled.

    Attributes:
        compiled: in the order in which their branches were met.
    """

    def __init__(self, references: References) -> None:
        """Nothing is derived yet.

        Args:
            references: the function at inputs of this kind.
        """
        self._references = references
        is_named = references.spec.backend != "auto"
        self._branches = ClosedForms(
            budget=MAX_SECONDS_IF_NAMED if is_named else MAX_SECONDS_FOR_FORM
        )
        self.compiled: list[ClosedForm] = []

    def knows_branch(self, tensors: Sequence[Tensor]) -> bool:
        """Whether a program was written from the closed form that is valid at some tensors."""
        return self._has(self._form(self._references.spec.at(tensors)))

    def _has(self, form: ClosedForm | Refusal) -> bool:
        return any(form is other for other in self.compiled)

    def _form(self, problem: Problem) -> ClosedForm | Refusal:
        return self._branches.form(problem, values_again(problem))

    def program(self, tensors: Sequence[Tensor], longest: float = math.inf) -> Straight:
        """Return the closed form at some tensors as a straight-line program.

        Args:
            tensors: the inputs.
            longest: operations of the longest program that is of use.

        Raises:
            NotCompiled: there is none, torch may differ from it at other points, or it is longer.
        """
        references = self._references
        if len(references.rows) > (MAX_ENTRIES if references.scheme is None else MAX_OPERATIONS):
            raise NotCompiled(f"{len(references.rows)} entries are too many for a closed form")
        form = self._form(references.spec.at(tensors))
        if not isinstance(form, ClosedForm):
            raise NotCompiled(str(form))
        if references.first.mode not in NOT_BY_TORCH and (why := obstacle(form)):
            raise NotCompiled(why)
        count = len(form.graph.reach(form.entries))
        if count > MAX_SAVING * longest:
            raise NotCompiled(f"{count} operations would compile for too long")
        if not self._has(form):
            self.compiled.append(form)
        sizes = [tensor.numel() for tensor in tensors]
        columns = columns_of(sizes, references.spec.chosen)[references.columns]
        positions = zip(references.rows.tolist(), columns.tolist(), strict=True)
        return straight(form, sizes, list(positions))


def straight(
    form: ClosedForm, sizes: Sequence[int], positions: Sequence[tuple[int, int]]
) -> Straight:
    """Write a closed form as a straight-line program.

    Args:
        form: the closed form, by all n components.
        sizes: the number of components of each input, n in all.
        positions: row and column of every entry wanted.
    """
    graph, trace = form.graph, form.trace
    guards = list(dict.fromkeys(assumption.condition for assumption in trace.assumptions))
    program = cheapest(graph, trace.inputs, trace.outputs, form.rows, positions, guards=guards)
    tape = write_tape(program.graph, program.roots, program.variables)
    outputs = (*tape.outputs, *_selected(tape, tape.outputs[len(guards) + len(trace.outputs) :]))
    whole = replace(tape, outputs=outputs)
    return Straight(whole, tuple(sizes), len(guards), len(trace.outputs), len(positions))


def _selected(tape: Tape, entries: Sequence[int]) -> list[int]:
    """Return both sides of every selection that some slots depend on."""
    reached, sides = set(entries), dict[int, None]()
    for k in reversed(range(len(tape.operations))):
        name, *reads = tape.operations[k]
        if tape.first + k in reached:
            reached.update(reads)
            sides |= dict.fromkeys(reads[1:] if name == "where" else ())
    return list(sides)


def obstacle(form: ClosedForm) -> str | None:
    """Why a closed form may differ from torch at other points; None if it does not.

    Where the code cuts torch's graph, the closed form follows the mathematics and torch does not.
    An integer part is no such point: it is recorded as a condition.
    """
    reached = set(form.graph.reach(form.trace.outputs))
    for leak in form.trace.leaks:
        if leak.lost_dependence or (leak.habit != "int()" and leak.nodes & reached):
            line = "" if leak.line is None else f" in line {leak.line}"
            if leak.habit == "autograd.Function":
                return f"{leak.name}{line} has a backward of its own"
            if leak.habit == "no derivative":
                return f"torch has no derivative of {leak.name}{line}"
            return f"{leak.habit}{line} cuts torch's graph; {leak.advice}"
    return None
