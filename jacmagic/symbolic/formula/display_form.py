"""A closed form as a lecturer writes it: constants by their names, σ and softmax as themselves.

The formula for computing (`ClosedForm.matrix`) is plain SymPy in the inputs' symbols alone. What is
shown is a reading of it: the same function traced with the user's named constants kept as leaves,
and with names for what would otherwise be written out again and again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

import sympy

from jacmagic.labels import Label
from jacmagic.symbolic.formula.abbreviations import Abbreviation, Clauses, symbols_of, tex_of
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.excerpt import MOST_PLACES, Converted, excerpt
from jacmagic.symbolic.formula.named import NamedNumber, sigmoid
from jacmagic.symbolic.formula.shortest import symbols_in, tidied
from jacmagic.symbolic.formula.sympify import CANONICAL, WRITTEN, to_sympy
from jacmagic.symbolic.formula.typeset import tex
from jacmagic.symbolic.graph import Tape, stable, write_tape

WIDEST = 130  # symbols side by side up to which a matrix is left as it is
LONGEST = 60  # symbols of one entry
MOST_SYMBOLS = 1_000  # of a matrix whose normal form is tried before parts are named

_SPOKEN = {"sigmoid": sigmoid}


class DisplayForm:
    """One way of reading a closed form.

    Attributes:
        form: the closed form that is read; its graph may hold named constants.
    """

    def __init__(
        self, form: ClosedForm, *, named: bool = True, taken: Collection[str] = ()
    ) -> None:
        """Read a closed form; nothing is converted yet.

        Args:
            form: the closed form.
            named: False gives no names to parts of it.
            taken: names that no part may have: those of outputs, and of the function.
        """
        self._taken = frozenset(taken)
        self.form, self._with_names = form, named
        self._written, self._plain, self._named = Converted(), Converted(), Converted()
        self.constants = tuple(
            (NamedNumber(one.label.symbol, one.value), one) for one in form.trace.constants
        )
        self._leaves: dict[int, Any] = {
            **dict(zip(form.trace.inputs, form.symbols, strict=True)),
            **{one.node: symbol for symbol, one in self.constants},
        }

    # ── without clauses ───────────────────────────────────────────────────────────────────────

    @property
    def written(self) -> list[sympy.Expr]:
        """The function's m outputs in the user's own form."""
        return self._outputs(range(self.form.shape[0]))

    def output(self, i: int) -> sympy.Expr:
        """One of the function's outputs in the user's own form."""
        return self._outputs([i])[0]

    def _outputs(self, rows: Sequence[int]) -> list[sympy.Expr]:
        nodes = [self.form.trace.outputs[i] for i in rows]
        return self._written.of(nodes, lambda new: self._converted(new, table=WRITTEN))

    def entry(self, i: int, j: int) -> sympy.Expr:
        """One entry, nothing named."""
        if not self._symbols:
            return self.shown(i, j)
        node = self.form.entries[i * self.form.shape[1] + j]
        return self._plain.of([node], lambda new: self._tidied(new, {}))[0]

    def expression(self, i: int) -> sympy.Expr:
        """One of the function's outputs."""
        return self._converted([self.form.trace.outputs[i]])[0]

    def _converted(
        self,
        nodes: Sequence[int],
        named: Mapping[int, Any] = MappingProxyType({}),
        table: Mapping[str, Any] = CANONICAL,
    ) -> list[sympy.Expr]:
        symbols = {**self._leaves, **named}
        return to_sympy(self.form.graph, nodes, symbols, table={**table, **_SPOKEN})

    def _tidied(self, nodes: Sequence[int], named: Mapping[int, Any]) -> list[sympy.Expr]:
        together = 0 if self._is_small else self.form.length
        return tidied(self._converted(nodes, named), together)

    # ── with clauses ──────────────────────────────────────────────────────────────────────────

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """The entries (i, j) that a page shows: all of a small matrix, the margins of a large."""
        down, across = (
            [place for place in excerpt(count) if place is not None] for count in self.form.shape
        )
        return [(i, j) for i in down for j in across]

    @property
    def _is_small(self) -> bool:
        return max(self.form.shape, default=0) <= MOST_PLACES

    def prepare(self) -> None:
        """Convert all that a page shows."""
        _ = self._shown_entries, self.clauses
        self._outputs([i for i in excerpt(self.form.shape[0]) if i is not None])

    @property
    def matrix(self) -> sympy.Matrix:
        """The Jacobian (m, n) as it is shown, in terms of the clauses' symbols."""
        return sympy.Matrix(*self.form.shape, self._shown(self.form.entries))

    def shown(self, i: int, j: int) -> sympy.Expr:
        """One entry as it is shown."""
        _ = self._shown_entries
        return self._shown([self.form.entries[i * self.form.shape[1] + j]])[0]

    @cached_property
    def _shown_entries(self) -> list[sympy.Expr]:
        """The entries on a page, converted together."""
        n = self.form.shape[1]
        return self._shown([self.form.entries[i * n + j] for i, j in self.places])

    def _shown(self, nodes: Sequence[int]) -> list[sympy.Expr]:
        return self._named.of(nodes, lambda new: self._tidied(new, self._symbols))

    @cached_property
    def clauses(self) -> tuple[Abbreviation, ...]:
        """What the symbols in the matrix stand for, in the order of reading."""
        entries, named = self._shown_entries, self._symbols
        names = self._clause_names
        present = set().union(*(entry.free_symbols for entry in entries)) if entries else set()
        if not self._is_small:
            present |= {named[node] for node in names.used(self.form.entries)}
        found: list[Abbreviation] = []
        for node in sorted(named, reverse=True):
            if named[node] in present:
                rest = {other: symbol for other, symbol in named.items() if other != node}
                definition = self._defined(node, rest)
                present |= definition.free_symbols
                label = names.names[node]
                latex = f"{tex_of(label)} = {tex(definition, {**self.names, **self._marks})}"
                found.append(Abbreviation(named[node], definition, latex, node))
        return tuple(reversed(found))

    def _defined(self, node: int, named: dict[int, Any]) -> sympy.Expr:
        """Return what a name stands for; a long definition is left as it was derived."""
        (made,) = self._converted([node], named)
        return tidied([made])[0] if symbols_in(made) <= LONGEST else made

    @cached_property
    def _symbols(self) -> dict[int, sympy.Symbol]:
        """The symbols of the parts that are named."""
        clauses = self._clause_names
        if not self._with_names:
            return {}
        clauses.name_softmax()
        clauses.name_norms(self._vectors)
        clauses.name_sigmoids()
        if self.is_wide and not self._reads_short(symbols_of(clauses)):
            clauses.name_variables(self.form.trace.variables)
            clauses.name_repeated()
        while trivial := self._trivial(symbols_of(clauses)):
            clauses.drop(trivial)
        return symbols_of(clauses)

    def _trivial(self, named: dict[int, sympy.Symbol]) -> list[int]:
        """Named parts that SymPy sees to be a number or one variable."""
        found = []
        for node in named:
            rest = {other: symbol for other, symbol in named.items() if other != node}
            (made,) = self._converted([node], rest)
            if made.is_number or made.is_Symbol:
                found.append(node)
        return found

    def abbreviated(self, i: int) -> sympy.Expr:
        """One of the function's outputs in the user's own form, in the clauses' symbols."""
        named = {clause.node: clause.symbol for clause in self.clauses}
        return self._converted([self.form.trace.outputs[i]], named, WRITTEN)[0]

    @cached_property
    def _clause_names(self) -> Clauses:
        taken = {symbol.name for symbol in (*self.form.symbols, *(s for s, _ in self.constants))}
        own = (*self.form.columns, *(one.label for _, one in self.constants), *self._variables)
        return Clauses(
            self.form.graph,
            self.form.entries,
            taken | (self._taken - self._named_outputs),
            letters_taken={label.name for label in own} | self._taken,
        )

    @property
    def _named_outputs(self) -> set[str]:
        """What the code calls its outputs before it returns them: these names mean the same."""
        outputs = set(self.form.trace.outputs)
        variables = self.form.trace.variables.items()
        return {label.symbol for node, label in variables if node in outputs}

    @property
    def _variables(self) -> list[Label]:
        """What the code itself calls parts of the formula."""
        return list(self.form.trace.variables.values())

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
    def sizes(self) -> list[int]:
        """How many symbols each of the m·n entries has, named parts counted as one."""
        return self._clause_names.sizes(self.form.entries)

    @property
    def is_wide(self) -> bool:
        """Whether the matrix is too wide for a page as things are named by now."""
        return self._are_wide(self.sizes)

    def _reads_short(self, named: dict[int, sympy.Symbol]) -> bool:
        """Whether SymPy's normal form fits a page, where the graph's own would not."""
        if sum(self.sizes) > MOST_SYMBOLS:
            return False
        entries = self._tidied(self.form.entries, named)
        return not self._are_wide([symbols_in(entry) for entry in entries])

    def _are_wide(self, sizes: Sequence[int]) -> bool:
        m, n = self.form.shape
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
        named, labels = self._symbols, self._clause_names.names
        return {symbol: tex_of(labels[node]) for node, symbol in named.items()}

    @cached_property
    def all_names(self) -> dict[Any, str]:
        """LaTeX of every symbol in the matrix, those of clauses included."""
        return {**self.names, **self._marks}

    @cached_property
    def labels(self) -> dict[Any, Label]:
        """The names of constants and of named parts, by symbol."""
        named, names = self._symbols, self._clause_names.names
        return {
            **{symbol: one.label for symbol, one in self.constants},
            **{symbol: names[node] for node, symbol in named.items()},
        }

    @property
    def texts(self) -> dict[Any, str]:
        """How every symbol in the matrix is written in plain text."""
        labels = zip(self.form.symbols, self.form.columns, strict=True)
        return {symbol: label.unicode for symbol, label in (*labels, *self.labels.items())}

    @property
    def says_more(self) -> bool:
        """Whether the matrix says more than its numbers do."""
        shown = self._shown_entries
        return any(entry.free_symbols or entry.atoms(NamedNumber) for entry in shown)

    @cached_property
    def used_constants(self) -> tuple[tuple[Label, float], ...]:
        """The named constants that the function or its Jacobian shows, with their values."""
        outputs = self._outputs([i for i in excerpt(self.form.shape[0]) if i is not None])
        shown = [*outputs, *self._shown_entries, *(one.definition for one in self.clauses)]
        present = set().union(*(one.atoms(NamedNumber) for one in shown)) if shown else set()
        return tuple((one.label, one.value) for symbol, one in self.constants if symbol in present)

    def live_tape(self) -> Tape:
        """Return a tape from a point to what the reading shows there.

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
        """Return the number of every symbol in the matrix at a point of n numbers."""
        clauses = self.clauses
        tape = write_tape(
            self.form.graph, [clause.node for clause in clauses], self.form.trace.inputs
        )
        return {
            **dict(zip(self.form.symbols, point, strict=True)),
            **{symbol: one.value for symbol, one in self.constants},
            **dict(zip((c.symbol for c in clauses), tape.evaluate(point), strict=True)),
        }
