"""The parts of a function to write, before a language gives it a frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Pattern:
    """The pattern of a sparse matrix in compressed rows (CSR).

    Attributes:
        shape: (m, n).
        pointers: for each row where its entries begin, and the number of all; m + 1 numbers.
        columns: the column of each entry.
    """

    shape: tuple[int, int]
    pointers: tuple[int, ...]
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Argument:
    """An input of a function.

    Attributes:
        name: its identifier.
        shape: of the tensor; () for a number.
        first: how its first component is written.
    """

    name: str
    shape: Shape
    first: str

    @property
    def size(self) -> int:
        """The number of components."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Function:
    """A function of straight-line code.

    Attributes:
        name: its identifier.
        arguments: the inputs.
        comment: lines that describe it.
        constants: identifier and number of each named constant.
        statements: the body, one assignment each.
        values: the components of the function's value; None if it is not wanted.
        entries: the entries of the matrix: all m·n row by row, or those of `pattern`.
        shape: (m, n).
        pattern: where the entries of a sparse matrix are; None for a dense one.
        results: identifiers of value and matrix.
    """

    name: str
    arguments: tuple[Argument, ...]
    comment: tuple[str, ...]
    constants: tuple[tuple[str, str], ...]
    statements: tuple[str, ...]
    values: tuple[str, ...] | None
    entries: tuple[str, ...]
    shape: tuple[int, int]
    pattern: Pattern | None
    results: tuple[str, str]

    @cached_property
    def rows(self) -> list[Sequence[str]]:
        """The entries of a dense matrix by rows."""
        m, n = self.shape
        return [self.entries[i * n : i * n + n] for i in range(m)]

    @property
    def indexes(self) -> dict[str, tuple[int, ...]]:
        """The index arrays of a sparse matrix by their suffix; none for a dense one."""
        if self.pattern is None:
            return {}
        return {"row_pointers": self.pattern.pointers, "columns": self.pattern.columns}
