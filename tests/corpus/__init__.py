"""Functions with their sources in the literature: `CORPUS` is one list of cases."""

from __future__ import annotations

from corpus import (
    algebra,
    dynamics,
    geometry,
    learning,
    optimisation,
    physics,
    robotics,
    statistics,
    styles,
)
from corpus.case import Case

CORPUS: list[Case] = [
    case
    for subject in (
        styles,
        geometry,
        dynamics,
        robotics,
        optimisation,
        learning,
        physics,
        statistics,
        algebra,
    )
    for case in subject.case
]

__all__ = ["CORPUS", "Case"]
