"""The functions and constants of LaTeX formulas, as SymPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy


def _logistic(x: Any) -> Any:
    return 1 / (1 + sympy.exp(-x))


_BY_NAME: dict[str, Callable[..., Any]] = {
    "sin": sympy.sin, "cos": sympy.cos, "tan": sympy.tan, "cot": sympy.cot, "sec": sympy.sec,
    "csc": sympy.csc, "arcsin": sympy.asin, "arccos": sympy.acos, "arctan": sympy.atan,
    "sinh": sympy.sinh, "cosh": sympy.cosh, "tanh": sympy.tanh, "coth": sympy.coth,
    "ln": sympy.log, "log": sympy.log, "exp": sympy.exp, "max": sympy.Max, "min": sympy.Min,
    "Gamma": sympy.gamma, "zeta": sympy.zeta,
}  # fmt: skip
_OPERATORS: dict[str, Callable[..., Any]] = {
    "asin": sympy.asin, "acos": sympy.acos, "atan": sympy.atan, "atan2": sympy.atan2,
    "asinh": sympy.asinh, "acosh": sympy.acosh, "atanh": sympy.atanh, "arsinh": sympy.asinh,
    "arcosh": sympy.acosh, "artanh": sympy.atanh, "arcsinh": sympy.asinh, "arccosh": sympy.acosh,
    "arctanh": sympy.atanh, "erf": sympy.erf, "erfc": sympy.erfc, "erfinv": sympy.erfinv,
    "sign": sympy.sign, "sgn": sympy.sign, "sigmoid": _logistic, "abs": sympy.Abs,
    "polygamma": sympy.polygamma, "digamma": sympy.digamma, "gamma": sympy.gamma,
    "loggamma": sympy.loggamma, "floor": sympy.floor, "ceil": sympy.ceiling, "sech": sympy.sech,
    "csch": sympy.csch, "sinc": sympy.sinc,
}  # fmt: skip

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{rf"\{name}": function for name, function in _BY_NAME.items()},
    **{
        rf"\{kind}{{{name}}}": function
        for kind in ("operatorname", "mathrm", "text")
        for name, function in {**_BY_NAME, **_OPERATORS}.items()
    },
    r"\sigma": _logistic,
    r"\psi": sympy.digamma,
}
INVERSES = {rf"\{name}": _OPERATORS[f"a{name}"] for name in "sin cos tan sinh cosh tanh".split()}
CONSTANTS: dict[str, Any] = {
    r"\pi": sympy.pi, "π": sympy.pi, "e": sympy.E, r"\mathrm{e}": sympy.E, r"\infty": sympy.oo,
}  # fmt: skip
