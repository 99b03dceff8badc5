"""Rules for functions: the table of derivatives as in a calculus book."""

from __future__ import annotations

import sympy
from sympy.core.function import ArgumentIndexError

from jacmagic.symbolic.formula.sympy_names import sigmoid
from jacmagic.symbolic.steps.application import Application, Expr, chain

_PSI = r"\psi(u)"
_FLAT = "0 \\quad \\text{between the jumps}"

# name, f(u) and its derivative by u
FUNCTIONS: dict[type, tuple[str, str, str]] = {
    sympy.exp: ("exponential", r"e^{u}", r"e^{u}"),
    sympy.log: ("logarithm", r"\ln u", r"\frac{1}{u}"),
    sympy.sin: ("sine", r"\sin u", r"\cos u"),
    sympy.cos: ("cosine", r"\cos u", r"-\sin u"),
    sympy.tan: ("tangent", r"\tan u", r"1 + \tan^{2} u"),
    sympy.asin: ("arcsine", r"\arcsin u", r"\frac{1}{\sqrt{1 - u^{2}}}"),
    sympy.acos: ("arccosine", r"\arccos u", r"-\frac{1}{\sqrt{1 - u^{2}}}"),
    sympy.atan: ("arctangent", r"\arctan u", r"\frac{1}{1 + u^{2}}"),
    sympy.sinh: ("hyperbolic sine", r"\sinh u", r"\cosh u"),
    sympy.cosh: ("hyperbolic cosine", r"\cosh u", r"\sinh u"),
    sympy.tanh: ("hyperbolic tangent", r"\tanh u", r"1 - \tanh^{2} u"),
    sympy.asinh: (
        "inverse hyperbolic sine",
        r"\operatorname{arsinh} u",
        r"\frac{1}{\sqrt{u^{2} + 1}}",
    ),
    sympy.acosh: (
        "inverse hyperbolic cosine",
        r"\operatorname{arcosh} u",
        r"\frac{1}{\sqrt{u^{2} - 1}} \quad (u > 1)",
    ),
    sympy.atanh: (
        "inverse hyperbolic tangent",
        r"\operatorname{artanh} u",
        r"\frac{1}{1 - u^{2}}",
    ),
    sigmoid: ("sigmoid", r"\sigma(u)", r"\sigma(u) \left(1 - \sigma(u)\right)"),
    sympy.erf: ("error function", r"\operatorname{erf} u", r"\frac{2}{\sqrt{\pi}} e^{-u^{2}}"),
    sympy.erfc: (
        "complementary error function",
        r"\operatorname{erfc} u",
        r"-\frac{2}{\sqrt{\pi}} e^{-u^{2}}",
    ),
    sympy.gamma: ("gamma function", r"\Gamma(u)", rf"\Gamma(u)\, {_PSI}"),
    sympy.loggamma: ("log-gamma", r"\ln \Gamma(u)", _PSI),
    sympy.Abs: ("absolute value", r"|u|", r"\operatorname{sign} u \quad (u \neq 0)"),
    sympy.sign: ("sign", r"\operatorname{sign} u", r"0 \quad (u \neq 0)"),
    sympy.Heaviside: ("step", r"\theta(u)", r"0 \quad (u \neq 0)"),
    sympy.floor: ("rounding down", r"\lfloor u \rfloor", _FLAT),
    sympy.ceiling: ("rounding up", r"\lceil u \rceil", _FLAT),
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
    row = FUNCTIONS.get(type(expression))
    if row is None or (len(expression.args) > 1 and type(expression) is not sympy.Heaviside):
        return None
    return chain(*row, _derivative(expression, row[2]), expression.args[0], symbol)


def _derivative(expression: Expr, shown: str) -> Expr:
    """Return f′(u) as it is shown; SymPy writes steps with Dirac's δ, arcosh with two roots."""
    if shown.startswith("0"):
        return sympy.Integer(0)
    if isinstance(expression, sympy.acosh):
        return 1 / sympy.sqrt(expression.args[0] ** 2 - 1)
    return expression.fdiff(1)


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
