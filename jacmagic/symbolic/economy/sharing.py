"""Pairs that several sums or several products have in common, computed once.

Greedy: the pair that occurs most often becomes an atom, until none occurs twice. Reference:
A. Hosangadi, F. Fallah and R. Kastner, Optimizing polynomial expressions by algebraic factorization
and common subexpression elimination, IEEE Transactions on Computer-Aided Design 25 (2006).
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from jacmagic.symbolic.economy.terms import Monomial, Terms, Value

MAX_PAIRS = 400_000  # of all sums or products together; beyond, they stay as they are


class Pairs:
    """Which holders contain which pairs, the most frequent first."""

    def __init__(self) -> None:
        self._holders: dict[Hashable, dict[Hashable, int]] = {}
        self._heap: list[tuple[int, int, Hashable]] = []
        self._order = itertools.count()
        self._taken: set[Hashable] = set()  # each pair is taken once

    def add(self, holder: Hashable, pairs: Iterable[tuple[Hashable, int]]) -> None:
        """Record which pairs a holder has, and how often each."""
        for pair, count in pairs:
            self._holders.setdefault(pair, {})[holder] = count
            self._push(pair)

    def remove(self, holder: Hashable, pairs: Iterable[tuple[Hashable, int]]) -> None:
        """Remove these pairs of a holder."""
        for pair, _ in pairs:
            self._holders[pair].pop(holder, None)

    def _push(self, pair: Hashable) -> None:
        count = sum(self._holders[pair].values())
        if count > 1 and pair not in self._taken:
            heapq.heappush(self._heap, (-count, next(self._order), pair))

    def best(self) -> tuple[Hashable, list[Hashable]] | None:
        """Return the most frequent pair and its holders; None where none occurs twice."""
        while self._heap:
            count, _, pair = heapq.heappop(self._heap)
            holders = self._holders[pair]
            if sum(holders.values()) == -count:
                self._holders[pair] = {}
                self._taken.add(pair)
                return pair, list(holders)
            self._push(pair)
        return None


def _shared(
    holders: dict[Any, Any], pairs_of: Callable[[Any], list], replace: Callable[[Any, Any], None]
) -> None:
    """Replace pairs in holders while one occurs twice."""
    if sum(len(holder) ** 2 for holder in holders.values()) > 2 * MAX_PAIRS:
        return
    pairs = Pairs()
    for holder, content in holders.items():
        pairs.add(holder, pairs_of(content))
    while (best := pairs.best()) is not None:
        pair, owners = best
        for holder in owners:
            pairs.remove(holder, pairs_of(holders[holder]))
            replace(pair, holder)
            pairs.add(holder, pairs_of(holders[holder]))


# ── sums ──────────────────────────────────────────────────────────────────────────────────────


def share_sums(terms: Terms, roots: Sequence[Monomial]) -> None:
    """Compute pairs of terms that several sums have once, up to their sign."""
    holders = {atom: terms.sums[atom] for atom in terms.reach(roots) if atom in terms.sums}

    def pairs_of(content: dict[Monomial, int]) -> list:
        return [
            ((*sorted((a, b)), content[a] * content[b]), 1)
            for a, b in itertools.combinations(content, 2)
        ]

    def replace(pair: tuple, holder: int) -> None:
        a, b, relative = pair
        content = holders[holder]
        sign, whole = terms.collected({a: 1, b: relative})
        if whole == ((holder, 1),):
            return
        sign *= content[a]
        rest = {monomial: s for monomial, s in content.items() if monomial not in (a, b)}
        if whole in rest:
            return
        terms.sums[holder] = holders[holder] = {**rest, whole: sign}

    _shared(holders, pairs_of, replace)


# ── products ──────────────────────────────────────────────────────────────────────────────────


def share_products(terms: Terms, roots: Sequence[Value]) -> list[Value]:
    """Compute pairs of factors that several products have once, squares too.

    Every use of a monomial is replaced, those of the roots in what is returned.
    """
    atoms = terms.reach([monomial for _, monomial in roots])
    used = [monomial for _, monomial in roots]
    used += [monomial for atom in atoms for monomial in terms.operands(atom)]
    holders: dict[Monomial, dict[int, int]] = {monomial: dict(monomial) for monomial in used}

    def pairs_of(content: dict[int, int]) -> list:
        squares = [((a, a), k // 2) for a, k in content.items() if k > 1]
        both = [
            ((min(a, b), max(a, b)), min(content[a], content[b]))
            for a, b in itertools.combinations(content, 2)
        ]
        return squares + both

    def replace(pair: tuple[int, int], holder: Monomial) -> None:
        content = holders[holder]
        a, b = pair
        times = content[a] // 2 if a == b else min(content[a], content[b])
        product = terms.atom("product", ((a, 2),) if a == b else ((a, 1), (b, 1)))
        for atom in pair:
            content[atom] -= times
            if not content[atom]:
                del content[atom]
        content[product] = content.get(product, 0) + times

    _shared(holders, pairs_of, replace)
    shared = {monomial: tuple(sorted(content.items())) for monomial, content in holders.items()}
    for atom in atoms:
        kind, *parts = terms.definitions[atom]
        if kind == "sum":
            terms.sums[atom] = {shared[m]: sign for m, sign in terms.sums[atom].items()}
        elif kind == "call":
            arguments = tuple((sign, shared[m]) for sign, m in parts[1])
            terms.definitions[atom] = (kind, parts[0], arguments)
        elif kind == "product":
            terms.definitions[atom] = (kind, shared[parts[0]])
    return [(sign, shared[monomial]) for sign, monomial in roots]
