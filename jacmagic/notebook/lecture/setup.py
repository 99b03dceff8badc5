"""What a kernel shows while a notebook is exported: live views as parts of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.display import publish_display_data

from jacmagic.view import export
from jacmagic.view.jacobian import Jacobian

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def embed(shell: InteractiveShell) -> None:
    """Show every live Jacobian and exercise of a session as HTML that needs no kernel.

    The page that shows these outputs has the script of `view.export`.
    """
    assert shell.display_formatter is not None
    formatter = shell.display_formatter.ipython_display_formatter
    formatter.for_type(Jacobian, _show)
    formatter.for_type_by_name("jacmagic.view.explorer.widget", "Explorer", _show_explorer)
    formatter.for_type_by_name("jacmagic.view.exercise.exercise", "Exercise", _show_exercise)


def _show(jacobian: Jacobian) -> None:
    if not jacobian.view.live or jacobian.large:
        raise NotImplementedError  # IPython then takes the still forms
    explorer = jacobian.explore()
    try:
        _show_explorer(explorer)
    finally:
        export.close(explorer)


def _show_explorer(explorer: Any) -> None:
    still = repr(explorer.jacobian)
    publish_display_data({"text/html": explorer.to_fragment(), "text/plain": still})


def _show_exercise(exercise: Any) -> None:
    from jacmagic.view.exercise.widget import to_fragment  # only here is it needed

    publish_display_data({"text/html": to_fragment(exercise), "text/plain": repr(exercise)})
