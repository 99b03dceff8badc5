"""The derivative of every function of one variable, as the table at the end of a calculus book."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy

from jacmagic.symbolic.formula import sigmoid
from jacmagic.symbolic.steps.application import Expr


@dataclass(frozen=True)
class Elementary:
    """A function of one variable: its name, its rule f(u)′ = …, and the derivative by u."""

    name: str
    left: str
    right: str
    derivative: Callable[[Expr], Expr]


PSI = r"\psi(u)"
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
        rf"\Gamma(u)\, {PSI}",
        lambda u: sympy.gamma(u) * sympy.digamma(u),
    ),
    sympy.loggamma: Elementary("log-gamma", r"\ln \Gamma(u)", PSI, sympy.digamma),
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
