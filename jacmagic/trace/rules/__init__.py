"""The tables from ATen operations to expressions, one room for each family.

`RULES[name](graph, *arguments)` gets what the operation got, with every tensor replaced by an int64
array of graph nodes; plain numbers and lists stay. It returns the nodes of the results, in a shape
that broadcasts to theirs; None for a result that has no expression. A rule knows no torch.

`MOVES[name]` names the arguments whose *data* an operation merely moves; it is run once more on the
nodes themselves. `ORDERS[name]` are operations that sort or pick by value.

To add an operation: one line in the table of its family, one sample in `tests/test_rules.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jacmagic.trace.rules.elementwise import ELEMENTWISE
from jacmagic.trace.rules.movement import MOVES
from jacmagic.trace.rules.orders import ORDERS
from jacmagic.trace.rules.products import PRODUCTS
from jacmagic.trace.rules.reductions import REDUCTIONS
from jacmagic.trace.rules.unsupported import Unsupported

RULES: dict[str, Callable[..., Any]] = {**ELEMENTWISE, **REDUCTIONS, **PRODUCTS}

__all__ = ["MOVES", "ORDERS", "RULES", "Unsupported"]
