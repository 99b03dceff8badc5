"""A tape evaluated with fifty digits and more, to judge rounding errors.

A second interpreter of the tape, on mpmath's numbers. Constants are the float64 numbers that torch
computes with; comparisons, roundings to integers and choices are decided as float64 decides them,
so that the branch is the one that float64 took. Where its operands have overflowed or are nan,
float64 decides nothing and the digits do. Exponents are unbounded: nothing overflows.
Source: F. Johansson, mpmath (https://mpmath.org).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from mpmath import MPContext

from jacmagic.symbolic.graph.operations import OPERATIONS
from jacmagic.symbolic.graph.tape import Tape

DIGITS = (50, 110, 400, 800)  # tried in turn until two give the same
_MAX_DIFFERENCE = 1e-25  # relative, of two precisions that agree: half of fifty digits
_MAX_RATIO_OF_ZERO = 1e-100  # of a value to that of lower precision, where it is exactly 0
_MAX_EXPONENT = 1e300  # of an exponential; beyond, its digits do not fit into memory
_MAX_ARGUMENT_OF_SERIES = 1e7  # of a Bessel function, which is summed term by term

Number = Any  # mpmath's real numbers; the package has no types


def precise(tape: Tape, point: Sequence[Any], decided: Sequence[float]) -> list[Number | None]:
    """Return the outputs of a tape at a point, to twenty-five digits or more.

    Args:
        tape: what to run.
        point: the n numbers of the inputs, floats or mpmath's.
        decided: the float64 values of all slots; they decide comparisons and choices.

    Returns:
        The outputs' values; None where one is not a finite real number or its digits do not settle.
    """
    before = largest = _evaluated(tape, point, decided, DIGITS[0])
    for digits in DIGITS[1:]:
        after = _evaluated(tape, point, decided, digits)
        settled = [_settled(a, b) for a, b in zip(before, after, strict=True)]
        if all(settled) or digits == DIGITS[-1]:
            return [
                value if is_settled else 0 if _vanished(old, value) else None
                for old, value, is_settled in zip(largest, after, settled, strict=True)
            ]
        before, largest = after, list(map(_larger, largest, after))
    return before


def _settled(a: Number | None, b: Number | None) -> bool:
    if a is None or b is None:
        return a is b
    return bool(abs(a - b) <= _MAX_DIFFERENCE * abs(b))


def _larger(a: Number | None, b: Number | None) -> Number | None:
    """Return the larger in size: noise of a zero may itself be 0 in some precision."""
    return None if a is None or b is None else max(abs(a), abs(b))


def _vanished(a: Number | None, b: Number | None) -> bool:
    return a is not None and b is not None and bool(abs(b) < _MAX_RATIO_OF_ZERO * abs(a))


def _evaluated(
    tape: Tape, point: Sequence[Any], decided: Sequence[float], digits: int
) -> list[Number | None]:
    context = _context(digits)
    slots: list[Number | None] = [context.convert(value) for value in point]
    slots += [context.convert(value) if math.isfinite(value) else None for value in tape.constants]
    for slot, (name, *reads) in enumerate(tape.operations, len(slots)):
        slots.append(_operated(context, name, slots, reads, decided, slot))
    return [slots[output] for output in tape.outputs]


@cache
def _context(digits: int) -> Any:
    context = MPContext()
    context.dps = digits
    return context


def _operated(
    c: Any, name: str, slots: list, reads: Sequence[int], decided: Sequence[float], slot: int
) -> Number | None:
    """Evaluate one operation; None where it or an operand has no value."""
    if name == "where":
        condition = slots[reads[0]]
        return None if condition is None else slots[reads[1] if condition else reads[2]]
    arguments = [slots[read] for read in reads]
    floats = [decided[read] for read in reads]
    if any(argument is None for argument in arguments):
        lost = name not in _CHOSEN or any(map(math.isnan, (decided[slot], *floats)))
        return None if lost else _finite(c, decided[slot])
    if name in _LOGICAL or not all(map(math.isfinite, floats)):
        floats = arguments
    try:
        if name in _CHOSEN:
            return _finite(c, OPERATIONS[name].evaluate(*floats))
        if name in _SIDES:
            value = OPERATIONS[name].evaluate(*floats)
            return _SIDES[name](c, value, floats, arguments)
        value = _FUNCTIONS[name](c, *arguments)
    except (ArithmeticError, ValueError, KeyError, TypeError, MemoryError, NotImplementedError):
        return None
    return value if hasattr(value, "_mpf_") and c.isfinite(value) else None


def _finite(c: Any, value: float) -> Number | None:
    return c.convert(float(value)) if math.isfinite(value) else None


# What float64 decides: truths and integers.
_LOGICAL = frozenset("and or not".split())
_CHOSEN = frozenset("lt le gt ge eq ne sign floor ceil".split()) | _LOGICAL


def _chosen(c: Any, value: float, floats: list[float], arguments: list[Number]) -> Number:
    """Return the argument that float64 took."""
    return arguments[floats.index(value)]


# (context, the float64 value, the arguments' float64 values, the arguments) → the value
_SIDES: dict[str, Callable[..., Number]] = {
    "max": _chosen,
    "min": _chosen,
    "clamp": _chosen,
    "abs": lambda c, value, floats, args: -args[0] if floats[0] < 0 else args[0],
    "relu": lambda c, value, floats, args: args[0] if floats[0] > 0 else c.zero,
    "mod": lambda c, value, floats, args: args[0] - args[1] * math.floor(floats[0] / floats[1]),
}


def _pow(c: Any, a: Number, b: Number) -> Number:
    if a and abs(b * c.log(abs(a))) > _MAX_EXPONENT:
        raise OverflowError("the exponent is too large")
    return a ** int(b) if c.isint(b) else a**b


def _within(
    largest: float, function: Callable[[Any, Number], Number]
) -> Callable[[Any, Number], Number]:
    """Refuse arguments whose exponential is too large to write, or series too long to sum."""

    def evaluate(c: Any, x: Number) -> Number:
        if abs(x) > largest:
            raise OverflowError("the argument is too large")
        return function(c, x)

    return evaluate


def _named(name: str) -> Callable[..., Number]:
    """Return mpmath's function of a name."""
    return lambda c, *arguments: getattr(c, name)(*arguments)


