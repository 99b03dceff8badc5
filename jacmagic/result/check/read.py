"""Read a hand-derived Jacobian, whatever its kind, as a `Hand`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from jacmagic.errors import FunctionError, OptionError
from jacmagic.function.components import components
from jacmagic.function.problem import Problem
from jacmagic.function.source import title_of
from jacmagic.function.targets import is_sympy, users_callable
from jacmagic.result.check import backward, formulas
from jacmagic.result.check.arrange import Arrangement, arrange, leaves_of, real
from jacmagic.result.check.calls import (
    as_called,
    entries_of,
    of_form,
    tensors_at,
    with_plain_numbers,
)
from jacmagic.result.check.hand import Hand, numbers_hand
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.branches import ClosedForms

Make = Callable[[Callable[..., Any]], Problem]  # a positional function → its problem at x
KINDS = ("auto", "jacobian", "functions")


def read_hand(hand: Any, result: JacobianResult, make: Make, of: str = "auto") -> Hand:
    """Return what is to be checked.

    Args:
        hand: a function, matrix, LaTeX, SymPy matrix or expression, or subclass of
            `torch.autograd.Function`.
        result: the Jacobian that it is checked against.
        make: returns the problem of another function of the same arguments.
        of: "jacobian" if `hand` is the matrix or returns it, "functions" if it is a function whose
            own Jacobian is compared, "auto" to decide by what it returns.

    Raises:
        OptionError: `of` has no such value, or LaTeX cannot be read.
        FunctionError: `hand` is none of these, or has another shape.
        PointError: a formula has unknown names.
    """
    if of not in KINDS:
        raise OptionError(f"expected of={' or of='.join(map(repr, KINDS))}; found {of!r}")
    if isinstance(hand, str):
        return formulas.from_latex(hand, result)
    if formulas.is_formula(hand):
        return formulas.from_sympy(hand, result)
    if backward.is_autograd_function(hand):
        rows, traced = backward.rows_of(hand), backward.rows_by_hand(hand)
        return _returning(rows, result, make, "backward", traced=traced)
    if isinstance(hand, JacobianResult):
        return numbers_hand(hand.matrix, result)
    if callable(hand):
        return _from_callable(hand, result, make, of)
    return numbers_hand(hand, result)


def _from_callable(hand: Callable[..., Any], result: JacobianResult, make: Make, of: str) -> Hand:
    """Return a function that returns the matrix, or whose own Jacobian is compared."""
    lifted = as_called(users_callable(hand), hand)
    if of == "functions" or isinstance(hand, torch.nn.Module):
        return _from_function(lifted, hand, result, make)
    called, value = _first_that_runs(hand, result, make)
    if formulas.is_formula(value) and is_symbolic(value):
        return formulas.from_sympy(value, result)
    if of == "auto" and _is_like_the_function(value, make(called), result):
        if result.shape[1] == 1:  # f's own values have the shape of its derivatives
            raise OptionError(
                f"expected the Jacobian, or another function; found {title_of(hand)}, which "
                f"returns the values of {result.title} itself and may be either; write "
                "of='jacobian' if they are meant as derivatives, of='functions' (--functions) to "
                "compare the derivatives of both"
            )
        return _from_function(lifted, hand, result, make)
    return _returning(called, result, make, "function", value, traced=lifted)


def _first_that_runs(
    hand: Callable[..., Any], result: JacobianResult, make: Make
) -> tuple[Callable[..., Any], Any]:
    """Return how a function is called, and its value: with tensors, arrays or SymPy's symbols.

    Code for NumPy gets tensors first as they are, then as the function's own code does, then as
    arrays and floats.
    """
    ways = (
        as_called(hand, hand),
        as_called(users_callable(hand), hand),
        as_called(with_plain_numbers(hand), hand),
    )
    errors: list[Exception] = []
    for way in ways:
        try:
            with warnings.catch_warnings():
                if way is ways[0]:  # NumPy warns where it takes tensors by chance
                    warnings.simplefilter("error", DeprecationWarning)
                tensors = tensors_at(result.problem, None)
                # As it is, not lifted: what is lifted as a whole has no torch call of ours in it.
                return way, way(*tensors) if way is ways[0] else make(way).function(*tensors)
        except Exception as error:  # noqa: BLE001 the user's function may raise anything
            errors.append(error)
    value = formulas.called_with_symbols(hand, result, errors[0])
    if value is None:
        raise errors[1]
    return ways[0], value


def is_symbolic(value: Any) -> bool:
    """Whether a SymPy value has free symbols."""
    parts = [value] if is_sympy(value) else list(value)
    return any(
        getattr(part, "free_symbols", ()) or isinstance(part, (list, tuple)) for part in parts
    )


def _is_like_the_function(value: Any, problem: Problem, result: JacobianResult) -> bool:
    """Whether a function returns what f does and not f's Jacobian.

    Where one has as many numbers as the other, or a diagonal would have, it is a function if it
    has f's values at x and beside it, and they are not the derivatives.
    """
    m, n = result.shape
    own = _numbers(value)
    if own is None or len(own) != m:
        return False
    if n > 1 and m != n:
        return True
    for point in (None, 1.25 * np.array(result.problem.flat_point) + 0.125):
        tensors = tensors_at(result.problem, point)
        theirs, ours = (_numbers(side.function(*tensors)) for side in (problem, result.problem))
        if theirs is None or ours is None or not np.allclose(theirs, ours, rtol=1e-6, atol=0):
            return False
    return not np.allclose(own, result.to_numpy().reshape(-1)[: len(own)], rtol=1e-6, atol=0)


def _numbers(value: Any) -> np.ndarray | None:
    """Return a function's value as float64 (m,); None where it is not a nest of numbers."""
    try:
        return components([*map(real, leaves_of(value))])
    except FunctionError:
        return None


