"""The table of dependence rules, one for each kind of operation.

A rule takes the sets and the call and returns the sets of the results, which broadcast to their
shapes. What it does not know: numbers, but for constants that are exactly zero.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import torch

from jacmagic.numeric.sparsity.arguments import Call, Operand
from jacmagic.numeric.sparsity.convolutions import convolution, pool
from jacmagic.numeric.sparsity.index_sets import CONSTANT, STEP, IndexSets

Rule = Callable[[IndexSets, Call], Any]


# ── element by element ────────────────────────────────────────────────────────────────────────


def pointwise(sets: IndexSets, call: Call) -> np.ndarray:
    """Each element depends on what the operands' elements at its index depend on."""
    return reduce(sets.both, [operand.ids for operand in call.tensors])


def multiply(sets: IndexSets, call: Call) -> np.ndarray:
    """As `pointwise`, but a factor that is the constant zero loses the other."""
    a, b = call.named["self"], call.named["other"]
    if not isinstance(b, Operand):
        return a.ids
    united = sets.both(a.ids, b.ids)
    gone = (a.vanishes | b.vanishes) & (united > CONSTANT)
    return np.where(gone, CONSTANT, united)


def steps(sets: IndexSets, call: Call) -> np.ndarray:
    """Piecewise constant: no derivative, but for the sign of a complex number."""
    if call.named["self"].tensor.is_complex():
        return pointwise(sets, call)
    return np.minimum(pointwise(sets, call), STEP)


def written(sets: IndexSets, call: Call) -> np.ndarray:
    """Return the sets of the second argument, which overwrites the first."""
    source = call.named.get("src", call.named.get("value"))
    return source.ids if isinstance(source, Operand) else np.array(CONSTANT)


# ── along axes ────────────────────────────────────────────────────────────────────────────────


def lanes(sets: IndexSets, ids: np.ndarray, axes: Any) -> np.ndarray:
    """Return unions along some axes, kept with length 1; `None` or `[]` means all."""
    count = ids.ndim
    chosen = [axes] if isinstance(axes, int) else list(axes or range(count))
    along = sorted({axis % count for axis in chosen}) if count else []
    other_axes = [axis for axis in range(count) if axis not in along]
    shape = [1 if axis in along else size for axis, size in enumerate(ids.shape)]
    width = int(np.prod([ids.shape[axis] for axis in along], dtype=int))
    rows = ids.transpose(*other_axes, *along).reshape(int(np.prod(shape, dtype=int)), width)
    return sets.groups(rows).reshape(shape)


def reduction(sets: IndexSets, call: Call) -> list[np.ndarray]:
    """All elements along the reduced axes, whether the result keeps these or not."""
    ids = reduce(sets.both, [operand.ids for operand in call.tensors])
    axes = call.named.get("dim", call.named.get("axis"))
    united = lanes(sets, ids, axes)
    return [_fitting(united, ids.shape, tuple(out.shape)) for out in call.outs]


def _fitting(united: np.ndarray, before: tuple[int, ...], after: tuple[int, ...]) -> np.ndarray:
    """Kept axes of length 1 as the result has them."""
    if len(after) == len(before):
        return united
    new_shape = [
        size for size, old in zip(united.shape, before, strict=True) if size != 1 or old == 1
    ]
    return united.reshape(after if united.size == int(np.prod(after)) else new_shape)


def last_axes(count: int) -> Rule:
    """All elements along the last axes, such as those of a matrix in a batch."""

    def rule(sets: IndexSets, call: Call) -> list[np.ndarray]:
        united = [lanes(sets, operand.ids, range(-count, 0)) for operand in call.tensors]
        joined = reduce(sets.both, united)
        batch = joined.shape[:-count]
        return [
            joined.reshape(batch + (1,) * (out.dim() - len(batch)))
            if tuple(out.shape[: len(batch)]) == batch
            else lanes(sets, joined, None).reshape(())
            for out in call.outs
        ]

    return rule


def prefix(sets: IndexSets, call: Call) -> list[np.ndarray]:
    """Cumulative: unions with the elements before along an axis, doubling distances."""
    ids = call.named["self"].ids
    if not ids.ndim:
        return [ids] * len(call.outs)
    moved = np.moveaxis(ids, call.named["dim"], -1).copy()
    distance = 1
    while distance < moved.shape[-1]:
        moved[..., distance:] = sets.both(moved[..., distance:], moved[..., :-distance].copy())
        distance *= 2
    return [np.moveaxis(moved, -1, call.named["dim"])] * len(call.outs)


# ── products ──────────────────────────────────────────────────────────────────────────────────


def product(sets: IndexSets, a: Operand, b: Operand) -> np.ndarray:
    """Matrix product (…, i, k) × (…, k, j); a constant zero cancels the other factor."""
    through = _passed(sets, ~a.vanishes, b.ids)
    back = _passed(
        sets, np.swapaxes(~b.vanishes, -1, -2), np.swapaxes(a.ids, -1, -2)
    )  # (…, j, i), of the transposed product
    return sets.both(through, np.swapaxes(back, -1, -2))


