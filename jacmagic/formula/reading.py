"""A closed form as a lecturer writes it: constants by their names, σ and softmax as themselves.

The formula for computing (`ClosedForm.matrix`) is plain SymPy in the inputs' symbols alone. What is
shown is a reading of it: the same function traced with the user's named constants kept as leaves,
and with names for what would otherwise be written out again and again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy

from jacmagic.formula.clauses import Clauses
from jacmagic.formula.closed import ClosedForm, shortest, symbols_in, tidied
from jacmagic.formula.named import NamedNumber, sigmoid
from jacmagic.formula.sympify import CANONICAL, WRITTEN, to_sympy
from jacmagic.formula.typeset import tex
from jacmagic.graph import Tape, stable, write_tape
from jacmagic.labels import Label

WIDEST = 130  # symbols side by side up to which a matrix is left as it is
LONGEST = 60  # symbols of one entry
MOST_SYMBOLS = 40_000  # written out, above which nothing is named

_SPOKEN = {"sigmoid": sigmoid}


@dataclass(frozen=True)
class Clause:
    """One "with u = …".

    Attributes:
        symbol: u.
        definition: what it stands for, perhaps in terms of earlier ones.
        latex: the equation, without delimiters.
        node: the part of the graph that it names.
    """

    symbol: sympy.Symbol
    definition: sympy.Expr
    latex: str
    node: int


class Reading:
    """One way of reading a closed form.

    Attributes:
        form: the closed form that is read; its graph may hold named constants.
    """

    def __init__(self, form: ClosedForm, *, named: bool = True) -> None:
        """Read a closed form; nothing is converted yet.

        Args:
            form: the closed form.
            named: False gives no names to parts of it.
        """
        self.form, self._named = form, named
        self.constants = tuple(
            (NamedNumber(one.label.symbol, one.value), one) for one in form.trace.constants
        )
        self._leaves: dict[int, Any] = {
            **dict(zip(form.trace.inputs, form.symbols, strict=True)),
            **{one.node: symbol for symbol, one in self.constants},
        }

    # ── without clauses ───────────────────────────────────────────────────────────────────────

    @cached_property
    def written(self) -> list[sympy.Expr]:
        """The function's m outputs in the user's own form."""
        table = {**WRITTEN, **_SPOKEN}
        return to_sympy(self.form.graph, self.form.trace.outputs, self._leaves, table=table)

    @cached_property
    def entries(self) -> list[sympy.Expr]:
        """The m·n entries of the Jacobian, nothing named."""
        return self._tidied(self.form.entries, {})

    def entry(self, i: int, j: int) -> sympy.Expr:
        """One entry, nothing named."""
        if "entries" in self.__dict__:
            return self.entries[i * self.form.shape[1] + j]
        return self._tidied([self.form.entries[i * self.form.shape[1] + j]], {})[0]

    def expression(self, i: int) -> sympy.Expr:
        """One of the function's outputs."""
        return self._converted([self.form.trace.outputs[i]])[0]

    def _converted(self, nodes: Sequence[int]) -> list[sympy.Expr]:
        return to_sympy(self.form.graph, nodes, self._leaves, table={**CANONICAL, **_SPOKEN})

    def _tidied(self, nodes: Sequence[int], named: dict[int, Any]) -> list[sympy.Expr]:
        table = {**CANONICAL, **_SPOKEN}
        distinct = list(dict.fromkeys(nodes))
        made = to_sympy(self.form.graph, distinct, {**self._leaves, **named}, table=table)
        found = dict(zip(distinct, tidied(made), strict=True))
        return [found[node] for node in nodes]

    # ── with clauses ──────────────────────────────────────────────────────────────────────────

    @cached_property
    def matrix(self) -> sympy.Matrix:
        """The Jacobian (m, n) as it is shown, in terms of the clauses' symbols."""
        return sympy.Matrix(*self.form.shape, self._shown[0])

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """What the symbols in the matrix stand for, in the order of reading."""
        entries, named = self._shown
        names = self._clause_names
        present = set().union(*(entry.free_symbols for entry in entries)) if entries else set()
        found: list[Clause] = []
        for node in sorted(named, reverse=True):
            if named[node] in present:
                rest = {other: symbol for other, symbol in named.items() if other != node}
                definition = self._defined(node, rest)
                present |= definition.free_symbols
                label = names.names[node]
                latex = f"{_tex_of(label)} = {tex(definition, {**self.names, **self._marks})}"
                found.append(Clause(named[node], definition, latex, node))
        return tuple(reversed(found))

    def _defined(self, node: int, named: dict[int, Any]) -> sympy.Expr:
        """What a name stands for; a long definition is left as it was derived."""
        table = {**CANONICAL, **_SPOKEN}
        (made,) = to_sympy(self.form.graph, [node], {**self._leaves, **named}, table=table)
        return shortest(made) if symbols_in(made) <= LONGEST else made

    @cached_property
    def _shown(self) -> tuple[list[sympy.Expr], dict[int, sympy.Symbol]]:
        """The entries, and the symbols of the parts that were named."""
        clauses = self._clause_names
        if not self._named:
            return self.entries, {}
        clauses.name_softmax()
        clauses.name_norms(self._vectors)
        clauses.name_sigmoids()
        if self.is_wide:
            clauses.name_variables(self.form.trace.variables)
            clauses.name_repeated()
        named = _symbols(clauses)
        return (self._tidied(self.form.entries, named) if named else self.entries), named

    @cached_property
    def abbreviated(self) -> list[sympy.Expr]:
        """The function's m outputs in the user's own form, in terms of the clauses' symbols."""
        named = {clause.node: clause.symbol for clause in self.clauses}
        table = {**WRITTEN, **_SPOKEN}
        outputs = self.form.trace.outputs
        return to_sympy(self.form.graph, outputs, {**self._leaves, **named}, table=table)

    @cached_property
    def _clause_names(self) -> Clauses:
        taken = {symbol.name for symbol in (*self.form.symbols, *(s for s, _ in self.constants))}
        return Clauses(self.form.graph, self.form.entries, taken)

    @property
    def _vectors(self) -> dict[tuple[int, ...], str]:
        """What the components of inputs and variables are together called."""
        labelled = [
            *zip(self.form.trace.inputs, self.form.columns, strict=True),
            *self.form.trace.variables.items(),
        ]
        together: dict[str, list[int]] = {}
        for node, label in labelled:
            if len(label.index) == 1:
                together.setdefault(label.name, []).append(node)
        return {tuple(nodes): name for name, nodes in together.items()}

    @property
    def is_wide(self) -> bool:
        """Whether the matrix is too wide for a page as things are named by now."""
        m, n = self.form.shape
        sizes = self._clause_names.sizes(self.form.entries)
        if sum(sizes) > MOST_SYMBOLS:
            return False
        if max(sizes, default=0) > LONGEST:
            return True
        columns = [max((sizes[i * n + j] for i in range(m)), default=0) for j in range(n)]
        return n <= 10 and sum(columns) > WIDEST

    # ── names and numbers ─────────────────────────────────────────────────────────────────────

    @cached_property
    def names(self) -> dict[Any, str]:
        """LaTeX of the symbols of inputs and constants."""
        return {**self.form.names, **{symbol: one.label.tex for symbol, one in self.constants}}

    @cached_property
    def _marks(self) -> dict[Any, str]:
        named, labels = self._shown[1], self._clause_names.names
        return {symbol: _tex_of(labels[node]) for node, symbol in named.items()}

    @cached_property
    def all_names(self) -> dict[Any, str]:
        """LaTeX of every symbol in the matrix, those of clauses included."""
        return {**self.names, **self._marks}

    @cached_property
    def labels(self) -> dict[Any, Label]:
        """The names of constants and of named parts, by symbol."""
        named, names = self._shown[1], self._clause_names.names
        return {
            **{symbol: one.label for symbol, one in self.constants},
            **{symbol: names[node] for node, symbol in named.items()},
        }

    @property
    def says_more(self) -> bool:
        """Whether the matrix says more than its numbers do."""
        return bool(self.matrix.free_symbols or self.matrix.atoms(NamedNumber))

    @cached_property
    def used_constants(self) -> tuple[tuple[Label, float], ...]:
        """The named constants that the function or its Jacobian shows, with their values."""
        shown = [*self.written, *self.matrix, *(one.definition for one in self.clauses)]
        present = set().union(*(one.atoms(NamedNumber) for one in shown)) if shown else set()
        return tuple((one.label, one.value) for symbol, one in self.constants if symbol in present)

    def live_tape(self) -> Tape:
        """A tape from a point to what the reading shows there.

        Its outputs are the conditions under which it holds (1 or 0), the numbers of the clauses, in
        their order, and the m·n entries.

        Raises:
            BudgetExceeded: if it grows too large.
        """
        form = self.form
        conditions = [one.condition for one in form.trace.assumptions]
        shown = [*(clause.node for clause in self.clauses), *form.entries]
        roots = [*conditions, *stable(form.graph, shown)]
        return write_tape(form.graph, roots, form.trace.inputs)

    def numbers(self, point: Sequence[float]) -> dict[Any, float]:
        """The number of every symbol in the matrix at a point of n numbers."""
        clauses = self.clauses
        tape = write_tape(
            self.form.graph, [clause.node for clause in clauses], self.form.trace.inputs
        )
        return {
            **dict(zip(self.form.symbols, point, strict=True)),
            **{symbol: one.value for symbol, one in self.constants},
            **dict(zip((c.symbol for c in clauses), tape.evaluate(point), strict=True)),
        }


def _symbols(clauses: Clauses) -> dict[int, sympy.Symbol]:
    made = {}
    for node, label in clauses.names.items():
        name = f"norm_{label.name.strip('‖')}" if label.name.startswith("‖") else label.symbol
        made[node] = sympy.Symbol(name, real=True)
    return made


def _tex_of(label: Label) -> str:
    if label.name.startswith("‖"):
        return rf"\left\| {Label(label.name.strip('‖')).tex} \right\|"
    return label.tex
