"""Which way to differentiate, by the numbers of outputs m and inputs n.

Measured on small and middling functions: a batched pass costs about as much as two or three single
ones, and is checked by one more; a column runs the function again, with dual numbers. So up to four
rows are fastest one by one, a wide or square Jacobian by batched rows, and only a clearly tall one
by columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jacmagic.errors import OptionError

FEW = 4  # directions that are cheaper one after the other than in a batch
TALL = 4  # times more outputs than inputs, before columns pay for running the function again
MANY = 16  # outputs below which that is never worth it

# Strategy → the roads to try, in order. The last one of `auto` always gets through.
FALLBACKS: dict[str, tuple[str, ...]] = {
    "rows": ("rows",),
    "reverse": ("reverse", "rows"),
    "reverse-mode": ("reverse", "rows"),
    "forward": ("forward", "columns", "reverse", "rows"),
    "forward-mode": ("forward", "columns", "reverse", "rows"),
    "sparse": ("reverse", "rows"),  # where the sparse road is closed
}

# The first rule that holds decides `auto`.
RULES: tuple[tuple[Callable[[int, int], bool], tuple[str, ...]], ...] = (
    (lambda m, n: m <= FEW, ("rows",)),
    (lambda m, n: m >= MANY and m >= TALL * n and n <= 1, ("columns", "reverse", "rows")),
    (lambda m, n: m >= MANY and m >= TALL * n, FALLBACKS["forward"]),
    (lambda m, n: True, FALLBACKS["reverse"]),
)


def ladder(
    strategy: str, m: int, n: int, *, vectorize: bool = True, one_by_one: bool = False
) -> Sequence[str]:
    """Return the roads to try for an m × n Jacobian, best first.

    Args:
        strategy: "auto" or a key of `FALLBACKS`.
        m: scalar outputs.
        n: scalar inputs.
        vectorize: whether directions may be batched at all.
        one_by_one: strict mode, which has to see every gradient.

    Raises:
        OptionError: no such strategy.
    """
    if strategy != "auto" and strategy not in FALLBACKS:
        raise OptionError(
            f"Expected strategy to be one of {', '.join(('auto', *FALLBACKS))}; "
            f"found {strategy!r}; write strategy='auto'"
        )
    if one_by_one:
        return ("rows",)
    modes = (
        FALLBACKS[strategy] if strategy != "auto" else next(r for rule, r in RULES if rule(m, n))
    )
    if vectorize:
        return modes
    return [mode for mode in modes if mode in ("rows", "columns")] or ("rows",)
