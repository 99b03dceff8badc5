"""A step of a derivation: a rule applied, and the steps for its parts.

A step's result is assembled from the results of its children alone. What is written comes from the
same assembly, with ∂u/∂x for each child's result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sympy
from sympy.core.parameters import distribute

from jacmagic.render.page import PAGE_LETTERS
from jacmagic.symbolic.formula.attempt import by_sympy
from jacmagic.symbolic.formula.symbol_names import SymbolNames
from jacmagic.symbolic.steps.application import Application, Expr
from jacmagic.symbolic.steps.rules import apply_rule
from jacmagic.symbolic.steps.writing import Ending, Pen, PlainPen, TexPen

_TRIVIAL = {"constant", "variable"}  # steps without a line of their own
REARRANGED = "the same, rearranged"
NO_RULES = "derived on the graph; SymPy fails at the rules"
MAX_LINES = 60  # of a derivation: about two pages


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
class Step:
    """A rule applied to an expression, with the steps for its parts.

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
        lines = list(first._lines(0, set()))
        if len(lines) > MAX_LINES:
            more = f"and {len(lines) - MAX_LINES + 1} more steps"
            lines[MAX_LINES - 1 :] = [Equation(1, more, "", r"\ldots", "…")]
        latex, text = map(self._closing, self._pens)
        if len(lines) > 1 or first is not self:
            return (*lines, Equation(0, "", "", " = ".join(latex), " = ".join(text)))
        (line,) = lines
        return (replace(line, latex=_extended(line.latex, latex), text=_extended(line.text, text)),)

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
        width = min(max(len(shown) for shown, _ in lines), PAGE_LETTERS)
        return "\n".join(f"{shown.ljust(width)}   {rule}".rstrip() for shown, rule in lines)

    def __str__(self) -> str:
        return self.text

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex}\n$$"

    # ── writing ───────────────────────────────────────────────────────────────────────────────

    @property
    def _pens(self) -> tuple[Pen, Pen]:
        return TexPen(self.names, self.symbol), PlainPen(self.texts, self.symbol)

    def _lines(self, depth: int, written: set[Expr]) -> Iterator[Equation]:
        if depth and (self.rule in _TRIVIAL or self.before in written):
            return
        written.add(self.before)
        children = [child for child in self.children if child.rule not in _TRIVIAL]
        closed = bool(depth or not children)
        latex, text = (self._equation(pen, closed=closed) for pen in self._pens)
        yield Equation(depth, self.rule, self.formula, latex, text)
        for child in children:
            yield from child._lines(depth + 1, written)

    def _equation(self, pen: Pen, *, closed: bool) -> str:
        """∂u/∂x = (the rule with ∂/∂x still in it) = (the result)."""
        sides = [pen.derivative(self.before)]
        if self.applied is not None and (
            self.rule == "constant factor" or self.applied.inner not in ((), (self.symbol,))
        ):
            sides.append(pen.assembly(self.applied))
        if closed:
            sides.append(pen.expression(self.after))
        return " = ".join(dict.fromkeys(sides))

    def _closing(self, pen: Pen) -> list[str]:
        """Write the whole entry: the assembled derivative, its other forms, the numbers."""
        forms = [child.after for child in self.children if self.rule == REARRANGED]
        forms.append(self.after)
        if self.ending is not None:
            forms.append(self.ending.named)
        sides = [pen.derivative(self.before), *map(pen.expression, forms)]
        if self.ending is not None:
            sides += pen.numbers(self.ending)
        return list(dict.fromkeys(sides))


def _extended(equation: str, sides: list[str]) -> str:
    """Return an equation with the sides that it does not have yet."""
    present = equation.split(" = ")
    return " = ".join([equation, *(side for side in sides if side not in present)])


def _remark(line: Equation) -> str:
    """Return the rule at the end of a line, in words and as a formula."""
    if not line.formula:
        return rf"\quad \text{{{line.rule}}}" if line.rule else ""
    return rf"\quad \text{{{line.rule}: }} {line.formula}"


def _in_order(applied: Application, part: Expr, names: Mapping[Any, str]) -> Application:
    """Return a rule for a sum with the terms in the order of the code, where it is known."""
    terms = names.sums.get(part, ()) if isinstance(names, SymbolNames) and part.is_Add else ()
    positions = {term: k for k, term in enumerate(terms)}
    inner = sorted(applied.inner, key=lambda term: positions.get(term, len(positions)))
    return replace(applied, inner=tuple(inner)) if positions else applied


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
    steps: dict[Expr, Step] = {}
    written = names or {}, texts or {}

    def step_of(part: Expr) -> Step:
        if part not in steps:
            applied = _in_order(apply_rule(part, symbol), part, written[0])
            children = tuple(map(step_of, applied.inner))
            after = applied.assemble(tuple(child.after for child in children), applied.kept)
            steps[part] = Step(
                applied.rule, applied.formula, part, after, children, symbol, applied, *written
            )
        return steps[part]

    try:
        with distribute(False):
            step = step_of(expression)
    except Exception as error:
        if entry is None or not by_sympy(error):
            raise
        step = Step(NO_RULES, "", expression, entry, (), symbol, None, *written)
    if entry is not None and entry != step.after:
        step = Step(REARRANGED, "", expression, entry, (step,), symbol, None, *written)
    if numbers is None:
        return step
    return replace(step, ending=Ending(step.after if named is None else named, numbers, value))
