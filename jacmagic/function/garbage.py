"""Python's garbage collector, kept from disturbing what allocates much and frees little."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Look for no cycles in the meantime: each search goes through all of torch's objects.

    It takes 0.1 s, up to a third of the first call of `compile`.
    """
    if was_on := gc.isenabled():
        gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
