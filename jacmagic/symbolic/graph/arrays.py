"""A tape vectorised by NumPy: over points and over equal operations of a level.

The level of a slot is the longest way down to an input. Operations of one level cannot read each
other, so that those of one name are one call on arrays. Results are those of `Tape.evaluate` up to
the last digit, in which NumPy's functions may differ from those of `math`; infinities, nan and the
signs of zeros are the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from jacmagic.symbolic.graph.operations import OPERATIONS
from jacmagic.symbolic.graph.tape import Tape

MAX_SCALARS = 2**22  # of all slots of the points that run together: 32 MiB

Array = np.ndarray
Read = slice | Array  # rows of the slots: neighbours, one for all, or any


def _sigmoid(x: Array) -> Array:
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def _larger(a: Array, b: Array) -> Array:
    return np.where((a != a) | (b != b), np.nan, np.where(b > a, b, a))


def _smaller(a: Array, b: Array) -> Array:
    return np.where((a != a) | (b != b), np.nan, np.where(b < a, b, a))


def _chosen(condition: Array, a: Array, b: Array) -> Array:
    return np.where(condition != 0, a, b)


# Operation → function of arrays; what is absent is called number by number.
ARRAYS: dict[str, Callable[..., Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "pow": np.power,
    "mod": np.mod,
    **{
        name: getattr(np, name)
        for name in "sqrt exp expm1 log log1p sin cos tan sinh cosh tanh abs".split()
    },
    **{
        f"a{name}": getattr(np, f"arc{name}")
        for name in ("sin", "cos", "tan", "tan2", "sinh", "cosh", "tanh")
    },
    "sigmoid": _sigmoid,
    "sign": lambda x: np.sign(x) + 0.0,  # + 0.0 makes a negative zero positive
    "floor": lambda x: np.where(np.isfinite(x), np.floor(x) + 0.0, x),
    "ceil": lambda x: np.where(np.isfinite(x), np.ceil(x) + 0.0, x),
    "relu": lambda x: np.where((x != x) | (x > 0), x, 0.0),
    "max": _larger,
    "min": _smaller,
    "clamp": lambda x, low, high: _smaller(_larger(x, low), high),
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
    "where": _chosen,
}


def by_number(name: str) -> Callable[..., Array]:
    """Return an operation on arrays, one number after the other."""
    each = np.frompyfunc(OPERATIONS[name].evaluate, OPERATIONS[name].arity, 1)
    return lambda *arguments: each(*arguments).astype(np.float64)


@dataclass(frozen=True)
class Group:
    """All operations of one name in one level: they fill rows `start` to `stop`."""

    function: Callable[..., Array]
    start: int
    stop: int
    reads: tuple[Read, ...]


@dataclass(frozen=True)
class Schedule:
    """A tape as groups of operations, each group's results in contiguous rows.

    Attributes:
        inputs: number of inputs, n.
        constants: numbers in the rows after them, (c,).
        groups: in an order in which they can run.
        size: rows in all.
        wanted: rows to return.
    """

    inputs: int
    constants: Array
    groups: tuple[Group, ...]
    size: int
    wanted: Array

    def at(self, point: Sequence[float] | Array) -> Array:
        """Return the wanted values at one point of n numbers, (w,)."""
        with np.errstate(all="ignore"):
            return self._run(np.asarray(point, dtype=np.float64))

    def at_all(self, points: Array) -> Array:
        """Return the wanted values at points (k, n), as (k, w)."""
        together = max(1, MAX_SCALARS // max(self.size, 1))
        values = np.empty((len(points), len(self.wanted)))
        with np.errstate(all="ignore"):
            for start in range(0, len(points), together):
                some = slice(start, start + together)
                values[some] = self._run(points[some].T).T
        return values

    def _run(self, point: Array) -> Array:
        """Evaluate at one point (n,) or at many (n, k), to (w,) or (w, k)."""
        slots = np.empty((self.size, *point.shape[1:]))
        first = self.inputs + len(self.constants)
        slots[: self.inputs] = point
        slots[self.inputs : first].T[:] = self.constants
        for group in self.groups:
            results = slots[group.start : group.stop]
            arguments = [slots[read] for read in group.reads]
            if isinstance(group.function, np.ufunc):
                group.function(*arguments, out=results)
            else:
                results[:] = group.function(*arguments)
        return slots[self.wanted]


def schedule(tape: Tape, results: Sequence[int]) -> Schedule:
    """Group a tape's operations by level and name.

    Args:
        tape: what to run.
        results: slots whose values are to be returned.
    """
    first = tape.inputs + len(tape.constants)
    level = [0] * first
    members: dict[tuple[int, str], list[int]] = defaultdict(list)
    for slot, (name, *reads) in enumerate(tape.operations, first):
        level.append(1 + max(level[read] for read in reads))
        members[level[slot], name].append(slot)
    row = np.arange(first + len(tape.operations))
    start, starts = first, {}
    for key in sorted(members):
        starts[key] = start
        row[members[key]] = np.arange(start, start + len(members[key]))
        start += len(members[key])
    groups = tuple(
        Group(
            ARRAYS.get(key[1]) or by_number(key[1]),
            starts[key],
            starts[key] + len(slots),
            tuple(
                _read(row[list(reads)])
                for reads in zip(*(tape.operations[s - first][1:] for s in slots), strict=True)
            ),
        )
        for key, slots in sorted(members.items())
    )
    constants = np.array(tape.constants, dtype=np.float64)
    return Schedule(tape.inputs, constants, groups, start, row[list(results)])


def _read(rows: Array) -> Read:
    """Return rows as a slice where they are one or contiguous; gathering copies."""
    low = int(rows[0])
    if (rows == low).all():
        return slice(low, low + 1)
    if (rows == np.arange(low, low + len(rows))).all():
        return slice(low, low + len(rows))
    return rows
