"""The chain of a lecture: definition = derivatives of the expressions = closed form = numbers.

The five links of the seed's own derivation, each a matrix in LaTeX, built from plain labels,
expressions and numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from jacmagic.labels import Label, mapped
from jacmagic.render import latex
from jacmagic.render.layout import Layout
from jacmagic.symbolic.formula import MOST_PLACES, DisplayForm, excerpt, shortest, substituted, tex
from jacmagic.symbolic.notation import JACOBIAN, Notation

LONGEST_ENTRY = 400  # LaTeX characters of one entry in the substituted matrix
WIDEST = 110  # letters side by side in a matrix; beyond, what is long is written out below
MOST_LETTERS = 8_000  # of LaTeX in the equations below a chain; ten times as much in MathML
LONG = 24  # letters of an entry that may be written out below


@dataclass(frozen=True)
class Derivation:
    """The links of the chain, LaTeX without delimiters.

    Attributes:
        head: the left-hand side, such as J_f(x₁, x₂).
        definition: the matrix of ∂fᵢ/∂xⱼ.
        of_expressions: the matrix of ∂(expression)/∂xⱼ, or None without a closed form.
        closed_form: the matrix of the derivatives, or None.
        substituted: the closed form with the numbers put in, or None.
        value: the matrix of numbers.
        agrees: whether the numbers are those that the closed form gives.
        where: the equations "u = …" that belong to the chain: long outputs, named parts, long
            entries, constants with their numbers.
        matrix: the same Jacobian as matrix expressions, such as "J_f(x) = A", and what the names
            in these stand for.
    """

    head: str
    definition: str
    of_expressions: str | None
    closed_form: str | None
    substituted: str | None
    value: str
    agrees: bool = True
    where: tuple[str, ...] = ()
    matrix: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def links(self) -> tuple[str, ...]:
        """The matrices that exist, in order."""
        chain = (
            self.definition,
            self.of_expressions,
            self.closed_form,
            self.substituted,
            self.value,
        )
        return tuple(link for link in chain if link is not None)

    @property
    def signs(self) -> tuple[str, ...]:
        """What stands before each link: "=", and "≠" before numbers that contradict the formula."""
        last = "=" if self.agrees or self.closed_form is None else "≠"
        return (*["="] * (len(self.links) - 1), last)

    @property
    def latex(self) -> str:
        """The whole chain as one aligned block."""
        return latex.derivation(self.head, self.links, self.signs, self.where, self.matrix)


def derive(
    title: str,
    rows: Sequence[Label],
    columns: Sequence[Label],
    reading: DisplayForm | None,
    point: Sequence[float],
    matrix: np.ndarray,
    *,
    inputs: Sequence[str],
    digits: int = 4,
    layout: Layout = Layout.NUMERATOR,
    agrees: bool = True,
    notation: Notation = JACOBIAN,
) -> Derivation:
    """Build the chain.

    Args:
        title: the function's name.
        rows: the m labels of the outputs.
        columns: the n labels of the inputs' components.
        reading: the closed form as it is to be shown, or None.
        point: the n numbers of the point.
        matrix: torch's numbers (m, n).
        inputs: LaTeX of the inputs' names, for the left-hand side.
        digits: significant digits of numbers.
        layout: of every matrix.
        agrees: whether the closed form gives these numbers.
        notation: how the entries are written.
    """
    frame = _Frame((len(rows), len(columns)), layout)

    def number(value: float) -> str:
        return latex.number(value, digits)

    variables, function = mapped(lambda label: label.tex, columns), Label(title).tex
    head = latex.head(function, inputs, layout=layout, letter=notation.letter)
    definition = frame.matrix(lambda i, j: notation.tex(function, rows[i].tex, variables[j]))
    value = frame.matrix(lambda i, j: number(float(matrix[i, j])))
    if reading is None:
        return Derivation(head, definition, None, None, None, value)
    shown = _Substituted(reading, point, matrix, digits)
    written = _Written(reading, rows, columns, frame.picked, function, notation)
    return Derivation(
        head,
        definition,
        None if written.outputs else frame.matrix(written.of_expression),
        frame.matrix(written.entry),
        frame.matrix(shown.entry),
        value,
        agrees,
        (*written.outputs, *written.clauses, *written.entries, *written.constants(number)),
        left_out=written.left_out,
    )


def templates(
    reading: DisplayForm | None,
    point: Sequence[float],
    matrix: np.ndarray,
    *,
    digits: int = 4,
    layout: Layout = Layout.NUMERATOR,
) -> tuple[str, ...]:
    """Return the last links of the chain, with a slot for each number that a slider changes.

    Args:
        reading: the closed form as it is shown, or None.
        point: the n numbers of a point.
        matrix: torch's numbers there (m, n).
        digits: significant digits of numbers.
        layout: of the matrices.

    Returns:
        the substituted matrix, where there is a closed form, and the matrix of numbers. The slots
        count the numbers of `reading.numbers` first, then the entries of the matrix as it is shown.
    """
    frame = _Frame((matrix.shape[0], matrix.shape[1]), layout)
    numbers = {} if reading is None else reading.numbers(point)

    def value(i: int, j: int) -> str:
        return latex.slot(len(numbers) + layout.flat_index(i, j, frame.shape))

    if reading is None:
        return (frame.matrix(value),)
    shown = _Substituted(reading, point, matrix, digits)
    slots = {symbol: latex.slot(place) for place, symbol in enumerate(numbers)}

    def put_in(i: int, j: int) -> str:
        plain = shown.is_plain(i, j)
        return value(i, j) if plain else substituted(reading.shown(i, j), slots)

    return frame.matrix(put_in), frame.matrix(value)


class _Frame:
    """The places of a matrix that are shown, and which of them where."""

    def __init__(self, shape: tuple[int, int], layout: Layout) -> None:
        self.shape, self.layout = shape, layout
        self.picked = [excerpt(count) for count in shape]

    def matrix(self, entry: Callable[[int, int], str]) -> str:
        """Return a matrix of entries (i, j) in the layout."""
        return _matrix(entry, *self.layout.pair(*self.picked), self.layout)


class _Substituted:
    """The entries of a closed form with numbers put in; the value alone where that is long."""

    def __init__(
        self, reading: DisplayForm, point: Sequence[float], matrix: np.ndarray, digits: int
    ) -> None:
        self.reading, self.matrix, self.digits = reading, matrix, digits
        self.numbers = texts(reading.numbers(point), digits)
        self.room = max(LONG, WIDEST // max(min(matrix.shape[1], MOST_PLACES), 1))

    def entry(self, i: int, j: int) -> str:
        """Return an entry as LaTeX."""
        made, plain = self._both(i, j)
        return made if latex.extent(made) <= self.room else plain

    def is_plain(self, i: int, j: int) -> bool:
        """Whether only the value is shown, where more could be."""
        made = substituted(self.reading.shown(i, j), self.numbers)
        return len(made) > LONGEST_ENTRY or latex.extent(made) > self.room

    def _both(self, i: int, j: int) -> tuple[str, str]:
        value = float(self.matrix[i, j])
        return put_numbers_in(self.reading.shown(i, j), self.numbers, value, self.digits)


class _Written:
    """A reading in LaTeX, with what is too long for a matrix written out below it."""

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
        down, across = ([place for place in places if place is not None] for places in picked)
        names = reading.all_names
        if notation.as_written:
            self.sources = {i: tex(reading.output(i), names, written=True) for i in down}
        else:  # derived, so put in order as every derivative is
            self.sources = {i: tex(shortest(reading.expression(i)), names) for i in down}
        self.shown = {(i, j): tex(reading.shown(i, j), names) for i in down for j in across}
        long = [source for source in self.sources.values() if latex.extent(source) > LONG]
        crowded = len(across) * max(map(latex.extent, long), default=0) > WIDEST
        outputs = [self._output(i) for i in down] if crowded else []
        entries = self._name_entries(down, across)
        room = MOST_LETTERS - sum(map(len, self.clauses))
        self.outputs, room = _fitting(outputs, room)
        self.entries, _ = _fitting(entries, room)
        missing = len(outputs) + len(entries) - len(self.outputs) - len(self.entries)
        said = f"{missing} long lines of the closed form are left out; see J.formula"
        self.left_out = (said,) if missing else ()

    def _output(self, i: int) -> str:
        """Return an output as an equation, abbreviated as the matrix is."""
        shown = tex(self.reading.abbreviated(i), self.reading.all_names, written=True)
        return f"{self.notation.output(self.function, self.rows[i].tex)} = {shown}"

    def _name_entries(self, down: Sequence[int], across: Sequence[int]) -> list[str]:
        """Return the longest entries leave the matrix until it fits, and stand below it."""
        below: list[tuple[int, int]] = []
        sizes = {place: latex.extent(shown) for place, shown in self.shown.items()}
        while True:
            widths = [max((sizes[i, j] for i in down), default=0) for j in across]
            longest = max(sizes, key=sizes.__getitem__, default=None)
            if longest is None or sum(widths) <= WIDEST or sizes[longest] <= LONG:
                break
            below.append(longest)
            sizes[longest] = 5
        lines = []
        for i, j in sorted(below):
            name = self.notation.tex(self.function, self.rows[i].tex, self.variables[j])
            lines += latex.broken(name, self._terms(i, j), WIDEST)
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
        """Return the named constants with their numbers; those of one tensor as one matrix."""
        together: dict[Label, dict[tuple[int, ...], float]] = {}
        for label, value in self.reading.used_constants:
            whole = Label(label.name, (), label.written_out)
            together.setdefault(whole, {})[label.index] = value
        return [f"{whole.tex} = {_value(found, number)}" for whole, found in together.items()]


def _fitting(lines: list[str], room: int) -> tuple[list[str], int]:
    """Return the first lines that fit into a number of letters, and the letters left."""
    for place, line in enumerate(lines):
        room -= len(line)
        if room < 0:
            return lines[:place], 0
    return lines, room


def _value(found: dict[tuple[int, ...], float], number: Callable[[float], str]) -> str:
    """Return a number, a column or a matrix in LaTeX; a component that is not used is a dot."""
    if () in found:
        return number(found[()])
    shape = [1 + max(index[axis] for index in found) for axis in range(len(next(iter(found))))]
    shown = {index: number(value) for index, value in found.items()}
    if len(shape) == 1:
        return latex.matrix([[shown.get((i,), r"\cdot")] for i in range(shape[0])])
    return latex.matrix(
        [[shown.get((i, j), r"\cdot") for j in range(shape[1])] for i in range(shape[0])]
    )


def texts(numbers: Mapping[sympy.Basic, float], digits: int) -> dict[sympy.Basic, str]:
    """Numbers in LaTeX, by symbol."""
    return {symbol: latex.number(value, digits) for symbol, value in numbers.items()}


def put_numbers_in(
    entry: sympy.Expr, numbers: Mapping[sympy.Basic, str], value: float, digits: int
) -> tuple[str, str]:
    """Return an entry with numbers put in, and its value; twice the value if that is long.

    Args:
        entry: an entry of a reading's matrix.
        numbers: LaTeX of the number of each symbol.
        value: what it comes to.
        digits: significant digits.
    """
    made, number = substituted(entry, numbers), latex.number(value, digits)
    return (made if len(made) <= LONGEST_ENTRY else number), number


def _matrix(
    entry: Callable[[int, int], str],
    down: Sequence[int | None],
    across: Sequence[int | None],
    layout: Layout,
) -> str:
    r"""Return a bmatrix with \vdots, \cdots and \ddots in the gaps."""
    cells = []
    for i in down:
        line = []
        for j in across:
            if i is None or j is None:
                line.append(r"\ddots" if i is j is None else r"\vdots" if i is None else r"\cdots")
            else:
                line.append(entry(*layout.pair(i, j)))
        cells.append(line)
    return latex.matrix(cells)
