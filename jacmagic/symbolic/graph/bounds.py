"""Running rounding-error bounds: a tape evaluated with a bound for every value.

The standard model of floating-point arithmetic, fl(x ∘ y) = (x ∘ y)(1 + δ) + η with |δ| ≤ u and |η|
at most the smallest subnormal number, is applied operation by operation, and errors already made
pass through by the derivative: err(f(x)) ≤ sup|f′|·err(x) + c·u·|f(x)|. Reference: N. J. Higham,
Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM (2002), §2.2 and §3.3.

A step (floor, sign, a comparison) adds nothing away from its edge and its whole height within the
error of its argument. Where an operand's error reaches a pole or the end of a domain, the bound is
infinite.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache

from jacmagic.function.precision import Dtype
from jacmagic.symbolic.graph.derivatives import PARTIALS
from jacmagic.symbolic.graph.nodes import Graph
from jacmagic.symbolic.graph.operations import OPERATIONS
from jacmagic.symbolic.graph.tape import Tape, write_tape

# Ulps by which an implementation may miss the correctly rounded result.
_EXACT = frozenset(
    "neg abs relu sign floor ceil max min clamp where lt le gt ge eq ne and or not".split()
)
_BASIC = frozenset("add sub mul div sqrt mod".split())  # correctly rounded by IEEE 754
_ELEMENTARY_UNITS = 4  # exp, sin, pow …: vectorised libraries promise at most 4 units
_SPECIAL = frozenset(
    "lgamma digamma polygamma i0 i1 j0 j1 y0 y1 k0 k1 erfinv zeta gammainc gammaincc".split()
)
_SPECIAL_UNITS = 64  # series and expansions, some ten terms of them

_WITH_ROOTS = frozenset("lgamma digamma j0 j1 y0 y1".split())  # near them no digit is promised

Spread = Callable[..., float]  # (value, arguments, errors) → the errors passed through


def bounds(tape: Tape, point: Sequence[float], dtype: Dtype) -> tuple[list[float], ...]:
    """Evaluate all slots at a point, with bounds on their rounding errors.

    The inputs are exact; constants are so if they are integers or powers of two.

    Args:
        tape: what to run.
        point: the n numbers of the inputs.
        dtype: the arithmetic whose errors are bounded; the values themselves are float64.

    Returns:
        The values and the bounds, one of each for every slot; a bound may be infinite.
    """
    values = [float(value) for value in point]
    errors = [0.0] * len(values)
    for constant in tape.constants:
        values.append(constant)
        errors.append(0.0 if _is_exact(constant, dtype) else dtype.unit * abs(constant))
    for name, *reads in tape.operations:
        arguments = [values[read] for read in reads]
        inherited = [errors[read] for read in reads]
        value = OPERATIONS[name].evaluate(*arguments)
        passed = _passed(name, value, arguments, inherited) if any(inherited) else 0.0
        values.append(value)
        errors.append(_rounded(passed, name, value, dtype))
    return values, errors


def _is_exact(constant: float, dtype: Dtype) -> bool:
    if not math.isfinite(constant) or abs(math.frexp(constant)[0]) == 0.5:
        return True
    return constant == math.floor(constant) and abs(constant) * dtype.unit <= 1


def _rounded(passed: float, name: str, value: float, dtype: Dtype) -> float:
    """Return the errors passed through plus the operation's own."""
    if not abs(value) + passed <= dtype.largest:
        return math.inf
    if name in _EXACT:
        return passed
    units = 1 if name in _BASIC else _SPECIAL_UNITS if name in _SPECIAL else _ELEMENTARY_UNITS
    size = max(abs(value), 1.0) if name in _WITH_ROOTS else abs(value)
    own = 0.0 if value == 0 and name in ("add", "sub") else dtype.smallest
    return passed + units * dtype.unit * size + own


def _passed(name: str, value: float, arguments: list[float], errors: list[float]) -> float:
    """Return how far errors of the arguments may move the value."""
    if not all(map(math.isfinite, errors)) and name not in ("where", "mul"):
        return math.inf
    try:
        spread = (_SPREADS.get(name) or _by_slopes(name))(value, arguments, errors)
    except (ArithmeticError, ValueError):
        return math.inf
    return math.inf if spread != spread else spread


# ── by operation ──────────────────────────────────────────────────────────────────────────────


def _mul(value: float, args: list[float], errors: list[float]) -> float:
    (a, b), (ea, eb) = args, errors
    terms = ((abs(a), eb), (abs(b), ea), (ea, eb))
    return sum(x * e for x, e in terms if x and e)  # 0 · ∞ is 0: an exact zero stays one


