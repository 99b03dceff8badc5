"""Still forms of a Jacobian: text for a terminal, LaTeX, HTML; all in one bundle.

The client shows the richest that it can. All symbolic work of one display draws from the time of
one budget.
"""

from __future__ import annotations

from typing import Any

from jacmagic.render.prose import paragraph
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.time_limit import one_allowance
from jacmagic.view.still.derivations import derivations
from jacmagic.view.still.html import html, steps_page
from jacmagic.view.still.latex import displayed, latex
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


def derivations_bundle(jacobian: JacobianResult) -> dict[str, str]:
    """Return the derivation of every entry alone, by MIME type; nothing if none was asked for."""
    with one_allowance(jacobian.forms.budget):
        steps, left_out = derivations(jacobian)
        if not steps:
            return {}
        return {
            "text/plain": "\n\n".join([*(step.text for step in steps), *left_out]),
            "text/latex": "\n\n".join([*map(paragraph, left_out), *map(displayed, steps)]),
            "text/html": steps_page(steps, left_out),
        }
