"""Restore torch's mode stacks, gradient setting and profiler after an interrupt."""

from __future__ import annotations

import sys

import torch

from jacmagic.function import torch_internals as internals


class ModeStacks:
    """The modes, gradient setting and profiler of this thread, to be restored.

    NOTE [Interrupts between the lines]: a `with` statement that is interrupted in the very call
    that enters or leaves its mode leaves the mode on torch's stack, and every later operation of
    torch meets it. Restoring the stacks does not ask how far that call came. An interrupt may hit
    `restore` itself, at its first instruction; called a second time in a `finally`, it still runs.
    """

    def __init__(self) -> None:
        """Record the present state."""
        self._functions = internals.function_modes()
        self._dispatch = internals.dispatch_modes()
        self._flags = internals.mode_flags()
        self._grad = torch.is_grad_enabled()
        self._profile = sys.getprofile()

    def restore(self) -> None:
        """Restore the recorded state; nothing is done where it is unchanged."""
        if sys.getprofile() is not self._profile:
            sys.setprofile(self._profile)
        torch.set_grad_enabled(self._grad)
        while not _begins(internals.function_modes(), self._functions):
            internals.pop_function_mode()
        for mode in self._functions[len(internals.function_modes()) :]:
            internals.push_function_mode(mode)
        while not _begins(internals.dispatch_modes(), self._dispatch):
            internals.pop_dispatch_mode()
        for mode in self._dispatch[len(internals.dispatch_modes()) :]:
            internals.push_dispatch_mode(mode)
        internals.set_mode_flags(self._flags)


def _begins(stack: list, recorded: list) -> bool:
    """Whether a stack is a prefix of the recorded one."""
    return len(stack) <= len(recorded) and all(
        a is b for a, b in zip(stack, recorded, strict=False)
    )
