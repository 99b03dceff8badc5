"""Solutions for the teacher's files: right answers as they are typed, and likely wrong ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from jacmagic.errors import OptionError
from jacmagic.render import latex as typeset
from jacmagic.result.check.symbols import exact
from jacmagic.result.core import JacobianResult
from jacmagic.result.exercise.judge import judge_of
from jacmagic.result.exercise.steps import judge_steps
from jacmagic.result.exercise.typed import typed, typed_name, without_cases
from jacmagic.symbolic.formula.sympy_names import NamedNumber, sigmoid
from jacmagic.symbolic.formula.typeset import tex
from jacmagic.symbolic.steps import derive
from jacmagic.view.exercise.question import CHOICE, NUMBER, STEPS, Question

MAX_OPERATIONS = 120  # of an output whose wrong derivatives are written out
RULES = ("inner", "product", "quotient order", "power", "constant", "logarithm", "exponential")
KEY_DIGITS = 6  # of a number in the key
MAX_MISTAKES = 8  # that a question recognises by itself


@dataclass(frozen=True)
class Mistake:
    """A wrong answer with the sentence that names it.

    Attributes:
        entry: the wrong expression, SymPy.
        answer: the same as it is typed.
        message: what is wrong.
    """

    entry: Any
    answer: str
    message: str


def solution(jacobian: JacobianResult, question: Question) -> str:
    """Return the right answer as it is typed.

    Raises:
        OptionError: the entry cannot be typed, as one with cases.
    """
    if question.kind == CHOICE:
        return question.answer
    if question.kind == NUMBER:
        return f"{jacobian.matrix[question.row, question.column].item():.10g}"
    answer = _typed(jacobian, right_entry(jacobian, question))
    if not judge_of(jacobian).judge(question.row, question.column, answer):
        raise OptionError(
            f"expected an entry that can be typed; found {question.text} = {answer}; "
            "write entries= or seed= for others"
        )
    return _derivation(jacobian, question, answer) if question.kind == STEPS else answer


def right_entry(jacobian: JacobianResult, question: Question) -> Any:
    """Return the entry as SymPy, the point's case where there are several."""
    formula: Any = jacobian.formula  # without which there is no exercise
    entry = formula[question.row, question.column]
    point = dict(zip(jacobian.symbols, jacobian.problem.flat_point, strict=True))
    return without_cases(entry, point) if entry.has(sympy.Piecewise) else entry


def named_entry(jacobian: JacobianResult, question: Question, names: Mapping[Any, str]) -> Any:
    """Return the entry with symbols for the function's constants, for a number at the point.

    Args:
        jacobian: the result.
        question: for the entry, or for its number.
        names: of the constants' symbols.

    Returns:
        None where the form that is shown has cases, or functions that are not SymPy's.
    """
    assert jacobian.reading is not None  # there is no exercise without one
    entry = jacobian.reading.entry(question.row, question.column)
    named = entry.xreplace({symbol: sympy.Symbol(name) for symbol, name in names.items()})
    if named.has(sympy.Piecewise, sigmoid) or named.atoms(NamedNumber):
        return None
    if question.kind != NUMBER:
        return named
    point = map(exact, jacobian.problem.flat_point)
    return named.xreplace(dict(zip(jacobian.symbols, point, strict=True)))


def solution_tex(jacobian: JacobianResult, question: Question) -> str:
    """Return the right answer as LaTeX."""
    if question.kind == CHOICE:
        return rf"\text{{{question.answer}}}"
    if question.kind == STEPS:
        return jacobian.steps(question.row, question.column).latex
    if question.kind == NUMBER:
        return typeset.number(jacobian.matrix[question.row, question.column].item(), KEY_DIGITS)
    reading = jacobian.reading
    assert reading is not None  # there is no exercise without one
    return str(tex(reading.entry(question.row, question.column), reading.all_names))


def mistakes(jacobian: JacobianResult, question: Question) -> list[Mistake]:
    """Return what an entry is likely to be mistaken for, each judged to be wrong and named."""
    judge, by_sentence = judge_of(jacobian), {}
    if question.kind == NUMBER:
        return []
    i, j = question.row, question.column
    outputs, matrix = jacobian.expressions, jacobian.formula
    for entry in wrong_entries(outputs, matrix, jacobian.symbols, i, j):
        answer = _typed(jacobian, entry)
        judgement = judge.judge(i, j, answer)
        if (
            judgement.verdict == "wrong"
            and judgement.message
            and judgement.message not in by_sentence
        ):
            by_sentence[judgement.message] = Mistake(entry, answer, judgement.message)
        if len(by_sentence) == MAX_MISTAKES:
            break
    return list(by_sentence.values())


