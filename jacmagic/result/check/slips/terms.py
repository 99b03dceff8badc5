"""Slips in the summands of an entry: missing, of the other sign, with a factor, or too many."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jacmagic.result.check.expressions import Expressions, Values
from jacmagic.result.check.slips.evidence import Evidence
from jacmagic.result.check.slips.slip import Slip, WrongEntry, constant_name, shown
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.typeset import plain
from jacmagic.symbolic.graph import signed_terms
from jacmagic.symbolic.graph.passes import tree_sizes
from jacmagic.symbolic.trace import Refusal

MAX_TERMS = 12  # of an entry whose subsets are searched: 4,096 of them
MAX_SUMMANDS = 1_000  # of an entry as it is written; sums of sums are many more on a graph
MAX_SYMBOLS_EXPANDED = 200  # symbols of an entry that SymPy expands
_MAX_SECONDS_TO_EXPAND = 0.3  # for one entry


@dataclass(frozen=True)
class Term:
    """A summand with its values (k,) and its text, which is computed when it is needed.

    Attributes:
        value: (k,), with its sign.
        write: returns its text.
        node: of the graph, without its sign; −1 of none.
    """

    value: np.ndarray
    write: Callable[[], str]
    node: int = -1

    @property
    def text(self) -> str:
        """The summand in the function's own terms."""
        return self.write() or "a long term"


def summands(side: Expressions, values: Values, node: int) -> list[Term]:
    """Return the summands of an entry as it is written; none where there are too many."""
    terms = list(itertools.islice(signed_terms(side.graph, node), MAX_SUMMANDS + 1))
    if len(terms) > MAX_SUMMANDS:
        return []
    return [
        Term(sign * values.of(one), lambda s=sign, k=one: _signed(s, side.text(k)), one)  # type: ignore[misc]
        for sign, one in terms
    ]


def _signed(sign: float, text: str) -> str:
    return f"−{text}" if sign < 0 and text else text


def _expanded(side: Expressions, points: np.ndarray, node: int) -> list[Term]:
    """Return the summands of an entry multiplied out by SymPy, if that is quick."""
    if tree_sizes(side.graph, [node])[0] > MAX_SYMBOLS_EXPANDED:
        return []

    def work() -> list[tuple[Any, np.ndarray]]:
        import sympy

        whole = sympy.expand(side.sympy(node, side.symbols))
        parts = list(sympy.Add.make_args(whole))[: 4 * MAX_TERMS]
        function = sympy.lambdify(side.symbols, parts, modules=["scipy", "numpy"])
        with np.errstate(all="ignore"):
            value = function(*points.T)
        return [
            (p, np.broadcast_to(np.asarray(v, float), len(points)))
            for p, v in zip(parts, value, strict=True)
        ]

    pairs = attempt(work, _MAX_SECONDS_TO_EXPAND)
    if isinstance(pairs, Refusal):
        return []
    return [Term(value, lambda p=part: plain(p, side.names)) for part, value in pairs]  # type: ignore[misc]


def term_slip(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return which summands are missing, doubled, of the other sign or too many."""
    gap, own = wrong.hand - wrong.truth, evidence.in_hand(wrong)
    slip = None if own is None else _in_the_hand(wrong, summands(*own), gap)
    slips = (_one_term(wrong, terms, gap) for terms in sums(evidence, wrong))
    return slip or next(filter(None, slips), None)


def terms_slip(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return several summands that are missing or have the other sign together."""
    gap = wrong.hand - wrong.truth
    slips = (_several(wrong, terms, gap) for terms in sums(evidence, wrong))
    return next(filter(None, slips), None)


def sums(evidence: Evidence, wrong: WrongEntry) -> Iterator[list[Term]]:
    """Yield the right entry's summands as it is written, and multiplied out."""
    side = evidence.in_form(wrong)
    if side is not None:
        yield summands(*side)
        yield _expanded(side[0], evidence.points, side[2])


def _in_the_hand(wrong: WrongEntry, terms: Sequence[Term], gap: np.ndarray) -> Slip | None:
    """Return a summand of the wrong entry that is too many or has another sign."""
    if len(terms) < 2:
        return None
    for term in terms:
        if _is(wrong, gap, term.value):
            return Slip("extra term", f"the term {term.text} is too many")
        if _is(wrong, gap, 2 * term.value):
            return Slip("sign", f"the term {term.text} has the other sign")
    return None


def _is(wrong: WrongEntry, one: np.ndarray, other: np.ndarray) -> bool:
    return wrong.equal(wrong.truth + one, wrong.truth + other) and wrong.equal(one, other)


def _one_term(wrong: WrongEntry, terms: Sequence[Term], gap: np.ndarray) -> Slip | None:
    """Return one summand of the right entry that explains the difference."""
    if len(terms) < 2:
        return None
    for term in terms:
        factor = wrong.constant(gap, term.value)
        if factor is None or constant_name(factor) is None:
            continue
        if abs(factor + 1) < 1e-9:
            return Slip("missing term", f"the term {term.text} is missing")
        if abs(factor + 2) < 1e-9:
            return Slip("sign", f"the term {term.text} has the other sign")
        return Slip("factor", f"the term {term.text} has the factor {shown(1 + factor)}")
    return None


def _several(wrong: WrongEntry, terms: Sequence[Term], gap: np.ndarray) -> Slip | None:
    """Return several summands that are missing or have the other sign together."""
    if not 2 < len(terms) <= MAX_TERMS or wrong.alone:
        return None
    values = np.array([term.value for term in terms])
    for factor, kind, verb in (
        (-1.0, "missing term", "missing"),
        (-2.0, "sign", "of the other sign"),
    ):
        for count in range(2, len(terms)):
            for chosen in itertools.combinations(range(len(terms)), count):
                if _is(wrong, gap, factor * values[list(chosen)].sum(axis=0)):
                    listed = " and ".join(terms[k].text for k in chosen)
                    return Slip(kind, f"the terms {listed} are {verb}")
    return None
