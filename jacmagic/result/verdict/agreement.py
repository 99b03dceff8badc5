"""The verdict on one Jacobian as a value, and the sentences in which it is shown.

torch's value is the one that is shown. The source that contradicts the others is named, and so is
the reason where an entry could not be confirmed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from jacmagic.render.text import number
from jacmagic.result.verdict.findings import ALARMS, Finding, Sources

_ALONE = {
    Finding.TORCH: "torch",
    Finding.FORM: "the closed form",
    Finding.CONTRADICTED: "",
}
MAX_RELATIVE_UNREMARKED = 1e-4  # a difference that no reader of four digits takes for an error


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
            alike = self.formula is not None and _is_nearer(
                self.differences, self.torch, self.formula
            )
            shown = number(self.differences, 6) if alike else _apart(self.differences, self.torch)
            others.append(f"finite differences {shown}")
        shown = _apart(self.torch, self.formula if self.formula is not None else self.torch)
        return f"{self.entry}: torch {shown}, {', '.join(others)}"

    def __str__(self) -> str:
        return f"{self.numbers}. {self.cause}".strip()


def _is_nearer(value: float, one: float, other: float) -> bool:
    return abs(value - one) < abs(value - other)


def _apart(value: float, other: float) -> str:
    """Return a number with six digits, or with as many as tell it from the other."""
    short = number(value, 6)
    return f"{value:.17g}" if value != other and short == number(other, 6) else short


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
        sources: the values that were compared.
        summary: the whole sentence, where the comparison was not entry by entry.
        alone: the source that contradicts the others: "torch", "the closed form", "finite
            differences" (beside "agree"); "" for none, and where two contradict each other without
            a third.
        reason: why nothing is confirmed, or what finite differences say alone; else "".
    """

    verdict: str
    largest: float
    disagreements: tuple[Disagreement, ...]
    warnings: tuple[str, ...]
    sources: Sources
    summary: str = ""
    alone: str = ""
    reason: str = ""

    def __str__(self) -> str:
        if self.summary:
            return self.summary
        if self.verdict == "not confirmed":
            return f"not confirmed: {self.reason}"
        if self.verdict == "disagree":
            return self._contradiction
        remark = f"; {self.reason}" if self.reason else ""
        joined = " and ".join(self._confirming)
        return f"torch agrees with {joined}; largest difference {self._size}{remark}"

    @property
    def _size(self) -> str:
        """The largest difference, with the size of its entry where that makes it small."""
        gaps = self.sources.gaps
        if gaps is None or self.largest <= MAX_RELATIVE_UNREMARKED:
            return number(self.largest, 1)
        entry = self.sources.torch.flat[int(gaps.argmax())]
        return f"{number(self.largest, 1)}, of {number(abs(float(entry)), 1)}"

    @property
    def _confirming(self) -> list[str]:
        named = ["the closed form"] * (self.sources.formula is not None)
        if self.undefined:
            return ["finite differences"]
        if self.alone == "finite differences" or not self._cites_differences:
            return named
        return [*named, "finite differences"]

    @property
    def undefined(self) -> bool:
        """Whether the closed form is nan in an entry of which torch has a value."""
        formula, truth = self.sources.formula, self.sources.torch
        return formula is not None and bool((np.isnan(formula) & ~np.isnan(truth)).any())

    @property
    def _cites_differences(self) -> bool:
        """Whether finite differences decide anything, or are the only check."""
        sources = self.sources
        estimate = sources.estimated
        if sources.along or estimate is None:
            return sources.along
        decides = estimate.decisive | (estimate.value == sources.torch) & np.isfinite(
            estimate.error
        )
        return bool(decides.any()) or sources.formula is None or not decides.size

    @property
    def _contradiction(self) -> str:
        first, count = self.disagreements[0], len(self.disagreements)
        which = "1 entry" if count == 1 else f"{count} entries"
        others = ["the closed form"] * (first.formula is not None)
        others += ["finite differences"] * (first.differences is not None)
        joined = " and ".join(others)
        if self.alone == "torch":
            if self._by_differences not in (0, count):
                joined = "the closed form"
                which += f", and with finite differences in {self._by_differences}"
            return f"torch is alone: it disagrees with {joined} in {which}. {first}"
        if self.alone == "the closed form":
            return (
                f"the closed form is alone: torch agrees with finite differences in {which} "
                f"where it does not, and it is withdrawn. {first}"
            )
        return f"torch disagrees with {joined} in {which}, and no third source decides. {first}"

    @property
    def _by_differences(self) -> int:
        """Entries in which finite differences are nearer to the closed form than to torch.

        Those of a Hessian start from torch's gradient, which may be wrong too.
        """
        return sum(
            disagreement.formula is None
            or _is_nearer(disagreement.differences, disagreement.formula, disagreement.torch)
            for disagreement in self.disagreements
            if disagreement.differences is not None
        )

    @property
    def further(self) -> tuple[str, ...]:
        """The disagreements after the first, up to five; each cause stands once."""
        causes = {disagreement.cause for disagreement in self.disagreements[:1]}
        lines = []
        for disagreement in self.disagreements[1:6]:
            lines.append(
                disagreement.numbers if disagreement.cause in causes else str(disagreement)
            )
            causes.add(disagreement.cause)
        return tuple(lines)


def conclude(
    sources: Sources,
    findings: np.ndarray,
    apart: np.ndarray,
    *,
    name: Callable[[int, int], str],
    cause: Callable[[int, int], str],
    reason: Callable[[Finding, int, int], str],
    warnings: tuple[str, ...] = (),
) -> Agreement:
    """Return one verdict over all entries.

    Args:
        sources: the values.
        findings: a `Finding` for each entry, (m, n).
        apart: boolean (m, n), where finite differences contradict what two others agree on.
        name: names an entry for the reader.
        cause: explains why torch is alone in an entry.
        reason: why the first unconfirmed entry, with its finding, is not confirmed.
        warnings: passed on.
    """
    gaps = sources.gaps
    largest = float("nan") if gaps is None else float(gaps.max(initial=0))
    blank = Agreement("agree", largest, (), warnings, sources)
    alarms = [(int(i), int(j)) for i, j in np.argwhere(np.isin(findings, ALARMS))]
    if alarms:
        each = tuple(_disagreement(sources, findings, i, j, name, cause) for i, j in alarms)
        # the loudest first: where torch is alone, the numbers that are shown are wrong
        each = tuple(sorted(each, key=lambda disagreement: disagreement.alone != "torch"))
        return replace(blank, verdict="disagree", disagreements=each, alone=each[0].alone)
    open_ = np.argwhere(findings != Finding.AGREED)
    if len(open_) or (sources.formula is None and sources.differences is None):
        i, j = map(int, open_[0]) if len(open_) else (-1, -1)
        kind = Finding(findings[i, j]) if len(open_) else Finding.UNCONFIRMED
        return replace(blank, verdict="not confirmed", reason=reason(kind, i, j))
    if apart.any():
        assert sources.differences is not None
        i, j = map(int, np.argwhere(apart)[0])
        shown = number(float(sources.differences[i, j]), 6)
        remark = f"finite differences stand alone in {name(i, j)} with {shown}"
        return replace(blank, alone="finite differences", reason=remark)
    return blank


def _disagreement(
    sources: Sources,
    findings: np.ndarray,
    i: int,
    j: int,
    name: Callable[[int, int], str],
    cause: Callable[[int, int], str],
) -> Disagreement:
    decisive = bool(sources.decisive[i, j])
    alone = _ALONE[Finding(findings[i, j])]
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