def _from_function(
    called: Callable[..., Any], hand: Any, result: JacobianResult, make: Make
) -> Hand:
    """Return the Jacobian of another function of the same arguments."""
    forms = ClosedForms(budget=result.forms.budget)
    other = type(result).of(make(called), result.options, forms, result.view)
    if other.shape != result.shape:
        (m, n), other_shape = result.shape, other.shape
        raise FunctionError(
            f"expected a function of {m} outputs and {n} inputs to compare; "
            f"found {other_shape[0]} and {other_shape[1]}; "
            f"return the Jacobian, {m} × {n}, or such a function"
        )

    def evaluate(point: np.ndarray) -> np.ndarray:
        moved = other.at(**other.problem.named(point))
        return moved.to_numpy().astype(np.float64)

    title = title_of(hand)
    return Hand(
        "function",
        evaluate,
        lambda: None if other.closed_form is None else of_form(other.closed_form),
        notes=(f"the Jacobians of the functions {title} and {result.title} are compared",),
    )


def _returning(
    called: Callable[..., Any],
    result: JacobianResult,
    make: Make,
    kind: str,
    value: Any = None,
    *,
    traced: Callable[..., Any],
) -> Hand:
    """Return a function that returns the matrix, in whatever structure."""
    if value is None:
        value = make(called).function(*tensors_at(result.problem, None))
    arrangement = arrange(value, result)
    problem, to_trace = (make(_flat(function, arrangement)) for function in (called, traced))

    def evaluate(point: np.ndarray) -> np.ndarray:
        value = problem.function(*tensors_at(result.problem, point))
        return value.detach().cpu().double().numpy().reshape(result.shape)

    return Hand(
        kind,
        evaluate,
        lambda: entries_of(result, to_trace),
        notes=arrangement.notes,
        transposed=arrangement.transposed,
    )


def _flat(called: Callable[..., Any], arrangement: Arrangement) -> Callable[..., torch.Tensor]:
    """Return a function whose value is the matrix as one tensor (m·n,), row by row."""
    index = torch.from_numpy(np.ascontiguousarray(arrangement.index).reshape(-1))

    def flat(*arguments: Any) -> torch.Tensor:
        leaves = [*map(real, leaves_of(called(*arguments)))]
        dtype = next((leaf.dtype for leaf in leaves), torch.float64)
        parts = [leaf.reshape(-1).to(dtype) for leaf in leaves]
        numbers = torch.cat([*parts, torch.zeros(1, dtype=dtype)])  # the last is for index −1
        return numbers[torch.where(index < 0, len(numbers) - 1, index)]

    return flat
