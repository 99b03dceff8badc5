r"""The derivation of one entry, rule by rule, as a lecturer writes it on a board.

Each step names its rule and the rule's textbook formula, shows the derivative before and after the
rule, and is assembled from the results of its children alone; nothing is asked of `sympy.diff`. The
derivative signs that a rule leaves behind stand in `Step.pending` as unevaluated `Derivative`s.

Formulas: any calculus textbook; `RULES` is tried from top to bottom, `OUTER` holds the functions of
one argument. To add a function: one line in `OUTER`, one sample in `tests/test_steps.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy
from sympy import Derivative, Expr, Integer, Symbol

from jacmagic.formula import tex

_HALF = sympy.Rational(1, 2)

# function: (rule, formula, derivative of the outer function)
OUTER: dict[Any, tuple[str, str, Callable[[Expr], Expr]]] = {
    sympy.exp: ("exponential", r"(e^{u})' = e^{u}\,u'", sympy.exp),
    sympy.log: ("logarithm", r"(\ln u)' = \frac{u'}{u}", lambda u: 1 / u),
    sympy.sin: ("sine", r"(\sin u)' = \cos u\;u'", sympy.cos),
    sympy.cos: ("cosine", r"(\cos u)' = -\sin u\;u'", lambda u: -sympy.sin(u)),
    sympy.tan: ("tangent", r"(\tan u)' = (1+\tan^2 u)\,u'", lambda u: 1 + sympy.tan(u) ** 2),
    sympy.asin: ("arcsine", r"(\arcsin u)' = \frac{u'}{\sqrt{1-u^2}}", lambda u: 1 / sympy.sqrt(1 - u**2)),
    sympy.acos: ("arccosine", r"(\arccos u)' = -\frac{u'}{\sqrt{1-u^2}}", lambda u: -1 / sympy.sqrt(1 - u**2)),
    sympy.atan: ("arctangent", r"(\arctan u)' = \frac{u'}{1+u^2}", lambda u: 1 / (1 + u**2)),
    sympy.sinh: ("hyperbolic sine", r"(\sinh u)' = \cosh u\;u'", sympy.cosh),
    sympy.cosh: ("hyperbolic cosine", r"(\cosh u)' = \sinh u\;u'", sympy.sinh),
    sympy.tanh: ("hyperbolic tangent", r"(\tanh u)' = (1-\tanh^2 u)\,u'", lambda u: 1 - sympy.tanh(u) ** 2),
    sympy.asinh: ("inverse hyperbolic sine", r"(\operatorname{arsinh} u)' = \frac{u'}{\sqrt{u^2+1}}", lambda u: 1 / sympy.sqrt(u**2 + 1)),
    sympy.acosh: ("inverse hyperbolic cosine", r"(\operatorname{arcosh} u)' = \frac{u'}{\sqrt{u^2-1}}", lambda u: 1 / sympy.sqrt(u**2 - 1)),
    sympy.atanh: ("inverse hyperbolic tangent", r"(\operatorname{artanh} u)' = \frac{u'}{1-u^2}", lambda u: 1 / (1 - u**2)),
    sympy.erf: ("error function", r"(\operatorname{erf} u)' = \tfrac{2}{\sqrt\pi}e^{-u^2}u'", lambda u: 2 / sympy.sqrt(sympy.pi) * sympy.exp(-(u**2))),
    sympy.erfc: ("complementary error function", r"(\operatorname{erfc} u)' = -\tfrac{2}{\sqrt\pi}e^{-u^2}u'", lambda u: -2 / sympy.sqrt(sympy.pi) * sympy.exp(-(u**2))),
    sympy.gamma: ("gamma function", r"\Gamma(u)' = \Gamma(u)\,\psi(u)\,u'", lambda u: sympy.gamma(u) * sympy.digamma(u)),
    sympy.Abs: ("absolute value", r"|u|' = \operatorname{sign}(u)\,u'", sympy.sign),
    sympy.sign: ("piecewise constant", r"\operatorname{sign}(u)' = 0", lambda u: Integer(0)),
    sympy.floor: ("piecewise constant", r"\lfloor u\rfloor' = 0", lambda u: Integer(0)),
    sympy.ceiling: ("piecewise constant", r"\lceil u\rceil' = 0", lambda u: Integer(0)),
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One application of one rule.

    Attributes:
        rule: its name.
        formula: its textbook form, LaTeX.
        expression: what is differentiated.
        variable: by what.
        pending: the result with the children's derivatives not yet carried out.
        result: the derivative, assembled from the children.
        children: the steps that the rule leaves to do.
        closing: further forms of the result, LaTeX: the entry as shown, numbers put in, the value.
        names: LaTeX of each symbol.
    """

    rule: str
    formula: str
    expression: Expr
    variable: Symbol
    pending: Expr
    result: Expr
    children: tuple[Step, ...] = ()
    closing: tuple[str, ...] = ()
    names: Mapping[Symbol, str] = field(default_factory=dict, repr=False)

    @property
    def trivial(self) -> bool:
        """Whether the step is one that a reader sees at a glance."""
        return self.rule in ("constant", "variable")

    @property
    def before(self) -> str:
        """LaTeX of the derivative that is asked for."""
        return self._tex(Derivative(self.expression, self.variable, evaluate=False))

    @property
    def after(self) -> str:
        """LaTeX of the result."""
        return self._tex(self.result)

    @property
    def line(self) -> str:
        """The step as one chain of equations: before = pending = after."""
        middle = self._tex(self.pending)
        links = [self.before, *([middle] if middle != self.after else []), self.after]
        return " = ".join([*links, *self.closing])

    def walk(self, depth: int = 0) -> list[tuple[int, Step]]:
        """The steps worth showing with their depth: this one, then its children's."""
        found = [(depth, self)]
        for child in self.children:
            if not child.trivial:
                found.extend(child.walk(depth + 1))
        return found

    @property
    def latex(self) -> str:
        r"""An aligned block, the steps indented by depth, each with its rule's name and formula."""
        rows = [
            "&" + r"\quad " * depth + rf"{step.line} && \text{{{step.rule}: }} {step.formula}"
            for depth, step in self.walk()
        ]
        return "\\begin{aligned}\n" + " \\\\[1ex]\n".join(rows) + "\n\\end{aligned}"

    @property
    def text(self) -> str:
        """One line a step, for a terminal."""
        return "\n".join(
            f"{'  ' * depth}{step.rule}: d/d{step.variable} ({step.expression}) = {step.result}"
            for depth, step in self.walk()
        )

    def _tex(self, expression: Expr) -> str:
        return tex(expression, self.names)


