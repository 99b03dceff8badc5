r"""The rules for sums, products, powers, functions and cases, tried in order.

A rule knows nothing of the derivatives it asks for: it names the parts to differentiate and
assembles the answer from whatever comes back. The same assembly, given placeholders, is the line
that is shown.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy
from sympy.core.function import ArgumentIndexError

from jacmagic.symbolic.formula.cases import cases
from jacmagic.symbolic.steps.application import Application, Expr, chain
from jacmagic.symbolic.steps.functions import FUNCTIONS, PSI

Rule = Callable[[Expr, sympy.Symbol], "Application | None"]


def apply_rule(expression: Expr, symbol: sympy.Symbol) -> Application:
    """Return the first rule that fits; every expression has one."""
    for rule in STRUCTURES.values():
        found = rule(expression, symbol)
        if found is not None:
            return found
    raise AssertionError("the last rule fits everything")


def _constant(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    if symbol in expression.free_symbols:
        return None
    return Application("constant", "c' = 0", given=(sympy.Integer(0),))


def _variable(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    if expression != symbol:
        return None
    return Application("variable", "x' = 1", given=(sympy.Integer(1),))


def _sum(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """Term by term; all terms without the variable count as one constant."""
    if not expression.is_Add:
        return None
    terms = expression.as_ordered_terms()
    moving = [term for term in terms if symbol in term.free_symbols]
    still = [term for term in terms if symbol not in term.free_symbols]
    inner = (*moving, sympy.Add(*still)) if still else tuple(moving)
    return Application("sum", r"(u + v)' = u' + v'", inner, (), lambda d, g: sympy.Add(*d))


def _constant_factor(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    if not expression.is_Mul:
        return None
    constant, rest = expression.as_independent(symbol, as_Add=False)
    if constant == 1:
        return None
    if constant == -1:
        return Application("constant factor", "(-u)' = -u'", (rest,), (), lambda d, g: -d[0])
    return Application(
        "constant factor", r"(c\,u)' = c\,u'", (rest,), (constant,), lambda d, g: g[0] * d[0]
    )


def _softmax(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """sᵢ′ = sᵢ(uᵢ′ − Σ sⱼuⱼ′) of sᵢ = eᵘⁱ / Σ eᵘʲ."""
    if not (expression.is_Mul and len(expression.args) == 2):
        return None
    grown, below = sorted(expression.args, key=lambda factor: not isinstance(factor, sympy.exp))
    if not (isinstance(grown, sympy.exp) and below.is_Pow and below.exp == -1):
        return None
    members = below.base.args if below.base.is_Add else ()
    if grown not in members or not all(isinstance(term, sympy.exp) for term in members):
        return None
    own = grown.args[0]
    moving = [term for term in members if symbol in term.free_symbols]
    shares = tuple(term / below.base for term in moving)
    exponents = tuple(term.args[0] for term in moving)
    place = exponents.index(own) if own in exponents else None

    def assemble(d: tuple[Expr, ...], g: tuple[Expr, ...]) -> Expr:
        weighted = sympy.Add(*(share * inner for share, inner in zip(g[1:], d, strict=True)))
        return g[0] * (weighted * -1 if place is None else d[place] - weighted)

    return Application("softmax", _SOFTMAX, exponents, (expression, *shares), assemble)


_SOFTMAX = (
    r"s_{i}' = s_{i} \Big(u_{i}' - \sum_{j} s_{j} u_{j}'\Big), "
    r"\quad s_{i} = \frac{e^{u_{i}}}{\sum_{j} e^{u_{j}}}"
)


def _norm(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """‖u‖′ = (Σ uⱼuⱼ′) / ‖u‖ of ‖u‖ = √(Σ uⱼ²)."""
    if not (expression.is_Pow and expression.exp == sympy.Rational(1, 2)):
        return None
    terms = expression.base.args if expression.base.is_Add else ()
    if len(terms) < 2 or not all(term.is_Pow and term.exp == 2 for term in terms):
        return None
    moving = tuple(term.base for term in terms if symbol in term.free_symbols)
    return Application(
        "norm",
        r"\left\| u \right\|' = \frac{u_{1} u_{1}' + u_{2} u_{2}' + \ldots}{\left\| u \right\|}",
        moving,
        (*moving, expression),
        lambda d, g: sympy.Add(*(u * inner for u, inner in zip(g[:-1], d, strict=True))) / g[-1],
    )


def _quotient(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """(u/v)′ = (u′v − uv′)/v²."""
    if not expression.is_Mul:
        return None
    above = [factor for factor in expression.as_ordered_factors() if not _stands_below(factor)]
    below = [1 / factor for factor in expression.as_ordered_factors() if _stands_below(factor)]
    if not above or not below:
        return None
    u, v = sympy.Mul(*above), sympy.Mul(*below)
    return Application(
        "quotient",
        r"\left(\frac{u}{v}\right)' = \frac{u' v - u v'}{v^{2}}",
        (u, v),
        (u, v, v**2),
        lambda d, g: (d[0] * g[1] - g[0] * d[1]) / g[2],
    )


def _stands_below(factor: Expr) -> bool:
    return factor.is_Pow and factor.base != sympy.E and factor.exp.could_extract_minus_sign()


def _product(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    if not expression.is_Mul:
        return None
    factors = tuple(expression.as_ordered_factors())
    if len(factors) == 2:
        return Application(
            "product",
            "(u v)' = u' v + u v'",
            factors,
            factors,
            lambda d, g: d[0] * g[1] + g[0] * d[1],
        )
    return Application(
        "product",
        "(u v w)' = u' v w + u v' w + u v w'",
        factors,
        factors,
        lambda d, g: sympy.Add(
            *(sympy.Mul(*g[:k], d[k], *g[k + 1 :]) for k in range(len(factors)))
        ),
    )


def _reciprocal(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """(1/u)′ = −u′/u²."""
    if not (expression.is_Pow and expression.exp == -1):
        return None
    u = expression.base
    formula = r"\left(\frac{1}{u}\right)' = -\frac{u'}{u^{2}}"
    if u == symbol:
        formula = r"\left(\frac{1}{u}\right)' = -\frac{1}{u^{2}}"
        return Application("reciprocal", formula, (u,), (-1 / u**2,), lambda d, g: g[0] * d[0])
    return Application("reciprocal", formula, (u,), (u**2,), lambda d, g: -(d[0] / g[0]))


def _power(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """(uⁿ)′ = n·uⁿ⁻¹·u′ with a constant n; the square root by its own name."""
    if not expression.is_Pow or symbol in expression.exp.free_symbols:
        return None
    base, n = expression.args
    outer = n * base ** (n - 1)
    if n == sympy.Rational(1, 2):
        return chain("square root", r"\sqrt{u}", r"\frac{1}{2 \sqrt{u}}", outer, base, symbol)
    return chain("power", "u^{n}", "n u^{n - 1}", outer, base, symbol)


def _constant_base(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    if not expression.is_Pow or symbol in expression.base.free_symbols:
        return None
    outer = expression * sympy.log(expression.base)
    return chain("exponential", "a^{u}", r"a^{u} \ln a", outer, expression.exp, symbol)


def _general_power(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """(uᵛ)′ = uᵛ·(v·ln u)′, logarithmic differentiation."""
    if not expression.is_Pow:
        return None
    inner = expression.exp * sympy.log(expression.base)
    formula = r"\left(u^{v}\right)' = u^{v} \cdot (v \ln u)'"
    return Application("general power", formula, (inner,), (expression,), lambda d, g: g[0] * d[0])


def _cases(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    if not isinstance(expression, sympy.Piecewise):
        return None
    conditions = [condition for _, condition in expression.args]
    return Application(
        "cases",
        r"\text{each case by itself}",
        tuple(value for value, _ in expression.args),
        (),
        lambda d, g: cases(*zip(d, conditions, strict=True)),
    )


def _extreme(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """Whichever argument is the largest (smallest) counts; where two meet there is a kink."""
    if not isinstance(expression, sympy.Max | sympy.Min):
        return None
    arguments = sorted(expression.args, key=lambda argument: symbol not in argument.free_symbols)
    rest = arguments[1:]
    u, v = arguments[0], rest[0] if len(rest) == 1 else expression.func(*rest, evaluate=False)
    largest = isinstance(expression, sympy.Max)
    wins = (sympy.Gt if largest else sympy.Lt)(u, v, evaluate=False)
    name, sign = ("maximum", ">") if largest else ("minimum", "<")
    return Application(
        name,
        rf"\left(\{name[:3]}(u, v)\right)' = u' \text{{ where }} u {sign} v, \text{{ else }} v'",
        (u, v),
        (),
        lambda d, g: cases((d[0], wins), (d[1], True)),
    )


def _elementary(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    found = FUNCTIONS.get(type(expression))
    if found is None or (len(expression.args) > 1 and type(expression) is not sympy.Heaviside):
        return None
    inner = expression.args[0]
    return chain(found.name, found.left, found.right, found.derivative(inner), inner, symbol)


def _log_of_size(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """(ln|u|)′ = u′/u, without the detour over the sign."""
    if not (isinstance(expression, sympy.log) and isinstance(expression.args[0], sympy.Abs)):
        return None
    inner = expression.args[0].args[0]
    if isinstance(inner, sympy.gamma):
        (inner,) = inner.args
        outer = sympy.digamma(inner)
        return chain("log-gamma", r"\ln |\Gamma(u)|", PSI, outer, inner, symbol)
    return chain("logarithm of a size", r"\ln |u|", r"\frac{1}{u}", 1 / inner, inner, symbol)


# name, f(u, …) and its derivative by u, of functions whose other arguments are orders
_OF_ORDER: dict[type, tuple[str, str, str]] = {
    sympy.polygamma: ("polygamma function", r"\psi^{(n)}(u)", r"\psi^{(n + 1)}(u)"),
    sympy.besseli: (
        "modified Bessel function",
        "I_{n}(u)",
        r"\frac{1}{2} \left(I_{n - 1}(u) + I_{n + 1}(u)\right)",
    ),
    sympy.besselj: (
        "Bessel function",
        "J_{n}(u)",
        r"\frac{1}{2} \left(J_{n - 1}(u) - J_{n + 1}(u)\right)",
    ),
}


def _several(expression: Expr, symbol: sympy.Symbol) -> Application | None:
    """f(u, v)′ = ∂f/∂u·u′ + ∂f/∂v·v′, for the arguments that hold the variable."""
    places = [k for k, a in enumerate(expression.args, 1) if symbol in a.free_symbols]
    try:
        outer = tuple(expression.fdiff(place) for place in places)
    except (AttributeError, ArgumentIndexError):
        return None
    inner = tuple(expression.args[place - 1] for place in places)
    if len(places) == 1:
        plain = (type(expression).__name__, "f(u)", "f'(u)")
        return chain(*_OF_ORDER.get(type(expression), plain), outer[0], inner[0], symbol)
    return Application(
        f"chain rule, {type(expression).__name__}",
        r"f(u, v)' = \frac{\partial f}{\partial u} u' + \frac{\partial f}{\partial v} v'",
        inner,
        outer,
        lambda d, g: sympy.Add(*(a * b for a, b in zip(g, d, strict=True))),
    )


def _looked_up(expression: Expr, symbol: sympy.Symbol) -> Application:
    """Return the derivative as SymPy knows it, where no rule above has a name for it."""
    return Application("table of derivatives", "", given=(expression.diff(symbol),))


STRUCTURES: dict[str, Rule] = {
    "constant": _constant,
    "variable": _variable,
    "sum": _sum,
    "softmax": _softmax,
    "constant factor": _constant_factor,
    "quotient": _quotient,
    "product": _product,
    "reciprocal": _reciprocal,
    "norm": _norm,
    "power": _power,
    "logarithm of a size": _log_of_size,
    "elementary function": _elementary,
    "constant base": _constant_base,
    "general power": _general_power,
    "cases": _cases,
    "maximum and minimum": _extreme,
    "several arguments": _several,
    "table of derivatives": _looked_up,
}
