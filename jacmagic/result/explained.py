"""The derivation of a closed form: steps of an entry, the chain of the whole."""

from __future__ import annotations

import dataclasses
from functools import cached_property

from jacmagic.errors import PointError
from jacmagic.labels import Label, entry_of
from jacmagic.render import latex
from jacmagic.render.typed import Typed
from jacmagic.result.chain import Chain
from jacmagic.result.derived import Derived
from jacmagic.result.verdict import side_effects
from jacmagic.symbolic.derivation import Derivation, DerivationWriter
from jacmagic.symbolic.derivation_entries import numbers_of
from jacmagic.symbolic.factored.form import FactoredForm
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.conditions import sentences
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.staircases import staircases
from jacmagic.symbolic.matrix_form import MatrixForm, matrix_form
from jacmagic.symbolic.readings import factored_of
from jacmagic.symbolic.shaped_gradient import shaped_gradient
from jacmagic.symbolic.sides import limits
from jacmagic.symbolic.steps import Step, steps_of
from jacmagic.symbolic.trace import Refusal
from jacmagic.symbolic.validation import half_the_digits


class Explained(Derived):
    """A Jacobian with its derivation: steps, chain, matrix form and notes."""

    @cached_property
    def matrix_form(self) -> MatrixForm | None:
        """The Jacobian as an expression of matrices, A or diag(cos x); None if unknown.

        Recognised from the code's own vectors and matrices, and checked at three points.
        """
        if self.reading is None or not self.view.names:
            return None
        names = [Label(input_.name).tex for input_ in self.problem.inputs]
        title = Label(self.title).tex
        head = latex.head(title, names, letter=self.notation.letter)
        form = matrix_form(self.problem, self.reading.form, head, title)
        return form or shaped_gradient(self.problem, self.reading, self.title)

    def steps(self, i: int, j: int) -> Step:
        """Return the derivation of entry (i, j), rule by rule.

        Args:
            i: the row, counted from 0.
            j: the column.

        Returns:
            The first step, whose `.children` derive its parts; `.latex` and `repr` write all.

        Raises:
            PointError: if there is no closed form to derive, or no such entry.
        """
        form, reading, digits = self.closed_form, self.reading, self.view.digits
        if form is None or reading is None:
            raise PointError(f"expected a closed form to derive; found none: {self.refusal}")
        i, j = entry_of(i, j, form.shape)
        point = self.problem.flat_point
        value = latex.number(float(form.values(point)[i, j]), digits)
        numbers = numbers_of(reading, point, digits, self._typed)
        return steps_of(reading, (i, j), numbers, value)

    @property
    def _typed(self) -> dict[int, Typed]:
        """The components of the point that formulas show as they were typed."""
        problem = self.problem
        return {} if problem.tangent is not None else self.view.typed_at(problem.flat_point)

    def chain(self) -> Chain:
        """Return the Jacobian as sums and products of local Jacobians.

        They lead along the variables of the function's own code: J = ∂y/∂h · ∂h/∂x.

        Raises:
            PointError: if there is no closed form to factor.
        """
        return self._chained

    @cached_property
    def _chained(self) -> Chain:
        factored = self._factored
        if isinstance(factored, Refusal):
            raise PointError(f"expected a closed form to factor; found none: {factored}")
        point, digits = tuple(self.problem.flat_point), self.view.digits
        tolerance = half_the_digits(self.problem)
        return Chain(factored, self.title, point, self._array, tolerance, digits, self.notation)

    @cached_property
    def reads_as_chain(self) -> bool:
        """Whether the displays show the chain: asked for, or the closed form exceeds a page."""
        form = self.closed_form
        if form is None or self.large:
            return False
        exceeds = form.too_large is not None
        if not exceeds and not self.view.chain and (self.reading is None or self.reading.fits):
            return False
        return self._stages > (0 if exceeds or self.view.chain else 1)

    @property
    def has_chain(self) -> bool:
        """Whether there is a chain of more than one factor."""
        return self._stages > 1

    @property
    def _stages(self) -> int:
        """How many variables a chain passes through, the outputs included; 0 without a chain."""
        if self.closed_form is None or self.large:
            return 0
        return 0 if isinstance(self._factored, Refusal) else len(self._factored.stages)

    @cached_property
    def _factored(self) -> FactoredForm | Refusal:
        """The factored form, or why there is none."""
        if isinstance(self._trusted_form, Refusal):
            return self._trusted_form
        taken_names = self._taken_names
        return factored_of(
            self.forms, self.problem, self._trusted_form, self.rows, taken_names=taken_names
        )

    def step_template(self, i: int, j: int) -> Step | None:
        """Return the derivation of entry (i, j), with slots for changing numbers.

        The slots are counted as `derivation.templates` counts them. None without a closed form.
        """
        reading = self.reading
        if reading is None:
            return None
        numbers = reading.numbers(self.problem.flat_point)
        slots = reading.ordered({symbol: latex.slot(k) for k, symbol in enumerate(numbers)})
        index = self.view.layout.flat_index(i, j, self.shape)
        return steps_of(reading, (i, j), slots, latex.slot(len(numbers) + index))

    def templates(self) -> tuple[str, ...]:
        """Return the last links of the derivation, with slots; see `DerivationWriter`."""
        return self._writer(self.reading).templates()

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the computation, one sentence each: conversions, modes that were replaced."""
        changed = [
            f"{self.problem.title} {side_effects(self.problem)}: it was run for torch and for the "
            "closed form only, not for finite differences"
        ] * bool(self.problem.effects)
        return (
            *self.problem.notes,
            *self.numbers.notes,
            *changed,
            *self._conditions,
            *self._stairs,
        )

    @cached_property
    def _stairs(self) -> list[str]:
        """The inputs that act in steps only, whose zeros a reader may take for an error."""
        return [] if self.closed_form is None else staircases(self.closed_form)

    @cached_property
    def _conditions(self) -> list[str]:
        """The conditions under which the formula that is shown holds."""
        if self.reading is None or self.closed_form is None:
            return []
        return [f"valid while {text}" for text in sentences(self.closed_form)]

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
            definitions=(*chain.definitions, *self._limits),
            matrix=() if matrix is None else (*matrix.latex, *matrix.clauses),
        )

    def _chain(self, reading: DisplayForm | None) -> Derivation:
        """Return the chain without the remarks beside it."""
        return self._writer(reading).derivation(agrees=self.form_gives_numbers)

    def _writer(self, reading: DisplayForm | None) -> DerivationWriter:
        return DerivationWriter(
            self.title,
            self.rows,
            self.columns,
            reading,
            self.problem.flat_point,
            self.entries if self.large else self._array + 0.0,
            [Label(input_.name).tex for input_ in self.problem.inputs],
            self.view.digits,
            self.view.layout,
            self.notation,
            self.block_sizes,
            self._typed,
        )

    @property
    def form_gives_numbers(self) -> bool:
        """Whether the closed form has the numbers shown: it differs nowhere, nor is 0/0."""
        if any(disagreement.formula is not None for disagreement in self.agreement.disagreements):
            return False
        return not (self.agreement.undefined and self.one_sided is not None)

    @property
    def _limits(self) -> list[str]:
        """At a kink, the entries' limits from both sides, as LaTeX."""
        if self.one_sided is None:
            return []
        variables, typed = [label.tex for label in self.columns], self._typed

        def number(value: float) -> str:
            return latex.number(value, self.view.digits)

        return limits(
            self.one_sided,
            [
                typed[k].latex if k in typed else number(value)
                for k, value in enumerate(self.problem.flat_point)
            ],
            name=lambda i, j: latex.partial(self.rows[i].tex, variables[j]),
            variables=variables,
            number=number,
        )
