"""Suppress a result's display for one cell, but keep `Out[n]` and `_` (`-q`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def suppress_display(shell: InteractiveShell, result: object) -> None:
    """Keep the display hook from showing `result` at the end of the running cell.

    A trailing `;` would also leave no `Out[n]`. Instead the formatter of objects that display
    themselves skips this one object, and no prompt is written, until the cell has ended.
    """
    assert shell.display_formatter is not None
    formatter, hook = shell.display_formatter.ipython_display_formatter, shell.displayhook
    kind = type(result)

    def show_nothing(shown: object) -> None:
        if shown is not result:
            raise NotImplementedError  # IPython then tries its other formatters

    def restore(*_: object) -> None:
        shell.events.unregister("post_run_cell", restore)
        formatter.pop(kind, None)
        if usual is not None:
            formatter.for_type(kind, usual)
        vars(hook).pop("write_output_prompt", None)

    usual = formatter.for_type(kind, show_nothing)
    vars(hook)["write_output_prompt"] = lambda: None
    shell.events.register("post_run_cell", restore)
