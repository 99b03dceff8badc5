"""Generated source is run in its own language and equals torch."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest
import torch
from code_runners import RUNNERS, Call, in_c, in_cpp, in_cuda, in_rust

import jacmagic
from jacmagic.errors import OptionError
from jacmagic.symbolic.codegen.languages import LANGUAGES
from jacmagic.symbolic.codegen.layout import comment

F64 = torch.float64


def seed(x1, x2, x3):
    return (x1 + x2, x3 * x1, x2**3)


def mixed(a, b, c):
    s = torch.sigmoid(a * b)
    return (
        torch.where(a > 0, -(b**2), c) / 7,
        s * c + torch.exp(-s),
        torch.atan2(a, b) * torch.tanh(c),
        -(((a - (b - c)) / (b / c)) ** 3),
        torch.maximum(a, b) - abs(c) + torch.remainder(b, 0.7),
        torch.clamp(c, -1, 1) * torch.log1p(b**2) / torch.sqrt(a**2 + 1),
    )


def tensors(x, A):
    return A @ torch.sin(x), (x @ x).reshape(1)


def words(t1, t2, J):
    """Truth values, infinite bounds, and functions that torch takes tensors for."""
    return (
        torch.nan_to_num(t1) * torch.where((t1 > 0) | ((t1 - t1) < 0), t2 * t2, t2),
        torch.where(t1 > J, 0.1 * t2, 0.3 * t2) * torch.clamp(t1, min=0.2),
        torch.atan2(torch.ones_like(t1), t1 * t2) + torch.maximum(t1, torch.ones_like(t1)) * J,
        torch.sigmoid(60 * t2) * torch.log1p(torch.exp(900 * t1)) + t1 ** (J + 2),
        torch.remainder(t1 * t2, -J) + torch.sign(J) * t1.abs(),
    )


def angle(x, y):
    """Denominators that are kept away from zero."""
    return torch.nn.functional.cosine_similarity(x, y, dim=0)


def largest(x):
    """Return a maximum of maxima, and a chain of 300 steps."""
    total = x.max() * x.min()
    for k in range(300):
        total = torch.sin(total + x[k % 9]) * 0.99
    return total, x.max()


CASES = {
    "words": (words, (0.7, -1.3, 0.4)),
    "angle": (angle, ([0.3, -0.8], [1.0, 2.0])),
    "largest": (largest, ([0.1 * (7 * k % 9) for k in range(9)],)),
    "seed": (seed, (3.0, 4.0, 5.0)),
    "mixed": (mixed, (0.7, -1.3, 0.4)),
    "tensors": (tensors, ([0.3, -0.8], [[1.0, 2.0], [3.0, -4.0]])),
}


@cache
def jacobian_of(name):
    """Return the Jacobian of a case, the same for all languages."""
    function, point = CASES[name]
    return jacmagic.jacobian(function, tuple(torch.tensor(v, dtype=F64) for v in point))


@pytest.fixture(params=CASES)
def J(request):
    """Return the Jacobian of each case."""
    return jacobian_of(request.param)


def numbers(J, language: str, folder, **options) -> tuple[torch.Tensor, torch.Tensor]:
    """Return value and entries that the generated function gives at the Jacobian's point."""
    sparse = options.get("sparse")
    m, n = J.shape
    name = options.setdefault("name", "both")
    entries = int(J.pattern.sum()) if sparse else m * n
    point = tuple(J.point.values())
    one = Call(name, J.to_code(language, **options), point, m, entries)
    (found,) = RUNNERS[language]([one], folder)
    both = torch.tensor(found, dtype=F64)
    return both[:m], both[m:]


def close(found: torch.Tensor, truth: torch.Tensor) -> bool:
    """Whether numbers are equal to twelve digits."""
    return torch.allclose(found, truth.reshape(-1), rtol=1e-12)


@pytest.mark.parametrize("language", LANGUAGES)
def test_value_and_jacobian_in_one_pass(J, language, tmp_path):
    """The function compiles without a warning; both results are torch's."""
    value, matrix = numbers(J, language, tmp_path)
    assert close(value, torch.cat([one.reshape(-1) for one in J.numbers.outputs.leaves]))
    assert close(matrix, J.matrix)


@pytest.mark.parametrize("language", LANGUAGES)
def test_sparse_entries_with_their_places(language, tmp_path):
    """Only the entries of the pattern are computed, row by row; the arrays say where they are."""

    def f(x):
        return torch.cat([x[1:] * x[:-1], x[:1] ** 2])

    J = jacmagic.jacobian(f, torch.tensor([0.3, -1.2, 2.0, 0.7], dtype=F64))
    _, entries = numbers(J, language, tmp_path, sparse=True)
    assert close(entries, J.matrix[J.pattern])
    source = J.to_code(language, sparse=True)
    for integers in ("0, 2, 4, 6, 7", "0, 1, 1, 2, 2, 3, 0"):
        assert integers in source
    assert "sparse 4 x 4 Jacobian" in source


