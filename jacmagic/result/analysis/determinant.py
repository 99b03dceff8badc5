"""The determinant of a square Jacobian: its number, and its closed form where that is short."""

from __future__ import annotations

import numpy as np
import sympy

from jacmagic.errors import PointError
from jacmagic.labels import Label
from jacmagic.render import latex
from jacmagic.render.report import Fragment, Report, ReportDisplay
from jacmagic.render.text import number
from jacmagic.result.analysis.arrays import array_of, epsilon_of
from jacmagic.result.analysis.short_form import ShortForm, short_form
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.rounding import bounded, dtype_of
from jacmagic.symbolic.trace import Refusal

MAX_SYMBOLIC_ROWS = 4  # rows of a matrix whose determinant is expanded: 24 products


class Determinant(float, ReportDisplay):
    """The determinant of a square Jacobian, as a float that shows its closed form.

    Attributes:
        form: the closed form, or None where there is none that fits a line.
        name: "det J" as text and LaTeX.
        digits: significant digits shown.
        bound: on the error of the number.
    """

    form: ShortForm | None
    name: Fragment
    digits: int
    bound: float

    @property
    def formula(self) -> sympy.Expr | None:
        """The closed form in SymPy, or None."""
        return None if self.form is None else self.form.expression

    @property
    def definition(self) -> Fragment | None:
        """The equation "det J = r² sin θ"; None without a closed form that says more."""
        if self.form is None or not self.form.expression.free_symbols:
            return None
        return Fragment(
            f"{self.name.text} = {self.form.text}", f"{self.name.tex} = {self.form.tex}"
        )

    @property
    def equation(self) -> Fragment:
        """The definition followed by the number."""
        before = self.definition or self.name
        if self != 0 and abs(self) <= self.bound:
            return Fragment(f"{before.text} = 0 to rounding", rf"{before.tex} \approx 0")
        value = float(self)
        return Fragment(
            f"{before.text} = {number(value, self.digits)}",
            f"{before.tex} = {latex.number(value, self.digits)}",
        )

    def report(self) -> Report:
        """Return the equation."""
        return Report("", equations=[self.equation])

    def __repr__(self) -> str:
        return float.__repr__(self)

    def __reduce__(self) -> tuple[type, tuple[float]]:
        return float, (float(self),)


def determinant_of(jacobian: JacobianResult) -> Determinant:
    """Return the determinant of a square Jacobian.

    The number is that of torch's matrix, by an LU factorisation with partial pivoting. A closed
    form is shown only if it has this number within the factorisation's error.

    Raises:
        PointError: the Jacobian is not square.
    """
    m, n = jacobian.shape
    if m != n:
        raise PointError(
            f"expected a square Jacobian; found {m} × {n}; "
            "write wrt=… for as many inputs as outputs, or see J.svd()"
        )
    matrix = array_of(jacobian)
    with np.errstate(all="ignore"):
        value = Determinant(np.linalg.det(matrix) + 0.0 if n else 1.0)
    title = Label(jacobian.title).tex
    letter = jacobian.notation.letter
    value.name = Fragment(f"det {letter}", rf"\det \mathbf{{{letter}}}_{{{title}}}")
    value.digits = jacobian.view.digits
    value.bound = error_bound(matrix, epsilon_of(jacobian), _rounding(jacobian))
    value.form = _form(jacobian, value) if 0 < n <= MAX_SYMBOLIC_ROWS else None
    return value


def _rounding(jacobian: JacobianResult) -> np.ndarray | None:
    """Return bounds on the errors of the entries (m, n); None without a closed form."""
    form = jacobian.closed_form
    if form is None:
        return None
    errors = bounded(form, jacobian.problem.flat_point, dtype_of(form.trace.dtypes))[1]
    return np.where(np.isfinite(errors), errors, 0.0)


def _form(jacobian: JacobianResult, value: Determinant) -> ShortForm | None:
    """Return the closed form if it has the number of the factorisation."""
    form = short_form(jacobian, lambda entries: entries.det(method="berkowitz"))
    reading = jacobian.reading
    if form is None or reading is None:
        return None
    point = map(sympy.Float, jacobian.problem.flat_point)  # evalf of floor takes no bare floats
    numbers = dict(zip(reading.form.in_sympy.symbols, point, strict=True))
    exact = attempt(lambda: float(form.expression.evalf(subs=numbers)), jacobian.forms.budget)
    if isinstance(exact, Refusal):
        return None
    return form if np.isfinite(value) and abs(exact - value) <= value.bound else None


def error_bound(matrix: np.ndarray, epsilon: float, errors: np.ndarray | None = None) -> float:
    """Return a bound on the error of a determinant whose entries have a relative error ε.

    Args:
        matrix: the square matrix.
        epsilon: ε, that of the factorisation too.
        errors: bounds on the entries' own errors, where terms cancel in them; None for ε.

    An entry's change is multiplied by its cofactor, which Hadamard's inequality bounds by the
    product of the other rows' norms; the n² changes, and n roundings for each pivot, add up.
    Columns are divided by their largest entries before: neither the units of the outputs nor those
    of the inputs matter.
    """
    n, sizes = len(matrix), np.abs(matrix)
    with np.errstate(all="ignore"):
        largest = sizes.max(axis=0, initial=0.0)
        rows = np.linalg.norm(sizes / np.where(largest > 0, largest, 1), axis=1)
        if errors is not None and n:
            moved = np.linalg.norm(errors / np.where(largest > 0, largest, 1), axis=1)
            epsilon = max(epsilon, float(np.nan_to_num(moved / rows).max()))
        logarithm = np.log([*largest, *rows]).sum()  # a product of sizes may overflow on its way
        return float(2 * n * n * epsilon * np.exp(logarithm))
