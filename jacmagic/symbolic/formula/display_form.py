"""A closed form as it is shown: with named constants, σ, softmax, abbreviations.

The formula for computing (`ClosedForm.matrix`) is plain SymPy in the inputs' symbols alone. What is
shown is a reading of it: the same function traced with the user's named constants kept as leaves,
and with names for what would otherwise be written out again and again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import sympy

from jacmagic.labels import Label
from jacmagic.symbolic.formula.abbreviations import Abbreviation, Abbreviations, tex_of
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.conversion import Conversion, Converted, excerpt
from jacmagic.symbolic.formula.part_names import MAX_ENTRY_SYMBOLS, named_parts
from jacmagic.symbolic.formula.shortest import symbols_in, tidied
from jacmagic.symbolic.formula.symbol_names import SymbolNames
from jacmagic.symbolic.formula.sympy_names import NamedNumber
from jacmagic.symbolic.formula.sympy_operations import WRITTEN
from jacmagic.symbolic.formula.typeset import tex
from jacmagic.symbolic.formula.written_order import WrittenOrder
from jacmagic.symbolic.graph import Tape, write_tape

MAX_PAGE_SYMBOLS = 1_000  # symbols of all entries that a page shows: about 8,000 letters of LaTeX


class DisplayForm:
    """A closed form in SymPy, as a page shows it.

    Attributes:
        form: the closed form that is read; its graph may hold named constants.
        constants: symbol and constant of every constant that has a name.
    """

    def __init__(
        self,
        form: ClosedForm,
        *,
        named: bool = True,
        taken_names: Collection[str] = (),
        outputs: Sequence[Label] = (),
    ) -> None:
        """Read a closed form; nothing is converted yet.

        Args:
            form: the closed form.
            named: False gives no names to parts of it.
            taken_names: names that no part may have: those of outputs, and of the function.
            outputs: names by which the entries may call the outputs.
        """
        self.form, self._conversion = form, Conversion(form)
        self._name_parts = partial(
            named_parts, self._conversion, taken_names, named=named, outputs=outputs
        )
        self._written, self._plain, self._named = Converted(), Converted(), Converted()
        self.constants = self._conversion.constants

    @cached_property
    def _parts(self) -> Abbreviations:
        """The names of parts, chosen when they are first asked for."""
        return self._name_parts()

    @cached_property
    def _symbols(self) -> dict[int, sympy.Symbol]:
        """The symbol of each named part, by node."""
        return self._parts.symbols

    # ── without clauses ───────────────────────────────────────────────────────────────────────

    @property
    def written(self) -> list[sympy.Expr]:
        """The function's m outputs in the user's own form."""
        return self._outputs(range(self.form.shape[0]))

    def output(self, i: int) -> sympy.Expr:
        """Return one of the function's outputs in the user's own form."""
        return self._outputs([i])[0]

    def _outputs(self, rows: Sequence[int]) -> list[sympy.Expr]:
        nodes = [self.form.trace.outputs[i] for i in rows]
        return self._written.of(nodes, lambda new: self._conversion.convert(new, {}, WRITTEN))

    def entry(self, i: int, j: int) -> sympy.Expr:
        """Return one entry with no part of it named."""
        if not self._symbols:
            return self.shown(i, j)
        node = self.form.entries[i * self.form.shape[1] + j]
        return self._plain.of([node], self._conversion.tidy)[0]

    def expression(self, i: int) -> sympy.Expr:
        """Return one of the function's outputs, in the form that was differentiated."""
        outputs = self.form.expressed or self.form.trace.outputs
        return self._conversion.convert([outputs[i]])[0]

    # ── with clauses ──────────────────────────────────────────────────────────────────────────

    @cached_property
    def page_entries(self) -> list[tuple[int, int]]:
        """The entries (i, j) on a page: all of a small matrix, margins of a large one."""
        rows, columns = (
            [index for index in excerpt(count) if index is not None] for count in self.form.shape
        )
        return [(i, j) for i in rows for j in columns]

    def prepare(self) -> None:
        """Convert all that a page shows."""
        _ = self._shown_entries, self.clauses, self._page_outputs

    @property
    def _page_outputs(self) -> list[sympy.Expr]:
        if self.form.too_large is not None:
            return []
        return self._outputs([i for i in excerpt(self.form.shape[0]) if i is not None])

    @property
    def matrix(self) -> sympy.Matrix:
        """The Jacobian (m, n) as it is shown, in terms of the clauses' symbols."""
        return sympy.Matrix(*self.form.shape, self._shown(self.form.entries))

    def shown(self, i: int, j: int) -> sympy.Expr:
        """Return one entry as it is shown."""
        _ = self._shown_entries
        return self._shown([self.form.entries[i * self.form.shape[1] + j]])[0]

    @cached_property
    def _shown_entries(self) -> list[sympy.Expr]:
        """The entries on a page, converted together."""
        n = self.form.shape[1]
        return self._shown([self.form.entries[i * n + j] for i, j in self.page_entries])

    def _shown(self, nodes: Sequence[int]) -> list[sympy.Expr]:
        return self._named.of(nodes, lambda new: self._conversion.tidy(new, self._symbols))

    @cached_property
    def clauses(self) -> tuple[Abbreviation, ...]:
        """What the symbols in the matrix stand for, in the order of reading."""
        entries, symbols = self._shown_entries, self._symbols
        labels = self._parts.names
        present = set().union(*(entry.free_symbols for entry in entries)) if entries else set()
        if not self._conversion.is_small:
            present |= {symbols[node] for node in self._parts.used(self.form.entries)}
        clauses: list[Abbreviation] = []
        for node in sorted(symbols, reverse=True):
            if symbols[node] in present:
                others = {other: symbol for other, symbol in symbols.items() if other != node}
                definition = self._defined(node, others)
                present |= definition.free_symbols
                latex = f"{tex_of(labels[node])} = {tex(definition, self.all_names)}"
                clauses.append(Abbreviation(symbols[node], definition, latex, node))
        return tuple(reversed(clauses))

    def _defined(self, node: int, symbols: dict[int, Any]) -> sympy.Expr:
        """Return what a name stands for; a long definition is left as it was derived."""
        (definition,) = self._conversion.convert([node], symbols)
        return (
            tidied([definition])[0] if symbols_in(definition) <= MAX_ENTRY_SYMBOLS else definition
        )

    def abbreviated(self, i: int) -> sympy.Expr:
        """Return an output in the user's own form, with the clauses' symbols.

        What is recognised in it is shown where that is shorter: a softmax as s₀.
        """
        symbols = {clause.node: clause.symbol for clause in self.clauses}
        outputs = [form[i] for form in (self.form.trace.outputs, self.form.expressed) if form]
        forms = self._conversion.convert(outputs, symbols, WRITTEN)
        return min(forms, key=symbols_in)

    @cached_property
    def fits(self) -> bool:
        """Whether a page shows all entries, long ones below the matrix."""
        return sum(map(symbols_in, self._shown_entries)) <= MAX_PAGE_SYMBOLS

    @property
    def sizes(self) -> list[int]:
        """How many symbols each of the m·n entries has, named parts counted as one."""
        return self._parts.sizes(self.form.entries)

    # ── names and numbers ─────────────────────────────────────────────────────────────────────

    @cached_property
    def names(self) -> dict[Any, str]:
        """LaTeX of the symbols of inputs and constants."""
        return self._order.of(self._own_names)

    @property
    def _own_names(self) -> dict[Any, str]:
        return {
            **self.form.in_sympy.names,
            **{symbol: constant.label.tex for symbol, constant in self.constants},
        }

    @cached_property
    def all_names(self) -> dict[Any, str]:
        """LaTeX of every symbol in the matrix, those of clauses included."""
        symbols, labels = self._symbols, self._parts.names
        parts = {symbols[node]: tex_of(labels[node]) for node in symbols}
        return self._order.of({**self._own_names, **parts})

    def ordered(self, texts: Mapping[Any, str]) -> SymbolNames:
        """Return texts of symbols with the order in which these are printed."""
        return self._order.of(texts)

    @cached_property
    def _order(self) -> WrittenOrder:
        """The order of symbols and terms in print: that of the code."""
        rows = [i for i in excerpt(self.form.shape[0]) if i is not None]
        outputs = self.form.potential or [self.form.trace.outputs[i] for i in rows]
        return WrittenOrder(self._conversion, outputs, self._symbols)

    @cached_property
    def labels(self) -> dict[Any, Label]:
        """The names of constants and of named parts, by symbol."""
        symbols, labels = self._symbols, self._parts.names
        return {
            **{symbol: constant.label for symbol, constant in self.constants},
            **{symbols[node]: labels[node] for node in symbols},
        }

    @cached_property
    def texts(self) -> dict[Any, str]:
        """How every symbol in the matrix is written in plain text."""
        labels = zip(self.form.in_sympy.symbols, self.form.columns, strict=True)
        texts = {symbol: label.unicode for symbol, label in (*labels, *self.labels.items())}
        return self._order.of(texts)

    @property
    def says_more(self) -> bool:
        """Whether the matrix says more than its numbers do."""
        shown = self._shown_entries
        return any(entry.free_symbols or entry.atoms(NamedNumber) for entry in shown)

    @cached_property
    def used_constants(self) -> tuple[tuple[Label, float], ...]:
        """The named constants that the function or its Jacobian shows, with their values."""
        definitions = [clause.definition for clause in self.clauses]
        shown = [*self._page_outputs, *self._shown_entries, *definitions]
        present = (
            set().union(*(expression.atoms(NamedNumber) for expression in shown))
            if shown
            else set()
        )
        return tuple(
            (constant.label, constant.value)
            for symbol, constant in self.constants
            if symbol in present
        )

    def live_tape(self) -> Tape:
        """Return a tape from a point to what the reading shows there.

        Its outputs are the conditions under which it holds (1 or 0), the numbers of the clauses, in
        their order, and the m·n entries.

        Raises:
            BudgetExceeded: if it grows too large.
        """
        return self.form.live_tape([clause.node for clause in self.clauses])

    def numbers(self, point: Sequence[float]) -> dict[Any, float]:
        """Return the number of every symbol in the matrix at a point of n numbers."""
        nodes = [clause.node for clause in self.clauses]
        tape = write_tape(self.form.graph, nodes, self.form.trace.inputs)
        symbols = [clause.symbol for clause in self.clauses]
        return {
            **dict(zip(self.form.in_sympy.symbols, point, strict=True)),
            **{symbol: constant.value for symbol, constant in self.constants},
            **dict(zip(symbols, tape.evaluate(point), strict=True)),
        }
