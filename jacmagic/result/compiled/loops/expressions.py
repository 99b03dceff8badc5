"""Expressions of many components at once: one formula, and for each component its operands.

An expression stands for P numbers that are computed alike. Its leaves say where each of the P
finds its operand: a constant, or a place in a buffer. The components of a tensor that are computed
by several formulas are pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from torch import fx

from jacmagic.result.compiled.obstacles import NotCompiled

CONSTANT, LOAD = "constant", "load"
_UNITS = {"add": 0.0, "sub": 0.0, "mul": 1.0, "div": 1.0}  # right operands that change nothing


@dataclass(frozen=True, eq=False)
class Expression:
    """One formula of P components.

    Attributes:
        operation: of the graph's vocabulary, `CONSTANT` or `LOAD`.
        operands: expressions of as many components.
        data: of a constant its numbers (P,), or (1,) where they are equal; of a load the indices.
        buffer: what a load reads from.
    """

    operation: str
    operands: tuple[Expression, ...] = ()
    data: np.ndarray = field(default_factory=lambda: np.zeros(0))
    buffer: str = ""

    @cached_property
    def key(self) -> int:
        """Equal for expressions that differ only in the data of their leaves."""
        return hash((self.operation, self.buffer, *(operand.key for operand in self.operands)))

    @property
    def number(self) -> float | None:
        """The number that this is for all components, if it is one."""
        return float(self.data[0]) if self.operation == CONSTANT and len(self.data) == 1 else None

    @property
    def parts(self) -> list[Expression]:
        """All that it is made of, itself included, each once."""
        parts, waiting, seen = list[Expression](), [self], set[int]()
        while waiting:
            part = waiting.pop()
            if id(part) not in seen:
                seen.add(id(part))
                waiting += part.operands
                parts.append(part)
        return parts

    @property
    def leaves(self) -> list[Expression]:
        """The constants and loads among its parts."""
        return [part for part in self.parts if not part.operands]

    @property
    def count(self) -> int:
        """How many operations compute a component."""
        return len(self.parts) - len(self.leaves)


def constant(numbers: np.ndarray | float) -> Expression:
    """Return numbers (P,) as an expression."""
    numbers = np.atleast_1d(np.asarray(numbers, dtype=np.float64))
    same = len(numbers) > 1 and bool((numbers == numbers[0]).all())
    return Expression(CONSTANT, data=numbers[:1] if same else numbers)


ZERO = constant(0.0)


def load(buffer: str, indices: np.ndarray) -> Expression:
    """Return components of a buffer as an expression."""
    return Expression(LOAD, data=indices, buffer=buffer)


def operation(name: str, *operands: Expression) -> Expression:
    """Return an operation on expressions, without those that change nothing.

    A factor 0 is one: entries of J are zero where their pass has no seed, whatever it meets.
    """
    numbers = [operand.number for operand in operands]
    if len(operands) == 2:
        if name in ("add", "mul") and numbers[0] == _UNITS[name]:
            return operands[1]
        if numbers[1] is not None and numbers[1] == _UNITS.get(name):
            return operands[0]
        if name == "mul" and 0.0 in numbers:
            return ZERO
    if name == "pow":
        return _power(operands[0], operands[1])
    return Expression(name, operands)


def _power(base: Expression, exponent: Expression) -> Expression:
    """Small whole powers by multiplication, as torch does."""
    number = exponent.number
    if number in (1.0, 2.0, 3.0):
        square = base if number == 1.0 else operation("mul", base, base)
        return operation("mul", square, base) if number == 3.0 else square
    if number in (-1.0, -2.0):
        return operation("div", constant(1.0), _power(base, constant(-number)))
    return Expression("pow", (base, exponent))


def taken(expression: Expression, positions: np.ndarray) -> Expression:
    """Return some of an expression's components, in the order of `positions`."""

    def leaf(same: Sequence[Expression]) -> Expression:
        first = same[0]
        if first.operation == LOAD:
            return load(first.buffer, first.data[positions])
        return first if len(first.data) == 1 else constant(first.data[positions])

    return rebuilt([expression], leaf)


