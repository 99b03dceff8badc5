"""Work that takes too long ends, wherever the exception that ends it arrives."""

from __future__ import annotations

import sys
import threading
import time
import weakref
from collections.abc import Callable

import pytest

from jacmagic.symbolic.formula.time_limit import limited
from jacmagic.symbolic.graph import BudgetExceeded


class Dropped:
    """An object that only weak references refer to."""


def busy(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def drops_objects(ended: threading.Event) -> Callable[[], None]:
    """Return work that spends most of its time in callbacks of weak references."""

    def work() -> None:
        try:
            for _ in range(400):
                dropped = Dropped()
                reference = weakref.ref(dropped, lambda _: busy(0.15))
                del dropped
                assert reference() is None
                busy(0.05)
        finally:
            ended.set()

    return work


def test_a_callback_does_not_swallow_the_end() -> None:
    """The thread ends soon, long before its 80 s of work, and nothing is reported as unraisable."""
    ended = threading.Event()
    with pytest.raises(BudgetExceeded, match="it took longer than"):
        limited(drops_objects(ended), 0.1)
    assert ended.wait(20)


def test_other_lost_exceptions_are_reported_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hook that was set gets them, and is wrapped once."""
    seen: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: seen.append(lost.exc_type))
    assert limited(lambda: 1, 1.0) == 1
    wrapped = sys.unraisablehook
    assert limited(lambda: 2, 1.0) == 2
    assert sys.unraisablehook is wrapped
    dropped = Dropped()
    reference = weakref.ref(dropped, lambda _: 1 / 0)
    del dropped
    assert reference() is None and seen == [ZeroDivisionError]
