"""Close the widgets of a cell's earlier run, which would stay in the kernel for good.

Jupyter names the cell of a request; where a front end does not, cells of equal text are one cell.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

MAX_CELLS = 500  # whose results are remembered: more than notebooks have


class Reruns:
    """Weak references to the last results of the notebook's cells."""

    def __init__(self) -> None:
        """Begin without results."""
        self._results: dict[tuple[str, int], weakref.ref[Any]] = {}
        self._run: Callable[[], object] = lambda: None
        self._calls = 0

    def replace(self, shell: InteractiveShell, text: str, result: object) -> None:
        """Close the widget that the same cell showed before, unless it is shown elsewhere.

        Args:
            shell: runs the cell.
            text: of the cell, its key where the front end sends no identifier.
            result: the cell's new result.
        """
        if getattr(shell, "kernel", None) is None:
            return
        run = getattr(shell.displayhook, "exec_result", None)
        if run is None or self._run() is not run:
            self._run, self._calls = (lambda: None) if run is None else weakref.ref(run), 0
        self._calls += 1
        key = (_cell(shell) or text, self._calls)
        reference = self._results.pop(key, None)
        before = reference() if reference is not None else None
        if before is not None:
            _close(before)
        self._results[key] = weakref.ref(result)
        while len(self._results) > MAX_CELLS:
            del self._results[next(iter(self._results))]


def _cell(shell: Any) -> str | None:
    """Return the identifier that the front end sends for the running cell."""
    parent = shell.kernel.get_parent() if hasattr(shell.kernel, "get_parent") else None
    metadata = parent.get("metadata") if isinstance(parent, dict) else None
    name = metadata.get("cellId") if isinstance(metadata, dict) else None
    return str(name) if name else None


def _close(result: object) -> None:
    widget = vars(result).pop("displayed", None)
    if widget is not None and not (widget.is_followed or widget.is_shown_elsewhere):
        from jacmagic.view import export

        export.close(widget)