def _passed(sets: IndexSets, open_: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """(…, i, j): the union over k of ids[…, k, j] where open_[…, i, k]."""
    if open_.all() or ids.max(initial=0) <= STEP:
        united = lanes(sets, ids, -2)
        return np.broadcast_to(united, (*ids.shape[:-2], open_.shape[-2], ids.shape[-1]))
    if ids.ndim > 2:
        return np.stack([_passed(sets, *pair) for pair in zip(open_, ids, strict=True)])
    kinds, which = np.unique(open_, axis=0, return_inverse=True)
    rows, terms = np.nonzero(kinds)
    columns = ids.shape[1]
    owners = rows[:, None] * columns + np.arange(columns)
    united = sets.join(owners.reshape(-1), ids[terms].reshape(-1), len(kinds) * columns)
    return united.reshape(len(kinds), columns)[which.reshape(-1)]


def matrix_product(first: str, second: str) -> Rule:
    """Return the rule of a product plus a summand; vectors count as thin matrices."""

    def rule(sets: IndexSets, call: Call) -> np.ndarray:
        a, b = call.named[first], call.named[second]
        thin = [a.ids.ndim == 1, b.ids.ndim == 1]
        result = product(sets, _widened(a, 0) if thin[0] else a, _widened(b, 1) if thin[1] else b)
        result = result.reshape(tuple(call.outs[0].shape)) if any(thin) else result
        added = call.named.get("self") if first != "self" else None
        return result if added is None else sets.both(added.ids, result)

    return rule


def outer(sets: IndexSets, call: Call) -> np.ndarray:
    """Return a product of a column and a row, added to a matrix."""
    column, row = call.named["vec1"].ids[:, None], call.named["vec2"].ids
    return sets.both(call.named["self"].ids, sets.both(column, row))


def _widened(operand: Operand, axis: int) -> Operand:
    return Operand(operand.tensor.unsqueeze(axis), np.expand_dims(operand.ids, axis))


# ── what is added at indices ───────────────────────────────────────────────────────────────────


def accumulation(sets: IndexSets, call: Call) -> np.ndarray:
    """Indexed addition: a target depends on itself and on all that is added to it."""
    named = call.named
    ids = named["self"].ids
    source = named.get("src", named.get("source", named.get("values", named.get("value"))))
    targets = _targets(np.arange(ids.size).reshape(ids.shape), named)
    arriving = source.ids if isinstance(source, Operand) else np.array(CONSTANT)
    if "src" in named and arriving.ndim == targets.ndim:  # whose last entries may be left out
        arriving = arriving[tuple(map(slice, targets.shape))]
    arriving = np.broadcast_to(arriving, targets.shape)
    owners = np.concatenate([np.arange(ids.size), targets.reshape(-1)])
    joined = np.concatenate([ids.reshape(-1), arriving.reshape(-1)])
    return sets.join(owners, joined, ids.size).reshape(ids.shape)


def _targets(grid: np.ndarray, named: dict[str, Any]) -> np.ndarray:
    """Return the target of each element, by reading the grid through the indices."""
    whole = torch.from_numpy(grid)
    if "indices" in named:  # index_put
        indices = [None if i is None else i.tensor.cpu() for i in named["indices"]]
        result = torch.ops.aten.index.Tensor(whole, indices)
    elif "dim" not in named:  # put
        result = whole.take(named["index"].tensor.cpu())
    elif named["index"].tensor.dim() == 1 and "source" in named:  # index_add
        result = (
            whole.index_select(named["dim"], named["index"].tensor.cpu()) if grid.ndim else whole
        )
    else:
        result = whole.gather(named["dim"], named["index"].tensor.cpu())
    return result.numpy()


# ── the table ─────────────────────────────────────────────────────────────────────────────────

RULES: dict[str, Rule] = {
    **dict.fromkeys(
        "rsub addcmul addcdiv masked_fill _to_copy clone lift_fresh_copy threshold celu elu "
        "hardswish hardsigmoid special_i0 special_i0e special_i1 special_i1e special_zeta "
        "special_xlog1py real imag conj_physical complex polar positive rrelu_with_noise "
        "prelu _prelu_kernel _fused_dropout where atan2 nan_to_num".split(),
        pointwise,
    ),
    "mul": multiply,
    **dict.fromkeys("copy copy_ fill".split(), written),
    **dict.fromkeys("floor ceil round trunc sign sgn heaviside fix".split(), steps),
    **dict.fromkeys(
        "sum mean nansum prod amax amin aminmax max min argmax argmin all any std var std_mean "
        "var_mean norm linalg_vector_norm logsumexp median nanmedian kthvalue mode "
        "count_nonzero _softmax _log_softmax sort topk argsort _fft_r2c _fft_c2c "
        "_fft_c2r".split(),
        reduction,
    ),
    **dict.fromkeys("cumsum cumprod logcumsumexp cummax cummin".split(), prefix),
    **dict.fromkeys(
        "linalg_inv_ex _linalg_det _linalg_slogdet linalg_cholesky_ex cholesky linalg_qr "
        "_linalg_svd _linalg_eigh linalg_eig linalg_lu_factor_ex linalg_lu "
        "linalg_matrix_exp _adaptive_avg_pool2d adaptive_max_pool2d cholesky_inverse "
        "triangular_solve linalg_solve_triangular cholesky_solve".split(),
        last_axes(2),
    ),
    **dict.fromkeys("_adaptive_avg_pool3d adaptive_max_pool3d".split(), last_axes(3)),
    "mm": matrix_product("self", "mat2"),
    "bmm": matrix_product("self", "mat2"),
    "mv": matrix_product("self", "vec"),
    "dot": matrix_product("self", "tensor"),
    "vdot": matrix_product("self", "other"),
    "addmm": matrix_product("mat1", "mat2"),
    "baddbmm": matrix_product("batch1", "batch2"),
    "addmv": matrix_product("mat", "vec"),
    "addr": outer,
    **dict.fromkeys("scatter_add scatter_reduce index_add index_reduce".split(), accumulation),
    "convolution": convolution,
    **dict.fromkeys(
        "avg_pool1d avg_pool2d avg_pool3d max_pool2d_with_indices max_pool3d_with_indices".split(),
        pool,
    ),
}
