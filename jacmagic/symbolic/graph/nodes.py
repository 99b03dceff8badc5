"""Hash-consed nodes: equal expressions are one node, in topological order.

A node is an `int`, its index in the graph; arguments always come before the nodes that use them, so
every pass over the graph is a plain loop. Node 0 is the number 0 and node 1 the number 1: an
integer array filled with zeros is therefore already an array of expressions that are zero.

Constant folding is exact: 0 and 1 disappear, signs move outwards, numbers combine as integers and
fractions while these stay short. Nothing is expanded or reordered: the user's form is kept.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from fractions import Fraction
from functools import reduce

from jacmagic.function.deadline import Deadline
from jacmagic.symbolic.graph.constants import divided, multiplied
from jacmagic.symbolic.graph.numbers import Number, exact, short
from jacmagic.symbolic.graph.operations import OPERATIONS

ZERO, ONE = 0, 1
LEAVES = frozenset({"number", "variable", "constant"})

_CONSTANT = {"and": (ZERO, ONE), "or": (ONE, ZERO)}  # what decides, and what disappears
NEGATED = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "eq": "ne", "ne": "eq"}

MAX_NODES = 200_000  # of a closed form; a larger one is of no use to a reader


class BudgetExceeded(Exception):
    """The graph grew beyond its number of nodes or its time."""


class Graph:
    """The nodes of one traced function.

    Attributes:
        operations: each node's operation; those of `LEAVES` have no argument nodes.
        arguments: each node's argument nodes, or `(value,)`, `(name,)`, `(name, value)` of a leaf.
        lines: line of the user's code that created each node, or None.
        line: the line of nodes created from now on.
    """

    def __init__(self, *, limit: int = MAX_NODES, deadline: Deadline | None = None) -> None:
        """Start with the numbers 0 and 1.

        Args:
            limit: number of nodes above which `BudgetExceeded` is raised.
            deadline: after which `BudgetExceeded` is raised.
        """
        self.operations: list[str] = []
        self.arguments: list[tuple] = []
        self.lines: list[int | None] = []
        self.line: int | None = None
        self.limit = limit
        self.deadline = deadline
        self._nodes: dict[tuple, int] = {}
        self.number(0)
        self.number(1)

    def __len__(self) -> int:
        return len(self.operations)

    # ── building ──────────────────────────────────────────────────────────────────────────────

    def node(self, operation: str, *arguments) -> int:
        """Return the node of an operation or leaf as it is given; nothing is folded."""
        key = (operation, *arguments)
        node = self._nodes.get(key)
        return self._new(key, operation, arguments) if node is None else node

    def _new(self, key: tuple, operation: str, arguments: tuple) -> int:
        node = self._nodes[key] = len(self.operations)
        if node >= self.limit:
            raise BudgetExceeded(f"the expression has more than {self.limit:,} nodes")
        if node % 512 == 511:
            self.check_deadline()
        self.operations.append(operation)
        self.arguments.append(arguments)
        self.lines.append(self.line)
        return node

    def check_deadline(self) -> None:
        """Raise `BudgetExceeded` after the deadline."""
        if self.deadline is not None and self.deadline.is_over():
            raise BudgetExceeded("the time for the closed form ran out")

    def number(self, value: float | Fraction) -> int:
        """Return the node of a number, exact where it was meant to be (0.5 → 1/2)."""
        value = short(exact(value))
        # 0.0 and -0.0, and nan: the sign of zero is dropped, nan is one node
        key = ("number", type(value), "nan" if value != value else value)
        node = self._nodes.get(key)
        return self._new(key, "number", (value,)) if node is None else node

    def variable(self, name: str) -> int:
        """Return the node of an input component."""
        return self.node("variable", name)

    def constant(self, name: str, value: float) -> int:
        """Return the node of a constant with a name; it is never folded into others."""
        return self.node("constant", name, float(value))

    def value(self, node: int) -> Number | None:
        """Return the number that a node is; None if it is not one."""
        return self.arguments[node][0] if self.operations[node] == "number" else None

    def is_condition(self, node: int) -> bool:
        """Whether a node is a truth value."""
        operation = OPERATIONS.get(self.operations[node])
        return operation is not None and operation.condition

    def apply(self, operation: str, *arguments: int) -> int:
        """Return the node of an operation; a number if all arguments are numbers."""
        method = getattr(self, _FOLDED.get(operation, ""), None)
        if method is not None:
            return method(*arguments)
        if operation in _CONSTANT:
            return self._connect(operation, *arguments)
        values = [self.value(node) for node in arguments]
        if all(value is not None for value in values):
            return self.number(OPERATIONS[operation].evaluate(*map(float, values)))  # type: ignore[arg-type]
        return self.node(operation, *arguments)

    def add(self, a: int, b: int) -> int:
        """Return a + b."""
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.number(x + y)
        if x == 0:
            return b
        if y == 0:
            return a
        if self.operations[b] == "neg":
            return self.sub(a, self.arguments[b][0])
        return self.node("add", a, b)

    def sub(self, a: int, b: int) -> int:
        """Return a − b."""
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.number(x - y)
        if y == 0:
            return a
        if x == 0:
            return self.neg(b)
        if a == b:
            return ZERO
        if self.operations[b] == "neg":
            return self.add(a, self.arguments[b][0])
        return self.node("sub", a, b)

    def neg(self, a: int) -> int:
        """Return −a."""
        x = self.value(a)
        if x is not None:
            return self.number(-x)
        if self.operations[a] == "neg":
            return self.arguments[a][0]
        return self.node("neg", a)

    def mul(self, a: int, b: int) -> int:
        """Return a · b: numbers first, signs outside, a reciprocal as a quotient."""
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.number(multiplied(x, y))
        if y is not None:
            a, b, x, y = b, a, y, x
        if x is not None:
            if x == 0 or x == 1:
                return b if x else ZERO
            if x == -1:
                return self.neg(b)
            if self.operations[b] == "mul":
                inner = self.value(self.arguments[b][0])
                if inner is not None:
                    return self.mul(self.number(multiplied(x, inner)), self.arguments[b][1])
        if self.operations[a] == "neg":
            return self.neg(self.mul(self.arguments[a][0], b))
        if self.operations[b] == "neg":
            return self.neg(self.mul(a, self.arguments[b][0]))
        for truth, other in ((a, b), (b, a)):  # a truth counted as 1 or 0 chooses
            if self.operations[truth] == "where" and self.arguments[truth][1:] == (ONE, ZERO):
                return self.where(self.arguments[truth][0], other, ZERO)
        for reciprocal, other in ((a, b), (b, a)):
            if self.operations[reciprocal] == "div" and self.arguments[reciprocal][0] == ONE:
                return self.div(other, self.arguments[reciprocal][1])
        return self.node("mul", a, b)

    def div(self, a: int, b: int) -> int:
        """Return a / b."""
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            if y:
                return self.number(divided(x, y))
            return self.number(OPERATIONS["div"].evaluate(float(x), float(y)))
        if y == 1:
            return a
        if y == -1:
            return self.neg(a)
        if self.operations[a] == "neg":
            return self.neg(self.div(self.arguments[a][0], b))
        return self.node("div", a, b)

    def pow(self, a: int, b: int) -> int:
        """Return a to the power of b; exponent 1/2 is a square root."""
        x, y = self.value(a), self.value(b)
        if y == 0 or y == 1:
            return a if y else ONE
        if x is not None and y is not None:
            if isinstance(y, int) and not isinstance(x, float) and abs(y) <= 64 and (x or y > 0):
                return self.number(Fraction(x) ** y)
            return self.number(OPERATIONS["pow"].evaluate(float(x), float(y)))
        if y == Fraction(1, 2):
            return self.apply("sqrt", a)
        return self.node("pow", a, b)

    def square(self, a: int) -> int:
        """Return a²."""
        return self.pow(a, self.number(2))

    def where(self, condition: int, a: int, b: int) -> int:
        """Return a where the condition holds, else b."""
        truth = self.value(condition)
        if truth is not None:
            return a if truth else b
        return a if a == b else self.node("where", condition, a, b)

    def negate(self, condition: int) -> int:
        """Return the opposite condition: not (a < b) is a ≥ b."""
        truth = self.value(condition)
        if truth is not None:
            return ZERO if truth else ONE
        operation = self.operations[condition]
        if operation in NEGATED:
            return self.node(NEGATED[operation], *self.arguments[condition])
        return self.arguments[condition][0] if operation == "not" else self.node("not", condition)

    def _connect(self, operation: str, a: int, b: int) -> int:
        """Return a ∧ b or a ∨ b; a constant truth value decides or disappears."""
        decides, disappears = _CONSTANT[operation]
        for one, other in ((a, b), (b, a)):
            if one == decides:
                return decides
            if one == disappears and self.is_condition(other):
                return other
        return disappears if a == b == disappears else self.node(operation, a, b)

    def total(self, terms: Iterable[int]) -> int:
        """Return the sum of any number of terms, from left to right."""
        return reduce(self.add, terms, ZERO)

    def product(self, factors: Iterable[int]) -> int:
        """Return the product of any number of factors, from left to right."""
        return reduce(self.mul, factors, ONE)

    # ── reading ───────────────────────────────────────────────────────────────────────────────

    def operands(self, node: int) -> tuple[int, ...]:
        """Return the argument nodes of a node; empty for a leaf."""
        return () if self.operations[node] in LEAVES else self.arguments[node]

    def reach(self, roots: Sequence[int], ends: Container[int] = ()) -> list[int]:
        """Return the nodes that the roots depend on and the roots, in topological order.

        What only nodes among `ends` depend on is left out.
        """
        seen: set[int] = set()
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting.extend(() if node in ends else self.operands(node))
        return sorted(seen)


_FOLDED = {name: name for name in ("add", "sub", "neg", "mul", "div", "pow", "where")}
_FOLDED["not"] = "negate"
