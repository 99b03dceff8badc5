"""Numbers that are written as text and read again.

`float(f"{x:.6g}")` cuts torch's graph without any call of torch's. The text of a traced tensor is
therefore a `str` that notices when Python makes a number of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


class NumberText(str):
    """The text of a traced number; reading it as a number is reported.

    Attributes:
        report: called before each reading.
        factor: what the numbers read are multiplied by: another one than 1 shows whether they
            matter.
    """

    report: Callable[[], None]
    factor: float

    def __float__(self) -> float:
        """Read the number."""
        self.report()
        return float(str.__str__(self)) * self.factor

    def __int__(self) -> int:
        """Read the integer."""
        self.report()
        return int(int(str.__str__(self)) * self.factor)


def text_of(
    function: Callable[..., Any], args: tuple[Any, ...], report: Callable[[], None], factor: float
) -> Any:
    """Format a traced tensor; one that stands for a bare number is shown as that."""
    value = args[0]
    bare = getattr(value, "is_bare_number", False) and function is not torch.Tensor.__format__
    shown = repr(value.item()) if bare else function(*args)
    text = NumberText(shown)
    text.report, text.factor = report, factor
    return text
