"""A tape evaluated with fifty digits and more, to judge rounding errors.

A second interpreter of the tape, on mpmath's numbers. Constants are the float64 numbers that torch
computes with; comparisons, roundings to integers and choices are decided as float64 decides them,
so that the branch is the one that float64 took. Where its operands have overflowed or are nan,
float64 decides nothing and the digits do. Exponents are unbounded: nothing overflows.

Digits suffice where a second run, each rounded result off by a part of its last digits, gives the
same: as 1 + 1e−300 is 1 in fifty digits and in a hundred, two precisions may agree and be wrong.
Sources: F. Johansson, mpmath (https://mpmath.org); J. Vignes, A stochastic arithmetic for reliable
scientific computation, Math. Comput. Simul. 35 (1993).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from jacmagic.symbolic.graph.operations import OPERATIONS
from jacmagic.symbolic.graph.tape import Tape

DIGITS = (50, 110, 400, 800)  # tried in turn until they suffice
_SPARE_DIGITS = 2  # the last ones, which the second run changes
_SPARE_BITS = 16  # that a rounded number does not leave free at its end, but once in 2¹⁶ times
_MAX_DIFFERENCE = 1e-25  # relative, of two runs that agree: half of fifty digits
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
    largest: list[Number | None] = []
    for digits in DIGITS:
        values = _evaluated(tape, point, decided, digits)
        changed = _evaluated(tape, point, decided, digits, exact=False)
        settled = [_settled(a, b) for a, b in zip(changed, values, strict=True)]
        if all(settled):
            return values
        noise = list(map(_larger, values, changed))
        if digits == DIGITS[-1]:
            break
        largest = list(map(_larger, largest, noise)) if largest else noise
    return [
        value if is_settled else 0 if _vanished(old, one) else None
        for old, one, value, is_settled in zip(largest, noise, values, settled, strict=True)
    ]


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
    tape: Tape,
    point: Sequence[Any],
    decided: Sequence[float],
    digits: int,
    *,
    exact: bool = True,
) -> list[Number | None]:
    """Return the outputs; unless exact, every result that is rounded is changed."""
    context = _context(digits)
    off = context.mpf(10) ** (_SPARE_DIGITS - digits)
    slots: list[Number | None] = [context.convert(value) for value in point]
    slots += [context.convert(value) if math.isfinite(value) else None for value in tape.constants]
    for slot, (name, *reads) in enumerate(tape.operations, len(slots)):
        value = _operated(context, name, slots, reads, decided, slot)
        if not exact and value is not None and _is_rounded(context, name, value, slots, reads):
            value *= 1 + off * _SIGNS[slot % len(_SIGNS)]
        slots.append(value)
    return [slots[output] for output in tape.outputs]


# Changes of results that follow one another, so that they do not cancel.
_SIGNS = (0.61, -0.93, 0.77, 0.52, -0.58, 0.99, -0.71, -0.83, 0.67, 0.88, -0.54)


def _is_rounded(c: Any, name: str, value: Number, slots: list, reads: Sequence[int]) -> bool:
    """Whether digits of a result are lost; a function's are."""
    if name in _CHOSEN or name in _SIDES or name in ("neg", "where") or not value:
        return False
    if name in ("add", "sub"):
        a, b = (slots[read] for read in reads)
        b = b if name == "add" else -b
        part = value - a
        return bool((a - (value - part)) + (b - part))  # Knuth's two-sum: what was rounded off
    return name not in ("mul", "div") or value._mpf_[3] > c.prec - _SPARE_BITS


@cache
def _context(digits: int) -> Any:
    from mpmath import MPContext  # few values need more digits

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
_SAME_NAME = "sqrt log log1p sin cos tan asin acos atan atan2 tanh asinh acosh atanh erfinv zeta"
_FUNCTIONS: dict[str, Callable[..., Number]] = {
    "add": lambda c, a, b: a + b,
    "sub": lambda c, a, b: a - b,
    "neg": lambda c, a: -a,
    "mul": lambda c, a, b: a * b,
    "div": lambda c, a, b: a / b,
    "pow": _pow,
    "exp": _exp,
    **{name: _named(name) for name in _SAME_NAME.split()},
    **{name: _within(_MAX_EXPONENT, _named(name)) for name in "expm1 sinh cosh erf erfc".split()},
    "sigmoid": lambda c, x: 1 / (1 + _exp(c, -x)),
    "lgamma": lambda c, x: c.re(c.loggamma(x)),
    "digamma": lambda c, x: c.psi(0, x),
    "polygamma": lambda c, n, x: c.psi(int(n), x),
    **{f"{kind}{n}": _bessel(kind, n) for kind in "ijyk" for n in (0, 1)},
    "gammainc": lambda c, a, x: c.gammainc(a, 0, x, regularized=True),
    "gammaincc": lambda c, a, x: c.gammainc(a, x, regularized=True),
}
