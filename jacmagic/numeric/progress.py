"""A progress bar for what takes longer than a second; nothing at all for what does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 1.0  # seconds after which a reader wants to know


class progress:
    """Gives a function to be told how many of `total` passes are done.

    The bar is tqdm's, a widget in a notebook and a line in a terminal; it goes when the work is
    done or interrupted. tqdm is imported when the bar is first drawn.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._bar: Any = None

    def __enter__(self) -> Callable[[int], None]:
        self._began = time.monotonic()
        return self._told

    def _told(self, done: int) -> None:
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
        elif done < self._total and time.monotonic() - self._began > PATIENCE:
            from tqdm.auto import tqdm

            self._bar = tqdm(
                total=self._total, initial=done, desc="Jacobian", unit=" passes", leave=False
            )

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
