"""What the view is told: labels once, the formula for each branch, numbers for each point."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from jacmagic.function.interop.call_limit import REFUSALS
from jacmagic.render import latex
from jacmagic.result import JacobianResult
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.time_limit import one_allowance
from jacmagic.symbolic.graph import OPERATIONS, BudgetExceeded, Tape
from jacmagic.symbolic.steps import Step
from jacmagic.symbolic.trace import Refusal
from jacmagic.view import still as display
from jacmagic.view.explorer.copies import copies, is_transposed

# The operations that static/tape.mjs knows: all but a few special functions.
BROWSER = frozenset(OPERATIONS) - {
    *("y0", "y1", "k0", "k1", "erfinv", "zeta", "gammainc", "gammaincc"),
}
MOST_OPERATIONS = 20_000  # of a tape; it is stored in the notebook
MOST_BYTES = 24_000  # of the derivations that are made before anybody asks for one
QUICK = 0.1  # seconds of a call of torch above which a tape is not tried at further points


def spec(jacobian: JacobianResult) -> dict[str, Any]:
    """Return what never changes: labels, blocks, digits, layout and where it began."""
    _, rows, columns, _ = display.layout(jacobian)
    row_blocks, column_blocks = display.blocks(jacobian)
    return {
        "title": f"{jacobian.notation.noun} of {jacobian.title}",
        "entry": jacobian.notation.unicode(jacobian.title, "{output}", "{input}"),
        "rows": [label.unicode for label in rows],
        "columns": [label.unicode for label in columns],
        "row_blocks": row_blocks,
        "column_blocks": column_blocks,
        "digits": jacobian.view.digits,
        "transposed": is_transposed(jacobian),
        "command": _command(jacobian),
        "labels": [label.unicode for label in jacobian.columns],
        "inputs": [
            {"name": one.name, "shape": list(one.value.shape)} for one in jacobian.problem.inputs
        ],
        "start": [_json(number) for number in jacobian.problem.flat_point],
    }


def _command(jacobian: JacobianResult) -> list[str] | None:
    """What stands around the point in the line that asks for it; None if no line names the inputs.

    The leaves of a dict or list have no names of their own in a line.
    """
    problem = jacobian.problem.potential or jacobian.problem
    if problem.arrange is not None:
        return None
    return list(jacobian.view.command or (f"%%{jacobian.notation.noun.lower()}", ""))


def _json(number: float) -> float | str:
    return number if np.isfinite(number) else str(number)


# ── the point ─────────────────────────────────────────────────────────────────────────────────


def numbers(jacobian: JacobianResult, at: Sequence[float]) -> dict[str, Any]:
    """Return what a point decides: values, numbers in the formula, agreement.

    Args:
        jacobian: the Jacobian there.
        at: the numbers of the sliders that it answers, before torch rounded them.
    """
    values, _, _, pattern = display.layout(jacobian)
    reading = jacobian.reading
    shown = [] if reading is None else reading.numbers(jacobian.problem.flat_point).values()
    return {
        "values": np.ascontiguousarray(values, dtype="<f8").tobytes(),
        "zeros": np.ascontiguousarray(~pattern, dtype=np.uint8).tobytes(),
        "numbers": np.array(list(shown), dtype="<f8").tobytes(),
        "at": np.array(at, dtype="<f8").tobytes(),
        "status": _status(jacobian, values),
    }


def _status(jacobian: JacobianResult, values: np.ndarray) -> dict[str, Any]:
    agreement = jacobian.agreement
    marked = [(found.row, found.column) for found in agreement.disagreements]
    if is_transposed(jacobian):
        marked = [(j, i) for i, j in marked]
    marked += [(int(i), int(j)) for i, j in np.argwhere(~np.isfinite(values))]
    remarks = display.remarks(jacobian)
    return {
        "point": display.whereabouts(jacobian, unicode=True),
        "verdict": agreement.verdict,
        "closed": jacobian.reading is not None,
        "agreement": str(agreement),
        "warnings": [line for line in display.warnings(jacobian) if line != str(agreement)],
        "remarks": [line for line in remarks if line != str(agreement)],
        "marked": [list(place) for place in marked],
        "stale": "",
    }


# ── the formula ───────────────────────────────────────────────────────────────────────────────


def signature(jacobian: JacobianResult) -> tuple[Any, ...]:
    """Return what decides the formula that is shown: while it stays, only numbers move."""
    return (jacobian.reading, jacobian.form_gives_numbers, jacobian.one_sided is not None)


def formula(jacobian: JacobianResult) -> dict[str, Any]:
    """What a branch of the function decides: the chain, its tape, and derivations of entries.

    Where SymPy fails, the numbers stand without a chain, and a note says why.
    """
    with one_allowance(jacobian.forms.budget):
        chain = attempt(lambda: _chain(jacobian), jacobian.forms.budget)
        entries = _entries(jacobian)
    if isinstance(chain, Refusal):
        empty: dict[str, Any] = {
            "head": "",
            "sign": "=",
            "links": [],
            "where": [],
            "matrix": [],
            "plain": None,
        }
        chain = {**empty, "copies": {}, "note": str(chain)}
    return {"chain": chain, "live": _live(jacobian), "entries": entries}


def _chain(jacobian: JacobianResult) -> dict[str, Any]:
    chain, reading = jacobian.derivation, jacobian.reading
    moving = [latex.to_mathml(link) for link in jacobian.templates()]
    plain = None
    if reading is not None and reading.used_constants and jacobian.view.names:
        other = jacobian.shown(names=False)
        if other.reading is not None:
            links = _links(other.derivation.links, other.derivation.where, moving)
            plain = {**links, "copies": copies(other)}
    return {
        "head": latex.to_mathml(chain.head),
        "sign": chain.signs[-1],
        **_links(chain.links, chain.where, moving),
        "matrix": [latex.to_mathml(equation, display=False) for equation in chain.matrix],
        "plain": plain,
        "copies": copies(jacobian),
        "note": "",
    }


def _links(links: Sequence[str], where: Sequence[str], moving: list[str]) -> dict[str, Any]:
    still = links[: len(links) - len(moving)]
    return {
        "links": [*(latex.to_mathml(link) for link in still), *moving],
        "where": [latex.to_mathml(equation, display=False) for equation in where],
    }


def entry(jacobian: JacobianResult, row: int, column: int) -> dict[str, Any] | None:
    """Return the derivation of one entry of the table, with slots for the numbers that move.

    None without a closed form; no lines, and a note, where writing it out fails or takes too long.
    """
    place = (column, row) if is_transposed(jacobian) else (row, column)
    lines = attempt(
        lambda: _lines(jacobian.step_template(*place)), jacobian.forms.budget, "this derivation"
    )
    if isinstance(lines, Refusal):
        return {"lines": [], "note": str(lines)}
    return {"lines": lines, "note": ""} if lines else None


def _lines(step: Step | None) -> list[Any]:
    return [
        [
            line.depth,
            latex.to_mathml(line.latex, display=False),
            line.rule,
            latex.to_mathml(line.formula, display=False) if line.formula else "",
        ]
        for line in (() if step is None else step.equations)
    ]


def _entries(jacobian: JacobianResult) -> dict[str, Any]:
    """Derivations that a page without a kernel can show: as many as are short."""
    return entries(jacobian, MOST_BYTES)


def entries(jacobian: JacobianResult, most: int) -> dict[str, Any]:
    """Return the derivations of the table's entries by "row,column", in order while they fit.

    Args:
        jacobian: the Jacobian.
        most: bytes of all together; the first that is longer ends the list.
    """
    made: dict[str, Any] = {}
    if jacobian.reading is None:
        return made
    _, _, _, pattern = display.layout(jacobian)
    room = most
    for row, column in np.argwhere(pattern).tolist():
        found = entry(jacobian, row, column)
        if found is None or not found["lines"]:
            return made
        room -= sum(len(part) for line in found["lines"] for part in line[1:])
        if room < 0:
            return made
        made[f"{row},{column}"] = found
    return made


# ── the tape ──────────────────────────────────────────────────────────────────────────────────


def _live(jacobian: JacobianResult) -> dict[str, Any]:
    """Return the tape that the browser runs; empty unless it gives torch's numbers."""
    reading = jacobian.reading
    if reading is None or jacobian.agreement.verdict != "agree":
        return {}
    try:
        tape = reading.live_tape()
    except BudgetExceeded:
        return {}
    conditions, clauses = len(reading.form.trace.assumptions), len(reading.clauses)
    if not {name for name, *_ in tape.operations} <= BROWSER:
        return {}
    if len(tape.operations) > MOST_OPERATIONS or not _is_true(jacobian, tape, conditions, clauses):
        return {}
    return {
        "tape": tape.to_json(),
        "conditions": conditions,
        "clauses": clauses,
        "constants": [_json(one.value) for _, one in reading.constants],
    }


