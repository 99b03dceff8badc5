"""The widget of an exercise: what the browser draws and judges, as traits."""

from __future__ import annotations

import anywidget
import traitlets

from jacmagic.view.exercise.assets import quiz_front_end, quiz_style
from jacmagic.view.exercise.carried import carried
from jacmagic.view.exercise.question_set import QuestionSet


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
        super().__init__(_esm=quiz_front_end(), _css=quiz_style(), **carried(exercise))
