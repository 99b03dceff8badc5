"""Stages of a lowered computation: components of buffers, sums and products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jacmagic.result.compiled.loops.expressions import CONSTANT, LOAD, Expression
from jacmagic.result.compiled.loops.pieces import Pieces


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


@dataclass(frozen=True)
class Product:
    """Products of matrices, (batch, rows, terms) by (batch, terms, columns).

    Attributes:
        buffer: what is written.
        left: where the left ones are read, contiguously.
        right: the same of the right ones.
        sizes: (batch, rows, terms, columns).
    """

    buffer: str
    left: Expression
    right: Expression
    sizes: tuple[int, int, int, int]

    @property
    def reads(self) -> set[str]:
        """The buffers that are read."""
        return buffers_of(self.left) | buffers_of(self.right)


Stage = Fill | Sum | Product


def buffers_of(expression: Expression) -> set[str]:
    """Return the buffers that an expression reads."""
    found, waiting, seen = set[str](), [expression], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            waiting += one.operands
            if one.operation == LOAD:
                found.add(one.buffer)
    return found


def fill(buffer: str, pieces: Pieces, size: int, columns: int) -> Fill:
    """Return the stage that writes pieces, constants apart from the others."""
    template, others = np.zeros(size), []
    for where, one in pieces:
        if one.operation == CONSTANT:
            template[where] = one.data
        else:
            others.append((where, one))
    return Fill(buffer, others, template, columns)
