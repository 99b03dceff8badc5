"""What the closed form says at one point, beside torch: formula, agreement, steps, derivation.

Everything is found on first use, and only once.
"""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from jacmagic.errors import PointError
from jacmagic.function.components import components
from jacmagic.labels import Label
from jacmagic.numeric import NOT_BY_TORCH
from jacmagic.render import latex
from jacmagic.result.evaluated import Evaluated
from jacmagic.result.verdict import (
    Agreement,
    Sources,
    check_closed_form,
    check_sparse,
    contradicts,
    diagnose,
    lost_dependence,
    side_effects,
)
from jacmagic.symbolic.derivation import Derivation, derive, templates, texts
from jacmagic.symbolic.formula import ClosedForm, DisplayForm
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.conditions import sentences
from jacmagic.symbolic.matrix_form import MatrixForm, matrix_form
from jacmagic.symbolic.one_sided import OneSided, limits, one_sided
from jacmagic.symbolic.steps import Step
from jacmagic.symbolic.steps import derive as derive_entry
from jacmagic.symbolic.trace import Refusal

if TYPE_CHECKING:
    import sympy


_WITHDRAWN = Refusal(
    "the closed form",
    None,
    "is withdrawn, as torch and finite differences agree on other numbers; please report it",
)


class Derived(Evaluated):
    """The symbolic half of a Jacobian, and the comparison of both."""

    # ── the closed form ───────────────────────────────────────────────────────────────────────

    @cached_property
    def _found(self) -> ClosedForm | Refusal:
        """The closed form at this point, or why there is none; one that is wrong is withdrawn."""
        traced = self._traced
        if isinstance(traced, Refusal):
            return traced
        if not contradicts(self.problem, self.numbers, self.matrix, traced):
            return traced
        return _WITHDRAWN if self.agreement.alone == "the closed form" else traced

    @cached_property
    def _traced(self) -> ClosedForm | Refusal:
        """The closed form that the trace gives, or why it gives none."""
        if self.large:
            m, n = self.shape
            return Refusal("the closed form", None, f"of {m} × {n} entries is not looked for")
        values = components(self.numbers.outputs.leaves).tolist()
        matrix = self.matrix.detach().cpu().double().numpy()
        found = self.forms.form(self.problem, values, matrix)
        if isinstance(found, Refusal):
            return found
        return lost_dependence(found, self.problem) or found

    @property
    def _form(self) -> ClosedForm | None:
        return self._found if isinstance(self._found, ClosedForm) else None

    @property
    def refusal(self) -> Refusal | None:
        """Why there is no formula: operation, line and reason; None where there is one."""
        for found in (self._read, vars(self).get("_plain")):
            if isinstance(found, Refusal):
                return found
        return None

    @cached_property
    def _read(self) -> DisplayForm | Refusal:
        """The closed form as it is shown, or why there is none."""
        if isinstance(self._found, Refusal):
            return self._found
        taken = {self.title, *(name for one in self.rows for name in (one.name, one.symbol))}
        return self.forms.reading(self.problem, self._found, names=self.view.names, taken=taken)

    @property
    def reading(self) -> DisplayForm | None:
        """The closed form as it is shown: constants and repeated parts by name; None without one.

        Its `.matrix` is in terms of `.clauses` ("with u = …"); named constants are numbers with a
        name, as π is. `formula` is the same Jacobian in the inputs' symbols alone.
        """
        return self._read if isinstance(self._read, DisplayForm) else None

    @property
    def formula(self) -> sympy.Matrix | None:
        """The Jacobian as a SymPy matrix (m, n), or None; `refusal` says why.

        Plain SymPy in `symbols` alone: constants are numbers, nothing is abbreviated.
        """
        return None if isinstance(self._plain, Refusal) else self._plain

    @cached_property
    def _plain(self) -> Any:
        """The formula, or why SymPy cannot write it."""
        form = self._form
        if self.reading is None or form is None:
            return None
        return attempt(lambda: form.matrix, None)

    @property
    def expressions(self) -> sympy.Matrix | None:
        """The function as a SymPy vector (m, 1), or None."""
        return None if self.reading is None or self._form is None else self._form.expressions

    @property
    def symbols(self) -> tuple[sympy.Symbol, ...]:
        """The n real symbols, in column order; empty without a closed form."""
        return () if self._form is None else self._form.symbols

    @property
    def assumptions(self) -> list[tuple[sympy.Basic, int | None]]:
        """Conditions under which the formula holds, each with the line that asked."""
        return [] if self._form is None else self._form.assumptions

    @cached_property
    def pattern(self) -> torch.Tensor:
        """Boolean (m, n): False where an entry is zero whatever the point.

        Without a closed form, False where torch's graph does not connect output and input, or
        where the sparse road found no dependence. A `torch.sparse_csr` tensor if J is `large`.
        """
        if self.numbers.sparse is not None and self._form is None:
            known = self.numbers.sparse.pattern
            return known if self.large else known.to_dense()
        if self._form is not None:
            return torch.from_numpy(self._form.pattern)
        sizes = [one.value.numel() for one in self.problem.inputs]
        rows = [
            torch.cat(
                [
                    torch.full((leaf.numel(), size), bool(on))
                    for size, on in zip(sizes, row, strict=True)
                ],
                1,
            )
            for leaf, row in zip(self.numbers.outputs.leaves, self.numbers.connected, strict=True)
        ]
        return torch.cat(rows) if rows else torch.zeros(0, sum(sizes), dtype=torch.bool)

    @cached_property
    def agreement(self) -> Agreement:
        """torch against the closed form against finite differences, entry by entry."""
        if self.numbers.mode in NOT_BY_TORCH:
            return self._torch_refuses
        outside = set(self.outside())
        if self.large and self.numbers.sparse is not None:
            return check_sparse(self.problem, self.numbers, outside=outside)
        return diagnose(
            self.problem,
            self.numbers,
            self.matrix,
            self._traced if isinstance(self._traced, ClosedForm) else None,
            rows=self.rows,
            outside=outside,
            refusal=self._traced if isinstance(self._traced, Refusal) else None,
            both=self.one_sided,
        )

    @property
    def _torch_refuses(self) -> Agreement:
        """The verdict where torch cannot differentiate: there is nothing of its to compare."""
        values = self.matrix.detach().cpu().double().numpy()
        form = self._traced
        if self.numbers.mode == "closed form" and isinstance(form, ClosedForm):
            return check_closed_form(self.problem, self.numbers, values, form, name=self._entry)
        source = "the closed form" if self.numbers.mode == "closed form" else "finite differences"
        return Agreement(
            "not confirmed",
            float("nan"),
            (),
            (),
            Sources(values, None, None, None, "float64"),
            reason=f"torch cannot differentiate this function; the numbers are those of {source}",
        )

    def _entry(self, i: int, j: int) -> str:
        """Return what an entry is called, such as "∂f₁/∂x₂"."""
        return self.notation.unicode(self.title, self.rows[i].unicode, self.columns[j].unicode)

    @cached_property
    def one_sided(self) -> OneSided | None:
        """At a kink, the Jacobian from the left and from the right; None elsewhere.

        `.left` and `.right` are (m, n); nan where the function jumps or nothing was confirmed.
        """
        traced = self._traced
        return None if isinstance(traced, Refusal) else one_sided(self.problem, self.forms, traced)

    @cached_property
    def matrix_form(self) -> MatrixForm | None:
        """The Jacobian as a matrix is written, A or diag(cos x); None where that is not known.

        Recognised from the code's own vectors and matrices, and checked at three points.
        """
        if self.reading is None or not self.view.names:
            return None
        names = [Label(one.name).tex for one in self.problem.inputs]
        title = Label(self.title).tex
        return matrix_form(self.problem, self.reading.form, latex.head(title, names), title)

    def steps(self, i: int, j: int) -> Step:
        """Return the derivation of entry (i, j), rule by rule.

        Raises:
            PointError: if there is no closed form to derive, or no such entry.
        """
        form, reading, digits = self._form, self.reading, self.view.digits
        if form is None or reading is None:
            raise PointError(f"expected a closed form to derive; found none: {self.refusal}")
        m, n = form.shape
        if not (-m <= i < m and -n <= j < n):
            raise PointError(
                f"expected an entry of the {m} × {n} Jacobian; found ({i}, {j}); "
                f"count from 0: the last entry is ({m - 1}, {n - 1})"
            )
        point = self.problem.flat_point
        value = latex.number(float(form.values(point)[i, j]), digits)
        return self._derived(reading, i, j, texts(reading.numbers(point), digits), value)

    def step_template(self, i: int, j: int) -> Step | None:
        """Return the derivation of entry (i, j) with a slot for each number that a slider changes.

        The slots are counted as `derivation.templates` counts them. None without a closed form.
        """
        reading = self.reading
        if reading is None:
            return None
        numbers = reading.numbers(self.problem.flat_point)
        slots = {symbol: latex.slot(place) for place, symbol in enumerate(numbers)}
        m, n = self.matrix.shape
        place = j * m + i if self.view.layout == "denominator" else i * n + j
        return self._derived(reading, i, j, slots, latex.slot(len(numbers) + place))

    def _derived(
        self, reading: DisplayForm, i: int, j: int, numbers: dict[Any, str], value: str
    ) -> Step:
        return derive_entry(
            reading.expression(i),
            self.symbols[j],
            names=reading.all_names,
            texts=reading.texts,
            entry=reading.entry(i, j),
            named=reading.shown(i, j),
            numbers=numbers,
            value=value,
        )

    def templates(self) -> tuple[str, ...]:
        """The last links of the derivation, with slots for numbers; see `derivation.templates`."""
        return templates(
            self.reading,
            self.problem.flat_point,
            self.matrix.detach().cpu().double().numpy() + 0.0,
            digits=self.view.digits,
            transposed=self.view.layout == "denominator",
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided on the way, one sentence each."""
        changed = [
            f"{self.problem.title} {side_effects(self.problem)}: it was run for torch and for the "
            "closed form only, not for finite differences"
        ] * bool(self.problem.effects)
        return (*self.problem.notes, *self.numbers.notes, *changed, *self._conditions)

    @cached_property
    def _conditions(self) -> list[str]:
        """Where the formula that is shown holds."""
        if self.reading is None or self._form is None:
            return []
        return [f"valid while {text}" for text in sentences(self._form)]

    @property
    def derivation(self) -> Derivation:
        """The chain from the definition to the numbers, as LaTeX."""
        chain = attempt(lambda: self._chain(self.reading), self.forms.budget)
        if isinstance(chain, Refusal):
            chain = dataclasses.replace(self._chain(None), left_out=(str(chain),))
        matrix = self.matrix_form
        return dataclasses.replace(
            chain,
            where=(*chain.where, *self._limits),
            matrix=() if matrix is None else (*matrix.latex, *matrix.clauses),
        )

    def _chain(self, reading: DisplayForm | None) -> Derivation:
        """Return the chain without what is said beside it."""
        return derive(
            self.title,
            self.rows,
            self.columns,
            reading,
            self.problem.flat_point,
            self.entries if self.large else self.matrix.detach().cpu().double().numpy() + 0.0,
            inputs=[Label(one.name).tex for one in self.problem.inputs],
            digits=self.view.digits,
            transposed=self.view.layout == "denominator",
            agrees=self.form_gives_numbers,
            notation=self.notation,
        )

    @property
    def form_gives_numbers(self) -> bool:
        """Whether the closed form has the numbers shown: it differs nowhere, nor is it 0/0."""
        if any(found.formula is not None for found in self.agreement.disagreements):
            return False
        return not (self.agreement.undefined and self.one_sided is not None)

    @property
    def _limits(self) -> list[str]:
        """At a kink, the entries' limits from both sides, as LaTeX."""
        if self.one_sided is None:
            return []
        variables = [label.tex for label in self.columns]
        return limits(
            self.one_sided,
            self.problem.flat_point,
            name=lambda i, j: latex.partial(self.rows[i].tex, variables[j]),
            variables=variables,
            number=lambda value: latex.number(value, self.view.digits),
        )
