"""Sums of exponentials, and logarithms, rewritten so that they neither overflow nor lose digits.

A formula shows eᵘ/Σeᵛ and ln Σeᵛ; in floating point both fail beyond u ≈ 709. Every such part of
a graph is replaced by an equal one with the largest exponent M taken out:

    ln Σ cᵏeᵛ = M + ln S,      a·eᵘ/(Σ cᵏeᵛ)ⁿ = a·eᵘ⁻ⁿᴹ/Sⁿ,      S = Σ cᵏeᵛ⁻ᴹ.

Of two exponentials ln S is log1p(e⁻ᵈ), d their exponents' distance, and ln(1 ± y) is log1p(±y):
1 + y keeps no digits of a small y. Neither do eᵘ − 1, which is expm1(u), and 1 − σ(u) = σ(−u).

The structure is recognised, in code written by hand as in torch's functions.
Reference: P. Blanchard, D. J. Higham and N. J. Higham, Accurately computing the log-sum-exp and
softmax functions, IMA Journal of Numerical Analysis 41 (2021).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from functools import reduce as fold

from jacmagic.symbolic.graph.monomials import Monomial, joined, raised
from jacmagic.symbolic.graph.nodes import ONE, ZERO, BudgetExceeded, Graph
from jacmagic.symbolic.graph.numbers import Number
from jacmagic.symbolic.graph.passes import rebuilt
from jacmagic.symbolic.graph.patterns import Sums, inside_log_sigmoid

_GROWING = ("exp", "pow", "sigmoid", "log")  # what overflows, or loses digits, in or of a sum
Exponentials = list[tuple[int, int]]  # (coefficient, exponent) of each term
_ONE = (ONE, ZERO)


def stable(graph: Graph, roots: Sequence[int]) -> list[int]:
    """Rewrite nodes so that large exponents do not overflow.

    Args:
        graph: the expression graph, to which nodes are added where there is something to rewrite.
        roots: the nodes to evaluate.

    Raises:
        BudgetExceeded: the graph outgrows its limits.
    """
    reached = graph.reach(roots)
    if not any(graph.operations[node] in _GROWING for node in reached):
        return list(roots)
    rewriting = _Rewriting(graph)
    for node in reached:
        rewriting.rewrite(node)
    return [rewriting.new[root] for root in roots]


def stable_if_affordable(graph: Graph, roots: Sequence[int]) -> list[int]:
    """As `stable`; the roots themselves where the graph would outgrow its limits."""
    with suppress(BudgetExceeded):
        return stable(graph, roots)
    return list(roots)


class _Rewriting:
    """A rewriting pass over a graph, from the leaves up."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self._sums = graph, Sums(graph)
        self.new: dict[int, int] = {ZERO: ZERO, ONE: ONE}
        self._monomials: dict[int, Monomial] = {}
        self._shifted: dict[int, tuple[int, int] | None] = {}

    def rewrite(self, node: int) -> None:
        """Compute a node's replacement."""
        graph = self.graph
        operation, operands = graph.operations[node], graph.operands(node)
        exponent = self._of_log_sigmoid(node)
        terms = self._inside_log(node)
        if exponent is not None:
            self.new[node] = graph.neg(self._logarithm([_ONE, (ONE, exponent)]))
        elif terms is not None:
            self.new[node] = self._logarithm(terms)
        elif operation == "log" and (y := self._beside_one(operands[0])) is not None:
            self.new[node] = graph.apply("log1p", y)
        elif (difference := self._difference_from_one(node)) is not None:
            self.new[node] = difference
        elif operation == "div" and self._is_spread(*operands):
            self.new[node] = self._spread(*operands)
        elif self._is_product(node) and not all(
            self._monomial(operand).is_plain for operand in operands
        ):
            self.new[node] = self._written(self._monomial(node))
        else:
            self.new[node] = rebuilt(graph, node, self.new)

    def _of_log_sigmoid(self, node: int) -> int | None:
        """Return −u of a node ln σ(u) = −ln(1 + e⁻ᵘ), u of ln(1 − σ(u)) = −ln(1 + eᵘ)."""
        graph = self.graph
        inside = inside_log_sigmoid(graph, node)
        if inside is None:
            return None
        u = self.new[graph.operands(inside[0])[0]]
        return u if inside[1] else graph.neg(u)

    def _is_product(self, node: int) -> bool:
        """Whether a node is a product, a quotient or a power that takes a monomial apart."""
        graph = self.graph
        if graph.operations[node] not in ("pow", "sqrt"):
            return graph.operations[node] in ("mul", "div")
        power = self._power(node)
        return isinstance(power, int) or (
            power is not None and self._monomial(graph.operands(node)[0]).factor == ONE
        )

    def _power(self, node: int) -> Number | None:
        """Return the number to which a power or a root raises; None where there is none."""
        graph = self.graph
        if graph.operations[node] == "sqrt":
            return Fraction(1, 2)
        return graph.value(graph.operands(node)[1])

    def _inside_log(self, node: int) -> Exponentials | None:
        """Return the exponentials that a node is the logarithm of; None for other nodes."""
        graph = self.graph
        if graph.operations[node] not in ("log", "log1p"):
            return None
        (inside,) = graph.operands(node)
        terms = self._exponentials(inside)
        if graph.operations[node] == "log":
            return terms
        exponential = self._exponential(inside)
        terms = terms or ([exponential] if exponential is not None else None)
        return terms and [_ONE, *terms]

    def _logarithm(self, terms: Exponentials) -> int:
        graph = self.graph
        if len(terms) == 2 and terms[0][0] == terms[1][0] == ONE:
            (_, a), (_, b) = terms
            smaller = graph.apply("exp", graph.neg(graph.apply("abs", graph.sub(a, b))))
            return graph.add(graph.apply("max", a, b), graph.apply("log1p", smaller))
        if _ONE in terms:  # ln(1 + s) of a small s, as above, with ln s for the exponent
            others = list(terms)
            others.remove(_ONE)
            return self._logarithm([_ONE, (ONE, self._logarithm(others))])
        largest, total = self._take_out(terms)
        return graph.add(largest, graph.apply("log", total))

    def _beside_one(self, node: int) -> int | None:
        """Return y of a node 1 + y, −y of 1 − y, rewritten; None for other nodes."""
        graph, operands = self.graph, self.graph.operands(node)
        if graph.operations[node] not in ("add", "sub") or ONE not in operands:
            return None
        if graph.operations[node] == "add":
            return self.new[operands[0] if operands[1] == ONE else operands[1]]
        return graph.neg(self.new[operands[1]]) if operands[0] == ONE else None

    def _difference_from_one(self, node: int) -> int | None:
        """Return eᵘ − 1 and 1 − eᵘ by expm1, 1 − σ(u) as σ(−u); None for other nodes."""
        graph, operands = self.graph, self.graph.operands(node)
        if graph.operations[node] != "sub" or ONE not in operands:
            return None
        rises = operands[1] == ONE
        other = operands[0] if rises else operands[1]
        if not rises and graph.operations[other] == "sigmoid":
            return graph.apply("sigmoid", graph.neg(self.new[graph.operands(other)[0]]))
        exponent = self._exponent(other)
        if exponent is None:
            return None
        difference = graph.apply("expm1", exponent)
        return difference if rises else graph.neg(difference)

    def _is_spread(self, above: int, below: int) -> bool:
        """Whether a sum with exponentials in it is divided by exponentials."""
        graph = self.graph
        if graph.operations[above] not in ("add", "sub") or self._shift(above) is not None:
            return False
        mixed = any(not self._monomial(part).is_plain for part in graph.operands(above))
        return mixed and not self._monomial(below).is_plain

    def _spread(self, above: int, below: int) -> int:
        """Return (a + b)/S as a/S + b/S, each without overflow."""
        graph = self.graph
        if graph.operations[above] not in ("add", "sub") or self._shift(above) is not None:
            return self._written(joined(graph, self._monomial(above), self._monomial(below), -1))
        parts = [self._spread(part, below) for part in graph.operands(above)]
        return graph.apply(graph.operations[above], *parts)

    # ── products ──────────────────────────────────────────────────────────────────────────────

    def _monomial(self, node: int) -> Monomial:
        if node not in self._monomials:
            self._monomials[node] = self._taken_apart(node)
        return self._monomials[node]

    def _taken_apart(self, node: int) -> Monomial:
        graph = self.graph
        operation, operands = graph.operations[node], graph.operands(node)
        exponent = self._exponent(node)
        if exponent is not None:
            return Monomial(ONE, exponent)
        if operation == "neg":
            inner = self._monomial(operands[0])
            return replace(inner, factor=graph.neg(inner.factor))
        if operation in ("mul", "div"):
            a, b = map(self._monomial, operands)
            if not (a.is_plain and b.is_plain):
                return joined(graph, a, b, 1 if operation == "mul" else -1)
        if operation in ("pow", "sqrt") and self._is_product(node):
            base, power = self._monomial(operands[0]), self._power(node)
            if not base.is_plain and power is not None:
                return raised(graph, base, power)
        if operation == "add" and self._shift(node) is not None:
            return Monomial(ONE, ZERO, {node: Fraction(1)})
        return Monomial(self.new.get(node, node))

    def _written(self, product: Monomial) -> int:
        """Return the product with every M moved into the exponent."""
        graph, exponent = self.graph, product.exponent
        above, below = product.factor, ONE
        for node, power in product.sums.items():
            largest, total = self._shift(node) or (ZERO, ONE)
            exponent = graph.add(exponent, graph.mul(graph.number(power), largest))
            raised = graph.pow(total, graph.number(abs(power)))
            above, below = (
                (graph.mul(above, raised), below)
                if power > 0
                else (above, graph.mul(below, raised))
            )
        return graph.div(graph.mul(above, graph.apply("exp", exponent)), below)

    def _exponent(self, node: int) -> int | None:
        """Return u of eᵘ, and u·ln c of cᵘ, rewritten; None for other nodes."""
        graph = self.graph
        operation, operands = graph.operations[node], graph.operands(node)
        if operation == "exp":
            return self.new[operands[0]]
        base = graph.value(operands[0]) if operation == "pow" else None
        if base is not None and base > 0 and graph.value(operands[1]) is None:
            return graph.mul(graph.number(math.log(base)), self.new[operands[1]])
        return None

    # ── sums ──────────────────────────────────────────────────────────────────────────────────

    def _shift(self, node: int) -> tuple[int, int] | None:
        """Return M and S of one or more summed exponentials; None for other nodes."""
        if node not in self._shifted:
            terms = self._exponentials(node)
            self._shifted[node] = None if terms is None else self._take_out(terms)
        return self._shifted[node]

    def _take_out(self, terms: Exponentials) -> tuple[int, int]:
        graph = self.graph
        largest = fold(lambda a, b: graph.apply("max", a, b), (u for _, u in terms))
        total = graph.total(
            graph.mul(coefficient, graph.apply("exp", graph.sub(u, largest)))
            for coefficient, u in terms
        )
        return largest, total

    def _exponentials(self, node: int) -> Exponentials | None:
        """Return the terms c·eᵘ of a sum with positive c, one exponential among them."""
        if self.graph.operations[node] == "exp":
            return [(ONE, self.new[self.graph.arguments[node][0]])]
        if self.graph.operations[node] != "add":
            return None
        first, last = self.graph.operands(node)
        ends = self._exponential(last) is None or (
            self.graph.operations[first] == "add" and self._shift(first) is None
        )
        if ends:  # early: a long running sum would be taken apart at every partial sum
            return None
        parts = [self._exponential(term) for term in self._sums.terms(node)]
        exponentials = [part for part in parts if part is not None]
        return (
            exponentials
            if len(exponentials) == len(parts) and any(u != ZERO for _, u in exponentials)
            else None
        )

    def _exponential(self, term: int) -> tuple[int, int] | None:
        graph = self.graph
        value = graph.value(term)
        if value is not None:
            return (term, ZERO) if value > 0 else None
        alone = self._exponent(term)
        if alone is not None:
            return ONE, alone
        if graph.operations[term] == "mul":
            coefficient, other = graph.operands(term)
            value, exponent = graph.value(coefficient), self._exponent(other)
            if value is not None and value > 0 and exponent is not None:
                return coefficient, exponent
        return None
