"""Closed forms on manifolds: the chain rule from the values' components to tangent vectors.

The function is traced in the components of its values, R₀₀ and so on, which are constants with
names; the derivative by δ is the product of its Jacobian and ∂R/∂δ at δ = 0, whose entries are
components of R. An output on a manifold is multiplied from the other side.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from jacmagic.function.manifolds import Manifold, Term
from jacmagic.function.problem import Problem
from jacmagic.labels import symbols
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.graph import ZERO, BudgetExceeded, Graph
from jacmagic.symbolic.trace import Constant, Refusal

Row = dict[int, int]


def ambient_of(problem: Problem) -> Problem:
    """Return the problem of the values themselves; an ordinary problem is its own."""
    return problem if problem.tangent is None else problem.tangent.ambient


def rebased(problem: Problem) -> Problem:
    """Return a problem whose tangent vectors are 0: they are added to the values."""
    if problem.tangent is None:
        return problem
    vectors = {
        input_.name: input_.value
        for input_, chart in zip(problem.inputs, problem.tangent.charts, strict=True)
        if chart is None or input_.value.any()
    }
    return problem.at(vectors)


def _charted(problem: Problem) -> Iterator[tuple[Manifold | None, slice, slice]]:
    """Yield each input's manifold, and its components among the values and the tangents."""
    assert problem.tangent is not None
    start = begin = 0
    pairs = zip(problem.inputs, problem.tangent.ambient.inputs, strict=True)
    for (tangent, value), chart in zip(pairs, problem.tangent.charts, strict=True):
        end, stop = start + value.value.numel(), begin + tangent.value.numel()
        yield chart, slice(start, end), slice(begin, stop)
        start, begin = end, stop


def fixed_components(problem: Problem) -> dict[int, float]:
    """Return the numbers of the components of values on manifolds, by position."""
    if problem.tangent is None:
        return {}
    numbers = problem.tangent.ambient.flat_point
    positions = [
        k
        for chart, values, _ in _charted(problem)
        if chart is not None
        for k in range(values.start, values.stop)
    ]
    return {k: numbers[k] for k in positions}


def on_tangents(form: ClosedForm, problem: Problem) -> ClosedForm | Refusal:
    """Return the closed form (m, n) by tangent vectors of one by the values' components.

    The form of an ordinary problem is returned as it is.
    """
    if problem.tangent is None:
        return form
    graph, variables = form.graph, form.trace.inputs
    try:
        rows = [_by_tangents(graph, row, variables, problem) for row in form.rows]
        outputs = form.trace.outputs
        if problem.tangent.output is not None:
            rows = _of_output(graph, rows, outputs, problem.tangent.output)
            outputs = (ZERO,) * len(rows)
    except BudgetExceeded as exceeded:
        return Refusal("the Jacobian", None, f"is too large: {exceeded}")
    names, numbers = symbols(problem.columns), fixed_components(problem)
    inputs = [graph.variable(name) for name in names]
    for chart, values, tangents in _charted(problem):
        if chart is None:
            inputs[tangents] = variables[values]
    labels = problem.tangent.ambient.columns
    base = tuple(Constant(variables[k], labels[k], number) for k, number in numbers.items())
    traced = dataclasses.replace(
        form.trace,
        inputs=tuple(inputs),
        outputs=outputs,
        constants=(*form.trace.constants, *base),
        has_constants=True,
        base=base,
        values=tuple(variables),
    )
    return dataclasses.replace(form, trace=traced, columns=tuple(problem.columns), rows=tuple(rows))


def _by_tangents(graph: Graph, row: Row, variables: Sequence[int], problem: Problem) -> Row:
    """Return a row by tangent vectors: Σₐ ∂f/∂xₐ ∂xₐ/∂δₖ."""
    sums: Row = {}
    for chart, values, tangents in _charted(problem):
        nodes = variables[values]
        if chart is None:
            for k in range(values.stop - values.start):
                if values.start + k in row:
                    sums[tangents.start + k] = row[values.start + k]
            continue
        for k in range(len(chart.axes)):
            terms = [
                graph.mul(_monomial(graph, term, nodes), row[values.start + term.row])
                for term in chart.basis
                if term.column == k and values.start + term.row in row
            ]
            if (node := _sum(graph, terms)) != ZERO:
                sums[tangents.start + k] = node
    return sums


def _of_output(
    graph: Graph, rows: Sequence[Row], outputs: Sequence[int], chart: Manifold
) -> list[Row]:
    """Return the rows of an output's tangent vector: Σₐ Pₖₐ ∂yₐ/∂x."""
    output_rows: list[Row] = []
    for k in range(len(chart.axes)):
        terms: dict[int, list[int]] = {}
        for term in chart.inverse:
            if term.row == k:
                factor = _monomial(graph, term, outputs)
                for j, entry in rows[term.column].items():
                    terms.setdefault(j, []).append(graph.mul(factor, entry))
        sums = {j: _sum(graph, terms[j]) for j in sorted(terms)}
        output_rows.append({j: node for j, node in sums.items() if node != ZERO})
    return output_rows


def _monomial(graph: Graph, term: Term, nodes: Sequence[int]) -> int:
    factors = [nodes[index] for index in term.indices]
    return graph.product([graph.number(term.coefficient), *factors])


def _sum(graph: Graph, terms: Sequence[int]) -> int:
    """Return a sum, its positive terms first."""
    negative = [graph.operations[term] == "neg" for term in terms]
    order = np.argsort(negative, kind="stable")
    return graph.total(terms[k] for k in order)
