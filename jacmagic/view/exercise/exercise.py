"""An exercise: a Jacobian whose entries, derivations or rules are left blank."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jacmagic.errors import OptionError
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.time_limit import one_allowance
from jacmagic.view.exercise import worksheet
from jacmagic.view.exercise.choice import MAX_SYMBOLS
from jacmagic.view.exercise.graded import GradedQuestions
from jacmagic.view.exercise.kinds import QuizOptions
from jacmagic.view.live_output import WIDGET, is_kernel, publish


class Exercise(GradedQuestions):
    """Questions about one Jacobian, (m, n), at a point; shown as a worksheet and as a widget.

    Attributes:
        jacobian: the result, whose closed form and torch's numbers agree.
        options: the kind of questions, their number, the variants and the seed.
    """

    def explore(self) -> Any:
        """Return the live form: a widget in which answers are typed and judged."""
        from jacmagic.view.exercise.widget import ExerciseView  # widgets load where they are used

        return ExerciseView(self)

    def save_html(self, path: str | os.PathLike[str], *, title: str | None = None) -> Path:
        """Write one page that judges what is typed, without kernel or network.

        The page contains the function, not the derivatives that are asked for.

        Args:
            path: the file; one that exists is replaced.
            title: a heading; by default the page is called after the function.

        Raises:
            PageError: the file cannot be written.
        """
        from jacmagic.view.exercise.widget import save

        with one_allowance(self.jacobian.forms.budget):
            return save(self, path, title)

    def to_latex(self) -> str:
        """Return the worksheet as LaTeX, between dollars."""
        return worksheet.latex(self)

    def to_html(self) -> str:
        """Return the worksheet as self-contained HTML."""
        return worksheet.html(self)

    def __repr__(self) -> str:
        return worksheet.text(self)

    def _ipython_display_(self) -> None:
        """Display the worksheet and the widget, as a Jacobian does in a kernel.

        Raises:
            NotImplementedError: there is no widget to show; one output has all forms.
        """
        if not (self.jacobian.view.live and is_kernel()):
            raise NotImplementedError  # IPython takes _repr_mimebundle_
        view = self.explore()
        form, _ = view._repr_mimebundle_()  # anywidget returns metadata too
        publish(self._repr_mimebundle_(), view, form[WIDGET])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return the still forms by MIME type."""
        with one_allowance(self.jacobian.forms.budget):
            return {
                "text/plain": worksheet.text(self),
                "text/latex": worksheet.latex(self),
                "text/html": worksheet.html(self),
            }


def quiz_of(jacobian: JacobianResult, options: QuizOptions) -> Exercise:
    """Make an exercise of a result.

    Raises:
        OptionError: it has no closed form that agrees with torch, or none that is short enough.
    """
    obstacle = _obstacle(jacobian)
    if obstacle:
        raise OptionError(
            "expected a Jacobian whose closed form and torch agree, for an exercise; "
            f"found {obstacle}"
        )
    exercise = Exercise(jacobian, options)
    if not exercise.questions:
        raise OptionError(
            f"expected an entry of at most {MAX_SYMBOLS} symbols to ask for; found longer ones "
            "only; write --wrt NAME for fewer inputs, or a smaller function"
        )
    return exercise


def _obstacle(jacobian: JacobianResult) -> str:
    """Return why no exercise can be made, "" if one can."""
    if not min(jacobian.shape):
        return "a matrix without entries; return a number that depends on an input"
    if jacobian.closed_form is None or jacobian.reading is None:
        return f"none: {jacobian.refusal}; write the function without it"
    if len(jacobian.problem.movable) != jacobian.shape[1]:
        return "tangent vectors of a manifold; write --wrt for ordinary inputs"
    if jacobian.one_sided is not None:
        return "a kink at this point, where there is no derivative; write another point"
    if jacobian.agreement.verdict != "agree":
        return f"that they do not: {jacobian.agreement}; write another point"
    return ""
