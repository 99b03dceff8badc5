"""Compare all ways to one program's Jacobian with torch's plain backward passes."""

from __future__ import annotations

import contextlib
import signal
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from programs import Program

import jacmagic
from jacmagic.symbolic.formula.rounding import bounded, dtype_of

SECONDS = 20  # of processor time for one program, beyond which it counts as slow


class Slow(BaseException):
    """A program took too long."""


def failure_of(program: Program) -> str | None:
    """Return the first kind of failure, such as "auto: …", or None.

    Kinds: crash, auto, forward, compile, form, elsewhere (the evaluator at another point), alarm (a
    verdict of disagreement although all sources are equal, where torch's numbers do not hang on the
    last digits of the point), slow.
    """
    function = program.function()
    try:
        truth = _truth(function, program.x, _digits(program))
    except Exception:  # noqa: BLE001 - torch itself refuses
        return None
    try:
        with _limit(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _compared(function, program.x, *truth, _digits(program))
    except Slow:
        return f"slow: more than {SECONDS} s"
    except Exception as error:  # noqa: BLE001 - whatever jacmagic raises is what is looked for
        return f"crash: {type(error).__name__}: {' '.join(str(error).split())[:150]}"


def _compared(
    function: Callable[..., Any],
    x: torch.Tensor,
    truth: np.ndarray,
    tolerance: np.ndarray,
    digits: float,
) -> str | None:
    J = jacmagic.jacobian(function, x.clone())
    if J.refusal is None:
        tolerance = tolerance + _rounding(J, x)
    if (gap := _gap(J.to_numpy(), truth, tolerance)) is not None:
        return f"auto: {gap}"
    forward = jacmagic.jacobian(function, x.clone(), strategy="forward-mode")
    if (gap := _gap(forward.to_numpy(), truth, tolerance)) is not None:
        return f"forward: {gap}"
    with contextlib.suppress(jacmagic.FunctionError):  # random, or nothing compiles it
        compiled = jacmagic.compile(function, x.clone())(x).to_dense().double().numpy()
        if (gap := _gap(compiled, truth, tolerance)) is not None:
            return f"compile: {gap}"
    _ = repr(J), J.notes
    if any("torch's derivative of" in one.cause for one in J.agreement.disagreements):
        return None  # torch's own rule is known to be wrong here, and that is said
    if J.refusal is None:
        evaluate = J.evaluator()
        found = evaluate(*x.reshape(-1).tolist())
        if "without" in repr(evaluate):  # what torch has instead of 0·∞ is not asked for
            truth = np.where(np.isnan(found), np.nan, truth)
        if (gap := _gap(found, truth, tolerance)) is not None:
            return f"form: {gap}"
        for seed in range(3):
            there = _moved(x, seed)
            with contextlib.suppress(Exception):  # torch itself refuses
                other, allowed = _truth(function, there, digits)
                if other.shape == truth.shape:
                    found = evaluate(*there.reshape(-1).tolist())
                    if (gap := _gap(found, other, allowed + _rounding(J, there))) is not None:
                        return f"elsewhere: at {there.reshape(-1).tolist()}: {gap}"
    sure = (
        np.isfinite(truth).all() and (tolerance <= 1e-3 * (1 + np.abs(truth).max(initial=0))).all()
    )
    if J.agreement.verdict == "disagree" and sure:
        return f"alarm: {str(J.agreement)[:200]}"
    return None


def _rounding(J: jacmagic.Jacobian, x: torch.Tensor) -> np.ndarray:
    """Return a bound on the rounding errors of the entries, where sums cancel."""
    assert J.closed_form is not None
    _, bounds = bounded(J.closed_form, x.reshape(-1).tolist(), dtype_of([torch.float64]))
    return 4 * np.nan_to_num(bounds, nan=np.inf, posinf=np.inf)


def _moved(x: torch.Tensor, seed: int) -> torch.Tensor:
    """Return a point near or far."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(x.shape, generator=generator, dtype=x.dtype)
    return x + noise * (0.01, 0.3, 1.5)[seed]


def _digits(program: Program) -> float:
    """Return the relative size of the last digits that count in a program."""
    return 2e-7 if "float32" in program.source else 3e-13


def _truth(
    function: Callable[..., Any], x: torch.Tensor, digits: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return torch's plain Jacobian, and its sensitivity to the last digits."""

    def plain(point: torch.Tensor) -> np.ndarray:
        block = torch.autograd.functional.jacobian(lambda t: function(t * 1), point)
        return block.reshape(-1, point.numel()).numpy()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        here = plain(x)
        moved = [plain(x * (1 + step)) for step in (digits, -digits)]
    shaken = np.max([np.abs(m - here) if m.shape == here.shape else 0 * here for m in moved], 0)
    size = np.abs(np.where(np.isfinite(here), here, 0)).max(initial=0)
    return here, 1e-6 * np.abs(here) + 1e-9 * (1 + size) + 100 * np.nan_to_num(shaken, nan=0)


def _gap(found: np.ndarray, truth: np.ndarray, tolerance: np.ndarray) -> str | None:
    """Return the largest difference where torch's number is finite."""
    known = np.isfinite(truth)
    with np.errstate(all="ignore"):
        wrong = known & ~(np.abs(found - truth) <= tolerance)
    if not wrong.any():
        return None
    entry = tuple(int(k) for k in np.argwhere(wrong)[0])
    return f"entry {entry} is {found[entry]!r}, torch {truth[entry]!r}"


@contextlib.contextmanager
def _limit() -> Iterator[None]:
    def late(*_: object) -> None:
        raise Slow

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
