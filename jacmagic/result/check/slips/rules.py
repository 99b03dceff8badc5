"""Wrong rules of differentiation, as they are met in papers and exercises.

For an operation r = g(a, b) with the operands' derivatives a′ and b′, each line gives a wrong r′.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

Array = np.ndarray
Line = tuple[str, str, Array]  # kind, clause, wrong r′


@dataclass(frozen=True)
class Operands:
    """The values of a node and its operands, and the operands' derivatives; 0 where constant."""

    r: Array
    a: Array
    b: Array
    da: Array
    db: Array


def _sqrt(x: Array) -> Array:
    return np.sqrt(np.abs(x))


# The wrong g′(a) of functions of one argument: kind, clause, value.
_SLOPES: dict[str, Callable[[Array, Array], Sequence[tuple[str, str, Array]]]] = {
    "sin": lambda r, a: [("function", "with sin instead of cos", r),
                         ("function", "with −sin instead of cos", -r)],
    "cos": lambda r, a: [("sign", "without the minus sign", np.sin(a)),
                         ("function", "with cos instead of −sin", r),
                         ("function", "with −cos instead of −sin", -r)],
    "tan": lambda r, a: [("sign", "as 1 − tan²", 1 - r * r), ("rule", "as tan²", r * r),
                         ("power", "as 1/cos, not squared", 1 / np.cos(a)),
                         ("power", "as cos²", np.cos(a) ** 2), ("rule", "as 1/tan", 1 / r)],
    "exp": lambda r, a: [("power", "by the power rule", a * np.exp(a - 1)),
                         ("sign", "with the exponent's other sign", 1 / r)],
    "log": lambda r, a: [("rule", "as the logarithm itself", r), ("power", "as 1/u²", 1 / a**2),
                         ("rule", "as u", a)],
    "sqrt": lambda r, a: [("factor", "without the 2 of 1/(2√u)", 1 / r),
                          ("rule", "as √u/2", r / 2), ("power", "as 1/(2u)", 0.5 / a),
                          ("factor", "as 2/√u", 2 / r), ("power", "as 1/(2u√u)", 0.5 / (a * r))],
    "tanh": lambda r, a: [("sign", "as 1 + tanh²", 1 + r * r), ("power", "as 1 − tanh", 1 - r),
                          ("rule", "as tanh²", r * r), ("variable", "as 1 − u²", 1 - a * a),
                          ("power", "as 1/cosh, not squared", _sqrt(1 - r * r))],
    "sigmoid": lambda r, a: [("sign", "as σ(1 + σ)", r * (1 + r)), ("term", "as σ²", r * r),
                             ("rule", "as 1 − σ", 1 - r), ("rule", "as σ", r),
                             ("power", "as 1 − σ²", 1 - r * r),
                             ("variable", "as u(1 − u)", a * (1 - a))],
    "asin": lambda r, a: [("sign", "as 1/√(1 + u²)", 1 / _sqrt(1 + a * a)),
                          ("power", "without the root", 1 / (1 - a * a)),
                          ("rule", "as 1/sin²", 1 / np.sin(a) ** 2)],
    "acos": lambda r, a: [("sign", "without the minus sign", 1 / _sqrt(1 - a * a)),
                          ("power", "without the root", -1 / (1 - a * a))],
    "atan": lambda r, a: [("sign", "as 1/(1 − u²)", 1 / (1 - a * a)),
                          ("power", "as 1/√(1 + u²)", 1 / _sqrt(1 + a * a)),
                          ("power", "as 1/(1 + u)", 1 / (1 + a)),
                          ("function", "as arcsin, 1/√(1 − u²)", 1 / _sqrt(1 - a * a))],
    "sinh": lambda r, a: [("sign", "with a minus sign", -np.cosh(a)), ("function", "as sinh", r)],
    "cosh": lambda r, a: [("sign", "with a minus sign", -np.sinh(a)), ("function", "as cosh", r)],
    "asinh": lambda r, a: [("sign", "as 1/√(u² − 1)", 1 / _sqrt(a * a - 1))],
    "acosh": lambda r, a: [("sign", "as 1/√(u² + 1)", 1 / _sqrt(a * a + 1))],
    "atanh": lambda r, a: [("sign", "as 1/(1 + u²)", 1 / (1 + a * a))],
    "erf": lambda r, a: [("factor", "without 2/√π", np.exp(-a * a)),
                         ("factor", "without the 2 of 2/√π", np.exp(-a * a) / np.sqrt(np.pi)),
                         ("sign", "as e^(u²)", 2 / np.sqrt(np.pi) * np.exp(a * a))],
    "abs": lambda r, a: [("rule", "as 1", np.ones_like(r)), ("rule", "as |u|", r)],
}  # fmt: skip


def wrong_slopes(operation: str, of: Operands, slope: Array) -> list[Line]:
    """Return wrong derivatives of g(a), whose right slope is g′(a)."""
    if operation == "neg":
        return [("sign", "without the minus sign", of.da)]
    lines: list[Line] = [
        ("inner derivative", "without the inner derivative", slope),
        ("outer derivative", "without the outer derivative", of.da),
    ]
    slopes = _SLOPES.get(operation)
    lines += [(k, c, g * of.da) for k, c, g in slopes(of.r, of.a)] if slopes else []
    lines += [(k, c, g) for k, c, g in slopes(of.r, of.a)] if slopes else []
    return [*lines, ("sign", "with the other sign", -slope * of.da)]


