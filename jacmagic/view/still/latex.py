"""The still form in LaTeX: the chain of matrices, and derivations."""

from __future__ import annotations

from jacmagic.result import JacobianResult
from jacmagic.view.still.derivations import derivations


def latex(jacobian: JacobianResult) -> str:
    """Return displayed equations."""
    steps, left_out = derivations(jacobian)
    blocks = [jacobian.to_latex(), *(step.latex for step in steps)]
    blocks += [rf"\text{{{line}}}" for line in left_out]
    return "\n".join(f"$$\n{block}\n$$" for block in blocks)
