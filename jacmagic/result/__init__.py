"""`Jacobian`: what both roads found at one point.

`evaluated` holds torch's numbers, `derived` the closed form beside them, `jacobian` what one does
with both.
"""

from jacmagic.result.evaluated import Outside
from jacmagic.result.jacobian import Jacobian, jacobian_of

__all__ = ["Jacobian", "Outside", "jacobian_of"]

Jacobian.__module__ = __name__  # where it is imported from