def _bessel(kind: str, order: int) -> Callable[[Any, Number], Number]:
    function = _named(f"bessel{kind}")
    return _within(_MAX_ARGUMENT_OF_SERIES, lambda c, x: function(c, order, x))


_exp = _within(_MAX_EXPONENT, _named("exp"))
_SAME_NAME = "sqrt log sin cos tan asin acos atan atan2 tanh asinh acosh atanh erfinv zeta"
_FUNCTIONS: dict[str, Callable[..., Number]] = {
    "add": lambda c, a, b: a + b,
    "sub": lambda c, a, b: a - b,
    "neg": lambda c, a: -a,
    "mul": lambda c, a, b: a * b,
    "div": lambda c, a, b: a / b,
    "pow": _pow,
    "exp": _exp,
    **{name: _named(name) for name in _SAME_NAME.split()},
    **{name: _within(_MAX_EXPONENT, _named(name)) for name in ("sinh", "cosh", "erf", "erfc")},
    "sigmoid": lambda c, x: 1 / (1 + _exp(c, -x)),
    "lgamma": lambda c, x: c.re(c.loggamma(x)),
    "digamma": lambda c, x: c.psi(0, x),
    "polygamma": lambda c, n, x: c.psi(int(n), x),
    **{f"{kind}{n}": _bessel(kind, n) for kind in "ijyk" for n in (0, 1)},
    "gammainc": lambda c, a, x: c.gammainc(a, 0, x, regularized=True),
    "gammaincc": lambda c, a, x: c.gammainc(a, x, regularized=True),
}
