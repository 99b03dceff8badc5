"""The kinds of exercise: what each leaves blank, and how a page asks for it.

To add a kind: a line of `KINDS`. Its questions are of the kinds that `question` lists, so that
pages, worksheets and graders know how to ask and to judge; a choice brings its own answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jacmagic.result.core import JacobianResult
from jacmagic.view.exercise.question import ENTRY, NUMBER, STEPS, Question, entry_question
from jacmagic.view.exercise.rules import rule_questions

Entry = tuple[int, int]


@dataclass(frozen=True)
class Kind:
    """What is left blank, and how it is asked for.

    Attributes:
        task: what is to be done, one sentence.
        front: which blanks a page draws, a key of `FRONTS` in `static/quiz_view.mjs`.
        questions: from a result and chosen entries to what is asked.
        is_matrix: whether the blanks are entries of the matrix.
        at_points: whether every variant has a point of its own, instead of other entries.
        typing: how answers are typed on a page, if that is not obvious.
    """

    task: str
    front: str
    questions: Callable[[JacobianResult, Sequence[Entry]], list[Question]]
    is_matrix: bool = False
    at_points: bool = False
    typing: str = ""


def _each(kind: str) -> Callable[[JacobianResult, Sequence[Entry]], list[Question]]:
    """Return what makes one question of a kind for each entry."""
    return lambda jacobian, entries: [
        entry_question(jacobian, kind, entry, k) for k, entry in enumerate(entries, 1)
    ]


KINDS: dict[str, Kind] = {
    "entries": Kind(
        "Write the entries that are left blank.",
        "entries",
        _each(ENTRY),
        is_matrix=True,
        typing="Enter checks. Write 2x, x^2, sqrt(x), e^(−x), sin(x)², or LaTeX; names as in the "
        "function.",
    ),
    "numbers": Kind(
        "Write the entries at this point as numbers.",
        "numbers",
        _each(NUMBER),
        is_matrix=True,
        at_points=True,
        typing="Enter checks. Write 12, 3/4, −sqrt(2)/2, 2pi, or a decimal with three digits.",
    ),
    "steps": Kind(
        "Derive these entries line by line.",
        "steps",
        _each(STEPS),
        typing="Enter checks a line. Write derivatives that are left as d/dx(…), D(…) or (…)′.",
    ),
    "rules": Kind("Name the rule that each step begins with.", "choices", rule_questions),
}
