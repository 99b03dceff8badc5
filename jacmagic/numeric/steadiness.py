"""Checks by repeated runs: constant values, and outputs that ignore an input.

Both are found by running it: a random function, or one that keeps state, has no Jacobian that a
second source could confirm; and an output that a nan or a huge number in an input's place leaves
unchanged to the last bit does not depend on that input.
"""

from __future__ import annotations

import random as standard
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.function.components import components
from jacmagic.function.interop.call_limit import EndlessError
from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.numeric.probe import Probe
from jacmagic.numeric.rounding import MAX_ROUNDINGS
from jacmagic.numeric.torch_errors import TORCH_ERRORS

NEARBY_FACTOR = 1.0 + 2.0**-5  # where a function is asked twice more, beside its point
FAR_FACTORS = (2.0**200, 2.0**60)  # factors of an input where nan is refused


def unsteady(
    function: Callable[..., Any], tensors: Sequence[Tensor], outputs: Sequence[Tensor]
) -> str | None:
    """Return why a function is not deterministic, as a clause; None if it seems so.

    It runs three times: at the point, where its value is known, and twice beside it.

    Args:
        function: takes the tensors by position.
        tensors: the point.
        outputs: the values that the function gave there before.
    """
    expected = components(outputs)
    eps = max((torch.finfo(leaf.dtype).eps for leaf in outputs), default=0.0)
    host = standard.getstate(), np.random.get_state()
    before = random_states(tensors)
    with torch.inference_mode(False), torch.enable_grad(), silent_rerun(tensors, before) as run:
        try:
            probe = Probe(function, tensors, None)
            pairs: list[tuple[np.ndarray | None, ...]] = [(expected, probe(probe.point))]
            aside = probe.point * NEARBY_FACTOR + (probe.point == 0) * 2.0**-20
            pairs.append((_value_at(probe, aside), _value_at(probe, aside)))
        except EndlessError:  # a long loop: no verdict
            return None
        except TORCH_ERRORS:
            return "the function fails when it runs again"
        finally:
            drawn_elsewhere = _moved(host)
            if drawn_elsewhere:
                standard.setstate(host[0])
                np.random.set_state(host[1])
    if all(_same(a, b, eps) for a, b in pairs):
        return None
    if run.drew or drawn_elsewhere:
        return "the function draws random numbers"
    return "the function gives other values when it runs again: it keeps state or is random"


def _moved(host: tuple[Any, Any]) -> bool:
    now: Any = np.random.get_state()
    same = np.array_equal(now[1], host[1][1]) and now[2:] == host[1][2:]
    return standard.getstate() != host[0] or not same


def _value_at(probe: Probe, point: np.ndarray) -> np.ndarray | None:
    try:
        return probe(point)
    except TORCH_ERRORS:
        return None


def _same(a: np.ndarray | None, b: np.ndarray | None, eps: float) -> bool:
    if a is None or b is None or a.shape != b.shape:
        return a is b
    with np.errstate(invalid="ignore", over="ignore"):
        close = np.abs(a - b) <= MAX_ROUNDINGS * eps * np.maximum(np.abs(a), np.abs(b))
    return bool((close | (a == b) | (np.isnan(a) & np.isnan(b))).all())


def independent(
    function: Callable[..., Any], tensors: Sequence[Tensor], columns: Sequence[int]
) -> np.ndarray:
    """Boolean (m, k): outputs that nan or a huge value in a component leaves as is.

    Of a long loop, which is not asked, it is (1, k) and False.

    Args:
        function: takes the tensors by position.
        tensors: the point, n components in all.
        columns: k of the components.
    """
    random = random_states(tensors, function)
    with torch.inference_mode(False), torch.enable_grad(), silent_rerun(tensors, random):
        probe = Probe(function, tensors, None, random)
        try:
            center = probe(probe.point)
        except EndlessError:
            return np.zeros((1, len(columns)), dtype=bool)
        ignored = np.zeros((len(center), len(columns)), dtype=bool)
        for k, column in enumerate(columns):
            ignored[:, k] = _unreached(probe, center, column)
    return ignored


def _unreached(probe: Probe, center: np.ndarray, column: int) -> np.ndarray:
    """Find outputs that stay unchanged at every replacement the function accepts."""
    unchanged = []
    for replaced in (np.nan, *(factor * (probe.point[column] or 1.0) for factor in FAR_FACTORS)):
        point = probe.point.copy()
        point[column] = replaced
        moved = _value_at(probe, point)
        if moved is not None and moved.shape == center.shape:
            unchanged.append(moved == center)
    return np.all(unchanged, axis=0) if unchanged else np.zeros(len(center), dtype=bool)
