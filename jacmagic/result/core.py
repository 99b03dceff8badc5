"""A Jacobian without its views: numbers, closed form, agreement, other points.

torch's numbers are computed at once; the closed form and the comparison on first use.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import torch

from jacmagic.errors import PointError, check_keywords, naming_keywords
from jacmagic.function.problem import Problem, altered
from jacmagic.function.tracebacks import showing_users_frames
from jacmagic.numeric.compute import compute as compute_numbers
from jacmagic.numeric.options import ComputeOptions
from jacmagic.numeric.result import NumericJacobian
from jacmagic.numeric.tuning import Tuning, tuning_of
from jacmagic.render import latex
from jacmagic.result import pickling, products
from jacmagic.result.evaluated import Outside
from jacmagic.result.explained import Explained
from jacmagic.result.options import OPTION_NAMES, DisplayOptions
from jacmagic.symbolic.branches import ClosedForms
from jacmagic.symbolic.evaluator import Evaluator
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.trace import Refusal
from jacmagic.symbolic.validation import values_again

if TYPE_CHECKING:
    import numpy as np
    import sympy

    from jacmagic.result.compiled import CompiledJacobian
    from jacmagic.symbolic.export import Export

# Cached properties that do not depend on the view.
_VIEWLESS = {
    "matrix", "sparse", "columns", "_trusted_form", "_traced", "pattern", "agreement", "one_sided",
}  # fmt: skip


class JacobianResult(Explained):
    """The Jacobian of a function at a point: (m, n), outputs by inputs.

    Attributes:
        problem: the function and the point.
        numbers: what torch computed.
        options: how it computed it.
        view: how this object shows itself.
    """

    @classmethod
    def of(
        cls,
        problem: Problem,
        options: ComputeOptions,
        forms: ClosedForms,
        view: DisplayOptions,
        outside: Outside = frozenset,
    ) -> Self:
        """Compute torch's numbers at a problem's point; the closed form on first use.

        Inputs that the function reads from outside are looked for at once where torch's graph does
        not lead from an output to an input, as names may be bound anew later; else on first use.
        """
        purpose = "Jacobian" if problem.potential is None else "Hessian"
        tuning = tuning_of(problem.user_function, purpose)
        numbers = run_torch(problem, options, tuning, forms)
        if not all(map(all, numbers.connected)):
            outside = functools.partial(frozenset, outside())
        return cls(problem, numbers, forms, options, view, outside, tuning)

    # ── other points ──────────────────────────────────────────────────────────────────────────

    @showing_users_frames
    def at(self, **values: Any) -> Self:
        """Return the Jacobian at another point; it is traced again only on a new branch.

        Args:
            **values: new values by input name; what is not named stays where it is.

        Raises:
            PointError: for a name that is not an input, or a value of another shape.
        """
        moved = self.problem.at(values)
        numbers = run_torch(moved, self.options, self.tuning, self.forms)
        return type(self)(
            moved, numbers, self.forms, self.options, self.view, self.outside, self.tuning
        )

    def evaluator(self) -> Evaluator:
        """Compile the closed form: `g(*numbers)` is (m, n), `g.batch(points)` (k, m, n), float64.

        What the function reads from outside its arguments is taken as it is now; when it changes,
        ask for an evaluator again.

        Raises:
            PointError: if there is no closed form to compile.
        """
        if self.closed_form is None:
            raise PointError(f"expected a closed form to compile; found none: {self.refusal}")

        def elsewhere(numbers: Sequence[float]) -> ClosedForm | np.ndarray:
            there = self.at(**self.problem.named(numbers))
            return there.closed_form or there.to_numpy()

        def by_torch(numbers: Sequence[float]) -> np.ndarray:
            return self.at(**self.problem.named(numbers)).to_numpy()

        # derived again, if something that the function reads has changed
        now = self if self.problem.effects else self.at()
        return Evaluator(now.closed_form or self.closed_form, elsewhere, by_torch)

    @naming_keywords("J.compile")
    def compile(self, backend: str = "auto", dynamic: bool | None = None) -> CompiledJacobian:
        """Compile this Jacobian, as `jacmagic.compile` does: `g(*inputs)` is (m, n).

        Args:
            backend: "auto", "native", "graph", "python" or "inductor".
            dynamic: False refuses inputs of other shapes, dtypes and devices; else each kind is
                compiled when it is met.

        Raises:
            FunctionError: the function is random or keeps state, or no backend can compile it.
        """
        from jacmagic.result.compiled import compiled_of  # few results are compiled

        strategy = self.options.strategy
        return compiled_of(self.problem, backend=backend, dynamic=dynamic, strategy=strategy)

    # ── copies ────────────────────────────────────────────────────────────────────────────────

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how pickle stores a result; see `result.pickling`."""
        return pickling.reduced(self)

    def __copy__(self) -> Self:
        return self.shown()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copied: Self = pickling.deeply(self, memo)
        return copied

    # ── products ──────────────────────────────────────────────────────────────────────────────

    def jvp(self, v: Any) -> Any:
        """Return J·v by one forward pass, as `torch.func.jvp` does, without the matrix.

        Args:
            v: a tensor for a single input, else a tuple or the nest of the inputs; their shapes.

        Returns:
            What the function returns, in its structure and shapes.

        Raises:
            PointError: v has another number of parts or other shapes.
        """
        return products.jvp(self.problem, self.numbers.outputs, v)

    def vjp(self, u: Any) -> Any:
        """Return uᵀ·J by one backward pass, as `torch.func.vjp` does, without the matrix.

        Args:
            u: in the structure and shapes of the function's value.

        Returns:
            A tensor for a single input, else a tuple of tensors; of the inputs' shapes.

        Raises:
            PointError: u has another structure or other shapes.
        """
        return products.vjp(self.problem, self.numbers.outputs, u)

    # ── showing ───────────────────────────────────────────────────────────────────────────────

    def shown(self, **changes: Any) -> Self:
        """Return the same Jacobian with other display options: digits, layout, live.

        Values that do not depend on the view are not computed again.

        Args:
            **changes: fields of `DisplayOptions`, but for what a line alone can say.

        Raises:
            KeywordError: there is no option of that name.
            OptionError: it has no such value.
        """
        check_keywords("J.shown", changes, OPTION_NAMES)
        return self._copied(view=dataclasses.replace(self.view, **changes))

    def failed(self, failure: str) -> Self:
        """Return the same Jacobian with why its cell failed; nothing is computed again."""
        return self._copied(problem=altered(self.problem, failure=failure))

    def _copied(self, **changes: Any) -> Self:
        other = dataclasses.replace(self, **changes)
        other.__dict__ |= {name: self.__dict__[name] for name in _VIEWLESS & self.__dict__.keys()}
        return other

    def to_latex(self) -> str:
        """Return the whole derivation as LaTeX, without delimiters; a long one as a chain."""
        blocks = [self.derivation.latex]
        if self.reads_as_chain:
            chain = attempt(lambda: self.chain().to_latex(), self.forms.budget)
            blocks += [] if isinstance(chain, Refusal) else [chain]
        return latex.stacked(blocks)

    def to_numpy(self) -> np.ndarray:
        """Return the matrix as a NumPy array (m, n), of its dtype; bfloat16 as float32.

        Raises:
            SizeError: it was computed sparsely and would not fit into memory; see `entries`.
        """
        matrix = self.matrix.detach().cpu()
        return (matrix.float() if matrix.dtype == torch.bfloat16 else matrix).numpy()

    def to_sympy(self) -> sympy.Matrix:
        """Return the formula; where there is none, the numbers as a SymPy matrix."""
        import sympy

        return self.formula if self.formula is not None else sympy.Matrix(self.to_numpy())

    @naming_keywords("J.to_code")
    def to_code(
        self,
        language: str = "python",
        *,
        value: bool | None = None,
        sparse: bool | None = None,
        dtype: str = "float64",
        name: str | None = None,
    ) -> str:
        """Source of a function that computes value and Jacobian in one pass.

        It is written from the closed form, with shared parts computed once, and begins with a
        comment: sizes, operation counts, conditions under which it holds.

        Args:
            language: such as "python", "numpy", "torch", "c" or "rust"; one of `code_languages`.
            value: False writes the Jacobian alone, as is the default on manifolds.
            sparse: True writes the entries that are not structurally zero, with index arrays in
                compressed rows (CSR); by default where torch computed the Jacobian sparsely.
            dtype: "float64" or "float32", in C and Rust; the others compute in the inputs' dtype,
                Python and JavaScript in float64.
            name: of the function; by default "value_and_jacobian_of_f".

        Raises:
            PointError: without a closed form.
            OptionError: for another language, or for what the language has no function for.
        """
        return self._export(value=value, sparse=sparse, dtype=dtype, name=name).source(language)

    @property
    def code_languages(self) -> tuple[str, ...]:
        """The languages that `to_code` can write this Jacobian in; none without a closed form."""
        return () if self.closed_form is None else self._export().languages()

    def _export(self, **options: Any) -> Export:
        from jacmagic.result.code import export_of  # most results are never exported

        return export_of(self, **options)


def run_torch(
    problem: Problem, options: ComputeOptions, tuning: Tuning | None, forms: ClosedForms
) -> NumericJacobian:
    """Compute the Jacobian of a problem by torch, in the way that was quick before.

    The closed form is asked only where torch refuses to differentiate.
    """
    tensors = problem.tensors

    def substitute() -> torch.Tensor | None:
        form = forms.form(problem, values_again(problem.potential or problem))
        point = problem.flat_point
        return torch.from_numpy(form.values(point)) if isinstance(form, ClosedForm) else None

    return compute_numbers(problem.function, tensors, options, tuning=tuning, substitute=substitute)
