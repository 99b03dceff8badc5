"""The chain of equations: ∂fᵢ/∂xⱼ = ∂(expression)/∂xⱼ = closed form = numbers.

Each link is a matrix in LaTeX, built from plain labels, expressions and numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jacmagic.labels import Label, mapped
from jacmagic.render import latex
from jacmagic.render.layout import Blocks, Layout, cuts_of
from jacmagic.render.typed import Typed
from jacmagic.symbolic.derivation_entries import FormulaEntries, SubstitutedEntries
from jacmagic.symbolic.formula.conversion import excerpt
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.typeset import substituted
from jacmagic.symbolic.notation import JACOBIAN, Notation

MAX_BLOCKS = 8  # up to which lines divide a matrix; more make a net of it


@dataclass(frozen=True)
class Derivation:
    """The links of the chain, LaTeX without delimiters.

    Attributes:
        head: the left-hand side, such as J_f(x₁, x₂).
        definition: the matrix of ∂fᵢ/∂xⱼ; None where there is no entry.
        of_expressions: the matrix of ∂(expression)/∂xⱼ, or None without a closed form.
        closed_form: the matrix of the derivatives, or None; no link of the chain where each entry
            is written out below.
        substituted: the closed form with numbers substituted, or None; none where all entries are
            too long for that.
        value: the matrix of numbers.
        agrees: whether the numbers are those that the closed form gives.
        where: the equations "u = …" that belong to the chain: long outputs, named parts, long
            entries, constants with their numbers.
        definitions: those of named parts and constants alone.
        matrix: the same Jacobian as matrix expressions, such as "J_f(x) = A", and what the names
            in these stand for.
    """

    head: str
    definition: str | None
    of_expressions: str | None
    closed_form: str | None
    substituted: str | None
    value: str
    agrees: bool = True
    where: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()
    matrix: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def links(self) -> tuple[str, ...]:
        """The matrices that exist, in order."""
        return tuple(link for link, _ in self._named_links)

    @property
    def link_names(self) -> tuple[str, ...]:
        """What each link holds, such as "closed form"."""
        return tuple(name for _, name in self._named_links)

    @property
    def fixed_links(self) -> tuple[str, ...]:
        """The matrices without numbers of the point; those with them follow, see `templates`."""
        moving = (self.substituted, self.value)
        return self.links[: -sum(link is not None for link in moving)]

    @property
    def _named_links(self) -> list[tuple[str, str]]:
        closed = None if self.closed_form == self.definition else self.closed_form
        chain = (
            (self.definition, "definition"),
            (self.of_expressions, "derivatives of the expressions"),
            (closed, "closed form"),
            (self.substituted, "numbers put in"),
            (self.value, "value"),
        )
        return [(link, name) for link, name in chain if link is not None]

    @property
    def signs(self) -> tuple[str, ...]:
        """The sign before each link: "≠" before numbers that contradict the formula."""
        last = "=" if self.agrees or self.closed_form is None else "≠"
        return (*["="] * (len(self.links) - 1), last)

    @property
    def latex(self) -> str:
        """The whole chain as one aligned block."""
        return latex.aligned(self.lines)

    @property
    def lines(self) -> list[str]:
        """The chain as lines to be aligned; a matrix that is wider than a page has several."""
        return latex.derivation(self.head, self.links, self.signs, self.where, self.matrix)


@dataclass(frozen=True, eq=False)
class DerivationWriter:
    """Writer of the chain of one function at one point.

    Attributes:
        title: the function's name.
        rows: the m labels of the outputs.
        columns: the n labels of the inputs' components.
        reading: the closed form as it is to be shown, or None.
        point: the n numbers of the point.
        matrix: torch's numbers (m, n).
        inputs: LaTeX of the inputs' names, for the left-hand side.
        digits: significant digits of numbers.
        layout: of every matrix.
        notation: how the entries are written.
        blocks: sizes of outputs and of inputs, where lines divide the matrices.
        typed: components of the point that are shown as they were typed, by their index.
    """

    title: str
    rows: Sequence[Label]
    columns: Sequence[Label]
    reading: DisplayForm | None
    point: Sequence[float]
    matrix: np.ndarray
    inputs: Sequence[str]
    digits: int
    layout: Layout
    notation: Notation
    blocks: Blocks
    typed: Mapping[int, Typed]

    def derivation(self, *, agrees: bool) -> Derivation:
        """Build the chain.

        Args:
            agrees: whether the closed form gives the numbers.
        """
        variables, function = mapped(lambda label: label.tex, self.columns), Label(self.title).tex
        if not self.matrix.size:
            (empty,) = self.templates()
            return Derivation(self._head(function), None, None, None, None, empty)
        definition = self._matrix(
            lambda i, j: self.notation.tex(function, self.rows[i].tex, variables[j])
        )
        value = self._matrix(lambda i, j: self._number(float(self.matrix[i, j])))
        if self.reading is None:
            return Derivation(self._head(function), definition, None, None, None, value)
        shown = SubstitutedEntries(self.reading, self.point, self.matrix, self.digits, self.typed)
        written = FormulaEntries(
            self.reading, self.rows, self.columns, self._picked, function, self.notation
        )
        clauses, constants = written.clauses, written.constants(self._number)
        return Derivation(
            self._head(function),
            definition,
            None if written.outputs else self._matrix(written.of_expression),
            self._matrix(written.entry),
            None if shown.is_value_alone(self._entries) else self._matrix(shown.entry),
            value,
            agrees,
            (*written.outputs, *clauses, *written.entries, *constants),
            (*clauses, *constants),
            left_out=written.left_out,
        )

    def templates(self) -> tuple[str, ...]:
        """Return the last links of the chain, with slots for numbers that sliders change.

        Returns:
            the substituted matrix, where the chain has one, and the matrix of numbers. The slots
            count the numbers of `reading.numbers` first, then the entries of the matrix as it is
            shown.
        """
        reading, shape = self.reading, (len(self.rows), len(self.columns))
        if 0 in shape:
            return (latex.matrix([[rf"\text{{empty: }} {shape[0]} \times {shape[1]}"]]),)
        numbers = {} if reading is None else reading.numbers(self.point)

        def value(i: int, j: int) -> str:
            return latex.slot(len(numbers) + self.layout.flat_index(i, j, shape))

        if reading is None:
            return (self._matrix(value),)
        shown = SubstitutedEntries(reading, self.point, self.matrix, self.digits, self.typed)
        slots = reading.ordered({symbol: latex.slot(k) for k, symbol in enumerate(numbers)})

        def put_in(i: int, j: int) -> str:
            plain = shown.is_plain(i, j)
            return value(i, j) if plain else substituted(reading.shown(i, j), slots)

        if shown.is_value_alone(self._entries):
            return (self._matrix(value),)
        return self._matrix(put_in), self._matrix(value)

    def _number(self, value: float) -> str:
        return latex.number(value, self.digits)

    def _head(self, function: str) -> str:
        """Return the left-hand side, with the blocks of several inputs."""
        inputs, sizes = self.inputs, self.blocks[1]
        head = latex.head(function, inputs, layout=self.layout, letter=self.notation.letter)
        if cuts_of(sizes) and len(inputs) == len(sizes) and self.notation is JACOBIAN:
            return f"{head} = {latex.blocks(function, [], inputs, self.layout)}"
        return head

    @cached_property
    def _picked(self) -> list[list[int | None]]:
        """The rows and the columns that are shown, None for those left out."""
        return [excerpt(len(self.rows)), excerpt(len(self.columns))]

    @property
    def _entries(self) -> list[tuple[int, int]]:
        """The entries that are shown."""
        down, across = ([k for k in indices if k is not None] for indices in self._picked)
        return [(i, j) for i in down for j in across]

    def _matrix(self, entry: Callable[[int, int], str]) -> str:
        r"""Return entries (i, j) as a matrix, with \vdots, \cdots and \ddots in its gaps."""
        down, across = self.layout.pair(*self._picked)
        cuts = [cuts_of(sizes) if len(sizes) <= MAX_BLOCKS else set() for sizes in self.blocks]
        tops, lefts = self.layout.pair(*cuts)

        def cell(i: int | None, j: int | None) -> str:
            if i is None or j is None:
                return r"\ddots" if i is j is None else r"\vdots" if i is None else r"\cdots"
            return entry(*self.layout.pair(i, j))

        cells = [[cell(i, j) for j in across] for i in down]
        below = [k for k, i in enumerate(down) if i in tops]
        beside = [k for k, j in enumerate(across) if j in lefts]
        return latex.matrix(cells, below, beside)
