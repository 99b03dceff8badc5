"""The closed form as a fast numeric function: for sweeps, solvers and plots.

Where a recorded condition does not hold (another branch of the function), the closed form of that
branch is looked up or traced; where there is none, torch computes the numbers. So it does where the
closed form is not finite: 0·∞ and 0/0 may have a limit, and torch's formulas may take it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from jacmagic.errors import PointError
from jacmagic.symbolic.formula.closed import ClosedForm

Elsewhere = Callable[[Sequence[float]], "ClosedForm | np.ndarray"]
NumericJacobian = Callable[[Sequence[float]], np.ndarray]


class Evaluator:
    """A compiled Jacobian, (m, n), of n numbers: microseconds for a small one.

    A point in another branch of the function is traced when it is first met; where there is no
    closed form, or where it is not finite, the numbers are torch's. A function that cuts torch's
    graph (`detach()`, `no_grad`) is differentiated without the cut: `repr` names it.

    Example:
        >>> import torch, jacmagic
        >>> g = jacmagic.jacobian(lambda x, y: (x * y, x**2), torch.ones(2).unbind()).evaluator()
        >>> g(3, 4)
        array([[4., 3.],
               [6., 0.]])
        >>> g.batch([[3, 4], [5, 6]]).shape
        (2, 2, 2)
    """

    def __init__(self, form: ClosedForm, elsewhere: Elsewhere, numbers: NumericJacobian) -> None:
        """Evaluate a closed form.

        Args:
            form: valid where its assumptions hold.
            elsewhere: from a point where they do not hold to the closed form that is valid there,
                or to the Jacobian itself, (m, n).
            numbers: from a point to torch's Jacobian, (m, n).
        """
        self._forms = [form]
        self._elsewhere = elsewhere
        self._numbers = numbers
        self.shape = form.shape

    def __call__(self, *point: float) -> np.ndarray:
        """Return the Jacobian at n numbers, in column order, as a float64 array (m, n).

        Raises:
            PointError: for more or fewer than n numbers.
        """
        if len(point) != self.shape[1]:
            raise self._wrong(f"{len(point)}")
        if any(isinstance(number, str) for number in point):
            raise self._wrong("a text")
        for form in self._forms:
            if form.holds_at(point):
                return self._finite(form.values(point), point)
        other = self._elsewhere(point)
        if not isinstance(other, ClosedForm):
            return other.astype(np.float64)
        if all(other is not form for form in self._forms):
            self._forms.append(other)
        return self._finite(other.values(point), point)

    def _finite(self, values: np.ndarray, point: Sequence[float]) -> np.ndarray:
        """Return the values; torch's where they are not finite and torch cuts nothing."""
        if np.isfinite(values).all() or not np.isfinite(point).all() or self._cuts:
            return values
        return self._numbers(point).astype(np.float64)

    @property
    def _cuts(self) -> list[str]:
        """What cuts torch's graph, each with its line."""
        leaks = self._forms[0].trace.leaks
        cuts = [leak for leak in leaks if leak.habit != "int()"]
        return [f"{leak.habit} in line {leak.line}" if leak.line else leak.habit for leak in cuts]

    def batch(self, points: np.ndarray | Sequence[Sequence[float]]) -> np.ndarray:
        """Return the Jacobians at k points (k, n), as a float64 array (k, m, n).

        Raises:
            PointError: the points are not k rows of n numbers.
        """
        rows = np.asarray(points, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.shape[1]:
            raise self._wrong(f"an array of shape {rows.shape}")
        values = np.empty((len(rows), *self.shape))
        left = np.arange(len(rows))
        tried = 0
        while len(left):
            if tried == len(self._forms):  # a branch not met before
                values[left[0]] = self(*rows[left[0]].tolist())
                left = left[1:]
                continue
            form = self._forms[tried]
            holds = form.hold_at(rows[left])
            matrices = form.values_at(rows[left[holds]])
            for k in np.flatnonzero(~np.isfinite(matrices).all(axis=(1, 2))):
                matrices[k] = self._finite(matrices[k], rows[left[holds][k]].tolist())
            values[left[holds]] = matrices
            left, tried = left[~holds], tried + 1
        return values

    def _wrong(self, described: str) -> PointError:
        n = self.shape[1]
        return PointError(
            f"expected {n} numbers for each point; found {described}; write g(*point)"
        )

    def __repr__(self) -> str:
        m, n = self.shape
        cuts = f"; of the function without {', '.join(self._cuts)}" if self._cuts else ""
        return f"Evaluator: {n} numbers to a Jacobian of {m} × {n}{cuts}"
