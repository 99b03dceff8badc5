"""Dense Jacobians that did not come by plain backward passes: checked by one, mended by more.

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

import torch
from torch import Tensor

from jacmagic.numeric.connections import structure_of
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.freivalds import Answer, Dense, check
from jacmagic.numeric.modes.rows import Blocks, by_rows, rows_of_output
from jacmagic.numeric.modes.try_modes import TORCH_ERRORS, Tried
from jacmagic.numeric.second_derivative import Probed
from jacmagic.numeric.tuning import Tuned

PASSES = 2  # points at which the same graph has passed, before only its structure is compared
MOST_GRAPHS = 8  # of one function, for which that is kept
UNCHECKED = "not checked against a backward pass, which torch cannot do for this function"
MODES = {
    "reverse": "torch's batched backward pass (vmap)",
    "pullback": "torch's batched vector-Jacobian product (torch.func.vjp)",
    "forward": "torch's batched forward mode",
    "columns": "torch's forward mode",
    "sparse": "a sparse product",
}


def refuted(mode: str) -> str:
    """Return the note on a mode whose numbers were not those of plain backward passes."""
    return (
        f"{MODES[mode]} gives other numbers than a plain backward pass for this function; "
        "computed row by row instead"
    )


def unlike(mode: str) -> str:
    """The note on a mode whose numbers do not lead to the derivatives of plain backward passes."""
    return (
        f"{MODES[mode]} gives other second derivatives than a plain backward pass for this "
        "function; computed row by row instead"
    )


def confirmed(
    evaluation: Evaluation, tried: Tried, tuned: Tuned, *, create_graph: bool = False
) -> Tried:
    """Check the blocks that a mode brought, and replace what plain backward passes do not confirm.

    Args:
        evaluation: the plain run.
        tried: the mode and its blocks, zero where torch's graph does not lead.
        tuned: keeps a mode that failed.
        create_graph: keep rows that are computed anew differentiable.
    """
    if tried.mode == "rows":
        return tried
    spared = tried.mode == "reverse" and not create_graph
    structure = structure_of(evaluation) if spared else None
    if tuned.passed.get(structure, 0) >= PASSES and _finite(tried.blocks):
        return tried
    try:
        answer, blocks = _examined(evaluation, tried.blocks, create_graph=create_graph)
    except TORCH_ERRORS:
        return Tried(tried.mode, tried.blocks, (*tried.notes, UNCHECKED))
    if answer == "different":
        rows = by_rows(evaluation, create_graph=create_graph)
        note = (
            () if _half_right(blocks, rows, evaluation.outputs.leaves) else (refuted(tried.mode),)
        )
        tuned.refuted[tried.mode] = note
        return Tried("rows", rows, (*tried.notes, *note))
    second = _second(evaluation, blocks) if create_graph and answer == "equal" else "equal"
    if second != "equal":
        note = (unlike(tried.mode),) if second == "different" else ()
        tuned.refuted[tried.mode] = note
        return Tried("rows", by_rows(evaluation, create_graph=True), (*tried.notes, *note))
    if answer == "equal" and structure is not None and len(tuned.passed) < MOST_GRAPHS:
        tuned.passed[structure] = tuned.passed.get(structure, 0) + 1
    return Tried("rows" if answer == "not finite" else tried.mode, blocks, tried.notes)


def _finite(blocks: Blocks) -> bool:
    """Whether no entry is nan or infinite; "no" is also the answer where only their sum is."""
    return all(math.isfinite(float(block.sum())) for row in blocks for block in row)


def _second(evaluation: Evaluation, blocks: Blocks) -> Answer:
    """Whether blocks can be differentiated again as plain backward passes can."""
    leaves, inputs = evaluation.outputs.leaves, evaluation.inputs
    probed = Probed(blocks, leaves, inputs)
    return probed.compare(probed.of_blocks(blocks), probed.by_a_pass(leaves, inputs), inputs)


def _half_right(blocks: Blocks, rows: Blocks, leaves: Sequence[Tensor]) -> bool:
    """Whether blocks have half of the digits of the plain rows: they were rounded, not wrong.

    Each entry is measured by the smaller of the largest ones in its row and in its column.
    """
    for mine, plain, leaf in zip(blocks, rows, leaves, strict=True):
        for one, other in zip(mine, plain, strict=True):
            if not one.numel():
                continue
            sizes = other.detach().abs().reshape(leaf.numel(), -1)
            largest = torch.minimum(sizes.amax(1, keepdim=True), sizes.amax(0))
            gap = (one.detach() - other.detach()).abs().reshape(sizes.shape)
            if not bool((gap <= torch.finfo(other.dtype).eps ** 0.5 * largest).all()):
                return False
    return True


def _examined(
    evaluation: Evaluation, blocks: Blocks, *, create_graph: bool
) -> tuple[Answer, Blocks]:
    """Return the check's answer, and the blocks with rows taken anew where something is not finite.

    The answer is "not finite" where all rows were taken anew.
    """
    leaves, inputs = evaluation.outputs.leaves, evaluation.inputs
    answer = check(leaves, inputs, Dense(blocks, leaves)).answer
    if answer != "not finite":
        return answer, blocks
    mended, plain = [], 0
    for index, (leaf, row) in enumerate(zip(leaves, blocks, strict=True)):
        if leaf.numel() > 1 and len(leaves) > 1:
            answer = check([leaf], inputs, Dense([row], [leaf])).answer
            if answer == "different":
                return answer, blocks
            if answer == "equal":
                mended.append(row)
                continue
        mended.append(rows_of_output(evaluation, index, create_graph=create_graph))
        plain += 1
    return "not finite" if plain == len(leaves) else "equal", tuple(mended)
