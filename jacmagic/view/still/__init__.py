"""Still forms of a Jacobian: text for a terminal, LaTeX, HTML; all in one bundle.

The client shows the richest that it can. All symbolic work of one display draws from the time of
one budget.
"""

from __future__ import annotations

from typing import Any

from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.time_limit import one_allowance
from jacmagic.view.still.html import html
from jacmagic.view.still.latex import latex
from jacmagic.view.still.text import text

FORMS = {"text/plain": text, "text/latex": latex, "text/html": html}


def to_bundle(jacobian: JacobianResult, include: Any = None) -> dict[str, str]:
    """Return the forms that need no kernel, by MIME type.

    Args:
        jacobian: the Jacobian.
        include: the MIME types that are wanted; all by default.
    """
    with one_allowance(jacobian.forms.budget):
        return {
            mime: draw(jacobian)
            for mime, draw in FORMS.items()
            if include is None or mime in include
        }


def to_text(jacobian: JacobianResult) -> str:
    """Return the form for a terminal."""
    return to_bundle(jacobian, {"text/plain"})["text/plain"]


def to_html(jacobian: JacobianResult) -> str:
    """Return self-contained HTML."""
    return to_bundle(jacobian, {"text/html"})["text/html"]
