"""The base class of dispatch modes, and the thread state that they restore."""

from __future__ import annotations

import sys

import torch
from torch.overrides import _get_current_function_mode_stack
from torch.utils import _python_dispatch as dispatching
from torch.utils._python_dispatch import TorchDispatchMode

_FLAGS = (
    "_is_in_torch_dispatch_mode",
    "_is_in_non_infra_torch_dispatch_mode",
    "_is_in_any_mode_without_ignore_compile_internals",
)


class InterceptingMode(TorchDispatchMode):
    """A dispatch mode that does not load torch's compiler.

    Torch keeps its compiler from compiling what a mode does, and loads it for that: a second and a
    half before the first formula. What these modes do is never compiled.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False


class ModeStacks:
    """The modes, gradients and profilers of this thread, to be restored after a run.

    NOTE [Interrupts between the lines]: a `with` statement that is interrupted in the very call
    that enters or leaves its mode leaves the mode on torch's stack, and every later operation of
    torch meets it. Restoring the stacks does not ask how far that call came. An interrupt may hit
    `restore` itself, at its first instruction; called a second time in a `finally`, it still runs.
    """

    def __init__(self) -> None:
        """Remember the present state."""
        self._functions = _get_current_function_mode_stack()
        self._dispatch = dispatching._get_current_dispatch_mode_stack()
        self._flags = {name: getattr(dispatching, name, None) for name in _FLAGS}
        self._grad = torch.is_grad_enabled()
        self._profile = sys.getprofile()

    def restore(self) -> None:
        """Restore the saved state, where it has changed."""
        if sys.getprofile() is not self._profile:
            sys.setprofile(self._profile)
        torch._C._set_grad_enabled(self._grad)
        while not _begins(_get_current_function_mode_stack(), self._functions):
            torch._C._pop_torch_function_stack()
        for mode in self._functions[torch._C._len_torch_function_stack() :]:
            torch._C._push_on_torch_function_stack(mode)
        while not _begins(dispatching._get_current_dispatch_mode_stack(), self._dispatch):
            dispatching._pop_mode()
        for mode in self._dispatch[len(dispatching._get_current_dispatch_mode_stack()) :]:
            dispatching._push_mode(mode)
        for name, flag in self._flags.items():
            if flag is not None:
                setattr(dispatching, name, flag)


def _begins(stack: list, remembered: list) -> bool:
    """Whether a stack is a beginning of the remembered one."""
    return len(stack) <= len(remembered) and all(
        a is b for a, b in zip(stack, remembered, strict=False)
    )
