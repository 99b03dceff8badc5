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

__all__ = [
    "Block",
    "Expression",
    "apply",
    "blocks_of",
    "constant",
    "derivative",
    "evaluate",
    "is_unnamed",
    "number",
    "variable",
]
