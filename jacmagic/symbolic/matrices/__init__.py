"""Jacobians as matrices are written: A, diag(cos x), W₂ diag(1 − tanh² z) W₁. Knows NumPy only."""

from jacmagic.symbolic.matrices.derivative import derivative
from jacmagic.symbolic.matrices.expressions import (
    ELEMENTWISE,
    Expression,
    constant,
    number,
    variable,
)
from jacmagic.symbolic.matrices.writing import Writer

__all__ = [
    "ELEMENTWISE",
    "Expression",
    "Writer",
    "constant",
    "derivative",
    "number",
    "variable",
]
