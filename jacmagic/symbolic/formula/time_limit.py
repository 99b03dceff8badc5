"""Time limits for SymPy calls, which offer no cancellation point.

Some of SymPy's passes traverse a shared expression as a tree, and take exponentially long. Such a
call runs in a thread of its own, which an exception stops when its time is over. Nothing but that
call runs in the thread, so that the exception cannot surface in other code, whenever it arrives.
Seconds are those that a thread computes, where the system counts them: what fits on an idle machine
fits on a busy one.

NOTE [Low-level threads]
A `threading.Thread` is registered in a WeakSet, whose callback runs when the thread is freed. An
exception that arrives there, from the clock or from the user's Ctrl+C, is lost with a warning.
Therefore the thread is started by `_thread`, which keeps no such registry. SymPy and the standard
library have callbacks of their own, so that the exception is sent again until the thread has
ended, and `sys.unraisablehook`, which gets the lost ones, prints none of them.
"""

from __future__ import annotations

import _thread
import contextvars
import ctypes
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from jacmagic.function.deadline import MAX_SLOWDOWN, Deadline
from jacmagic.symbolic.graph import BudgetExceeded, Graph

T = TypeVar("T")
SECONDS_TO_END = 0.02  # until the exception is sent again: a few of Python's switches of threads
MAX_REPEATS = 50  # a single operation of C, which no exception stops, may take longer


@dataclass
class _Allowance:
    """Seconds left for all symbolic work of one display; None for no bound."""

    left: float | None


_CURRENT: contextvars.ContextVar[_Allowance | None] = contextvars.ContextVar(
    "jacmagic_allowance", default=None
)

_INSIDE: contextvars.ContextVar[bool] = contextvars.ContextVar("jacmagic_limited", default=False)


@contextmanager
def one_allowance(seconds: float | None) -> Iterator[None]:
    """Limit all symbolic work of a block together; an outer block's limit prevails."""
    if _CURRENT.get() is not None:
        yield
        return
    token = _CURRENT.set(_Allowance(seconds))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def seconds_left(seconds: float | None) -> float | None:
    """Return the limit of one piece of work: its own, or the rest of the display's."""
    allowance = _CURRENT.get()
    if allowance is None or allowance.left is None:
        return seconds
    return allowance.left if seconds is None else min(seconds, allowance.left)


@contextmanager
def counted() -> Iterator[None]:
    """Deduct the time that a block computes from the display's allowance."""
    started = time.thread_time()
    try:
        yield
    finally:
        _spend(time.thread_time() - started)


@contextmanager
def bounded(graph: Graph, seconds: float | None) -> Iterator[None]:
    """Let a graph grow for some seconds, or the rest of the display's; then `BudgetExceeded`."""
    left = seconds_left(seconds)
    graph.deadline = None if left is None else Deadline(left)
    try:
        with counted():
            yield
    finally:
        graph.deadline = None


def _spend(seconds: float) -> None:
    allowance = _CURRENT.get()
    if allowance is not None and allowance.left is not None:
        allowance.left = max(0.0, allowance.left - seconds)


class _TimeIsUp(SystemExit):
    """Exception that ends a call's thread silently; no `except Exception` catches it."""


def _silence_lost_exceptions() -> None:
    """Set `sys.unraisablehook`, unless it is set; see NOTE [Low-level threads]."""
    before = sys.unraisablehook
    if getattr(before, "omits_time_limits", False):
        return

    def hook(lost: sys.UnraisableHookArgs, /) -> None:
        if not issubclass(lost.exc_type, _TimeIsUp):
            before(lost)

    hook.omits_time_limits = True  # type: ignore[attr-defined]
    sys.unraisablehook = hook


class _Call:
    """A call in a thread of its own.

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
        self._ended = threading.Event()
        self._clock: int | None = None
        self._seconds: float | None = None
        self._thread: int | None = None
        self._stopped = False

    def run(self, seconds: float) -> None:
        """Run until the work ends or has computed for some seconds."""
        began, left = time.monotonic(), seconds
        _silence_lost_exceptions()
        try:
            context = contextvars.copy_context()
            _thread.start_new_thread(context.run, (self._run,))  # see NOTE [Low-level threads]
            while not self._over.wait(left):
                left = seconds - self.spent(time.monotonic() - began)
                if left <= 0 or time.monotonic() - began > MAX_SLOWDOWN * seconds:
                    break
        finally:
            self._stop()
        _spend(self.spent(time.monotonic() - began))

    def spent(self, elapsed: float) -> float:
        """Return the CPU seconds so far; elapsed seconds where the system counts none."""
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
            self._ended.set()
            return
        self._over.set()

    def _stop(self) -> None:
        """End the thread if it still runs; until then its identifier is not reused."""
        for _ in range(MAX_REPEATS):
            with self._lock:
                self._stopped = True
                if self.finished or self._thread is None or self._ended.is_set():
                    return
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread), ctypes.py_object(_TimeIsUp)
                )
            self._ended.wait(SECONDS_TO_END)


def limited(work: Callable[[], T], seconds: float | None) -> T:
    """Run SymPy work within a number of seconds and within the display's allowance.

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
        raise BudgetExceeded(f"it took longer than {bound:.2g} s" if bound else "no time was left")
    if call.error is not None:
        raise call.error
    result: T = call.result
    return result