def _div(value: float, args: list[float], errors: list[float]) -> float:
    b, (ea, eb) = abs(args[1]), errors
    return (ea + abs(value) * eb) / (b - eb) if eb < b else math.inf


def _pow(value: float, args: list[float], errors: list[float]) -> float:
    (a, b), (ea, eb) = args, errors
    if eb == 0 and b == math.floor(b) and b >= 0:
        return (
            (abs(a) + ea) ** b - abs(a) ** b if ea > abs(a) / 64 else abs(b * a ** (b - 1)) * ea * 2
        )
    if not ea < abs(a) / 2:
        return math.inf
    by_base = abs(value * b / a) * ea * (1 - ea / abs(a)) ** -(abs(b) + 1) if ea else 0.0
    by_power = (
        abs(value * math.log(abs(a))) * eb * math.exp(abs(math.log(abs(a))) * eb) if eb else 0
    )
    return by_base + by_power


def _sqrt(value: float, args: list[float], errors: list[float]) -> float:
    x, e = args[0], errors[0]
    return math.sqrt(max(x, 0) + e) if e >= x else e / (value + math.sqrt(x - e))


def _atan2(value: float, args: list[float], errors: list[float]) -> float:
    (y, x), (ey, ex) = args, errors
    radius = math.hypot(x, y)
    if not ex + ey < radius / 2:
        return math.inf if radius == 0 else math.pi
    return (abs(x) / radius * ey + abs(y) / radius * ex) / (radius - ex - ey)


def _step(value: float, args: list[float], errors: list[float]) -> float:
    """Return how many integers lie within the error, each a step of floor and ceil."""
    x, e = args[0], errors[0]
    return math.floor(x + e) - math.floor(x - e)


def _mod(value: float, args: list[float], errors: list[float]) -> float:
    (a, b), (ea, eb) = args, errors
    turns = abs(math.floor(a / b))
    smooth = ea + turns * eb
    edge = smooth >= min(abs(value), abs(b) - abs(value))
    return smooth + abs(b) * edge


def _where(value: float, args: list[float], errors: list[float]) -> float:
    condition, a, b = args
    if errors[0]:
        return abs(a - b) + max(errors[1:])
    return errors[1] if condition else errors[2]


_SPREADS: dict[str, Spread] = {
    "add": lambda v, a, e: e[0] + e[1],
    "sub": lambda v, a, e: e[0] + e[1],
    "mul": _mul,
    "div": _div,
    "pow": _pow,
    "sqrt": _sqrt,
    "exp": lambda v, a, e: v * math.expm1(e[0]),
    "expm1": lambda v, a, e: (v + 1) * math.expm1(e[0]),
    "log": lambda v, a, e: -math.log1p(-e[0] / a[0]) if e[0] < a[0] else math.inf,
    "log1p": lambda v, a, e: -math.log1p(-e[0] / (1 + a[0])) if e[0] < 1 + a[0] else math.inf,
    "sin": lambda v, a, e: min(e[0] * (abs(math.cos(a[0])) + e[0]), 2.0),
    "cos": lambda v, a, e: min(e[0] * (abs(math.sin(a[0])) + e[0]), 2.0),
    "atan2": _atan2,
    "relu": lambda v, a, e: e[0] if a[0] + e[0] > 0 else 0.0,
    "sign": lambda v, a, e: 2.0 if abs(a[0]) <= e[0] else 0.0,
    "floor": _step,
    "ceil": _step,
    "mod": _mod,
    **dict.fromkeys(
        ("lt", "le", "gt", "ge", "eq", "ne"), lambda v, a, e: float(abs(a[0] - a[1]) <= sum(e))
    ),
    "where": _where,
    **dict.fromkeys("neg abs max min clamp and or not".split(), lambda v, a, e: max(e)),
}


@cache
def _by_slopes(name: str) -> Spread:
    """Return Σ |∂f/∂aₖ|·err(aₖ) by `PARTIALS`, doubled for what is not linear."""
    graph = Graph()
    inputs = [graph.variable(f"a{k}") for k in range(OPERATIONS[name].arity)]
    slopes = PARTIALS[name](graph, graph.apply(name, *inputs), *inputs)
    nonzero = [k for k, slope in enumerate(slopes) if slope is not None]
    tape = write_tape(graph, [slopes[k] or 0 for k in nonzero], inputs)

    def spread(value: float, args: list[float], errors: list[float]) -> float:
        sizes = tape.evaluate(args)
        return 2 * sum(abs(s) * errors[k] for s, k in zip(sizes, nonzero, strict=True) if errors[k])

    return spread
