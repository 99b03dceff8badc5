"""The result at one point: torch's numbers, the closed form, their agreement.

`evaluated` holds torch's numbers, `derived` the closed form beside them, `core` what one does with
both.
"""

from jacmagic.result.core import JacobianResult
from jacmagic.result.evaluated import Outside

__all__ = ["JacobianResult", "Outside"]
