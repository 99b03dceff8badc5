"""An exercise as one HTML file, which needs no kernel and no network."""

from __future__ import annotations

import os
from pathlib import Path

from jacmagic.view import export
from jacmagic.view.exercise import worksheet
from jacmagic.view.exercise.assets import quiz_front_end, quiz_style
from jacmagic.view.exercise.question_set import QuestionSet
from jacmagic.view.exercise.widget import ExerciseView


def save(exercise: QuestionSet, path: str | os.PathLike[str], title: str | None) -> Path:
    """Write the page; see `Exercise.save_html`."""
    view = ExerciseView(exercise)
    try:
        live = export.Live(
            view=view,
            changes={"beside": ""},
            sliders=(),
            front_end=quiz_front_end(),
            style=quiz_style(),
            still=worksheet.html(exercise),
            title=exercise.title,
        )
        return export.save(path, live, title=title)
    finally:
        export.close(view)  # a kernel would keep its model
