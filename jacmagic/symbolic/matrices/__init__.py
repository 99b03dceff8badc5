"""Jacobians as matrix expressions: A, diag(cos x), W₂ diag(1 − tanh² z) W₁."""

from jacmagic.symbolic.matrices.derivative import derivative
from jacmagic.symbolic.matrices.elementwise import apply
from jacmagic.symbolic.matrices.evaluation import evaluate
from jacmagic.symbolic.matrices.expressions import Expression, constant, number, variable
from jacmagic.symbolic.matrices.writing import Writer

__all__ = [
    "Expression",
    "Writer",
    "apply",
    "constant",
    "derivative",
    "evaluate",
    "number",
    "variable",
]
