"""One step of a derivation: a rule applied, the smaller steps it needs, and how that is written.

A step's result is put together from the results of its children and from nothing else. What is
written comes from the same assembly, with ∂u/∂x standing where a child's result will go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sympy
from sympy.core.parameters import distribute

from jacmagic.symbolic.formula import plain, substituted, tex
from jacmagic.symbolic.formula.attempt import by_sympy
from jacmagic.symbolic.steps.application import Application, Expr
from jacmagic.symbolic.steps.rules import apply_rule

_SILENT = {"constant", "variable"}  # steps that need no line of their own
_BELOW = {"quotient": 2, "reciprocal": 0}  # the given part that stands below a fraction bar
REARRANGED = "the same, rearranged"
NO_RULES = "derived on the graph; SymPy fails at the rules"
MOST_LINES = 60


@dataclass(frozen=True)
class Equation:
    """One line of a derivation.

    Attributes:
        depth: how deep it is nested; 0 for the entry itself.
        rule: the rule's name.
        formula: the rule as LaTeX; "" where it has none.
        latex: the equation, without delimiters.
        text: the equation as plain text.
    """

    depth: int
    rule: str
    formula: str
    latex: str
    text: str


@dataclass(frozen=True)
class Ending:
    """What follows the derivative in the last line: "= 3 · 4² = 48".

    Attributes:
        named: the derivative as it stands in the matrix, in terms of named parts.
        numbers: LaTeX of the number of each symbol.
        value: LaTeX of what it comes to.
    """

    named: Expr
    numbers: Mapping[Any, str]
    value: str


@dataclass(frozen=True)
class Step:
    """A rule applied to an expression.

    Attributes:
        rule: the rule's name, such as "product".
        formula: what the rule says, as LaTeX.
        before: the expression to differentiate.
        after: its derivative.
        children: the steps for the parts that the rule leaves over.
        symbol: the variable to differentiate by.
        applied: the rule's own parts, from which `after` was assembled.
        names: LaTeX of each symbol; SymPy's own for those not named.
        texts: plain text of each symbol, likewise.
        ending: how the last line goes on after the derivative.
    """

    rule: str
    formula: str
    before: Expr
    after: Expr
    children: tuple[Step, ...] = ()
    symbol: Any = None
    applied: Application | None = field(default=None, repr=False, compare=False)
    names: Mapping[Any, str] = field(default_factory=dict, repr=False, compare=False)
    texts: Mapping[Any, str] = field(default_factory=dict, repr=False, compare=False)
    ending: Ending | None = field(default=None, repr=False, compare=False)

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """The lines of the derivation: trivial steps folded, repeated ones written once."""
        first = self.children[0] if self.rule == REARRANGED else self
        lines = list(first._walk(0, set()))
        if len(lines) > MOST_LINES:
            more = f"and {len(lines) - MOST_LINES + 1} more steps"
            lines[MOST_LINES - 1 :] = [Equation(1, more, "", r"\ldots", "…")]
        shown, plainly = self._closing(_Tex(self)), self._closing(_Plain(self))
        if len(lines) > 1 or first is not self:
            return (*lines, Equation(0, "", "", " = ".join(shown), " = ".join(plainly)))
        (line,) = lines
        rest = [part for part in shown if part not in line.latex.split(" = ")]
        further = [part for part in plainly if part not in line.text.split(" = ")]
        return (
            replace(
                line, latex=" = ".join([line.latex, *rest]), text=" = ".join([line.text, *further])
            ),
        )

    @property
    def latex(self) -> str:
        """The derivation as an aligned block without delimiters; it ends in the entry."""
        rows = [
            "&" + r"\quad " * line.depth + line.latex + " && " + _remark(line)
            for line in self.equations
        ]
        return "\\begin{aligned}\n" + " \\\\[1ex]\n".join(rows) + "\n\\end{aligned}"

    @property
    def text(self) -> str:
        """The derivation as plain text, one line a step."""
        lines = [("  " * line.depth + line.text, line.rule) for line in self.equations]
        width = min(max(len(shown) for shown, _ in lines), 72)
        return "\n".join(f"{shown.ljust(width)}   {rule}".rstrip() for shown, rule in lines)

    def __str__(self) -> str:
        return self.text

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex}\n$$"

    # ── writing ───────────────────────────────────────────────────────────────────────────────

    def _walk(self, depth: int, seen: set[Expr]) -> Iterator[Equation]:
        if depth and (self.rule in _SILENT or self.before in seen):
            return
        seen.add(self.before)
        loud = [child for child in self.children if child.rule not in _SILENT]
        yield Equation(
            depth,
            self.rule,
            self.formula,
            self._equation(_Tex(self), closed=bool(depth or not loud)),
            self._equation(_Plain(self), closed=bool(depth or not loud)),
        )
        for child in loud:
            yield from child._walk(depth + 1, seen)

    def _equation(self, pen: _Pen, *, closed: bool) -> str:
        """∂u/∂x = (the rule with ∂/∂x still in it) = (the result)."""
        sides = [pen.derivative(self.before)]
        if self.applied is not None and (
            self.rule == "constant factor" or self.applied.inner not in ((), (self.symbol,))
        ):
            sides.append(pen.assembly(self.applied))
        if closed:
            sides.append(pen.expression(self.after))
        return " = ".join(dict.fromkeys(sides))

    def _closing(self, pen: _Pen) -> list[str]:
        """The whole entry: what the steps assemble to, its other forms, the numbers put in."""
        forms = [child.after for child in self.children if self.rule == REARRANGED]
        forms.append(self.after)
        if self.ending is not None:
            forms.append(self.ending.named)
        sides = [pen.derivative(self.before), *map(pen.expression, forms)]
        if self.ending is not None:
            sides += pen.numbers(self.ending)
        return list(dict.fromkeys(sides))


def _remark(line: Equation) -> str:
    """Return the rule at the end of a line, in words and as a formula."""
    if not line.formula:
        return rf"\quad \text{{{line.rule}}}" if line.rule else ""
    return rf"\quad \text{{{line.rule}: }} {line.formula}"


# ── pens: LaTeX and plain text ────────────────────────────────────────────────────────────────


class _Pen:
    """Writes expressions and the assembly of a rule; what differs is the notation."""

    has_bars = False  # whether a fraction bar holds together what stands below it

    def __init__(self, step: Step) -> None:
        self.names, self.texts, self.symbol = step.names, step.texts, step.symbol

    def expression(self, expression: Expr) -> str:
        raise NotImplementedError

    def derivative(self, expression: Expr) -> str:
        raise NotImplementedError

    def bracketed(self, expression: Expr) -> str:
        raise NotImplementedError

    def written(self, skeleton: Expr, shown: Mapping[sympy.Symbol, str]) -> str:
        raise NotImplementedError

    def numbers(self, ending: Ending) -> list[str]:
        """Return the entry with the numbers put in, and its value."""
        raise NotImplementedError

    def assembly(self, applied: Application) -> str:
        """Return the rule's answer with ∂u/∂x in the places of the children's results."""
        inner = [sympy.Symbol(f"inner{k}_", real=True) for k in range(len(applied.inner))]
        given = [sympy.Symbol(f"given{k}_", real=True) for k in range(len(applied.given))]
        shown = dict(zip(inner, map(self.derivative, applied.inner), strict=True))
        alone = len(given) == 1  # a single factor stands in front, where a minus needs no brackets
        for k, (symbol, part) in enumerate(zip(given, applied.given, strict=True)):
            apart = _falls_apart(part) or (not alone and part.could_extract_minus_sign())
            free = (self.has_bars and k == _BELOW.get(applied.rule)) or not apart
            shown[symbol] = self.expression(part) if free else self.bracketed(part)
        with sympy.evaluate(False):
            skeleton = applied.assemble(tuple(inner), tuple(given))
        return self.written(skeleton, shown)


class _Tex(_Pen):
    r"""LaTeX: \frac{\partial}{\partial x}\left(…\right)."""

    has_bars = True

    def expression(self, expression: Expr) -> str:
        return tex(expression, self.names)

    def numbers(self, ending: Ending) -> list[str]:
        return [substituted(ending.named, ending.numbers), ending.value]

    def derivative(self, expression: Expr) -> str:
        operator = rf"\frac{{\partial}}{{\partial {tex(self.symbol, self.names)}}}"
        return rf"{operator} \left( {self.expression(expression)} \right)"

    def bracketed(self, expression: Expr) -> str:
        return rf"\left( {self.expression(expression)} \right)"

    def written(self, skeleton: Expr, shown: Mapping[sympy.Symbol, str]) -> str:
        dots = not isinstance(skeleton, sympy.Piecewise)  # conditions stand there as they are
        return tex(skeleton, {**self.names, **shown}, written=True, dots=dots)


_PLACEHOLDER = re.compile(r"(?:inner|given)\d+_")
_FACTORS = re.compile(r"((?:inner|given)\d+_)\*(?=\(*(?:inner|given)\d+_)")


class _Plain(_Pen):
    """Plain text: ∂/∂x (…)."""

    def expression(self, expression: Expr) -> str:
        return plain(expression, self.texts)

    def derivative(self, expression: Expr) -> str:
        return f"∂/∂{plain(self.symbol, self.texts)} ({self.expression(expression)})"

    def bracketed(self, expression: Expr) -> str:
        return f"({self.expression(expression)})"

    def numbers(self, ending: Ending) -> list[str]:
        symbols = [part for part in ending.numbers if ending.named.has(part)]
        places = {part: sympy.Symbol(f"inner{k}_") for k, part in enumerate(symbols)}
        text = plain(_in_place(ending.named, places), self.texts)
        known = {places[part].name: _plain_number(ending.numbers[part]) for part in symbols}
        return [
            _PLACEHOLDER.sub(lambda found: known[found[0]], text),
            _plain_number(ending.value).strip("()"),
        ]

    def written(self, skeleton: Expr, shown: Mapping[sympy.Symbol, str]) -> str:
        by_name = {symbol.name: part for symbol, part in shown.items()}
        text = _FACTORS.sub(r"\1 · ", plain(skeleton, self.texts, written=True))
        return _PLACEHOLDER.sub(lambda found: by_name[found[0]], text)


def _in_place(expression: Expr, places: Mapping[Any, sympy.Symbol]) -> Expr:
    """Return an expression with other symbols, in the same order and without evaluation."""
    if expression in places:
        return places[expression]
    if not expression.args:
        return expression
    parts = [_in_place(part, places) for part in expression.args]
    if isinstance(expression, sympy.Add | sympy.Mul | sympy.Pow):
        return expression.func(*parts, evaluate=False)
    return expression.func(*parts)


def _plain_number(source: str) -> str:
    r"""A number's LaTeX as plain text, a negative one in brackets: 2 \cdot 10^{-3} → 2e-3."""
    text = re.sub(r"(?: \\cdot )?10\^\{(-?\d+)\}", r"e\1", source)
    text = text.replace(r"\infty", "inf").replace(r"\mathrm{nan}", "nan")
    text = f"1{text}" if text.startswith("e") else text
    return f"({text})" if text.startswith("-") else text


