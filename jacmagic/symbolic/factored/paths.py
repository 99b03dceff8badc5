"""A Jacobian as an expression of local Jacobians: sums over paths, products along them.

The derivative of one variable by another is a product where all paths between them pass through a
third, and else a sum with one term for each source. What occurs more than once has a name of its
own, as in dk₂/dx.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise


@dataclass(frozen=True)
class Local:
    """The local Jacobian of one variable by another, by their positions."""

    above: int
    below: int


@dataclass(frozen=True)
class Product:
    """A product of expressions, the outermost derivative first."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Sum:
    """A sum of expressions.

    Attributes:
        parts: the terms.
        above: the variable that is differentiated.
        below: by which.
    """

    parts: tuple[Expression, ...]
    above: int
    below: int


Expression = Local | Product | Sum
Sources = Mapping[int, Sequence[int]]  # of each variable, those that it is computed from


def derivative(sources: Sources, above: int, below: int) -> Expression | None:
    """Return the derivative of a variable by another one; None where it does not depend on it."""

    @cache
    def paths(top: int, bottom: int) -> int:
        if top == bottom:
            return 1
        return sum(paths(source, bottom) for source in sources.get(top, ()))

    @cache
    def between(top: int, bottom: int) -> Expression:
        terms = [source for source in sources[top] if paths(source, bottom)]
        if terms == [bottom]:
            return Local(top, bottom)
        direct = bottom in terms
        cuts = [
            source
            for source in sources
            if bottom < source < top
            and paths(top, source) * paths(source, bottom) == paths(top, bottom) - direct
        ]
        if cuts:
            ends = [top, *sorted(cuts, reverse=True), bottom]
            segments = tuple(between(a, b) for a, b in pairwise(ends))
            product = Product(segments)
            return Sum((Local(top, bottom), product), top, bottom) if direct else product
        return Sum(tuple(_after(Local(top, term), term, bottom) for term in terms), top, bottom)

    def _after(outer: Local, inner: int, bottom: int) -> Expression:
        if inner == bottom:
            return outer
        rest = between(inner, bottom)
        return Product((outer, *(rest.parts if isinstance(rest, Product) else (rest,))))

    return between(above, below) if paths(above, below) else None


def repeated(expressions: Sequence[Expression]) -> list[Sum]:
    """Return the sums that occur more than once, the innermost first."""
    uses: Counter[Sum] = Counter()

    def visit(expression: Expression) -> None:
        if isinstance(expression, Sum):
            uses[expression] += 1
            if uses[expression] > 1:
                return
        if not isinstance(expression, Local):
            for part in expression.parts:
                visit(part)

    for expression in expressions:
        visit(expression)
    return sorted(
        (total for total, count in uses.items() if count > 1), key=lambda total: total.above
    )


@dataclass(frozen=True)
class Writer:
    """How expressions are written.

    Attributes:
        local: a local Jacobian; c of c·I, and "" for the identity.
        is_scale: whether a local Jacobian is c·I.
        total: the name of a sum that has one, from two positions.
        identity: the identity where it is a term.
        times: between factors.
        brackets: around a sum that is a factor.
    """

    local: Callable[[Local], str]
    is_scale: Callable[[Local], bool]
    total: Callable[[int, int], str]
    identity: str
    times: str
    brackets: tuple[str, str]

    def write(self, expression: Expression, named: Sequence[Sum] = (), top: bool = True) -> str:
        """Return an expression as text.

        Args:
            expression: what to write.
            named: sums that are written by their names.
            top: whether even a named sum is written out.
        """
        if isinstance(expression, Sum):
            if not top and expression in named:
                return self.total(expression.above, expression.below)
            return " + ".join(self.write(part, named, top=False) for part in expression.parts)
        parts = expression.parts if isinstance(expression, Product) else (expression,)
        factors = [self._factor(part, named) for part in parts]
        if all(isinstance(part, Local) and self.is_scale(part) for part in parts):
            factors.append(self.identity)
        return self.times.join(factor for factor in factors if factor)

    def _factor(self, part: Expression, named: Sequence[Sum]) -> str:
        if isinstance(part, Local):
            return self.local(part)
        shown = self.write(part, named, top=False)
        if isinstance(part, Sum) and part not in named:
            return shown.join(self.brackets)
        return shown
