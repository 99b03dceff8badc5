"""Debounce: a call once sliders rest, instead of one for every event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

SECONDS_OF_REST = 0.15  # without an event: longer than between two events of a drag


class Debounce:
    """A callback that runs when no event has come for a while.

    The time is counted in the kernel's loop from the end of each event, so that a loop that is busy
    with events runs it after the last of them.
    """

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._waiting: asyncio.TimerHandle | None = None

    @property
    def has_loop(self) -> bool:
        """Whether an event loop runs, which can call later."""
        return asyncio._get_running_loop() is not None

    def restart(self) -> None:
        """Start the time anew."""
        self.cancel()
        self._waiting = asyncio.get_running_loop().call_later(SECONDS_OF_REST, self._act)

    def cancel(self) -> None:
        """Drop the call that is due."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
