"""A Jacobian as a chain: its still forms for a terminal, in LaTeX and HTML, and their remarks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from sympy import Expr

from jacmagic.labels import Label
from jacmagic.render import factored as page
from jacmagic.render import latex
from jacmagic.render.mathml import to_mathml
from jacmagic.render.page import PAGE_LETTERS, TERMINAL_LETTERS, TERMINAL_LINES
from jacmagic.render.text import number
from jacmagic.render.wide import parts
from jacmagic.result.chain.factor import Factor
from jacmagic.result.chain.product import ChainProduct
from jacmagic.symbolic.formula.conversion import excerpt
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.typeset import listed, plain, pretty, tex, wrapped
from jacmagic.symbolic.graph import write_tape

MAX_COMPONENTS_DEFINED = 4  # components of a variable that is written out as the code computes it
MAX_SYMBOLS = 60  # of such a component
MAX_FACTORS = 24  # written out in a still form; the others are named


class Chain(ChainProduct):
    """A Jacobian as sums and products of local Jacobians.

    Attributes:
        form: the factored form.
        function: the function's name.
        point: the n numbers of the point.
        truth: torch's Jacobian there, float64 (m, n).
        tolerance: relative to the largest entry, up to which the product is torch's Jacobian.
        digits: significant digits of numbers.
        notation: of a Jacobian, or of a Hessian.
    """

    # ── the lines around it ───────────────────────────────────────────────────────────────────

    @property
    def heading(self) -> str:
        """What the chain is of, and where its letter is another one, what that stands for."""
        m, n = self.truth.shape
        where = "" if self.letter == self.function else f", {self.letter} its value"
        return f"{self.notation.noun} of {self.function} as a chain ({m} × {n}){where}"

    @property
    def summary(self) -> list[str]:
        """The counts of multiplications, and the comparison with torch."""
        count = self.multiplications
        lines = []
        if count.forward or count.reverse:
            best = f", {count.best} in the best order found" * (
                count.best < min(count.forward, count.reverse)
            )
            lines.append(
                f"multiplications: {count.forward} in forward order, "
                f"{count.reverse} in reverse order{best}"
            )
        gap = number(self.difference, 2)
        verb = "is" if self.agrees else "differs from"
        lines.append(f"the product {verb} torch's {self.notation.noun}, largest difference {gap}")
        return lines

    @property
    def left_out(self) -> list[str]:
        """A line about factors that are not written out."""
        missing = len(self.factors) - MAX_FACTORS
        return [f"{missing} more factors: see J.chain().factors"] if missing > 0 else []

    # ── what is written out ───────────────────────────────────────────────────────────────────

    @cached_property
    def shown_factors(self) -> list[tuple[Factor, Factor | None]]:
        """The factors that are written out, each with an earlier one of the same form or None."""
        first_of_form: dict[object, Factor] = {}
        pairs = []
        for factor in self.factors[:MAX_FACTORS]:
            pairs.append((factor, first_of_form.get(factor.structure)))
            first_of_form.setdefault(factor.structure, factor)
        return pairs

    def definitions(self) -> Iterator[tuple[DisplayForm, Label, Expr]]:
        """Yield what components of short variables, and of those without a name, are computed from.

        Those that a factor defines beside its matrix are left out, and so are repetitions: of the
        turns of a loop the first is written.
        """
        structures: set[object] = set()
        for position in self.form.inner:
            variable, reading = self.form.variables[position], self.form.readings[position]
            own = {label.symbol for label in variable.labels}
            form = reading.form.trace
            names = tuple(label.name for label in variable.labels)
            structure = names, write_tape(form.graph, form.outputs, form.inputs)
            if structure in structures or own & {c.symbol.name for c in reading.clauses}:
                continue
            structures.add(structure)
            sizes = reading.form.sizes[: reading.form.shape[0]]
            is_asked = variable.size <= MAX_COMPONENTS_DEFINED or variable.unnamed
            if is_asked and max(sizes, default=0) <= MAX_SYMBOLS:
                for label, value in zip(variable.labels, reading.written, strict=True):
                    yield reading, label, value

    def definitions_latex(self) -> list[str]:
        """Return the same equations as LaTeX."""
        return [
            f"{label.tex} = {tex(value, reading.all_names, written=True)}"
            for reading, label, value in self.definitions()
        ]

    # ── still forms ───────────────────────────────────────────────────────────────────────────

    def to_latex(self) -> str:
        """Return the equations and the factors as one aligned block, without delimiters."""
        return latex.aligned(self.latex_lines())

    def latex_lines(self) -> list[str]:
        """Return the equations and the factors as lines to be aligned."""
        lines = [
            line
            for left, right in self.equations(self.latex_writer)
            for line in latex.broken(left, _terms(right), PAGE_LETTERS)
        ]
        lines += [rf"\text{{with}}\quad {equation}" for equation in self.definitions_latex()]
        for factor, other in self.shown_factors:
            if other is not None:
                lines.append(rf"{factor.latex} = {other.latex}\quad \text{{(renamed)}}")
                continue
            first, *others = parts(_matrix_latex(factor))
            lines += [f"{factor.latex} = {first}", *(rf"\qquad {part}" for part in others)]
            lines += [rf"\qquad \text{{with}}\quad {line}" for line in factor.where]
        lines += [rf"\text{{{line}}}" for line in self.left_out]
        return [f"& {line}" for line in lines]

    def to_html(self) -> str:
        """Return self-contained HTML."""
        equations = [
            (to_mathml(left), to_mathml(right)) for left, right in self.equations(self.latex_writer)
        ]
        where = [to_mathml(equation, display=False) for equation in self.definitions_latex()]
        cards = []
        for factor, other in self.shown_factors:
            m, n = factor.shape
            head, size = to_mathml(factor.latex), f"{m} × {n}"
            if other is not None:
                cards.append(page.Card(head, "", size, f"as {other.name}", []))
            else:
                clauses = [to_mathml(clause, display=False) for clause in factor.where]
                cards.append(page.Card(head, to_mathml(_matrix_latex(factor)), size, "", clauses))
        remarks = [*self.summary, *self.left_out]
        return page.chain(self.heading, equations, where, cards, remarks)

    def __repr__(self) -> str:
        lines = [self.heading, ""]
        for left, right in self.equations(self.text_writer):
            lines += wrapped(f"{left} = ", right)
        for reading, label, value in self.definitions():
            lines += wrapped(f"with {label.unicode} = ", plain(value, reading.texts, written=True))
        lines += ["", *self.summary]
        for factor, other in self.shown_factors:
            lines += ["", *_factor_text(factor, other)]
        return "\n".join([*lines, *self.left_out])

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_latex_(self) -> str:
        return f"$$\n{self.to_latex()}\n$$"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return the still forms by MIME type."""
        return {
            "text/plain": repr(self),
            "text/latex": self._repr_latex_(),
            "text/html": self._repr_html_(),
        }