def _falls_apart(expression: Expr) -> bool:
    """Whether a factor needs brackets wherever it stands."""
    return bool(expression.is_Add or isinstance(expression, sympy.Piecewise))


# ── deriving ──────────────────────────────────────────────────────────────────────────────────


def derive(
    expression: Expr,
    symbol: sympy.Symbol,
    *,
    names: Mapping[Any, str] | None = None,
    texts: Mapping[Any, str] | None = None,
    entry: Expr | None = None,
    named: Expr | None = None,
    numbers: Mapping[Any, str] | None = None,
    value: str = "",
) -> Step:
    """Differentiate an expression rule by rule.

    Args:
        expression: what to differentiate.
        symbol: by which variable.
        names: LaTeX of each symbol.
        texts: plain text of each symbol.
        entry: the derivative in the form that is shown elsewhere; where it differs from what the
            rules assemble, a last step rearranges it.
        named: the entry in terms of named parts, where it is shown so.
        numbers: LaTeX of the number of each symbol; the last line then ends in numbers.
        value: LaTeX of the entry's number.

    Returns:
        The outermost step; `.after` is the derivative.

    Example:
        >>> x = sympy.Symbol("x", real=True)
        >>> step = derive(x * sympy.sin(x), x)
        >>> step.rule, step.after
        ('product', x*cos(x) + sin(x))
    """
    known: dict[Expr, Step] = {}
    written = names or {}, texts or {}

    def walk(part: Expr) -> Step:
        if part not in known:
            applied = apply_rule(part, symbol)
            children = tuple(walk(inner) for inner in applied.inner)
            after = applied.assemble(tuple(child.after for child in children), applied.given)
            known[part] = Step(
                applied.rule, applied.formula, part, after, children, symbol, applied, *written
            )
        return known[part]

    try:
        with distribute(False):
            step = walk(expression)
    except Exception as error:
        if entry is None or not by_sympy(error):
            raise
        step = Step(NO_RULES, "", expression, entry, (), symbol, None, *written)
    if entry is not None and entry != step.after:
        step = Step(REARRANGED, "", expression, entry, (step,), symbol, None, *written)
    if numbers is None:
        return step
    return replace(step, ending=Ending(step.after if named is None else named, numbers, value))
