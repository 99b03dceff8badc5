"""Machine code of one program, called on tensors: at one point, or at many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor


class Counted(Protocol):
    """A program of which there is machine code for one point.

    Attributes:
        sizes: the number of components of each input.
        entries: how many entries of J.
        values: m, how many are components of the function's value.
    """

    @property
    def sizes(self) -> tuple[int, ...]: ...
    @property
    def entries(self) -> int: ...
    @property
    def values(self) -> int: ...


NUMPY = {"double": np.float64, "float": np.float32}
TYPES = {torch.float64: "double", torch.float32: "float"}


class Kernel:
    """Machine code of one program.

    Attributes:
        program: what it computes.
        by: which compiler wrote it.
        run: `(J, y, x0, ...)` of addresses: status of one point, 0 where the program holds.
        matrix: from a tuple of floats and arrays to the array of entries, or None for other inputs
            and where the program does not hold; None where Python's interface is not at hand.
    """

    def __init__(
        self,
        program: Counted,
        by: str,
        run: Callable[..., int],
        loop: Callable[..., Any],
        matrix: Callable[[tuple[Any, ...]], np.ndarray | None] | None = None,
        holder: Any = None,
        backend: str = "native",
    ) -> None:
        """Hold the functions.

        Args:
            program: what they compute.
            by: which compiler wrote them.
            run: one point.
            loop: `(k, J, y, status, x0, ...)` of addresses: k points.
            matrix: one point, from Python's own numbers and arrays.
            holder: what keeps the code in memory, if the functions do not.
            backend: where the program comes from.
        """
        self.program, self.by, self.run, self.matrix = program, by, run, matrix
        self._loop, self._holder, self.backend = loop, holder, backend

    def __call__(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor] | None:
        """Entries and values at one point; None where the program does not hold there."""
        x = [tensor.contiguous() for tensor in tensors]
        entries = torch.empty(self.program.entries, dtype=result_type(x))
        values = torch.empty(self.program.values, dtype=torch.float64)
        addresses = [tensor.data_ptr() for tensor in (entries, values, *x)]
        return (entries, values) if self.run(*addresses) == 0 else None

    def entries(self, tensors: Sequence[Tensor]) -> Tensor | None:
        """Return the entries at one point; None where the program does not hold there."""
        x = [tensor.contiguous() for tensor in tensors]
        entries = torch.empty(self.program.entries, dtype=result_type(x))
        addresses = [tensor.data_ptr() for tensor in x]
        return entries if self.run(entries.data_ptr(), 0, *addresses) == 0 else None

    def batch(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor, np.ndarray]:
        """Entries (k, entries), values (k, m), and where the program holds (k,)."""
        x = [tensor.contiguous() for tensor in tensors]
        count = len(x[0])
        entries = torch.empty(count, self.program.entries, dtype=result_type(x))
        values = torch.empty(count, self.program.values, dtype=torch.float64)
        status = np.empty(count, dtype=np.intc)
        e, v, *addresses = [tensor.data_ptr() for tensor in (entries, values, *x)]
        self._loop(count, e, v, status.ctypes.data, *addresses)
        return entries, values, status == 0


def result_type(tensors: Sequence[Tensor]) -> torch.dtype:
    """Return the dtype of a Jacobian by some inputs: the widest of theirs."""
    dtype = tensors[0].dtype
    for tensor in tensors[1:]:
        dtype = torch.promote_types(dtype, tensor.dtype)
    return dtype
