"""Check of dense Jacobians by a plain backward pass, and their repair by more.

Where the check of `freivalds` finds other numbers, all rows are taken by plain backward passes, and
the function's tuning keeps which mode failed. Where nan or infinity occur, a product proves
nothing: 0·∞ in one output's backward pass makes nan of a whole combination. Then every output is
looked at alone, and the rows of those that are not finite are taken by plain backward passes, which
decide. Where the result is to be differentiated again, one second derivative is checked too.

What a check proves of batched rows is that torch's rules for the operations of this graph are
right. So it is spared where rows of the same function passed before through a graph of the same
structure, for inputs of the same shapes, and all entries are finite.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from jacmagic.numeric.dense_matrix import Dense
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.freivalds import Answer, check
from jacmagic.numeric.modes.mode import Blocks, Mode
from jacmagic.numeric.modes.reverse import REVERSE
from jacmagic.numeric.modes.rows import ROWS, by_rows, rows_of_output
from jacmagic.numeric.modes.try_modes import Tried
from jacmagic.numeric.options import ComputeOptions
from jacmagic.numeric.second_derivative import Probed
from jacmagic.numeric.torch_errors import TORCH_ERRORS
from jacmagic.numeric.tuning import Tuned

MIN_PASSED_CHECKS = 2  # of a graph, after which only its structure is compared
MAX_GRAPHS = 8  # of one function, for which that is counted
UNCHECKED = "not checked against a backward pass, which torch cannot do for this function"


def refuted(mode: Mode, values: str = "numbers") -> str:
    """Return the note on a mode whose numbers or second derivatives plain passes refute."""
    return (
        f"{mode.method} gives other {values} than a plain backward pass for this function; "
        "computed row by row instead"
    )


def confirmed(evaluation: Evaluation, tried: Tried, tuned: Tuned, options: ComputeOptions) -> Tried:
    """Check the blocks that a mode computed; replace what plain passes refute.

    Args:
        evaluation: the plain run.
        tried: the mode and its blocks, zero where torch's graph does not lead.
        tuned: keeps a mode that failed.
        options: `create_graph` keeps rows that are computed anew differentiable.
    """
    create_graph = options.create_graph
    spared = tried.mode is REVERSE and not create_graph
    structure = evaluation.graph.structure if spared else None
    if tuned.passed.get(structure, 0) >= MIN_PASSED_CHECKS and _finite(tried.blocks):
        return tried
    try:
        answer, blocks = _checked(evaluation, tried.blocks, options)
    except TORCH_ERRORS:
        return replace(tried, notes=(*tried.notes, UNCHECKED))
    if answer == "different":
        rows = by_rows(evaluation, options).blocks
        rounded = _half_the_digits(blocks, rows, evaluation.outputs.leaves)
        note = () if rounded else (refuted(tried.mode),)
        tuned.refuted[tried.mode] = note
        return Tried(ROWS, rows, (*tried.notes, *note))
    second = _second(evaluation, blocks) if create_graph and answer == "equal" else "equal"
    if second != "equal":
        note = (refuted(tried.mode, "second derivatives"),) if second == "different" else ()
        tuned.refuted[tried.mode] = note
        return Tried(ROWS, by_rows(evaluation, options).blocks, (*tried.notes, *note))
    if answer == "equal" and structure is not None and len(tuned.passed) < MAX_GRAPHS:
        tuned.passed[structure] = tuned.passed.get(structure, 0) + 1
    return Tried(ROWS if answer == "not finite" else tried.mode, blocks, tried.notes)


def _finite(blocks: Blocks) -> bool:
    """Whether the sum of all entries is finite, so that each entry is."""
    return all(math.isfinite(float(block.sum())) for row in blocks for block in row)


def _second(evaluation: Evaluation, blocks: Blocks) -> Answer:
    """Compare the second derivatives of blocks with those of plain passes."""
    leaves, inputs = evaluation.outputs.leaves, evaluation.inputs
    probed = Probed(blocks, leaves, inputs)
    return probed.compare(probed.of_blocks(blocks), probed.by_a_pass(leaves, inputs), inputs)


def _half_the_digits(blocks: Blocks, rows: Blocks, leaves: Sequence[Tensor]) -> bool:
    """Whether blocks have half of the plain rows' digits: rounded, not wrong.

    Each entry is measured by the smaller of the largest ones in its row and in its column.
    """
    for batched, plain, leaf in zip(blocks, rows, leaves, strict=True):
        for one, other in zip(batched, plain, strict=True):
            if not one.numel():
                continue
            sizes = other.detach().abs().reshape(leaf.numel(), -1)
            largest = torch.minimum(sizes.amax(1, keepdim=True), sizes.amax(0))
            gap = (one.detach() - other.detach()).abs().reshape(sizes.shape)
            if not bool((gap <= torch.finfo(other.dtype).eps ** 0.5 * largest).all()):
                return False
    return True


def _checked(
    evaluation: Evaluation, blocks: Blocks, options: ComputeOptions
) -> tuple[Answer, Blocks]:
    """Return the check's answer, and the blocks with plain rows where not finite.

    The answer is "not finite" where all rows were taken anew.
    """
    leaves, inputs = evaluation.outputs.leaves, evaluation.inputs
    answer = check(leaves, inputs, Dense(blocks, leaves)).answer
    if answer != "not finite":
        return answer, blocks
    repaired, plain = [], 0
    for index, (leaf, row) in enumerate(zip(leaves, blocks, strict=True)):
        if leaf.numel() > 1 and len(leaves) > 1:
            answer = check([leaf], inputs, Dense([row], [leaf])).answer
            if answer == "different":
                return answer, blocks
            if answer == "equal":
                repaired.append(row)
                continue
        repaired.append(rows_of_output(evaluation, index, options))
        plain += 1
    return "not finite" if plain == len(leaves) else "equal", tuple(repaired)
