"""Rounding allowed between two computations of the same numbers."""

from __future__ import annotations

# Roundings (eps times size) by which two runs may differ whose sums are taken in another order or
# in batches: √m for a million terms. A real difference is far larger.
MAX_ROUNDINGS = 2.0**10