def test_a_sparse_mode_writes_a_sparse_matrix():
    """Where torch computed the Jacobian sparsely, so does the code by default."""
    x = torch.linspace(0.1, 1, 40, dtype=F64)
    J = jacmagic.jacobian(torch.sin, x, strategy="sparse")
    assert "sparse 40 x 40 Jacobian" in J.to_code("c")
    assert "J: the 40 x 40 Jacobian" in J.to_code("c", sparse=False)


@pytest.mark.parametrize(("language", "real"), [("c", "float"), ("rust", "f32")])
def test_single_precision(language, real, tmp_path):
    """`dtype="float32"` writes single precision throughout, without a conversion to double."""
    function, point = CASES["tensors"]
    J = jacmagic.jacobian(function, tuple(torch.tensor(v, dtype=F64) for v in point))
    source = J.to_code(language, dtype="float32", name="both")
    assert "double" not in source and "f64" not in source
    one = Call("both", source, tuple(J.point.values()), J.shape[0], J.matrix.numel())
    (found,) = {"c": in_c, "rust": in_rust}[language]([one], tmp_path, real)
    matrix = torch.tensor(found[J.shape[0] :], dtype=F64)
    assert torch.allclose(matrix, J.matrix.reshape(-1), rtol=1e-6, atol=0)
    with pytest.raises(OptionError, match="expected float64 in python; found 'float32'"):
        J.to_code("python", dtype="float32")


@pytest.mark.parametrize("language", ["c++", "cuda"])
def test_templates_are_for_float_too(language, tmp_path):
    """C++ and CUDA write a template, which compiles for float."""
    function, point = CASES["mixed"]
    J = jacmagic.jacobian(function, tuple(torch.tensor(v, dtype=F64) for v in point))
    one = Call("both", J.to_code(language, name="both"), tuple(J.point.values()), *J.shape)
    one = dataclasses.replace(one, entries=J.matrix.numel())
    (found,) = {"c++": in_cpp, "cuda": in_cuda}[language]([one], tmp_path, "float")
    matrix = torch.tensor(found[J.shape[0] :], dtype=F64)
    assert torch.allclose(matrix, J.matrix.reshape(-1), rtol=1e-4, atol=1e-6)


def test_numpy_takes_batches():
    """Leading dimensions of the inputs are those of the results; float32 stays float32."""
    function, point = CASES["tensors"]
    J = jacmagic.jacobian(function, tuple(torch.tensor(v, dtype=F64) for v in point))
    namespace: dict = {}
    exec(J.to_code("numpy"), namespace)
    x = np.random.default_rng(0).normal(size=(5, 3, 2))
    A = np.random.default_rng(1).normal(size=(3, 2, 2))
    value, matrix = namespace["value_and_jacobian_of_tensors"](x, A)
    assert value.shape == (5, 3, 3) and matrix.shape == (5, 3, 3, 6)
    there = J.at(x=torch.tensor(x[4, 2]), A=torch.tensor(A[2]))
    np.testing.assert_allclose(matrix[4, 2], there.to_numpy(), rtol=1e-12, atol=1e-14)
    single = namespace["value_and_jacobian_of_tensors"](x.astype("f4"), A.astype("f4"))
    assert single[1].dtype == np.float32


def test_torch_stays_differentiable_and_maps():
    """The torch function gives the matrix, has a gradient, and works under vmap."""
    function, point = CASES["tensors"]
    J = jacmagic.jacobian(function, tuple(torch.tensor(v, dtype=F64) for v in point))
    namespace: dict = {}
    exec(J.to_code("torch", value=False), namespace)
    made = namespace["jacobian_of_tensors"]
    x = torch.randn(4, 2, dtype=F64, requires_grad=True)
    A = torch.tensor(point[1], dtype=F64)
    found = torch.func.vmap(made, (0, None))(x, A)
    assert found.requires_grad
    assert torch.allclose(found[3], J.at(x=x[3].detach()).matrix, rtol=1e-12)


def test_seed_reads_as_written():
    """The seed's Python is what a person would write; alone, the Jacobian is as before."""
    function, point = CASES["seed"]
    J = jacmagic.jacobian(function, tuple(torch.tensor(v, dtype=F64) for v in point))
    assert J.to_code("python") == (
        "# Value and Jacobian of seed, written by jacmagic.\n"
        "# Inputs: x1: a number; x2: a number; x3: a number\n"
        "# Value: 3 numbers (seed1, seed2, seed3).\n"
        "# J: the 3 x 3 Jacobian, outputs by inputs, row by row.\n"
        "# Operations: 1 addition, 4 multiplications (5 in all).\n"
        "import math\n\n\n"
        "def value_and_jacobian_of_seed(x1, x2, x3):\n"
        "    t1 = x2**2\n"
        "    value = [x1 + x2, x1*x3, x2*t1]\n"
        "    J = [\n"
        "        [1, 1, 0],\n"
        "        [x3, 0, x1],\n"
        "        [0, 3*t1, 0],\n"
        "    ]\n"
        "    return value, J\n"
    )
    assert J.to_code("python", value=False).endswith(
        "def jacobian_of_seed(x1, x2, x3):\n"
        "    return [\n"
        "        [1, 1, 0],\n"
        "        [x3, 0, x1],\n"
        "        [0, 3*x2**2, 0],\n"
        "    ]\n"
    )


