"""Code and style of the browser's view, each as one text."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

# The view's modules, each below those that it imports; the parts are on screen in this order.
MODULES = (
    *("format.mjs", "element.mjs", "mathml.mjs", "slots.mjs", "copy.mjs", "stops.mjs"),
    *("special.mjs", "tape.mjs", "live.mjs", "following.mjs", "layout.mjs"),
    *("navigation.mjs", "cells.mjs", "grid_elements.mjs", "grid.mjs"),
    "parts.mjs",
    "controls.mjs",
    "title.mjs",
    "chain.mjs",
    "equations.mjs",
    "determinant.mjs",
    "factors.mjs",
    "notice.mjs",
    "tools.mjs",
    "table.mjs",
    "panel.mjs",
    "notes.mjs",
    "view.mjs",
)


@cache
def front_end() -> str:
    """Bundle the view's modules into one ES module, without imports.

    A widget's code is one text, and there is no build step: the names that a file exports are those
    that the others use. Comments are left out, as every notebook with a widget stores the text.
    """
    static = files("jacmagic") / "view" / "static"
    joined = "\n".join((static / name).read_text(encoding="utf-8") for name in MODULES)
    joined = re.sub(r'^import [^;]*? from "\./.*?";\n', "", joined, flags=re.M)
    joined = re.sub(r"^export (?!default)", "", joined, flags=re.M)
    joined = re.sub(r"^[ \t]*/\*\*(?:[^*]|\*(?!/))*\*/\n", "", joined, flags=re.M)
    joined = re.sub(r"/\*\* @type \{[^*]*?\} \*/ ?", "", joined)
    return re.sub(r"^\s*(//.*)?\n?", "", joined, flags=re.M)


@cache
def style() -> str:
    """Return the view's style sheet."""
    source = (files("jacmagic") / "view" / "static" / "view.css").read_text(encoding="utf-8")
    return re.sub(r"^\s*\n|^ +", "", re.sub(r"/\*.*?\*/", "", source, flags=re.S), flags=re.M)