@dataclass(frozen=True)
class Rule:
    """A rule that splits a derivative into smaller ones.

    Attributes:
        name: what it is called.
        formula: its textbook form, LaTeX.
        matches: whether it applies to an expression in a variable.
        parts: the expressions that remain to be differentiated.
        combine: the derivative, given those of the parts.
    """

    name: str
    formula: str
    matches: Callable[[Expr, Symbol], bool]
    parts: Callable[[Expr, Symbol], Sequence[Expr]]
    combine: Callable[[Expr, Symbol, Sequence[Expr]], Expr]


def _constant_factor(e: Expr, x: Symbol) -> tuple[Expr, Expr]:
    """The factors without x and those with it."""
    return e.as_independent(x, as_Add=False)


def _fraction(e: Expr, x: Symbol) -> tuple[Expr, Expr]:
    return sympy.fraction(e, exact=True)  # e^{-x} stays above the line


def _is_quotient(e: Expr, x: Symbol) -> bool:
    return e.is_Mul and _fraction(e, x)[0].has(x) and _fraction(e, x)[1].has(x)


def _quotient(e: Expr, x: Symbol, d: Sequence[Expr]) -> Expr:
    above, below = _fraction(e, x)
    return (d[0] * below - above * d[1]) / below**2


def _product(e: Expr, x: Symbol, d: Sequence[Expr]) -> Expr:
    terms = []
    for place, derivative in enumerate(d):
        others = [factor for k, factor in enumerate(e.args) if k != place]
        terms.append(sympy.Mul(derivative, *others))
    return sympy.Add(*terms)


def _is_power(e: Expr, x: Symbol) -> bool:
    return isinstance(e, sympy.Pow) and not e.exp.has(x)


def _cases(e: Expr) -> sympy.Piecewise:
    """Max or Min of several arguments as cases."""
    first, *rest = e.args
    other = rest[0] if len(rest) == 1 else e.func(*rest)
    wins = first > other if isinstance(e, sympy.Max) else first < other
    return sympy.Piecewise((first, wins), (other, True))


def _outer(e: Expr, x: Symbol, d: Sequence[Expr]) -> Expr:
    return OUTER[e.func][2](e.args[0]) * d[0]


def _partials(e: Expr, x: Symbol, d: Sequence[Expr]) -> Expr:
    places = [place for place, argument in enumerate(e.args) if argument.has(x)]
    return sympy.Add(*[e.fdiff(p + 1) * inner for p, inner in zip(places, d, strict=True)])


def _piecewise(e: Expr, x: Symbol, d: Sequence[Expr]) -> Expr:
    return sympy.Piecewise(*[(inner, case.cond) for inner, case in zip(d, e.args, strict=True)])


