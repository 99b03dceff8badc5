"""The likely slip: the one mistake that turns the right entry into the hand-derived one.

Each hypothesis is a corrected version evaluated at all points; it is named only where it matches
the other side at every one of them.
"""

from jacmagic.result.check.slips.search import explain
from jacmagic.result.check.slips.slip import Slip

__all__ = ["Slip", "explain"]
