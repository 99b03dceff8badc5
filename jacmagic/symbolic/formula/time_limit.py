"""Time limits for SymPy calls that offer no cancellation point, and one allowance for a display.

Some of SymPy's passes traverse a shared expression as a tree, and take exponentially long. Such a
call runs in a thread of its own, which an exception stops when its time is over. Nothing but that
call runs in the thread, so that the exception cannot surface in other code, whenever it arrives.
Seconds are those that a thread computes, where the system counts them: what fits on an idle machine
fits on a busy one.

NOTE [Low-level threads]
A `threading.Thread` is registered in a WeakSet, whose callback runs when the thread is freed. An
exception that arrives there, from the clock or from the user's Ctrl+C, is lost with a warning.
Therefore the thread is started by `_thread`, which keeps no such registry.
"""

from __future__ import annotations

import _thread
import contextvars
import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from jacmagic.symbolic.graph import BudgetExceeded

T = TypeVar("T")


@dataclass
class _Allowance:
    """Seconds that all symbolic work of one display may still take; None for no bound."""

    left: float | None


_CURRENT: contextvars.ContextVar[_Allowance | None] = contextvars.ContextVar(
    "jacmagic_allowance", default=None
)

_BUSY = 5  # times longer than on an idle machine a call may take
_INSIDE: contextvars.ContextVar[bool] = contextvars.ContextVar("jacmagic_limited", default=False)


@contextmanager
def one_allowance(seconds: float | None) -> Iterator[None]:
    """Let all symbolic work of a block take so many seconds together; an outer block decides."""
    if _CURRENT.get() is not None:
        yield
        return
    token = _CURRENT.set(_Allowance(seconds))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def seconds_left(seconds: float | None) -> float | None:
    """Return the bound for one piece of symbolic work: its own, or what is left for the display."""
    allowance = _CURRENT.get()
    if allowance is None or allowance.left is None:
        return seconds
    return allowance.left if seconds is None else min(seconds, allowance.left)


@contextmanager
def counted() -> Iterator[None]:
    """Take the time that a block computes from the display's allowance."""
    started = time.thread_time()
    try:
        yield
    finally:
        _spend(time.thread_time() - started)


def _spend(seconds: float) -> None:
    allowance = _CURRENT.get()
    if allowance is not None and allowance.left is not None:
        allowance.left = max(0.0, allowance.left - seconds)


class _TimeIsUp(SystemExit):
    """Ends the thread of a call, without a word; code in between may catch `Exception`."""


class _Call:
    """One call in a thread of its own.

    Attributes:
        finished: whether it came to an end by itself.
        result: what it returned.
        error: what it raised, or None.
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        """Nothing runs yet."""
        self.finished = False
        self.result: Any = None
        self.error: Exception | None = None
        self._work, self._lock, self._over = work, threading.Lock(), threading.Event()
        self._clock: int | None = None
        self._seconds: float | None = None
        self._thread: int | None = None
        self._stopped = False

    def run(self, seconds: float) -> None:
        """Begin, and wait for the end, until the work has computed for some seconds."""
        began, left = time.monotonic(), seconds
        try:
            context = contextvars.copy_context()
            _thread.start_new_thread(context.run, (self._run,))  # see NOTE [Low-level threads]
            while not self._over.wait(left):
                left = seconds - self.spent(time.monotonic() - began)
                if left <= 0 or time.monotonic() - began > _BUSY * seconds:
                    break
        finally:
            self._stop()
        _spend(self.spent(time.monotonic() - began))

    def spent(self, elapsed: float) -> float:
        """The seconds computed so far; those elapsed, where the system does not count them."""
        if self._seconds is not None:
            return self._seconds
        try:
            return elapsed if self._clock is None else time.clock_gettime(self._clock)
        except OSError:  # the thread has ended
            return elapsed

    def _run(self) -> None:
        with self._lock:
            if self._stopped:
                return
            self._thread = threading.get_ident()
        _INSIDE.set(True)
        if hasattr(time, "pthread_getcpuclockid"):
            self._clock = time.pthread_getcpuclockid(threading.get_ident())
        try:
            try:
                self.result = self._work()
            except Exception as error:  # noqa: BLE001 - handed on to the thread that waits
                self.error = error
            self._seconds = time.thread_time()
            with self._lock:
                self.finished = True
        except _TimeIsUp:
            return
        self._over.set()

    def _stop(self) -> None:
        """End the thread, if it still runs: until it has finished, its identifier is its own."""
        with self._lock:
            self._stopped = True
            if not self.finished and self._thread is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread), ctypes.py_object(_TimeIsUp)
                )


def limited(work: Callable[[], T], seconds: float | None) -> T:
    """Do some work of SymPy's within a number of seconds, and within the display's allowance.

    Args:
        work: pure Python; whatever it raises is raised here.
        seconds: the bound; None for no bound. Within limited work, the bound of that holds alone.

    Raises:
        BudgetExceeded: if the time runs out.
    """
    bound = seconds_left(seconds)
    if bound is None or _INSIDE.get():
        return work()
    call = _Call(work)
    call.run(bound)
    if not call.finished:
        raise BudgetExceeded(f"it took longer than {bound:.2g} s")
    if call.error is not None:
        raise call.error
    result: T = call.result
    return result
