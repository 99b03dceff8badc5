"""Lifted `math` and NumPy calls give NumPy's numbers on tensors and keep graphs."""

from __future__ import annotations

import cmath
import functools
import math
import threading
import types
from math import sin

import numpy as np
import pytest
import torch
from numpy.linalg import norm
from torch import nn

from jacmagic.errors import FunctionError
from jacmagic.function.interop import counterparts, lifted, survey
from jacmagic.function.interop.torch_calls import call

MATRIX = np.array([[1.0, 2.0], [3.0, 5.0]])
WHOLE = np.array([[1, 2], [3, 4]])
COUNTER = 0


def point(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def same(ours, theirs) -> None:
    """Compare nests of tensors with nests of arrays."""
    if isinstance(theirs, (tuple, list)):
        assert len(ours) == len(theirs)
        for our, their in zip(ours, theirs, strict=True):
            same(our, their)
        return
    ours = ours.detach().numpy() if isinstance(ours, torch.Tensor) else np.asarray(ours)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert np.shape(ours) == np.shape(theirs)


V = np.array([0.5, 1.25, 0.75])
W = np.array([1.5, -0.25, 2.0])
M = np.array([[2.0, 1.0, 0.5], [1.0, 3.0, 0.25]])
S = np.array([[2.0, 1.0], [0.5, 3.0]])
BINARY = (V, W)


def each(names, samples):
    """Return the same samples for several rows."""
    return dict.fromkeys(names.split(), samples)


# Row → one or more argument lists; keywords in a dict at the end.
NUMPY_SAMPLES = {
    **each(
        "add subtract multiply divide true_divide maximum minimum fmax fmin equal not_equal "
        "less less_equal greater greater_equal arctan2 atan2 copysign fmod hypot logaddexp "
        "logaddexp2 inner dot vdot outer kron cross floor_divide isclose allclose array_equal "
        "heaviside",
        [BINARY],
    ),
    **each(
        "max min amax amin prod ptp median std var average flip sort cumsum cumprod",
        [(V,), (M, {"axis": 0}), (M, {"axis": 1})],
    ),
    "convolve": [
        (V, W[:2]),
        (W[:2], V),
        (V, W, {"mode": "same"}),
        (V, W[:2], {"mode": "same"}),
        (V, W[:2], {"mode": "valid"}),
    ],
    "interp": [
        (W, [0.0, 1.0, 1.75], [1.0, 3.0, 2.0]),
        (0.4, V[[0, 2, 1]], W),
        (W, [0.0, 1.0], [1.0, 3.0], {"left": -1.0, "right": 7.0}),
    ],
    "append": [(V, W), (M, M, {"axis": 0})],
    "around": [(V,), (V, 1)],
    "array": [([V[0], V[1]],), (M,)],
    "asanyarray": [(V,)],
    "asarray": [(V,)],
    "ascontiguousarray": [(V,)],
    "cbrt": [(W,)],
    "clip": [(V, 0.6, 1.0), (V, {"a_min": 0.6, "a_max": None})],
    "column_stack": [((V, W),)],
    "concat": [((V, W),)],
    "concatenate": [((V, W),), ((M, M), {"axis": 1}), ((M, V), {"axis": None})],
    "dstack": [((M, M),)],
    "einsum": [("ij,j->i", M, V)],
    "float_power": [(V, 3)],
    "full": [((2, 3), V[0])],
    "full_like": [(M, V[0])],
    "gamma": [],
    "gradient": [(V,), (V, 0.5), (M,)],
    "hstack": [((V, W),)],
    "linspace": [(V[0], V[1], 5)],
    "log": [(V,)],
    "matmul": [(M, V), (M, M.T)],
    "matrix_transpose": [(M,)],
    "meshgrid": [(V, W), (V, W, {"indexing": "ij"})],
    "modf": [(W,)],
    "ndim": [(M,)],
    "negative": [(V,)],
    "ones_like": [(M,)],
    "percentile": [(V, 30), (M, 30, {"axis": 1})],
    "polyval": [([1.0, -2.0, 3.0], V), (V, 2.0)],
    "pow": [(V, 2), (2.0, V), (V, W)],
    "power": [(V, 2), (2.0, V), (V, W)],
    "quantile": [(V, 0.3), (M, 0.3, {"axis": 1})],
    "reshape": [(M, (3, 2)), (M, -1)],
    "roll": [(V, 1), (M, 1), (M, 1, {"axis": 0})],
    "rot90": [(M,), (M, 2)],
    "round": [(V,), (V, 1)],
    "shape": [(M,)],
    "size": [(M,), (M, 1)],
    "stack": [((V, W),), ((V, W), {"axis": 1})],
    "tensordot": [(S, M, {"axes": 1})],
    "tile": [(V, 2), (M, (2, 1))],
    "transpose": [(M,), (M, (1, 0))],
    "vstack": [((V, W),)],
    "where": [(V > 1, V, 0.0), (M > 1,), (V > 1, 1.0, 2.0)],
    **each("all any count_nonzero sum mean", [(V,), (M, {"axis": 0}), (M, {"keepdims": True})]),
    **each("argsort", [(W,), (M, {"axis": 0}), (M.T[:, :1], {"axis": None})]),
    **each("argpartition partition", [(W, 1)]),
    **each("fliplr flipud asfortranarray ravel diagonal trace tril triu squeeze nonzero", [(M,)]),
    **each("split array_split hsplit", [(W, 3), (V, [1])]),
    **each("cov corrcoef", [(M,), (V, W), (M, {"rowvar": False})]),
    **each("trapezoid trapz", [(V,), (V, W), (M, {"dx": 0.5, "axis": 0})]),
    **each("nanmax nanmin", [(np.array([1.0, np.nan, 3.0]),), (M, {"axis": 1})]),
    **each("cummax cummin put", []),
    "block": [([[S, S], [np.ones((1, 4))]],)],
    "broadcast_arrays": [(V, S[:1, :1])],
    "broadcast_to": [(V, (2, 3))],
    "choose": [([0, 1, 1], [V, W])],
    "compress": [([True, False, True], V), ([False, True], M, {"axis": 0})],
    "delete": [(V, 1), (M, [0, 2], {"axis": 1})],
    "diag": [(V,), (M, {"k": 1})],
    "diagflat": [(V, {"k": -1})],
    "diff": [(V,), (M, {"axis": 0}), (V, {"n": 2}), (V, {"prepend": 0.0, "append": W})],
    "digitize": [(V, [0.0, 0.75, 1.0]), (V, [0.0, 0.75, 1.0], {"right": True})],
    "divmod": [BINARY],
    "dsplit": [(M.reshape(1, 1, 6), 2)],
    "ediff1d": [(M,)],
    "extract": [(M > 1, M)],
    "flatnonzero": [(V - 0.5,)],
    "insert": [(V, 1, 9.0), (M, [0, 1], 2.0, {"axis": 1}), (M, 1, V, {"axis": 0})],
    "pad": [(V, 1), (M, ((1, 0), (2, 1)), {"constant_values": 3.0}), (V, 2, {"mode": "reflect"})],
    "repeat": [(V, 2), (M, [1, 0], {"axis": 0}), (M, 2)],
    "resize": [(V, (2, 4))],
    "rollaxis": [(M, 1)],
    "searchsorted": [([0.0, 1.0, 2.0], V), ([0.5, 1.25], V, {"side": "right"})],
    "select": [([V > 1, W > 1], [V, W]), ([V > 1], [W], {"default": 2.0})],
    "take": [(V, [0, 2]), (M, [[0, 1]], {"axis": 1}), (M, 4)],
    "take_along_axis": [(M, np.array([[0, 2], [1, 1]]), {"axis": 1})],
    "vander": [(V,), (V, 2), (V, {"increasing": True})],
    "vecdot": [(M, M)],
    "unstack": [(M,), (M, {"axis": 1})],
    "vsplit": [(S, 2)],
}
MATH_SAMPLES = {
    **each("atan2 copysign fmod hypot isclose pow remainder", [(1.75, 0.5)]),
    "cbrt": [(-1.75,)],
    "dist": [([1.0, 2.0], [0.5, 4.0])],
    "fsum": [([1.5, 2.5],)],
    "gamma": [(2.5,), (-0.5,), (-1.5,)],
    "ldexp": [(1.5, 3)],
    "log": [(1.75,), (1.75, 2)],
    "modf": [(-1.75,)],
    "prod": [([1.5, 2.5],), ([1.5, 2.5], {"start": 2})],
    "sumprod": [([1.5, 2.5], [3.0, 4.0])],
}
LINALG_SAMPLES = {
    "cross": [BINARY],
    "lstsq": [],
    "matmul": [(M, V)],
    "matrix_transpose": [(M,)],
    "multi_dot": [([S, M, V],)],
    "outer": [BINARY],
    "solve": [(S, S[0]), (S, M)],
    "tensordot": [(S, M, {"axes": 1})],
    "trace": [(S,), (S, {"offset": 1})],
    "diagonal": [(S,)],
    "svd": [(M, {"compute_uv": False})],
}
NAMESAKES = {
    "numpy": (
        "sin cos tan arcsin arccos sinh tanh exp expm1 log1p log2 log10 sqrt square abs fabs sign "
        "sum mean floor ceil trunc degrees radians sinc exp2 diff diag ravel squeeze isnan "
        "count_nonzero argmax any all conjugate copy nan_to_num reciprocal zeros_like ones_like"
    ),
    "numpy.linalg": "norm inv det slogdet eigvalsh cholesky qr svd pinv cond eigh svdvals",
    "math": (
        "sin cos tan asin atan sinh exp expm1 log1p log2 sqrt fabs floor ceil trunc erf lgamma "
        "degrees radians isfinite isnan exp2"
    ),
}


def as_tensors(value):
    """Return the arguments with tensors that need a gradient for arrays and floats."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(as_tensors, value))
    if isinstance(value, np.ndarray) and value.dtype.kind in "bi":
        return torch.from_numpy(value)
    if isinstance(value, (np.ndarray, np.floating)):
        return torch.tensor(value, requires_grad=True)
    return value


ROWS = [
    pytest.param(module, name, sample, id=f"{module}.{name}-{number}")
    for module, samples in (("numpy", NUMPY_SAMPLES), ("numpy.linalg", LINALG_SAMPLES))
    for name, rows in samples.items()
    for number, sample in enumerate(rows)
    if hasattr(np if module == "numpy" else np.linalg, name)
]


@pytest.mark.filterwarnings("ignore:.*trapz. is deprecated")
@pytest.mark.parametrize(("module", "name", "sample"), ROWS)
def test_numpy_row_gives_numpys_numbers(module, name, sample):
    """Every row of the NumPy tables gives on tensors what NumPy gives on arrays."""
    named = sample[-1] if isinstance(sample[-1], dict) else {}
    values = sample[: len(sample) - bool(named)]
    original = getattr(np if module == "numpy" else np.linalg, name)
    ours = call(module, name, as_tensors(values), dict(named))
    same(ours, original(*values, **named))


@pytest.mark.parametrize(
    ("name", "sample"), [(name, row) for name, rows in MATH_SAMPLES.items() for row in rows]
)
def test_math_row_gives_maths_numbers(name, sample):
    """Every row of the math table gives on tensors what math gives on floats."""
    if not hasattr(math, name):  # cbrt and sumprod are younger than our oldest Python
        assert name in {"cbrt", "sumprod"}
        return
    named = sample[-1] if isinstance(sample[-1], dict) else {}
    values = sample[: len(sample) - bool(named)]
    tensors = [
        [point(part)[0] for part in value] if isinstance(value, list)
        else point(value)[0] if isinstance(value, float) else value
        for value in values
    ]  # fmt: skip
    same(
        call("math", name, tuple(tensors), named),
        getattr(math, name)(*values, **named),
    )


@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module, names in NAMESAKES.items() for name in names.split()],
)
def test_namesake_gives_the_same_numbers(module, name):
    """Functions found by name alone mean the same in torch."""
    if module == "math":
        value = 0.75
        if not hasattr(math, name):
            assert name == "exp2"
            return
        theirs, ours = getattr(math, name)(value), point(value)[0]
    else:
        value = (S @ S.T) if module == "numpy.linalg" else V / 2
        theirs, ours = (
            getattr(np if module == "numpy" else np.linalg, name)(value),
            as_tensors(value),
        )
    got = call(module, name, (ours,), {})
    if name in {"eigh", "qr", "svd", "slogdet"}:
        got, theirs = tuple(map(torch.abs, got)), tuple(map(abs, theirs))
    same(got, theirs)


@pytest.mark.parametrize("z", [0.3, -0.75, complex(0.3, -0.4)])
@pytest.mark.parametrize("name", sorted(counterparts.CMATH))
def test_cmath_row_gives_cmaths_numbers(name, z):
    """Every row of the cmath table takes real and complex tensors as cmath takes numbers."""
    values = (abs(z), 0.5) if name == "rect" else (z,)
    got = call("cmath", name, tuple(map(torch.tensor, as_doubles(values))), {})
    theirs = getattr(cmath, name)(*values)
    for ours, expected in zip(
        got if name == "polar" else [got], theirs if name == "polar" else [theirs], strict=True
    ):
        assert ours.item() == pytest.approx(expected, rel=1e-12)


def as_doubles(values):
    """Python numbers in double precision."""
    return [np.array(value) for value in values]


def test_cmath_keeps_the_graph():
    """The roots of a quadratic by cmath have a derivative, also where they are complex."""

    def roots(a, b, c):
        root = cmath.sqrt(b**2 - 4 * a * c)
        return ((-b + root) / (2 * a)).imag

    values = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (1.0, 0.5, 2.0)]
    slopes = torch.autograd.grad(lifted(roots)(*values), values)
    assert slopes[2].item() == pytest.approx(1 / math.sqrt(4 * 2.0 - 0.25), rel=1e-12)


def test_every_row_has_a_sample():
    """A row without a sample fails, and so does a sample without a row."""
    assert set(counterparts.NUMPY) == set(NUMPY_SAMPLES) - {"ones_like"}
    assert set(counterparts.MATH) == set(MATH_SAMPLES)
    assert set(counterparts.LINALG) == set(LINALG_SAMPLES)


def students(x):
    """Return the ways a student mixes NumPy and tensors."""
    out = np.zeros(2)
    out[0] = x[0] * x[1]
    out[1] = math.sin(x[0]) + sin(x[1])
    row = np.array([np.exp(x[0]) * np.pi, (MATRIX @ x)[0], MATRIX.dot(x)[1], (x @ MATRIX)[0]])
    whole = np.stack([(WHOLE @ x)[0], (x @ WHOLE)[1], (WHOLE / 3 @ x)[0], (np.arange(2) * x)[1]])
    return np.concatenate([out, row, whole, [norm(x), np.sqrt(np.sum(x**2)), np.dot(WHOLE, x)[1]]])


def test_students_function_matches_numpy_and_has_the_right_derivative():
    """The same code gives NumPy's values on arrays and a true Jacobian on tensors."""
    x = point(0.5, 1.5)
    np.testing.assert_allclose(lifted(students)(x).detach(), students(x.detach().numpy()))
    assert torch.autograd.gradcheck(lifted(students), x)


def test_everything_is_restored():
    """After a call, and after an exception, the namespace is the very same objects."""
    before = dict(globals())

    def fails(x):
        np.zeros(2)
        raise ZeroDivisionError("theirs")

    lifted(students)(point(1.0, 2.0))
    with pytest.raises(ZeroDivisionError, match="theirs"):
        lifted(fails)(point(1.0))
    assert all(globals()[name] is value for name, value in before.items())
    assert students(np.ones(2)).dtype == np.float64


def test_what_the_function_rebinds_stays():
    """A global that the function itself assigns keeps the function's value."""

    def counts(x):
        global COUNTER
        COUNTER = np.sum(MATRIX)
        return x

    lifted(counts)(point(1.0))
    assert MATRIX.sum() == COUNTER
    assert isinstance(MATRIX, np.ndarray)


def test_closures_defaults_and_helpers_are_lifted():
    """Arrays in closures and defaults work, and so do helper functions of the user's."""
    weights = np.array([1.0, 2.0])

    def helper(x):
        return weights * np.exp(x)

    def main(x, scale=np.array([2.0, 3.0])):  # noqa: B008
        return scale * helper(x)

    x = point(0.0, 1.0)
    result = lifted(main)(x)
    assert type(result) is torch.Tensor
    np.testing.assert_allclose(result.detach(), main(x.detach().numpy()))
    assert isinstance(weights, np.ndarray)
    assert isinstance(main.__defaults__[0], np.ndarray)


class Model:
    """A class with an array in it, called in three ways."""

    def __init__(self):
        self.weights = np.array([1.0, 3.0])

    def value(self, x):
        return np.dot(self.weights, x)

    __call__ = value


class Net(nn.Module):
    """A module whose forward uses math and NumPy."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2, dtype=torch.float64)

    def forward(self, x):
        return np.tanh(self.layer(x)) * math.sqrt(2)


def test_methods_instances_partials_and_modules():
    """Every kind of callable is lifted."""
    x, model = point(1.0, 2.0), Model()
    assert lifted(model.value)(x).item() == 7
    assert lifted(model)(x).item() == 7
    assert isinstance(model.weights, np.ndarray)
    added = functools.partial(lambda a, x, b: a @ x + np.sum(b * x), MATRIX, b=np.array([1.0, 1.0]))
    np.testing.assert_allclose(lifted(added)(x).detach(), [8.0, 16.0])
    assert lifted(np.sin)(x).requires_grad and lifted(math.exp)(x[0]).requires_grad
    np.testing.assert_allclose(lifted(functools.partial(np.dot, MATRIX))(x).detach(), [5.0, 13.0])
    net = Net()
    torch.testing.assert_close(lifted(net)(x), torch.tanh(net.layer(x)) * math.sqrt(2))


def test_calls_without_tensors_are_untouched():
    """Constant work is done by NumPy and math themselves."""

    def f(x):
        assert type(math.floor(2.5)) is int and math.comb(5, 2) == 10
        assert type(np.sum([1.0, 2.0])) is np.float64
        table = np.interp(np.linspace(0, 1, 3), [0.0, 1.0], [0.0, 2.0])  # torch has no interp
        index = np.argsort(np.array([3, 1, 2]))
        return x[index] * table

    assert lifted(f)(point(1.0, 2.0, 4.0)).tolist() == [0.0, 4.0, 2.0]


def test_whole_arrays_stay_whole():
    """Integer arrays still index, count and divide as NumPy's."""

    def f(x):
        third = WHOLE / 3
        names = {1: "a", 4: "b"}
        assert names[WHOLE[1, 1]] == "b" and list(range(WHOLE[0, 1])) == [0, 1]
        assert (WHOLE > 2).sum() == 2
        return third[0, 0] * x

    assert lifted(f)(point(3.0)).item() == pytest.approx(1.0, abs=1e-15)


def test_unknown_function_is_refused_by_name():
    """What torch does not have is never computed with a cut graph."""
    with pytest.raises(FunctionError, match=r"np\.unwrap has no counterpart in torch"):
        lifted(lambda x: np.unwrap(x))(point([0.5, 7.0]))


def test_cuts_are_left_alone():
    """float(), item() and torch.tensor do what torch makes of them."""

    def f(x):
        return x * float(x.detach()) + x.item() * 0

    x = point(3.0)
    with torch.no_grad():
        assert lifted(f)(x).item() == 9


def test_float32_meets_float64_arrays():
    """A float64 array and a float32 tensor multiply to float64, as in NumPy."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert lifted(lambda x: MATRIX @ x)(x).dtype == torch.float64
    assert lifted(lambda x: np.maximum(x, 0.0))(x).dtype == torch.float32


def test_odd_arrays_are_no_obstacle():
    """Read-only, reversed and byte-swapped arrays work; text arrays are left alone."""
    frozen = np.array([1.0, 2.0])
    frozen.flags.writeable = False
    backward, swapped = np.array([1.0, 2.0])[::-1], np.array([1.0, 2.0], dtype=">f8")
    names = np.array(["a", "b"])

    def f(x):
        return (frozen + backward + swapped) * x * len(names)

    assert lifted(f)(point(1.0, 1.0)).tolist() == [8.0, 10.0]
    assert frozen.tolist() == [1.0, 2.0]


def test_nested_and_concurrent_calls():
    """Proxies stay until the last call ends, and other threads keep plain NumPy."""
    started, finish, kinds = threading.Event(), threading.Event(), []

    def slow(x):
        started.set()
        assert finish.wait(10)
        return np.sin(MATRIX @ x)

    x = point(1.0, 2.0)
    results = []
    worker = threading.Thread(target=lambda: results.append(lifted(slow)(x)))
    worker.start()
    assert started.wait(10)
    kinds.append(type(np.zeros(2)))  # this thread is not lifted
    inner = lifted(lambda y: lifted(lambda z: np.cos(MATRIX @ z))(y) * np.sin(y))(x)
    finish.set()
    worker.join()
    assert kinds == [np.ndarray]
    torch.testing.assert_close(results[0], torch.sin(torch.tensor(MATRIX) @ x))
    assert inner.requires_grad
    assert isinstance(MATRIX, np.ndarray) and np.sin is globals()["np"].sin
    assert type(np.zeros(2)) is np.ndarray


def test_code_in_a_bare_namespace_is_lifted():
    """Functions executed into a dict without a name are the user's, and so are their helpers."""
    namespace = {"np": np}
    exec("def g(x): return np.exp(x)\ndef f(x): return g(x) * np.ones(2)", namespace)
    assert lifted(namespace["f"])(point(0.0)).tolist() == [1.0, 1.0]
    assert namespace["np"] is np


def test_wrapper_keeps_the_signature():
    """The wrapped function can be found, named and inspected."""
    wrapper = lifted(students)
    assert wrapper.__wrapped__ is students and wrapper.__name__ == "students"


def test_type_of_an_array_is_ndarray():
    """`type` knows no class of this package, and is the builtin in everything else."""

    class Doubling(type):
        def __new__(cls, name, bases, namespace, **named):
            return super().__new__(cls, name, bases, {**namespace, "factor": 2.0})

    def f(x, scale: type[int] | None = None):
        class Inner:
            pass

        class Outer(metaclass=Doubling):
            pass

        assert type(MATRIX) is np.ndarray and type(x) is np.ndarray
        assert type(MATRIX @ x) in (np.ndarray, list) and type(len(x)) is int
        assert isinstance(Inner, type) and not isinstance(len(x), type) and issubclass(type, object)
        assert type(Inner) is type and type(Outer()) is Outer and issubclass(Doubling, type)
        return MATRIX @ x * type("Made", (), {"factor": 3.0}).factor * Outer.factor

    found = lifted(f)(point(1.0, 2.0))
    same(found, MATRIX @ np.array([1.0, 2.0]) * 6)
    assert found.requires_grad and type(MATRIX) is np.ndarray


class Doubled(torch.autograd.Function):
    """Twice its argument."""

    @staticmethod
    def forward(ctx, x, factor=2.0):
        return x * factor

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2, None


class DoublingLayer(nn.Module):
    """Reads the autograd function in a method, which itself calls nothing of NumPy's."""

    def forward(self, x):
        return Doubled.apply(x)


def doubled(x):
    return Doubled.apply(x, 2.0)


LAYER, APPLY = DoublingLayer(), Doubled.apply


@pytest.mark.parametrize("double", [Doubled.apply, doubled, LAYER, lambda x: APPLY(x)])
def test_an_autograd_function_keeps_the_graph_beside_numpy(double):
    """`apply` is given the tensor that an array is, and not an array without a graph."""
    x = point(0.3, 0.9)
    before = torch.autograd.functional.jacobian(lifted(lambda x: np.exp(double(x))), x)
    after = torch.autograd.functional.jacobian(lifted(lambda x: double(np.exp(x))), x)
    torch.testing.assert_close(before.diagonal(), 2 * (2 * x).exp().detach())
    torch.testing.assert_close(after.diagonal(), 2 * x.exp().detach())


class Holder:
    """An object with a function as its attribute."""

    def __init__(self, function):
        self.function = function

    def apply(self, x):
        """Apply the function."""
        return self.function(x)


@pytest.mark.parametrize(
    ("held", "put", "call"),
    [
        ({"g": torch.sin}, lambda held, g: held.update(g=g), lambda held, x: held["g"](x)),
        ([torch.sin], lambda held, g: held.__setitem__(0, g), lambda held, x: held[0](x)),
        (Holder(torch.sin), lambda held, g: setattr(held, "function", g), Holder.apply),
        (types.SimpleNamespace(g=torch.sin), lambda held, g: setattr(held, "g", g),
         lambda held, x: held.g(x)),
    ],
)  # fmt: skip
def test_what_a_captured_object_holds_may_change(held, put, call, monkeypatch):
    """A function of torch's replaced by one of math's is lifted at the next call, and only then."""
    surveys = []
    look = survey.survey
    monkeypatch.setattr(survey, "survey", lambda one: surveys.append(one) or look(one))
    run = lifted(lambda x: call(held, x))
    x = torch.tensor(0.5, requires_grad=True)
    for _ in range(3):
        assert run(x).requires_grad
    assert len(surveys) == 1
    put(held, math.cos)
    assert torch.autograd.grad(run(x), x)[0] == -math.sin(0.5)
    assert len(surveys) == 2