def _terms(expression: str) -> list[str]:
    """Return the terms of a sum as lines may be broken: not inside brackets."""
    terms, depth, start = [], 0, 0
    for k, character in enumerate(expression):
        depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(character, 0)
        if character == "+" and not depth:
            terms.append(expression[start:k].strip())
            start = k
    return [*terms, expression[start:].strip()]


def _matrix_latex(factor: Factor) -> str:
    """Return a factor's matrix, a large one cut with dots."""
    rows, columns = map(excerpt, factor.shape)
    dots = {(True, True): r"\ddots", (True, False): r"\vdots", (False, True): r"\cdots"}

    def cell(i: int | None, j: int | None) -> str:
        if i is None or j is None:
            return dots[i is None, j is None]
        return tex(factor.entry(i, j), factor.reading.all_names)

    return latex.matrix([[cell(i, j) for j in columns] for i in rows])


def _factor_text(factor: Factor, other: Factor | None) -> list[str]:
    """Return a factor as lines: drawn where it fits a terminal, else entry by entry."""
    m, n = factor.shape
    head = f"{factor.name}  ({m} × {n})"
    if other is not None:
        return [f"{head}: as {other.name}"]
    names, drawn = factor.reading.texts, []
    if m <= TERMINAL_LINES and n < TERMINAL_LETTERS:
        drawn = pretty(factor.formula, names).splitlines()
    if not drawn or len(drawn) > TERMINAL_LINES or max(map(len, drawn)) > TERMINAL_LETTERS:
        drawn = listed(factor.formula, factor.rows, factor.columns, names)
    lines = [head, *drawn]
    for clause in factor.clauses:
        lines += wrapped(f"with {plain(clause.symbol, names)} = ", plain(clause.definition, names))
    return lines
