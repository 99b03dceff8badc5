"""Rules for complex intermediate values: those for real ones, on pairs of nodes.

What a function returns is real, so a complex value is always on its way to an absolute value, an
angle or one of its parts; there the real derivative is the ordinary one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import ONE, Graph
from jacmagic.symbolic.trace.rules.arrays import Axes, Rule, each, reduce
from jacmagic.symbolic.trace.rules.elementwise import ELEMENTWISE, where
from jacmagic.symbolic.trace.rules.matrices import FACTORING, MATRICES
from jacmagic.symbolic.trace.rules.pairs import (
    ComplexNodes,
    PairGraph,
    conjugate,
    modulus,
    pair_of,
)
from jacmagic.symbolic.trace.rules.products import PRODUCTS, dot
from jacmagic.symbolic.trace.rules.reductions import REDUCTIONS

_ALIKE = (
    "add sub mul div neg reciprocal pow exp log sqrt sin cos sinh cosh tan tanh sum mm mv dot bmm "
    "_to_copy clone copy copy_ linalg_inv_ex"
).split()


def _over_pairs(rule: Any) -> Rule:
    """Return a rule for complex arguments, from one for the nodes of a graph."""

    def complex_rule(g: Graph, *arguments: Any, **kwargs: Any) -> Any:
        field = PairGraph(g)
        nodes = [
            field.nodes(pair_of(g, argument))
            if isinstance(argument, ComplexNodes | np.ndarray)
            else argument
            for argument in arguments
        ]
        result = rule(field, *nodes, **kwargs)
        if isinstance(result, tuple):
            return tuple(None if nodes is None else field.pairs(nodes) for nodes in result)
        return field.pairs(result)

    return complex_rule


def _parts(formula: Any) -> Rule:
    """Return a real-valued rule of formulas of all real and imaginary parts."""

    def rule(g: Graph, *arguments: Any) -> np.ndarray:
        pairs = [pair_of(g, argument) for argument in arguments]
        parts = [part for pair in pairs for part in (pair.re, pair.im)]
        return each(g, lambda *nodes: formula(g, *nodes), *parts)

    return rule


def _where(g: Graph, condition: np.ndarray, a: Any, b: Any) -> ComplexNodes:
    p, q = pair_of(g, a), pair_of(g, b)
    return ComplexNodes(where(g, condition, p.re, q.re), where(g, condition, p.im, q.im))


def _equal(g: Graph, a: int, b: int, c: int, d: int) -> int:
    return g.apply("and", g.apply("eq", a, c), g.apply("eq", b, d))


def _norm(
    g: Graph, z: ComplexNodes, ord: float = 2, dim: Axes = None, keepdim: bool = False
) -> np.ndarray:
    if ord != 2:
        raise Unsupported("norm", "of complex values only with p = 2")
    squares = each(g, lambda p, q: g.add(g.square(p), g.square(q)), z.re, z.im)
    return reduce(squares, dim, keepdim, lambda terms: g.apply("sqrt", g.total(terms)))


_vdot = _over_pairs(dot)
_multiplied = _over_pairs(ELEMENTWISE["mul"])
_one_less_square = _over_pairs(lambda g, y: each(g, lambda a: g.sub(ONE, g.mul(a, a)), y))

COMPLEX: dict[str, Rule] = {
    **{
        name: _over_pairs((ELEMENTWISE | REDUCTIONS | PRODUCTS | MATRICES)[name]) for name in _ALIKE
    },
    "_linalg_det": _over_pairs(FACTORING["_linalg_det"][0]),
    "_linalg_solve_ex": _over_pairs(FACTORING["_linalg_solve_ex"][0]),
    "vdot": lambda g, a, b: _vdot(g, conjugate(g, pair_of(g, a)), b),
    "tanh_backward": lambda g, u, y: _multiplied(g, u, conjugate(g, _one_less_square(g, y))),
    "_conj_physical": lambda g, z: conjugate(g, pair_of(g, z)),
    "abs": _parts(modulus),
    "angle": _parts(lambda g, a, b: g.apply("atan2", b, a)),
    "eq": _parts(_equal),
    "ne": _parts(lambda g, *parts: g.negate(_equal(g, *parts))),
    "linalg_vector_norm": _norm,
    "where": _where,
}
