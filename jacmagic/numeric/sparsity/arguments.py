"""The arguments of a rule: an operation's, with the index sets of tensors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from jacmagic.numeric.sparsity.index_sets import CONSTANT


@dataclass(frozen=True)
class Operand:
    """A tensor argument as it was before the operation.

    Attributes:
        tensor: the numbers.
        ids: the sets its elements depend on, int64 in the tensor's shape.
    """

    tensor: torch.Tensor
    ids: np.ndarray

    @cached_property
    def vanishes(self) -> np.ndarray:
        """Where an element is the constant zero, which cancels a product's other factor."""
        zero = (self.tensor.detach() == 0).cpu().numpy()
        return zero & (self.ids == CONSTANT)


@dataclass(frozen=True)
class Call:
    """One operation that touches followed tensors.

    Attributes:
        name: the ATen operation, such as `avg_pool2d`.
        named: its arguments by the names of its schema; tensors as `Operand`, in lists too.
        outs: the tensors it returned.
    """

    name: str
    named: dict[str, Any]
    outs: tuple[torch.Tensor, ...]

    @property
    def tensors(self) -> list[Operand]:
        """The tensor arguments, those in lists included."""
        result: list[Operand] = []
        for value in self.named.values():
            for leaf in value if isinstance(value, list | tuple) else (value,):
                if isinstance(leaf, Operand):
                    result.append(leaf)
        return result
