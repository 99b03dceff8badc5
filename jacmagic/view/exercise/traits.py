"""An exercise as plain data for the browser: the function as a tape, names, questions.

Of the Jacobian only the entries that are given are carried: the browser differentiates the function
itself. What is to be chosen is carried as salted hashes.
"""

from __future__ import annotations

import secrets
from typing import Any

from jacmagic.errors import OptionError
from jacmagic.render.mathml import to_mathml
from jacmagic.result.core import JacobianResult
from jacmagic.result.exercise.outputs import spellings_of
from jacmagic.symbolic.graph import Tape
from jacmagic.symbolic.graph.tape import write_tape_with_slots
from jacmagic.view.captions import point
from jacmagic.view.exercise.question import CHOICE, Question
from jacmagic.view.exercise.question_set import QuestionSet
from jacmagic.view.exercise.worksheet import GivenEntry, cells_of, definitions, head
from jacmagic.view.explorer.live_tape import BROWSER

MAX_OPERATIONS = 2000  # of a function that is differentiated while one types
MAX_ENTRIES = 400  # of a matrix whose other entries are compared, as in static/quiz_mistakes.mjs


def traits_of(exercise: QuestionSet) -> dict[str, Any]:
    """Return the traits of an exercise and of its variants.

    Raises:
        OptionError: the browser cannot run the function.
    """
    jacobian = exercise.jacobian
    return {
        "spec": {
            "title": exercise.title,
            "front": exercise.description.front,
            "task": exercise.description.task,
            "typing": exercise.description.typing,
            "head": to_mathml(head(jacobian), display=False),
            "definitions": [
                to_mathml(definition, display=False) for definition in definitions(exercise)
            ],
            "variants": [_variant(variant) for variant in exercise.variants],
        },
        "exercise": function_of(jacobian),
    }


def function_of(jacobian: JacobianResult) -> dict[str, Any]:
    """Return the function as the browser computes it: a tape, and the names in it."""
    assert jacobian.reading is not None  # there is no exercise without a closed form
    form = jacobian.reading.form
    trace = form.trace
    conditions = [assumption.condition for assumption in trace.assumptions]
    roots = [*conditions, *trace.outputs]
    tape, slots = write_tape_with_slots(form.graph, roots, trace.inputs)
    _check(tape)
    named = {
        slots[constant.node]: constant.label
        for constant in trace.constants
        if constant.node in slots
    }
    rows = jacobian.rows if spellings_of(jacobian) else ()
    labels = [*jacobian.columns, *named.values(), *rows]
    return {
        "tape": tape.to_json(),
        "conditions": len(conditions),
        "constants": {str(slot): label.unicode for slot, label in named.items()},
        "constant_names": [[label.text, label.unicode] for label in named.values()],
        "names": [[label.text, label.unicode, label.symbol] for label in jacobian.columns],
        "texts": [label.unicode for label in jacobian.columns],
        "mathml": {label.unicode: to_mathml(label.tex, display=False) for label in labels},
        "outputs": spellings_of(jacobian),
        "arguments": [
            [input_.name for input_ in jacobian.problem.inputs],
            [column.text for column in jacobian.columns],
        ],
        "rows": [jacobian._output(i) for i in range(jacobian.shape[0])],
        "entries": _names(jacobian),
        "point": list(jacobian.problem.flat_point),
    }


def _names(jacobian: JacobianResult) -> list[list[str]]:
    """Return what each entry is called, (m, n), for sentences about a wrong answer.

    Of a large matrix nothing: its entries are not compared with an answer.
    """
    if jacobian.shape[0] * jacobian.shape[1] > MAX_ENTRIES:
        return []
    title, named = jacobian.title, jacobian.notation.unicode
    columns = [column.unicode for column in jacobian.columns]
    return [[named(title, row.unicode, column) for column in columns] for row in jacobian.rows]


def _check(tape: Tape) -> None:
    unknown = sorted({name for name, *_ in tape.operations} - BROWSER)
    if unknown:
        raise OptionError(
            f"expected a function that a browser can compute, for an exercise; found "
            f"{', '.join(unknown)}; write the function without it"
        )
    if len(tape.operations) > MAX_OPERATIONS:
        raise OptionError(
            f"expected a function of at most {MAX_OPERATIONS:,} operations, for an exercise; found "
            f"{len(tape.operations):,}; write a smaller function"
        )


def _variant(exercise: QuestionSet) -> dict[str, Any]:
    """Return the questions of one variant, and the matrix in which they stand."""
    cells: list[list[Any]] = []
    if exercise.is_matrix:
        cells = [
            [cell.mathml if isinstance(cell, GivenEntry) else cell.number for cell in row]
            for row in cells_of(exercise)
        ]
    return {
        "where": point(exercise.jacobian),
        "point": list(exercise.jacobian.problem.flat_point),
        "cells": cells,
        "questions": [_question(question) for question in exercise.questions],
    }


def _question(question: Question) -> dict[str, Any]:
    names = ["id", "row", "column", "number", "text", "mathml"]
    if question.kind != CHOICE:
        return {name: getattr(question, name) for name in names}
    names += ["choices", "asked", "item", "advice"]
    salt = secrets.token_hex(16)
    digest = hash_of(f"{salt}:{question.answer}")
    shown = {name: getattr(question, name) for name in names}
    return {**shown, "salt": salt, "digest": digest}


def hash_of(text: str) -> int:
    """Return a hash of 32 bits: FNV-1a, by G. Fowler, L. C. Noll and K.-P. Vo."""
    digest = 0x811C9DC5
    for byte in text.encode():
        digest = (digest ^ byte) * 0x01000193 % 2**32
    return digest
