"""The choice of the entries that are asked for, by a seeded generator."""

from __future__ import annotations

import random
from collections.abc import Sequence

from jacmagic.result.core import JacobianResult
from jacmagic.view.exercise.rules import TRIVIAL

MAX_BLANKS = 12  # entries that are all asked for, unless another number is wanted
USUAL_BLANKS = 6  # of a larger matrix
USUAL_DERIVATIONS = 3  # entries that are derived line by line, or rule by rule
MAX_SYMBOLS = 150  # of an entry, and of the output, that a person derives by hand

Entry = tuple[int, int]


def chosen_entries(
    jacobian: JacobianResult, wanted: int | None, *, derived: bool, varied: bool, seed: int
) -> list[Entry]:
    """Return the entries that are asked for, in row-major order.

    Entries that are not zero come first; of those, the ones that a person can derive.

    Args:
        jacobian: the result; it has a closed form.
        wanted: how many; None leaves that to the size of the matrix.
        derived: whether each entry's derivation is asked for.
        varied: whether other seeds are to give other entries.
        seed: of the generator.
    """
    m, n = jacobian.shape
    every = [(i, j) for i in range(m) for j in range(n)]
    long = _long(jacobian)
    pattern = jacobian.pattern.tolist()
    moving = [(i, j) for i, j in every if pattern[i][j] and (i, j) not in long]
    zeros = [(i, j) for i, j in every if not pattern[i][j]]
    draw = random.Random(f"jacmagic {seed}")
    if derived:
        pool = [entry for entry in moving if _is_composed(jacobian, entry)]
        count = wanted or min(USUAL_DERIVATIONS, len(moving) - (varied and len(moving) > 1))
        return sorted(_drawn(draw, pool, moving, zeros, count=count))
    if wanted is None and not varied and len(every) <= MAX_BLANKS and not long:
        return every
    usual = (len(moving) + 1) // 2 if varied else len(moving)
    count = wanted or max(1, min(usual, USUAL_BLANKS))
    return sorted(_drawn(draw, moving, zeros, count=count))


def _drawn(draw: random.Random, *pools: Sequence[Entry], count: int) -> list[Entry]:
    """Return that many different entries, of the first pools where they suffice."""
    taken: list[Entry] = []
    for pool in pools:
        left = [entry for entry in pool if entry not in taken]
        taken += draw.sample(left, min(count - len(taken), len(left)))
    return taken


def _long(jacobian: JacobianResult) -> set[Entry]:
    """Return the entries that are too long to be derived by hand."""
    form, reading = jacobian.closed_form, jacobian.reading
    if form is None or reading is None:
        return set()
    (m, n), sizes = jacobian.shape, reading.form.sizes
    return {
        (i, j)
        for i in range(m)
        for j in range(n)
        if max(sizes[i], sizes[m + i * n + j]) > MAX_SYMBOLS
    }


def _is_composed(jacobian: JacobianResult, entry: Entry) -> bool:
    """Whether the derivation of an entry has a step within a step."""
    step = jacobian.steps(*entry)
    return any(child.rule not in TRIVIAL and child.children for child in step.children)
