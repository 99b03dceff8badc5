"""The functions and constants of LaTeX formulas, as SymPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy


def _logistic(x: Any) -> Any:
    return 1 / (1 + sympy.exp(-x))


def _of_sympy(names: str) -> dict[str, Callable[..., Any]]:
    """Return the functions that SymPy has under these names."""
    return {name: getattr(sympy, name) for name in names.split()}


_INVERSE = _of_sympy("asin acos atan asinh acosh atanh")
_BY_NAME = {
    **_of_sympy("sin cos tan cot sec csc sinh cosh tanh coth exp log zeta"),
    **{f"arc{name[1:]}": _INVERSE[name] for name in ("asin", "acos", "atan")},
    "ln": sympy.log, "max": sympy.Max, "min": sympy.Min, "Gamma": sympy.gamma,
}  # fmt: skip
_OPERATORS = {
    **_INVERSE,
    **{f"ar{name[1:]}": _INVERSE[name] for name in ("asinh", "acosh", "atanh")},
    **{f"arc{name[1:]}": _INVERSE[name] for name in ("asinh", "acosh", "atanh")},
    **_of_sympy("atan2 erf erfc erfinv sign polygamma digamma gamma loggamma floor sech csch sinc"),
    "sgn": sympy.sign, "sigmoid": _logistic, "abs": sympy.Abs, "ceil": sympy.ceiling,
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
INVERSES = {rf"\{name[1:]}": function for name, function in _INVERSE.items()}
CONSTANTS: dict[str, Any] = {
    r"\pi": sympy.pi, "π": sympy.pi, "e": sympy.E, r"\mathrm{e}": sympy.E, r"\infty": sympy.oo,
}  # fmt: skip
