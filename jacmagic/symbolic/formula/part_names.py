"""Names for parts of a wide closed form, for softmax, norms and sigmoids."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import sympy

from jacmagic.labels import Label
from jacmagic.symbolic.formula.abbreviations import Abbreviations
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.conversion import Conversion
from jacmagic.symbolic.formula.shortest import symbols_in

MAX_WIDTH_SYMBOLS = 130  # symbols side by side up to which a matrix fits a page
MAX_ENTRY_SYMBOLS = 60  # symbols of one entry up to which it fits a line
MAX_COLUMNS = 10  # of a matrix whose width counts; a wider one is cut with dots
MAX_SYMBOLS_TIDIED = 1_000  # of a matrix whose normal form is tried first; some 0.1 s of SymPy
_STEM = re.compile(r"[\d_]")  # after the letter or word: v of v1 and v_max


def named_parts(
    conversion: Conversion, taken_names: Collection[str], *, named: bool, outputs: Sequence[Label]
) -> Abbreviations:
    """Choose the names of parts in one display of a closed form.

    Args:
        conversion: converts the closed form's nodes.
        taken_names: names that no part may have: those of outputs, and of the function.
        named: False gives no names.
        outputs: names by which the entries may call the outputs: 1 − h² for h = tanh(z).
    """
    form, names = conversion.form, _no_names(conversion, frozenset(taken_names))
    if not named:
        return names
    names.name_outputs(dict(zip(form.trace.outputs, outputs, strict=False)))
    names.name_softmax()
    names.name_standardised()
    names.name_norms(_vectors(form))
    names.name_sigmoids()
    sizes = names.sizes(form.entries)
    if is_wide(form, sizes) and not _fits_normalised(conversion, names, sizes):
        names.name_variables(form.trace.variables)
        names.name_repeated()
    if form.too_large is not None:
        names.name_in_order(MAX_ENTRY_SYMBOLS)
    while trivial := _trivial(conversion, names.symbols):
        names.drop(trivial)
    return names


def _no_names(conversion: Conversion, taken_names: frozenset[str]) -> Abbreviations:
    """Return no names yet, and what is taken."""
    form, constants = conversion.form, conversion.constants
    symbols = (*form.in_sympy.symbols, *(symbol for symbol, _ in constants))
    variables = form.trace.variables
    own = (*form.columns, *(constant.label for _, constant in constants), *variables.values())
    stems = {stem for label in own for stem in (label.name, _STEM.split(label.name, 1)[0])}
    outputs = set(form.trace.outputs)
    # What the code calls its outputs before it returns them means the same.
    same = {label.symbol for node, label in variables.items() if node in outputs}
    return Abbreviations(
        form.graph,
        form.entries,
        {symbol.name for symbol in symbols} | (taken_names - same),
        letters_taken=stems | taken_names,
    )


def _trivial(conversion: Conversion, symbols: dict[int, sympy.Symbol]) -> list[int]:
    """Return the named parts that SymPy sees to be a number or one variable."""
    trivial = []
    for node in symbols:
        others = {other: symbol for other, symbol in symbols.items() if other != node}
        (part,) = conversion.convert([node], others)
        if part.is_number or part.is_Symbol:
            trivial.append(node)
    return trivial


def _vectors(form: ClosedForm) -> dict[tuple[int, ...], str]:
    """Return what the components of inputs and variables are together called."""
    inputs = zip(form.trace.inputs, form.columns, strict=True)
    together: dict[str, list[int]] = {}
    for node, label in (*inputs, *form.trace.variables.items()):
        if len(label.index) == 1:
            together.setdefault(label.name, []).append(node)
    return {tuple(nodes): name for name, nodes in together.items()}


def _fits_normalised(conversion: Conversion, names: Abbreviations, sizes: Sequence[int]) -> bool:
    """Whether SymPy's normal form fits a page, where the graph's own does not."""
    if sum(sizes) > MAX_SYMBOLS_TIDIED:
        return False
    entries = conversion.tidy(conversion.form.entries, names.symbols)
    return not is_wide(conversion.form, [symbols_in(entry) for entry in entries])


def is_wide(form: ClosedForm, sizes: Sequence[int]) -> bool:
    """Whether a matrix is too wide for a page, by the symbols of its m·n entries."""
    m, n = form.shape
    if max(sizes, default=0) > MAX_ENTRY_SYMBOLS:
        return True
    columns = [max((sizes[i * n + j] for i in range(m)), default=0) for j in range(n)]
    return n <= MAX_COLUMNS and sum(columns) > MAX_WIDTH_SYMBOLS
