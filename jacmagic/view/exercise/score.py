"""The score of an exercise: a judgement on each question, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from jacmagic.render.report import Fragment, Grid, Report, ReportDisplay, words
from jacmagic.result.exercise.judgement import MARKS, Judgement
from jacmagic.view.exercise.question import Question

MAX_ANSWER_LETTERS = 40  # letters of an answer in the table
NO_ANSWER = Judgement("wrong", "", "no answer", "no answer")


@dataclass(frozen=True)
class Marked:
    """A question with the judgement on its answer.

    Attributes:
        question: what was asked.
        judgement: what is said of the answer.
    """

    question: Question
    judgement: Judgement


@dataclass(frozen=True, repr=False)
class Score(ReportDisplay):
    """How many answers are right; `float(score)` is their share.

    Attributes:
        title: of the exercise.
        marked: each question with the judgement on its answer, in order.
    """

    title: str
    marked: tuple[Marked, ...]

    @property
    def right(self) -> int:
        """How many answers are right."""
        return sum(bool(answer.judgement) for answer in self.marked)

    @property
    def total(self) -> int:
        """How many questions there are."""
        return len(self.marked)

    def __float__(self) -> float:
        return self.right / self.total

    def __getitem__(self, identity: str) -> Judgement:
        """Return the judgement on a question, by its id."""
        return {answer.question.id: answer.judgement for answer in self.marked}[identity]

    def report(self) -> Report:
        """Return the questions with their judgements, and the mistakes in words."""
        heads = [words(name) for name in ("question", "answer", "judgement")]
        rows = [
            (Fragment(f"({answer.question.number}) {answer.question.text}", answer.question.tex),
             words(_cut(answer.judgement.answer)),
             words(f"{MARKS[answer.judgement.verdict]} {answer.judgement.verdict}"))
            for answer in self.marked
        ]  # fmt: skip
        lines = [
            f"({answer.question.number}) {_explained(answer.judgement)}"
            for answer in self.marked
            if answer.judgement.message
        ]
        title = f"{self.title}: {self.right} of {self.total} right"
        return Report(title, grids=[Grid(heads, rows)], lines=lines)


def _explained(judgement: Judgement) -> str:
    where = "" if judgement.line is None else f"line {judgement.line}: "
    return where + judgement.message.partition("\n")[0]


def _cut(answer: str) -> str:
    line = " ⏎ ".join(answer.split("\n"))
    return line if len(line) <= MAX_ANSWER_LETTERS else line[: MAX_ANSWER_LETTERS - 1] + "…"
