"""The numeric road: Jacobians by torch's own differentiation, the truth that is shown.

The function is evaluated once, plainly, so that an error in it surfaces as the user's own, unless
`experience` has a `recording` that makes a run unnecessary;
`choice` then picks a road by the numbers of outputs and inputs, `rows`, `reverse` and `forward`
are the roads, `sparse` computes entries only where that pays, `ladder` walks them until one gets
through, `memory` bounds what they may take. `batched` does the same at many `points` at once.
`differences` is an independent witness. Nothing here knows about closed forms.
"""

from jacmagic.numeric.batched import Differentiator, compute_many
from jacmagic.numeric.compute import compute
from jacmagic.numeric.differences import Differences, differences
from jacmagic.numeric.entries import Scheme, Sparse, to_csr
from jacmagic.numeric.experience import Experience, Watch
from jacmagic.numeric.numbers import Late, Numbers
from jacmagic.numeric.points import Many, Points
from jacmagic.numeric.sparse import gap_of_product

__all__ = [
    "Differences",
    "Differentiator",
    "Experience",
    "Late",
    "Many",
    "Numbers",
    "Points",
    "Scheme",
    "Sparse",
    "Watch",
    "compute",
    "compute_many",
    "differences",
    "gap_of_product",
    "to_csr",
]
