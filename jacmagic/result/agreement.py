"""The verdict on one Jacobian, and the sentences in which it is given.

torch's value is the one that is shown. A verdict is given over all entries from what `judge` found
of each; who stands alone is named, and so is the reason where nothing could be confirmed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from jacmagic.result.comparison import ALARMS, Finding, Sources

_UNREMARKABLE = 1e-4  # a difference that no reader of four digits takes for an error

_ALONE = {
    Finding.TORCH: "torch",
    Finding.FORM: "the closed form",
    Finding.CONTRADICTED: "",
}


@dataclass(frozen=True)
class Disagreement:
    """One entry on which the sources differ.

    Attributes:
        row: its row.
        column: its column.
        entry: its name, such as "∂f₁/∂x₂".
        torch: torch's value, the one shown.
        formula: the closed form's value, or None without a closed form.
        differences: the finite differences' value, or None where they decide nothing.
        cause: the likely cause and what to write instead.
        alone: "torch", "the closed form", or "" where no third source decides.
    """

    row: int
    column: int
    entry: str
    torch: float
    formula: float | None
    differences: float | None
    cause: str
    alone: str = "torch"

    @property
    def numbers(self) -> str:
        """The entry and what each source says of it."""
        others = []
        if self.formula is not None:
            others.append(f"closed form {_apart(self.formula, self.torch)}")
        if self.differences is not None:
            others.append(f"finite differences {_apart(self.differences, self.torch)}")
        shown = _apart(self.torch, self.formula if self.formula is not None else self.torch)
        return f"{self.entry}: torch {shown}, {', '.join(others)}"

    def __str__(self) -> str:
        return f"{self.numbers}. {self.cause}".strip()


def _apart(value: float, other: float) -> str:
    """Return a number with six digits, or with as many as show that it is another one."""
    short = f"{value:.6g}"
    return f"{value:.17g}" if value != other and short == f"{other:.6g}" else short


@dataclass(frozen=True)
class Agreement:
    """The verdict over all entries.

    Attributes:
        verdict: "agree" where at least two independent sources are equal in every entry,
            "disagree" where sources contradict each other, else "not confirmed".
        largest: the largest absolute difference between torch and the closed form where both are
            finite; between torch and finite differences if there is no closed form.
        disagreements: the entries that differ.
        warnings: what else should be known at this point: kinks, values that are not finite.
        witnesses: the sources that were compared.
        said: how the comparison went, where it was not entry by entry.
        alone: who contradicts the others: "torch", "the closed form", "finite differences" (beside
            "agree"), or "" for nobody, and where two sources contradict each other without a third.
        reason: why nothing is confirmed, or what finite differences say alone; else "".
    """

    verdict: str
    largest: float
    disagreements: tuple[Disagreement, ...]
    warnings: tuple[str, ...]
    witnesses: Sources
    said: str = ""
    alone: str = ""
    reason: str = ""

    def __str__(self) -> str:
        if self.said:
            return self.said
        if self.verdict == "not confirmed":
            return f"not confirmed: {self.reason}"
        if self.verdict == "disagree":
            return self._contradiction
        quietly = f"; {self.reason}" if self.reason else ""
        joined = " and ".join(self._sources)
        return f"torch agrees with {joined}; largest difference {self._size}{quietly}"

    @property
    def _size(self) -> str:
        """The largest difference, and of how large an entry where that alone makes it small."""
        gaps = _gaps(self.witnesses)
        if gaps is None or self.largest <= _UNREMARKABLE:
            return f"{self.largest:.1g}"
        entry = self.witnesses.torch.flat[int(gaps.argmax())]
        return f"{self.largest:.1g}, of {abs(entry):.1g}"

    @property
    def _sources(self) -> list[str]:
        named = ["the closed form"] * (self.witnesses.formula is not None)
        if self.undefined:
            return ["finite differences"]
        if self.alone == "finite differences" or not self._cites_differences:
            return named
        return [*named, "finite differences"]

    @property
    def undefined(self) -> bool:
        """Whether the closed form is nan in an entry of which torch has a value."""
        found = self.witnesses
        if found.formula is None:
            return False
        return bool((np.isnan(found.formula) & ~np.isnan(found.torch)).any())

    @property
    def _cites_differences(self) -> bool:
        """Whether finite differences were taken and decide anything, or are the only check."""
        found = self.witnesses
        if found.along or found.differences is None:
            return found.along
        known = found.error is not None and np.isfinite(found.error)
        met = found.decisive | (found.differences == found.torch) & known
        return bool(met.any()) or found.formula is None or not met.size

    @property
    def _contradiction(self) -> str:
        first, count = self.disagreements[0], len(self.disagreements)
        which = "1 entry" if count == 1 else f"{count} entries"
        others = ["the closed form"] * (first.formula is not None)
        others += ["finite differences"] * (first.differences is not None)
        joined = " and ".join(others)
        if self.alone == "torch":
            return f"torch is alone: it disagrees with {joined} in {which}. {first}"
        if self.alone == "the closed form":
            return (
                f"the closed form is alone: torch agrees with finite differences in {which} "
                f"where it does not, and it is withdrawn. {first}"
            )
        return f"torch disagrees with {joined} in {which}, and no third source decides. {first}"

    @property
    def further(self) -> tuple[str, ...]:
        """The disagreements after the first, up to five; a cause that was told is not repeated."""
        told = {found.cause for found in self.disagreements[:1]}
        lines = []
        for found in self.disagreements[1:6]:
            lines.append(found.numbers if found.cause in told else str(found))
            told.add(found.cause)
        return tuple(lines)


def conclude(
    sources: Sources,
    found: np.ndarray,
    apart: np.ndarray,
    *,
    name: Callable[[int, int], str],
    cause: Callable[[int, int], str],
    reason: Callable[[Finding, int, int], str],
    warnings: tuple[str, ...] = (),
) -> Agreement:
    """One verdict from what was found of each entry.

    Args:
        sources: the values.
        found: a `Finding` for each entry, (m, n).
        apart: boolean (m, n), where finite differences contradict what two others agree on.
        name: names an entry for the reader.
        cause: explains why torch is alone in an entry.
        reason: why the first unconfirmed entry, of this finding and place, is not confirmed.
        warnings: passed on.
    """
    blank = Agreement("agree", _largest(sources), (), warnings, sources)
    alarms = [(int(i), int(j)) for i, j in np.argwhere(np.isin(found, ALARMS))]
    if alarms:
        each = tuple(_disagreement(sources, found, i, j, name, cause) for i, j in alarms)
        # the loudest first: where torch is alone, the numbers that are shown are wrong
        each = tuple(sorted(each, key=lambda one: one.alone != "torch"))
        return replace(blank, verdict="disagree", disagreements=each, alone=each[0].alone)
    open_ = np.argwhere(found != Finding.AGREED)
    if len(open_) or not _checked(sources):
        i, j = map(int, open_[0]) if len(open_) else (-1, -1)
        kind = Finding(found[i, j]) if len(open_) else Finding.UNCONFIRMED
        return replace(blank, verdict="not confirmed", reason=reason(kind, i, j))
    if apart.any():
        assert sources.differences is not None
        i, j = map(int, np.argwhere(apart)[0])
        quietly = (
            f"finite differences stand alone in {name(i, j)} with {sources.differences[i, j]:.6g}"
        )
        return replace(blank, alone="finite differences", reason=quietly)
    return blank


def _checked(sources: Sources) -> bool:
    return sources.formula is not None or sources.differences is not None


def _disagreement(
    sources: Sources,
    found: np.ndarray,
    i: int,
    j: int,
    name: Callable[[int, int], str],
    cause: Callable[[int, int], str],
) -> Disagreement:
    decisive = bool(sources.decisive[i, j])
    alone = _ALONE[Finding(found[i, j])]
    return Disagreement(
        i,
        j,
        name(i, j),
        float(sources.torch[i, j]),
        None if sources.formula is None else float(sources.formula[i, j]),
        float(sources.differences[i, j]) if decisive and sources.differences is not None else None,
        "Please report this function." if alone == "the closed form" else cause(i, j),
        alone,
    )


def _largest(sources: Sources) -> float:
    gaps = _gaps(sources)
    return float("nan") if gaps is None else float(gaps.max(initial=0))


def _gaps(sources: Sources) -> np.ndarray | None:
    """The finite differences between torch and the closed form or, without one, the differences.

    (m, n), 0 where a difference is not finite; None where torch stands beside nothing.
    """
    other = sources.formula if sources.formula is not None else sources.differences
    if other is None:
        return None
    with np.errstate(invalid="ignore"):
        gaps = np.abs(sources.torch - other)
    return np.where(np.isfinite(gaps), gaps, 0)
