"""The comparison of a backend with `jacobian()`, at the example and beside it.

NOTE [Tolerance] Two correct algorithms of precision ε differ by rounding. Entry Jᵢⱼ may differ by

    √ε·|Jᵢⱼ| + 100·ε·(min(maxₖ|Jᵢₖ|, maxₖ|Jₖⱼ|) + |fᵢ|/|xⱼ|) + rᵢⱼ:

half of the digits for the conditioning of an entry; beyond that what rounding leaves of terms that
cancel: terms as large as other entries of the row and of the column, or a change of f by ε over a
change of xⱼ by its own size. Sums that cancel inside the function, as truncated powers beyond the
last knot, leave more: r is the bound on rounding errors that the closed form has there, and how far
rounding of matrices moves torch's entries; it is asked for where the rest is not enough. All terms
scale as the entry does when f or x is measured in other units; there is no absolute floor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from jacmagic.function.components import components
from jacmagic.function.outputs import Outputs

# Relative distances of further points, tried in this order: the nearer, the surer on one branch.
RELATIVE_STEPS = (2.0**-6, 2.0**-9, 2.0**-13)
Rounding = Callable[[Sequence[Tensor]], tuple[np.ndarray, np.ndarray]]
MAX_ROUNDINGS = 100  # roundings that may add up


@dataclass(frozen=True)
class Reference:
    """What `jacobian()` gives at one point.

    Attributes:
        tensors: all inputs.
        chosen: the positions it is differentiated by.
        entries: (entries,) of the Jacobian.
        outputs: the function's value.
        rows: (entries,) where they stand.
        columns: (entries,) where they stand.
    """

    tensors: tuple[Tensor, ...]
    chosen: tuple[int, ...]
    entries: Tensor
    outputs: Outputs
    rows: np.ndarray
    columns: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """The value's m components."""
        return components(self.outputs.leaves)

    @property
    def point(self) -> np.ndarray:
        """The n components differentiated by."""
        return components([self.tensors[k] for k in self.chosen])

    @property
    def precision(self) -> float:
        """ε of the shortest dtype that takes part."""
        floats = [t.dtype for t in (*self.tensors, *self.outputs.leaves) if t.is_floating_point()]
        return max(torch.finfo(dtype).eps for dtype in floats)


@np.errstate(all="ignore")
def disagreement(
    reference: Reference, entries: Tensor, values: Tensor, rounding: Rounding
) -> str | None:
    """Return the first wrong entry or value of a backend, as a clause; None if none.

    Args:
        reference: what `jacobian()` gives.
        entries: (entries,) of the backend.
        values: (m,) of the backend.
        rounding: bounds on the rounding errors of entries and values at these inputs.
    """
    eps, root = reference.precision, reference.precision**0.5
    true, computed = components([reference.entries]), components([entries])
    f, x = reference.values, reference.point
    sizes = np.abs(np.where(np.isfinite(true), true, 0))
    by_row, by_column = np.zeros(len(f)), np.zeros(len(x))
    np.maximum.at(by_row, reference.rows, sizes)
    np.maximum.at(by_column, reference.columns, sizes)
    slope = np.abs(f)[reference.rows] / np.abs(x)[reference.columns]
    slope = np.where(np.isfinite(slope), slope, 0)
    noise = np.minimum(by_row[reference.rows], by_column[reference.columns]) + slope
    allowed = root * sizes + MAX_ROUNDINGS * eps * noise
    k = _first_far(true, computed, allowed)
    if k is not None:
        k = _first_far(true, computed, allowed + rounding(reference.tensors)[0])
    if k is not None:
        i, j = reference.rows[k], reference.columns[k]
        return f"entry ({i}, {j}) is {computed[k]:.9g} and should be {true[k]:.9g}"
    scale = np.zeros(len(f))
    np.add.at(scale, reference.rows, sizes * np.abs(x)[reference.columns])
    finite = np.where(np.isfinite(f), np.abs(f), 0)
    computed = components([values])
    allowed = root * finite + MAX_ROUNDINGS * eps * (scale + finite.max(initial=0))
    k = _first_far(f, computed, allowed)
    if k is not None:
        k = _first_far(f, computed, allowed + rounding(reference.tensors)[1])
    return None if k is None else f"value {k} is {computed[k]:.9g} and should be {f[k]:.9g}"


def _first_far(true: np.ndarray, computed: np.ndarray, allowed: np.ndarray) -> int | None:
    """Return the first index at which two arrays differ by too much; nan equals nan."""
    if true.shape != computed.shape:
        return 0
    with np.errstate(invalid="ignore"):
        near = (np.abs(true - computed) <= allowed) | (true == computed)
    far = ~(near | (np.isnan(true) & np.isnan(computed)))
    return int(np.argmax(far)) if far.any() else None


def beside(tensors: Sequence[Tensor], seed: int, step: float) -> tuple[Tensor, ...]:
    """Return a point at a relative distance, in a direction drawn from a seed."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(_moved(tensor, generator, step) for tensor in tensors)


def _moved(tensor: Tensor, generator: torch.Generator, step: float) -> Tensor:
    if not tensor.is_floating_point() or not tensor.numel():
        return tensor.detach()
    draw = torch.rand(tensor.shape, generator=generator, dtype=torch.float64) - 0.5
    size = tensor.detach().abs().nan_to_num(0, 0, 0)
    typical = size.max() if bool(size.max() > 0) else torch.ones_like(size.max())
    sizes = torch.where(size > 0, size, typical)
    return tensor.detach() + (2 * step * draw.to(tensor) * sizes).to(tensor)
