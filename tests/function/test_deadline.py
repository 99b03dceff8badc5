"""Deadlines count what a thread computes; the clock only bounds how long that may take."""

from __future__ import annotations

import threading
import time

import pytest

from jacmagic.function.deadline import MAX_SLOWDOWN, Deadline


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Return the thread's and the wall clock, in seconds, to be set at will."""
    now = {"thread": 0.0, "wall": 0.0}
    monkeypatch.setattr(time, "thread_time", lambda: now["thread"])
    monkeypatch.setattr(time, "monotonic", lambda: now["wall"])
    return now


def test_waiting_does_not_count(clocks: dict[str, float]) -> None:
    """On a busy machine a thread waits most of the time."""
    deadline = Deadline(2.0)
    clocks |= {"thread": 1.9, "wall": 1.9 * MAX_SLOWDOWN}
    assert not deadline.is_over()
    clocks["thread"] = 2.1
    assert deadline.is_over()


def test_the_clock_bounds_a_thread_that_sleeps(clocks: dict[str, float]) -> None:
    """A function that waits for something else is not waited for without end."""
    deadline = Deadline(2.0)
    clocks["wall"] = 2.1 * MAX_SLOWDOWN
    assert deadline.is_over()


def test_another_threads_time_is_not_compared(clocks: dict[str, float]) -> None:
    """Each thread counts its own time from its own start; only the clock is shared."""
    deadline, answers = Deadline(2.0), []
    clocks["thread"] = 100.0
    other = threading.Thread(target=lambda: answers.append(deadline.is_over()))
    other.start()
    other.join()
    assert answers == [False]
