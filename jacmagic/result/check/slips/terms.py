"""Slips in the summands and factors of an entry: missing, too many, of the other sign."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jacmagic.result.check.expressions import Expressions, Values
from jacmagic.result.check.slips.evidence import Evidence
from jacmagic.result.check.slips.slip import MAX_GAP, Slip, WrongEntry, constant_name, shown
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.typeset import plain
from jacmagic.symbolic.graph import signed_terms
from jacmagic.symbolic.graph.passes import tree_sizes
from jacmagic.symbolic.trace import Refusal

MAX_TERMS = 12  # of an entry whose subsets are searched: 4,096 of them
MAX_SUMMANDS = 1_000  # of an entry as it is written; sums of sums are many more on a graph
MAX_SYMBOLS_EXPANDED = 200  # symbols of an entry that SymPy expands
MAX_TERMS_WITH_FACTORS = 24  # of an entry, for each of which a factor is looked up
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
        Term(sign * values.of(term), lambda s=sign, k=term: _signed(s, side.text(k)), term)  # type: ignore[misc]
        for sign, term in terms
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
        if abs(factor + 1) < MAX_GAP:
            return Slip("missing term", f"the term {term.text} is missing")
        if abs(factor + 2) < MAX_GAP:
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


# ── factors and terms among the nodes of both sides ───────────────────────────────────────────


def factor_lookup(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return an expression by which the wrong entry has to be multiplied or divided."""
    with np.errstate(all="ignore"):
        return _factor(evidence, wrong.truth, wrong.hand, "")


def input_factor(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return an input that is missing as a factor, or is one too many."""
    if wrong.alone or not wrong.hand.all() or not wrong.truth.all():
        return None
    for column, label in enumerate(evidence.result.columns):
        x = evidence.points[: len(wrong.truth), column]
        for above, below, kind, verb in _quotients(wrong.truth, wrong.hand):
            if wrong.equal(above, below * x):
                return Slip(kind, f"the factor {label.unicode} {verb}")
    return None


def _quotients(
    right: np.ndarray, hand: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray, str, str], ...]:
    """Return numerator and denominator of a factor, with what it is, missing or too many."""
    return (
        (right, hand, "missing factor", "is missing"),
        (hand, right, "extra factor", "is too many"),
    )


def _factor(evidence: Evidence, right: np.ndarray, hand: np.ndarray, where: str) -> Slip | None:
    for above, below, kind, verb in _quotients(right, hand):
        ratio = above / below
        named = evidence.named(ratio) if np.isfinite(ratio).all() else None
        if named is not None and constant_name(named[0]) is not None:
            return Slip(kind, f"the factor {product(*named)}{where} {verb}")
    return None


def term_lookup(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return an expression that has to be added to the wrong entry or subtracted."""
    gap = wrong.hand - wrong.truth
    if wrong.alone:
        return None
    if wrong.constant(gap, np.ones_like(gap)) is not None:
        constant = float(gap[0])
        if constant_name(constant) is not None:
            return Slip("extra term", f"the constant {shown(constant)} is too many")
    named = evidence.named(gap)
    if named is None or constant_name(named[0]) is None:
        return None
    if not wrong.truth.any():
        return Slip("extra term", f"the entry is 0 everywhere; {product(*named)} is too many")
    return Slip("extra term", f"the term {product(*named)} is too many")


def factor_in_a_term(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return a factor that is missing or too many in one summand."""
    if wrong.alone:
        return None
    gap, own = wrong.hand - wrong.truth, evidence.in_hand(wrong)
    terms = [] if own is None else summands(*own)
    theirs = terms[:MAX_TERMS_WITH_FACTORS] if len(terms) > 1 else []
    right = itertools.chain.from_iterable(sums(evidence, wrong))
    with np.errstate(all="ignore"):
        pairs = itertools.chain(
            ((term, term.value - gap, term.value) for term in theirs),
            ((term, term.value, term.value + gap) for term in right),
        )
        looked_at = itertools.islice(pairs, len(theirs) + MAX_TERMS_WITH_FACTORS)
        return next(filter(None, (_in_term(evidence, *pair) for pair in looked_at)), None)


def _in_term(evidence: Evidence, term: Term, right: np.ndarray, hand: np.ndarray) -> Slip | None:
    if not (np.isfinite(right).all() and np.isfinite(hand).all() and right.any() and hand.any()):
        return None
    return _factor(evidence, right, hand, f" in the term {term.text}")


def product(factor: float, text: str) -> str:
    """Return a constant times an expression, as text."""
    if abs(factor - 1) < MAX_GAP:
        return text
    if any(sign in text for sign in "+−-/ "):
        text = f"({text})"
    return f"−{text}" if abs(factor + 1) < MAX_GAP else f"{shown(factor)}·{text}"
