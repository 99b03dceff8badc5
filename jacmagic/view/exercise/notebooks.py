"""Notebooks for nbgrader and for otter-grader, in the formats that their generators read.

nbgrader (metadata schema 3, https://nbgrader.readthedocs.io): cells with solutions, locked cells
with tests and points. Otter Assign (https://otter-grader.readthedocs.io): raw cells delimit
questions, solutions and tests.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jacmagic.view.exercise import worksheet
from jacmagic.view.exercise.question import CHOICE, STEPS, Question
from jacmagic.view.exercise.question_set import QuestionSet
from jacmagic.view.exercise.solutions import solution
from jacmagic.view.exercise.source import exercise_source
from jacmagic.view.files import numbered, write

Cell = dict[str, Any]
_CONFIG = "# ASSIGNMENT CONFIG\ninit_cell: true\ncheck_all_cell: true\nexport_cell: false"
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def save_notebooks(
    exercise: QuestionSet, path: str | os.PathLike[str], cells: Callable[[QuestionSet], list[Cell]]
) -> list[Path]:
    """Write one notebook of `nbgrader_cells` or `otter_cells` for each variant."""
    variants = exercise.variants
    paths = numbered(path, len(variants))
    pairs = zip(variants, paths, strict=True)
    return [write(target, _notebook(cells(variant))) for variant, target in pairs]


def _notebook(cells: Sequence[Cell]) -> str:
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    metadata = {"kernelspec": _KERNEL, "language_info": {"name": "python"}}
    whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _cell(kind: str, source: str, **metadata: Any) -> Cell:
    cell: Cell = {"cell_type": kind, "metadata": metadata, "source": source}
    return {**cell, "execution_count": None, "outputs": []} if kind == "code" else cell


# ── text ──────────────────────────────────────────────────────────────────────────────────────


def _task(exercise: QuestionSet) -> str:
    """Return title, function and task as Markdown."""
    shown = [f"$$\n{definition}\n$$" for definition in worksheet.definitions(exercise)]
    how = "Type each answer between the quotes: mathematics such as `3x² + 1/y`, or LaTeX."
    title = worksheet.caption(exercise) if exercise.description.at_points else exercise.title
    return "\n\n".join([f"# {title}", *shown, exercise.description.task, how])


def _asked(question: Question) -> str:
    """Return one question as Markdown."""
    text = f"**({question.number})** ${question.tex}$ = `{_variable(question)}`"
    if question.kind == CHOICE:
        text += "\n\none of: " + ", ".join(question.choices)
    if question.kind == STEPS:
        text += "\n\nOne line for each step, all of them equal; `d/dx(…)` may be left to be taken."
    return text


def _variable(question: Question) -> str:
    return f"answer_{question.number}"


def _answer(exercise: QuestionSet, question: Question) -> str:
    """Return the assignment of the right answer."""
    text = solution(exercise.jacobian, question)
    quoted = f'"""\n{text}\n"""' if question.kind == STEPS else json.dumps(text, ensure_ascii=False)
    return f"{_variable(question)} = {quoted}"


def _blank(question: Question) -> str:
    quotes = '"""\n"""' if question.kind == STEPS else '""'
    return f"{_variable(question)} = {quotes}"


def _solution_cell(exercise: QuestionSet, question: Question, sign: str, prompt: str = "") -> str:
    """Return a blank, and the solution between the marks that a generator looks for."""
    begin, end = f"{sign}BEGIN SOLUTION{prompt}", f"{sign}END SOLUTION"
    return "\n".join([_blank(question), begin, _answer(exercise, question), end])


def _test(question: Question) -> str:
    """Return the test: the judgement is the message of a failure."""
    return (
        f'judgement = exercise.judge("{question.id}", {_variable(question)})\n'
        "assert judgement, judgement"
    )


# ── nbgrader ──────────────────────────────────────────────────────────────────────────────────


def nbgrader_cells(exercise: QuestionSet) -> list[Cell]:
    """Return cells for nbgrader; see `GradedQuestions.to_nbgrader`."""
    cells = [
        _graded("markdown", _task(exercise), "task", locked=True),
        _graded("code", exercise_source(exercise), "function", locked=True),
    ]
    for question in exercise.questions:
        name = re.sub(r"[^\w-]", "-", question.id)
        cells += [
            _graded("markdown", _asked(question), f"question-{name}", locked=True),
            _graded(
                "code", _solution_cell(exercise, question, "### "), f"answer-{name}", solution=True
            ),
            _graded("code", _test(question), f"test-{name}", locked=True, grade=True, points=1),
        ]
    return cells


def _graded(kind: str, source: str, identity: str, **roles: Any) -> Cell:
    usual = {"grade": False, "solution": False, "locked": False, "task": False}
    about = {"schema_version": 3, "cell_type": kind, "grade_id": identity, **usual, **roles}
    return _cell(kind, source, nbgrader=about)


# ── Otter Assign ──────────────────────────────────────────────────────────────────────────────


def otter_cells(exercise: QuestionSet) -> list[Cell]:
    """Return cells for Otter Assign; see `GradedQuestions.to_otter`."""
    cells = [
        _cell("raw", _CONFIG),
        _cell("markdown", _task(exercise)),
        _cell("code", exercise_source(exercise)),
    ]
    for question in exercise.questions:
        name = re.sub(r"\W", "_", question.id)
        cells += [
            _cell("raw", f"# BEGIN QUESTION\nname: {name}\npoints: 1"),
            _cell("markdown", _asked(question)),
            _cell("raw", "# BEGIN SOLUTION"),
            _cell("code", _solution_cell(exercise, question, "# ", " NO PROMPT")),
            _cell("raw", "# END SOLUTION"),
            _cell("raw", "# BEGIN TESTS"),
            _cell("code", _test(question)),
            _cell("raw", "# END TESTS"),
            _cell("raw", "# END QUESTION"),
        ]
    return cells
