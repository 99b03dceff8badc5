"""`Jacobian`: what both roads found at one point, in three parts.

`evaluated` holds torch's numbers, `derived` the closed form beside them, `jacobian` what one does
with both.
"""

from jacmagic.result.jacobian import Jacobian, run_torch

__all__ = ["Jacobian", "run_torch"]

Jacobian.__module__ = __name__  # where it is imported from
