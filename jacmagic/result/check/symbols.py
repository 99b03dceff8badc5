"""Names in hand-derived formulas: which input or constant a symbol stands for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import sympy

from jacmagic.errors import PointError
from jacmagic.labels import Label
from jacmagic.render.names import tex_name

_WRAPPED = re.compile(r"\\(?:mathrm|mathit|mathbf|mathsf|text|textrm|boldsymbol|bm)\{([^{}]*)\}")
_WORD = re.compile(r"[^\W\d_]+")
_DROPPED = re.compile(r"[\s\\{}_,\[\]()]")
_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_VARIANT = re.compile(r"^var(?=epsilon|phi|rho|sigma|theta)")


def key(name: str) -> str:
    r"""Return what all spellings of a name share: x_{1}, x_1, x1 and x₁; \theta, theta and θ.

    Example:
        >>> key(r"\\theta_{1}") == key("theta1") == key("θ₁")
        True
    """
    plain = _WRAPPED.sub(r"\1", name).translate(_DIGITS)
    return _DROPPED.sub("", _WORD.sub(lambda word: _letter(word[0]), plain)).replace("'", "′")


def _letter(word: str) -> str:
    r"""Return a Greek letter's LaTeX name for any of its spellings; other words as they are."""
    written = tex_name(word, ())
    return written[1:] if re.fullmatch(r"\\[a-zA-Z]+", written) else word


def alike(name: str) -> str:
    r"""Return the key of spellings that `key` keeps apart: \varphi, φ; θ̇, theta_dot."""
    plain = unicodedata.normalize("NFKC", name)
    return _VARIANT.sub("", key(plain if "\\" in plain else tex_name(plain, ())))


class Vocabulary:
    """What the names of a formula mean.

    Attributes:
        symbols: one SymPy symbol for each column.
    """

    def __init__(self, columns: Sequence[Label], constants: Mapping[str, float]) -> None:
        """Learn all spellings of the inputs' components and constants."""
        self.symbols = tuple(sympy.Symbol(f"jm_{k}", real=True) for k in range(len(columns)))
        self._columns = columns
        self._known: dict[str, Any] = {}
        for name, value in constants.items():
            self._known[key(name)] = exact(value)
        for label, symbol in reversed(list(zip(columns, self.symbols, strict=True))):
            for spelled in (label.text, label.unicode, label.tex, label.symbol):
                self._known[key(spelled)] = symbol

    @cached_property
    def _from_one(self) -> Vocabulary:
        """The vocabulary in which x₁ is the first component of a vector x."""
        other = Vocabulary(self._columns, {})
        other.symbols, other._known = self.symbols, dict(self._known)
        pairs = [pair for pair in zip(self._columns, self.symbols, strict=True) if pair[0].index]
        for label, _ in pairs:
            other._known.pop(key(label.text), None)
        for label, symbol in pairs:
            moved = Label(label.name, tuple(k + 1 for k in label.index))
            other._known[key(moved.text)] = symbol
        return other

    @cached_property
    def _alike(self) -> dict[str, Any]:
        """The names by what more spellings share."""
        return {_VARIANT.sub("", name): value for name, value in self._known.items()}

    def fitting(self, names: Iterable[str]) -> Vocabulary:
        """Return the vocabulary that knows the names: counted as in code, else from 1."""
        names = list(names)
        if all(self.meaning(name) is not None for name in names):
            return self
        other = self._from_one
        return other if all(other.meaning(name) is not None for name in names) else self

    def either(self, name: str) -> Any:
        """Return what a name means in one way of counting or the other."""
        meaning = self.meaning(name)
        return self._from_one.meaning(name) if meaning is None else meaning

    def meaning(self, name: str) -> Any:
        """Return the symbol or number that a name stands for; None for others."""
        return self._known.get(key(name), self._alike.get(alike(name)))

    def translated(self, formula: Any) -> Any:
        """Return a SymPy expression or matrix in the columns' symbols.

        Raises:
            PointError: a symbol is neither an input nor a constant of the function.
        """
        names = [symbol.name for symbol in formula.free_symbols]
        vocabulary = self.fitting(names)
        meanings = {symbol: vocabulary.meaning(symbol.name) for symbol in formula.free_symbols}
        unknown = sorted(symbol.name for symbol, value in meanings.items() if value is None)
        if unknown:
            raise self.refusal(unknown[0])
        return formula.xreplace(meanings)

    def refusal(self, name: str) -> PointError:
        """Return the error of a name that is not known."""
        listed = ", ".join(label.text for label in self._columns[:12])
        return PointError(
            f"expected the variables {listed} or constants of the function; found {name}; "
            "write the formula in the function's own names"
        )


def exact(value: float) -> Any:
    """Return a number as SymPy, a short decimal as a fraction."""
    return sympy.nsimplify(repr(float(value)), rational=True)
