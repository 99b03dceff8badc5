"""Hooks of the MkDocs build: write the options page, convert formulas to MathML.

MathML needs neither a script nor a web font, so that the pages work offline.
"""

from __future__ import annotations

import html
import re
import runpy
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert

ROOT = Path(__file__).resolve().parent.parent
FORMULA = re.compile(
    r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>',
    flags=re.DOTALL,
)


def on_pre_build(config: Any) -> None:
    """Write the page of options if the magic's arguments have changed."""
    runpy.run_path(str(ROOT / "tools" / "options_page.py"))["write"]()


def on_page_content(content: str, **_: Any) -> str:
    """Replace every formula of a page by MathML."""
    return FORMULA.sub(_mathml, content)


def _mathml(found: re.Match[str]) -> str:
    display = "block" if found[1] == "div" else "inline"
    return convert(html.unescape(found[2]), display=display)
