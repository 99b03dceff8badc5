"""Rules for complex intermediate values, in real and imaginary parts.

What a function returns is real, so a complex value is always on its way to an absolute value, an
angle or one of its parts; there the real derivative is the ordinary one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import Axes, Rule, each, reduce, truth
from jacmagic.symbolic.trace.rules.pairs import (
    ComplexNodes,
    argument,
    conjugate,
    minus,
    modulus,
    over,
    pair_of,
    plus,
    times,
    turned,
)
from jacmagic.symbolic.trace.rules.products import bmm, dot, matmul, mv


def _of_pairs(formula: Callable[..., Any]) -> Rule:
    """Return the rule of a formula whose operands may all be complex."""
    return lambda g, *arguments: formula(g, *[pair_of(g, value) for value in arguments])


def _map(g: Graph, name: str, nodes: np.ndarray) -> np.ndarray:
    return each(g, lambda u: g.apply(name, u), nodes)


def _scaled(g: Graph, value: Any, factor: Any) -> ComplexNodes:
    pair = pair_of(g, value)
    return pair if factor == 1 else times(g, pair_of(g, factor), pair)


def _exp(g: Graph, z: ComplexNodes) -> ComplexNodes:
    """eᵃ (cos b + i sin b)."""
    return turned(g, _map(g, "exp", z.re), z.im)


def _log(g: Graph, z: ComplexNodes) -> ComplexNodes:
    """ln|z| + i arg z."""
    return ComplexNodes(_map(g, "log", modulus(g, z)), argument(g, z))


def _sqrt(g: Graph, z: ComplexNodes) -> ComplexNodes:
    """√|z| (cos φ/2 + i sin φ/2)."""
    half = each(g, lambda t: g.div(t, g.number(2)), argument(g, z))
    return turned(g, _map(g, "sqrt", modulus(g, z)), half)


def _trigonometric(first: tuple[str, str], second: tuple[str, str], sign: int) -> Rule:
    """f(a)·g(b) ± i·h(a)·k(b), the addition theorems of sin, cos, sinh and cosh."""

    def formula(g: Graph, z: ComplexNodes) -> ComplexNodes:
        def part(names: tuple[str, str]) -> np.ndarray:
            return each(g, g.mul, _map(g, names[0], z.re), _map(g, names[1], z.im))

        im = part(second)
        return ComplexNodes(part(first), im if sign > 0 else each(g, g.neg, im))

    return _of_pairs(formula)


def _ratio(top: str, bottom: str) -> Rule:
    """tan and tanh."""
    return lambda g, z: over(g, COMPLEX[top](g, z), COMPLEX[bottom](g, z))


def _pow(g: Graph, base: Any, exponent: Any) -> ComplexNodes:
    """Repeated products for small whole exponents, else e^(w ln z)."""
    z, w = pair_of(g, base), pair_of(g, exponent)
    whole = g.value(int(w.re)) if w.ndim == 0 and int(w.im) == ZERO else None
    if isinstance(whole, int) and abs(whole) <= 16:
        one = ComplexNodes(np.full_like(z.re, ONE), np.full_like(z.im, ZERO))
        result = one
        for _ in range(abs(whole)):
            result = times(g, result, z) if result is not one else z
        return result if whole >= 0 else over(g, one, result)
    return _exp(g, times(g, w, _log(g, z)))


def _sum(g: Graph, a: Any, b: Any, alpha: Any = 1) -> ComplexNodes:
    return plus(g, pair_of(g, a), _scaled(g, b, alpha))


def _difference(g: Graph, a: Any, b: Any, alpha: Any = 1) -> ComplexNodes:
    return minus(g, pair_of(g, a), _scaled(g, b, alpha))


def _total(g: Graph, z: ComplexNodes, dim: Axes = None, keepdim: bool = False) -> ComplexNodes:
    return ComplexNodes(reduce(z.re, dim, keepdim, g.total), reduce(z.im, dim, keepdim, g.total))


def _product(g: Graph, a: Any, b: Any, multiply: Callable[..., np.ndarray]) -> ComplexNodes:
    p, q = pair_of(g, a), pair_of(g, b)
    real = each(g, g.sub, multiply(g, p.re, q.re), multiply(g, p.im, q.im))
    return ComplexNodes(real, each(g, g.add, multiply(g, p.re, q.im), multiply(g, p.im, q.re)))


def _where(g: Graph, condition: np.ndarray, a: Any, b: Any) -> ComplexNodes:
    p, q = pair_of(g, a), pair_of(g, b)

    def choose(c: int, u: int, v: int) -> int:
        return g.where(truth(g, c), u, v)

    return ComplexNodes(
        each(g, choose, condition, p.re, q.re), each(g, choose, condition, p.im, q.im)
    )


def _equal(g: Graph, a: ComplexNodes, b: ComplexNodes) -> np.ndarray:
    def both(p: int, q: int, r: int, s: int) -> int:
        return g.apply("and", g.apply("eq", p, r), g.apply("eq", q, s))

    return each(g, both, a.re, a.im, b.re, b.im)


def _copied(g: Graph, target: Any, source: Any, *_: Any) -> ComplexNodes:
    pair = pair_of(g, source)
    return ComplexNodes(
        np.broadcast_to(pair.re, target.shape), np.broadcast_to(pair.im, target.shape)
    )


def _norm(
    g: Graph, z: ComplexNodes, ord: float = 2, dim: Axes = None, keepdim: bool = False
) -> np.ndarray:
    if ord != 2:
        raise Unsupported("norm", "of complex values only with p = 2")
    squares = each(g, lambda p, q: g.add(g.square(p), g.square(q)), z.re, z.im)
    return _map(g, "sqrt", reduce(squares, dim, keepdim, g.total))


def _tanh_backward(g: Graph, u: ComplexNodes, y: ComplexNodes) -> ComplexNodes:
    """u times the conjugate of 1 − y²."""
    return times(g, u, conjugate(g, minus(g, pair_of(g, 1), times(g, y, y))))


COMPLEX: dict[str, Rule] = {
    # ── arithmetic ──
    "add": _sum,
    "sub": _difference,
    "mul": _of_pairs(times),
    "div": _of_pairs(over),
    "neg": _of_pairs(lambda g, z: ComplexNodes(each(g, g.neg, z.re), each(g, g.neg, z.im))),
    "reciprocal": _of_pairs(lambda g, z: over(g, pair_of(g, 1), z)),
    "pow": _pow,
    "_conj_physical": _of_pairs(conjugate),
    "abs": _of_pairs(modulus),
    "angle": _of_pairs(argument),
    "eq": _of_pairs(_equal),
    "ne": _of_pairs(lambda g, a, b: each(g, g.negate, _equal(g, a, b))),
    # ── functions ──
    "exp": _of_pairs(_exp),
    "log": _of_pairs(_log),
    "sqrt": _of_pairs(_sqrt),
    "sin": _trigonometric(("sin", "cosh"), ("cos", "sinh"), 1),
    "cos": _trigonometric(("cos", "cosh"), ("sin", "sinh"), -1),
    "sinh": _trigonometric(("sinh", "cos"), ("cosh", "sin"), 1),
    "cosh": _trigonometric(("cosh", "cos"), ("sinh", "sin"), 1),
    "tan": _ratio("sin", "cos"),
    "tanh": _ratio("sinh", "cosh"),
    "tanh_backward": _of_pairs(_tanh_backward),
    # ── sums and products ──
    "sum": _total,
    "linalg_vector_norm": _norm,
    "mm": lambda g, a, b: _product(g, a, b, matmul),
    "mv": lambda g, a, b: _product(g, a, b, mv),
    "dot": lambda g, a, b: _product(g, a, b, dot),
    "vdot": lambda g, a, b: _product(g, conjugate(g, pair_of(g, a)), b, dot),
    "bmm": lambda g, a, b: _product(g, a, b, bmm),
    # ── copies ──
    "where": _where,
    "_to_copy": lambda g, z, *_, **__: pair_of(g, z),
    "clone": lambda g, z, *_: z,
    "copy": _copied,
    "copy_": _copied,
}
