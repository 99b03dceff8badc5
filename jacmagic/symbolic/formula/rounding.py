"""Accuracy of a closed form's values: running error bounds, or fifty digits."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache, partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from jacmagic.function.precision import Dtype, Exact, Exactly
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.graph import Tape, write_tape
from jacmagic.symbolic.graph.bounds import bounds
from jacmagic.symbolic.graph.precise import precise

MAX_OPERATIONS = 20_000  # of a tape that is run with fifty digits, which takes some seconds
_SAMPLES = 3  # points one roundoff away at which an entry is evaluated again
# For each closed form its values and bounds at the point that was asked for last.
_LAST: WeakKeyDictionary[ClosedForm, tuple[Any, list[np.ndarray]]] = WeakKeyDictionary()
_SAFETY_FACTOR = 2.0  # how much the worst point's difference may exceed the largest of the samples'


def dtype_of(dtypes: Iterable[torch.dtype]) -> Dtype:
    """Return the shortest of some floating dtypes, as an arithmetic."""
    floating = [dtype for dtype in dtypes if dtype.is_floating_point]
    dtype = min(floating, key=lambda candidate: torch.finfo(candidate).bits, default=torch.float64)
    info = torch.finfo(dtype)
    return Dtype(str(dtype).rpartition(".")[2], info.eps / 2, info.tiny, info.max)


def bounded(form: ClosedForm, point: Sequence[float], dtype: Dtype) -> tuple[np.ndarray, ...]:
    """Return the Jacobian's values and rounding-error bounds, two arrays (m, n).

    Args:
        form: the closed form.
        point: the n numbers, exact.
        dtype: the arithmetic whose errors are bounded.
    """
    return tuple(part[form.shape[0] :].reshape(form.shape) for part in _all(form, point, dtype))


def rounded(form: ClosedForm, point: Sequence[float]) -> np.ndarray:
    """Return the Jacobian (m, n) in the arithmetic of torch, which decides what is a tie."""
    slots = form.tape.slots(point, dtype_of(form.trace.dtypes).unit)
    return np.array([slots[k] for k in form.tape.outputs[form.shape[0] :]]).reshape(form.shape)


def bounded_outputs(
    form: ClosedForm, point: Sequence[float], dtype: Dtype
) -> tuple[np.ndarray, ...]:
    """Return the values and bounds of the function itself, two arrays (m,)."""
    return tuple(part[: form.shape[0]] for part in _all(form, point, dtype))


def _all(form: ClosedForm, point: Sequence[float], dtype: Dtype) -> list[np.ndarray]:
    """Return values and bounds of outputs and entries; the last point's are cached."""
    key = np.asarray(point, dtype=float).tobytes(), dtype.name
    last = _LAST.get(form)
    if last is None or last[0] != key:
        slots = bounds(form.tape, point, dtype)
        read = [[part[slot] for slot in form.tape.outputs] for part in slots]
        _LAST[form] = last = key, [np.array(part, dtype=float) for part in read]
    return [part.copy() for part in last[1]]


def exactly(form: ClosedForm, point: Sequence[float], dtype: Dtype) -> Exactly:
    """Return a function that evaluates entries of a closed form with fifty digits.

    Args:
        form: the closed form.
        point: the n numbers, exact.
        dtype: the arithmetic that is judged; its roundoff is the error that inputs may have.
    """

    def evaluate(entries: Sequence[tuple[int, int]]) -> list[Exact]:
        n = form.shape[1]
        nodes = [form.entries[i * n + j] for i, j in entries]
        return exact_values(form, nodes, point, dtype)

    return evaluate


def exact_values(
    form: ClosedForm, nodes: Sequence[int], point: Sequence[float], dtype: Dtype
) -> list[Exact]:
    """Evaluate nodes with fifty digits, with how far rounding may move them."""
    if not nodes:
        return []
    tape = write_tape(form.graph, nodes, form.trace.inputs)
    if len(tape.operations) > MAX_OPERATIONS:
        return [Exact(math.nan, len(tape.operations), lambda: 0.0, math.inf)] * len(nodes)
    values, errors = bounds(tape, point, dtype)
    outputs = list(map(_float, precise(tape, point, values)))

    @cache
    def spreads() -> list[float]:
        samples = _beside(tape, point, values, dtype)
        with np.errstate(invalid="ignore"):
            gaps = [np.abs(np.subtract(sample, outputs)) for sample in samples]
        spread = _SAFETY_FACTOR * np.max(gaps, axis=0)
        return np.where(np.isfinite(spread), spread, 0.0).tolist()

    def spread_of(k: int) -> float:
        return spreads()[k]

    counts = [len(form.graph.reach([node])) for node in nodes] if len(nodes) < 256 else None
    return [
        Exact(
            value,
            len(tape.operations) if counts is None else counts[k],
            partial(spread_of, k),
            errors[tape.outputs[k]],
        )
        for k, value in enumerate(outputs)
    ]


def _float(value: object) -> float:
    """Return the nearest float64; nan for no value, an infinity beyond the largest."""
    return math.nan if value is None else float(value)  # type: ignore[arg-type]


def _beside(
    tape: Tape, point: Sequence[float], decided: Sequence[float], dtype: Dtype
) -> list[list[float]]:
    """Evaluate the outputs with every input and rounded constant off by one roundoff."""
    chance = np.random.default_rng(0)
    samples = []
    for _ in range(_SAMPLES):
        constants = [
            other if math.isfinite(constant) and constant != math.floor(constant) else constant
            for constant, other in zip(
                tape.constants, _off(tape.constants, chance, dtype), strict=True
            )
        ]
        changed = dataclasses.replace(tape, constants=tuple(constants))
        samples.append(list(map(_float, precise(changed, _off(point, chance, dtype), decided))))
    return samples


def _off(numbers: Sequence[float], chance: np.random.Generator, dtype: Dtype) -> list:
    """Return numbers off by about one roundoff, no two by the same part.

    They are fractions: a float64 would not hold them.
    """
    parts = chance.choice((-1, 1), len(numbers)) * chance.uniform(0.5, 1.0, len(numbers))
    return [
        Fraction(number) * (1 + Fraction(part * dtype.unit)) if math.isfinite(number) else number
        for number, part in zip(numbers, parts.tolist(), strict=True)
    ]