def _typed(jacobian: JacobianResult, entry: Any) -> str:
    return typed(entry, jacobian.symbols, jacobian.columns)


def _derivation(jacobian: JacobianResult, question: Question, answer: str) -> str:
    """Return lines that are equal to the entry: the rule applied, then the entry."""
    i, j = question.row, question.column
    outputs: Any = jacobian.expressions
    names = [typed_name(label) for label in jacobian.columns]
    texts = dict(zip(jacobian.symbols, names, strict=True))
    first = derive(outputs[i], jacobian.symbols[j], texts=texts).equations[0].text
    begin = f"d/d{names[j]}({_typed(jacobian, outputs[i])})"
    for middle in (first.split(" = ")[1:2], []):
        lines = "\n".join([begin, *middle, answer])
        if judge_steps(judge_of(jacobian), i, j, lines):
            return lines
    return answer


@dataclass(frozen=True)
class Differentiation:
    """The derivative of an expression by a symbol with one rule replaced.

    Attributes:
        symbol: the variable.
        wrong: the rule that is a wrong one; one of `RULES`.
    """

    symbol: Any
    wrong: str

    def of(self, expression: Any) -> Any:
        """Return the derivative of an expression."""
        if not expression.has(self.symbol):
            return sympy.Integer(0)
        if expression == self.symbol:
            return sympy.Integer(1)
        if expression.is_Add:
            constant = [part for part in expression.args if not part.has(self.symbol)]
            constants = sympy.Add(*constant) if self.wrong == "constant" else 0
            return sympy.Add(*map(self.of, expression.args)) + constants
        if expression.is_Mul:
            return self._product(expression)
        if isinstance(expression, sympy.Pow) and not expression.exp.has(self.symbol):
            return self._power(expression)
        return self._function(expression)

    def _product(self, product: Any) -> Any:
        above, below = sympy.fraction(product)
        if below.has(self.symbol) and above.has(self.symbol):
            du, dv = self.of(above), self.of(below)
            sign = -1 if self.wrong == "quotient order" else 1
            return sign * (du * below - above * dv) / below**2
        varying = [part for part in product.args if part.has(self.symbol)]
        fixed = sympy.Mul(*(part for part in product.args if not part.has(self.symbol)))
        if len(varying) == 1:
            return fixed * self.of(varying[0])
        if self.wrong == "product":
            return fixed * sympy.Mul(*map(self.of, varying))
        u, v = varying[0], sympy.Mul(*varying[1:])
        return fixed * (self.of(u) * v + u * self.of(v))

    def _power(self, power: Any) -> Any:
        base, n = power.base, power.exp
        inner = 1 if self.wrong == "inner" else self.of(base)
        return n * (base**n if self.wrong == "power" else base ** (n - 1)) * inner

    def _function(self, call: Any) -> Any:
        u = call.args[-1]
        if len(call.args) != 1 or isinstance(call, sympy.Pow):
            return call.diff(self.symbol)
        inner = 1 if self.wrong == "inner" else self.of(u)
        if self.wrong == "logarithm" and isinstance(call, sympy.log):
            return call * inner
        if self.wrong == "exponential" and isinstance(call, sympy.exp):
            return u * sympy.exp(u - 1) * inner
        hole = sympy.Symbol("jm_hole", real=True)
        return call.func(hole).diff(hole).xreplace({hole: u}) * inner


def wrong_entries(outputs: Any, matrix: Any, symbols: Any, i: int, j: int) -> Iterator[Any]:
    """Yield what the entry (i, j) is mistaken for, the most likely first; some may be right.

    Args:
        outputs: SymPy vector of the function, (m, 1).
        matrix: its Jacobian, (m, n).
        symbols: the n symbols.
        i: the row.
        j: the column.
    """
    whole, right = outputs[i], matrix[i, j]
    if whole.count_ops() <= MAX_OPERATIONS and not whole.has(sympy.Piecewise):
        for rule in RULES:
            yield Differentiation(symbols[j], rule).of(whole)
    yield -right
    if j < matrix.rows and i < matrix.cols:
        yield matrix[j, i]
    yield from (matrix[i, k] for k in range(matrix.cols) if k != j)
    yield whole
