"""Traits of the view that depend on the branch: chain, tape, derivations."""

from __future__ import annotations

from typing import Any

from jacmagic.render.mathml import to_mathml
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.derivation import Derivation
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.time_limit import one_allowance
from jacmagic.symbolic.trace import Refusal
from jacmagic.view.captions import not_written
from jacmagic.view.explorer.code import code_of, copies
from jacmagic.view.explorer.entries import entries_of
from jacmagic.view.explorer.factors import factors_of
from jacmagic.view.explorer.live_tape import live_tape
from jacmagic.view.table import shown_determinant

MAX_ENTRY_BYTES = 24_000  # of derivations sent unasked: less than half of the view's code

_NO_CHAIN: dict[str, Any] = {
    "head": "",
    "sign": "=",
    "links": [],
    "names": [],
    "where": [],
    "matrix": [],
    "plain": None,
    "determinant": None,
    "copies": {},
}


def signature_of(jacobian: JacobianResult) -> tuple[Any, ...]:
    """Return the key of the formula that is shown; equal keys, equal formulas."""
    shown = jacobian.reading or jacobian.closed_form
    return (shown, jacobian.form_gives_numbers, jacobian.one_sided is not None)


def formula_of(jacobian: JacobianResult) -> dict[str, Any]:
    """Return the traits of a branch: chain, tape, and derivations of entries.

    Where SymPy fails, the numbers stand without a chain, and a note says why.
    """
    with one_allowance(jacobian.forms.budget):
        chain = attempt(lambda: _chain(jacobian), jacobian.forms.budget)
        short = entries_of(jacobian, MAX_ENTRY_BYTES)
    if isinstance(chain, Refusal):
        chain = {**_NO_CHAIN, "note": not_written(chain) if jacobian.closed_form else str(chain)}
    factors = factors_of(jacobian) if jacobian.reads_as_chain else {}
    return {
        "chain": chain,
        "live": live_tape(jacobian),
        "entries": short,
        "factors": factors,
        "code": code_of(jacobian),
    }


def _chain(jacobian: JacobianResult) -> dict[str, Any]:
    chain, reading = jacobian.derivation, jacobian.reading
    moving = [to_mathml(link) for link in jacobian.templates()]
    plain = None
    if reading is not None and reading.used_constants and jacobian.view.names:
        other = jacobian.shown(names=False)
        if other.reading is not None:
            plain = {**_links(other.derivation, moving), "copies": copies(other)}
    return {
        "head": to_mathml(chain.head),
        "sign": chain.signs[-1],
        "names": list(chain.link_names),
        **_links(chain, moving),
        "matrix": [to_mathml(equation, display=False) for equation in chain.matrix],
        "plain": plain,
        "determinant": _determinant(jacobian),
        "copies": copies(jacobian),
        "note": "",
    }


def _determinant(jacobian: JacobianResult) -> str | None:
    """Return MathML of "det J" with its closed form; the browser adds the number."""
    determinant = shown_determinant(jacobian)
    if determinant is None:
        return None
    return to_mathml((determinant.definition or determinant.name).tex, display=False)


def _links(chain: Derivation, moving: list[str]) -> dict[str, Any]:
    return {
        "links": [*map(to_mathml, chain.fixed_links), *moving],
        "where": [to_mathml(equation, display=False) for equation in chain.where],
    }
