"""The Jacobian at an exact point, as users hold it: text, LaTeX, HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import sympy

from jacmagic.labels import Label
from jacmagic.render import html as page
from jacmagic.render import latex
from jacmagic.render.mathml import to_mathml
from jacmagic.render.text import number
from jacmagic.result.core import JacobianResult
from jacmagic.result.exact import ExactPoint
from jacmagic.symbolic.exact_form import numbered
from jacmagic.symbolic.formula.conditions import sentences
from jacmagic.symbolic.formula.symbol_names import SymbolNames, with_texts
from jacmagic.symbolic.formula.time_limit import one_allowance
from jacmagic.symbolic.formula.typeset import plain, pretty, tex
from jacmagic.view.captions import point

_BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class ExactJacobian(ExactPoint):
    """A Jacobian (m, n) at exact values, as `J.exact(theta=pi)` returns it.

    `.matrix` is a SymPy matrix, `.eigenvalues` are SymPy expressions with their multiplicities;
    what has no value stays symbolic.

    Attributes:
        jacobian: torch's Jacobian at the nearest floats; what stays symbolic is where it was.
        values: the exact value of each component that has one, by its label.
        form: the closed form with these values.
        other_branch: whether the code takes another branch there than at the former point.
    """

    # ── LaTeX ─────────────────────────────────────────────────────────────────────────────────

    @property
    def _names(self) -> dict[Any, str]:
        return SymbolNames({s: label.tex for s, label in self.form.labels.items()}, self.form.sums)

    def _tex(self, expression: Any) -> str:
        return tex(expression, self._names)

    @property
    def _head(self) -> str:
        """The left-hand side: J_f(x) with the values after a bar."""
        layout, title = self.jacobian.view.layout, Label(self.jacobian.title).tex
        inputs = [Label(input_.name).tex for input_ in self.jacobian.problem.inputs]
        head = latex.head(title, inputs, layout=layout, letter=self.jacobian.notation.letter)
        values = ",\\, ".join(f"{label.tex} = {self._tex(v)}" for label, v in self.values.items())
        return rf"\left. {head} \right|_{{{values}}}" if values else head

    @property
    def _shown(self) -> str:
        shown = self.jacobian.view.layout.matrix(self.matrix)
        return latex.matrix([[self._tex(entry) for entry in row] for row in shown.tolist()])

    @property
    def _eigenvalues_in_latex(self) -> list[str]:
        """Return the eigenvalues as equations λ₁ = …, those of a pair with ±."""
        equations = [
            rf"\lambda_{{{index}}} = {_joined(self._tex, value, half, chr(92) + 'pm ')}"
            for index, value, half in numbered(self.eigenvalues or {})
        ]
        name = "" if self.square is None else self.square[0]
        if equations and name:
            block = latex.partial(Label(self.jacobian.title).tex, Label(name).tex)
            equations[0] = rf"{block}:\quad {equations[0]}"
        return equations

    @property
    def _context(self) -> list[tuple[str, list[str]]]:
        """The equations below the matrix: eigenvalues and constants, each after a word."""
        digits = self.jacobian.view.digits
        constants = [
            f"{self.form.labels[s].tex} = {latex.number(value, digits)}"
            for s, value in self.constants.items()
        ]
        named = [("eigenvalues", self._eigenvalues_in_latex), ("with", constants)]
        return [(word, equations) for word, equations in named if equations]

    @property
    def latex(self) -> str:
        """The equation J = …, with eigenvalues and constants below it; without delimiters."""
        lines = [f"{self._head} &= {self._shown}"]
        for word, equations in self._context:
            lines += latex.listed(equations, word)
        return latex.aligned(lines)

    # ── text ──────────────────────────────────────────────────────────────────────────────────

    @property
    def _texts(self) -> dict[Any, str]:
        return SymbolNames(
            {s: label.unicode for s, label in self.form.labels.items()}, self.form.sums
        )

    def _text(self, expression: Any) -> str:
        texts = {**self._texts, sympy.I: "i", sympy.pi: "π"}
        text = plain(expression, with_texts(self._texts, texts))
        text = re.sub(r"\bsqrt\b", "√", text).replace("**", "^").replace("*", "·")
        return re.sub(r"√\((\w+)\)", r"√\1", text)

    @property
    def _noun(self) -> str:
        name = "" if self.square is None else self.square[0]
        return f"eigenvalues of ∂{self.jacobian.title}/∂{name}" if name else "eigenvalues"

    @property
    def caption(self) -> str:
        """What is shown, and where."""
        values = [f"{label.unicode} = {self._text(v)}" for label, v in self.values.items()]
        where = f" at {', '.join(values)}" if values else ""
        return f"{self.jacobian.notation.noun} of {self.jacobian.title}{where}, exactly"

    @property
    def _definitions(self) -> list[str]:
        """Eigenvalues and constants as lines of text."""
        lines = []
        if self.eigenvalues is not None:
            values = [
                f"λ{index.translate(_BELOW)} = {_joined(self._text, value, half, '±')}"
                for index, value, half in numbered(self.eigenvalues)
            ]
            lines.append(f"{self._noun}: {', '.join(values)}")
        if self.constants:
            digits = self.jacobian.view.digits
            shown = [
                f"{self.form.labels[s].unicode} = {number(v, digits)}"
                for s, v in self.constants.items()
            ]
            lines.append(f"with {', '.join(shown)}")
        return lines

    @property
    def remarks(self) -> list[str]:
        """The lines below: the comparison with torch, conditions."""
        return [*self._compared, *self._conditions]

    @property
    def _compared(self) -> list[str]:
        if self.numbers is None:
            return ["not compared with torch: a function here has no float"]
        if self.differing:
            return []
        return [
            f"torch agrees at {point(self.jacobian)}; largest difference {number(self.largest, 2)}"
        ]

    @property
    def _conditions(self) -> list[str]:
        form = self.jacobian.closed_form
        return [] if form is None else [f"valid while {text}" for text in sentences(form)]

    @property
    def warnings(self) -> list[str]:
        """What a reader has to know: singular entries, another branch, kinks, disagreement."""
        others, torchs = self.jacobian.agreement.warnings, self.jacobian._array
        names = [self.jacobian._entry(i, j) for i, j in self.form.singular]
        lines = [
            f"{name} is singular there: it has no finite value"
            for name in names
            if not any(name in other for other in others)
        ]
        if self.other_branch:
            lines.append("the code takes another branch there than at the point of J")
        lines += [
            f"torch has another number in {self.jacobian._entry(i, j)}: {torchs[i, j]:.6g}"
            for i, j in self.differing
        ]
        return [*lines, *others]

    # ── forms ─────────────────────────────────────────────────────────────────────────────────

    def __repr__(self) -> str:
        with one_allowance(self.budget):
            shown = self.jacobian.view.layout.matrix(self.matrix)
            warned = [f"⚠ {warning}" for warning in self.warnings]
            lines = [self.caption, "", pretty(shown, self._texts), ""]
            return "\n".join([*lines, *self._definitions, *warned, *self.remarks])

    def to_latex(self) -> str:
        """Return the LaTeX of the display, without delimiters."""
        with one_allowance(self.budget):
            return self.latex

    def _repr_html_(self) -> str:
        with one_allowance(self.budget):
            below = [
                page.listed(word, [to_mathml(equation, display=False) for equation in equations])
                for word, equations in self._context
            ]
            return page.page(
                self.caption,
                "",
                formulas=[
                    page.chain(to_mathml(self._head), [("=", to_mathml(self._shown))]),
                    *below,
                ],
                remarks=self.remarks,
                warnings=self.warnings,
            )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return the still forms by MIME type."""
        forms = {
            "text/plain": self.__repr__,
            "text/latex": lambda: f"$$\n{self.to_latex()}\n$$",
            "text/html": self._repr_html_,
        }
        types = forms.keys() if include is None else include
        return {mime: draw() for mime, draw in forms.items() if mime in types}


def _joined(write: Callable[[Any], str], value: Any, half: Any, sign: str) -> str:
    """Return an eigenvalue, or a pair of them as "a ± b"."""
    if half is None:
        return write(value)
    return f"{'' if value == 0 else write(value) + ' '}{sign}{' ' * (value != 0)}{write(half)}"


def exact_at(jacobian: JacobianResult, values: Mapping[str, Any]) -> ExactJacobian:
    """Return a Jacobian at exact values by name; see `Jacobian.exact`."""
    with one_allowance(jacobian.forms.budget):
        return ExactJacobian.of(jacobian, values)
