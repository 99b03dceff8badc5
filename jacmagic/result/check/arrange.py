"""Arrangement of a returned matrix or nest of blocks as one matrix (m, n)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch

from jacmagic.errors import FunctionError
from jacmagic.result.core import JacobianResult

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Blocks:
    """The shapes that a Jacobian has to have.

    Attributes:
        outputs: the shape of each output leaf.
        inputs: the shape of each input.
        names: the outputs' keys and the inputs' names, where a mapping may hold blocks.
    """

    outputs: tuple[Shape, ...]
    inputs: tuple[Shape, ...]
    names: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @classmethod
    def of(cls, result: JacobianResult) -> Self:
        """Return the shapes of a result's blocks."""
        outputs, inputs = result.numbers.outputs, result.problem.inputs
        keys = tuple(".".join(map(str, path)) for path in outputs.paths)
        return cls(
            tuple(tuple(leaf.shape) for leaf in outputs.leaves),
            tuple(tuple(input_.value.shape) for input_ in inputs),
            (keys, tuple(input_.name for input_ in inputs)),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        return sum(map(math.prod, self.outputs)), sum(map(math.prod, self.inputs))


@dataclass(frozen=True)
class Arrangement:
    """The position in the flat leaves of each entry, (m, n); −1 is a zero that is not written.

    Attributes:
        index: integers (m, n).
        notes: what was read otherwise than as it stands.
        transposed: whether the matrix was given as (n, m).
    """

    index: np.ndarray
    notes: tuple[str, ...] = ()
    transposed: bool = False


def leaves_of(value: Any) -> Iterator[Any]:
    """Yield the leaves of a nest, in order."""
    value = _dense(value)
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from leaves_of(part)
    else:
        yield value


def _dense(value: Any) -> Any:
    """Return dense arrays for sparse ones, nested lists for SymPy's matrices."""
    if hasattr(value, "toarray"):
        return value.toarray()
    if getattr(value, "layout", torch.strided) != torch.strided:
        return value.to_dense()
    return value.tolist() if hasattr(value, "tolist") and hasattr(value, "free_symbols") else value


def real(value: Any) -> torch.Tensor:
    """Return a leaf as a real tensor, integers made float64.

    Raises:
        FunctionError: it is neither a number nor an array of numbers.
    """
    if isinstance(value, torch.Tensor):
        return value if value.is_floating_point() else value.double()
    try:
        if value is None:  # NumPy would read nan
            raise TypeError
        return torch.as_tensor(np.asarray(value, dtype=np.float64))
    except (TypeError, ValueError):
        raise FunctionError(
            f"expected numbers in the Jacobian; found {type(value).__name__}; "
            "return a matrix of numbers, outputs by inputs"
            + (", at the end of the function" if value is None else "")
        ) from None


def arrange(value: Any, result: JacobianResult) -> Arrangement:
    """Return how a value's leaves make the matrix (m, n).

    Args:
        value: a matrix, a nest of lists, blocks as torch returns them, or a mapping of these.
        result: the Jacobian that it is checked against.

    Raises:
        FunctionError: the value has another number of entries, or another structure.
    """
    nest, blocks = _Counter().numbered(value), Blocks.of(result)
    ways: list[Callable[[Any, Blocks], Arrangement | None]] = [_as_matrix, _as_blocks]
    several = len(blocks.inputs) > 1 or len(blocks.outputs) > 1
    if isinstance(value, (tuple, Mapping)) and several:
        ways.reverse()
    for way in ways:
        arrangement = way(nest, blocks)
        if arrangement is not None:
            return arrangement
    m, n = blocks.shape
    raise FunctionError(
        f"expected the Jacobian, {m} × {n}: outputs by inputs; found {_described(nest)}; "
        "return one row for each output"
    )


class _Counter:
    """Numbers for the components of the leaves, in order."""

    def __init__(self) -> None:
        self.count = 0

    def numbered(self, value: Any) -> Any:
        """Return the nest with each leaf's indices instead of its numbers."""
        value = _dense(value)
        if isinstance(value, Mapping):
            return {key: self.numbered(part) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.numbered(part) for part in value]
        shape = tuple(np.shape(value)) if not isinstance(value, torch.Tensor) else value.shape
        size = math.prod(shape)
        indices = np.arange(self.count, self.count + size).reshape(shape)
        self.count += size
        return indices if size != 1 else int(indices.reshape(()))


def _array(nest: Any) -> np.ndarray | None:
    """Return a nest as one array of indices; None where it is not rectangular."""
    if isinstance(nest, dict):
        return None
    try:
        array = np.array(nest)
    except ValueError:
        return None
    return array if array.dtype.kind == "i" else None


def _as_matrix(nest: Any, blocks: Blocks) -> Arrangement | None:
    array, (m, n) = _array(nest), blocks.shape
    if array is None:
        return None
    lone = array.size == m * n and 1 in (m, n) and array.ndim <= 2
    if array.shape == (m, n) or lone:  # a lone row may be given as a column
        return Arrangement(array.reshape(m, n))
    if array.shape == (n, m):
        return Arrangement(array.T, ("given as the transpose, inputs by outputs",), True)
    if array.size == m * n and _squeezed(array.shape) == _squeezed(_whole(blocks)):
        return Arrangement(array.reshape(m, n))
    if array.shape == (m,) and m == n:
        index = np.full((m, n), -1)
        np.fill_diagonal(index, array)
        return Arrangement(index, ("read as the diagonal of the matrix",))
    return None


def _whole(blocks: Blocks) -> Shape:
    """Return the shape of the only block; nothing of several."""
    lone = len(blocks.outputs) == len(blocks.inputs) == 1
    return (*blocks.outputs[0], *blocks.inputs[0]) if lone else (-1,)


def _squeezed(shape: Sequence[int]) -> Shape:
    return tuple(size for size in shape if size != 1)


def _as_blocks(nest: Any, blocks: Blocks) -> Arrangement | None:
    """Read torch's structure: outputs by inputs, a level of one part left out or not."""
    rows = _parts(nest, len(blocks.outputs), blocks.names[0])
    if rows is None:
        return None
    lines = []
    for row, output in zip(rows, blocks.outputs, strict=True):
        parts = _parts(row, len(blocks.inputs), blocks.names[1])
        cells = [] if parts is None else list(map(_array, parts))
        sizes = [math.prod(output) * math.prod(input_) for input_ in blocks.inputs]
        if not cells or [-1 if cell is None else cell.size for cell in cells] != sizes:
            return None
        shapes = [(math.prod(output), math.prod(input_)) for input_ in blocks.inputs]
        lines.append(np.hstack([cell.reshape(s) for cell, s in zip(cells, shapes, strict=True)]))  # type: ignore[union-attr]  # sizes are equal
    return Arrangement(np.vstack(lines))


def _parts(nest: Any, count: int, names: Sequence[str]) -> list[Any] | None:
    """Return one part for each output or input."""
    if isinstance(nest, dict) and set(nest) == set(names):
        return [nest[name] for name in names]
    if count == 1:
        lone = isinstance(nest, list) and len(nest) == 1 and isinstance(nest[0], (list, dict))
        return [nest[0] if lone else nest]
    if isinstance(nest, np.ndarray) and nest.ndim and len(nest) == count:
        return list(nest)
    return nest if isinstance(nest, list) and len(nest) == count else None


def _described(nest: Any) -> str:
    """Return what was given, for a message."""
    array = _array(nest)
    if array is not None:
        return f"an array of shape {array.shape}" if array.ndim else "one number"
    return f"{len(nest)} parts"
