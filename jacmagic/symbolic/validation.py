"""A closed form checked against the function's own values and torch's Jacobian.

NOTE [Folded outputs] Terms that cancel, such as a·b − b·a, are the number 0 in the graph, without a
rounding error; torch may leave one, by the products that its kernels fuse. Nothing of the terms is
left to bound it by, so it is taken to be one of the largest output.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from jacmagic.function.components import components
from jacmagic.function.interop.call_limit import REFUSALS, Counted
from jacmagic.function.interop.silence import silent
from jacmagic.function.neighbourhood import beside
from jacmagic.function.outputs import flatten
from jacmagic.function.precision import MAX_ERROR_BOUNDS
from jacmagic.function.problem import Problem
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.rounding import bounded_outputs, dtype_of, exact_values


def values_again(problem: Problem) -> list[float]:
    """Run a problem's function at its point once more, silently; return its m numbers."""
    tensors = [tensor.detach().clone() for tensor in problem.tensors]
    with torch.no_grad(), silent():
        return components(flatten(problem.function(*tensors)).leaves).tolist()


_FOLDED = ("number", "constant")


def has_values(form: ClosedForm, point: Sequence[float], outputs: Sequence[float]) -> bool:
    """Whether the traced outputs are the function's, as far as rounding lets them be."""
    if len(form.trace.outputs) != len(outputs):
        return False
    dtype = dtype_of(form.trace.dtypes)
    traced, bounds = bounded_outputs(form, point, dtype)
    truth = np.array(outputs, dtype=float)
    with np.errstate(invalid="ignore"):
        gaps = np.abs(traced - truth)
        size = np.maximum(np.abs(traced), np.abs(truth))
        close = gaps <= np.maximum(MAX_ERROR_BOUNDS * bounds, dtype.half * size) + dtype.normal
        close |= _folded(form) & (gaps <= MAX_ERROR_BOUNDS * dtype.unit * _largest(truth))
    doubtful = np.flatnonzero(~close & np.isfinite(traced) & np.isfinite(truth))
    return _are_rounding(form, point, truth, doubtful)


def _are_rounding(
    form: ClosedForm, point: Sequence[float], truth: np.ndarray, rows: np.ndarray
) -> bool:
    """Whether some outputs are a function's but for rounding in the form that it is written in."""
    nodes, dtype = [form.trace.outputs[i] for i in rows], dtype_of(form.trace.dtypes)
    return all(
        not abs(exact.value - truth[i]) > MAX_ERROR_BOUNDS * exact.operations * exact.bound
        for i, exact in zip(rows, exact_values(form, nodes, point, dtype), strict=True)
    )


def _folded(form: ClosedForm) -> np.ndarray:
    """Return which outputs are numbers on the graph."""
    graph = form.graph
    return np.array([graph.operations[k] in _FOLDED for k in form.trace.outputs], dtype=bool)


def _largest(truth: np.ndarray) -> float:
    return float(np.abs(truth[np.isfinite(truth)]).max(initial=0.0))


def has_jacobian(
    form: ClosedForm,
    problem: Problem,
    point: Sequence[float],
    outputs: Sequence[float],
    matrix: np.ndarray | None,
) -> bool:
    """Whether a form has the function's values and torch's Jacobian at a point.

    Args:
        form: the closed form.
        problem: the function; the dtypes of its inputs set the tolerance.
        point: n numbers.
        outputs: the function's m numbers there.
        matrix: torch's Jacobian there (m, n); None leaves it unchecked.
    """
    m, tolerance = form.shape[0], half_the_digits(problem)
    if len(outputs) != m:
        return False
    values = form.runner(point)
    if not is_close(values[:m], np.array(outputs, dtype=float), tolerance):
        return False
    entries = values[m:]
    return matrix is None or is_close(entries, np.asarray(matrix, float).reshape(-1), tolerance)


def fits_at(
    form: ClosedForm, problem: Problem, outputs: Sequence[float], matrix: np.ndarray
) -> bool:
    """Whether a form is valid at a problem's point and has its numbers there."""
    point = problem.flat_point
    return form.holds_at(point) and has_jacobian(form, problem, point, outputs, matrix)


def fits_beside(form: ClosedForm, problem: Problem) -> bool | None:
    """Whether a form has the function's value near the point, but for rounding.

    None if it cannot be checked. A function with side effects is not run for this.
    """
    if problem.effects:
        return True
    for tensors in beside(problem.tensors):
        point = components(tensors).tolist()
        if form.holds_at(point):
            break
    else:
        return None
    try:
        with torch.enable_grad(), silent(), Counted(form.trace.calls):
            truth = components(flatten(problem.function(*tensors)).leaves)
    except REFUSALS:
        return None
    dtype = dtype_of(form.trace.dtypes)
    traced, bounds = bounded_outputs(form, point, dtype)
    if truth.shape != traced.shape:
        return False
    lost = ~np.isfinite(traced) & np.isfinite(truth)
    if lost.any():  # the written form overflows in float64
        return _fits_in_digits(form, point, truth, lost)
    with np.errstate(invalid="ignore"):
        close = np.abs(traced - truth) <= MAX_ERROR_BOUNDS * len(form.tape.operations) * bounds
        close |= _folded(form) & (
            np.abs(traced - truth) <= MAX_ERROR_BOUNDS * dtype.unit * _largest(truth)
        )
    close |= (traced == truth) | np.isnan(traced) & np.isnan(truth)
    different = ~close & ~(np.isfinite(traced) & np.isfinite(truth))
    return not different.any() and _are_rounding(form, point, truth, np.flatnonzero(~close))


def _fits_in_digits(
    form: ClosedForm, point: Sequence[float], truth: np.ndarray, lost: np.ndarray
) -> bool | None:
    """Whether values that float64 has lost are the function's; None if digits have none either."""
    dtype = dtype_of(form.trace.dtypes)
    nodes = [form.trace.outputs[k] for k in np.flatnonzero(lost)]
    exact = np.array([value.value for value in exact_values(form, nodes, point, dtype)])
    if not np.isfinite(exact).all():
        return None
    gap, size = np.abs(exact - truth[lost]), np.maximum(np.abs(exact), np.abs(truth[lost]))
    return bool((gap <= dtype.half * size).all())


def are_equal(one: ClosedForm, other: ClosedForm, point: Sequence[float]) -> bool:
    """Whether two forms have the same values and Jacobian at a point."""
    tolerance = math.sqrt(np.finfo(float).eps)
    return one is other or is_close(one.runner(point), other.runner(point), tolerance)


def half_the_digits(problem: Problem) -> float:
    """Return the square root of the coarsest unit roundoff among a problem's inputs."""
    dtypes = {input_.value.dtype for input_ in problem.inputs if input_.value.is_floating_point()}
    return max((math.sqrt(torch.finfo(dtype).eps) for dtype in dtypes), default=1e-8)


def is_close(values: np.ndarray, truth: np.ndarray, tolerance: float) -> bool:
    """Whether finite numbers differ by less than a part of the largest."""
    finite = np.isfinite(values) & np.isfinite(truth)
    scale = np.abs(truth[finite]).max(initial=0.0)
    return bool(np.all(np.abs(values[finite] - truth[finite]) <= tolerance * scale))
