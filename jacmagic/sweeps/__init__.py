"""Jacobians at many points: batches, grids, resumable stores, clusters.

`grid` reads the points, `block` differentiates one block of them, `store` keeps the results,
`result` is the labelled array, `run` is the loop.
"""

from jacmagic.sweeps.result import Sweep
from jacmagic.sweeps.run import sweep

__all__ = ["Sweep", "sweep"]
