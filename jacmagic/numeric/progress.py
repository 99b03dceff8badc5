"""A progress bar for what takes longer than a second; nothing at all for what does not."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

PATIENCE = 1.0  # seconds after which a reader wants to know


@contextlib.contextmanager
def progress(total: int) -> Iterator[Callable[[int], None]]:
    """Gives a function to be told how many of `total` passes are done.

    The bar is tqdm's, a widget in a notebook and a line in a terminal; it goes when the work is
    done or interrupted. tqdm is imported when the bar is first drawn.
    """
    bar: Any = None
    began = time.monotonic()

    def told(done: int) -> None:
        nonlocal bar
        if bar is not None:
            bar.update(done - bar.n)
        elif done < total and time.monotonic() - began > PATIENCE:
            from tqdm.auto import tqdm

            bar = tqdm(total=total, initial=done, desc="Jacobian", unit=" passes", leave=False)

    try:
        yield told
    finally:
        if bar is not None:
            bar.close()
