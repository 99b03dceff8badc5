"""The parts of a function to write, before a language gives it a frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

Shape = tuple[int, ...]


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
        entries: the entries of the matrix row by row: all m·n, or those of a sparse one.
        shape: (m, n).
        indexes: of a sparse matrix in compressed rows (CSR), where rows begin and in which columns
            entries are, by the suffix of these arrays; empty for a dense one.
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
    indexes: dict[str, tuple[int, ...]]
    results: tuple[str, str]

    @cached_property
    def rows(self) -> list[Sequence[str]]:
        """The entries of a dense matrix by rows."""
        m, n = self.shape
        return [self.entries[i * n : i * n + n] for i in range(m)]
