"""Code and style of the browser's view, each as one text."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from jacmagic.render.formula_style import formula_style

# The view's modules, each below those that it imports; the parts are in this order.
MODULES = (
    *("format.mjs", "typed.mjs", "element.mjs", "mathml.mjs", "slots.mjs", "copy.mjs"),
    "stops.mjs",
    *("special.mjs", "tape.mjs", "live.mjs", "following.mjs", "layout.mjs"),
    *("navigation.mjs", "cells.mjs", "grid.mjs"),
    *("announcer.mjs", "tabs.mjs", "parts.mjs", "title.mjs", "slider.mjs", "tools.mjs"),
    *("linear.mjs", "table.mjs", "determinant.mjs", "notes.mjs"),
    *("chain.mjs", "curves.mjs", "scene.mjs", "lattice.mjs", "kinks.mjs", "singular.mjs"),
    *("slice.mjs", "units.mjs", "scene_map.mjs", "scene_graph.mjs"),
    *("scene_levels.mjs", "scene_field.mjs", "scene_space.mjs", "scene_matrix.mjs"),
    *("plane.mjs", "squares.mjs"),
    *("picture_fields.mjs", "sampled.mjs", "picture.mjs"),
    *("factors.mjs", "panel.mjs", "code.mjs", "view.mjs"),
)


def front_end() -> str:
    """Return the explorer's modules as one."""
    return bundle(MODULES)


@cache
def bundle(modules: tuple[str, ...]) -> str:
    """Bundle modules into one ES module, without imports.

    A widget's code is one text, and there is no build step: the names that a file exports are those
    that the others use. Comments are left out, as every notebook with a widget stores the text.
    """
    static = files("jacmagic") / "view" / "static"
    joined = "\n".join((static / name).read_text(encoding="utf-8") for name in modules)
    joined = re.sub(r'^import [^;]*? from "\./.*?";\n', "", joined, flags=re.M)
    joined = re.sub(r"^export (?!default)", "", joined, flags=re.M)
    joined = re.sub(r"^[ \t]*/\*\*(?:[^*]|\*(?!/))*\*/\n", "", joined, flags=re.M)
    joined = re.sub(r"/\*\* @type \{[^*]*?\} \*/ ?", "", joined)
    return re.sub(r"^\s*(//.*)?\n?", "", joined, flags=re.M)


@cache
def style(*more: str) -> str:
    """Return the view's style sheet: that of formulas, its own, and more files."""
    static = files("jacmagic") / "view" / "static"
    sources = [(static / name).read_text(encoding="utf-8") for name in ("view.css", *more)]
    plain = re.sub(r"/\*.*?\*/", "", "\n".join(sources), flags=re.S)
    return formula_style(".jm-root") + re.sub(r"^\s*\n|^ +", "", plain, flags=re.M)
