"""Arrays of inputs behave as ndarrays: each idiom against NumPy's own run."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from jacmagic.function.interop import lifted

POINT = np.array([0.7, -1.3, 2.1, 0.4])
A = np.array([[1.0, 2.0, 0.5, -1.0], [3.0, 5.0, -2.0, 0.25], [0.1, 0.2, 0.3, 0.4]])
K = np.array([2, 0, 3])
MASK = np.array([True, False, True, True])


def sorted_in_place(x):
    y = np.sin(x)
    assert y.sort() is None
    return y


def written_entry(x):
    y = np.zeros(3)
    y[0] = x[0] * x[1]
    y[-1] = math.exp(x[2])
    return y


def written_row(x):
    out = np.zeros((2, 4))
    row = out[1]
    row[2] = x[0]
    out[0] = x * 2
    return out


def written_copy(x):
    B = A.copy()
    B[0, 1] = x[0]
    B[:, 2] *= x[1]
    return B @ x


def written_mask(x):
    y = x.copy()
    y[y < 0] = 0.0
    return y * 3


def written_backward(x):
    y = np.zeros(4)
    y[::-1] = x
    y[[0, 2]] = x[1]
    return y


def written_inputs(x):
    x = x * 1.0
    x += A[0]
    x *= x
    x[1:] -= x[:-1]
    return x


def filled(x):
    y = np.empty(3)
    y.fill(x[1])
    return y


def put_in(x):
    y = np.zeros((2, 3))
    np.put(y, [1, 3], x[:2] ** 2)
    y.T.put([5, 2], x[2] * x[3])
    np.put(y, ind=[0], v=x[1])
    return y


def written_flat(x):
    y, z = np.zeros((2, 3)), np.ones((2, 2))
    y.flat[1] = x[0] * x[1]
    y.flat[3:5] = x[2:]
    z.flat = x**2
    return y.flat[1:] * 2 + z.flat[3]


def put_out(x):
    out = np.empty(4)
    np.multiply(x, A[1], out=out)
    np.add(out, 1, out)
    return out


def loop(x):
    total = 0.0
    for i, value in enumerate(x):
        total += i * value**2
    return total


def unpacked(x):
    a, b, c, d = x
    return np.array([a * b, c / d, abs(b), max(a, d), min(a, b), round(c, 0) * a])


def grown(x):
    y = []
    for i in range(3):
        y.append(x[i] * x[i + 1])
    return np.array(y).reshape(3, 1)


def rotation(x):
    R = np.eye(2)
    R[0, 0] = R[1, 1] = np.cos(x[0])
    R[0, 1], R[1, 0] = -np.sin(x[0]), np.sin(x[0])
    return R @ R.T @ x[1:3] + R.trace()


def euler(x):
    y = np.zeros((5, 2))
    y[0] = x[:2]
    for i in range(4):
        y[i + 1] = y[i] + 0.1 * np.array([y[i, 1] * x[2], -np.sin(y[i, 0]) * y[i, 0]])
    return y


def normalised_rows(x):
    M = np.outer(np.exp(x), np.exp(x[:3])) + 1.0
    before = M * M
    for row in M:
        row /= row.sum()
    M.T[0] *= 2
    M.ravel()[1] = x[0]
    return M + before.sum(axis=0)[:3]


def overwritten(x):
    y = np.exp(x)
    z = y * y
    y += z
    y[0] = z[1]
    w = y[1:]
    w *= y[:-1]
    return y * z


def interpolated(x):
    return np.interp(0.35, [0.0, 0.25, 1.0], x[:3])


def piecewise(x):
    return np.where(x > 0, x**2, np.where(x < -1, -x, 0.0))


def by_dtype(x):
    y = np.stack([x, x])
    if y.dtype == np.float64 and y.ndim == 2 and y.shape == (2, 4) and y.size == 8:
        return y * y.itemsize
    return y * 0


def vectorised(x):
    return np.vectorize(lambda v: v**3 if v > 0 else math.sin(v))(x)


def norms(x):
    return np.array([np.linalg.norm(x), np.linalg.norm(x, 1), np.linalg.norm(x, np.inf)])


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum(keepdims=True)


def central(x):
    return (x[2:] - x[:-2]) / 2 + np.pad(x, (1, 1), mode="edge")[1:3]


def zscore(x):
    a = np.array([x[0], x[1], x[2]])
    return (a - a.mean()) / a.std()


def chained(x):
    return np.outer(x, x).dot(A.T).copy()[::-1].cumsum().reshape(3, 4, order="F").T.flatten("F")


def imported(x):
    from math import sin

    import numpy as numeric

    return numeric.array([sin(x[0]), numeric.sinh(x[1])])


def polynomial(x):
    return np.polyval(x, 1.5) + np.vander(x[:3]).sum() + np.vander(x, 3, increasing=True)[1, 2]


def sides(x):
    return np.linspace(x[0], x[2], 5, endpoint=False) + np.linspace(0, x[1], 5)


IDIOMS = {
    function.__name__: function
    for function in (
        sorted_in_place, written_entry, written_row, written_copy, written_mask, written_backward,
        written_inputs, filled, put_in, put_out, written_flat, loop, unpacked, grown, rotation,
        interpolated, piecewise,
        by_dtype, vectorised, norms, softmax, central, zscore, chained, imported, euler,
        normalised_rows, overwritten, polynomial, sides,
    )
} | {
    "std": lambda x: np.sin(x).std(),
    "std of the input": lambda x: x.std() * np.pi,
    "std ddof": lambda x: np.sin(x).std(ddof=1),
    "var axis": lambda x: (A * x).var(axis=0),
    "mean axis": lambda x: (A * x).mean(axis=1),
    "mean keepdims": lambda x: (A * x) - (A * x).mean(axis=1, keepdims=True),
    "sum axis": lambda x: (A * x).sum(0),
    "sum axes": lambda x: np.sum(A * x, axis=(0, 1)),
    "sum where": lambda x: np.sum(x, where=MASK) + x.sum(where=MASK, initial=2.0),
    "repeat": lambda x: np.stack([x[0], x[1]]).repeat(2) * np.arange(4.0),
    "repeat axis": lambda x: (A * x).repeat([1, 0, 2], axis=0),
    "np.repeat": lambda x: np.repeat(x, 3),
    "sort": lambda x: np.sort(x * np.pi),
    "argsort": lambda x: x[np.argsort(x)],
    "argsort method": lambda x: x[x.argsort()[::-1]],
    "argmax": lambda x: x[x.argmax()] * (A * x).argmin(axis=1),
    "max": lambda x: np.array([x.max(), x.min(), np.ptp(x)]),
    "max axis": lambda x: (A * x).max(axis=1) + (A * x).min(1),
    "dot": lambda x: A.dot(x).dot(A),
    "dot of arrays": lambda x: np.sin(x).dot(np.cos(x)),
    "matmul": lambda x: A @ x @ A,
    "copy": lambda x: np.exp(x).copy() * 2,
    "astype": lambda x: np.exp(x).astype(float) + x.astype(np.float64),
    "astype int": lambda x: x * np.exp(x).astype(int),
    "cumsum": lambda x: np.outer(x, x).cumsum(),
    "cumsum axis": lambda x: (A * x).cumsum(axis=1),
    "cumprod": lambda x: np.cumprod(x),
    "reversed": lambda x: np.exp(x)[::-1] * x[::-2].sum(),
    "reversed rows": lambda x: (A * x)[::-1, 1::-1],
    "round": lambda x: np.exp(x).round(1) * x,
    "reshape F": lambda x: x.reshape((2, 2), order="F") @ np.array([1.0, 2.0]),
    "reshape": lambda x: (A * x).reshape(2, -1),
    "ravel F": lambda x: (A * x).ravel("F"),
    "flatten": lambda x: (A * x).flatten(),
    "T": lambda x: (A * x).T,
    "transpose": lambda x: np.ones((2, 3, 4)).transpose(1, 0, 2) * x,
    "transpose of traced": lambda x: (np.ones((2, 3, 1)) * x).transpose((2, 0, 1)),
    "swapaxes": lambda x: (A * x).swapaxes(0, 1) + np.moveaxis(A * x, 0, 1),
    "clip": lambda x: x.clip(-1, 0.5) + np.clip(x, None, 1),
    "trace": lambda x: np.outer(x, np.sin(x)).trace() + np.trace(np.outer(x, x), offset=1),
    "diagonal": lambda x: np.outer(x, x).diagonal(),
    "diag": lambda x: np.diag(x) @ A.T + np.diag(np.outer(x, x), k=1).sum(),
    "nonzero": lambda x: np.exp(x)[(np.exp(x) > 1).nonzero()],
    "flatnonzero": lambda x: x[np.flatnonzero(x < 1)],
    "take": lambda x: x.take([0, 0, 2]) + np.take(x, K),
    "take axis": lambda x: np.take(A * x, [1, 3], axis=1),
    "prod": lambda x: x.prod() + (A * x).prod(axis=1),
    "all any": lambda x: x * (1.0 if (x > -2).all() and (x > 2).any() else 5.0),
    "np.all": lambda x: x * float(np.all(x < 3)),
    "tolist": lambda x: np.array(K.tolist()) * x[:3],
    "item": lambda x: x * A.item(3),
    "len": lambda x: np.exp(x) * len(x) * x.shape[0] * x.size * x.ndim,
    "mask": lambda x: x[x > 0] * 2,
    "mask of arrays": lambda x: x[MASK] * K,
    "fancy": lambda x: (A * x)[[0, 2], [1, 3]],
    "fancy with array": lambda x: x[K] * x[np.array([[0, 1, 1]])],
    "newaxis": lambda x: x[:, None] * x[None, :],
    "ellipsis": lambda x: (A * x)[..., -1],
    "slices": lambda x: x[1:] * x[:-1] + x[::2].sum(),
    "where condition": lambda x: np.where(x > 0, 1.0, -1.0) * x,
    "diff": lambda x: np.diff(x, prepend=0.0) + np.diff(x, n=2).sum(),
    "gradient": lambda x: np.gradient(x, 0.5),
    "roll": lambda x: np.roll(x, 1) * np.roll(x, -2),
    "roll axis": lambda x: np.roll(A * x, 1, axis=0),
    "outer": lambda x: np.outer(x, A[0]),
    "ufunc outer": lambda x: np.multiply.outer(x, A[0]) + np.subtract.outer(x, x),
    "ufunc reduce": lambda x: np.multiply.reduce(np.exp(x)) + np.add.reduce(A * np.exp(x)).sum(),
    "ufunc accumulate": lambda x: np.add.accumulate(np.exp(x)),
    "cross": lambda x: np.cross(x[:3], A[0, :3]),
    "cross in the plane": lambda x: np.cross(np.append(x[:2], 0.0), np.append(x[2:], 0.0)),
    "kron": lambda x: np.kron(x[:2], A),
    "einsum": lambda x: np.einsum("ij,j,k->ik", A, x, x),
    "tensordot": lambda x: np.tensordot(A, x, axes=1),
    "stack": lambda x: np.stack([x, x**2], axis=1),
    "concatenate": lambda x: np.concatenate([x, A[0], np.sin(x)]),
    "hstack": lambda x: np.hstack((x, x[0], 2.0)),
    "vstack": lambda x: np.vstack([x, A]),
    "column_stack": lambda x: np.column_stack([x, x * x]),
    "block": lambda x: np.block([[np.diag(x), np.zeros((4, 1))], [x, 1.0]]),
    "insert": lambda x: np.insert(x, 1, [9.0, 8.0]),
    "delete": lambda x: np.delete(x, 2),
    "append": lambda x: np.append(x, [1.0]),
    "tile": lambda x: np.tile(x, (2, 1)),
    "split": lambda x: np.split(x, 2)[1] * np.array_split(x, 3)[2],
    "flip": lambda x: np.flip(x) + np.fliplr(A * x)[0],
    "rot90": lambda x: np.rot90(A * x),
    "triu": lambda x: np.triu(np.outer(x, x), 1) + np.tril(np.outer(x, x)),
    "meshgrid": lambda x: np.meshgrid(x, x[:2])[0] * np.meshgrid(x, x[:2], indexing="xy")[1],
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 4)),
    "expand_dims": lambda x: np.expand_dims(x, 0).squeeze() * np.atleast_2d(x),
    "select": lambda x: np.select([x < 0, x > 1], [x**2, -x], default=7.0),
    "choose": lambda x: np.choose([0, 1, 0, 1], [x, x**2]),
    "average": lambda x: np.average(x, weights=[1.0, 2.0, 3.0, 4.0]),
    "median": lambda x: np.median(x) + np.percentile(x, 30) + np.quantile(x, 0.6),
    "cov": lambda x: np.cov(A * x) + np.corrcoef(A * x),
    "trapezoid": lambda x: np.trapezoid(x, dx=0.5) + np.trapezoid(x, [0.0, 1.0, 3.0, 4.0]),
    "searchsorted": lambda x: x * np.searchsorted(np.array([-1.0, 0.0, 1.0]), x),
    "linalg": lambda x: np.linalg.solve(np.diag(x) + 0.1, x),
    "inv": lambda x: np.linalg.inv(np.diag(x) + 0.1),
    "det": lambda x: np.linalg.det(np.outer(x, x) + np.eye(4)),
    "eigvalsh": lambda x: np.linalg.eigvalsh(np.diag(x)),
    "eigh": lambda x: np.linalg.eigh(np.diag(x) + 0.1).eigenvalues,
    "svd": lambda x: np.linalg.svd(A * x, compute_uv=False),
    "qr": lambda x: np.abs(np.linalg.qr((A * x).T)[1]),
    "pinv": lambda x: np.linalg.pinv(A * x),
    "matrix_power": lambda x: np.linalg.matrix_power(np.outer(x, x), 2),
    "norm axis": lambda x: np.linalg.norm(A * x, axis=1, keepdims=True),
    "power": lambda x: 2.0**x + np.abs(x) ** 1.5 + x**3,
    "divmod": lambda x: np.divmod(np.exp(x), 0.3)[0] * x + np.exp(x) // 0.4 * x + np.mod(x, 0.37),
    "sign": lambda x: np.sign(x) * np.abs(x) + np.hypot(x, 1) + np.arctan2(x, 2.0),
    "logaddexp": lambda x: np.logaddexp(x, 0) + np.log1p(np.exp(x)) + np.maximum(x, 0),
    "scalar": lambda x: np.float64(2.0) * x[0] + x[1] * np.float64(3.0),
    "scalar functions": lambda x: math.sin(x[0]) * math.hypot(x[1], x[2]) + float(K[0]) * x[3],
    "sum of list": lambda x: sum([v**2 for v in x]),
    "zeros_like": lambda x: np.zeros_like(x) + np.ones_like(x) * x + np.full_like(x, 2.0),
    "full": lambda x: np.full((2, 2), x[0]) * np.full(2, 3.0),
    "integers divide": lambda x: x * ((x > 0).sum() / 3),
    "mean of a mask": lambda x: x * (np.exp(x) > 1).mean(),
    "compress": lambda x: np.compress(MASK, x) + x.compress(MASK),
    "imag": lambda x: (np.exp(1j * x) * (2 + 1j)).imag + np.real(np.exp(1j * x)),
    "fft": lambda x: np.abs(np.fft.fft(x)) ** 2,
    "format": lambda x: x * float(f"{A[0, 1]:.2f}") * len(str(A[0])),
    "isinstance": lambda x: np.sin(x) if isinstance(x, np.ndarray) else x * 100,
    "count_nonzero": lambda x: x * np.count_nonzero(x > 0),
    "nan": lambda x: np.nansum(np.where(x > 0, x, np.nan)) + np.nan_to_num(x),
    "ix_": lambda x: (A * x)[np.ix_([0, 2], [1, 3])],
    "flat": lambda x: np.array([v * 2 for v in (A * x).flat]),
    "take beyond the end": lambda x: np.take(x, [-1, 6], mode="clip") * x.take([5, 9], mode="wrap"),
    "unravel": lambda x: (A * x)[np.unravel_index(5, (3, 4))],
    "convolve": lambda x: np.convolve(x, [1.0, 2.0, 0.5]),
    "heaviside": lambda x: np.heaviside(x, 0.5) * x,
    "lexicographic": lambda x: A[np.argsort(A[:, 0])] @ x,
}  # fmt: skip


def differences(function, point):
    """Return the Jacobian of NumPy's own run, by central differences."""
    columns = []
    for i in range(len(point)):
        sides = []
        for step in (1e-6, -1e-6):
            moved = point.copy()
            moved[i] += step
            sides.append(np.asarray(function(moved), dtype=float).reshape(-1))
        columns.append((sides[0] - sides[1]) / 2e-6)
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("name", sorted(IDIOMS))
def test_idiom_is_numpys(name):
    """The value is that of NumPy's own run, and the Jacobian that of its differences."""
    function = IDIOMS[name]
    theirs = np.asarray(function(POINT.copy()), dtype=float)
    arrays = [A.copy(), K.copy(), MASK.copy()]

    def call(x):
        result = lifted(function)(x)
        return result if isinstance(result, torch.Tensor) else torch.as_tensor(result)

    ours = call(torch.tensor(POINT, requires_grad=True))
    assert tuple(ours.shape) == theirs.shape
    np.testing.assert_allclose(ours.detach().numpy(), theirs, rtol=1e-12, atol=1e-14)
    matrix = torch.autograd.functional.jacobian(call, torch.tensor(POINT))
    np.testing.assert_allclose(
        matrix.reshape(-1, 4).numpy(), differences(function, POINT), rtol=1e-6, atol=2e-8
    )
    assert all(np.array_equal(a, b) for a, b in zip(arrays, [A, K, MASK], strict=True))
