"""One verdict from the findings of all entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from jacmagic.result.verdict.agreement import Agreement, Disagreement
from jacmagic.result.verdict.findings import ALARMS, Finding, Sources

_ALONE = {
    Finding.TORCH: "torch",
    Finding.FORM: "the closed form",
    Finding.CONTRADICTED: "",
}


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
    """Return one verdict over all entries.

    Args:
        sources: the values.
        found: a `Finding` for each entry, (m, n).
        apart: boolean (m, n), where finite differences contradict what two others agree on.
        name: names an entry for the reader.
        cause: explains why torch is alone in an entry.
        reason: why the first unconfirmed entry, with its finding, is not confirmed.
        warnings: passed on.
    """
    gaps = sources.gaps
    largest = float("nan") if gaps is None else float(gaps.max(initial=0))
    blank = Agreement("agree", largest, (), warnings, sources)
    alarms = [(int(i), int(j)) for i, j in np.argwhere(np.isin(found, ALARMS))]
    if alarms:
        each = tuple(_disagreement(sources, found, i, j, name, cause) for i, j in alarms)
        # the loudest first: where torch is alone, the numbers that are shown are wrong
        each = tuple(sorted(each, key=lambda one: one.alone != "torch"))
        return replace(blank, verdict="disagree", disagreements=each, alone=each[0].alone)
    open_ = np.argwhere(found != Finding.AGREED)
    if len(open_) or (sources.formula is None and sources.differences is None):
        i, j = map(int, open_[0]) if len(open_) else (-1, -1)
        kind = Finding(found[i, j]) if len(open_) else Finding.UNCONFIRMED
        return replace(blank, verdict="not confirmed", reason=reason(kind, i, j))
    if apart.any():
        assert sources.differences is not None
        i, j = map(int, np.argwhere(apart)[0])
        remark = (
            f"finite differences stand alone in {name(i, j)} with {sources.differences[i, j]:.6g}"
        )
        return replace(blank, alone="finite differences", reason=remark)
    return blank


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
