"""Progress bar of differentiation passes, shown after a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

MIN_SECONDS_FOR_BAR = 1.0  # after which a reader wants to know


class progress:
    """Progress bar of `total` passes; entering it returns its update function.

    The bar is tqdm's, a widget in a notebook and a line in a terminal; it goes when the work is
    done or interrupted. tqdm is imported when the bar is first drawn.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._bar: Any = None

    def __enter__(self) -> Callable[[int], None]:
        self._began = time.monotonic()
        return self._advance

    def _advance(self, done: int) -> None:
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
        elif done < self._total and time.monotonic() - self._began > MIN_SECONDS_FOR_BAR:
            from tqdm.auto import tqdm

            self._bar = tqdm(
                total=self._total, initial=done, desc="Jacobian", unit=" passes", leave=False
            )

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
