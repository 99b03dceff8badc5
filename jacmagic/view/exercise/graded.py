"""What a teacher does with an exercise: judge answers, give hints, export it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from jacmagic.errors import OptionError
from jacmagic.result.exercise.judge import judge_of
from jacmagic.result.exercise.judgement import Judgement
from jacmagic.result.exercise.numbers import judge_number
from jacmagic.result.exercise.steps import Hint, hint_for, judge_steps
from jacmagic.view.exercise.question import CHOICE, ENTRY, NUMBER, STEPS, Question, entry_question
from jacmagic.view.exercise.question_set import QuestionSet
from jacmagic.view.exercise.score import NO_ANSWER, Marked, Score

Answer = str | Sequence[str]
PathLike = str | os.PathLike[str]


class GradedQuestions(QuestionSet):
    """Questions whose answers are judged in Python, and that are exported."""

    def question(self, identity: str) -> Question:
        """Return a question by its id.

        Raises:
            OptionError: there is no such question.
        """
        by_id = {question.id: question for question in self.questions}
        if identity not in by_id:
            raise OptionError(
                f"expected a question's id: {', '.join(by_id)}; found {identity!r}; "
                f"write {next(iter(by_id))!r}"
            )
        return by_id[identity]

    def judge(self, identity: str, answer: Answer | float) -> Judgement:
        """Judge one answer: true if it is right, else with the mistake named.

        Args:
            identity: the question's id, such as "entry-0-1"; any entry of the matrix can be judged.
            answer: typed mathematics or LaTeX in the function's own names, or a number; of a
                derivation its lines, of a rule its name.

        Raises:
            OptionError: there is no such question.
        """
        question = self._entry(identity) or self.question(identity)
        answer = answer if isinstance(answer, (str, list, tuple)) else str(answer)
        if question.kind == CHOICE:
            return _judged_choice(question, answer)
        judge = judge_of(self.jacobian)
        if question.kind == STEPS:
            return judge_steps(judge, question.row, question.column, answer)
        text = answer if isinstance(answer, str) else "\n".join(map(str, answer))
        if question.kind == NUMBER:
            return judge_number(judge, question.row, question.column, text)
        return judge.judge(question.row, question.column, text)

    def _entry(self, identity: str) -> Question | None:
        """Return the question for an entry by its id, whether it is asked or not."""
        match = re.fullmatch(rf"({ENTRY}|{NUMBER}|{STEPS})-(\d+)-(\d+)", identity)
        if match is None or any(question.kind == CHOICE for question in self.questions):
            return None
        i, j = int(match[2]), int(match[3])
        m, n = self.jacobian.shape
        return entry_question(self.jacobian, match[1], (i, j), 0) if i < m and j < n else None

    def check(self, answers: Mapping[str, Answer | float]) -> Score:
        """Judge all answers, by the ids of their questions; a missing one is wrong.

        Raises:
            OptionError: an id is of no question.
        """
        for identity in answers:
            self.question(identity)
        marked = (
            Marked(
                question,
                self.judge(question.id, answers[question.id])
                if question.id in answers
                else NO_ANSWER,
            )
            for question in self.questions
        )
        return Score(self.title, tuple(marked))

    def hint(self, identity: str, so_far: Answer = "") -> Hint:
        """Return the next step for a question, or the mistake in what there is.

        Args:
            identity: the question's id.
            so_far: what is typed.

        Raises:
            OptionError: there is no such question, or it asks for the rule itself.
        """
        question = self.question(identity)
        if question.kind == CHOICE:
            raise OptionError(f"expected a question for an entry; found one for a {question.asked}")
        lines = "" if question.kind == NUMBER else so_far
        return hint_for(judge_of(self.jacobian), question.row, question.column, lines)

    # ── exports ───────────────────────────────────────────────────────────────────────────────

    def save_worksheet(self, path: PathLike, *, key: PathLike | None = None) -> Path:
        """Write a page to be printed, with lines for name and date; one sheet for each variant.

        Args:
            path: the HTML file; one that exists is replaced.
            key: another file for the solutions, or None. The page itself contains none.

        Raises:
            PageError: a file cannot be written.
        """
        from jacmagic.view.exercise.paper import save_paper

        if key is not None:
            save_paper(self, key, key=True)
        return save_paper(self, path, key=False)

    def to_moodle(self, path: PathLike) -> Path:
        """Write Moodle's XML: a question of type STACK for each variant, with named feedback.

        Questions for rules are of type multiple choice. The file contains the answers; Moodle does
        not show them to students.

        Raises:
            OptionError: the exercise asks for derivations, or Maxima lacks a function.
            PageError: the file cannot be written.
        """
        from jacmagic.view.exercise.moodle import save_moodle

        return save_moodle(self, path)

    def to_nbgrader(self, path: PathLike) -> list[Path]:
        """Write a notebook for `nbgrader generate_assignment`; one for each variant.

        Solutions stand between `### BEGIN SOLUTION` and `### END SOLUTION`. The tests judge by the
        function: they contain no answer.

        Args:
            path: of several variants, the files are numbered: quiz-01.ipynb, quiz-02.ipynb.

        Raises:
            PageError: a file cannot be written.
        """
        from jacmagic.view.exercise.notebooks import nbgrader_cells, save_notebooks

        return save_notebooks(self, path, nbgrader_cells)

    def to_otter(self, path: PathLike) -> list[Path]:
        """Write a notebook for `otter assign`; otherwise as `to_nbgrader`."""
        from jacmagic.view.exercise.notebooks import otter_cells, save_notebooks

        return save_notebooks(self, path, otter_cells)


def _judged_choice(question: Question, answer: Answer) -> Judgement:
    """Judge a chosen name, with or without the word for what is chosen: "sum", "sum rule"."""
    typed = " ".join(str(answer).lower().split()).removesuffix(f" {question.asked}")
    names = {name.lower(): name for name in question.choices}
    if typed not in names:
        listed = ", ".join(question.choices)
        message = f"expected a {question.asked}: {listed}; found {str(answer)[:40]!r}"
        return Judgement("not readable", str(answer)[:200], message=message)
    if names[typed] == question.answer:
        return Judgement("right", str(answer))
    message = f"it is another {question.asked}"
    return Judgement("wrong", str(answer), question.asked, message)
