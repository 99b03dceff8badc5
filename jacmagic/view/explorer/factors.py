"""The trait of the chain: its equations as pieces, its factors, and their tape."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from jacmagic.errors import PointError
from jacmagic.labels import Label
from jacmagic.render.mathml import to_mathml
from jacmagic.result.chain import Chain, Factor
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.factored.paths import Writer
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.conversion import excerpt
from jacmagic.symbolic.formula.typeset import tex
from jacmagic.symbolic.graph import BudgetExceeded
from jacmagic.symbolic.trace import Refusal
from jacmagic.view.explorer.entries import derivation, fitting
from jacmagic.view.explorer.live_tape import BROWSER, MAX_OPERATIONS

_CUT = "\x1f"  # between the pieces of an equation; no LaTeX contains it


def factors_of(jacobian: JacobianResult) -> dict[str, Any]:
    """Return the chain for the browser; empty where there is none."""
    if jacobian.closed_form is None:
        return {}
    try:
        chain = jacobian.chain()
    except PointError as error:
        return {"note": str(error)}
    factors = attempt(lambda: _factors(chain), jacobian.forms.budget, "the chain")
    return {"note": str(factors)} if isinstance(factors, Refusal) else factors


def _factors(chain: Chain) -> dict[str, Any]:
    written = chain.shown_factors
    index = {factor.name: k for k, (factor, _) in enumerate(written)}
    equations = [
        [next(_pieces(left, index)), list(_pieces(right, index))]
        for left, right in chain.equations(_in_pieces(chain))
    ]
    return {
        "title": chain.heading,
        "equations": equations,
        "where": [to_mathml(definition, display=False) for definition in chain.definitions_latex()],
        "factors": [_factor(factor, other) for factor, other in written],
        "summary": chain.summary[: -1 if chain.agrees else None],
        "tape": _tape(chain, [factor for factor, _ in written]),
        "note": "",
    }


def _in_pieces(chain: Chain) -> Writer:
    """Return a writer of LaTeX that marks where factors, signs and brackets are."""
    plain = chain.latex_writer

    def marked(text: str) -> str:
        return f"{_CUT}{text}{_CUT}"

    return Writer(
        lambda local: chain.local(
            local,
            lambda factor: marked(f"@{factor.name}"),
            lambda c, names: marked(f"${tex(c, names)}"),
        ),
        chain.is_scale,
        lambda above, below: marked(f"${plain.total(above, below)}"),
        marked(f"${plain.identity}"),
        "",
        ("(", ")"),
    )


def _pieces(source: str, index: dict[str, int]) -> Iterator[Any]:
    """Yield the pieces of an equation: a factor's number, or what is between them."""
    for piece in source.split(_CUT):
        if piece.startswith("@"):
            yield index.get(piece[1:], piece[1:])
        elif piece.startswith("$"):
            yield to_mathml(piece[1:], display=False)
        elif piece.strip():
            yield piece.strip()


def _factor(factor: Factor, other: Factor | None) -> dict[str, Any]:
    rows, columns = _picked(factor)
    names = factor.reading.all_names
    return {
        "head": to_mathml(factor.latex, display=False),
        "name": factor.name,
        "shape": list(factor.shape),
        "rows": [_label(factor.rows, i) for i in rows],
        "columns": [_label(factor.columns, j) for j in columns],
        "cells": [[_cell(factor, i, j, names) for j in columns] for i in rows],
        "where": [to_mathml(clause, display=False) for clause in factor.where],
        "same": "" if other is None else other.name,
    }


def _picked(factor: Factor) -> tuple[list[int | None], list[int | None]]:
    rows, columns = map(excerpt, factor.shape)
    return rows, columns


def _label(labels: tuple[Label, ...], index: int | None) -> str:
    return "…" if index is None else labels[index].unicode


def _cell(factor: Factor, i: int | None, j: int | None, names: dict[Any, str]) -> Any:
    """Return an entry's indices, its MathML and whether it is a plain number; None in a gap."""
    if i is None or j is None:
        return None
    entry = factor.entry(i, j)
    return [i, j, to_mathml(tex(entry, names), display=False), bool(entry.is_number)]


def _tape(chain: Chain, factors: list[Factor]) -> Any:
    """Return the tape to the entries that are shown, one factor after the other, or None."""
    positions = [
        (factor, i, j)
        for factor in factors
        for i, j in itertools.product(*_picked(factor))
        if i is not None and j is not None
    ]
    try:
        tape = chain.form.tape([factor.position(i, j) for factor, i, j in positions])
    except BudgetExceeded:
        return None
    names = {name for name, *_ in tape.operations}
    return tape.to_json() if len(tape.operations) <= MAX_OPERATIONS and names <= BROWSER else None


def factor_entry(jacobian: JacobianResult, factor: int, row: int, column: int) -> dict[str, Any]:
    """Return the derivation of one entry of a factor, counted as the trait counts them."""
    written = [factor for factor, _ in jacobian.chain().shown_factors]
    return derivation(lambda: written[factor].formula_steps(row, column), jacobian.forms.budget)


def factor_entries(
    jacobian: JacobianResult, factors: dict[str, Any], max_bytes: int
) -> dict[str, Any]:
    """Return derivations of the factors' entries by "factor,row,column", while they fit."""
    derivations = (
        (f"{k},{cell[0]},{cell[1]}", factor_entry(jacobian, k, cell[0], cell[1]))
        for k, factor in enumerate(factors.get("factors", ()))
        for line in factor["cells"]
        for cell in line
        if cell and not cell[3]
    )
    return fitting(derivations, max_bytes)
