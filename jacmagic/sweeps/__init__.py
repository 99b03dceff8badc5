"""Sweeps: the Jacobian over a grid of points, in chunks, resumable and on many machines.

`grid` reads the points, `block` differentiates one block of them, `store` keeps the results,
`result` is the labelled array, `run` is the loop.
"""

from jacmagic.sweeps.result import Sweep
from jacmagic.sweeps.run import sweep

__all__ = ["Sweep", "sweep"]
