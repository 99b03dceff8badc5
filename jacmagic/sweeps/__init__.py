"""Sweeps: the Jacobian over a grid of points, in chunks, resumable and on many machines.

`grid` says where, `block` differentiates one block of points, `store` keeps what is done,
`answer` is what comes out, `run` brings them together.
"""

from jacmagic.sweeps.result import Sweep
from jacmagic.sweeps.run import sweep

__all__ = ["Sweep", "sweep"]