def _products(of: Operands) -> list[Line]:
    """Return wrong derivatives of a · b."""
    a, b, da, db = of.a, of.b, of.da, of.db
    if not (da.any() and db.any()):
        return []
    return [
        ("product rule", "as the product of the derivatives", da * db),
        ("product rule", "as u′v − uv′", da * b - a * db),
        ("product rule", "as uv′ − u′v", a * db - da * b),
        ("product rule", "as u′v alone", da * b),
        ("product rule", "as uv′ alone", a * db),
    ]


def _quotients(of: Operands) -> list[Line]:
    """Return wrong derivatives of a / b."""
    a, b, da, db = of.a, of.b, of.da, of.db
    above = da * b - a * db
    lines: list[Line] = [
        ("denominator", "with v instead of v² below", above / b),
        ("denominator", "without the denominator", above),
        ("denominator", "with v³ below", above / b**3),
    ]
    if not (da.any() and db.any()):
        return lines if db.any() else []
    return [
        ("quotient rule", "with the other order, uv′ − u′v", -above / b**2),
        ("quotient rule", "with a plus sign, u′v + uv′", (da * b + a * db) / b**2),
        *lines,
        ("denominator", "with 1/v instead of 1/v² in the second term", da / b - a * db / b),
        ("quotient rule", "as the quotient of the derivatives", da / db),
        ("quotient rule", "as u′/v alone", da / b),
        ("quotient rule", "as −uv′/v² alone", -a * db / b**2),
        ("denominator", "with 1/v² in the first term", (da - a * db) / b**2),
        ("quotient rule", "with u and v exchanged", above / a**2),
        ("denominator", "with (v′)² below", above / db**2),
    ]


def _powers(of: Operands) -> list[Line]:
    """Return wrong derivatives of a to the power of a constant b, or of a constant a to b."""
    a, b, r, da, db = of.a, of.b, of.r, of.da, of.db
    if db.any():
        return [
            ("factor", "without ln of the base", r * db),
            ("power", "by the power rule", b * a ** (b - 1) * db),
            ("inner derivative", "without the inner derivative", r * np.log(np.abs(a))),
        ]
    return [
        ("inner derivative", "without the inner derivative", b * a ** (b - 1)),
        ("power", "without the exponent as a factor", a ** (b - 1) * da),
        ("power", "with the exponent not lowered", b * a**b * da),
        ("power", "with the lowered exponent as a factor", (b - 1) * a ** (b - 1) * da),
        ("power", "with the exponent lowered by two", b * a ** (b - 2) * da),
        ("power", "with the exponent raised", b * a ** (b + 1) * da),
        ("power", "with exponent and factor raised", (b + 1) * a**b * da),
        ("sign", "with the other sign", -b * a ** (b - 1) * da),
        ("outer derivative", "without the outer derivative", da),
        ("power", "as the power of the derivative", da**b),
        ("rule", "as an exponential", np.log(np.abs(a)) * a**b * da),
    ]


def _sums(of: Operands, sign: float) -> list[Line]:
    """Return wrong derivatives of a + b and a − b."""
    return [
        ("sign", "with the second term's other sign", of.da - sign * of.db),
        ("sign", "with the first term's other sign", -of.da + sign * of.db),
        ("term", "as the product of the derivatives", of.da * of.db),
    ]


def wrong_constants(operation: str, of: Operands) -> list[Line]:
    """Return wrong derivatives of a ± b and a · b of which one is constant."""
    a, b, da, db = of.a, of.b, of.da, of.db
    if da.any() and db.any():
        return []
    if operation == "mul":
        constant, u, du = (a, b, db) if db.any() else (b, a, da)
        return [
            ("constant", "without the constant factor", du),
            ("constant", "as if the constant factor were a variable too", constant * du + u),
            ("constant", "with the constant factor as a term", constant + du),
        ]
    sign = 1.0 if operation == "add" else -1.0
    right = da + sign * db
    constant, one = (sign * b, sign) if da.any() else (a, 1.0)
    return [
        ("constant", "with the constant term kept", right + constant),
        ("constant", "as if the constant term had the derivative 1", right + one),
    ]


def _angles(of: Operands) -> list[Line]:
    """Return wrong derivatives of atan2(a, b)."""
    a, b, da, db = of.a, of.b, of.da, of.db
    below = a * a + b * b
    return [
        ("sign", "with the other sign", -(b * da - a * db) / below),
        ("sign", "as (xy′ + yx′)/(x² + y²)", (b * da + a * db) / below),
        ("variable", "with x and y exchanged", (a * da - b * db) / below),
        ("variable", "with x and y exchanged, both plus", (a * da + b * db) / below),
        ("power", "over √(x² + y²)", (b * da - a * db) / np.sqrt(below)),
        ("denominator", "without the denominator", b * da - a * db),
        ("power", "over (x² + y²)²", (b * da - a * db) / below**2),
        ("sign", "over x² − y²", (b * da - a * db) / (b * b - a * a)),
    ]


# Operation of several operands → its wrong derivatives.
WRONG_RULES: dict[str, Callable[[Operands], list[Line]]] = {
    "pow": _powers, "mul": _products, "div": _quotients, "atan2": _angles,
    "add": partial(_sums, sign=1.0), "sub": partial(_sums, sign=-1.0),
}  # fmt: skip
