"""Textbook forms recognised on the graph: softmax, σ, tanh, sin(a + b), polynomials.

Each rule is an algebraic identity with its precondition. The rules run from the leaves up on a
function's outputs before it is differentiated, and on the entries of its Jacobian afterwards.
`are_equal_nearby` compares the values before and after at random points.
"""

from jacmagic.symbolic.recognition.check import are_equal_nearby
from jacmagic.symbolic.recognition.rewriting import MAX_NODES, recognised

__all__ = ["MAX_NODES", "are_equal_nearby", "recognised"]
