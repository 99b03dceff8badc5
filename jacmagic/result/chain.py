"""A Jacobian as a chain: local Jacobians along the code's own variables, and their product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from jacmagic.errors import PointError
from jacmagic.labels import Label
from jacmagic.render import latex
from jacmagic.result.chain_steps import numbers_of, steps_of
from jacmagic.symbolic.factored.elimination import Multiplications
from jacmagic.symbolic.factored.form import FactoredForm, is_identity
from jacmagic.symbolic.factored.naming import MAX_NAMES, title
from jacmagic.symbolic.factored.paths import Local, Writer
from jacmagic.symbolic.formula import DisplayForm
from jacmagic.symbolic.formula.abbreviations import Abbreviation
from jacmagic.symbolic.graph import write_tape
from jacmagic.symbolic.notation import JACOBIAN, Notation
from jacmagic.symbolic.steps import Step

if TYPE_CHECKING:
    import sympy

MAX_TITLE = 3  # letters of a function's name up to which it stands in fractions


@dataclass(frozen=True, eq=False, repr=False)
class Factor:
    """One local Jacobian ∂v/∂u of a chain.

    Attributes:
        name: "∂h/∂z".
        latex: the same as LaTeX.
        rows: the labels of v's components.
        columns: the labels of u's components.
        matrix: its numbers, float64 (rows, columns).
    """

    name: str
    latex: str
    rows: tuple[Label, ...]
    columns: tuple[Label, ...]
    matrix: torch.Tensor
    _reading: DisplayForm
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
        import sympy

        return sympy.Matrix(*self.shape, lambda i, j: self.entry(int(i), int(j)))

    def entry(self, i: int, j: int) -> sympy.Expr:
        """Return one entry as it is shown."""
        return self._reading.shown(i, self._range[j])

    @property
    def reading(self) -> DisplayForm:
        """The whole stage as it is shown: symbols, their LaTeX, and clauses."""
        return self._reading

    @cached_property
    def is_identity(self) -> bool:
        """Whether it is the identity, which is not written as a factor."""
        form, n = self._reading.form, self._reading.form.shape[1]
        rows = range(form.shape[0])
        return is_identity([[form.entries[i * n + j] for j in self._range] for i in rows])

    @cached_property
    def clauses(self) -> tuple[Abbreviation, ...]:
        """What symbols in the formula stand for, in the order of reading."""
        used = {symbol for entry in self.formula for symbol in entry.free_symbols}
        present: list[Abbreviation] = []
        for clause in reversed(self._reading.clauses):
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
        form, n = self._reading.form, self._reading.form.shape[1]
        rows = range(form.shape[0])
        entries = [form.entries[i * n + j] for i in rows for j in self._range]
        names = tuple(label.name for label in (*self.rows, *form.columns))
        return names, self._range, write_tape(form.graph, entries, form.trace.inputs)

    def steps(self, i: int, j: int) -> Step:
        """Return the derivation of entry (i, j), rule by rule.

        Raises:
            PointError: there is no such entry.
        """
        m, n = self.shape
        if not (-m <= i < m and -n <= j < n):
            raise PointError(
                f"expected an entry of the {m} × {n} factor {self.name}; found ({i}, {j}); "
                f"count from 0: the last entry is ({m - 1}, {n - 1})"
            )
        value = latex.number(float(self.matrix[i, j]), self._digits)
        numbers = numbers_of(self._reading, self._point, self._digits)
        return steps_of(self._reading, (i % m, self._range[j]), numbers, value)

    def __repr__(self) -> str:
        return f"{self.name} ({self.shape[0]} × {self.shape[1]})"


@dataclass(frozen=True, eq=False, repr=False)
class Chain:
    """A Jacobian as sums and products of local Jacobians.

    Attributes:
        form: the factored form.
        function: the function's name.
        point: the n numbers of the point.
        truth: torch's Jacobian there, float64 (m, n).
        digits: significant digits of numbers.
        notation: of a Jacobian, or of a Hessian.
    """

    form: FactoredForm
    function: str
    point: tuple[float, ...]
    truth: np.ndarray
    digits: int = 4
    notation: Notation = JACOBIAN

    # ── factors ───────────────────────────────────────────────────────────────────────────────

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """The local Jacobians that are not the identity, those nearest to the outputs first."""
        return tuple(self._by_pair[pair] for pair in sorted(self._by_pair, reverse=True))

    @cached_property
    def _by_pair(self) -> dict[tuple[int, int], Factor]:
        blocks, values = self.form.blocks(self.point), self.form.values(self.point)
        found = {}
        for pair, block in blocks.items():
            factor = self._factor(*pair, block, values)
            if not factor.is_identity:
                found[pair] = factor
        return found

    def _factor(
        self, above: int, below: int, block: np.ndarray, values: dict[int, list[float]]
    ) -> Factor:
        stage = self.form.stages[above]
        columns = stage.columns(below)
        return Factor(
            f"∂{self.name(above)}/∂{self.name(below)}",
            latex.partial(self.tex(above), self.tex(below)),
            tuple(stage.variable.labels),
            stage.form.columns[columns.start : columns.stop],
            torch.from_numpy(np.ascontiguousarray(block)),
            self.form.readings[above],
            columns,
            tuple(self.form.local_point(above, values)),
            self.digits,
        )

    @property
    def multiplications(self) -> Multiplications:
        """How many multiplications the product takes, by the order in which it is formed."""
        return self.form.multiplications

    # ── numbers ───────────────────────────────────────────────────────────────────────────────

    @cached_property
    def product(self) -> torch.Tensor:
        """The factors multiplied out: the Jacobian, float64 (m, n)."""
        with np.errstate(all="ignore"):
            return torch.from_numpy(self.form.product(self.point))

    @property
    def difference(self) -> float:
        """The largest difference between the product and torch's Jacobian, where both are finite."""
        gaps = np.abs(self.product.numpy() - self.truth)
        return float(gaps[np.isfinite(gaps)].max(initial=0.0))

    # ── names ─────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def letter(self) -> str:
        """The function's name in fractions: f for a long one, unless that is in use."""
        names = {label.name for one in self.form.variables for label in one.labels}
        short = len(self.function) <= MAX_TITLE or "f" in names
        return self.function if short else "f"

    def name(self, position: int) -> str:
        """Return a variable in text: "h", "(c, s)"."""
        return self._listed([label.unicode for label in self._labels(position)], position, "…")

    def tex(self, position: int) -> str:
        """Return a variable in LaTeX."""
        return self._listed([label.tex for label in self._labels(position)], position, r"\ldots")

    def _labels(self, position: int) -> list[Label]:
        if position == self.form.last:
            return [Label(self.letter)]
        return title(self.form.variables[position])

    def _listed(self, names: Sequence[str], position: int, dots: str) -> str:
        if len(names) == 1:
            return names[0]
        many = position != self.form.last and _parts(self.form, position) > MAX_NAMES
        shown = [*names[:-1], dots, names[-1]] if many else names
        return f"({', '.join(shown)})"

    # ── the expression ────────────────────────────────────────────────────────────────────────

    @cached_property
    def text_writer(self) -> Writer:
        """How expressions are written in text."""
        return Writer(
            lambda one: self._local(one, latex_wanted=False),
            lambda above, below: f"d{self.name(above)}/d{self.name(below)}",
            "I",
            " · ",
            ("(", ")"),
        )

    @cached_property
    def latex_writer(self) -> Writer:
        """How expressions are written in LaTeX."""
        return Writer(
            lambda one: self._local(one, latex_wanted=True),
            lambda above, below: _total_tex(self.tex(above), self.tex(below)),
            r"\mathbf{I}",
            r" \, ",
            (r"\left( ", r" \right)"),
        )

    def _local(self, one: Local, *, latex_wanted: bool) -> str:
        factor = self._by_pair.get((one.above, one.below))
        if factor is None:
            return ""
        return factor.latex if latex_wanted else factor.name

    def equations(self, writer: Writer) -> Iterator[tuple[str, str]]:
        """Yield both sides of the equations: the Jacobian by each input, then repeated parts."""
        inputs = [k for k, one in enumerate(self.form.expressions) if one is not None]
        for k in inputs:
            expression = self.form.expressions[k]
            assert expression is not None
            yield writer.total(self.form.last, k), writer.write(expression, self.form.totals)
        for total in reversed(self.form.totals):
            yield writer.total(total.above, total.below), writer.write(total, self.form.totals)

    # ── stills ────────────────────────────────────────────────────────────────────────────────

    def to_latex(self) -> str:
        """Return the equations and the factors as LaTeX, without delimiters."""
        from jacmagic.result.chain_stills import to_latex

        return to_latex(self)

    def __repr__(self) -> str:
        from jacmagic.result.chain_stills import to_text

        return to_text(self)

    def _repr_html_(self) -> str:
        from jacmagic.result.chain_stills import to_html

        return to_html(self)

    def _repr_latex_(self) -> str:
        return f"$$\n{self.to_latex()}\n$$"


def _parts(form: FactoredForm, position: int) -> int:
    labels = form.variables[position].labels
    return len({(label.name, getattr(label, "count", 0)) for label in labels})


def _total_tex(above: str, below: str) -> str:
    return rf"\frac{{\mathrm{{d}} {above}}}{{\mathrm{{d}} {below}}}"
