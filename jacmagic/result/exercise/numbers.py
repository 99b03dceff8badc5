"""Answers that are numbers: the value of an entry at the point, exact or rounded."""

from __future__ import annotations

import math

import numpy as np

from jacmagic.result.exercise.constants import COINCIDENCE
from jacmagic.result.exercise.judge import UNFINISHED, Judge
from jacmagic.result.exercise.judgement import RIGHT, WRONG, Judgement

MAX_COMPONENTS = 8  # of a point whose numbers are exchanged, two by two
MAX_RELATIVE_ROUNDING = 5e-3  # relative: a number that is rounded to three digits is within it


def judge_number(judge: Judge, i: int, j: int, text: str) -> Judgement:
    """Judge a number for an entry at the point: 12, 3/4, sqrt(2)/2, or rounded to three digits.

    Raises:
        OptionError: there is no such entry.
    """
    answer = judge.read(i, j, text)
    if isinstance(answer, Judgement):
        return answer
    written = answer.written
    if answer.unfinished:
        return Judgement(WRONG, text, UNFINISHED, "a derivative is left to be taken")
    if set(written.graph.reach(written.entries)) & set(written.inputs):
        return Judgement(WRONG, text, "formula", "a number is asked for; substitute the point")
    point, matrix = judge.points[:1], judge.truth[0]
    value = float(answer.values(point)[0])
    if is_near(value, matrix[i, j]):
        if judge.constants.are_kept(i, j, answer, judge.names, point):
            return Judgement(RIGHT, text)
        return Judgement(WRONG, text, "constants", COINCIDENCE)
    return Judgement(WRONG, text, *_mistake(judge, i, j, value))


def is_near(value: float, right: float) -> bool:
    """Whether a number is right to three digits."""
    return math.isfinite(value) and abs(value - right) <= MAX_RELATIVE_ROUNDING * abs(right)


def _mistake(judge: Judge, i: int, j: int, value: float) -> tuple[str, str]:
    """Return the kind of a mistake and a clause, or nothing."""
    matrix, columns = judge.truth[0], judge.result.columns
    if not value:
        return ("zero", "it is not 0 here") if matrix[i, j] else ("", "")
    if is_near(-value, matrix[i, j]):
        return "sign", "it has the other sign"
    for k, label in enumerate(columns):
        if is_near(value, matrix[i, k]):
            return "variable", f"this is the derivative by {label.unicode}"
    for k in range(len(matrix)):
        if is_near(value, matrix[k, j]):
            return "index", f"this is the derivative of {judge.result._output(k)}"
    if is_near(value, float(judge.result.flat_value[i])):
        return "not differentiated", f"this is {judge.result._output(i)} itself, not its derivative"
    return _elsewhere(judge, i, j, value)


def _elsewhere(judge: Judge, i: int, j: int, value: float) -> tuple[str, str]:
    """Return the kind and a clause where a number is the entry's at another point."""
    centre, names = judge.points[0], [column.unicode for column in judge.result.columns]
    tried: list[tuple[str, str, np.ndarray]] = []
    for k, name in enumerate(names[:MAX_COMPONENTS]):
        flipped = centre.copy()
        flipped[k] = -centre[k]
        tried.append(("point", f"this is its value at {name} = {-centre[k]:.6g}", flipped))
        for other in range(k):
            exchanged = centre.copy()
            exchanged[[k, other]] = centre[[other, k]]
            clause = f"this is its value with {names[other]} and {name} exchanged"
            tried.append(("point", clause, exchanged))
    degrees = "this is its value with angles in degrees; they are in radians"
    tried += [("degrees", degrees, centre * unit) for unit in (np.pi / 180, 180 / np.pi)]
    for kind, clause, point in tried:
        if is_near(value, float(judge.form.values(point.tolist())[i, j])):
            return kind, clause
    return "", ""
