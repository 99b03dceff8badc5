"""Evaluate the texts of `--range` and assign them to components of the inputs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from jacmagic.errors import CellError, PointError
from jacmagic.function.problem import Problem
from jacmagic.function.values import evaluate
from jacmagic.labels import Label
from jacmagic.notebook.cell import Line, RangeText, read_range

Limits = tuple[float, float, float | None]


def limits_of(
    texts: Sequence[str], problem: Problem, namespace: Mapping[str, Any], line: Line
) -> dict[str, Limits]:
    """Return the slider ranges of `--range`.

    Args:
        texts: values of `--range`; a whole input or one component each.
        problem: whose inputs they name.
        namespace: where the bounds are evaluated.
        line: the magic's line, for carets.

    Returns:
        `(low, high, step)` by the text of a component's label; `step` is `None` by default.

    Raises:
        CellError: the text has another form.
        PointError: no component has that name, or the bounds are not increasing numbers.
    """
    limits: dict[str, Limits] = {}
    for text in texts:
        try:
            range_text = read_range(text)
        except CellError as error:
            raise CellError(f"{error}{line.mark_text(text)}") from None
        bounds = _bounds(range_text, namespace, line.mark_text(text))
        labels = _components(range_text, problem)
        if not labels:
            names = [label.text for label in problem.columns]
            raise PointError(
                f"--range names {range_text.key}, which is not an input; the components are "
                f"{', '.join(names[:12])}; write --range {names[0]}=LO:HI" + line.mark_text(text)
            )
        limits |= {label.text: bounds for label in labels}
    return limits


def _components(range_text: RangeText, problem: Problem) -> list[Label]:
    """Return the labels of a range: those of an input, or of one component."""
    labels = []
    for input_ in problem.inputs:
        indices = itertools.product(*map(range, input_.value.shape))
        for label, index in zip(input_.labels, indices, strict=True):
            is_named = range_text.name == input_.name and range_text.index in ((), index)
            if is_named or range_text.key == label.text:
                labels.append(label)
    return labels


def _bounds(range_text: RangeText, namespace: Mapping[str, Any], marked: str) -> Limits:
    texts = [range_text.low, range_text.high, *([range_text.step] if range_text.step else [])]
    try:
        low, high, *step = (float(evaluate(text, namespace)) for text in texts)
    except Exception as error:  # the user's expression may raise anything
        raise PointError(
            f"the bounds of --range {range_text.key} do not evaluate: "
            f"{type(error).__name__}: {error}; "
            f"write numbers, such as --range {range_text.key}=0:5" + marked
        ) from error
    typed = f"found {low:g} and {high:g}" + (f" with step {step[0]:g}" if step else "")
    if not all(map(isfinite, (low, high, high - low, *step))):
        raise PointError(
            f"expected finite bounds for --range {range_text.key}; {typed}; "
            f"write --range {range_text.key}=-1e6:1e6{marked}"
        )
    if not low < high or (step and step[0] <= 0):
        upper = max(low, high) + (low == high)
        raise PointError(
            f"expected LO < HI and a positive step; {typed}; "
            f"write --range {range_text.key}={min(low, high):g}:{upper:g}{marked}"
        )
    return low, high, step[0] if step else None
