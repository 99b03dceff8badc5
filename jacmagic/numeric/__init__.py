"""Jacobians by torch's own differentiation: the values that are shown.

The function is evaluated once, plainly, so that an error in it surfaces as the user's own. `modes`
holds the differentiation modes and the choice among them, `sparsity` patterns and colourings;
`confirmed` checks what did not come by plain backward passes, `memory` bounds the result, `tuning`
keeps per function which mode was fastest. `batched` differentiates at many `points` at once.
`differences` is independent of all of them. Nothing here knows about closed forms.
"""

from jacmagic.numeric.backward_error import matrix_noise_of_rows
from jacmagic.numeric.batched import compute_many
from jacmagic.numeric.compute import compute
from jacmagic.numeric.differences import Differences, along, differences
from jacmagic.numeric.entries import Sparse, SparsePlan, to_csr
from jacmagic.numeric.modes.rescue import NOT_BY_TORCH, refusal_of
from jacmagic.numeric.modes.sparse import gap_of_product
from jacmagic.numeric.options import ComputeOptions
from jacmagic.numeric.points import BatchedJacobian, Points
from jacmagic.numeric.result import NumericJacobian
from jacmagic.numeric.steadiness import independent, unsteady
from jacmagic.numeric.tuning import Tuning, tuning_of

__all__ = [
    "NOT_BY_TORCH",
    "BatchedJacobian",
    "ComputeOptions",
    "Differences",
    "NumericJacobian",
    "Points",
    "Sparse",
    "SparsePlan",
    "Tuning",
    "along",
    "compute",
    "compute_many",
    "differences",
    "gap_of_product",
    "independent",
    "matrix_noise_of_rows",
    "refusal_of",
    "to_csr",
    "tuning_of",
    "unsteady",
]
