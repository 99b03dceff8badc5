"""Measure the reliability of the verdict on correct functions and on faults.

    python tools/agreement.py            # all of it; rewrites docs/explanation/agreement.md
    python tools/agreement.py --every 20 # a sample, for a quick look; prints only

Every false alarm, and every fault that is missed or explained wrongly, is printed.

Correct cases are the functions of `tests/corpus` at several points, in units from 1e-30 to 1e30 and
in float64 and float32. A case in which torch's own plain backward pass is wrong or not finite is
excluded. An alarm is a verdict "disagree". Faults are planted by `tools/faults.py` into the same
functions; one that changes no entry by more than 1e-5 of it, and by more than the rounding error of
the largest entry in its row, is excluded.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tools")]

from comparison import LEFT_OUT, Table  # noqa: E402
from corpus import CORPUS, Case  # type: ignore[import-not-found]  # noqa: E402
from faults import BATCHED, FAULTS, Fault  # noqa: E402

import jacmagic  # noqa: E402
from jacmagic.function.interop import lifted  # noqa: E402
from jacmagic.function.outputs import flatten  # noqa: E402

PAGE = ROOT / "docs" / "explanation" / "agreement.md"
SCALES = (1.0, 1e-30, 1e-12, 1e-3, 1e6, 1e30)
KNOWN = [case for case in CORPUS if case.name not in LEFT_OUT]


@dataclass
class Tally:
    """Counts of verdicts.

    Attributes:
        right: verdicts on right cases.
        faults: of each fault; findings: not vouched for, explained.
        batched: of each fault of batched passes; findings: the numbers are those of plain passes
            all the same, one note names what failed.
    """

    right: Counter = field(default_factory=Counter)
    faults: Table = field(default_factory=Table)
    batched: Table = field(default_factory=Table)


def scaled(case: Case, scale: float):
    """Return a function with its results scaled to another unit."""
    run = lifted(case.function)

    def function(*tensors):
        return tuple(leaf * scale for leaf in flatten(run(*tensors)).leaves)

    return function


def spoiled(case: Case, fault: Fault, component: int, scale: float):
    """Return a case's function with a fault in the first input."""
    run = lifted(case.function)

    def function(first, *others):
        leaves = flatten(run(fault.hide(first, component), *others)).leaves
        return tuple(leaf * scale for leaf in leaves)

    return function


def points(case: Case, count: int) -> Iterator[tuple[torch.Tensor, ...]]:
    """Yield a case's own point, and random ones a few per cent away."""
    yield case.tensors()
    for seed in range(count - 1):
        generator = torch.Generator().manual_seed(seed)
        yield tuple(
            one * (1 + 0.2 * (torch.rand(one.shape, generator=generator, dtype=one.dtype) - 0.5))
            for one in case.tensors()
        )


def plain(function, tensors) -> torch.Tensor | None:
    """Return torch's Jacobian by plain backward passes; None if not finite."""
    try:
        value = jacmagic.jacobian(function, tensors, strategy="rows").matrix.double()
    except Exception:  # noqa: BLE001 - a function may refuse a dtype or a point; then it is not a case
        return None
    return value if bool(value.isfinite().all()) and value.numel() else None


def judged(function, tensors) -> jacmagic.Jacobian | None:
    """Return the Jacobian with its verdict, silently."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = jacmagic.jacobian(function, tensors)
            _ = found.agreement
        except Exception:  # noqa: BLE001 - as above
            return None
    return found


def right_cases(tally: Tally, every: int) -> None:
    """Count verdicts on correct functions."""
    grid = itertools.product(KNOWN, (torch.float64, torch.float32), range(4))
    for index, (case, dtype, which) in enumerate(grid):
        if index % every:
            continue
        scale = SCALES[(index // every) % len(SCALES)]
        tensors = tuple(one.to(dtype) for one in list(points(case, 4))[which])
        function = scaled(case, scale)
        expected, found = plain(case.function, tensors), judged(function, tensors)
        if (
            expected is None
            or found is None
            or not torch.allclose(found.matrix.double(), expected * scale, rtol=1e-3, atol=0)
        ):
            continue
        tally.right[found.agreement.verdict] += 1
        if found.agreement.verdict == "disagree":
            print(f"{case.name} {dtype} × {scale:g}: {found.agreement}", flush=True)


def changed(matrix: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the entries that a fault changes by more than their rounding error."""
    gap, row = (matrix - truth).abs(), truth.abs().amax(dim=1, keepdim=True)
    return (gap > 1e-5 * truth.abs()) & (gap > 2.0**-40 * row)


