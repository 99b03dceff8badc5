"""Values that Python takes out of tensors while they are traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from jacmagic.function.torch_internals import without_dispatch_modes, without_transforms
from jacmagic.result.compiled.obstacles import NotCompiled

# Methods that give Python a value to decide by, and those that read memory past the dispatcher.
_READS = frozenset(
    getattr(Tensor, name)
    for name in "__bool__ __int__ __index__ __float__ __complex__ numpy __array__ tolist data_ptr "
    "storage untyped_storage __dlpack__ __deepcopy__ __reduce_ex__".split()
)
_CUMPROD = frozenset({torch.cumprod, Tensor.cumprod})
_SHOWS = frozenset({Tensor.__repr__, Tensor.__format__})


class ValueReads(TorchFunctionMode):
    """Refuses methods that take values out of tensors that depend on the inputs.

    The derivative of `cumprod` looks for zeros in its input; that of its parts does not.
    """

    def __init__(self, depends: Callable[[Any], bool], cumprod: Callable[..., Any] | None) -> None:
        """Begin.

        Args:
            depends: whether a value is a tensor that depends on the inputs.
            cumprod: the decomposition of `cumprod`, if there is one.
        """
        super().__init__()
        self._depends, self._cumprod = depends, cumprod

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func in _CUMPROD and not kwargs and self._cumprod is not None:
            return self._cumprod(*args)
        if func in _SHOWS:
            with without_dispatch_modes():
                return func(*args, **(kwargs or {}))
        if func in _READS and self._depends(without_transforms(args[0])):
            raise NotCompiled("a value decides what is computed (an `if`, a loop or an index)")
        return func(*args, **(kwargs or {}))
