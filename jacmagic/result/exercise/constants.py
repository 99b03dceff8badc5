"""Named constants in answers: 2a is not a², though both are 4 for a = 2."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jacmagic.result.check.expressions import Values
from jacmagic.result.check.formulas import constants_of
from jacmagic.result.check.symbols import Vocabulary, key
from jacmagic.result.core import JacobianResult
from jacmagic.result.exercise.answer import Answer, read_answer
from jacmagic.result.exercise.parser import Names

RELATIVE_STEP = 2.0**-6  # by which a constant is moved: far above rounding, on the same branch
MAX_RELATIVE_GAP = 1e-6  # relative: rounding is far below, another formula far above
COINCIDENCE = (
    "it is equal for these values of the constants only; write each by its name throughout, or "
    "by its value"
)


class Constants:
    """The constants of a function by name, which can be moved.

    Attributes:
        result: the Jacobian.
        values: the numbers, by `check.symbols.key`.
    """

    def __init__(self, result: JacobianResult) -> None:
        self.result = result
        self.values = {key(name): value for name, value in constants_of(result).items()}

    def are_kept(self, i: int, j: int, answer: Answer, names: Names, points: np.ndarray) -> bool:
        """Whether a right answer remains right where the constants that it names are moved.

        Args:
            i: the row.
            j: the column.
            answer: what was typed; equal to the entry (i, j).
            names: what names mean.
            points: (k, n).
        """
        moved = {
            name: self.values[name] * (1 + k * RELATIVE_STEP)
            for k, name in enumerate(sorted(answer.constants & set(self.values)), 1)
        }
        nodes = self._nodes(moved)
        if not moved or nodes is None:
            return True
        right = self._entry(i, j, nodes, points)
        vocabulary = Vocabulary(self.result.columns, {**self.values, **moved})
        outputs = replace(names.outputs, moved=nodes)
        other = read_answer(answer.text, replace(names, vocabulary=vocabulary, outputs=outputs), j)
        hand = other.values(points)
        with np.errstate(all="ignore"):
            apart = np.abs(hand - right) > MAX_RELATIVE_GAP * np.maximum(
                np.abs(hand), np.abs(right)
            )
        return not bool(apart[np.isfinite(hand) & np.isfinite(right)].any())

    def _nodes(self, moved: dict[str, float]) -> dict[int, float] | None:
        """Return the numbers of moved constants by their nodes; None where one has no node."""
        reading = self.result.reading
        constants = () if reading is None else reading.form.trace.constants
        keys = {constant.node: key(constant.label.text) for constant in constants}
        nodes = {node: moved[name] for node, name in keys.items() if name in moved}
        return None if len(nodes) < len(moved) else nodes

    def _entry(self, i: int, j: int, nodes: dict[int, float], points: np.ndarray) -> np.ndarray:
        """Return the entry's values, (k,), with moved constants."""
        assert self.result.reading is not None  # whose nodes they are
        form = self.result.reading.form
        whole = np.hstack([points, np.tile(list(nodes.values()), (len(points), 1))])
        values = Values(form.graph, [*form.trace.inputs, *nodes], whole)
        return values.of(form.entries[i * len(form.trace.inputs) + j])
