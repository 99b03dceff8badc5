"""Derive a problem's closed form: trace, compare with the value, differentiate."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from jacmagic.function.problem import Problem
from jacmagic.labels import symbols
from jacmagic.symbolic.formula.closed import ClosedForm, close
from jacmagic.symbolic.formula.time_limit import counted, seconds_left
from jacmagic.symbolic.graph.passes import tree_sizes
from jacmagic.symbolic.tangents import ambient_of, fixed_components, on_tangents, rebased
from jacmagic.symbolic.trace import Naming, Refusal, Trace, trace
from jacmagic.symbolic.validation import has_values, values_again

_OTHER_VALUES = Refusal(
    "the function", None, "gave other values when it ran again: it is random or keeps state"
)
_WRONG_VALUES = Refusal(
    "the closed form", None, "gives other values than the function; please report this function"
)


def derive_form(
    problem: Problem, outputs: Sequence[float], budget: float | None
) -> ClosedForm | Refusal:
    """Trace and differentiate a problem's function at its point.

    Args:
        problem: the function and the point; of a Hessian, its gradient is differentiated.
        outputs: the m numbers that the function gave there.
        budget: seconds for each of tracing, differentiating and reading; None for no bound.
    """
    problem = rebased(problem)
    base = problem.potential or problem
    form = differentiate_trace(base, trace_problem(base, budget), budget)
    if isinstance(form, Refusal):
        return form
    if problem.potential is not None:
        outputs = values_again(base)
    if not has_values(form, problem.flat_point, outputs):
        return _WRONG_VALUES if values_again(base) == list(outputs) else _OTHER_VALUES
    return form if problem.potential is None else differentiate_gradient(form, budget)


def trace_problem(
    problem: Problem,
    budget: float | None,
    naming: Naming | None = None,
    text_factor: float = 1.0,
) -> Trace | Refusal:
    """Trace a problem's function; a trace that keeps names also keeps whole tensors."""
    ambient = ambient_of(problem)
    names = [input_.name for input_ in problem.inputs]
    with counted():
        return trace(
            ambient.function,
            ambient.tensors,
            symbols(ambient.columns),
            seconds=seconds_left(budget),
            naming=naming,
            whole=names if naming is not None and ambient is problem else [],
            fixed=fixed_components(problem),
            text_factor=text_factor,
        )


def differentiate_trace(
    problem: Problem, traced: Trace | Refusal, budget: float | None
) -> ClosedForm | Refusal:
    """Return the closed form of a trace; a refusal stays one."""
    if isinstance(traced, Refusal):
        return traced
    form = close(traced, ambient_of(problem).columns, budget=budget)
    return form if isinstance(form, Refusal) else on_tangents(form, problem)


def differentiate_gradient(gradient: ClosedForm, budget: float | None) -> ClosedForm | Refusal:
    """Differentiate a gradient's nodes once more: the closed form of a Hessian."""
    outputs = tuple(gradient.entries)
    traced = dataclasses.replace(gradient.trace, outputs=outputs)
    hessian = close(traced, gradient.columns, budget=budget)
    if isinstance(hessian, Refusal):
        return hessian
    return symmetric(dataclasses.replace(hessian, potential=gradient.trace.outputs))


def symmetric(hessian: ClosedForm) -> ClosedForm:
    """Replace mirrored entries by the shorter form: ∂²f/∂x∂y = ∂²f/∂y∂x (Schwarz)."""
    entries, n = hessian.entries, len(hessian.columns)
    sizes = tree_sizes(hessian.graph, entries)
    pairs = [(i * n + j, j * n + i) for i in range(n) for j in range(n)]
    shorter = [min(pair, key=lambda k: (sizes[k], k)) for pair in pairs]
    return hessian.with_entries([entries[k] for k in shorter])
