"""The notation of a matrix and its entries: Jacobian or Hessian.

The Hessian of f is the Jacobian of its gradient; only what it is called differs: H_f instead of
J_f, and ∂²f/∂x₁∂x₂ instead of ∂f₁/∂x₂.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jacmagic.function.problem import Problem
from jacmagic.render import latex


@dataclass(frozen=True)
class Notation:
    """The notation of one kind of matrix.

    Attributes:
        noun: "Jacobian" or "Hessian".
        letter: stands for the matrix in formulas.
        unicode: names an entry in text, from the function, the row's label and the column's.
        tex: the same as LaTeX.
        output: LaTeX of what is differentiated in a row: an output, or an entry of the gradient.
        as_written: whether what is differentiated is the user's own text, whose order is kept.
    """

    noun: str
    letter: str
    unicode: Callable[[str, str, str], str]
    tex: Callable[[str, str, str], str]
    output: Callable[[str, str], str]
    as_written: bool


def _second(function: str, row: str, column: str) -> str:
    below = f"∂{row}²" if row == column else f"∂{row}∂{column}"
    return f"∂²{function}/{below}"


def _second_tex(function: str, row: str, column: str) -> str:
    once, again = (rf"\partial {variable}" for variable in (row, column))
    below = rf"\partial {{{row}}}^{{2}}" if row == column else f"{once} {again}"
    return rf"\frac{{\partial^{{2}} {function}}}{{{below}}}"


JACOBIAN = Notation(
    "Jacobian",
    "J",
    lambda function, row, column: f"∂{row}/∂{column}",
    lambda function, row, column: latex.partial(row, column),
    lambda function, row: row,
    as_written=True,
)
HESSIAN = Notation("Hessian", "H", _second, _second_tex, latex.partial, as_written=False)


def notation_of(problem: Problem) -> Notation:
    """Return the Hessian's notation for a gradient, the Jacobian's for all else."""
    return JACOBIAN if problem.potential is None else HESSIAN
