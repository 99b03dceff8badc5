"""The entries of a derivation's matrices: formulas, or numbers substituted.

A matrix has to fit a page: long entries and outputs are written out below it, each by its name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import sympy

from jacmagic.labels import Label
from jacmagic.render import latex
from jacmagic.render.extent import extent
from jacmagic.render.page import MATRIX_LETTERS
from jacmagic.render.typed import Typed, TypedLatex
from jacmagic.symbolic.formula.conversion import MAX_LINES
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.shortest import shortest
from jacmagic.symbolic.formula.typeset import substituted, tex
from jacmagic.symbolic.notation import Notation

MAX_ENTRY_CHARACTERS = 400  # LaTeX characters of one entry in the substituted matrix
MAX_EQUATION_CHARACTERS = 8_000  # of LaTeX below a chain; ten times that in MathML
MIN_LETTERS_BELOW = 24  # letters of an entry that may be written out below the matrix


class SubstitutedEntries:
    """The entries with numbers substituted; the value alone where that is long."""

    def __init__(
        self,
        reading: DisplayForm,
        point: Sequence[float],
        matrix: np.ndarray,
        digits: int,
        typed: Mapping[int, Typed],
    ) -> None:
        self.reading, self.matrix, self.digits = reading, matrix, digits
        self.numbers = numbers_of(reading, point, digits, typed)
        self._source = cache(self._put_in)
        self.width = max(
            MIN_LETTERS_BELOW, MATRIX_LETTERS // max(min(matrix.shape[1], MAX_LINES), 1)
        )

    def entry(self, i: int, j: int) -> str:
        """Return an entry as LaTeX."""
        return self._value(i, j) if self.is_plain(i, j) else self._source(i, j)

    def is_plain(self, i: int, j: int) -> bool:
        """Whether only the value is shown, where more could be."""
        source = self._source(i, j)
        return len(source) > MAX_ENTRY_CHARACTERS or extent(source) > self.width

    def is_value_alone(self, entries: Collection[tuple[int, int]]) -> bool:
        """Whether these are the values again, as the substitution would be too long."""
        return any(self.is_plain(*entry) for entry in entries) and all(
            self.entry(*entry) == self._value(*entry) for entry in entries
        )

    def _put_in(self, i: int, j: int) -> str:
        """Return an entry with numbers substituted, however long."""
        source = substituted(self.reading.shown(i, j), self.numbers)
        return "0" if source == "- 0" else source

    def _value(self, i: int, j: int) -> str:
        return latex.number(float(self.matrix[i, j]), self.digits)


class FormulaEntries:
    """The entries as formulas, and the equations that are written below the matrix."""

    def __init__(
        self,
        reading: DisplayForm,
        rows: Sequence[Label],
        columns: Sequence[Label],
        picked: Sequence[Sequence[int | None]],
        function: str,
        notation: Notation,
    ) -> None:
        self.reading, self.rows = reading, rows
        self.function, self.notation = function, notation
        self.variables = [label.tex for label in columns]
        down, across = ([k for k in indices if k is not None] for indices in picked)
        names = reading.all_names
        if notation.as_written:
            self.sources = {i: tex(reading.output(i), names, written=True) for i in down}
        else:  # derived, so reordered as every derivative is
            self.sources = {i: tex(shortest(reading.expression(i)), names) for i in down}
        self.shown = {(i, j): tex(reading.shown(i, j), names) for i in down for j in across}
        long = [source for source in self.sources.values() if extent(source) > MIN_LETTERS_BELOW]
        crowded = len(across) * max(map(extent, long), default=0) > MATRIX_LETTERS
        outputs = [self._output(i) for i in down] if crowded else []
        entries = self._name_entries(down, across)
        left = MAX_EQUATION_CHARACTERS - sum(map(len, self.clauses))
        self.outputs, left = _fitting(outputs, left)
        self.entries, _ = _fitting(entries, left)
        missing = len(outputs) + len(entries) - len(self.outputs) - len(self.entries)
        note = f"{missing} long lines of the closed form are left out; see J.formula"
        self.left_out = (note,) if missing else ()

    def _output(self, i: int) -> str:
        """Return an output as an equation, abbreviated as the matrix is."""
        shown = tex(self.reading.abbreviated(i), self.reading.all_names, written=True)
        return f"{self.notation.output(self.function, self.rows[i].tex)} = {shown}"

    def _name_entries(self, down: Sequence[int], across: Sequence[int]) -> list[str]:
        """Move the longest entries below until the matrix fits; return their equations.

        Entries of half the size of one that is moved are moved with it.
        """
        below: list[tuple[int, int]] = []
        sizes = {entry: extent(shown) for entry, shown in self.shown.items()}
        while True:
            widths = [max((sizes[i, j] for i in down), default=0) for j in across]
            longest = max(sizes, key=sizes.__getitem__, default=None)
            if (
                longest is None
                or sum(widths) <= MATRIX_LETTERS
                or sizes[longest] <= MIN_LETTERS_BELOW
            ):
                break
            below.append(longest)
            sizes[longest] = 5
        least = min((extent(self.shown[entry]) for entry in below), default=math.inf)
        below += [
            entry for entry, size in sizes.items() if size > max(least / 2, MIN_LETTERS_BELOW)
        ]
        lines = []
        for i, j in sorted(below):
            name = self.notation.tex(self.function, self.rows[i].tex, self.variables[j])
            lines += latex.broken(name, self._terms(i, j), MATRIX_LETTERS)
            self.shown[i, j] = name
        return lines

    def _terms(self, i: int, j: int) -> list[str]:
        """Return an entry's terms, each with its sign."""
        entry, names = self.reading.shown(i, j), self.reading.all_names
        terms = [tex(term, names) for term in sympy.Add.make_args(entry)]
        return [term if term.startswith("-") else f"+ {term}" for term in terms]

    def of_expression(self, i: int, j: int) -> str:
        """∂(expression)/∂xⱼ."""
        return latex.partial_of(self.sources[i], self.variables[j])

    def entry(self, i: int, j: int) -> str:
        """Return an entry of the closed form, or its name."""
        return self.shown[i, j]

    @property
    def clauses(self) -> list[str]:
        """What the names of parts stand for."""
        return [clause.latex for clause in self.reading.clauses]

    def constants(self, number: Callable[[float], str]) -> list[str]:
        """Return the named constants with their numbers, those of a tensor as a matrix."""
        together: dict[Label, dict[tuple[int, ...], float]] = {}
        for label, value in self.reading.used_constants:
            whole = Label(label.name, (), label.written_out)
            together.setdefault(whole, {})[label.index] = value
        return [f"{whole.tex} = {_value(parts, number)}" for whole, parts in together.items()]


