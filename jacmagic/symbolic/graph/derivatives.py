"""The table of partial derivatives, which `differentiation` chains.

`PARTIALS[op](graph, node, *arguments)` gives ∂node/∂argument for each argument, as nodes; None
is a partial that is zero everywhere it exists. At a kink the table has torch's conventions:
relu′(0) = 0, a tie of max or min is shared by halves, |·|′(0) = 0, clamp′ on its
boundary is 1 or 0, as the release of torch has it.

Formulas: any calculus textbook; special functions after the NIST Digital Library of Mathematical
Functions (https://dlmf.nist.gov), §5.2, §7.2, §10.6 and §10.29.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from jacmagic.function.torch_slopes import CLAMP_AT_BOUND
from jacmagic.symbolic.graph.nodes import ONE, ZERO, Graph

Partials = tuple[int | None, ...]
_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)


def _reciprocal(g: Graph, x: int) -> int:
    return g.div(ONE, x)


def _tie(g: Graph, wins: str, a: int, b: int) -> int:
    """1 where a wins, 1/2 where a equals b, else 0."""
    half = g.where(g.apply("eq", a, b), g.number(Fraction(1, 2)), ZERO)
    return g.where(g.apply(wins, a, b), ONE, half)


def _pow(g: Graph, r: int, a: int, b: int) -> Partials:
    base = g.mul(b, g.pow(a, g.sub(b, ONE)))  # ∂(uᵇ) = b·uᵇ⁻¹
    if g.value(b) is not None:
        return base, None
    if g.value(a) is not None and g.value(a) != 0:
        return None, g.mul(r, g.apply("log", a))
    # ∂(aᵛ) = aᵛ·ln a, and 0 where a = 0 and v ≥ 0, as torch has it
    zero = g.apply("and", g.apply("eq", a, ZERO), g.apply("ge", b, ZERO))
    return base, g.where(zero, ZERO, g.mul(r, g.apply("log", a)))


def _atan2(g: Graph, r: int, y: int, x: int) -> Partials:
    radius = g.add(g.square(x), g.square(y))
    return g.div(x, radius), g.neg(g.div(y, radius))


def _clamp(g: Graph, r: int, x: int, low: int, high: int) -> Partials:
    above_low, below_high = ("ge", "le") if CLAMP_AT_BOUND else ("gt", "lt")
    inside = g.apply("and", g.apply(above_low, x, low), g.apply(below_high, x, high))
    below = g.apply("and", g.apply("lt", x, low), g.apply("lt", low, high))
    above = g.apply("or", g.apply("gt", x, high), g.apply("gt", low, high))
    return (
        g.where(inside, ONE, ZERO),
        None if g.value(low) is not None else g.where(below, ONE, ZERO),
        None if g.value(high) is not None else g.where(above, ONE, ZERO),
    )


def _order_one(g: Graph, lower: int, r: int, x: int) -> int:
    """C₀(x) − C₁(x)/x for C = I or J, whose limit at 0 is 1/2."""
    slope = g.sub(lower, g.div(r, x))
    return g.where(g.apply("eq", x, ZERO), g.number(Fraction(1, 2)), slope)


def _gamma_density(g: Graph, a: int, x: int) -> int:
    """x^(a−1) e^(−x) / Γ(a), §8.8."""
    power = g.mul(g.pow(x, g.sub(a, ONE)), g.apply("exp", g.neg(x)))
    return g.div(power, g.apply("exp", g.apply("lgamma", a)))


def _gauss(g: Graph, x: int) -> int:
    return g.mul(g.number(_TWO_OVER_ROOT_PI), g.apply("exp", g.neg(g.square(x))))


PARTIALS: dict[str, Callable[..., Partials]] = {
    "add": lambda g, r, a, b: (ONE, ONE),
    "sub": lambda g, r, a, b: (ONE, g.number(-1)),
    "neg": lambda g, r, a: (g.number(-1),),
    "mul": lambda g, r, a, b: (b, a),
    "div": lambda g, r, a, b: (_reciprocal(g, b), g.neg(g.div(a, g.square(b)))),
    "pow": _pow,
    "sqrt": lambda g, r, x: (_reciprocal(g, g.mul(g.number(2), r)),),
    "exp": lambda g, r, x: (r,),
    "expm1": lambda g, r, x: (g.add(r, ONE),),
    "log": lambda g, r, x: (_reciprocal(g, x),),
    "log1p": lambda g, r, x: (_reciprocal(g, g.add(ONE, x)),),
    "sin": lambda g, r, x: (g.apply("cos", x),),
    "cos": lambda g, r, x: (g.neg(g.apply("sin", x)),),
    "tan": lambda g, r, x: (g.add(ONE, g.square(r)),),
    "asin": lambda g, r, x: (_reciprocal(g, g.apply("sqrt", g.sub(ONE, g.square(x)))),),
    "acos": lambda g, r, x: (g.neg(_reciprocal(g, g.apply("sqrt", g.sub(ONE, g.square(x))))),),
    "atan": lambda g, r, x: (_reciprocal(g, g.add(ONE, g.square(x))),),
    "atan2": _atan2,
    "sinh": lambda g, r, x: (g.apply("cosh", x),),
    "cosh": lambda g, r, x: (g.apply("sinh", x),),
    "tanh": lambda g, r, x: (g.sub(ONE, g.square(r)),),
    "asinh": lambda g, r, x: (_reciprocal(g, g.apply("sqrt", g.add(g.square(x), ONE))),),
    "acosh": lambda g, r, x: (_reciprocal(g, g.apply("sqrt", g.sub(g.square(x), ONE))),),
    "atanh": lambda g, r, x: (_reciprocal(g, g.sub(ONE, g.square(x))),),
    "sigmoid": lambda g, r, x: (g.mul(r, g.sub(ONE, r)),),
    "erf": lambda g, r, x: (_gauss(g, x),),
    "erfc": lambda g, r, x: (g.neg(_gauss(g, x)),),
    "lgamma": lambda g, r, x: (g.apply("digamma", x),),
    "digamma": lambda g, r, x: (g.apply("polygamma", ONE, x),),
    "polygamma": lambda g, r, n, x: (None, g.apply("polygamma", g.add(n, ONE), x)),
    "i0": lambda g, r, x: (g.apply("i1", x),),
    "i1": lambda g, r, x: (_order_one(g, g.apply("i0", x), r, x),),
    "j0": lambda g, r, x: (g.neg(g.apply("j1", x)),),
    "j1": lambda g, r, x: (_order_one(g, g.apply("j0", x), r, x),),
    "y0": lambda g, r, x: (g.neg(g.apply("y1", x)),),
    "y1": lambda g, r, x: (g.sub(g.apply("y0", x), g.div(r, x)),),
    "k0": lambda g, r, x: (g.neg(g.apply("k1", x)),),
    "k1": lambda g, r, x: (g.neg(g.add(g.apply("k0", x), g.div(r, x))),),
    "erfinv": lambda g, r, x: (  # √π/2·e^(r²): the reciprocal of erf′ at r = erf⁻¹(x)
        g.mul(g.number(1 / _TWO_OVER_ROOT_PI), g.apply("exp", g.square(r))),
    ),
    # ∂ζ(s, q)/∂q = −s ζ(s + 1, q), §25.11.17; by its order s, and P and Q by a, there is no closed
    # form: the rules refuse
    "zeta": lambda g, r, s, q: (None, g.neg(g.mul(s, g.apply("zeta", g.add(s, ONE), q)))),
    "gammainc": lambda g, r, a, x: (None, _gamma_density(g, a, x)),
    "gammaincc": lambda g, r, a, x: (None, g.neg(_gamma_density(g, a, x))),
    "abs": lambda g, r, x: (g.apply("sign", x),),
    "mod": lambda g, r, a, b: (
        ONE,
        None if g.value(b) is not None else g.neg(g.apply("floor", g.div(a, b))),
    ),
    "relu": lambda g, r, x: (g.where(g.apply("gt", x, ZERO), ONE, ZERO),),
    "max": lambda g, r, a, b: (_tie(g, "gt", a, b), _tie(g, "gt", b, a)),
    "min": lambda g, r, a, b: (_tie(g, "lt", a, b), _tie(g, "lt", b, a)),
    "clamp": _clamp,
    **dict.fromkeys(("sign", "floor", "ceil"), lambda g, r, x: (None,)),
}
