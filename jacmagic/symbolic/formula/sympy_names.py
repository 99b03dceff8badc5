"""Named constants and functions in SymPy: α = 1.1 like π, σ like sin."""

from __future__ import annotations

import math
from typing import Any

import sympy
from sympy.core.numbers import NumberSymbol


class NamedNumber(NumberSymbol):
    """A named number, such as α = 1.1: no free symbol; it evaluates to its value.

    Example:
        >>> x = sympy.Symbol("x", real=True)
        >>> expression = NamedNumber("alpha", 1.5) * x
        >>> expression, expression.subs(x, 2).evalf(3)
        (alpha*x, 3.00)
    """

    is_real = True

    def __new__(cls, name: str, value: float) -> NamedNumber:
        """Return a number under a plain identifier."""
        constant: NamedNumber = super().__new__(cls)
        constant.name, constant.number = name, sympy.Float(value, 17)
        return constant

    name: str
    number: Any

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.name, float(self.number)

    def _hashable_content(self) -> tuple[Any, ...]:
        return self.name, self.number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NamedNumber) and (self.name, self.number) == (
            other.name,
            other.number,
        )

    def __hash__(self) -> int:
        return hash((self.name, self.number))

    def _as_mpf_val(self, prec: int) -> Any:
        return self.number._as_mpf_val(prec)

    def approximation_interval(self, number_cls: Any) -> Any:
        """Return two numbers around it, for SymPy's comparisons."""
        return self.number - sympy.Rational(1, 2**40), self.number + sympy.Rational(1, 2**40)

    def _eval_is_extended_positive(self) -> bool:
        return bool(self.number > 0)

    def _eval_is_extended_negative(self) -> bool:
        return bool(self.number < 0)

    def _eval_is_zero(self) -> bool:
        return bool(self.number == 0)

    def _sympystr(self, printer: Any) -> str:
        return self.name

    def _latex(self, printer: Any) -> str:
        return str(printer._settings["symbol_names"].get(self, self.name))

    def _pretty(self, printer: Any) -> Any:
        return printer._print_Symbol(sympy.Symbol(self.name))

    def _number_in_code(self, printer: Any) -> str:
        shown = repr(float(self.number))
        return f"({shown})" if shown.startswith("-") else shown

    _pythoncode = _numpycode = _lambdacode = _ccode = _mpmathcode = _number_in_code


class RootOfTwoPi(NamedNumber):
    """√(2π) of the normal distribution as one number; SymPy takes it apart into √2·√π."""

    def __new__(cls) -> RootOfTwoPi:
        """Return the number."""
        return super().__new__(cls, "sqrt(2*pi)", math.sqrt(2 * math.pi))

    def __getnewargs__(self) -> tuple[Any, ...]:
        return ()

    def _as_mpf_val(self, prec: int) -> Any:
        return sympy.sqrt(2 * sympy.pi)._eval_evalf(prec)._mpf_

    def _eval_power(self, exponent: Any) -> Any:
        return (2 * sympy.pi) ** (exponent / 2) if exponent.is_even else None

    def _latex(self, printer: Any) -> str:
        return r"\sqrt{2 \pi}"

    def _pretty(self, printer: Any) -> Any:
        return printer._print(sympy.sqrt(2 * sympy.pi, evaluate=False))


class sigmoid(sympy.Function):
    """The logistic function σ(u) = 1/(1 + e⁻ᵘ), by its name.

    Its derivative is σ(u)(1 − σ(u)).
    """

    nargs = 1
    is_real = True
    is_positive = True

    @classmethod
    def class_key(cls) -> tuple[int, int, str]:
        """Return the key of its order in products: σ(x) before 1 − σ(x)."""
        return 2, 1, cls.__name__

    def fdiff(self, argindex: int = 1) -> Any:
        """Return σ′ = σ(1 − σ)."""
        return self * (1 - self)

    def _eval_rewrite_as_exp(self, u: Any, **hints: Any) -> Any:
        return 1 / (1 + sympy.exp(-u))

    def _eval_evalf(self, prec: int) -> Any:
        return self.rewrite(sympy.exp)._eval_evalf(prec)

    def _sympystr(self, printer: Any) -> str:
        return f"σ({printer._print(self.args[0])})"

    def _pretty(self, printer: Any) -> Any:
        return printer._print_Function(self, func_name="σ")

    @staticmethod
    def _imp_(u: Any) -> Any:
        from numpy import exp

        return 1 / (1 + exp(-u))
