"""The modules of `math` and NumPy whose functions are lifted."""

from __future__ import annotations

import cmath
import functools
import math
from typing import Any

import numpy

MODULES = {
    "cmath": cmath,
    "math": math,
    "numpy": numpy,
    "numpy.linalg": numpy.linalg,
    "numpy.fft": numpy.fft,
    "numpy.random": numpy.random,
}


@functools.cache
def _modules_by_id() -> dict[int, str]:
    """Map the identity of every function of `MODULES` to the name of its module."""
    table: dict[int, str] = {}
    for name, module in MODULES.items():
        for attribute, value in vars(module).items():
            if callable(value) and not isinstance(value, type) and not attribute.startswith("_"):
                table.setdefault(id(value), name)
    return table


def module_of(value: Any) -> str | None:
    """Return the module of `MODULES` that a function belongs to; None for all else."""
    return _modules_by_id().get(id(value))
