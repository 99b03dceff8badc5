"""The closures of copied functions: new cells, written back when the call ends."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Any

from jacmagic.function.interop.replacements import Replacements

_MISSING = object()


class Cells:
    """The cells of copied functions, by the cells that they copy."""

    def __init__(self, scope: Replacements) -> None:
        self._scope = scope
        # by identity: the user's cell, the copy, and the value that the copy was filled with
        self._cells: dict[int, tuple[types.CellType, types.CellType, Any]] = {}

    def copies(self, closure: Sequence[types.CellType]) -> tuple[types.CellType, ...]:
        """Return the copies of a function's cells, which may still be empty."""
        for cell in closure:
            if id(cell) not in self._cells:
                self._cells[id(cell)] = (cell, types.CellType(), _MISSING)
        return tuple(self._cells[id(cell)][1] for cell in closure)

    def fill(self, cell: types.CellType, name: str) -> None:
        """Put the replacement of a cell's value into its copy."""
        old, new, put = self._cells[id(cell)]
        if put is _MISSING:
            try:
                new.cell_contents = self._scope.of(old.cell_contents, name)
            except ValueError:  # a name that is not bound yet
                return
            self._cells[id(cell)] = (old, new, new.cell_contents)

    def clear(self) -> None:
        """Release all cells."""
        self._cells.clear()

    def flush(self) -> None:
        """Write back to the user's cells what the function has rebound in their copies."""
        for old, new, put in self._cells.values():
            if put is not _MISSING and new.cell_contents is not put:
                old.cell_contents = self._scope.original(new.cell_contents)
