"""The shortest of a few equal forms of an expression, by cheap, bounded passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from jacmagic.symbolic.formula.attempt import by_sympy
from jacmagic.symbolic.formula.sympy_operations import replaced

# Symbols up to which SymPy tries other forms without a noticeable pause.
_MAX_SYMBOLS_TIDIED = 120  # of an entry
_MAX_SYMBOLS_TIDIED_TOGETHER = 1_500  # of all entries; beyond, only short ones are tried
_MAX_SYMBOLS_ALWAYS_TIDIED = 24  # of an entry that is tried in any case


def tidied(expressions: Sequence[sympy.Expr], together: int = 0) -> list[sympy.Expr]:
    """Return expressions in the shortest of a few equal forms; of many, short ones.

    Args:
        expressions: to be reordered.
        together: symbols of all that belong with them, where that is more.
    """
    sizes = {expression: symbols_in(expression) for expression in dict.fromkeys(expressions)}
    many = max(sum(sizes.values()), together) > _MAX_SYMBOLS_TIDIED_TOGETHER
    most = _MAX_SYMBOLS_ALWAYS_TIDIED if many else _MAX_SYMBOLS_TIDIED
    tidy = {
        expression: _tidy(expression) if size <= most else expression
        for expression, size in sizes.items()
    }
    return [tidy[expression] for expression in expressions]


def _tidy(expression: sympy.Expr) -> sympy.Expr:
    """Return the shortest form; the expression itself where SymPy fails."""
    try:
        return shortest(expression)
    except Exception as error:
        if not by_sympy(error):
            raise
        return expression


def shortest(expression: sympy.Expr) -> sympy.Expr:
    """Return the shortest of an expression's cheap equal forms.

    Tried are common factors taken out, one fraction bar for several, and a minus sign multiplied
    into a sum.
    """
    if not expression.args or isinstance(expression, sympy.Symbol):
        return expression
    forms = [expression, _factored(expression)]  # of forms of one length the first
    if any(_has_fraction(term) for term in sympy.Add.make_args(expression)):
        above, below = sympy.together(expression).as_numer_denom()
        expanded = sympy.expand_mul(above)
        forms += [_factored(expanded) / below, above / below, expanded / below]
    if expression.has(sympy.sin) and expression.has(sympy.cos):
        forms += [_factored(_pythagoras(form)) for form in forms[:2]]
    if len(expression.free_symbols) == 1 and expression.is_polynomial(*expression.free_symbols):
        forms.append(sympy.expand(expression))
    return min(map(minus_inside, forms), key=symbols_in)


def _factored(expression: sympy.Expr) -> sympy.Expr:
    """Take common factors out; SymPy leaves −5/3·1 of a number among the terms."""
    powers = {power: sympy.factor_terms(power) for power in expression.atoms(sympy.exp)}
    symbols = {changed: sympy.Dummy() for power, changed in powers.items() if changed != power}
    shared = {power: symbols[changed] for power, changed in powers.items() if changed in symbols}
    factored = _with_powers(sympy.factor_terms(replaced(expression, shared)), symbols)
    products = [
        product for product in factored.atoms(sympy.Mul) if all(f.is_Rational for f in product.args)
    ]
    return factored.xreplace({product: sympy.Mul(*product.args) for product in products})


def _with_powers(factored: sympy.Expr, symbols: Mapping[sympy.Expr, sympy.Dummy]) -> sympy.Expr:
    """Put powers of e, with their exponents factored, in place of symbols.

    SymPy does not see that e^{−(x + y)}, with its exponent factored, is a factor of x e^{−x − y}.
    """
    powers: dict[Any, Any] = {symbol: root for root, symbol in symbols.items()}
    for power in factored.atoms(sympy.Pow):
        if power.base in powers:  # (e^u)² is e^{2u}
            powers[power] = sympy.factor_terms(powers[power.base] ** power.exp)
    return replaced(factored, powers)


def _pythagoras(expression: sympy.Expr) -> sympy.Expr:
    """Replace c·sin²u + c·cos²u by c."""

    def merged(total: sympy.Expr) -> sympy.Expr:
        terms = list(total.args)
        for term in total.args:
            for square in (f for f in sympy.Mul.make_args(term) if _is_squared_sine(f)):
                rest = term / square
                other = rest * sympy.cos(square.base.args[0]) ** 2
                if term in terms and other in terms:
                    terms.remove(term)
                    terms.remove(other)
                    terms.append(rest)
        return sympy.Add(*terms)

    return expression.replace(lambda part: part.is_Add, merged)


def _is_squared_sine(factor: sympy.Expr) -> bool:
    return bool(factor.is_Pow and factor.exp == 2 and isinstance(factor.base, sympy.sin))


def minus_inside(expression: sympy.Expr) -> sympy.Expr:
    """Return b − a for −(a − b), and 2x (b − a) for −2x (a − b)."""
    number, *factors = expression.args if expression.is_Mul else (expression,)
    if not (number.is_Rational and number < 0):
        return expression
    sums = [factor for factor in factors if factor.is_Add and _is_difference(factor)]
    if len(factors) == 1 and factors[0].is_Add:
        sums = factors
    if not sums or (number != -1 and len(factors) == 1):
        return expression
    negated = {sums[0]: sympy.Add(*(-term for term in sums[0].args))}
    rest = [negated.get(factor, factor) for factor in factors]
    if number != -1:
        rest.insert(0, -number)
    return rest[0] if len(rest) == 1 else sympy.Mul(*rest, evaluate=False)


def _is_difference(total: sympy.Expr) -> bool:
    """Whether the terms of a sum have different signs."""
    return len({term.could_extract_minus_sign() for term in total.args}) == 2


_SYMBOLS_OF_NESTED_FRACTION = 4  # that it counts for beside its own, as it is hard to read


def symbols_in(expression: sympy.Basic) -> int:
    """Count the symbols and signs that an expression is written with."""
    parts = expression.args
    if not parts:
        return 1
    inner = sum(map(symbols_in, parts))
    if expression.is_Pow:
        return inner + (expression.exp != -1)
    if expression.is_Mul:
        return inner + _SYMBOLS_OF_NESTED_FRACTION * any(
            p.is_Add and any(map(_has_fraction, p.args)) for p in parts
        )
    return inner + len(parts) - 1 if expression.is_Add else inner + 1


def _has_fraction(term: sympy.Expr) -> bool:
    """Whether a term is written with a fraction bar over symbols."""
    return any(
        factor.is_Pow and factor.exp.is_Rational and factor.exp < 0
        for factor in sympy.Mul.make_args(term)
    )
