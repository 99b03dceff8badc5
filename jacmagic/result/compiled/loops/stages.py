"""Stages of a lowered computation: components of buffers, sums and calls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jacmagic.result.compiled.loops.expressions import CONSTANT, LOAD, Expression, Pieces


@dataclass(frozen=True)
class Fill:
    """Components of a buffer by expressions; the others are constants.

    Attributes:
        buffer: what is written.
        pieces: expressions, none of them constant, and where their components stand.
        template: the constants, (size,).
        columns: length of a row.
    """

    buffer: str
    pieces: Pieces
    template: np.ndarray
    columns: int

    @property
    def reads(self) -> set[str]:
        """The buffers that are read."""
        return {name for _, expression in self.pieces for name in buffers_of(expression)}

    def cost(self, sizes: dict[str, int]) -> float:
        """Return the number of operations, roughly, by the sizes of buffers."""
        return len(self.template) + sum(
            len(where) * expression.count for where, expression in self.pieces
        )


@dataclass(frozen=True)
class Sum:
    """Sums of rows: of an expression of `count` · `terms` components.

    Attributes:
        buffer: what is written, (count,).
        expression: all terms, row by row.
        count: how many sums.
        terms: how many terms each has.
        largest: take the largest term instead of the sum.
    """

    buffer: str
    expression: Expression
    count: int
    terms: int
    largest: bool

    @property
    def reads(self) -> set[str]:
        """The buffers that are read."""
        return buffers_of(self.expression)

    def cost(self, sizes: dict[str, int]) -> float:
        """Return the number of operations, roughly, by the sizes of buffers."""
        return self.count * self.terms * (1 + self.expression.count)


@dataclass(frozen=True)
class Call:
    """A call of a function on matrices.

    Attributes:
        buffer: what is written.
        function: its name, see `c_matrices`.
        operands: what is read, contiguously.
        arguments: numbers that follow.
        decides: whether it must not be left out, as torch may raise an error there.
    """

    buffer: str
    function: str
    operands: tuple[Expression, ...]
    arguments: tuple[float, ...]
    decides: bool

    @property
    def reads(self) -> set[str]:
        """The buffers that are read."""
        return set().union(*map(buffers_of, self.operands))

    def cost(self, sizes: dict[str, int]) -> float:
        """Return the number of operations, roughly, by the sizes of buffers."""
        return sizes[self.buffer] * self.arguments[2 if self.function == "products" else 1]


Stage = Fill | Sum | Call


def buffers_of(expression: Expression) -> set[str]:
    """Return the buffers that an expression reads."""
    return {leaf.buffer for leaf in expression.leaves if leaf.operation == LOAD}


def fill(buffer: str, pieces: Pieces, size: int, columns: int) -> Fill:
    """Return the stage that writes pieces, constants apart from the others."""
    template, others = np.zeros(size), []
    for where, expression in pieces:
        if expression.operation == CONSTANT:
            template[where] = expression.data
        else:
            others.append((where, expression))
    return Fill(buffer, others, template, columns)
