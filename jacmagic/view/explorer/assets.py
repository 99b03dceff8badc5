"""Code and style of the browser's view, each as one text."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from jacmagic.render.formula_style import formula_style

# The modules of each kind of live view, each below those that it imports; the parts of the explorer
# are in this order.
MODULES: dict[str, tuple[str, ...]] = {
    "explorer": (
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
    ),
    "quiz": (
        *("format.mjs", "element.mjs", "mathml.mjs", "special.mjs", "tape.mjs"),
        *("quiz_tree.mjs", "quiz_partials.mjs", "quiz_values.mjs", "quiz_points.mjs"),
        *("quiz_names.mjs", "quiz_tokens.mjs", "quiz_latex.mjs", "quiz_cursor.mjs"),
        *("quiz_parse.mjs", "quiz_line.mjs", "quiz_text.mjs"),
        *("quiz_judge.mjs", "quiz_analysis.mjs", "quiz_slips.mjs", "quiz_fit.mjs"),
        *("quiz_constants.mjs", "quiz_edits.mjs", "quiz_mistakes.mjs"),
        *("quiz_hint.mjs", "quiz_exercise.mjs", "quiz_board.mjs", "quiz_blank.mjs"),
        *("quiz_entries.mjs", "quiz_numbers.mjs", "quiz_steps.mjs", "quiz_choices.mjs"),
        "quiz_view.mjs",
    ),
}
SHEETS = {"explorer": ("view.css",), "quiz": ("view.css", "quiz.css")}


@cache
def front_end(kind: str) -> str:
    """Bundle the modules of a kind of view into one ES module, without imports.

    A widget's code is one text, and there is no build step: the names that a file exports are those
    that the others use. Comments are left out, as every notebook with a widget stores the text.
    """
    static = files("jacmagic") / "view" / "static"
    joined = "\n".join((static / name).read_text(encoding="utf-8") for name in MODULES[kind])
    joined = re.sub(r'^import [^;]*? from "\./.*?";\n', "", joined, flags=re.M)
    joined = re.sub(r"^export (?!default)", "", joined, flags=re.M)
    joined = re.sub(r"^[ \t]*/\*\*(?:[^*]|\*(?!/))*\*/\n", "", joined, flags=re.M)
    joined = re.sub(r"/\*\* @type \{[^*]*?\} \*/ ?", "", joined)
    return re.sub(r"^\s*(//.*)?\n?", "", joined, flags=re.M)


@cache
def style(kind: str) -> str:
    """Return the style sheet of a kind of view: that of formulas, and its own."""
    static = files("jacmagic") / "view" / "static"
    sources = [(static / name).read_text(encoding="utf-8") for name in SHEETS[kind]]
    plain = re.sub(r"/\*.*?\*/", "", "\n".join(sources), flags=re.S)
    return formula_style(".jm-root") + re.sub(r"^\s*\n|^ +", "", plain, flags=re.M)
