"""Sums and products in a canonical form, in which equal ones are equal keys.

A value is a sign and a monomial; a monomial is a product of atoms with whole, positive exponents.
An atom is a node of the graph, a number, a call, a reciprocal, a sum or a product that is computed
once. Nothing that has a pole is cancelled: x · 1/x stays, as it is nan at 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from jacmagic.symbolic.graph.numbers import Number, short

Monomial = tuple[tuple[int, int], ...]  # (atom, exponent), sorted by atom
Value = tuple[int, Monomial]  # sign, and what it multiplies
Sum = dict[Monomial, int]  # the sign of each term

UNIT: Monomial = ()
ZERO: Value = (0, UNIT)


def _oriented(terms: Sum) -> tuple[int, frozenset[tuple[Monomial, int]]]:
    """Return a sum's sign, that of its first term, and the terms of the sum that it multiplies."""
    sign = terms[min(terms)]
    return sign, frozenset(
        (monomial, coefficient * sign) for monomial, coefficient in terms.items()
    )


class Terms:
    """The atoms of one program.

    Attributes:
        definitions: of each atom: ("node", node), ("number", number), ("call", operation,
            arguments), ("over", atom) for a reciprocal, ("sum",) or ("product", monomial).
        sums: the terms of each sum; passes rewrite them in place.
    """

    def __init__(self) -> None:
        self.definitions: list[tuple] = []
        self.sums: dict[int, Sum] = {}
        self._atoms: dict[tuple, int] = {}
        self._contents: dict[frozenset, int] = {}

    def copy(self) -> Terms:
        """Return the same atoms, to be rewritten apart from these."""
        other = Terms()
        other.definitions, other._atoms = self.definitions.copy(), self._atoms.copy()
        other.sums, other._contents = self.sums.copy(), self._contents.copy()
        return other

    # ── atoms ─────────────────────────────────────────────────────────────────────────────────

    def atom(self, *definition: object) -> int:
        """Return the atom of a definition, the same for equal ones."""
        if definition not in self._atoms:
            self._atoms[definition] = len(self.definitions)
            self.definitions.append(definition)
        return self._atoms[definition]

    def value(self, *definition: object) -> Value:
        """Return an atom as a value."""
        return 1, ((self.atom(*definition), 1),)

    def number(self, number: Number) -> Value:
        """Return a finite number as a value."""
        if number == 0:
            return ZERO
        sign, size = (1, number) if number > 0 else (-1, -number)
        return (sign, UNIT) if size == 1 else (sign, self.value("number", size)[1])

    def split(self, monomial: Monomial) -> tuple[Number, Monomial]:
        """Return a monomial's number and the rest."""
        for k, (atom, _) in enumerate(monomial):
            if self.definitions[atom][0] == "number":
                return self.definitions[atom][1], monomial[:k] + monomial[k + 1 :]
        return 1, monomial

    # ── products ──────────────────────────────────────────────────────────────────────────────

    def times(self, a: Value, b: Value) -> Value:
        """Return the product of two values; numbers become one."""
        if ZERO in (a, b):
            return ZERO
        (x, rest), (y, others) = self.split(a[1]), self.split(b[1])
        exponents = dict(rest)
        for atom, exponent in others:
            exponents[atom] = exponents.get(atom, 0) + exponent
        number = self.number(short(x * y))[1]
        return a[0] * b[0], tuple(sorted([*number, *exponents.items()]))

    def power(self, a: Value, exponent: int) -> Value:
        """Return a value to a whole power of at least 1."""
        number, rest = self.split(a[1])
        raised = self.number(short(number**exponent))[1]
        powers = [(atom, power * exponent) for atom, power in rest]
        return a[0] ** exponent, tuple(sorted([*raised, *powers]))

    def over(self, a: Value) -> Value | None:
        """Return the reciprocal of a value; None of zero."""
        if a == ZERO:
            return None
        number, rest = self.split(a[1])
        inverse = 1 / number if isinstance(number, float) else Fraction(1) / number
        powers = [(self.atom("over", atom), power) for atom, power in rest]
        return a[0], tuple(sorted([*self.number(short(inverse))[1], *powers]))

    # ── sums ──────────────────────────────────────────────────────────────────────────────────

    def plus(self, values: Iterable[Value]) -> Value | None:
        """Return the sum of values; None where some cancel, which rounding may not do."""
        totals: dict[Monomial, Number] = {}
        for sign, monomial in values:
            if sign == 0:
                continue
            number, rest = self.split(monomial)
            before = totals.get(rest, 0)
            if before * sign < 0:
                return None
            totals[rest] = short(before + sign * number)
        terms = {}
        for rest, total in totals.items():
            sign, size = self.number(total)
            terms[tuple(sorted([*size, *rest]))] = sign
        return self.collected(terms)

    def collected(self, terms: Sum) -> Value:
        """Return the sum of distinct terms, its first one positive."""
        if not terms:
            return ZERO
        if len(terms) == 1:
            ((monomial, sign),) = terms.items()
            return sign, monomial
        sign, content = _oriented(terms)
        if content not in self._contents:
            atom = self.atom("sum", len(self.sums))
            self._contents[content] = atom
            self.sums[atom] = {
                monomial: coefficient * sign for monomial, coefficient in terms.items()
            }
        return sign, ((self._contents[content], 1),)

    def known(self, terms: Sum) -> int | None:
        """Return the atom of a sum of these terms or of their negatives, if there is one."""
        if len(terms) < 2:
            return None
        return self._contents.get(_oriented(terms)[1])

    def rename(self, atom: int, terms: Sum) -> None:
        """Give a sum other terms of the same value."""
        self.sums[atom] = terms
        if len(terms) > 1:
            sign, content = _oriented(terms)
            if sign > 0:
                self._contents.setdefault(content, atom)

    # ── reading ───────────────────────────────────────────────────────────────────────────────

    def operands(self, atom: int) -> list[Monomial]:
        """Return the monomials that an atom is computed from."""
        kind, *parts = self.definitions[atom]
        if kind == "sum":
            return list(self.sums[atom])
        if kind == "call":
            return [monomial for _, monomial in parts[1]]
        if kind == "over":
            return [((parts[0], 1),)]
        return [parts[0]] if kind == "product" else []

    def reach(self, roots: Iterable[Monomial]) -> list[int]:
        """Return the atoms that monomials need, operands first."""
        order: dict[int, None] = {}
        opened: set[int] = set()
        waiting = [atom for monomial in reversed(list(roots)) for atom, _ in monomial]
        while waiting:
            atom = waiting[-1]
            if atom in order or atom in opened:
                order.setdefault(waiting.pop())
                continue
            opened.add(atom)
            waiting += [inner for monomial in self.operands(atom) for inner, _ in monomial]
        return list(order)
