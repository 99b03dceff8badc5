"""Slips planted into right Jacobians, as they are made by hand; for `tools/comparison.py`.

Each works on SymPy's expressions of a function and of its Jacobian and knows nothing of how slips
are looked for.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

Draw = random.Random


@dataclass(frozen=True)
class Planted:
    """A Jacobian with one slip.

    Attributes:
        name: of the slip.
        matrix: the wrong Jacobian.
        kinds: what the slip may be called.
    """

    name: str
    matrix: Any
    kinds: frozenset[str]


@dataclass(frozen=True)
class Right:
    """A function and its Jacobian, in the same symbols."""

    outputs: Any
    matrix: Any
    symbols: tuple[Any, ...]

    def entries(self) -> list[tuple[int, int]]:
        """Return the entries that are not 0."""
        m, n = self.matrix.shape
        return [(i, j) for i in range(m) for j in range(n) if self.matrix[i, j] != 0]

    def changed(self, i: int, j: int, entry: Any) -> Any:
        """Return the matrix with another entry."""
        other = self.matrix.as_mutable()
        other[i, j] = entry
        return other.as_immutable()


Slip = Callable[[Right, Draw], Any]  # the wrong matrix, or None where the slip cannot be made


def _entry(change: Callable[[Any, Draw], Any]) -> Slip:
    """Return a slip that changes an entry, drawn among those that it can change."""

    def slip(right: Right, draw: Draw) -> Any:
        for i, j in draw.sample(right.entries(), len(right.entries())):
            entry = change(right.matrix[i, j], draw)
            if entry is not None and entry != right.matrix[i, j]:
                return right.changed(i, j, entry)
        return None

    return slip


def _spots(expression: Any, wanted: Callable[[Any], bool]) -> list[tuple[int, ...]]:
    """Return the paths of subexpressions."""
    found: list[tuple[int, ...]] = []
    waiting: list[tuple[Any, tuple[int, ...]]] = [(expression, ())]
    while waiting:
        one, path = waiting.pop()
        if wanted(one):
            found.append(path)
        if not isinstance(one, (sympy.Piecewise, sympy.Rel)):
            waiting += [(part, (*path, k)) for k, part in enumerate(one.args)]
    return sorted(found)


def _at(expression: Any, path: tuple[int, ...], change: Callable[[Any], Any]) -> Any:
    """Return an expression with one spot changed."""
    if not path:
        return change(expression)
    parts = list(expression.args)
    parts[path[0]] = _at(parts[path[0]], path[1:], change)
    return expression.func(*parts)


def _spot(wanted: Callable[[Any], bool], change: Callable[[Any, Draw], Any]) -> Slip:
    """Return a slip in one spot of one entry."""

    def edit(entry: Any, draw: Draw) -> Any:
        paths = _spots(entry, wanted)
        return _at(entry, draw.choice(paths), lambda one: change(one, draw)) if paths else None

    return _entry(edit)


def _terms(count: int, change: Callable[[Any], Any]) -> Slip:
    """Return a slip in one summand of an entry that has several."""

    def edit(entry: Any, draw: Draw) -> Any:
        parts = list(sympy.Add.make_args(entry))
        if len(parts) < count:
            parts = list(sympy.Add.make_args(sympy.expand(entry)))
        if not count <= len(parts) <= 20:
            return None
        k = draw.randrange(len(parts))
        return sympy.Add(*parts[:k], change(parts[k]), *parts[k + 1 :])

    return _entry(edit)


def _factor_lost(entry: Any, draw: Draw) -> Any:
    parts = [part for part in sympy.Mul.make_args(entry) if part != -1]
    if len(parts) < 2:
        return None
    return entry / draw.choice([part for part in parts if not part.is_number] or parts)


def _shuffled(axis: int, roll: bool) -> Slip:
    """Return two swapped lines of a matrix, or all of them shifted by one."""

    def slip(right: Right, draw: Draw) -> Any:
        count = right.matrix.shape[axis]
        if count < (3 if roll else 2):
            return None
        order = list(range(count))
        if roll:
            order = [*order[1:], order[0]]
        else:
            a, b = draw.sample(order, 2)
            order[a], order[b] = order[b], order[a]
        kept = list(range(right.matrix.shape[1 - axis]))
        return right.matrix.extract(*((order, kept) if axis == 0 else (kept, order)))

    return slip


def _transposed(right: Right, draw: Draw) -> Any:
    m, n = right.matrix.shape
    return right.matrix.T if m == n > 1 else None


def _copied(right: Right, draw: Draw) -> Any:
    """Write one entry where another one belongs."""
    if len(right.entries()) < 2:
        return None
    (i, j), other = draw.sample(right.entries(), 2)
    return right.changed(i, j, right.matrix[other])


def _rule(wanted: Callable[[Any, Any], bool], mistaken: Callable[[Any, Any, Draw], Any]) -> Slip:
    """Return a slip in the derivation: one subexpression of f is differentiated wrongly.

    Args:
        wanted: of a subexpression and the variable.
        mistaken: the wrong derivative of the subexpression.
    """

    def slip(right: Right, draw: Draw) -> Any:
        hole = sympy.Symbol("jm_hole", real=True)
        for i, j in draw.sample(right.entries(), len(right.entries())):
            x, whole = right.symbols[j], right.outputs[i]
            if whole.has(sympy.Piecewise) or whole.count_ops() > 120:
                continue
            parts = [one for one in sympy.preorder_traversal(whole) if wanted(one, x)]
            for part in draw.sample(parts, len(parts)):
                outer = whole.xreplace({part: hole})
                wrong = outer.diff(x) + outer.diff(hole) * mistaken(part, x, draw)
                wrong = wrong.xreplace({hole: part})
                if sympy.expand(wrong - whole.diff(x)) != 0:
                    return right.changed(i, j, wrong)
        return None

    return slip


def _is_chain(one: Any, x: Any) -> bool:
    """Whether an expression is g(u) with an inner derivative other than 1."""
    if isinstance(one, sympy.Pow) and not one.exp.has(x):
        return bool(one.base.has(x) and one.base.diff(x) not in (0, 1))
    unary = isinstance(one, (sympy.Function, sympy.exp)) and len(one.args) == 1
    return bool(unary and one.args[0].has(x) and one.args[0].diff(x) not in (0, 1))


def _without_inner(one: Any, x: Any, draw: Draw) -> Any:
    u = sympy.Symbol("jm_u", real=True)
    inner = one.base if isinstance(one, sympy.Pow) and not one.exp.has(x) else one.args[-1]
    if isinstance(one, sympy.Pow) and not one.exp.has(x):
        return one.exp * inner ** (one.exp - 1)
    return one.func(u).diff(u).xreplace({u: inner})


def _halves(one: Any, x: Any) -> tuple[Any, Any]:
    """Return two factors of a product, both with x in them."""
    parts = [part for part in one.args if part.has(x)]
    rest = [part for part in one.args if not part.has(x)]
    return sympy.Mul(*rest, parts[0]), sympy.Mul(*parts[1:])


def _is_product(one: Any, x: Any) -> bool:
    return isinstance(one, sympy.Mul) and sum(part.has(x) for part in one.args) > 1


def _product_of_derivatives(one: Any, x: Any, draw: Draw) -> Any:
    a, b = _halves(one, x)
    return a.diff(x) * b.diff(x)


def _one_product(one: Any, x: Any, draw: Draw) -> Any:
    a, b = _halves(one, x)
    return a.diff(x) * b


def _is_quotient(one: Any, x: Any) -> bool:
    if not isinstance(one, sympy.Mul):
        return False
    above, below = sympy.fraction(one)
    return bool(above.has(x) and below.has(x))


def _quotient(form: str) -> Callable[[Any, Any, Draw], Any]:
    def mistaken(one: Any, x: Any, draw: Draw) -> Any:
        u, v = sympy.fraction(one)
        du, dv = u.diff(x), v.diff(x)
        return {
            "order": (u * dv - du * v) / v**2,
            "plus": (du * v + u * dv) / v**2,
            "below": (du * v - u * dv) / v,
        }[form]

    return mistaken


_EXCHANGED = {sympy.sin: sympy.cos, sympy.cos: sympy.sin, sympy.sinh: sympy.cosh,
              sympy.cosh: sympy.sinh}  # fmt: skip
_ANY_FACTOR = frozenset({"factor", "power", "missing factor", "extra factor", "degrees"})
_RULES = frozenset({"wrong rule", "outer derivative", "inner derivative", "product rule"})


def _is_power(one: Any) -> bool:
    return isinstance(one, sympy.Pow) and one.exp.is_Integer and one.base.free_symbols != set()


def _extra(right: Right, draw: Draw) -> Any:
    i, j = draw.choice(right.entries())
    return right.changed(i, j, right.matrix[i, j] + draw.choice([*right.symbols, 1]))


def _other_variable(right: Right, draw: Draw) -> Any:
    if len(right.symbols) < 2:
        return None
    wanted = set(right.symbols)
    return _spot(
        lambda one: one in wanted,
        lambda one, draw: draw.choice([s for s in right.symbols if s != one]),
    )(right, draw)


# Name, slip, and the kinds that a correct explanation may have.
SLIPS: tuple[tuple[str, Slip, frozenset[str]], ...] = (
    ("other sign", _entry(lambda e, d: -e), frozenset({"sign", "quotient rule", "product rule"})),
    ("other sign of a term", _terms(2, lambda t: -t),
     frozenset({"sign", "quotient rule", "product rule", "factor"})),
    ("a term missing", _terms(2, lambda t: 0),
     frozenset({"missing term", "product rule", "quotient rule", "extra term", "extra factor",
                "factor"})),
    ("a term with factor 2", _terms(2, lambda t: 2 * t), _ANY_FACTOR | _RULES | {"extra term"}),
    ("factor 2", _entry(lambda e, d: 2 * e), _ANY_FACTOR | _RULES),
    ("factor 1/2", _entry(lambda e, d: e / 2), _ANY_FACTOR | _RULES),
    ("degrees", _entry(lambda e, d: e * sympy.pi / 180), frozenset({"degrees"})),
    ("transposed", _transposed, frozenset({"transposed", "sign"})),
    ("rows swapped", _shuffled(0, False), frozenset({"swapped rows"})),
    ("columns swapped", _shuffled(1, False), frozenset({"swapped columns"})),
    ("rows shifted by one", _shuffled(0, True), frozenset({"index", "swapped rows"})),
    ("columns shifted by one", _shuffled(1, True), frozenset({"index", "swapped columns"})),
    ("another entry", _copied,
     frozenset({"swapped rows", "swapped columns", "transposed", "index", "sign", "variable",
                "factor", "wrong function"})),
    ("zero", _entry(lambda e, d: sympy.Integer(0)), frozenset({"zero"})),
    ("a factor missing", _entry(_factor_lost),
     frozenset({"missing factor", "inner derivative", "factor", "power", "product rule",
                "missing term", "outer derivative", "denominator"})),
    ("a term too many", _extra, frozenset({"extra term", "factor"})),
    ("sin for cos", _spot(lambda one: type(one) in _EXCHANGED,
                          lambda one, d: _EXCHANGED[type(one)](*one.args)),
     frozenset({"wrong function", "wrong rule", "factor", "variable", "index", "swapped rows"})),
    ("e^u for e^−u", _spot(lambda one: isinstance(one, sympy.exp),
                           lambda one, d: sympy.exp(-one.args[0])), frozenset({"sign", "power"})),
    ("exponent off by one",
     _spot(_is_power, lambda one, d: one.base ** (one.exp + d.choice([-1, 1]))),
     frozenset({"power", "denominator", "missing factor", "extra factor", "quotient rule",
                "wrong operation", "factor", "outer derivative"})),
    ("another variable", _other_variable,
     frozenset({"variable", "missing factor", "index", "extra factor", "swapped rows",
                "swapped columns"})),
    ("inner derivative missing", _rule(_is_chain, _without_inner),
     frozenset({"inner derivative", "missing factor", "extra factor", "factor", "sign",
                "outer derivative", "missing term", "power"})),
    ("product of the derivatives", _rule(_is_product, _product_of_derivatives),
     frozenset({"product rule", "missing term"})),
    ("one half of the product rule", _rule(_is_product, _one_product),
     frozenset({"product rule", "missing term", "quotient rule", "zero"})),
    ("quotient order", _rule(_is_quotient, _quotient("order")),
     frozenset({"quotient rule", "sign", "product rule"})),
    ("quotient with plus", _rule(_is_quotient, _quotient("plus")),
     frozenset({"quotient rule", "sign", "product rule"})),
    ("denominator not squared", _rule(_is_quotient, _quotient("below")),
     frozenset({"denominator", "missing factor", "extra factor", "power"})),
)  # fmt: skip


def planted(
    right: Right, seed: int, count: int, extra: Sequence[tuple[str, Slip, frozenset[str]]] = ()
) -> Iterator[Planted]:
    """Yield up to `count` wrong Jacobians with different slips, the same ones for a seed.

    Args:
        right: the function and its Jacobian.
        seed: of the draws.
        count: how many at most.
        extra: more slips than those of `SLIPS`.
    """
    draw = random.Random(seed)
    slips = draw.sample(SLIPS, len(SLIPS))
    if extra:
        slips = draw.sample([*extra, *slips], len(extra) + len(slips))
    for name, slip, kinds in slips:
        if count == 0:
            return
        try:
            matrix = slip(right, draw)
        except ValueError:  # SymPy cannot substitute into a derivative
            continue
        if matrix is not None and not matrix.has(sympy.nan, sympy.zoo):
            count -= 1
            yield Planted(name, matrix, kinds)
