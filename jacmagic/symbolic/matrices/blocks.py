"""The blocks of a Jacobian as equations of matrix expressions, one for each input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from jacmagic.function.problem import Problem
from jacmagic.labels import Label
from jacmagic.render import latex
from jacmagic.symbolic.matrices.derivative import derivative
from jacmagic.symbolic.matrices.differential import (
    as_jacobian,
    as_sum,
    differential,
    numbers_of,
)
from jacmagic.symbolic.matrices.evaluation import evaluate
from jacmagic.symbolic.matrices.expressions import Expression, Shape
from jacmagic.symbolic.matrices.gradient import gradient
from jacmagic.symbolic.matrices.linear_algebra import as_vector

Point = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Block:
    """The derivative by one input.

    Attributes:
        equations: left-hand sides in LaTeX, with the expressions they are equal to.
        numbers: the block's numbers at a point, in any shape of m·n numbers.
    """

    equations: tuple[tuple[str, Expression], ...]
    numbers: Callable[[Point], np.ndarray]


def blocks_of(
    problem: Problem, expression: Expression, head: str, output: str, *, second: bool = False
) -> list[Block] | None:
    """Return the block of each input; None where one has no matrix expression.

    Args:
        problem: the function.
        expression: its result.
        head: LaTeX of the whole Jacobian.
        output: LaTeX of the function's name.
        second: whether the Hessian is asked for.
    """
    single = len(problem.inputs) == 1
    blocks = []
    for input_ in problem.inputs:
        left = latex.partial(output, Label(input_.name).tex)
        shape = tuple(input_.value.shape)
        if second:
            block = _hessian(expression, input_.name, head) if single else None
        elif len(shape) <= 1:
            block = _by_vector(expression, input_.name, head if single else left)
        else:
            block = _by_matrix(
                expression, input_.name, shape, (head if single else "", left, output)
            )
        if block is None:
            return None
        blocks.append(block)
    return blocks


def _by_vector(expression: Expression, name: str, left: str) -> Block | None:
    slope = derivative(expression, name) if len(expression.shape) <= 1 else None
    return None if slope is None else Block(((left, slope),), partial(evaluate, slope))


def _hessian(expression: Expression, name: str, left: str) -> Block | None:
    """Differentiate a number twice by a vector."""
    slope = derivative(expression, name) if not expression.shape else None
    vector = None if slope is None or slope.shape[0] != 1 else as_vector(slope)
    return None if vector is None else _by_vector(vector, name, left)


def _by_matrix(
    expression: Expression, name: str, shape: Shape, sides: tuple[str, str, str]
) -> Block | None:
    """Return a number's gradient in the matrix's shape; dF = Σ X dA Y and Σ X ⊗ Yᵀ of others."""
    head, left, output = sides
    if len(shape) != 2:
        return None
    if not expression.shape:
        slope = gradient(expression, name)
        return None if slope is None else Block(((left, slope),), partial(evaluate, slope))
    terms = differential(expression, name)
    if not terms:
        return None
    jacobian = as_jacobian(terms)
    equations = [] if jacobian is None else [(head or left, jacobian)]
    if head:
        equations.append((rf"\mathrm{{d}}{output}", as_sum(terms, name, shape)))
    return Block(tuple(equations), partial(numbers_of, terms, shape)) if equations else None
