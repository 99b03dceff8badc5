"""Deadlines in processor time, so that a busy machine seldom changes a result."""

from __future__ import annotations

import threading
import time

MAX_SLOWDOWN = 5  # of a busy machine: wall-clock seconds for each second that is computed


class Deadline:
    """The end of an allowance of seconds of the thread's own processor time.

    By the clock it lasts at most `MAX_SLOWDOWN` times as long: a function may sleep, and work may
    be handed to another thread.
    """

    def __init__(self, seconds: float) -> None:
        self._thread = threading.get_ident()
        self._computed = time.thread_time() + seconds
        self._clock = time.monotonic() + MAX_SLOWDOWN * seconds

    def is_over(self) -> bool:
        """Return whether the allowance is used up."""
        if threading.get_ident() == self._thread and time.thread_time() > self._computed:
            return True
        return time.monotonic() > self._clock
