"""Rules for functions: the table of derivatives as in a calculus book."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy
from sympy.core.function import ArgumentIndexError

from jacmagic.symbolic.named import sigmoid
from jacmagic.symbolic.steps.application import Application, Expr, chain


@dataclass(frozen=True)
class Elementary:
    """A function of one variable: its name, its rule f(u)′, the derivative by u."""

    name: str
    left: str
    right: str
    derivative: Callable[[Expr], Expr]


_PSI = r"\psi(u)"
_ROOT_PI = sympy.sqrt(sympy.pi)
_SIGN = r"\operatorname{sign} u \quad (u \neq 0)"
_FLAT = "0 \\quad \\text{between the jumps}"

FUNCTIONS: dict[type, Elementary] = {
    sympy.exp: Elementary("exponential", r"e^{u}", r"e^{u}", sympy.exp),
    sympy.log: Elementary("logarithm", r"\ln u", r"\frac{1}{u}", lambda u: 1 / u),
    sympy.sin: Elementary("sine", r"\sin u", r"\cos u", sympy.cos),
    sympy.cos: Elementary("cosine", r"\cos u", r"-\sin u", lambda u: -sympy.sin(u)),
    sympy.tan: Elementary("tangent", r"\tan u", r"1 + \tan^{2} u", lambda u: 1 + sympy.tan(u) ** 2),
    sympy.asin: Elementary(
        "arcsine", r"\arcsin u", r"\frac{1}{\sqrt{1 - u^{2}}}", lambda u: 1 / sympy.sqrt(1 - u**2)
    ),
    sympy.acos: Elementary(
        "arccosine",
        r"\arccos u",
        r"-\frac{1}{\sqrt{1 - u^{2}}}",
        lambda u: -1 / sympy.sqrt(1 - u**2),
    ),
    sympy.atan: Elementary(
        "arctangent", r"\arctan u", r"\frac{1}{1 + u^{2}}", lambda u: 1 / (1 + u**2)
    ),
    sympy.sinh: Elementary("hyperbolic sine", r"\sinh u", r"\cosh u", sympy.cosh),
    sympy.cosh: Elementary("hyperbolic cosine", r"\cosh u", r"\sinh u", sympy.sinh),
    sympy.tanh: Elementary(
        "hyperbolic tangent", r"\tanh u", r"1 - \tanh^{2} u", lambda u: 1 - sympy.tanh(u) ** 2
    ),
    sympy.asinh: Elementary(
        "inverse hyperbolic sine",
        r"\operatorname{arsinh} u",
        r"\frac{1}{\sqrt{u^{2} + 1}}",
        lambda u: 1 / sympy.sqrt(u**2 + 1),
    ),
    sympy.acosh: Elementary(
        "inverse hyperbolic cosine",
        r"\operatorname{arcosh} u",
        r"\frac{1}{\sqrt{u^{2} - 1}} \quad (u > 1)",
        lambda u: 1 / sympy.sqrt(u**2 - 1),
    ),
    sympy.atanh: Elementary(
        "inverse hyperbolic tangent",
        r"\operatorname{artanh} u",
        r"\frac{1}{1 - u^{2}}",
        lambda u: 1 / (1 - u**2),
    ),
    sigmoid: Elementary(
        "sigmoid",
        r"\sigma(u)",
        r"\sigma(u) \left(1 - \sigma(u)\right)",
        lambda u: sigmoid(u) * (1 - sigmoid(u)),
    ),
    sympy.erf: Elementary(
        "error function",
        r"\operatorname{erf} u",
        r"\frac{2}{\sqrt{\pi}} e^{-u^{2}}",
        lambda u: 2 * sympy.exp(-(u**2)) / _ROOT_PI,
    ),
    sympy.erfc: Elementary(
        "complementary error function",
        r"\operatorname{erfc} u",
        r"-\frac{2}{\sqrt{\pi}} e^{-u^{2}}",
        lambda u: -2 * sympy.exp(-(u**2)) / _ROOT_PI,
    ),
    sympy.gamma: Elementary(
        "gamma function",
        r"\Gamma(u)",
        rf"\Gamma(u)\, {_PSI}",
        lambda u: sympy.gamma(u) * sympy.digamma(u),
    ),
    sympy.loggamma: Elementary("log-gamma", r"\ln \Gamma(u)", _PSI, sympy.digamma),
    sympy.Abs: Elementary("absolute value", r"|u|", _SIGN, sympy.sign),
    sympy.sign: Elementary(
        "sign", r"\operatorname{sign} u", r"0 \quad (u \neq 0)", lambda u: sympy.Integer(0)
    ),
    sympy.Heaviside: Elementary(
        "step", r"\theta(u)", r"0 \quad (u \neq 0)", lambda u: sympy.Integer(0)
    ),
    sympy.floor: Elementary(
        "rounding down", r"\lfloor u \rfloor", _FLAT, lambda u: sympy.Integer(0)
    ),
    sympy.ceiling: Elementary("rounding up", r"\lceil u \rceil", _FLAT, lambda u: sympy.Integer(0)),
}

# name, f(u, …) and its derivative by u, of functions whose other arguments are orders
_OF_ORDER: dict[type, tuple[str, str, str]] = {
    sympy.polygamma: ("polygamma function", r"\psi^{(n)}(u)", r"\psi^{(n + 1)}(u)"),
    sympy.besseli: (
        "modified Bessel function",
        "I_{n}(u)",
        r"\frac{1}{2} \left(I_{n - 1}(u) + I_{n + 1}(u)\right)",
    ),
    sympy.besselj: (
        "Bessel function",
        "J_{n}(u)",
        r"\frac{1}{2} \left(J_{n - 1}(u) - J_{n + 1}(u)\right)",
    ),
}


def elementary(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    table = FUNCTIONS.get(type(expression))
    if table is None or (len(expression.args) > 1 and type(expression) is not sympy.Heaviside):
        return None
    inner = expression.args[0]
    return chain(table.name, table.left, table.right, table.derivative(inner), inner, symbol)


def log_of_size(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """(ln|u|)′ = u′/u, without the sign of u."""
    if not (isinstance(expression, sympy.log) and isinstance(expression.args[0], sympy.Abs)):
        return None
    inner = expression.args[0].args[0]
    if isinstance(inner, sympy.gamma):
        (inner,) = inner.args
        outer = sympy.digamma(inner)
        return chain("log-gamma", r"\ln |\Gamma(u)|", _PSI, outer, inner, symbol)
    return chain("logarithm of a size", r"\ln |u|", r"\frac{1}{u}", 1 / inner, inner, symbol)


def several_arguments(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """f(u, v)′ = ∂f/∂u·u′ + ∂f/∂v·v′, for the arguments that hold the variable."""
    indices = [k for k, a in enumerate(expression.args, 1) if symbol in a.free_symbols]
    try:
        outer = tuple(expression.fdiff(k) for k in indices)
    except (AttributeError, ArgumentIndexError):
        return None
    inner = tuple(expression.args[k - 1] for k in indices)
    if len(indices) == 1:
        plain = (type(expression).__name__, "f(u)", "f'(u)")
        return chain(*_OF_ORDER.get(type(expression), plain), outer[0], inner[0], symbol)
    return Application(
        f"chain rule, {type(expression).__name__}",
        r"f(u, v)' = \frac{\partial f}{\partial u} u' + \frac{\partial f}{\partial v} v'",
        inner,
        outer,
        lambda d, g: sympy.Add(*(a * b for a, b in zip(g, d, strict=True))),
    )
