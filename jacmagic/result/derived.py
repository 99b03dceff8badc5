"""The closed form at one point, and its agreement with torch."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from jacmagic.numeric.modes.rescue import NOT_BY_TORCH
from jacmagic.result.evaluated import Evaluated
from jacmagic.result.verdict import (
    Agreement,
    Evidence,
    Sources,
    check_closed_form,
    check_sparse,
    contradicts,
    diagnose,
    lost_dependence,
)
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.one_sided import one_sided
from jacmagic.symbolic.readings import reading_of
from jacmagic.symbolic.sides import OneSided
from jacmagic.symbolic.textbook import textbook_form
from jacmagic.symbolic.trace import Refusal

if TYPE_CHECKING:
    import sympy


_WITHDRAWN = Refusal(
    "the closed form",
    None,
    "is withdrawn, as torch and finite differences agree on other numbers; please report it",
)


class Derived(Evaluated):
    """The symbolic half of a Jacobian, and the comparison of both halves."""

    # ── the closed form ───────────────────────────────────────────────────────────────────────

    @cached_property
    def _trusted_form(self) -> ClosedForm | Refusal:
        """The closed form at this point, or why there is none; a wrong one is withdrawn."""
        traced = self._traced
        if isinstance(traced, Refusal):
            return traced
        parts = self.problem, self.numbers, self.matrix
        if not contradicts(Evidence(*parts, traced, self.rows, uses_differences=False)):
            return traced
        return _WITHDRAWN if self.agreement.alone == "the closed form" else traced

    @cached_property
    def _traced(self) -> ClosedForm | Refusal:
        """The closed form that the trace gives, or why it gives none."""
        if self.large:
            m, n = self.shape
            return Refusal("the closed form", None, f"of {m} × {n} entries is not derived")
        values = self.flat_value.tolist()
        matrix = self._array
        form = self.forms.form(self.problem, values, matrix)
        if isinstance(form, Refusal):
            return form
        return lost_dependence(form, self.problem) or form

    @property
    def closed_form(self) -> ClosedForm | None:
        """The closed form as a graph, or None; it runs also where it is too long to write out."""
        return self._trusted_form if isinstance(self._trusted_form, ClosedForm) else None

    @property
    def refusal(self) -> Refusal | None:
        """Why there is no formula: operation, line and reason; None where there is one."""
        for outcome in (self._display_form, vars(self).get("_plain_formula")):
            if isinstance(outcome, Refusal):
                return outcome
        return None

    @cached_property
    def _display_form(self) -> DisplayForm | Refusal:
        """The closed form as it is shown, or why there is none."""
        if isinstance(self._trusted_form, Refusal):
            return self._trusted_form
        taken_names, names = self._taken_names, self.view.names
        return reading_of(
            self.forms, self.problem, self._trusted_form, names=names, taken_names=taken_names
        )

    @property
    def _taken_names(self) -> set[str]:
        """The names that no part of the closed form may have: those of the function's outputs."""
        return {self.title, *(name for row in self.rows for name in (row.name, row.symbol))}

    @property
    def reading(self) -> DisplayForm | None:
        """The closed form as it is shown, constants and repeated parts by name; or None.

        Its `.matrix` is in terms of `.clauses` ("with u = …"); named constants are numbers with a
        name, as π is. `formula` is the same Jacobian in the inputs' symbols alone.
        """
        return self._display_form if isinstance(self._display_form, DisplayForm) else None

    @property
    def formula(self) -> sympy.Matrix | None:
        """The Jacobian as a SymPy matrix (m, n), or None; `refusal` says why.

        Plain SymPy in `symbols` alone: constants are numbers, nothing is abbreviated.
        """
        return None if isinstance(self._plain_formula, Refusal) else self._plain_formula

    @cached_property
    def _plain_formula(self) -> Any:
        """The formula, or why SymPy cannot write it."""
        form = self.closed_form
        if self.reading is None or form is None:
            return None
        return attempt(lambda: textbook_form(form, self.problem.flat_point).in_sympy.matrix, None)

    @property
    def expressions(self) -> sympy.Matrix | None:
        """The function as a SymPy vector (m, 1), or None."""
        form = self.closed_form
        return None if self.reading is None or form is None else form.in_sympy.expressions

    @property
    def symbols(self) -> tuple[sympy.Symbol, ...]:
        """The n real symbols, in column order; empty without a closed form."""
        return () if self.closed_form is None else self.closed_form.in_sympy.symbols

    @property
    def assumptions(self) -> list[tuple[sympy.Basic, int | None]]:
        """Conditions under which the formula holds, each with the line of code that tested it."""
        return [] if self.closed_form is None else self.closed_form.in_sympy.assumptions

    @cached_property
    def pattern(self) -> torch.Tensor:
        """Boolean (m, n): False where an entry is zero whatever the point.

        Without a closed form, False where torch's graph does not connect output and input, or
        where the sparse mode found no dependence. A `torch.sparse_csr` tensor if J is `large`.
        """
        if self.numbers.sparse is not None and self.closed_form is None:
            stored = self.numbers.sparse.pattern
            return stored if self.large else stored.to_dense()
        if self.closed_form is not None:
            return torch.from_numpy(self.closed_form.pattern)
        outputs = [leaf.numel() for leaf in self.numbers.outputs.leaves]
        sizes = [torch.tensor(s, dtype=torch.long) for s in (outputs, self.problem.sizes)]
        blocks = torch.tensor(self.numbers.connected, dtype=torch.bool).reshape(*map(len, sizes))
        return blocks.repeat_interleave(sizes[0], 0).repeat_interleave(sizes[1], 1)

    @cached_property
    def agreement(self) -> Agreement:
        """The verdict on torch, the closed form and finite differences, entry by entry."""
        if self.numbers.mode in NOT_BY_TORCH:
            return self._torch_refuses
        outside = set(self.outside())
        if self.large and self.numbers.sparse is not None:
            return check_sparse(self.problem, self.numbers, outside=outside)
        traced = self._traced
        form, refusal = (None, traced) if isinstance(traced, Refusal) else (traced, None)
        parts = self.problem, self.numbers, self.matrix
        return diagnose(Evidence(*parts, form, self.rows, refusal, both=self.one_sided), outside)

    @property
    def _torch_refuses(self) -> Agreement:
        """The verdict where torch cannot differentiate and has no numbers to compare."""
        values, form = self._array, self._traced
        if self.numbers.mode == "closed form" and isinstance(form, ClosedForm):
            parts = self.problem, self.numbers, self.matrix
            return check_closed_form(Evidence(*parts, form, self.rows))
        source = "the closed form" if self.numbers.mode == "closed form" else "finite differences"
        return Agreement(
            "not confirmed",
            float("nan"),
            (),
            (),
            Sources(values),
            reason=f"torch cannot differentiate this function; the numbers are those of {source}",
        )

    def _entry(self, i: int, j: int) -> str:
        """Return what an entry is called, such as "∂f₁/∂x₂"."""
        return self.notation.unicode(self.title, self.rows[i].unicode, self.columns[j].unicode)

    def _output(self, i: int) -> str:
        """Name what is differentiated in a row: f₁, or ∂f/∂x₁ of a gradient."""
        name = self.rows[i].unicode
        return name if self.problem.potential is None else f"∂{self.title}/∂{name}"

    @cached_property
    def one_sided(self) -> OneSided | None:
        """At a kink, the Jacobian from the left and from the right; None elsewhere.

        `.left` and `.right` are (m, n); nan where the function jumps or nothing was confirmed.
        """
        traced = self._traced
        return None if isinstance(traced, Refusal) else one_sided(self.problem, self.forms, traced)
