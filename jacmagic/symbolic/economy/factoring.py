"""Take common factors out of sums: a·b + a·c becomes a·(b + c) where that saves operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from jacmagic.symbolic.economy.terms import Monomial, Sum, Terms


def degree(monomial: Monomial) -> int:
    """Return the number of factors of a monomial."""
    return sum(exponent for _, exponent in monomial)


def without(monomial: Monomial, factor: int) -> Monomial:
    """Return a monomial divided by an atom that it contains."""
    lower = ((atom, k - (atom == factor)) for atom, k in monomial)
    return tuple((atom, k) for atom, k in lower if k)


class Factoring:
    """One pass over all sums that the roots need."""

    def __init__(self, terms: Terms, roots: Sequence[Monomial]) -> None:
        """Count how often each atom is used, by the roots and by other atoms."""
        self.terms, self.atoms = terms, terms.reach(roots)
        self.uses = Counter(roots)
        for atom in self.atoms:
            self.uses.update(terms.operands(atom))

    def run(self) -> None:
        """Rewrite the sums."""
        waiting = [atom for atom in self.atoms if atom in self.terms.sums]
        while waiting:
            atom = waiting.pop()
            terms = self.terms.sums[atom]
            while (factor := self._best(terms)) is not None:
                terms, inner = self._taken_out(terms, factor)
                waiting.append(inner)
            self.terms.rename(atom, terms)

    def _best(self, terms: Sum) -> int | None:
        """Return the factor that saves most operations; None where none does."""
        holders: dict[int, list[Monomial]] = {}
        for monomial in terms:
            for atom, _ in monomial:
                holders.setdefault(atom, []).append(monomial)
        savings = {
            atom: self._saving(terms, atom, among)
            for atom, among in holders.items()
            if len(among) > 1
        }
        best = max(savings, key=lambda atom: (savings[atom], -atom), default=None)
        return best if best is not None and savings[best] > 0 else None

    def _saving(self, terms: Sum, factor: int, among: Sequence[Monomial]) -> int:
        """Return how many operations are saved by taking a factor out of some terms."""
        quotients = {without(monomial, factor): terms[monomial] for monomial in among}
        before = sum(degree(m) - 1 for m in among if self.uses[m] == 1)
        if self.terms.known(quotients) is not None:
            return before + len(among) - 2
        after = sum(max(degree(q) - 1, 0) for q in quotients if not self.uses[q])
        return before - after - 1

    def _taken_out(self, terms: Sum, factor: int) -> tuple[Sum, int]:
        """Return the terms with a factor outside, and the sum that it multiplies."""
        inside, rest = {}, {}
        for monomial, sign in terms.items():
            if any(atom == factor for atom, _ in monomial):
                inside[without(monomial, factor)] = sign
            else:
                rest[monomial] = sign
        is_known = self.terms.known(inside) is not None
        sign, inner = self.terms.collected(inside)
        whole = self.terms.times((1, inner), (1, ((factor, 1),)))[1]
        self.uses.subtract(monomial for monomial in terms if monomial not in rest)
        self.uses[whole] += 1
        if not is_known:
            self.uses.update(inside)
        if whole in rest:  # a·b·c + a·b'·… may leave the same product twice
            return terms, inner[0][0]
        return {**rest, whole: sign}, inner[0][0]


def substituted(terms: Terms, roots: Sequence[tuple[int, Monomial]]) -> list[tuple[int, Monomial]]:
    """Replace sums of one term by that term, everywhere; return the roots."""
    single: dict[int, tuple[int, Monomial]] = {}

    def written(value: tuple[int, Monomial]) -> tuple[int, Monomial]:
        result = value[0], tuple(power for power in value[1] if power[0] not in single)
        for atom, exponent in value[1]:
            if atom in single:
                result = terms.times(result, terms.power(single[atom], exponent))
        return result

    for atom in terms.reach([monomial for _, monomial in roots]):
        if atom in terms.sums:
            total = terms.plus(written((s, m)) for m, s in terms.sums[atom].items())
            if total is None:
                continue
            if total[1] != ((atom, 1),):
                single[atom] = total
        elif terms.definitions[atom][0] == "product":
            sign, monomial = written((1, terms.definitions[atom][1]))
            terms.definitions[atom] = ("product", monomial)
            if sign < 0:
                single[atom] = (sign, ((atom, 1),))
        elif terms.definitions[atom][0] == "call":
            kind, operation, arguments = terms.definitions[atom]
            terms.definitions[atom] = (kind, operation, tuple(map(written, arguments)))
    return [written(root) for root in roots]
