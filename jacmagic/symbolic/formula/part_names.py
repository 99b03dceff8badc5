"""Names for parts of a wide closed form, for softmax, norms and sigmoids."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cached_property

import sympy

from jacmagic.labels import Label
from jacmagic.symbolic.formula.abbreviations import Abbreviations
from jacmagic.symbolic.formula.conversion import Conversion
from jacmagic.symbolic.formula.shortest import symbols_in

MAX_WIDTH_SYMBOLS = 130  # symbols side by side up to which a matrix fits a page
MAX_ENTRY_SYMBOLS = 60  # symbols of one entry up to which it fits a line
MAX_COLUMNS = 10  # of a matrix whose width counts; a wider one is cut with dots
MAX_SYMBOLS_TIDIED = 1_000  # of a matrix whose normal form is tried first; some 0.1 s of SymPy
_STEM = re.compile(r"[\d_]")  # after the letter or word: v of v1 and v_max


class PartNames:
    """The names of parts in one display of a closed form."""

    def __init__(
        self,
        conversion: Conversion,
        taken_names: Collection[str],
        *,
        named: bool,
        outputs: Sequence[Label] = (),
    ) -> None:
        """Choose no names yet.

        Args:
            conversion: converts the closed form's nodes.
            taken_names: names that no part may have: those of outputs, and of the function.
            named: False gives no names.
            outputs: names by which the entries may call the outputs: 1 − h² for h = tanh(z).
        """
        self._conversion, self._taken, self._named = conversion, frozenset(taken_names), named
        self._outputs = outputs
        self._form = conversion.form

    @cached_property
    def symbols(self) -> dict[int, sympy.Symbol]:
        """The symbol of each named part, by node."""
        names = self._abbreviations
        if not self._named:
            return {}
        names.name_outputs(dict(zip(self._form.trace.outputs, self._outputs, strict=False)))
        names.name_softmax()
        names.name_standardised()
        names.name_norms(self._vectors)
        names.name_sigmoids()
        if self.is_wide and not self._fits_normalised(names.symbols):
            names.name_variables(self._form.trace.variables)
            names.name_repeated()
        if self._form.too_large is not None:
            names.name_in_order(MAX_ENTRY_SYMBOLS)
        while trivial := self._trivial(names.symbols):
            names.drop(trivial)
        return names.symbols

    @property
    def labels(self) -> dict[int, Label]:
        """The label of each named part, by node."""
        return {node: self._abbreviations.names[node] for node in self.symbols}

    def used(self, roots: Sequence[int]) -> set[sympy.Symbol]:
        """Return the symbols of named parts that some nodes need."""
        return {self.symbols[node] for node in self._abbreviations.used(roots)}

    @property
    def sizes(self) -> list[int]:
        """How many symbols each of the m·n entries has, named parts counted as one."""
        return self._abbreviations.sizes(self._form.entries)

    @property
    def is_wide(self) -> bool:
        """Whether the matrix is too wide for a page with the names given so far."""
        return self._are_wide(self.sizes)

    @cached_property
    def _abbreviations(self) -> Abbreviations:
        form, constants = self._form, self._conversion.constants
        taken_names = {
            symbol.name for symbol in (*form.in_sympy.symbols, *(symbol for symbol, _ in constants))
        }
        variables = form.trace.variables
        own = (*form.columns, *(one.label for _, one in constants), *variables.values())
        outputs = set(form.trace.outputs)
        # What the code calls its outputs before it returns them means the same.
        same = {label.symbol for node, label in variables.items() if node in outputs}
        return Abbreviations(
            form.graph,
            form.entries,
            taken_names | (self._taken - same),
            letters_taken={
                stem for label in own for stem in (label.name, _STEM.split(label.name, 1)[0])
            }
            | self._taken,
        )

    def _trivial(self, symbols: dict[int, sympy.Symbol]) -> list[int]:
        """Return the named parts that SymPy sees to be a number or one variable."""
        trivial = []
        for node in symbols:
            others = {other: symbol for other, symbol in symbols.items() if other != node}
            (part,) = self._conversion.convert([node], others)
            if part.is_number or part.is_Symbol:
                trivial.append(node)
        return trivial

    @property
    def _vectors(self) -> dict[tuple[int, ...], str]:
        """What the components of inputs and variables are together called."""
        labelled = [
            *zip(self._form.trace.inputs, self._form.columns, strict=True),
            *self._form.trace.variables.items(),
        ]
        together: dict[str, list[int]] = {}
        for node, label in labelled:
            if len(label.index) == 1:
                together.setdefault(label.name, []).append(node)
        return {tuple(nodes): name for name, nodes in together.items()}

    def _fits_normalised(self, symbols: dict[int, sympy.Symbol]) -> bool:
        """Whether SymPy's normal form fits a page, where the graph's own does not."""
        if sum(self.sizes) > MAX_SYMBOLS_TIDIED:
            return False
        entries = self._conversion.tidy(self._form.entries, symbols)
        return not self._are_wide([symbols_in(entry) for entry in entries])

    def _are_wide(self, sizes: Sequence[int]) -> bool:
        m, n = self._form.shape
        if max(sizes, default=0) > MAX_ENTRY_SYMBOLS:
            return True
        columns = [max((sizes[i * n + j] for i in range(m)), default=0) for j in range(n)]
        return n <= MAX_COLUMNS and sum(columns) > MAX_WIDTH_SYMBOLS
