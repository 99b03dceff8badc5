"""The tape that the browser interprets while a slider moves."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch

from jacmagic.function.interop.call_limit import REFUSALS
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.graph import OPERATIONS, BudgetExceeded, Tape

# The operations that static/tape.mjs has: all but a few special functions.
BROWSER = frozenset(OPERATIONS) - {
    *("y0", "y1", "k0", "k1", "erfinv", "zeta", "gammainc", "gammaincc"),
}
MAX_OPERATIONS = 40_000  # of a tape, which is stored in the notebook: about 800 kB
SHIFTS = (0, 0.05, 0.2)  # relative: a tape is compared with torch at the point and at two near it
MAX_RELATIVE_GAPS = {8: 1e-7, 4: 1e-3, 2: 2e-2, 1: 2e-2}  # by bytes of torch's numbers
MAX_SECONDS_TO_CHECK_ON = 0.1  # of one call of torch; a slower one is checked at one point fewer


def live_tape(jacobian: JacobianResult) -> dict[str, Any]:
    """Return the tape that the browser runs; empty unless it gives torch's numbers.

    It is written from the graph: a formula that is too long to read has one too.
    """
    form, reading = jacobian.closed_form, jacobian.reading
    if form is None or jacobian.agreement.verdict != "agree":
        return {}
    try:
        tape = form.live_tape() if reading is None else reading.live_tape()
    except BudgetExceeded:
        return {}
    if not _runs_in_browsers(tape):
        return {}
    shown = form if reading is None else reading.form
    conditions = len(shown.trace.assumptions)
    clauses = 0 if reading is None else len(reading.clauses)
    if not _gives_torch_numbers(jacobian, tape, conditions, clauses):
        return {}
    constants = () if reading is None else reading.constants
    return {
        "tape": tape.to_json(),
        "conditions": conditions,
        "clauses": clauses,
        "values": jacobian.shape[0],
        "potentials": len(shown.potential),
        "constants": [to_json(constant.value) for _, constant in constants],
        "written": reading is not None,
    }


def _runs_in_browsers(tape: Tape) -> bool:
    """Whether a browser has all operations of a tape, and the memory for it."""
    operations, outputs = len(tape.operations), len(tape.outputs)
    supported = {name for name, *_ in tape.operations} <= BROWSER
    return supported and max(operations, outputs, len(tape.constants)) <= MAX_OPERATIONS


def _gives_torch_numbers(
    jacobian: JacobianResult, tape: Tape, conditions: int, clauses: int
) -> bool:
    """Whether a tape gives torch's numbers at the point and at two points near it."""
    start = np.array(jacobian.problem.flat_point)
    chance = np.random.default_rng(0)
    for shift in SHIFTS:
        with np.errstate(all="ignore"):  # the start may be infinite, or nearly
            moved = start + shift * chance.uniform(-1, 1, start.shape) * np.maximum(abs(start), 1)
        outputs = np.array(tape.evaluate(moved.tolist()))
        if not all(outputs[:conditions]):
            continue
        began = time.perf_counter()
        try:
            beside = jacobian if not shift else jacobian.at(**jacobian.problem.named(moved))
        except REFUSALS:  # which says nothing about the tape
            continue
        entries, values = np.split(outputs[conditions + clauses :], [beside.matrix.numel()])
        values = values[: beside.shape[0]]  # beside a gradient stands its function
        if not (
            _same(entries, beside.matrix) and _same(values, torch.from_numpy(beside.flat_value))
        ):
            return False
        if shift and time.perf_counter() - began > MAX_SECONDS_TO_CHECK_ON:
            return True
    return True


def _same(entries: np.ndarray, truth: torch.Tensor) -> bool:
    truth = truth.detach().cpu()
    tolerance = MAX_RELATIVE_GAPS[truth.element_size()]
    expected = truth.double().numpy().reshape(-1)
    finite = np.isfinite(expected) & np.isfinite(entries)
    scale = max(float(abs(expected[finite]).max(initial=0.0)), 1e-300)
    return np.allclose(entries[finite], expected[finite], rtol=tolerance, atol=tolerance * scale)


def to_json(number: float) -> float | str:
    """Return a number as JSON can hold it: nan and infinities by name."""
    return number if np.isfinite(number) else str(number)