def test_constants_conditions_and_names(tmp_path):
    """Constants keep their names, branches are stated, no text of the user's ends a comment."""
    alpha = 1.1

    def f(x):
        y = alpha * torch.sin(x)
        return y if x > 0 else -y

    J = jacmagic.jacobian(f, torch.tensor(0.5, dtype=F64))
    source = J.to_code("c", name="both")
    assert "const double alpha = 1.1;" in source and "// Valid while x > 0 (line" in source
    assert close(numbers(J, "c", tmp_path)[1], J.matrix)
    assert "alpha" not in J.shown(names=False).to_code("c")
    hostile = "a\\\nb??/\u2028*/"
    lines = comment([hostile, "x" * 300], "//")
    assert all(line.startswith("// ") and "\\" not in line for line in lines)
    assert "??/" not in "".join(lines) and len("".join(lines).splitlines()) == 1


def test_hessians_with_their_gradients(tmp_path):
    """Of a Hessian, the value is the gradient."""
    H = jacmagic.hessian(lambda x: (x**3).sum() * x[0], torch.tensor([0.5, -1.0], dtype=F64))
    assert "gradient_and_hessian_of" in H.to_code("c")
    value, matrix = numbers(H, "c", tmp_path)
    assert close(matrix, H.matrix) and close(value, H.value)


def call(J, source):
    """Return a generated Python function."""
    namespace: dict = {}
    exec(compile(source, "<generated>", "exec"), namespace)
    return namespace[f"jacobian_of_{J.title}"]


def test_numbers_that_no_language_writes_as_they_are():
    """Infinity and nan have each language's words; a large integer is a double."""
    bounded = jacmagic.jacobian(
        lambda x: torch.where(x > torch.inf, torch.nan, x**2) * torch.exp(x - 1e20),
        torch.tensor(0.5, dtype=F64),
    )
    words = {
        "python": ("math.inf", "math.nan"),
        "torch": ("torch.inf", "torch.nan"),
        "c": ("INFINITY", "NAN"),
        "javascript": ("Infinity", "NaN"),
        "numpy": ("np.inf", "np.nan"),
        "c++": ("::infinity()", "::quiet_NaN()"),
        "cuda": ("Real(INFINITY)", "Real(NAN)"),
        "rust": ("f64::INFINITY", "f64::NAN"),
    }
    for language, (infinity, nan) in words.items():
        source = bounded.to_code(language)
        assert infinity in source and nan in source
        assert "1e+20" in source


def test_no_complex_number():
    """Where a power of a negative number is none, Python raises instead of turning complex."""
    J = jacmagic.jacobian(lambda x, a: x**a, (torch.tensor(2.0, dtype=F64), torch.ones(())))
    function = call(J, J.to_code("python", value=False))
    assert function(4.0, 1.5)[0][0] == pytest.approx(3)
    with pytest.raises(ValueError, match="domain"):
        function(-4.0, 1.5)


def test_unknown_language_and_function():
    """An unknown language and a function that a language lacks are refused by name."""
    J = jacmagic.jacobian(torch.digamma, torch.tensor(2.0, dtype=F64))
    with pytest.raises(OptionError, match="expected one of python, numpy, torch"):
        J.to_code("fortran")
    with pytest.raises(OptionError, match="javascript has no function for digamma"):
        J.to_code("javascript")
    assert "polygamma" in J.to_code("torch")
    assert J.code_languages == ("numpy", "torch")


def test_a_language_is_one_table(monkeypatch):
    """A table under a new name is all that another export language takes."""
    table = dataclasses.replace(
        LANGUAGES["python"],
        power=lambda base, exponent, _: f"{base[0]}^{exponent[0]}",
        frame=lambda f: (
            f"{f.name}({', '.join(one.name for one in f.arguments)}) = "
            f"{'; '.join(', '.join(row) for row in f.rows)}"
        ),
    )
    monkeypatch.setitem(LANGUAGES, "formula", table)
    function, point = CASES["seed"]
    J = jacmagic.jacobian(function, tuple(torch.tensor(v, dtype=F64) for v in point))
    written = "jacobian_of_seed(x1, x2, x3) = 1, 1, 0; x3, 0, x1; 0, 3*x2^2, 0"
    assert J.to_code("formula", value=False) == written
