"""Generated source is run in its own language and equals torch."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess

import pytest
import torch

import jacmagic
from jacmagic.errors import OptionError
from jacmagic.symbolic.codegen.languages import LANGUAGES

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


@pytest.fixture(params=CASES)
def J(request):
    """Return the Jacobian of each case."""
    function, point = CASES[request.param]
    return jacmagic.jacobian(function, tuple(torch.tensor(v, dtype=F64) for v in point))


def call(J, source):
    """Run a generated Python or torch function at the Jacobian's point."""
    namespace: dict = {}
    exec(compile(source, "<generated>", "exec"), namespace)
    return namespace[f"jacobian_of_{J.title}"]


def test_python(J):
    """Plain Python needs nothing but math."""
    made = call(J, J.to_code("python"))(*[value.tolist() for value in J.point.values()])
    assert torch.allclose(torch.tensor(made, dtype=F64), J.matrix, rtol=1e-12)


def test_torch(J):
    """The torch function gives the matrix and stays differentiable."""
    point = [value.clone().requires_grad_() for value in J.point.values()]
    made = call(J, J.to_code("torch"))(*point)
    assert torch.allclose(made, J.matrix, rtol=1e-12)
    assert made.requires_grad


def test_javascript(J, tmp_path):
    """The JavaScript module runs in node."""
    node = shutil.which("node")
    assert node, "node is needed: apt-get install nodejs"
    module = tmp_path / "jacobian.mjs"
    arguments = json.dumps([value.tolist() for value in J.point.values()])
    module.write_text(
        J.to_code("javascript")
        + f"console.log(JSON.stringify(jacobian_of_{J.title}(...{arguments})));\n"
    )
    printed = subprocess.run([node, module], capture_output=True, text=True, check=True).stdout
    assert torch.allclose(torch.tensor(json.loads(printed), dtype=F64), J.matrix, rtol=1e-12)


def test_c(J, tmp_path):
    """The C function compiles without a warning and fills the array row by row."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler, "a C compiler is needed: apt-get install gcc libc6-dev"
    shapes = [tuple(value.shape) for value in J.point.values()]
    m, n = J.matrix.shape
    declared = "".join(
        f"double a{k}{''.join(f'[{size}]' for size in shape)} = "
        f"{str(value.tolist()).replace('[', '{').replace(']', '}')};\n"
        for k, (shape, value) in enumerate(zip(shapes, J.point.values(), strict=True))
    )
    passed = ", ".join(
        f"(const double (*)[{shape[1]}])a{k}" if len(shape) == 2 else f"a{k}"
        for k, shape in enumerate(shapes)
    )
    source = tmp_path / "jacobian.c"
    source.write_text(
        "#include <stdio.h>\n"
        + J.to_code("c")
        + f"int main(void) {{ {declared} double J[{m * n}]; jacobian_of_{J.title}({passed}, J);\n"
        + f'for (int k = 0; k < {m * n}; k++) printf("%.17g ", J[k]);\n return 0; }}\n'
    )
    program = tmp_path / "jacobian"
    subprocess.run([compiler, "-Wall", "-Werror", source, "-o", program, "-lm"], check=True)
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    made = torch.tensor([float(word) for word in printed.split()], dtype=F64).reshape(m, n)
    assert torch.allclose(made, J.matrix, rtol=1e-12)


def test_seed_reads_as_written():
    """The seed's Python is what a person would write."""
    function, point = CASES["seed"]
    J = jacmagic.jacobian(function, tuple(torch.tensor(v, dtype=F64) for v in point))
    assert J.to_code("python") == (
        "import math\n\n\n"
        "def jacobian_of_seed(x1, x2, x3):\n"
        "    return [\n"
        "        [1, 1, 0],\n"
        "        [x3, 0, x1],\n"
        "        [0, 3*x2**2, 0],\n"
        "    ]\n"
    )


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
    }
    for language, (infinity, nan) in words.items():
        source = bounded.to_code(language)
        assert infinity in source and nan in source
        assert "1e+20" in source


def test_no_complex_number():
    """Where a power of a negative number is none, Python raises instead of turning complex."""
    J = jacmagic.jacobian(lambda x, a: x**a, (torch.tensor(2.0, dtype=F64), torch.ones(())))
    function = call(J, J.to_code("python"))
    assert function(4.0, 1.5)[0][0] == pytest.approx(3)
    with pytest.raises(ValueError, match="domain"):
        function(-4.0, 1.5)


def test_unknown_language_and_function():
    """An unknown language and a function that a language lacks are refused by name."""
    J = jacmagic.jacobian(torch.digamma, torch.tensor(2.0, dtype=F64))
    with pytest.raises(OptionError, match="expected one of python, torch, c, javascript"):
        J.to_code("fortran")
    with pytest.raises(OptionError, match="javascript has no function for polygamma"):
        J.to_code("javascript")
    assert "polygamma" in J.to_code("torch")


def test_a_language_is_one_table(monkeypatch):
    """A table under a new name is all that another export language takes."""
    table = dataclasses.replace(
        LANGUAGES["python"],
        power=lambda base, exponent, _: f"{base[0]}^{exponent[0]}",
        frame=lambda name, arguments, result, statements, rows: (
            f"{name}({', '.join(arguments)}) = {'; '.join(', '.join(row) for row in rows)}"
        ),
    )
    monkeypatch.setitem(LANGUAGES, "formula", table)
    function, point = CASES["seed"]
    J = jacmagic.jacobian(function, tuple(torch.tensor(v, dtype=F64) for v in point))
    written = "jacobian_of_seed(x1, x2, x3) = 1, 1, 0; x3, 0, x1; 0, 3*x2^2, 0"
    assert J.to_code("formula") == written
