"""A limit on torch calls, for runs of the user's function away from its point.

NOTE [Endless loops]: `while error > 1e-12` ends at the point and need not end elsewhere. A run at
the point counts the calls of torch; one elsewhere that makes many times more is broken off. So is
one at the point that makes more than finite differences could ever afford.
"""

from __future__ import annotations

from typing import Any

from torch.overrides import TorchFunctionMode

from jacmagic.function.torch_internals import set_grad_enabled

# What the user's code may raise on tensors that are not ordinary numbers, or far from the point:
# anything, exceptions of its own and `sys.exit()` included. Not KeyboardInterrupt.
REFUSALS = (Exception, SystemExit)

MAX_CALL_RATIO = 16  # calls of torch away from the point, times those at it
SPARE_CALLS = 1_000  # more, for functions that make few at the point
MAX_CALLS = 2**15  # calls of torch in one run, beyond which a function is not asked again


class EndlessError(RuntimeError):
    """A function calls torch far more often than at its point, or too often there."""


class Counted(TorchFunctionMode):
    """Count the calls of torch, up to a limit."""

    def __init__(self, usual: int | None = None) -> None:
        """Count from 0.

        Args:
            usual: how many calls there are at the point; None for a run at the point itself.
        """
        super().__init__()
        self.calls = 0
        self._limit = MAX_CALLS if usual is None else MAX_CALL_RATIO * usual + SPARE_CALLS

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one call; what `torch.no_grad()` restores on its way out is never refused.

        Raises:
            EndlessError: it is one too many.
        """
        self.calls += 1
        if self.calls > self._limit and func is not set_grad_enabled:
            raise EndlessError(f"more than {self._limit} calls of torch in one run")
        return func(*args, **(kwargs or {}))
