"""Jacobians as matrix expressions: A, diag(cos x), W₂ diag(1 − tanh² z) W₁."""

from jacmagic.symbolic.matrices.blocks import Block, blocks_of
from jacmagic.symbolic.matrices.derivative import derivative
from jacmagic.symbolic.matrices.elementwise import apply
from jacmagic.symbolic.matrices.evaluation import evaluate
from jacmagic.symbolic.matrices.expressions import (
    Expression,
    constant,
    is_unnamed,
    number,
    variable,
)
from jacmagic.symbolic.matrices.writing import Writer

__all__ = [
    "Block",
    "Expression",
    "Writer",
    "apply",
    "blocks_of",
    "constant",
    "derivative",
    "evaluate",
    "is_unnamed",
    "number",
    "variable",
]
