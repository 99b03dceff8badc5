"""A closed form as source: value and Jacobian in one pass, described by a comment."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from jacmagic.labels import Label
from jacmagic.symbolic.codegen.function import Argument, Function
from jacmagic.symbolic.codegen.languages import LANGUAGES
from jacmagic.symbolic.codegen.scope import Scope
from jacmagic.symbolic.codegen.writer import Writer, language
from jacmagic.symbolic.economy import Counts, Program, cheapest, count
from jacmagic.symbolic.formula.closed import ClosedForm

MAX_NAMES = 8  # of outputs or entries in the comment, about a line


@dataclass(frozen=True)
class Export:
    """A function that is to be written.

    Attributes:
        form: its closed form.
        name: what the written function is called.
        title: the name of the function that is differentiated.
        noun: "Jacobian" or "Hessian".
        inputs: name and shape of each input.
        rows: the m labels of the outputs.
        conditions: sentences that say where the closed form holds.
        value: whether the value is computed too.
        sparse: whether only the entries that are not structurally zero are computed.
        dtype: "float64" or "float32".
    """

    form: ClosedForm
    name: str
    title: str
    noun: str
    inputs: Sequence[tuple[str, tuple[int, ...]]]
    rows: Sequence[Label]
    conditions: Sequence[str] = ()
    value: bool = True
    sparse: bool = False
    dtype: str = "float64"

    @cached_property
    def program(self) -> Program:
        """Return value and entries as a program of few operations."""
        form, trace = self.form, self.form.trace
        variables = trace.values or trace.inputs
        return cheapest(
            form.graph,
            variables,
            trace.outputs,
            form.rows,
            self._positions(),
            value=self.value,
            reorder=not trace.values,  # the tangent vectors are in no expression
        )

    def _positions(self) -> list[tuple[int, int]]:
        m, n = self.form.shape
        if self.sparse:
            return [(i, j) for i, row in enumerate(self.form.rows) for j in sorted(row)]
        return list(itertools.product(range(m), range(n)))

    def _indexes(self) -> dict[str, tuple[int, ...]]:
        """Return where rows begin and entries stand; nothing for a dense matrix."""
        if not self.sparse:
            return {}
        columns = [sorted(row) for row in self.form.rows]
        pointers = itertools.accumulate(map(len, columns), initial=0)
        return {"row_pointers": tuple(pointers), "columns": tuple(itertools.chain(*columns))}

    def source(self, target: str) -> str:
        """Write the function; inputs that are numbers are plain numbers, tensors are indexed.

        A name that the language has another meaning for gets an underscore or a number after it.

        Args:
            target: the language, a key of `LANGUAGES`.

        Returns:
            The source, ending in a newline.

        Raises:
            OptionError: for an unknown language or precision, or an operation that the language
                has no function for.
        """
        words, program = language(target, self.dtype), self.program
        scope = Scope(words.reserved, ascii_only=words.ascii_only)
        name, *names = scope.names([self.name, *(input_name for input_name, _ in self.inputs)])
        arguments, components = [], list[str]()
        for input_name, (_, shape) in zip(names, self.inputs, strict=True):
            indices = itertools.product(*map(range, shape))
            own = [words.component(input_name, index, shape) for index in indices]
            arguments.append(Argument(input_name, shape, own[0] if own else ""))
            components += own
        variables = dict(zip(program.variables, components, strict=True))
        writer = Writer(target, words, program, variables, scope)
        texts = writer.write()
        split = self.form.shape[0] if self.value else 0
        return words.frame(
            Function(
                name,
                tuple(arguments),
                tuple(self._comment(count(program.graph, program.roots, program.variables))),
                tuple(writer.constants),
                tuple(writer.statements),
                tuple(texts[:split]) if self.value else None,
                tuple(texts[split:]),
                self.form.shape,
                self._indexes(),
                (scope.name("value"), scope.name("J")),
            )
        )

    def languages(self) -> tuple[str, ...]:
        """Return the languages that have functions for all operations in it."""
        program = self.program
        reached = {program.graph.operations[node] for node in program.graph.reach(program.roots)}
        needed = reached - {"number", "variable", "constant"}
        return tuple(name for name, words in LANGUAGES.items() if needed <= words.operations)

    # ── the comment ───────────────────────────────────────────────────────────────────────────

    def _comment(self, counts: Counts) -> list[str]:
        """Return what the function computes, its sizes, its cost, and where it holds."""
        m = self.form.shape[0]
        both = "Value and " if self.value else ""
        lines = [f"{both}{self.noun} of {self.title}, written by jacmagic."]
        lines += ["Inputs: " + "; ".join(f"{name}: {_size(shape)}" for name, shape in self.inputs)]
        if self.value:
            lines.append(f"Value: {m} number{'s' * (m != 1)}{_listed(self.rows)}.")
        lines.append(self._matrix())
        lines.append(f"Operations: {counts} ({counts.total} in all).")
        return lines + [f"Valid while {text}." for text in self.conditions]

    def _matrix(self) -> str:
        m, n = self.form.shape
        kind = "outputs by inputs" if self.noun == "Jacobian" else "inputs by inputs"
        if self.sparse:
            entries = sum(map(len, self.form.rows))
            return (
                f"J: the {entries} entries of the sparse {m} x {n} {self.noun}, {kind}, "
                "row by row; row_pointers says where rows begin, columns where entries stand (CSR)."
            )
        return f"J: the {m} x {n} {self.noun}, {kind}, row by row."


def _size(shape: tuple[int, ...]) -> str:
    if not shape:
        return "a number"
    if len(shape) == 1:
        return f"{shape[0]} number{'s' * (shape[0] != 1)}"
    return f"{' x '.join(map(str, shape))} numbers, row by row"


def _listed(labels: Sequence[Label]) -> str:
    """Return names in brackets; nothing where they would fill lines."""
    names = [label.text for label in itertools.islice(labels, MAX_NAMES + 1)]
    return f" ({', '.join(names)})" if 0 < len(names) <= MAX_NAMES else ""
