"""The widget of an exercise: what the browser draws and judges, as traits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anywidget
import traitlets

from jacmagic.view import export
from jacmagic.view.exercise import worksheet
from jacmagic.view.exercise.question_set import QuestionSet
from jacmagic.view.exercise.traits import traits_of
from jacmagic.view.explorer.assets import front_end, style


class ExerciseView(anywidget.AnyWidget):
    """View of one exercise. It needs no kernel: the browser judges what is typed.

    Attributes:
        answers: by the id of each question the last text, and whether it was right.
    """

    # Traits with an empty default and set in __init__: a page that drops defaults keeps them.
    _esm = traitlets.Unicode("").tag(sync=True)
    _css = traitlets.Unicode("").tag(sync=True)
    spec = traitlets.Dict().tag(sync=True)
    exercise = traitlets.Dict().tag(sync=True)
    answers = traitlets.Dict().tag(sync=True)
    beside = traitlets.Unicode("").tag(sync=True)

    def __init__(self, exercise: QuestionSet) -> None:
        """Show an exercise.

        Raises:
            OptionError: the browser cannot run the function.
        """
        super().__init__(_esm=front_end("quiz"), _css=style("quiz"), **traits_of(exercise))


def save(exercise: QuestionSet, path: str | os.PathLike[str], title: str | None) -> Path:
    """Write the page; see `Exercise.save_html`."""
    with _live(exercise) as live:
        return export.save(path, live, title=title)


def to_fragment(exercise: QuestionSet) -> str:
    """Return HTML for a page that has the script of `view.export` for the kind "quiz"."""
    with _live(exercise) as live:
        return export.fragment(live, "quiz")


@contextmanager
def _live(exercise: QuestionSet) -> Iterator[export.Live]:
    view = ExerciseView(exercise)
    try:
        yield export.Live(
            view=view,
            changes={"beside": ""},
            sliders=(),
            front_end=front_end("quiz"),
            style=style("quiz"),
            still=worksheet.html(exercise),
            title=exercise.title,
        )
    finally:
        export.close(view)  # a kernel would keep its model
