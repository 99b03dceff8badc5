"""A bound on time for work that SymPy does and nobody can divide.

Some of SymPy's passes walk a shared expression as a tree, and take exponentially long. The box is
closed by an exception raised in the working thread; it derives from `BaseException`, as code in
between may catch `Exception`. Works in any thread and on any system, for pure Python code.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from jacmagic.graph import BudgetExceeded


class _TimeIsUp(BaseException):
    """The box is closed."""


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Bound a block's time.

    Args:
        seconds: the bound; None for no bound.

    Raises:
        BudgetExceeded: if the time runs out.
    """
    if seconds is None:
        yield
        return
    thread, lock, done = threading.get_ident(), threading.Lock(), False

    def close() -> None:
        with lock:
            if not done:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread), ctypes.py_object(_TimeIsUp)
                )

    timer = threading.Timer(seconds, close)
    timer.daemon = True
    timer.start()
    try:
        try:
            yield
        finally:
            with lock:
                done = True
            timer.cancel()
    except _TimeIsUp:
        raise BudgetExceeded(f"it took longer than {seconds:g} s") from None
