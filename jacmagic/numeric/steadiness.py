"""Whether a function gives the same values when it is asked again, and what does not reach them.

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
from jacmagic.numeric.modes.try_modes import TORCH_ERRORS
from jacmagic.numeric.probe import Probe

_ASIDE = 1.0 + 2.0**-5  # where a function is asked twice more, beside its point
_SAME = 2.0**10  # roundoffs between runs whose sums are taken in another order
_FAR = (2.0**200, 2.0**60)  # factors of an input where nan is refused


def unsteady(
    function: Callable[..., Any], tensors: Sequence[Tensor], outputs: Sequence[Tensor]
) -> str | None:
    """Why a function's values are not its inputs' alone, as a clause; None if they seem to be.

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
            aside = probe.point * _ASIDE + (probe.point == 0) * 2.0**-20
            pairs.append((_asked(probe, aside), _asked(probe, aside)))
        except EndlessError:  # a long loop: it is not known
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


def _asked(probe: Probe, point: np.ndarray) -> np.ndarray | None:
    try:
        return probe(point)
    except TORCH_ERRORS:
        return None


def _same(a: np.ndarray | None, b: np.ndarray | None, eps: float) -> bool:
    if a is None or b is None or a.shape != b.shape:
        return a is b
    with np.errstate(invalid="ignore", over="ignore"):
        close = np.abs(a - b) <= _SAME * eps * np.maximum(np.abs(a), np.abs(b))
    return bool((close | (a == b) | (np.isnan(a) & np.isnan(b))).all())


def independent(
    function: Callable[..., Any], tensors: Sequence[Tensor], columns: Sequence[int]
) -> np.ndarray:
    """Boolean (m, k): outputs that a nan, or a huge value, in a component leaves as they are.

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
        found = np.zeros((len(center), len(columns)), dtype=bool)
        for place, column in enumerate(columns):
            found[:, place] = _unreached(probe, center, column)
    return found


def _unreached(probe: Probe, center: np.ndarray, column: int) -> np.ndarray:
    """Outputs unchanged by every replacement that the function takes, if it takes one at all."""
    unchanged = []
    for replaced in (np.nan, *(factor * (probe.point[column] or 1.0) for factor in _FAR)):
        point = probe.point.copy()
        point[column] = replaced
        moved = _asked(probe, point)
        if moved is not None and moved.shape == center.shape:
            unchanged.append(moved == center)
    return np.all(unchanged, axis=0) if unchanged else np.zeros(len(center), dtype=bool)
