"""Hand-derived formulas: SymPy matrices, expressions and LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from jacmagic.function.interop import lifted
from jacmagic.function.source import required_of
from jacmagic.function.targets import is_sympy
from jacmagic.result.check.arrange import arrange, leaves_of
from jacmagic.result.check.calls import MAX_TRACE_SECONDS
from jacmagic.result.check.expressions import Expressions
from jacmagic.result.check.hand import Hand
from jacmagic.result.check.symbols import Vocabulary
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.trace import Refusal, trace


def is_formula(value: Any) -> bool:
    """Whether a value is SymPy's, or a nest of lists that holds SymPy expressions."""
    if is_sympy(value):
        return True
    if isinstance(value, (list, tuple)):
        return any(map(is_formula, value))
    return False


def vocabulary_of(result: JacobianResult) -> Vocabulary:
    """Return what names in formulas about a function mean."""
    return Vocabulary(result.columns, constants_of(result))


def constants_of(result: JacobianResult) -> dict[str, float]:
    """Return the numbers that the function knows by a name."""
    constants: dict[str, float] = {}
    reading = result.reading
    if reading is not None:
        constants |= {
            constant.label.text: constant.value for constant in reading.form.trace.constants
        }
    for name, value in result.problem.parameters.items():
        if (isinstance(value, (int, float)) and not isinstance(value, bool)) or (
            isinstance(value, torch.Tensor) and value.numel() == 1
        ):
            constants[name] = float(value)
    return constants


def from_latex(source: str, result: JacobianResult) -> Hand:
    r"""Return pasted LaTeX: `\begin{pmatrix} … \end{pmatrix}`, or one entry."""
    from jacmagic.result.check.latex import parse_latex

    vocabulary = vocabulary_of(result)
    names_read: list[str] = []

    def either(name: str) -> Any:
        meaning = vocabulary.either(name)
        if meaning is not None:
            names_read.append(name)
        return meaning

    parse_latex(source, either)  # whether components count from 1 shows in all names together
    value = parse_latex(source, vocabulary.fitting(names_read).meaning)
    return from_sympy(value, result, kind="LaTeX", vocabulary=vocabulary)


def from_sympy(
    value: Any,
    result: JacobianResult,
    *,
    kind: str = "formula",
    vocabulary: Vocabulary | None = None,
) -> Hand:
    """Return a SymPy matrix, expression or nest of expressions.

    Raises:
        PointError: a symbol is neither an input nor a constant of the function.
        FunctionError: it has another shape, from `arrange`.
    """
    import sympy

    nest = value.tolist() if isinstance(value, sympy.MatrixBase) else value
    nest = list(nest) if isinstance(nest, (list, tuple)) else [[nest]]
    vocabulary = vocabulary or vocabulary_of(result)
    arrangement = arrange(nest, result)
    flat = [*map(sympy.sympify, leaves_of(nest)), sympy.Integer(0)]
    ordered = sympy.Matrix(*result.shape, [flat[k] for k in arrangement.index.reshape(-1)])
    formula = ordered if kind == "LaTeX" else vocabulary.translated(ordered)
    return Hand(
        kind,
        _evaluator(formula, vocabulary),
        lambda: _expressions(formula, vocabulary, result),
        formula,
        vocabulary.symbols,
        notes=arrangement.notes,
        transposed=arrangement.transposed,
    )


def _evaluator(formula: Any, vocabulary: Vocabulary) -> Callable[[np.ndarray], np.ndarray]:
    import sympy

    function = sympy.lambdify(vocabulary.symbols, list(formula), modules=["scipy", "numpy"])

    def evaluate(point: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            values = function(*map(np.float64, point))
        real = [complex(v).real if complex(v).imag == 0 else np.nan for v in values]
        return np.array(real, dtype=np.float64).reshape(formula.shape)

    return evaluate


def _expressions(
    formula: Any, vocabulary: Vocabulary, result: JacobianResult
) -> Expressions | None:
    """Return a formula's entries on a graph, by a trace of the code that SymPy writes."""
    import sympy

    function = lifted(sympy.lambdify(vocabulary.symbols, list(formula), modules="math"))
    point = [torch.tensor(v, dtype=torch.float64) for v in result.problem.flat_point]

    def run(*numbers: torch.Tensor) -> Any:
        return [torch.as_tensor(value, dtype=torch.float64) for value in function(*numbers)]

    names = [f"x{k}" for k in range(len(point))]
    traced = trace(run, point, names, seconds=MAX_TRACE_SECONDS)
    if isinstance(traced, Refusal):
        return None
    return Expressions.of(traced, traced.outputs, vocabulary.symbols, result.columns)


def called_with_symbols(hand: Callable[..., Any], result: JacobianResult, error: Exception) -> Any:
    """Return what a function gives for SymPy's symbols, if it takes no tensors.

    Args:
        hand: the user's function.
        result: the Jacobian that it is checked against.
        error: what it raised with tensors.

    Returns:
        A matrix or expression; None where the function was not written with SymPy.
    """
    if "sympy" not in f"{type(error).__module__} {error}".lower():
        return None
    import sympy

    arguments, start = [], 0
    for input_ in result.problem.inputs:
        part = [_named(label) for label in result.columns[start : start + input_.value.numel()]]
        start += len(part)
        arguments.append(part[0] if input_.value.dim() == 0 else sympy.Matrix(part))
    if required_of(hand) == 1 and len(arguments) > 1:
        arguments = [sympy.Matrix([_named(label) for label in result.columns])]
    value = hand(*arguments)
    return value if is_formula(value) else None


def _named(label: Any) -> Any:
    import sympy

    return sympy.Symbol(label.text, real=True)