def _fitting(lines: list[str], left: int) -> tuple[list[str], int]:
    """Return the first lines that fit into a number of letters, and the letters left."""
    for k, line in enumerate(lines):
        left -= len(line)
        if left < 0:
            return lines[:k], 0
    return lines, left


def _value(components: dict[tuple[int, ...], float], number: Callable[[float], str]) -> str:
    """Return a number, column or matrix in LaTeX; unused components are dots."""
    if () in components:
        return number(components[()])
    shown = {(*index, 0)[:2]: number(value) for index, value in components.items()}
    rows, columns = (1 + max(axis) for axis in zip(*shown, strict=True))
    return latex.matrix(
        [[shown.get((i, j), r"\cdot") for j in range(columns)] for i in range(rows)]
    )


def numbers_of(
    reading: DisplayForm, point: Sequence[float], digits: int, typed: Mapping[int, Typed]
) -> Mapping[Any, str]:
    """Return LaTeX of the number of every symbol at a point.

    Args:
        reading: the closed form as it is shown.
        point: n numbers.
        digits: significant digits.
        typed: components shown as the expressions that were typed.
    """
    numbers = reading.numbers(point)
    texts = {symbol: latex.number(value, digits) for symbol, value in numbers.items()}
    symbols = list(numbers)  # those of the components come first
    return reading.ordered(
        texts | {symbols[k]: TypedLatex.of(number) for k, number in typed.items()}
    )
