"""Calls of a hand-derived function with the arguments of the function it is for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from jacmagic.function.components import parts_of
from jacmagic.function.problem import Problem
from jacmagic.function.source import callable_part, required_of
from jacmagic.result.check.expressions import Expressions
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.closed_form import trace_problem
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.trace import Refusal

MAX_TRACE_SECONDS = 1.0  # for one function: half of a display's default budget


def as_called(function: Callable[..., Any], hand: Callable[..., Any]) -> Callable[..., Any]:
    """Adapt a function so that it can be called like a user's own one.

    Args:
        function: what is called.
        hand: the user's own, whose signature counts.

    Returns:
        One that passes its arguments on; that joins them to a vector, where `hand` takes one
        argument; that takes a vector apart, where `hand` takes several.
    """
    count = None if _takes_any(hand) else required_of(hand)

    def called(*arguments: Any) -> Any:
        if count == 1 and len(arguments) > 1:
            return function(
                torch.cat([torch.as_tensor(argument).reshape(-1) for argument in arguments])
            )
        if count is not None and count > 1 and len(arguments) == 1:
            return function(*arguments[0].reshape(-1).unbind())
        return function(*arguments)

    return called


def with_plain_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of tensors that calls one of floats and arrays; it cannot be traced."""

    def called(*arguments: Any) -> Any:
        plain = [
            argument.detach().numpy() if isinstance(argument, torch.Tensor) else argument
            for argument in arguments
        ]
        return function(*(value[()] if isinstance(value, np.ndarray) else value for value in plain))

    return called


def _takes_any(hand: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(callable_part(hand)).parameters.values()
    except (TypeError, ValueError):  # builtins have none
        return True
    return any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in parameters)


def tensors_at(problem: Problem, point: np.ndarray | None) -> list[torch.Tensor]:
    """Return a problem's inputs, at another flat point (n,) where one is given."""
    if point is None:
        return [tensor.detach().clone() for tensor in problem.tensors]
    return parts_of(point, problem.tensors)


def entries_of(result: JacobianResult, problem: Problem) -> Expressions | None:
    """Return the entries of a Jacobian on a graph; None where they cannot be traced.

    Args:
        result: a Jacobian (m, n) with the same inputs.
        problem: its function returns the m·n entries.
    """
    traced = trace_problem(problem, MAX_TRACE_SECONDS)
    m, n = result.shape
    if isinstance(traced, Refusal) or len(traced.outputs) != m * n:
        return None
    import sympy

    from jacmagic.labels import symbols

    own = tuple(sympy.Symbol(name, real=True) for name in symbols(result.columns))
    return Expressions.of(traced, traced.outputs, own, result.columns)


def of_form(form: ClosedForm) -> Expressions:
    """Return a closed form's entries."""
    of_entries = Expressions.of(form.trace, form.entries, form.in_sympy.symbols, form.columns)
    return replace(of_entries, outputs=form.trace.outputs)
