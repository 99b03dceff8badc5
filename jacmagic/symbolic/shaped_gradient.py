"""The gradient of a number by a matrix, its entries in the matrix's shape."""

from __future__ import annotations

from jacmagic.function.problem import Input, Problem
from jacmagic.labels import Label
from jacmagic.render import latex
from jacmagic.render.extent import extent
from jacmagic.render.page import MATRIX_LETTERS
from jacmagic.symbolic.formula.conversion import MAX_LINES
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.typeset import plain, tex
from jacmagic.symbolic.matrix_form import MatrixForm


def shaped_gradient(problem: Problem, reading: DisplayForm, title: str) -> MatrixForm | None:
    """Return ∂f/∂A = [[∂f/∂A₀₀, …], …] for each matrix; None where none fits a page.

    Args:
        problem: a function of matrices and others.
        reading: its closed form as it is shown.
        title: the function's name.
    """
    if reading.form.shape[0] != 1 or problem.potential is not None:
        return None
    equations, lines = [], []
    for input_ in problem.inputs:
        if (
            input_.value.ndim == 2
            and 1 < min(input_.value.shape) <= max(input_.value.shape) <= MAX_LINES
        ):
            cells = _cells(reading, input_, problem.slices[input_.name].start)
            shown = [[source for source, _ in row] for row in cells]
            if (
                sum(max(map(extent, column)) for column in zip(*shown, strict=True))
                <= MATRIX_LETTERS
            ):
                left = latex.partial(Label(title).tex, Label(input_.name).tex)
                whole = latex.matrix(shown)
                equations.append(f"{left} = {whole}")
                text = "; ".join(", ".join(line for _, line in row) for row in cells)
                lines.append(f"∂{Label(title).unicode}/∂{Label(input_.name).unicode} = [{text}]")
    return MatrixForm(tuple(equations), lines=tuple(lines)) if equations else None


def _cells(reading: DisplayForm, input_: Input, start: int) -> list[list[tuple[str, str]]]:
    """Return the entries of an input's components, LaTeX and text, in its rows."""
    rows, columns = input_.value.shape
    first = range(start, start + rows * columns, columns)
    entries = [[reading.shown(0, k + j) for j in range(columns)] for k in first]
    return [
        [(tex(entry, reading.all_names), plain(entry, reading.texts)) for entry in row]
        for row in entries
    ]
