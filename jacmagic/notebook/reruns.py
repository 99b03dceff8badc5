"""Widgets of cells that run again: what a new result replaces is closed.

A widget that is never closed stays in the kernel for good. Jupyter names the cell of a request;
where a front end does not, cells of the same text are the same cell.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

MOST_CELLS = 500  # whose results are remembered


class Reruns:
    """The last result of each cell, held weakly, for as many cells as a notebook has."""

    def __init__(self) -> None:
        """Nothing has run yet."""
        self._results: dict[tuple[str, int], weakref.ref[Any]] = {}
        self._run: Callable[[], object] = lambda: None
        self._calls = 0

    def replace(self, shell: InteractiveShell, text: str, result: object) -> None:
        """Close what the same cell has shown before, unless it is on screen elsewhere.

        Args:
            shell: runs the cell.
            text: of the cell, where the front end does not name it.
            result: what the cell gives now.
        """
        if getattr(shell, "kernel", None) is None:
            return
        run = getattr(shell.displayhook, "exec_result", None)
        if run is None or self._run() is not run:
            self._run, self._calls = (lambda: None) if run is None else weakref.ref(run), 0
        self._calls += 1
        key = (_cell(shell) or text, self._calls)
        known = self._results.pop(key, None)
        before = known() if known is not None else None
        if before is not None:
            _close(before)
        self._results[key] = weakref.ref(result)
        while len(self._results) > MOST_CELLS:
            del self._results[next(iter(self._results))]


def _cell(shell: Any) -> str | None:
    """Return the name of the cell that runs, as the front end gives it."""
    parent = shell.kernel.get_parent() if hasattr(shell.kernel, "get_parent") else None
    metadata = parent.get("metadata") if isinstance(parent, dict) else None
    name = metadata.get("cellId") if isinstance(metadata, dict) else None
    return str(name) if name else None


def _close(result: object) -> None:
    widget = vars(result).pop("displayed", None)
    if widget is not None and not (widget.is_followed or widget.is_shown_elsewhere):
        from jacmagic.view import export

        export.close(widget)
