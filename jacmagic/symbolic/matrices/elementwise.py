"""Elementwise functions of a vector: value, derivative and LaTeX, one entry each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jacmagic.symbolic.matrices.expressions import (
    Expression,
    add,
    is_number,
    neg,
    number,
    ones,
    scale,
    times,
    zero,
)


@dataclass(frozen=True)
class Elementwise:
    """A function of every element.

    Attributes:
        evaluate: with NumPy.
        derivative: the expression of its derivative at an argument.
        tex: LaTeX with {} for the argument, which comes in brackets if it needs them.
    """

    evaluate: Callable[[np.ndarray], np.ndarray]
    derivative: Callable[[Expression], Expression]
    tex: str


def apply(name: str, argument: Expression) -> Expression:
    """Return a function of every element; numbers are computed."""
    if argument.operation == "number":
        return number(float(ELEMENTWISE[name].evaluate(np.array(argument.value))))
    if name in ("log", "reciprocal") and (u := _of_one_plus_exp(argument)) is not None:
        return apply("softplus", u) if name == "log" else apply("sigmoid", neg(u))
    if name == "exp" and argument.operation == "apply" and argument.name == "log":
        return argument.arguments[0]
    return Expression("apply", (argument,), argument.shape, name)


def _of_one_plus_exp(argument: Expression) -> Expression | None:
    """Return u of 1 + eᵘ."""
    for one, other in (
        (argument.arguments, argument.arguments[::-1]) if argument.operation == "add" else ()
    ):
        is_one = one.operation == "ones" or is_number(one, 1)
        if is_one and other.operation == "apply" and other.name == "exp":
            return other.arguments[0]
    return None


def _plus_one(u: Expression) -> Expression:
    return add(ones(u.shape) if u.shape else number(1), u)


ELEMENTWISE: dict[str, Elementwise] = {
    "sin": Elementwise(np.sin, lambda u: apply("cos", u), r"\sin {}"),
    "cos": Elementwise(np.cos, lambda u: neg(apply("sin", u)), r"\cos {}"),
    "exp": Elementwise(np.exp, lambda u: apply("exp", u), r"e^{}"),
    "log": Elementwise(np.log, lambda u: apply("reciprocal", u), r"\ln {}"),
    "sinh": Elementwise(np.sinh, lambda u: apply("cosh", u), r"\sinh {}"),
    "cosh": Elementwise(np.cosh, lambda u: apply("sinh", u), r"\cosh {}"),
    "tanh": Elementwise(
        np.tanh, lambda u: _plus_one(neg(apply("square", apply("tanh", u)))), r"\tanh {}"
    ),
    "sigmoid": Elementwise(
        lambda x: 1 / (1 + np.exp(-x)),
        lambda u: times(apply("sigmoid", u), _plus_one(neg(apply("sigmoid", u)))),
        r"\sigma({})",
    ),
    "softplus": Elementwise(
        lambda x: np.logaddexp(0, x), lambda u: apply("sigmoid", u), r"\ln\left(1 + e^{{{}}}\right)"
    ),
    "relu": Elementwise(lambda x: np.maximum(x, 0), lambda u: apply("step", u), r"\max(0, {})"),
    "step": Elementwise(lambda x: (x > 0) * 1.0, lambda u: zero(u.shape), r"[{} > 0]"),
    "abs": Elementwise(np.abs, lambda u: apply("sign", u), r"\left|{}\right|"),
    "sign": Elementwise(np.sign, lambda u: zero(u.shape), r"\operatorname{{sign}} {}"),
    "square": Elementwise(np.square, lambda u: scale(number(2), u), r"{}^{{2}}"),
    "cube": Elementwise(
        lambda x: x**3, lambda u: scale(number(3), apply("square", u)), r"{}^{{3}}"
    ),
    "sqrt": Elementwise(
        np.sqrt,
        lambda u: scale(number(0.5), apply("reciprocal", apply("sqrt", u))),
        r"\sqrt{{{}}}",
    ),
    "reciprocal": Elementwise(
        lambda x: 1 / x,
        lambda u: neg(apply("reciprocal", apply("square", u))),
        r"\frac{{1}}{{{}}}",
    ),
}
