"""Factors and terms that are missing or too many, found among the nodes of both sides."""

from __future__ import annotations

from itertools import chain, islice

import numpy as np

from jacmagic.result.check.slips.evidence import Evidence
from jacmagic.result.check.slips.slip import Slip, WrongEntry, constant_name, shown
from jacmagic.result.check.slips.terms import Term, summands, sums

MAX_TERMS = 24  # of an entry, for each of which a factor is looked up


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
    with np.errstate(all="ignore"):
        for term in terms[: MAX_TERMS if len(terms) > 1 else 0]:
            slip = _in_term(evidence, term.value - gap, term.value, term)
            if slip is not None:
                return slip
        for term in islice(chain.from_iterable(sums(evidence, wrong)), MAX_TERMS):
            slip = _in_term(evidence, term.value, term.value + gap, term)
            if slip is not None:
                return slip
    return None


def _in_term(evidence: Evidence, right: np.ndarray, hand: np.ndarray, term: Term) -> Slip | None:
    if not np.isfinite(right).all() or not np.isfinite(hand).all():
        return None
    if not right.any() or not hand.any():
        return None
    return _factor(evidence, right, hand, f" in the term {term.text}")


def product(factor: float, text: str) -> str:
    """Return a constant times an expression, as text."""
    if abs(factor - 1) < 1e-9:
        return text
    if any(sign in text for sign in "+−-/ "):
        text = f"({text})"
    return f"−{text}" if abs(factor + 1) < 1e-9 else f"{shown(factor)}·{text}"
