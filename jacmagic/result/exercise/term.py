"""Values of an answer's grammar: nodes of a graph with operators, and functions of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from jacmagic.symbolic.graph import ONE, ZERO, Graph, differentiate


@dataclass(frozen=True)
class Term:
    """A node of a graph.

    Attributes:
        graph: holds the node.
        node: its number in the graph.
        inputs: the n variable nodes, for derivatives.
    """

    graph: Graph
    node: int
    inputs: tuple[int, ...]

    def apply(self, operation: str, *others: Term) -> Term:
        """Return an operation on this node and others."""
        node = self.graph.apply(operation, self.node, *(other.node for other in others))
        return Term(self.graph, node, self.inputs)

    def number(self, value: float | Fraction) -> Term:
        """Return the term of a number."""
        return Term(self.graph, self.graph.number(value), self.inputs)

    def derivative(self, by: Term) -> Term:
        """Return the derivative by an input."""
        row = differentiate(self.graph, [self.node], self.inputs)[0]
        return Term(self.graph, row.get(self.inputs.index(by.node), ZERO), self.inputs)

    def __add__(self, other: Term) -> Term:
        return self.apply("add", other)

    def __sub__(self, other: Term) -> Term:
        return self.apply("sub", other)

    def __mul__(self, other: Term) -> Term:
        return self.apply("mul", other)

    def __truediv__(self, other: Term) -> Term:
        return self.apply("div", other)

    def __pow__(self, other: Term) -> Term:
        return self.apply("pow", other)

    def __neg__(self) -> Term:
        return self.apply("neg")


def _applied(operation: str) -> Callable[[Term], Term]:
    return lambda u: u.apply(operation)


def _reciprocal(operation: str) -> Callable[[Term], Term]:
    return lambda u: u.number(1) / u.apply(operation)


def _step(u: Term) -> Term:
    positive = u.graph.apply("gt", u.node, ZERO)
    return Term(u.graph, u.graph.where(positive, ONE, ZERO), u.inputs)


_SAME = (
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp log sqrt abs sign erf erfc "
    "sigmoid relu floor ceil digamma lgamma i0 i1 j0 j1"
)
FUNCTIONS: dict[str, Callable[..., Term]] = {
    **{name: _applied(name) for name in _SAME.split()},
    **{f"arc{name[1:]}": _applied(name) for name in ("asin", "acos", "atan")},
    **{f"ar{name[1:]}": _applied(name) for name in ("asinh", "acosh", "atanh")},
    **{f"arc{name[1:]}": _applied(name) for name in ("asinh", "acosh", "atanh")},
    "tg": _applied("tan"), "ctg": _reciprocal("tan"), "arctg": _applied("atan"),
    "logistic": _applied("sigmoid"), "ceiling": _applied("ceil"),
    "ln": _applied("log"), "sgn": _applied("sign"), "σ": _applied("sigmoid"),
    "sigma": _applied("sigmoid"), "loggamma": _applied("lgamma"), "psi": _applied("digamma"),
    "cot": _reciprocal("tan"), "sec": _reciprocal("cos"), "csc": _reciprocal("sin"),
    "coth": _reciprocal("tanh"), "sech": _reciprocal("cosh"), "csch": _reciprocal("sinh"),
    "lg": lambda u: u.apply("log") / u.number(10).apply("log"),
    "log10": lambda u: u.apply("log") / u.number(10).apply("log"),
    "log2": lambda u: u.apply("log") / u.number(2).apply("log"),
    "step": _step, "heaviside": _step,
    "gamma": lambda u: u.apply("lgamma").apply("exp"),
    "cbrt": lambda u: u ** u.number(Fraction(1, 3)),
    "hypot": lambda a, b: (a**a.number(2) + b**b.number(2)).apply("sqrt"),
    **{name: lambda y, x: y.apply("atan2", x) for name in ("atan2", "arctan2")},
    **{name: lambda a, b: a.apply("max", b) for name in ("max", "maximum")},
    **{name: lambda a, b: a.apply("min", b) for name in ("min", "minimum")},
    "pow": lambda a, b: a**b, "polygamma": lambda n, x: n.apply("polygamma", x),
    "mod": lambda a, b: a.apply("mod", b),
}  # fmt: skip
INVERSES = {name: FUNCTIONS[f"a{name}"] for name in "sin cos tan sinh cosh tanh".split()}
