"""The rules for sums, products, quotients and powers."""

from __future__ import annotations

import sympy

from jacmagic.symbolic.steps.application import Application, Expr, chain


def sum_rule(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """Term by term; all terms without the variable count as one constant."""
    if not expression.is_Add:
        return None
    terms = expression.as_ordered_terms()
    moving = [term for term in terms if symbol in term.free_symbols]
    still = [term for term in terms if symbol not in term.free_symbols]
    inner = (*moving, sympy.Add(*still)) if still else tuple(moving)
    return Application("sum", r"(u + v)' = u' + v'", inner, (), lambda d, g: sympy.Add(*d))


def constant_factor(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    if not expression.is_Mul:
        return None
    constant, rest = expression.as_independent(symbol, as_Add=False)
    if constant == 1:
        return None
    if constant == -1:
        return Application("constant factor", "(-u)' = -u'", (rest,), (), lambda d, g: -d[0])
    return Application(
        "constant factor", r"(c\,u)' = c\,u'", (rest,), (constant,), lambda d, g: g[0] * d[0]
    )


def quotient_rule(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """(u/v)′ = (u′v − uv′)/v²."""
    if not expression.is_Mul:
        return None
    above = [factor for factor in expression.as_ordered_factors() if not _is_divisor(factor)]
    below = [1 / factor for factor in expression.as_ordered_factors() if _is_divisor(factor)]
    if not above or not below:
        return None
    u, v = sympy.Mul(*above), sympy.Mul(*below)
    return Application(
        "quotient",
        r"\left(\frac{u}{v}\right)' = \frac{u' v - u v'}{v^{2}}",
        (u, v),
        (u, v, v**2),
        lambda d, g: (d[0] * g[1] - g[0] * d[1]) / g[2],
    )


def _is_divisor(factor: Expr) -> bool:
    return factor.is_Pow and factor.base != sympy.E and factor.exp.could_extract_minus_sign()


def product_rule(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    if not expression.is_Mul:
        return None
    factors = tuple(expression.as_ordered_factors())
    if len(factors) == 2:
        return Application(
            "product",
            "(u v)' = u' v + u v'",
            factors,
            factors,
            lambda d, g: d[0] * g[1] + g[0] * d[1],
        )
    return Application(
        "product",
        "(u v w)' = u' v w + u v' w + u v w'",
        factors,
        factors,
        lambda d, g: sympy.Add(
            *(sympy.Mul(*g[:k], d[k], *g[k + 1 :]) for k in range(len(factors)))
        ),
    )


def reciprocal(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """(1/u)′ = −u′/u²."""
    if not (expression.is_Pow and expression.exp == -1):
        return None
    u = expression.base
    formula = r"\left(\frac{1}{u}\right)' = -\frac{u'}{u^{2}}"
    if u == symbol:
        formula = r"\left(\frac{1}{u}\right)' = -\frac{1}{u^{2}}"
        return Application("reciprocal", formula, (u,), (-1 / u**2,), lambda d, g: g[0] * d[0])
    return Application("reciprocal", formula, (u,), (u**2,), lambda d, g: -(d[0] / g[0]))


def power_rule(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """(uⁿ)′ = n·uⁿ⁻¹·u′ with a constant n; the square root by its own name."""
    if not expression.is_Pow or symbol in expression.exp.free_symbols:
        return None
    base, n = expression.args
    outer = n * base ** (n - 1)
    if n == sympy.Rational(1, 2):
        return chain("square root", r"\sqrt{u}", r"\frac{1}{2 \sqrt{u}}", outer, base, symbol)
    return chain("power", "u^{n}", "n u^{n - 1}", outer, base, symbol)


def constant_base(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    if not expression.is_Pow or symbol in expression.base.free_symbols:
        return None
    outer = expression * sympy.log(expression.base)
    return chain("exponential", "a^{u}", r"a^{u} \ln a", outer, expression.exp, symbol)


def general_power(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """(uᵛ)′ = uᵛ·(v·ln u)′, logarithmic differentiation."""
    if not expression.is_Pow:
        return None
    inner = expression.exp * sympy.log(expression.base)
    formula = r"\left(u^{v}\right)' = u^{v} \cdot (v \ln u)'"
    return Application("general power", formula, (inner,), (expression,), lambda d, g: g[0] * d[0])
