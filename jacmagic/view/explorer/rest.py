"""What is done once sliders rest: not at every event, and never in the way of the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PAUSE = 0.15  # seconds without an event after which sliders rest


class Rest:
    """Calls back when nothing has happened for a while.

    The wait is counted in the kernel's loop from the end of each event. So a loop that is busy with
    events comes to it after the last of them.
    """

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._waiting: asyncio.TimerHandle | None = None

    @property
    def can_wait(self) -> bool:
        """Whether this code runs in a loop, which will come back later."""
        return asyncio._get_running_loop() is not None

    def soon(self) -> None:
        """Something has happened: wait from now on."""
        self.cancel()
        self._waiting = asyncio.get_running_loop().call_later(PAUSE, self._act)

    def cancel(self) -> None:
        """Wait for nothing any more."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
