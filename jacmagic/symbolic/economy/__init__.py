"""Graphs of fewer operations, equal in real arithmetic and to the last bits in floating point.

Sums and products are brought into a canonical form, common factors are taken out, and pairs that
several sums or products have in common are computed once. For generated code and compiled
Jacobians; what a reader sees keeps the user's own form.
"""

from jacmagic.symbolic.economy.counts import Counts, count
from jacmagic.symbolic.economy.economical import Program, cheapest, economical

__all__ = ["Counts", "Program", "cheapest", "count", "economical"]
