"""Scripts and styles of the live views on a page, those that it needs."""

from __future__ import annotations

from collections.abc import Callable

from jacmagic.view import export
from jacmagic.view.exercise.widget import quiz_front_end, quiz_style
from jacmagic.view.explorer.assets import front_end, style

FRONT_ENDS: dict[str, tuple[Callable[[], str], Callable[[], str]]] = {
    "explorer": (front_end, style),
    "quiz": (quiz_front_end, quiz_style),
}


def kinds_in(html: str) -> list[str]:
    """Return the kinds of live views in a page."""
    return [kind for kind in FRONT_ENDS if f'data-jm-kind="{kind}"' in html]


def script_of(kind: str) -> str:
    """Return the script that starts the views of a kind."""
    return export.script_of(FRONT_ENDS[kind][0](), kind)


def style_of(kind: str) -> str:
    """Return the style sheet of a kind."""
    return FRONT_ENDS[kind][1]()