def planted_faults(tally: Tally, every: int) -> None:
    """Count how planted faults are reported."""
    pairs = [
        (case, fault)
        for k, case in enumerate(KNOWN)
        for j, fault in enumerate(FAULTS)
        if (k + j) % 2 == 0
    ]
    for index, (case, fault) in enumerate(pairs):
        if index % every:
            continue
        scale = SCALES[(index // every) % len(SCALES)]
        tensors = case.tensors()
        if not tensors or not tensors[0].numel():
            continue
        component = index % tensors[0].numel()
        truth = plain(case.function, tensors)
        function = spoiled(case, fault, component, scale)
        found = judged(function, tensors) if truth is not None else None
        if truth is None or found is None or found.matrix.shape != truth.shape:
            continue
        wrong = changed(found.matrix.double(), truth * scale)
        if not bool(wrong.any()):
            continue
        agreement = found.agreement
        first = next(iter(agreement.disagreements), None)
        at = first is not None and bool(wrong[first.row, first.column])
        named = not fault.causes or (
            first is not None and any(cause in first.cause for cause in fault.causes)
        )
        tally.faults.count(fault.name, agreement.verdict != "agree", at and named)
        if agreement.verdict == "agree" or not (at and named):
            print(f"{case.name}, {fault.name} × {scale:g}: {agreement}", flush=True)


def batched(function, tensors) -> torch.Tensor | None:
    """Return the Jacobian by torch's batched backward pass; None if that fails."""
    inputs = [tensor.clone().requires_grad_() for tensor in tensors]
    try:
        value = torch.cat([leaf.reshape(-1) for leaf in flatten(function(*inputs)).leaves])

        def pull(row):
            return torch.autograd.grad(
                value, inputs, row, retain_graph=True, materialize_grads=True
            )

        blocks = torch.func.vmap(pull)(torch.eye(len(value), dtype=value.dtype))
    except Exception:  # noqa: BLE001 - as above
        return None
    return torch.cat([block.reshape(len(value), -1).double() for block in blocks], 1)


def planted_in_batches(tally: Tally, every: int) -> None:
    """Count how wrong rules for `vmap` are reported."""
    for index, (case, fault) in enumerate(itertools.product(KNOWN, BATCHED)):
        tensors = case.tensors()
        if index % every or not tensors or not tensors[0].numel():
            continue
        function = spoiled(case, fault, 0, 1.0)
        truth, wrong = plain(case.function, tensors), batched(function, tensors)
        if truth is None or wrong is None or wrong.shape != truth.shape or len(truth) == 1:
            continue  # one row is not a batch
        if not bool(changed(wrong, truth).any()):
            continue
        # all rows in one batch: a slow function's first rows are taken one by one, which is right
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = jacmagic.jacobian(
                function, tensors, strategy="reverse-mode", chunk_size=len(truth)
            )
        same = not bool(changed(found.matrix.double(), truth).any())
        notes = [note for note in found.notes if any(word in note for word in fault.causes)]
        tally.batched.count(fault.name, same, len(notes) == 1)
        if not same or len(notes) != 1:
            print(f"{case.name}, {fault.name}: {found.notes}", flush=True)


def page(tally: Tally) -> str:
    """Return the page as Markdown."""
    right = tally.right
    planted, kept, explained = tally.faults.sums(3)
    return TEMPLATE.format(
        count=sum(right.values()),
        agree=right["agree"],
        open=right["not confirmed"],
        alarms=right["disagree"],
        planted=planted,
        kept=kept,
        explained=explained,
        share=100 * explained / max(planted, 1),
        table=tally.faults,
        batched=tally.batched,
    )


TEMPLATE = """# How reliable the verdict is

This page is written by `make agreement`.

## What is compared

torch's numbers are compared with two independent sources:
the closed form, evaluated with bounds on rounding errors and, where these do not decide, with fifty
digits; and finite differences, which are used only where their own error is small relative to the
variation of the function.
The verdict is invariant under scaling any input or output by a power of 2.

| verdict | when |
|---|---|
| agree | two independent sources are equal, within their bounds, in every entry |
| disagree, torch is alone | the closed form, or differences that decide, contradict torch |
| disagree, the closed form is alone | torch and differences agree; the form is discarded |
| disagree, no source is alone | torch and the closed form differ, and no third source decides |
| not confirmed | one source only, nan, randomness, state or too few digits, as the reason says |

If finite differences alone contradict both other sources, the verdict is "agree" with a remark.

## Correct functions

The functions of `tests/corpus`, each at four points, in units from 1e-30 to 1e30, in float64 and
float32; cases in which torch's plain backward pass is not finite are excluded.

| cases | agree | not confirmed | disagree |
|---|---|---|---|
| {count} | {agree} | {open} | {alarms} |

## Planted faults

Each function with one fault in its first input that changes an entry by more than 1e-5 of itself,
and by more than its rounding error: 2⁻⁴⁰ of the largest entry in its row.
A hook on the gradient leaves no trace in the forward pass, so no cause is expected there.

| fault | planted | detected | correct entry and cause |
|---|---|---|---|
{table}
| total | {planted} | {kept} | {explained} ({share:.1f} %) |

## Wrong rules for batched passes

The same functions of two and more outputs with a wrong rule for `vmap`, where torch's own batched
backward pass is wrong. The numbers are checked by one plain backward pass and must be those of
plain passes, with one note that names what failed.

| fault | planted | correct numbers | one note |
|---|---|---|---|
{batched}
"""


def main() -> None:
    """Count everything and write the page, or print a sample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every n-th case only")
    parser.add_argument("--write", action="store_true", help="write the page after a sample too")
    given = parser.parse_args()
    every, write = given.every, given.write or given.every == 1
    tally = Tally()
    right_cases(tally, every)
    planted_faults(tally, every)
    planted_in_batches(tally, every)
    PAGE.write_text(page(tally), encoding="utf-8") if write else print(page(tally))


if __name__ == "__main__":
    main()
