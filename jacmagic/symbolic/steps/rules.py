"""The table of rules, tried in order, with those for cases, softmax and norm.

A rule knows nothing of the derivatives it asks for: it names the parts to differentiate and
assembles the answer from whatever comes back. The same assembly, given placeholders, is the line
that is shown.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy

from jacmagic.symbolic.formula.sympy_operations import cases
from jacmagic.symbolic.steps.algebra import (
    constant_base,
    constant_factor,
    general_power,
    power_rule,
    product_rule,
    quotient_rule,
    reciprocal,
    sum_rule,
)
from jacmagic.symbolic.steps.application import Application, Expr
from jacmagic.symbolic.steps.functions import elementary, log_of_size, several_arguments

Rule = Callable[[Expr, sympy.Symbol], "Application | None"]


def apply_rule(expression: Expr, symbol: sympy.Symbol) -> Application:
    """Apply the first rule that fits; every expression has one."""
    applications = (rule(expression, symbol) for rule in STRUCTURES.values())
    return next(application for application in applications if application is not None)


_SOFTMAX = (
    r"s_{i}' = s_{i} \Big(u_{i}' - \sum_{j} s_{j} u_{j}'\Big), "
    r"\quad s_{i} = \frac{e^{u_{i}}}{\sum_{j} e^{u_{j}}}"
)


def _softmax(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """sᵢ′ = sᵢ(uᵢ′ − Σ sⱼuⱼ′) of sᵢ = eᵘⁱ / Σ eᵘʲ."""
    if not (expression.is_Mul and len(expression.args) == 2):
        return None
    grown, below = sorted(expression.args, key=lambda factor: not isinstance(factor, sympy.exp))
    if not (isinstance(grown, sympy.exp) and below.is_Pow and below.exp == -1):
        return None
    members = below.base.args if below.base.is_Add else ()
    if grown not in members or not all(isinstance(term, sympy.exp) for term in members):
        return None
    own = grown.args[0]
    moving = [term for term in members if symbol in term.free_symbols]
    shares = tuple(term / below.base for term in moving)
    exponents = tuple(term.args[0] for term in moving)
    position = exponents.index(own) if own in exponents else None

    def assemble(d: tuple[Expr, ...], g: tuple[Expr, ...]) -> Expr:
        weighted = sympy.Add(*(share * inner for share, inner in zip(g[1:], d, strict=True)))
        return g[0] * (weighted * -1 if position is None else d[position] - weighted)

    return Application("softmax", _SOFTMAX, exponents, (expression, *shares), assemble)


def _norm(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """‖u‖′ = (Σ uⱼuⱼ′) / ‖u‖ of ‖u‖ = √(Σ uⱼ²)."""
    if not (expression.is_Pow and expression.exp == sympy.Rational(1, 2)):
        return None
    terms = expression.base.args if expression.base.is_Add else ()
    if len(terms) < 2 or not all(term.is_Pow and term.exp == 2 for term in terms):
        return None
    moving = tuple(term.base for term in terms if symbol in term.free_symbols)
    return Application(
        "norm",
        r"\left\| u \right\|' = \frac{u_{1} u_{1}' + u_{2} u_{2}' + \ldots}{\left\| u \right\|}",
        moving,
        (*moving, expression),
        lambda d, g: sympy.Add(*(u * inner for u, inner in zip(g[:-1], d, strict=True))) / g[-1],
    )


def _cases(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    if not isinstance(expression, sympy.Piecewise):
        return None
    conditions = [condition for _, condition in expression.args]
    return Application(
        "cases",
        r"\text{each case by itself}",
        tuple(value for value, _ in expression.args),
        (),
        lambda d, g: cases(*zip(d, conditions, strict=True)),
    )


def _extreme(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """Differentiate the largest (smallest) argument; where two meet is a kink."""
    if not isinstance(expression, sympy.Max | sympy.Min):
        return None
    arguments = sorted(expression.args, key=lambda argument: symbol not in argument.free_symbols)
    rest = arguments[1:]
    u, v = arguments[0], rest[0] if len(rest) == 1 else expression.func(*rest, evaluate=False)
    largest = isinstance(expression, sympy.Max)
    wins = (sympy.Gt if largest else sympy.Lt)(u, v, evaluate=False)
    name, sign = ("maximum", ">") if largest else ("minimum", "<")
    return Application(
        name,
        rf"\left(\{name[:3]}(u, v)\right)' = u' \text{{ where }} u {sign} v, \text{{ else }} v'",
        (u, v),
        (),
        lambda d, g: cases((d[0], wins), (d[1], True)),
    )


STRUCTURES: dict[str, Rule] = {
    "constant": lambda expression, symbol: (
        None
        if symbol in expression.free_symbols
        else Application("constant", "c' = 0", kept=(sympy.Integer(0),))
    ),
    "variable": lambda expression, symbol: (
        Application("variable", "x' = 1", kept=(sympy.Integer(1),))
        if expression == symbol
        else None
    ),
    "sum": sum_rule,
    "softmax": _softmax,
    "constant factor": constant_factor,
    "quotient": quotient_rule,
    "product": product_rule,
    "reciprocal": reciprocal,
    "norm": _norm,
    "power": power_rule,
    "logarithm of a size": log_of_size,
    "elementary function": elementary,
    "constant base": constant_base,
    "general power": general_power,
    "cases": _cases,
    "maximum and minimum": _extreme,
    "several arguments": several_arguments,
    # as SymPy knows it, where no rule fits
    "table of derivatives": lambda expression, symbol: Application(
        "table of derivatives", "", kept=(expression.diff(symbol),)
    ),
}
