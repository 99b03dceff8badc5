"""Index sets: every set of inputs is stored once, elements carry its number.

NOTE [Numbers, not sets]: elements that depend on the same inputs share one number, so a broadcast
or a permutation costs what it costs on integers, and only a union of *different* sets makes a new
one. All unions of one operation are one product of two sparse boolean matrices: members of the
unions by sets, times sets by inputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import scipy.sparse as sp

CONSTANT = 0  # depends on nothing
STEP = 1  # its value depends on inputs, but its derivative is zero wherever it exists
FIRST = 2  # number of the set that holds input 0 alone

_MAX_MEMBERS = 2**24  # united in one product: 64 MiB of 32-bit numbers


class TooDense(Exception):
    """More entries than allowed: nothing is gained by looking further."""


class IndexSets:
    """A growing list of index sets, the rows of one sparse boolean matrix.

    Attributes:
        inputs: n; the numbers `FIRST` to `FIRST + n - 1` are the single inputs.
        most: entries beyond which `TooDense` is raised.
    """

    def __init__(self, inputs: int, most: int) -> None:
        """Begin with the empty sets and the n singletons."""
        self.inputs, self.most = inputs, most
        starts = np.concatenate([[0, 0], np.arange(inputs + 1)]).astype(np.int32)
        self._starts = _Growing(starts)
        self._members = _Growing(np.arange(inputs, dtype=np.int32))

    @property
    def sizes(self) -> np.ndarray:
        """How many inputs each set holds."""
        return np.diff(self._starts.values)

    def rows(self, ids: np.ndarray) -> sp.csr_array:
        """Return some sets as a boolean matrix (len(ids), n) with sorted columns.

        Raises:
            TooDense: it would have more entries than allowed.
        """
        self._check(int(self.sizes[ids].sum(dtype=np.int64)))
        result = _matrix(*self._listed(ids), self.inputs)
        result.sort_indices()
        return result

    def _listed(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the members of some sets, one set after the other, and where each starts."""
        sizes = self.sizes[ids]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        begin = np.repeat(self._starts.values[ids] - starts[:-1], sizes)
        return self._members.values[begin + np.arange(starts[-1], dtype=np.int32)], starts

    def both(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Unions of two arrays of sets, element by element; they broadcast."""
        a, b = np.broadcast_arrays(a, b)
        united = np.array(np.maximum(a, b), order="C")
        other = np.asarray(np.minimum(a, b))
        positions = np.flatnonzero((other > STEP) & (other != united))
        if not len(positions):
            return united
        low, high = other.reshape(-1)[positions], united.reshape(-1)[positions]
        keys, where = np.unique(low * len(self.sizes) + high, return_inverse=True)
        pairs = np.stack([keys // len(self.sizes), keys % len(self.sizes)], axis=1)
        united.reshape(-1)[positions] = self.groups(pairs)[where]
        return united

    def groups(self, ids: np.ndarray) -> np.ndarray:
        """Return the union of each row of `ids`: (k, width) → (k,)."""
        count, width = ids.shape
        return self.join(np.repeat(np.arange(count), width), ids.reshape(-1), count)

    def join(self, owners: np.ndarray, ids: np.ndarray, count: int) -> np.ndarray:
        """Unions of sets, given as pairs: set `ids[p]` belongs to union `owners[p]`.

        Returns:
            The numbers of the `count` unions. One that equals its largest member has its number.
        """
        united = np.zeros(count, dtype=np.int64)
        np.maximum.at(united, owners, ids)
        least = united.copy()
        stored = ids > STEP
        np.minimum.at(least, owners[stored], ids[stored])
        sizes = self.sizes
        largest = np.zeros(count, dtype=sizes.dtype)
        np.maximum.at(largest, owners, sizes[ids])
        whole = stored & (sizes[ids] == self.inputs)
        united[owners[whole]] = ids[whole]
        open_ = (least != united) & (largest < self.inputs)
        if not open_.any():
            return united
        chosen = stored & open_[owners]
        owners, ids = owners[chosen], ids[chosen]
        order = np.argsort(owners, kind="stable")
        targets = np.flatnonzero(open_)
        widths = np.bincount(owners, minlength=count)[targets]
        united[targets] = self._unions(ids[order], widths)
        return united

    def _unions(self, ids: np.ndarray, widths: np.ndarray) -> np.ndarray:
        """Return the unions of consecutive runs of `ids`, in bounded portions."""
        ends = np.cumsum(widths)
        load = np.cumsum(self.sizes[ids], dtype=np.int64)
        result, start = [], 0
        while start < len(widths):
            begin = ends[start] - widths[start]
            before = load[begin - 1] if begin else 0
            stop = max(start + 1, int(np.searchsorted(load[ends - 1], before + _MAX_MEMBERS)))
            result.append(self._portion(ids[begin : ends[stop - 1]], widths[start:stop]))
            start = stop
        return np.concatenate(result)

    def _portion(self, ids: np.ndarray, widths: np.ndarray) -> np.ndarray:
        sizes, starts = self.sizes, np.concatenate([[0], np.cumsum(widths)])
        if len(widths) == 1:  # such as a sum of everything: SciPy need not be loaded
            united = np.unique(self._listed(ids)[0])
            grown = np.array([len(united)])
        else:
            sets = _matrix(self._members.values, self._starts.values, self.inputs)
            members = _matrix(ids.astype(np.int32), starts.astype(np.int32), len(sizes))
            unions = members @ sets
            united, grown = unions.indices, np.diff(unions.indptr)
        # a union as large as its largest member is that member
        best = np.maximum.reduceat(sizes[ids].astype(np.int64) * len(sizes) + ids, starts[:-1])
        numbers = best % len(sizes)
        new = np.flatnonzero(grown != best // len(sizes))
        self._check(len(self._members.values) + int(grown[new].sum(dtype=np.int64)))
        distinct = np.repeat(grown != best // len(sizes), grown)
        numbers[new] = len(sizes) + np.arange(len(new))
        self._starts.extend(self._starts.values[-1] + np.cumsum(grown[new]))
        self._members.extend(united[distinct])
        return numbers

    def _check(self, entries: int) -> None:
        if entries > self.most:
            raise TooDense


class _Growing:
    """A growing 32-bit array with spare capacity."""

    def __init__(self, values: np.ndarray) -> None:
        self._buffer, self._used = values, len(values)

    @property
    def values(self) -> np.ndarray:
        return self._buffer[: self._used]

    def extend(self, more: np.ndarray) -> None:
        used = self._used + len(more)
        if used > len(self._buffer):
            buffer = np.empty(2 * used, dtype=np.int32)
            buffer[: self._used] = self.values
            self._buffer = buffer
        self._buffer[self._used : used] = more
        self._used = used


def _matrix(columns: np.ndarray, starts: np.ndarray, width: int) -> sp.csr_array:
    import scipy.sparse as sp  # only sparse matrices need it

    ones = np.ones(len(columns), dtype=bool)
    return sp.csr_array((ones, columns, starts), shape=(len(starts) - 1, width))
