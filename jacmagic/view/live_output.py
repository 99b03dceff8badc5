"""A live output of a cell: the still form and the widget, as two outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jacmagic.render.html import beside_view

WIDGET = "application/vnd.jupyter.widget-view+json"


def is_kernel() -> bool:
    """Return whether this process is a kernel that a notebook talks to."""
    from IPython.core.getipython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def publish(
    still: Mapping[str, str], view: Any, widget: Any, below: Mapping[str, str] | None = None
) -> None:
    """Display still forms and a widget as two outputs of a cell in a kernel.

    A notebook that is opened again has no model of the widget, and JupyterLab then shows no other
    form of the same output. The still form is therefore an output of its own: the view hides it
    while it is alive, and its style hides the error of a widget without a model.

    Args:
        still: forms by MIME type; the HTML is one of `render.html`.
        view: the widget that hides the still form, with a trait `beside`.
        widget: the form of what is displayed as a widget.
        below: forms of what stays below it, if anything does.
    """
    from IPython.display import publish_display_data

    view.beside = view.model_id
    forms = {**still, "text/html": beside_view(still["text/html"], view.model_id)}
    publish_display_data(forms)
    publish_display_data({WIDGET: widget, "text/plain": "", "text/latex": ""})
    if below:
        publish_display_data(dict(below))
