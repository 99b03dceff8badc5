"""Matrix expressions as LaTeX, with brackets where precedence requires them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby

import sympy

from jacmagic.labels import Label
from jacmagic.render.latex import number as number_tex
from jacmagic.symbolic.formula.sympy_numbers import shown
from jacmagic.symbolic.matrices.elementwise import ELEMENTWISE
from jacmagic.symbolic.matrices.expressions import Expression, factors_of, is_unnamed, number

_POWERS = {"reciprocal": -1, "square": 2, "cube": 3}


@dataclass
class Product:
    """A product of numbers and at most one array.

    Attributes:
        value: the product of the numbers that are known.
        exponents: the exponent of each other number.
        array: the vector or matrix; None where all are numbers.
    """

    value: float = 1.0
    exponents: dict[Expression, float] = field(default_factory=dict)
    array: Expression | None = None

    def take(self, x: Expression, exponent: float, kept: frozenset[Expression]) -> None:
        """Multiply by xⁿ; the parts that are `kept` are not taken apart."""
        if x in kept:
            self._put(x, exponent)
        elif x.operation == "number":
            self.value *= x.value**exponent
        elif x.operation == "neg":
            self.value *= -(1.0**exponent)
            self.take(x.arguments[0], exponent, kept)
        elif x.operation == "scale":
            for part in x.arguments:
                self.take(part, exponent, kept)
        elif x.operation == "inverse":
            self.take(x.arguments[0], -exponent, kept)
        elif x.operation == "power":
            self.take(x.arguments[0], exponent * x.arguments[1].value, kept)
        elif not x.shape and x.operation == "apply" and x.name in _POWERS:
            self.take(x.arguments[0], exponent * _POWERS[x.name], kept)
        else:
            self._put(x, exponent)

    def _put(self, x: Expression, exponent: float) -> None:
        if x.shape:
            self.array = x
        else:
            self.exponents[x] = self.exponents.get(x, 0.0) + exponent


def fraction_of(value: float) -> tuple[sympy.Expr, sympy.Expr] | None:
    """Return numerator and denominator of a positive constant of mathematics; None for decimals."""
    n = round(value**-2) if 1e-6 < value < 1 else 0
    if n > 1 and value in (1 / math.sqrt(n), math.sqrt(1 / n)):
        return sympy.Integer(1), sympy.sqrt(n)
    exact = shown(value)
    if exact.is_Float or (exact.is_Rational and exact.p != 1):
        return None
    above, below = sympy.fraction(exact)
    return above, below


_Factor = tuple[Expression | str, float]  # a number's LaTeX or an expression, and its exponent
_SUM, _PRODUCT, _ATOM = 0, 1, 2
_TRANSPOSED = r"^{\mathsf{T}}"

# operation → LaTeX of its arguments, how tightly they have to bind, and how tightly the whole does
_TEMPLATES: dict[str, tuple[str, tuple[int, ...], int]] = {
    "identity": ("I", (), _ATOM),
    "zero": ("0", (), _ATOM),
    "times": (r"{} \odot {}", (_PRODUCT, _PRODUCT), _PRODUCT),
    "kron": (r"{} \otimes {}", (_ATOM, _ATOM), _PRODUCT),
    "dot": (r"{}^{{\mathsf{{T}}}} {}", (_ATOM, _PRODUCT), _PRODUCT),
    "sum": (r"\mathbf{{1}}^{{\mathsf{{T}}}} {}", (_PRODUCT,), _PRODUCT),
    "inv": ("{}^{{-1}}", (_ATOM,), _ATOM),
    "det": (r"\det\left({}\right)", (_SUM,), _ATOM),
    "logdet": (r"\ln \left| \det\left({}\right) \right|", (_SUM,), _PRODUCT),
    "trace": (r"\operatorname{{tr}}\left({}\right)", (_SUM,), _ATOM),
    "diag": (r"\operatorname{{diag}}\left({}\right)", (_SUM,), _ATOM),
    "softmax": (r"\operatorname{{softmax}}\left({}\right)", (_SUM,), _ATOM),
    "logsumexp": (r"\operatorname{{logsumexp}}\left({}\right)", (_SUM,), _ATOM),
    "max": (r"\max {}", (_ATOM,), _PRODUCT),
}
_PRODUCTS = frozenset({"scale", "inverse", "power"})


def _is_one(x: Expression) -> bool:
    """Whether an expression is the unit matrix of one row, as of a number by a number."""
    return x.operation == "identity" and x.shape == (1, 1)


class Writer:
    """Writer of expressions as LaTeX; named parts are written by name.

    Attributes:
        used: the named parts that were written, in order.
        unnamed: whether a constant without a name was written.
    """

    def __init__(self, names: Mapping[Expression, str] | None = None) -> None:
        """Write with LaTeX names for some parts."""
        self.names = dict(names or {})
        self.used: dict[Expression, str] = {}
        self.unnamed = False

    def tex(self, expression: Expression) -> str:
        """Return the LaTeX of an expression."""
        return self._write(expression)[0]

    def definition(self, expression: Expression) -> str:
        """Return the LaTeX of a named part, written out."""
        name = self.names.pop(expression)
        written = self.tex(expression)
        self.names[expression] = name
        return written

    def _bracketed(self, expression: Expression, least: int) -> str:
        text, tightness = self._write(expression)
        return text if tightness >= least else rf"\left({text}\right)"

    def _write(self, x: Expression) -> tuple[str, int]:
        if x in self.names:
            self.used[x] = self.names[x]
            return self.names[x], _ATOM
        if _is_one(x):
            return "1", _ATOM
        if x.operation in _TEMPLATES:
            template, least, tightness = _TEMPLATES[x.operation]
            return template.format(*map(self._bracketed, x.arguments, least)), tightness
        if x.operation in _PRODUCTS:
            return self._product(x)
        if x.operation == "column":
            return self._write(x.arguments[0])
        return getattr(self, f"_{x.operation}")(x)

    def _input(self, x: Expression) -> tuple[str, int]:
        return Label(x.name).tex, _ATOM

    def _differential(self, x: Expression) -> tuple[str, int]:
        return rf"\mathrm{{d}}{Label(x.name).tex}", _ATOM

    def _constant(self, x: Expression) -> tuple[str, int]:
        self.unnamed |= is_unnamed(x)
        return Label(x.name).tex if x.name else r"\cdot", _ATOM

    def _number(self, x: Expression) -> tuple[str, int]:
        short = Fraction(x.value).limit_denominator(1000)
        if float(short) == x.value and short.denominator in (2, 3, 4, 6, 7, 8, 9, 11, 12):
            sign = "-" if short < 0 else ""
            fraction = rf"{sign}\frac{{{abs(short.numerator)}}}{{{short.denominator}}}"
            return fraction, _SUM if sign else _PRODUCT
        return number_tex(x.value, 6), _ATOM if x.value >= 0 else _SUM

    def _ones(self, x: Expression) -> tuple[str, int]:
        if len(x.shape) == 2:
            return rf"\mathbf{{1}} \mathbf{{1}}{_TRANSPOSED}", _PRODUCT
        return (r"\mathbf{1}" if x.shape else "1"), _ATOM

    def _add(self, x: Expression) -> tuple[str, int]:
        a, b = x.arguments
        first = "1" if a.operation == "ones" else self._bracketed(a, _SUM)
        if b.operation == "neg":
            return f"{first} - {self._bracketed(b.arguments[0], _PRODUCT)}", _SUM
        return f"{first} + {self._bracketed(b, _SUM)}", _SUM

    def _neg(self, x: Expression) -> tuple[str, int]:
        return f"-{self._bracketed(x.arguments[0], _PRODUCT)}", _SUM

    def _product(self, x: Expression) -> tuple[str, int]:
        """Write numbers times an array as one fraction."""
        product = Product()
        product.take(x, 1.0, frozenset(self.names))
        sign = "-" if product.value < 0 else ""
        above, below = self._constants(abs(product.value))
        powers = [(base, n) for base, n in product.exponents.items() if n]
        above += [(base, n) for base, n in powers if n > 0]
        below += [(base, -n) for base, n in powers if n < 0]
        if product.array is not None and not _is_one(product.array):
            above.append((product.array, 1.0))
        top = self._factors(above)
        if not below:
            return f"{sign}{top}", _SUM if sign else _PRODUCT if len(above) > 1 else _ATOM
        return rf"{sign}\frac{{{top}}}{{{self._factors(below)}}}", _SUM if sign else _PRODUCT

    def _constants(self, value: float) -> tuple[list[_Factor], list[_Factor]]:
        """Return the numerator and the denominator of a positive number, 1 left out."""
        if value == 1:
            return [], []
        short = Fraction(value).limit_denominator(12)
        exact = fraction_of(value) if float(short) != value or short.numerator == 1 else None
        if exact is None:
            return [(self._number(number(value))[0], 1.0)], []
        above, below = ([(sympy.latex(integer), 1.0)] if integer != 1 else [] for integer in exact)
        return above, below

    def _factors(self, factors: list[_Factor]) -> str:
        """Write factors one after the other; a single one needs no brackets."""
        if not factors:
            return "1"
        if len(factors) == 1 and factors[0][1] == 1:
            (base, _) = factors[0]
            return base if isinstance(base, str) else self.tex(base)
        return " ".join(
            base if isinstance(base, str) else self._factor(base, n) for base, n in factors
        )

    def _factor(self, base: Expression, exponent: float) -> str:
        if exponent == 1:
            return self._bracketed(base, _PRODUCT)
        return f"{self._bracketed(base, _ATOM)}^{{{number_tex(exponent, 6)}}}"

    def _matmul(self, x: Expression) -> tuple[str, int]:
        runs = [(factor, len(list(same))) for factor, same in groupby(factors_of(x))]
        if len(runs) == 1:
            return self._matrix_power(*runs[0]), _ATOM
        written = [
            self._bracketed(factor, _PRODUCT) if count == 1 else self._matrix_power(factor, count)
            for factor, count in runs
        ]
        return " \\, ".join(written), _PRODUCT

    def _matrix_power(self, base: Expression, n: int) -> str:
        """Return Aⁿ, A⁻ⁿ, or the transpose of these."""
        if base.operation == "transpose" and base not in self.names:
            inner = self._matrix_power(base.arguments[0], n)
            return rf"\left({inner}\right){_TRANSPOSED}"
        if base.operation == "inv" and base not in self.names:
            return f"{self._bracketed(base.arguments[0], _ATOM)}^{{-{n}}}"
        return f"{self._bracketed(base, _ATOM)}^{{{n}}}"

    def _transpose(self, x: Expression) -> tuple[str, int]:
        (a,) = x.arguments
        if a.operation == "inv" and a not in self.names:
            return rf"{self._bracketed(a.arguments[0], _ATOM)}^{{-\mathsf{{T}}}}", _ATOM
        return self._bracketed(a, _ATOM) + _TRANSPOSED, _ATOM

    def _norm(self, x: Expression) -> tuple[str, int]:
        (a,) = x.arguments
        frobenius = "_{F}" if len(a.shape) == 2 else ""
        return rf"\left\| {self.tex(a)} \right\|{frobenius}", _ATOM

    def _apply(self, x: Expression) -> tuple[str, int]:
        (u,) = x.arguments
        if x.name in ("square", "cube") and u.operation == "apply" and u not in self.names:
            inner = ELEMENTWISE[u.name].tex
            if inner.endswith(" {}"):  # tanh² u
                power = 2 if x.name == "square" else 3
                name = inner.removesuffix(" {}")
                return f"{name}^{{{power}}} {self._bracketed(u.arguments[0], _ATOM)}", _PRODUCT
        pattern = ELEMENTWISE[x.name].tex
        if x.name == "exp":
            return f"e^{{{self.tex(u)}}}", _PRODUCT
        bare = pattern.startswith((r"\frac", r"\sqrt", r"\left|", "[", r"\max", r"\sigma"))
        shown = self.tex(u) if bare else self._bracketed(u, _ATOM)
        is_fraction = pattern.startswith(r"\frac")  # which a power needs in brackets
        return pattern.format(shown), _ATOM if bare and not is_fraction else _PRODUCT
