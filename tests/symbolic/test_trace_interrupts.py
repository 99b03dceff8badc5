"""A trace that is interrupted at any moment leaves torch as it found it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack
from traces import attempt, vector


def interrupted(function: Callable[[], Any], call: int) -> bool:
    """Run a function and raise KeyboardInterrupt as its n-th call begins; False if there is none.

    Python looks for interrupts where a call begins.
    """
    counter = itertools.count()

    def press(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and next(counter) == call:
            sys.settrace(None)
            raise KeyboardInterrupt

    tracing = sys.gettrace()
    sys.settrace(press)
    try:
        function()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(tracing)
    return False


class Outer(TorchFunctionMode):
    """A mode of the user's own around everything."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        return func(*args, **(kwargs or {}))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_at_any_call_leaves_no_mode_behind() -> None:
    """Torch's stacks of modes, gradients and the profiler are what they were before."""

    def once() -> None:
        attempt(lambda x: torch.sin(x) * torch.exp(x[0]) + x.contiguous(), vector(1.0, 2.0))

    once()
    with Outer() as outer:
        for call in itertools.count(0, 3):
            hit = interrupted(once, call)
            assert _get_current_function_mode_stack() == [outer], call
            assert _get_current_dispatch_mode_stack() == [], call
            assert torch.is_grad_enabled(), call
            assert sys.getprofile() is None, call
            if not hit:
                break
    assert call > 100
    assert torch.equal(torch.ones(1) * 3, torch.full((1,), 3.0))
