"""Read nodes of a graph as values in canonical form.

NOTE [Kept nodes] What a condition or a jump (floor, sign, remainder) is computed from is kept as it
is written: rounded otherwise, it might decide otherwise than the code.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from jacmagic.symbolic.economy.terms import ZERO, Terms, Value
from jacmagic.symbolic.graph import Graph, signed_terms

MAX_FACTORS = 8  # factors of a product that is taken apart where several products share it
MAX_EXPONENT = 64  # of a whole exponent that is taken apart into multiplications
_JUMPS = frozenset({"floor", "ceil", "sign", "mod"})
_ODD = frozenset("sin tan asin atan sinh tanh asinh atanh erf erfinv".split())
_EVEN = frozenset("cos cosh abs".split())


class Reader:
    """Reader of a graph's nodes from the leaves up.

    Attributes:
        terms: the atoms read.
        values: the value of each node read.
    """

    def __init__(self, graph: Graph, roots: Sequence[int]) -> None:
        """Read the nodes that roots need."""
        self.graph, self.terms = graph, Terms()
        self.values: dict[int, Value] = {}
        reached = graph.reach(roots)
        kept_nodes = self._kept(reached)
        self._uses = Counter(operand for node in reached for operand in graph.operands(node))
        self._uses.update(roots)
        for node in reached:
            value = self.terms.value("node", node) if node in kept_nodes else self._value(node)
            self.values[node] = self._bounded(node, value)

    def _kept(self, reached: Sequence[int]) -> set[int]:
        """Return the nodes that decide something, see NOTE [Kept nodes]."""
        graph = self.graph
        deciding = [
            node for node in reached if graph.operations[node] in _JUMPS or graph.is_condition(node)
        ]
        return {node for node in graph.reach(deciding) if graph.operands(node) or node in deciding}

    def _bounded(self, node: int, value: Value) -> Value:
        """Keep a long product that is shared as one factor: a chain would grow without end."""
        sign, monomial = value
        if self._uses[node] > 1 and sum(exponent for _, exponent in monomial) > MAX_FACTORS:
            return sign, self.terms.value("product", monomial)[1]
        return value

    def _value(self, node: int) -> Value:
        graph, terms = self.graph, self.terms
        operation = graph.operations[node]
        operands = [self.values[operand] for operand in graph.operands(node)]
        number = graph.value(node)
        if number is not None and math.isfinite(number):
            return terms.number(number)
        if not operands:
            return terms.value("node", node)
        if operation == "neg":
            return -operands[0][0], operands[0][1]
        if operation in ("add", "sub"):
            return self._sum(node)
        if operation == "mul":
            return terms.times(*operands)
        if operation == "div":
            inverse = terms.over(operands[1])
            return terms.times(operands[0], inverse) if inverse else self._call(node, operands)
        if operation == "pow":
            return self._power(node, operands)
        return self._call(node, operands)

    def _power(self, node: int, operands: Sequence[Value]) -> Value:
        exponent = self.graph.value(self.graph.operands(node)[1])
        if isinstance(exponent, int) and 0 < abs(exponent) <= MAX_EXPONENT:
            raised = self.terms.power(operands[0], abs(exponent))
            value = raised if exponent > 0 else self.terms.over(raised)
            if value is not None and operands[0] != ZERO:
                return value
        return self._call(node, operands)

    def _call(self, node: int, operands: Sequence[Value]) -> Value:
        """Return a function's value; the sign is taken out of odd and even functions."""
        operation = self.graph.operations[node]
        arguments, sign = list(operands), 1
        if operation in _ODD | _EVEN and operands[0][0] < 0:
            sign = -1 if operation in _ODD else 1
            arguments[0] = (1, operands[0][1])
        return sign, self.terms.value("call", operation, tuple(arguments))[1]

    def _sum(self, node: int) -> Value:
        """Return a sum, with those in it that are used nowhere else."""
        terms = self.terms
        whole = terms.plus(self._summands(node, apart=True))
        if whole is None:
            whole = terms.plus(self._summands(node, apart=False))
        if whole is not None:
            return whole
        a, b = (self.values[operand] for operand in self.graph.operands(node))
        return terms.value("call", self.graph.operations[node], (a, b))

    def _summands(self, node: int, *, apart: bool) -> list[Value]:
        """Return the terms from left to right."""
        terms = signed_terms(self.graph, node, lambda term: not apart or self._uses[term] > 1)
        return [(sign * self.values[term][0], self.values[term][1]) for sign, term in terms]
