"""An exercise as one HTML file, which needs no kernel and no network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jacmagic.view import export
from jacmagic.view.embedded import fragment
from jacmagic.view.exercise import worksheet
from jacmagic.view.exercise.assets import quiz_front_end, quiz_style
from jacmagic.view.exercise.question_set import QuestionSet
from jacmagic.view.exercise.widget import ExerciseView


def save(exercise: QuestionSet, path: str | os.PathLike[str], title: str | None) -> Path:
    """Write the page; see `Exercise.save_html`."""
    with _live(exercise) as live:
        return export.save(path, live, title=title)


def to_fragment(exercise: QuestionSet) -> str:
    """Return HTML for a page that has the script of `view.embedded` for the kind "quiz"."""
    with _live(exercise) as live:
        return fragment(live, "quiz")


@contextmanager
def _live(exercise: QuestionSet) -> Iterator[export.Live]:
    view = ExerciseView(exercise)
    try:
        yield export.Live(
            view=view,
            changes={"beside": ""},
            sliders=(),
            front_end=quiz_front_end(),
            style=quiz_style(),
            still=worksheet.html(exercise),
            title=exercise.title,
        )
    finally:
        export.close(view)  # a kernel would keep its model
