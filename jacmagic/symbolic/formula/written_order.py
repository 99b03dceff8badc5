"""The order of terms and factors in print: that of the user's code.

Constants come first in a product, as the code binds them, then variables as its outputs name them
first; sums that stand in the code keep their terms as they stand there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sympy

from jacmagic.symbolic.formula.conversion import Conversion
from jacmagic.symbolic.formula.symbol_names import SymbolNames
from jacmagic.symbolic.formula.sympy_names import NamedNumber
from jacmagic.symbolic.formula.sympy_operations import WRITTEN
from jacmagic.symbolic.graph import signed_terms

MAX_NODES = 2_000  # of the function, up to which its sums are looked at
MAX_SUMS = 300  # whose order is kept


def _parts(expression: Any) -> Iterator[Any]:
    """Yield an expression and its parts in their order, those of a maximum or minimum last.

    SymPy keeps these as sets: they have no order, nor has a sum with one in it.
    """
    pending = [expression]
    last = []
    while pending:
        part = pending.pop()
        yield part
        if isinstance(part, sympy.Max | sympy.Min):
            last += sorted(part.args, key=sympy.default_sort_key)
        else:
            by_key = part.is_Add and part.has(sympy.Max, sympy.Min)
            arguments = sorted(part.args, key=sympy.default_sort_key) if by_key else part.args
            pending += reversed(arguments)
        if not pending:
            pending, last = last[::-1], []


class WrittenOrder:
    """The order of symbols and of sums in one function.

    Attributes:
        symbols: those of inputs, constants and named parts, as the code's outputs name them first.
        sums: see `SymbolNames`.
    """

    def __init__(
        self, conversion: Conversion, outputs: Sequence[int], parts: Mapping[int, Any]
    ) -> None:
        """Read the order from some outputs, whole and with named parts."""
        self._conversion, self._outputs = conversion, outputs
        graph = conversion.form.graph
        is_small = len(graph.reach(outputs)) <= MAX_NODES
        self.symbols = list(self._first_named(parts)) if is_small else []
        self.sums = {**self._sums({}), **self._sums(parts)} if is_small else {}

    def of(self, names: Mapping[Any, str]) -> SymbolNames:
        """Return names in this order; those that the outputs do not name come last."""
        constants = [symbol for symbol in names if isinstance(symbol, NamedNumber)]
        in_outputs = [symbol for symbol in self.symbols if symbol in names]
        ordered = dict.fromkeys([*constants, *in_outputs, *names])
        return SymbolNames({symbol: names[symbol] for symbol in ordered}, self.sums)

    def _first_named(self, parts: Mapping[int, Any]) -> Iterable[Any]:
        seen: dict[Any, None] = {}
        for symbols in (parts, {}):
            for output in self._conversion.convert(self._outputs, symbols, WRITTEN):
                for part in _parts(output):
                    if isinstance(part, sympy.Symbol | NamedNumber):
                        seen.setdefault(part)
        return seen

    def _sums(self, parts: Mapping[int, Any]) -> dict[Any, tuple[Any, ...]]:
        """Return the sums that SymPy keeps as they are but for their order."""
        graph = self._conversion.form.graph
        nodes = [n for n in graph.reach(self._outputs) if graph.operations[n] in ("add", "sub")]
        terms = {
            node: list(signed_terms(graph, node, parts.__contains__)) for node in nodes[-MAX_SUMS:]
        }
        needed = list(dict.fromkeys(term for signed in terms.values() for _, term in signed))
        converted = dict(zip(needed, self._conversion.convert(needed, parts), strict=True))
        sums = {}
        for signed in terms.values():
            written = tuple(sign * converted[term] for sign, term in signed)
            total = sympy.Add(*written)
            if total.is_Add and Counter(written) == Counter(total.args):
                sums[total] = written
        return sums