def joined(expressions: Sequence[Expression], counts: Sequence[int]) -> Expression:
    """Return expressions of equal keys as one, their components one after the other."""
    if len(expressions) == 1:
        return expressions[0]

    def leaf(same: Sequence[Expression]) -> Expression:
        data = [
            np.broadcast_to(expression.data, (count,))
            if expression.operation == CONSTANT
            else expression.data
            for expression, count in zip(same, counts, strict=True)
        ]
        both = np.concatenate(data)
        return constant(both) if same[0].operation == CONSTANT else load(same[0].buffer, both)

    return rebuilt(expressions, leaf)


def rebuilt(
    roots: Sequence[Expression], leaf: Callable[[Sequence[Expression]], Expression]
) -> Expression:
    """Return expressions of equal keys as one with other leaves; shared parts stay shared.

    Args:
        roots: walked side by side.
        leaf: from the leaves at one place to the new one.
    """
    done: dict[tuple[int, ...], Expression] = {}

    def walk(same: Sequence[Expression]) -> Expression:
        key = tuple(map(id, same))
        if key not in done:
            first = same[0]
            parts = zip(*(expression.operands for expression in same), strict=True)
            done[key] = (
                Expression(first.operation, tuple(map(walk, parts)))
                if first.operands
                else leaf(same)
            )
        return done[key]

    return walk(roots)


# ── pieces ────────────────────────────────────────────────────────────────────────────────────

MAX_FORMULAS = 64  # different formulas among the components of one tensor

Pieces = list[tuple[np.ndarray, Expression]]  # positions, increasing, and their numbers


def looked_up(
    pieces: Callable[[fx.Node, np.ndarray], Pieces], tensor: fx.Node, at: np.ndarray
) -> Callable[[np.ndarray], Pieces]:
    """Return `pieces` of some of the positions `at` in a tensor, for `combined`."""
    return lambda where: pieces(tensor, at[where])


def added(parts: list[Expression]) -> Expression:
    """Return the sum of some expressions."""
    total = parts[0]
    for part in parts[1:]:
        total = operation("add", total, part)
    return total


def multiplied(parts: list[Expression]) -> Expression:
    """Return the product of one or two expressions."""
    return parts[0] if len(parts) == 1 else operation("mul", parts[0], parts[1])


def combined(
    count: int,
    operands: Sequence[Callable[[np.ndarray], Pieces]],
    build: Callable[[list[Expression]], Expression],
) -> Pieces:
    """Return expressions of operands, each of which may consist of several pieces."""
    pieces: list[tuple[np.ndarray, list[Expression]]] = [(np.arange(count), [])]
    for operand in operands:
        pieces = [
            (where[inner], [_some(part, inner, len(where)) for part in parts] + [piece])
            for where, parts in pieces
            for inner, piece in operand(where)
        ]
    return grouped([(where, build(parts)) for where, parts in pieces])


def _some(expression: Expression, positions: np.ndarray, count: int) -> Expression:
    """Return components at increasing positions out of `count`."""
    return expression if len(positions) == count else taken(expression, positions)


def grouped(pieces: Pieces) -> Pieces:
    """Join pieces of one formula."""
    groups: dict[int, Pieces] = {}
    for where, expression in pieces:
        groups.setdefault(expression.key, []).append((where, expression))
    if len(groups) > MAX_FORMULAS:
        raise NotCompiled("its components have too many different formulas")
    return [group[0] if len(group) == 1 else _in_one(group) for group in groups.values()]


def _in_one(group: Pieces) -> tuple[np.ndarray, Expression]:
    where = np.concatenate([part for part, _ in group])
    both = joined([expression for _, expression in group], [len(part) for part, _ in group])
    order = np.argsort(where, kind="stable")
    return where[order], taken(both, order)
