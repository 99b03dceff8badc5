"""Code and style of an exercise in the browser."""

from __future__ import annotations

from jacmagic.view.explorer.assets import bundle, style

# The modules of an exercise, each below those that it imports.
MODULES = (
    *("format.mjs", "element.mjs", "mathml.mjs", "special.mjs", "tape.mjs", "still.mjs"),
    *("quiz_tree.mjs", "quiz_partials.mjs", "quiz_values.mjs", "quiz_points.mjs"),
    *("quiz_names.mjs", "quiz_tokens.mjs", "quiz_latex.mjs", "quiz_cursor.mjs"),
    *("quiz_parse.mjs", "quiz_line.mjs", "quiz_text.mjs"),
    *("quiz_judge.mjs", "quiz_analysis.mjs", "quiz_slips.mjs", "quiz_fit.mjs"),
    *("quiz_shape.mjs", "quiz_constants.mjs", "quiz_edits.mjs", "quiz_mistakes.mjs"),
    *("quiz_hint.mjs", "quiz_exercise.mjs", "quiz_board.mjs", "quiz_blank.mjs"),
    *("quiz_entries.mjs", "quiz_numbers.mjs", "quiz_steps.mjs", "quiz_choices.mjs"),
    "quiz_view.mjs",
)


def quiz_front_end() -> str:
    """Return the modules as one."""
    return bundle(MODULES)


def quiz_style() -> str:
    """Return the style sheets as one."""
    return f"{style()}\n{style('quiz.css')}"
