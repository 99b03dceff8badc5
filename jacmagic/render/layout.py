"""Numerator and denominator layout: a matrix as it is, or its transpose."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar

from jacmagic.errors import OptionError

T = TypeVar("T")
Blocks = tuple[Sequence[int], Sequence[int]]  # sizes of row blocks and of column blocks
NO_BLOCKS: Blocks = ((), ())


def cuts_of(sizes: Sequence[int]) -> set[int | None]:
    """Return the indices at which blocks begin; none where each is one line."""
    if max(sizes, default=0) <= 1:
        return set()
    return set(itertools.accumulate(sizes[:-1]))


def excerpt(count: int, most: int, head: int, tail: int) -> list[int | None]:
    """Return indices of rows: all up to `most`, else the first and the last around None."""
    if count <= most:
        return list(range(count))
    return [*range(head), None, *range(count - tail, count)]


class Layout(StrEnum):
    """How a Jacobian (m, n) is shown: outputs by inputs, or inputs by outputs.

    Example:
        >>> Layout("denominator").pair("output", "input")
        ('input', 'output')
    """

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"

    @classmethod
    def _missing_(cls, value: object) -> Layout:
        raise OptionError(
            f"expected the layout numerator or denominator; found {value!r}; "
            'write layout="denominator"'
        )

    @property
    def is_transposed(self) -> bool:
        """Whether inputs are rows."""
        return self is Layout.DENOMINATOR

    @property
    def other(self) -> Layout:
        """The other layout."""
        return Layout.NUMERATOR if self.is_transposed else Layout.DENOMINATOR

    @property
    def remark(self) -> str:
        """Text after a caption where the layout is not the usual one."""
        return " · denominator layout: ∂ of the columns by the rows" if self.is_transposed else ""

    def pair(self, output: T, input: T) -> tuple[T, T]:
        """Return what belongs to the rows and what belongs to the columns.

        The same call leads back: a shown cell (row, column) becomes (output, input).
        """
        return (input, output) if self.is_transposed else (output, input)

    def matrix(self, matrix: Any) -> Any:
        """Return a matrix (m, n) of any library as it is shown."""
        return matrix.T if self.is_transposed else matrix

    def flat_index(self, i: int, j: int, shape: tuple[int, int]) -> int:
        """Return the row-major index of entry (i, j) in the matrix that is shown."""
        m, n = shape
        return j * m + i if self.is_transposed else i * n + j
