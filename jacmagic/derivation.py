"""The chain of a lecture: definition = derivatives of the expressions = closed form = numbers.

The five links of the seed's own derivation, each a matrix in LaTeX, built from plain labels,
expressions and numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from jacmagic import latex
from jacmagic.formula import ClosedForm, substituted, tex
from jacmagic.labels import Label

LONGEST_MATRIX = 10  # rows or columns shown in a matrix; more are cut with dots
LONGEST_ENTRY = 400  # LaTeX characters of one entry in the substituted matrix


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
    """

    head: str
    definition: str
    of_expressions: str | None
    closed_form: str | None
    substituted: str | None
    value: str
    agrees: bool = True

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
        return latex.derivation(self.head, self.links, self.signs)


def derive(
    title: str,
    rows: Sequence[Label],
    columns: Sequence[Label],
    form: ClosedForm | None,
    point: Sequence[float],
    matrix: np.ndarray,
    *,
    inputs: Sequence[str],
    digits: int = 4,
    transposed: bool = False,
    agrees: bool = True,
) -> Derivation:
    """Build the chain.

    Args:
        title: the function's name.
        rows: the m labels of the outputs.
        columns: the n labels of the inputs' components.
        form: the closed form, or None.
        point: the n numbers of the point.
        matrix: torch's numbers (m, n).
        inputs: LaTeX of the inputs' names, for the left-hand side.
        digits: significant digits of numbers.
        transposed: denominator layout: show every matrix transposed.
        agrees: whether the closed form gives these numbers.
    """
    shape = (len(rows), len(columns))
    picked = [_picked(count) for count in shape]

    def grid(entry: Callable[[int, int], str]) -> str:
        down, across = reversed(picked) if transposed else picked
        return _matrix(entry, down, across, transposed)

    def number(value: float) -> str:
        return latex.number(value, digits)

    variables = [label.tex for label in columns]
    head = latex.head(Label(title).tex, inputs, transposed=transposed)
    definition = grid(lambda i, j: latex.partial(rows[i].tex, variables[j]))
    value = grid(lambda i, j: number(float(matrix[i, j])))
    if form is None:
        return Derivation(head, definition, None, None, None, value)
    sources = {
        i: tex(form.written[i], form.names, written=True) for i in picked[0] if i is not None
    }

    def put_in(i: int, j: int) -> str:
        return put_numbers_in(form.matrix[i, j], form, point, float(matrix[i, j]), digits)[0]

    return Derivation(
        head,
        definition,
        grid(lambda i, j: latex.partial_of(sources[i], variables[j])),
        grid(lambda i, j: tex(form.matrix[i, j], form.names)),
        grid(put_in),
        value,
        agrees,
    )


def put_numbers_in(
    entry: sympy.Expr, form: ClosedForm, point: Sequence[float], value: float, digits: int
) -> tuple[str, str]:
    """An entry with the point's numbers put in, and its value; twice the value if that is long."""
    numbers = {
        symbol: latex.number(number, digits)
        for symbol, number in zip(form.symbols, point, strict=True)
    }
    made, number = substituted(entry, numbers), latex.number(value, digits)
    return (made if len(made) <= LONGEST_ENTRY else number), number


def _picked(count: int) -> list[int | None]:
    """The places to show: all, or the first and the last with None for the gap between."""
    if count <= LONGEST_MATRIX:
        return list(range(count))
    return [*range(LONGEST_MATRIX - 2), None, count - 1]


def _matrix(
    entry: Callable[[int, int], str],
    down: Sequence[int | None],
    across: Sequence[int | None],
    transposed: bool,
) -> str:
    r"""A bmatrix with \vdots, \cdots and \ddots in the gaps."""
    cells = []
    for i in down:
        line = []
        for j in across:
            if i is None or j is None:
                line.append(r"\ddots" if i is j is None else r"\vdots" if i is None else r"\cdots")
            else:
                line.append(entry(j, i) if transposed else entry(i, j))
        cells.append(line)
    return latex.matrix(cells)
