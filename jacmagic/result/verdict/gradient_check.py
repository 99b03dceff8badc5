"""Check the gradient of which a Hessian is the Jacobian.

Finite differences of a Hessian difference torch's gradient, so they confirm nothing where that is
wrong; here it is compared with its closed form and with differences of the scalar itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from jacmagic.function.components import components
from jacmagic.function.precision import Exact
from jacmagic.function.problem import Problem
from jacmagic.numeric.result import NumericJacobian
from jacmagic.result.verdict.agreement import Agreement, conclude
from jacmagic.result.verdict.causes import sentence
from jacmagic.result.verdict.comparison import judge
from jacmagic.result.verdict.findings import Circumstances, Sources, finite_differences
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.rounding import bounded_outputs, dtype_of, exact_values
from jacmagic.symbolic.formula.singularities import kinks


def check_gradient(
    problem: Problem, numbers: NumericJacobian, form: ClosedForm | None, point: Sequence[float]
) -> Agreement:
    """Compare torch's gradient (1, n) with its closed form and finite differences.

    Args:
        problem: a Hessian's problem; its `potential` is there.
        numbers: what torch computed; its outputs are the gradient.
        form: the Hessian's closed form, whose trace's outputs are the gradient's; or None.
        point: the n numbers of the point.
    """
    assert problem.potential is not None
    leaves = numbers.outputs.leaves
    truth = components(leaves)
    dtype = dtype_of([leaf.dtype for leaf in leaves])
    values = bounds = None
    if form is not None:
        values, bounds = (part.reshape(1, -1) for part in bounded_outputs(form, point, dtype))
    estimate = finite_differences(problem.potential, 1)
    sources = Sources(truth.reshape(1, -1), values, bounds, estimate)

    def exactly(entries: Sequence[tuple[int, int]]) -> list[Exact]:
        assert form is not None
        return exact_values(form, [form.trace.outputs[j] for _, j in entries], point, dtype)

    leaks = [] if form is None else [leak for leak in form.trace.leaks if leak.habit != "int()"]
    circumstances = Circumstances(
        cut=lambda i, j: bool(leaks),
        kinked=[0] if form is not None and kinks(form, point) else [],
    )
    columns = problem.columns
    findings, alone = judge(sources, dtype, exactly, circumstances)
    return conclude(
        sources,
        findings,
        alone,
        name=lambda i, j: f"∂{problem.title}/∂{columns[j].unicode}",
        cause=lambda i, j: sentence(leaks[0]) if leaks else "",
        reason=lambda finding, i, j: f"∂{problem.title}/∂{columns[j].unicode}",
    )
