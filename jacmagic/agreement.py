"""Three witnesses of one Jacobian: torch, the closed form, finite differences. Do they agree?

torch's value is the one that is shown. Where another witness differs, the entry is named with its
likely cause; nothing is hidden. A difference counts when it exceeds a tolerance relative to the
entry's row, so that rounding in a large row is not mistaken for a disagreement.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

MATCHING = {"float64": 1e-8, "float32": 2e-4, "float16": 5e-2, "bfloat16": 2e-1}


@dataclass(frozen=True)
class Disagreement:
    """One entry on which the witnesses differ.

    Attributes:
        row: its row.
        column: its column.
        entry: its name, such as "∂f₁/∂x₂".
        torch: torch's value, the one shown.
        formula: the closed form's value, or None without a closed form.
        differences: the finite differences' value, or None where there are none.
        cause: the likely cause and what to write instead.
    """

    row: int
    column: int
    entry: str
    torch: float
    formula: float | None
    differences: float | None
    cause: str

    @property
    def numbers(self) -> str:
        """The entry and what each witness says of it."""
        others = []
        if self.formula is not None:
            others.append(f"closed form {self.formula:.6g}")
        if self.differences is not None:
            others.append(f"finite differences {self.differences:.6g}")
        return f"{self.entry}: torch {self.torch:.6g}, {', '.join(others)}"

    def __str__(self) -> str:
        return f"{self.numbers}. {self.cause}"


@dataclass(frozen=True)
class Witnesses:
    """What each road says, as float64 arrays (m, n).

    Attributes:
        torch: the truth that is shown.
        formula: the closed form's values, or None.
        differences: finite differences, or None where they were too dear.
        error: estimated error of the finite differences, or None.
        precision: name of the dtype in which torch computed, such as "float64".
    """

    torch: np.ndarray
    formula: np.ndarray | None
    differences: np.ndarray | None
    error: np.ndarray | None
    precision: str


@dataclass(frozen=True)
class Agreement:
    """The verdict over all entries.

    Attributes:
        verdict: "agree", "disagree", or "numbers only" if torch stood alone.
        largest: the largest absolute difference between torch and the closed form where both are
            finite; between torch and finite differences if there is no closed form.
        disagreements: the entries that differ.
        warnings: what else should be known at this point: kinks, values that are not finite.
        witnesses: the roads that were compared.
        said: how the comparison went, where it was not entry by entry.
    """

    verdict: str
    largest: float
    disagreements: tuple[Disagreement, ...]
    warnings: tuple[str, ...]
    witnesses: Witnesses
    said: str = ""

    def __str__(self) -> str:
        if self.said:
            return self.said
        others = ["the closed form"] * (self.witnesses.formula is not None)
        others += ["finite differences"] * (self.witnesses.differences is not None)
        joined = " and ".join(others)
        if self.verdict == "numbers only":
            return "torch only: no second road could check these numbers"
        if self.verdict == "disagree":
            count = len(self.disagreements)
            which = "1 entry" if count == 1 else f"{count} entries"
            return f"torch disagrees with {joined} in {which}. {self.disagreements[0]}"
        return f"torch agrees with {joined}; largest difference {self.largest:.1g}"

    @property
    def further(self) -> tuple[str, ...]:
        """The disagreements after the first, up to five; a cause that was told is not repeated."""
        told = {found.cause for found in self.disagreements[:1]}
        lines = []
        for found in self.disagreements[1:6]:
            lines.append(found.numbers if found.cause in told else str(found))
            told.add(found.cause)
        return tuple(lines)


def compare(
    witnesses: Witnesses,
    *,
    name: Callable[[int, int], str],
    cause: Callable[[int, int], str],
    warnings: tuple[str, ...] = (),
    kinked: Collection[int] = (),
    between: np.ndarray | None = None,
) -> Agreement:
    """Compare the witnesses entry by entry.

    Args:
        witnesses: the values.
        name: names an entry for the reader.
        cause: explains a disagreement at an entry.
        warnings: passed on.
        kinked: rows in which the point lies on a kink. There finite differences average the two
            sides, so they do not contradict torch where the closed form confirms it.
        between: boolean (m, n), True where the two sides of a kink differ and torch's value lies
            between them: any such value is a fair choice.
    """
    differs = np.zeros(witnesses.torch.shape, dtype=bool)
    if witnesses.formula is not None:
        differs |= _differ(witnesses.torch, witnesses.formula, MATCHING[witnesses.precision])
    if witnesses.differences is not None and witnesses.error is not None:
        far = _far(witnesses)
        far[sorted(kinked)] &= witnesses.formula is None
        differs |= far
    if between is not None:
        differs &= ~between
    found = tuple(
        Disagreement(
            int(i),
            int(j),
            name(int(i), int(j)),
            float(witnesses.torch[i, j]),
            None if witnesses.formula is None else float(witnesses.formula[i, j]),
            None if witnesses.differences is None else float(witnesses.differences[i, j]),
            cause(int(i), int(j)),
        )
        for i, j in np.argwhere(differs)
    )
    other = witnesses.formula if witnesses.formula is not None else witnesses.differences
    if other is None:
        return Agreement("numbers only", float("nan"), (), warnings, witnesses)
    verdict = "disagree" if found else "agree"
    return Agreement(verdict, _largest(witnesses.torch, other), found, warnings, witnesses)


def _scale(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """1 + the largest finite size in each row."""
    sizes = np.maximum(np.abs(a), np.abs(b))
    sizes = np.where(np.isfinite(sizes), sizes, 0)
    return 1 + sizes.max(axis=1, initial=0, keepdims=True)


def _differ(torch: np.ndarray, formula: np.ndarray, tolerance: float) -> np.ndarray:
    """Where two roads differ; a textbook form that overflows where torch does not is forgiven."""
    with np.errstate(invalid="ignore"):
        close = np.abs(torch - formula) <= tolerance * _scale(torch, formula)
        same = (torch == formula) | (np.isnan(torch) & np.isnan(formula))
    return ~(close | same | ~np.isfinite(formula))


def _far(witnesses: Witnesses) -> np.ndarray:
    """Where finite differences contradict torch by much more than their own error."""
    assert witnesses.differences is not None and witnesses.error is not None
    tolerance = max(1e-5, 100 * MATCHING[witnesses.precision])
    with np.errstate(invalid="ignore"):
        gap = np.abs(witnesses.torch - witnesses.differences)
        allowed = tolerance * _scale(witnesses.torch, witnesses.differences) + 10 * witnesses.error
        return np.isfinite(gap) & np.isfinite(witnesses.error) & (gap > allowed)


def _largest(torch: np.ndarray, other: np.ndarray) -> float:
    with np.errstate(invalid="ignore"):
        gaps = np.abs(torch - other)
    return float(gaps[np.isfinite(gaps)].max(initial=0))
