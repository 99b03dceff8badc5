"""A factor of a chain: the local Jacobian of one variable by another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy
import torch

from jacmagic.labels import Label, entry_of
from jacmagic.render import latex
from jacmagic.symbolic.derivation_entries import numbers_of
from jacmagic.symbolic.factored.form import scale_of
from jacmagic.symbolic.formula.abbreviations import Abbreviation
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.shortest import symbols_in
from jacmagic.symbolic.graph import ONE, write_tape
from jacmagic.symbolic.steps import Step, steps_of

MAX_SCALE_SYMBOLS = 3  # symbols of c in a factor c·I, such as h/2


@dataclass(frozen=True, eq=False, repr=False)
class Factor:
    """One local Jacobian ∂v/∂u of a chain.

    Attributes:
        name: "∂h/∂z".
        latex: the same as LaTeX.
        rows: the labels of v's components.
        columns: the labels of u's components.
        matrix: its numbers, float64 (rows, columns).
        pair: the positions of v and u among the variables of the factored form.
        reading: the whole stage as it is shown: symbols, their LaTeX, and clauses.
    """

    name: str
    latex: str
    rows: tuple[Label, ...]
    columns: tuple[Label, ...]
    matrix: torch.Tensor
    pair: tuple[int, int]
    reading: DisplayForm
    _range: range
    _point: tuple[float, ...]
    _digits: int

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return len(self.rows), len(self.columns)

    @cached_property
    def formula(self) -> sympy.Matrix:
        """The local Jacobian as a SymPy matrix in the symbols of the variables around it."""
        return sympy.Matrix(*self.shape, lambda i, j: self.entry(int(i), int(j)))

    def entry(self, i: int, j: int) -> sympy.Expr:
        """Return one entry as it is shown."""
        return self.reading.shown(i, self._range[j])

    @cached_property
    def scale(self) -> sympy.Expr | None:
        """c where it is c·I for a plain c > 0, which the equations then write; else None."""
        c = scale_of(self._nodes)
        if c is None or c == ONE:
            return None if c is None else sympy.Integer(1)
        shown = self.entry(0, 0)
        is_plain = symbols_in(shown) <= MAX_SCALE_SYMBOLS and not shown.could_extract_minus_sign()
        return shown if is_plain else None

    @property
    def _nodes(self) -> list[list[int]]:
        form, n = self.reading.form, self.reading.form.shape[1]
        return [[form.entries[i * n + j] for j in self._range] for i in range(form.shape[0])]

    @cached_property
    def clauses(self) -> tuple[Abbreviation, ...]:
        """What symbols in the formula stand for, in the order of reading."""
        used = {symbol for entry in self.formula for symbol in entry.free_symbols}
        present: list[Abbreviation] = []
        for clause in reversed(self.reading.clauses):
            if clause.symbol in used:
                used |= clause.definition.free_symbols
                present.insert(0, clause)
        return tuple(present)

    @property
    def where(self) -> tuple[str, ...]:
        """LaTeX of the equations that define symbols in the formula."""
        return tuple(clause.latex for clause in self.clauses)

    @cached_property
    def structure(self) -> tuple[Any, ...]:
        """A key that factors of the same form share, such as those of a loop's turns."""
        form, entries = self.reading.form, [node for row in self._nodes for node in row]
        names = tuple(label.name for label in (*self.rows, *form.columns))
        return names, self._range, write_tape(form.graph, entries, form.trace.inputs)

    def steps(self, i: int, j: int) -> Step:
        """Return the derivation of entry (i, j), rule by rule.

        Raises:
            PointError: there is no such entry.
        """
        i, j = entry_of(i, j, self.shape, f"factor {self.name}")
        value = latex.number(float(self.matrix[i, j]), self._digits)
        numbers = numbers_of(self.reading, self._point, self._digits, {})
        return steps_of(self.reading, (i, self._range[j]), numbers, value)

    def formula_steps(self, i: int, j: int) -> Step:
        """Return the derivation of entry (i, j) without numbers."""
        return steps_of(self.reading, (i, self._range[j]), None, "")

    def position(self, i: int, j: int) -> tuple[int, int, int]:
        """Return where entry (i, j) is among the local Jacobians by all sources."""
        return self.pair[0], i, self._range[j]

    def __repr__(self) -> str:
        return f"{self.name} ({self.shape[0]} × {self.shape[1]})"
