"""Explorers on screen: what a cell showed before it runs again is closed; memory stays flat.

No notebook tells its kernel that an output has gone. JupyterLab and Notebook 7 name the cell of an
execution; elsewhere, and for very many cells, the oldest explorers stay on screen but are followed
no longer: the browser goes on by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from comm import get_comm_manager
from ipywidgets import Widget
from ipywidgets.widgets.widget import _instances

from jacmagic.view import export

MOST = 64  # explorers that are followed


@dataclass(frozen=True)
class _Output:
    """One explorer in one output: `execution` is that of the cell, None where nothing is known."""

    cell: str | None
    execution: str | None
    explorer: Widget


_OUTPUTS: list[_Output] = []


def remember(explorer: Widget) -> None:
    """Remember that the running cell shows an explorer; close those of the cell's earlier runs."""
    cell, execution = _running()
    gone = [
        one
        for one in _OUTPUTS
        if one.explorer.comm is None or (cell and one.cell == cell and one.execution != execution)
    ]
    _OUTPUTS[:] = [one for one in _OUTPUTS if one not in gone]
    _OUTPUTS.append(_Output(cell, execution, explorer))
    for one in gone:
        if not (_is_shown(one.explorer) or one.explorer.is_followed):
            export.close(one.explorer)
    while len(_OUTPUTS) > MOST:
        oldest = _OUTPUTS.pop(0).explorer
        if not _is_shown(oldest):
            let_go(oldest)


def _is_shown(explorer: Widget) -> bool:
    return any(one.explorer is explorer for one in _OUTPUTS)


def _running() -> tuple[str | None, str | None]:
    """Return the cell that runs and its execution, as far as the front end names them."""
    from IPython.core.getipython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    parent = kernel.get_parent("shell") if kernel is not None else {}
    cell = (parent.get("metadata") or {}).get("cellId")
    return cell, (parent.get("header") or {}).get("msg_id")


def let_go(explorer: Widget) -> None:
    """Forget an explorer and all that it is made of, but leave it on screen."""
    for widget in export.parts(explorer):
        if widget.has_trait("followed"):
            widget.followed = False
        _instances.pop(widget.model_id, None)
        get_comm_manager().unregister_comm(widget.comm)
        widget.comm._closed = True  # so that it says nothing to the browser when it is freed
        widget.comm = None