def _is_true(jacobian: JacobianResult, tape: Tape, conditions: int, clauses: int) -> bool:
    """Whether a tape gives torch's numbers at the point and at two points beside it."""
    start = np.array(jacobian.problem.flat_point)
    chance = np.random.default_rng(0)
    for shift in (0, 0.05, 0.2):
        with np.errstate(all="ignore"):  # the start may be infinite, or nearly
            moved = start + shift * chance.uniform(-1, 1, start.shape) * np.maximum(abs(start), 1)
        found = np.array(tape.evaluate(moved.tolist()))
        if not all(found[:conditions]):
            continue
        began = time.perf_counter()
        try:
            there = jacobian if not shift else jacobian.at(**shaped(jacobian, moved.tolist()))
        except REFUSALS:  # that is no answer
            continue
        if not _same(found[conditions + clauses :], there):
            return False
        if shift and time.perf_counter() - began > QUICK:
            return True
    return True


def _same(entries: np.ndarray, jacobian: JacobianResult) -> bool:
    truth = jacobian.matrix.detach().cpu()
    precise = truth.dtype == torch.float64
    tolerance = 1e-7 if precise else 2e-2 if truth.element_size() < 4 else 1e-3
    known = truth.double().numpy().reshape(-1)
    finite = np.isfinite(known) & np.isfinite(entries)
    scale = max(float(abs(known[finite]).max(initial=0.0)), 1e-300)
    return np.allclose(entries[finite], known[finite], rtol=tolerance, atol=tolerance * scale)


def shaped(jacobian: JacobianResult, flat: Sequence[float]) -> dict[str, torch.Tensor]:
    """Flat numbers as the inputs' tensors."""
    made, start = {}, 0
    for name, value in jacobian.point.items():
        part = torch.tensor(flat[start : start + value.numel()], dtype=torch.float64)
        start += value.numel()
        made[name] = part.to(value.dtype).to(value.device).reshape(value.shape)
    return made
