"""Write values in canonical form as nodes of a new graph, operation by operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from functools import partial, reduce

from jacmagic.symbolic.economy.terms import Monomial, Terms, Value
from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.graph.passes import copy


class Writer:
    """Writer of values as nodes.

    Attributes:
        graph: the new graph.
        copies: new node of every node of the old graph that is kept.
    """

    def __init__(self, terms: Terms, old: Graph, roots: Sequence[Value]) -> None:
        """Begin with no nodes."""
        self.terms, self.old, self.graph = terms, old, Graph(limit=10**9)
        self.copies: dict[int, int] = {}
        self._nodes: dict[int, int] = {}
        self._products: dict[Monomial, int] = {}
        self._atoms = terms.reach([monomial for _, monomial in roots])
        used = {monomial for _, monomial in roots}
        used |= {monomial for atom in self._atoms for monomial in terms.operands(atom)}
        self._uses = Counter(atom for monomial in used for atom, _ in monomial)
        self._roots = roots

    def write(self) -> list[int]:
        """Write all atoms, operands first; return the roots' nodes.

        Nodes that are kept come first, in the order in which the code has them.
        """
        definitions = (self.terms.definitions[atom] for atom in self._atoms)
        for node in sorted(parts[0] for kind, *parts in definitions if kind == "node"):
            self.copy(node)
        for atom in self._atoms:
            self._nodes[atom] = self._atom(atom)
        return [self._value(root) for root in self._roots]

    def copy(self, node: int) -> int:
        """Return the copy of a node of the old graph, with all that it is computed from."""
        return copy(self.old, [node], self.graph, self.copies, self.graph.node)[0]

    def _atom(self, atom: int) -> int:
        kind, *parts = self.terms.definitions[atom]
        if kind == "node":
            return self.copy(parts[0])
        if kind == "number":
            return self.graph.number(parts[0])
        if kind == "call":
            return self.graph.node(parts[0], *map(self._value, parts[1]))
        if kind == "over":
            below = self._nodes[parts[0]]
            return below if self._uses[atom] == 1 else self.graph.node("div", ONE, below)
        if kind == "sum":
            return self._sum(self.terms.sums[atom])
        return self._product(parts[0])

    def _value(self, value: Value) -> int:
        sign, monomial = value
        if sign == 0:
            return ZERO
        node = self._product(monomial)
        if sign > 0:
            return node
        number = self.graph.value(node)
        return self.graph.node("neg", node) if number is None else self.graph.number(-number)

    def _sum(self, terms: dict[Monomial, int]) -> int:
        """Write a sum; it begins with a positive term where there is one."""
        order = sorted(terms.items(), key=lambda term: (term[1] < 0, term[0]))
        total = self._value((order[0][1], order[0][0]))
        for monomial, sign in order[1:]:
            operation = "add" if sign > 0 else "sub"
            total = self.graph.node(operation, total, self._product(monomial))
        return total

    def _product(self, monomial: Monomial) -> int:
        if monomial not in self._products:
            self._products[monomial] = self._written(monomial)
        return self._products[monomial]

    def _written(self, monomial: Monomial) -> int:
        """Write a product; reciprocals that are used nowhere else divide."""
        if len(monomial) == 1 and monomial[0][1] == 1:
            atom = monomial[0][0]
            if self.terms.definitions[atom][0] != "over" or self._uses[atom] > 1:
                return self._nodes[atom]
        above, below = [], []
        for atom, exponent in monomial:
            kind, *parts = self.terms.definitions[atom]
            node = self._nodes[atom]
            if kind == "over" and self._uses[atom] == 1:
                below.append(self._power(node, exponent))
            elif kind == "number" and _divides(parts[0]):
                below.insert(0, self.graph.number(Fraction(parts[0]).denominator))
            else:
                above.append((kind != "number", self._power(node, exponent)))
        factors = [node for _, node in sorted(above)]
        numerator = self._multiplied(factors)
        return self.graph.node("div", numerator, self._multiplied(below)) if below else numerator

    def _power(self, node: int, exponent: int) -> int:
        if exponent == 1:
            return node
        return self.graph.node("pow", node, self.graph.number(exponent))

    def _multiplied(self, factors: Sequence[int]) -> int:
        return reduce(partial(self.graph.node, "mul"), factors) if factors else ONE


def _divides(number: object) -> bool:
    """Whether a number is 1/k without a short decimal, which is written as a division."""
    if not isinstance(number, Fraction) or number.numerator != 1:
        return False
    return float(number) != float(f"{float(number):.12g}")