RULES: tuple[Rule, ...] = (
    Rule("constant", "c' = 0", lambda e, x: not e.has(x), lambda e, x: (), lambda e, x, d: Integer(0)),
    Rule("variable", "x' = 1", lambda e, x: e == x, lambda e, x: (), lambda e, x, d: Integer(1)),
    Rule("sum", "(u + v)' = u' + v'", lambda e, x: e.is_Add, lambda e, x: e.args, lambda e, x, d: sympy.Add(*d)),
    Rule(
        "constant factor", r"(c\,u)' = c\,u'",
        lambda e, x: e.is_Mul and _constant_factor(e, x)[0] != 1,
        lambda e, x: (_constant_factor(e, x)[1],),
        lambda e, x, d: _constant_factor(e, x)[0] * d[0],
    ),
    Rule("quotient", r"\left(\frac{u}{v}\right)' = \frac{u'v - uv'}{v^2}", _is_quotient, _fraction, _quotient),
    Rule("product", r"(uv)' = u'v + uv'", lambda e, x: e.is_Mul, lambda e, x: e.args, _product),
    Rule(
        "square root", r"(\sqrt{u})' = \frac{u'}{2\sqrt{u}}",
        lambda e, x: _is_power(e, x) and e.exp == _HALF,
        lambda e, x: (e.base,), lambda e, x, d: d[0] / (2 * sympy.sqrt(e.base)),
    ),
    Rule(
        "reciprocal", r"\left(\frac{1}{u}\right)' = -\frac{u'}{u^2}",
        lambda e, x: _is_power(e, x) and e.exp == -1,
        lambda e, x: (e.base,), lambda e, x, d: -d[0] / e.base**2,
    ),
    Rule(
        "power", r"(u^{n})' = n\,u^{n-1}\,u'", _is_power,
        lambda e, x: (e.base,), lambda e, x, d: e.exp * e.base ** (e.exp - 1) * d[0],
    ),
    Rule(
        "exponential to a base", r"(a^{u})' = a^{u}\,\ln a\;u'",
        lambda e, x: isinstance(e, sympy.Pow) and not e.base.has(x),
        lambda e, x: (e.exp,), lambda e, x, d: e * sympy.log(e.base) * d[0],
    ),
    Rule(
        "general power", r"(u^{v})' = u^{v}\left(v'\ln u + v\frac{u'}{u}\right)",
        lambda e, x: isinstance(e, sympy.Pow), lambda e, x: (e.base, e.exp),
        lambda e, x, d: e * (d[1] * sympy.log(e.base) + e.exp * d[0] / e.base),
    ),
    Rule(
        "case by case", r"\text{each case on its own}", lambda e, x: isinstance(e, sympy.Piecewise),
        lambda e, x: [case.expr for case in e.args], _piecewise,
    ),
    Rule(
        "larger or smaller", r"\max(u, v) = u \text{ where } u > v,\ \text{else } v",
        lambda e, x: isinstance(e, sympy.Max | sympy.Min),
        lambda e, x: (_cases(e),), lambda e, x, d: d[0],
    ),
    *(
        Rule(name, formula, lambda e, x, f=function: e.func == f, lambda e, x: e.args, _outer)
        for function, (name, formula, _) in OUTER.items()
    ),
    Rule(
        "chain rule", r"f(u, v)' = f_u\,u' + f_v\,v'", lambda e, x: isinstance(e, sympy.Function),
        lambda e, x: [argument for argument in e.args if argument.has(x)], _partials,
    ),
)  # fmt: skip


def derive(
    expression: Expr,
    variable: Symbol,
    *,
    names: Mapping[Symbol, str] | None = None,
    closing: Sequence[str] = (),
) -> Step:
    """The derivation of ∂expression/∂variable.

    Args:
        expression: a SymPy expression.
        variable: the symbol to differentiate by.
        names: LaTeX of each symbol.
        closing: further forms of the result for the first line, LaTeX.

    Raises:
        NotImplementedError: for an expression that no rule knows.

    Example:
        >>> x = sympy.Symbol("x", real=True)
        >>> derive(sympy.sin(x**2), x).result
        2*x*cos(x**2)
    """
    rule = next((r for r in RULES if r.matches(expression, variable)), None)
    if rule is None:
        raise NotImplementedError(f"no rule for {type(expression).__name__}")
    parts = rule.parts(expression, variable)
    children = tuple(derive(part, variable, names=names) for part in parts)
    left = [_sign(child) for child in children]
    return Step(
        rule.name,
        rule.formula,
        expression,
        variable,
        rule.combine(expression, variable, left),
        rule.combine(expression, variable, [child.result for child in children]),
        children,
        tuple(closing),
        names or {},
    )


def _sign(child: Step) -> Expr:
    """A child's derivative not yet carried out; a trivial one is put in at once."""
    if child.trivial:
        return child.result
    return Derivative(child.expression, child.variable, evaluate=False)
