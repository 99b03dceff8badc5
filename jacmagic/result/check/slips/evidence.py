"""Evidence for hypotheses on slips: values of both matrices and of their nodes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jacmagic.result.check.expressions import Expressions, Values
from jacmagic.result.check.slips.slip import MAX_GAP, WrongEntry
from jacmagic.result.core import JacobianResult

MAX_NODES = 3_000  # of the expressions that are searched for a factor or a term


Side = tuple[Expressions, Values, int]  # expressions, their values, an entry's node


@dataclass(frozen=True)
class Evidence:
    """Both Jacobians at k points, and their expressions where there are any.

    Attributes:
        points: (k, n).
        truth: (k, m, n).
        hand: (k, m, n).
        noise: what rounding explains, (k, m, n).
        form: the right Jacobian's expressions, with the function's own nodes.
        written: the hand-derived expressions.
        result: the right Jacobian.
    """

    points: np.ndarray
    truth: np.ndarray
    hand: np.ndarray
    noise: np.ndarray
    form: Expressions | None
    written: Expressions | None
    result: JacobianResult

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        return self.truth.shape[1], self.truth.shape[2]

    def wrong(self, i: int, j: int) -> WrongEntry:
        """Return the entry (i, j)."""
        noise = self.noise[:, i, j]
        alone = len(self.points) == 1
        return WrongEntry(i, j, self.truth[:, i, j], self.hand[:, i, j], noise, alone)

    def elsewhere(self, points: np.ndarray) -> np.ndarray:
        """Return the right Jacobian at other points (k, m, n), nan where it has none."""
        form = self.result.closed_form
        if form is None:
            return np.full((len(points), *self.shape), np.nan)
        return form.values_at(points)

    def all_equal(self, one: np.ndarray, other: np.ndarray) -> bool:
        """Whether two stacks of matrices or rows are equal but for rounding."""
        with np.errstate(invalid="ignore"):
            size = np.maximum(np.abs(one), np.abs(other))
            largest = self.noise.max(axis=(1, 2)).reshape(-1, *([1] * (one.ndim - 1)))
            return bool((np.abs(one - other) <= MAX_GAP * size + largest).all())

    @cached_property
    def form_values(self) -> Values | None:
        """The right expressions' values."""
        return None if self.form is None else self.form.values(self.points)

    @cached_property
    def written_values(self) -> Values | None:
        """The hand-derived expressions' values, where they give its numbers."""
        if self.written is None:
            return None
        values = self.written.values(self.points)
        m, n = self.shape
        entries = np.stack([values.of(node) for node in self.written.entries], axis=1)
        same = np.isclose(entries.reshape(-1, m, n), self.hand, rtol=1e-6, atol=0, equal_nan=True)
        return values if same.mean() > 0.5 else None

    def in_hand(self, wrong: WrongEntry) -> Side | None:
        """Return the node of a hand-derived entry, where its expressions are known."""
        return _side(self, self.written, self.written_values, wrong)

    def in_form(self, wrong: WrongEntry) -> Side | None:
        """Return the node of an entry of the closed form, where there is one."""
        return _side(self, self.form, self.form_values, wrong)

    @cached_property
    def known(self) -> list[tuple[Expressions, int, np.ndarray]]:
        """Nodes of both sides that may be a factor or a term, with their values."""
        nodes: list[tuple[Expressions, int, np.ndarray]] = []
        for side, values in ((self.form, self.form_values), (self.written, self.written_values)):
            if side is None or values is None:
                continue
            roots = [*side.outputs, *side.entries]
            for node in side.graph.reach(roots)[:MAX_NODES]:
                operation = side.graph.operations[node]
                if operation == "number" or side.graph.is_condition(node):
                    continue
                value = values.of(node)
                if np.isfinite(value).all() and np.abs(value).max(initial=0.0) > 0:
                    nodes.append((side, node, value))
        return nodes

    @cached_property
    def directions(self) -> np.ndarray:
        """The values of `known`, each divided by its first, (nodes, k)."""
        with np.errstate(all="ignore"):
            return np.array([value / value[0] for _, _, value in self.known])

    def named(self, target: np.ndarray) -> tuple[float, str] | None:
        """Return a constant and the text of a node whose product a value is at all points.

        The shortest text is taken; None where there is no such node, or there is only one point.
        """
        if len(self.points) == 1 or not self.known or not np.isfinite(target).all():
            return None
        with np.errstate(all="ignore"):
            direction = target / target[0]
            gaps = np.abs(self.directions - direction) <= 1e-8 * np.abs(direction)
        names: list[tuple[float, str]] = []
        for k in np.flatnonzero(gaps.all(axis=1))[:8]:
            side, node, value = self.known[k]
            text = side.text(node)
            if text:
                names.append((float(target[0] / value[0]), text))
        return min(names, key=lambda pair: len(pair[1]), default=None)


def _side(
    evidence: Evidence, side: Expressions | None, values: Values | None, wrong: WrongEntry
) -> Side | None:
    if side is None or values is None:
        return None
    return side, values, side.entries[wrong.row * evidence.shape[1] + wrong.column]
