"""Explorers on screen: those of a cell's earlier runs are closed.

Notebooks send no message when an output is removed. JupyterLab and Notebook 7 name the cell of an
execution; elsewhere, cells with a magic and the same text are one cell, and of very many explorers
the oldest stay on screen but are followed no longer: the browser goes on by itself.

NOTE [Late messages]
Cells and sliders reach a kernel on different channels, so that a move of a slider or a press on
Reset may arrive after its cell has run again. An explorer that is replaced therefore stays open
until the cell runs once more, and hands later messages to its successor.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from jacmagic.errors import text_of

Explorer = Any  # of `jacmagic.view.explorer`, which imports this module

MAX_EXPLORERS = 64  # that the kernel follows: more than a notebook usually has


@dataclass(frozen=True)
class _Output:
    """One explorer in one output of a cell's execution, None where unknown."""

    cell: str | None
    execution: str | None
    explorer: Explorer


_OUTPUTS: list[_Output] = []
_REPLACED: list[_Output] = []  # by the execution named there; closed at the cell's next one


def remember(explorer: Explorer) -> None:
    """Remember the explorer that the running cell shows."""
    cell, execution = _running()
    _OUTPUTS.append(_Output(cell, execution, explorer))
    replace()  # what is shown anew stays open
    for output in _REPLACED:
        if output.cell == cell:
            output.explorer.hand_over(explorer)
    while len(_OUTPUTS) > MAX_EXPLORERS:
        oldest = _OUTPUTS.pop(0).explorer
        if not _is_shown(oldest):
            release(oldest)


def replace() -> None:
    """Replace the explorers of earlier executions of the running cell."""
    cell, execution = _running()
    old = [output for output in _REPLACED if output.cell == cell and output.execution != execution]
    gone = [
        output
        for output in _OUTPUTS
        if output.explorer.comm is None
        or (cell and output.cell == cell and output.execution != execution)
    ]
    _REPLACED[:] = [output for output in _REPLACED if output not in old]
    _OUTPUTS[:] = [output for output in _OUTPUTS if output not in gone]
    for output in gone:
        if output.explorer.comm is None:
            _close(output.explorer)  # its parts may be open
        elif not (_is_shown(output.explorer) or output.explorer.is_followed):
            _REPLACED.append(_Output(cell, execution, output.explorer))
    for output in old:
        if not (_is_shown(output.explorer) or output.explorer.is_followed):
            _close(output.explorer)


def show_last(error: BaseException) -> None:
    """Show the last result of the running cell again, marked: the front end removed its output.

    Where that fails too, one line says so, and the cell's error is still the one that is shown.

    Args:
        error: why the cell has no new result.
    """
    try:
        _show_last(f"The cell failed: {_sentence(error)} The last good result is shown.")
    except (Exception, KeyboardInterrupt) as failure:  # noqa: BLE001 it may run the user's function
        reason = f"The last good result cannot be shown again: {_sentence(failure)}"
        print(f"⚠ {reason}", file=sys.stderr)


def _show_last(reason: str) -> None:
    cell, execution = _running()
    earlier = [
        output
        for output in _OUTPUTS
        if cell and output.cell == cell and output.execution != execution
    ]
    if earlier and earlier[-1].explorer.comm is not None:
        earlier[-1].explorer.show_again(reason)


def _sentence(error: BaseException) -> str:
    """Return an error as one sentence: its message, with its kind if that is Python's."""
    from IPython.core.error import UsageError

    kind = "" if isinstance(error, UsageError) else type(error).__name__
    sentence = ": ".join(filter(None, (kind, text_of(error).partition("\n")[0])))
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def _is_shown(explorer: Explorer) -> bool:
    return any(output.explorer is explorer for output in _OUTPUTS)


def _running() -> tuple[str | None, str | None]:
    """Return the running cell and its execution, where the front end names them."""
    from IPython.core.getipython import get_ipython

    kernel: Any = getattr(get_ipython(), "kernel", None)
    parent = kernel.get_parent("shell") if hasattr(kernel, "get_parent") else {}
    code = (parent.get("content") or {}).get("code") or ""
    text = code if "%jacobian" in code or "%hessian" in code else None
    cell = (parent.get("metadata") or {}).get("cellId") or text
    return cell, (parent.get("header") or {}).get("msg_id")


def _close(explorer: Explorer) -> None:
    from jacmagic.view import export

    export.close(explorer)


def release(explorer: Explorer) -> None:
    """Forget an explorer and its parts, but leave it on screen."""
    from comm import get_comm_manager
    from ipywidgets.widgets.widget import _instances

    from jacmagic.view import export

    for widget in export.parts(explorer):
        if widget.has_trait("followed"):
            widget.followed = False
        _instances.pop(widget.model_id, None)
        get_comm_manager().unregister_comm(widget.comm)
        widget.comm._closed = True  # so that it sends no message when it is freed
        widget.comm = None
