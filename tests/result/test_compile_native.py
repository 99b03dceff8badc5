"""Native code and floats against torch: operations, corpus, both compilers."""

from __future__ import annotations

import math
import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from corpus import CORPUS, Case

import jacmagic
from jacmagic import JacmagicError
from jacmagic.result.compiled.native import native as native_code
from jacmagic.result.compiled.native.floats import Floats
from jacmagic.result.compiled.native.native import native
from jacmagic.result.compiled.native.straight import Straight
from jacmagic.result.compiled.obstacles import NotCompiled
from jacmagic.symbolic.codegen.languages import C
from jacmagic.symbolic.graph import OPERATIONS, Tape

CASES = [case for case in CORPUS if not case.refuses][::5]
REFUSED = {
    "native": {"student_t"},  # the digamma function
    "python": set[str](),
    "graph": {  # an `if` on a value, in the code or in torch's own
        "with_printing",
        "helical_valley",
        "normal_distribution",
        "student_t",
        "gaussian_by_torch",
    },
}
NUMBERS = (-2.5, -1.0, -0.0, 0.0, 0.3, 1.0, 2.0, math.inf, -math.inf, math.nan)


def program_of(operations: list[str]) -> Straight:
    """Return a program of three scalars with one finite result of each operation."""
    nan, least, most = 12345.0, -1e308, 1e308  # instead of results that no program gives away
    steps: list[tuple] = [("lt", 0, 1), ("ge", 1, 2)]  # slots 7 and 8; 3 to 6 are constants
    for operation in operations:
        logical = operation in ("and", "or", "not")
        reads = (7, 8, 7) if logical else (7, 1, 2) if operation == "where" else (0, 1, 2)
        slot = 7 + len(steps)
        steps += [
            (operation, *reads[: OPERATIONS[operation].arity]),
            ("eq", slot, slot),
            ("clamp", slot, 4, 5),
            ("where", slot + 1, slot + 2, 6),
        ]
    values = tuple(range(12, 12 + 4 * len(operations), 4))
    tape = Tape(3, (0.0, least, most, nan), tuple(steps), values)
    return Straight(tape, (1, 1, 1), 0, len(values), 0)


def points_to_try() -> np.ndarray:
    """(k, 3): all pairs of the numbers, and a third one drawn."""
    draw = random.Random(0)
    return np.array([[a, b, draw.choice(NUMBERS)] for a in NUMBERS for b in NUMBERS])


def differing(kernel: object, operations: list[str]) -> list[str]:
    """Return the operations whose kernel differs from the graph's arithmetic."""
    points = points_to_try()
    columns = [torch.tensor(column) for column in points.T]
    _, found, _ = kernel.batch(columns)  # type: ignore[attr-defined]  # a kernel has it
    tape = program_of(operations).tape
    wanted = np.array([tape.evaluate(point) for point in points.tolist()])
    near = np.isclose(found.numpy(), wanted, rtol=1e-13, atol=0, equal_nan=True)
    return [
        f"{operations[k]} at {points[p]}: {found[p, k]} for {wanted[p, k]}"
        for p, k in np.argwhere(~near)
    ]


SCALARS = [torch.tensor(0.5, dtype=torch.float64)] * 3


def test_every_operation_in_c() -> None:
    """As the graph's own arithmetic, infinities and nan included."""
    operations = sorted(C.operations)
    assert differing(native(program_of(operations), SCALARS, (0,)), operations) == []


def test_every_operation_by_llvm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where there is no C compiler."""
    pytest.importorskip("llvmlite")
    monkeypatch.setattr(native_code, "c_compiler", lambda: None)
    operations = sorted(C.operations)
    assert differing(native(program_of(operations), SCALARS, (0,)), operations) == []


def test_the_comparison_of_operations_can_fail() -> None:
    """A wrong operation is named."""
    kernel = native(program_of(["sin"]), SCALARS, (0,))
    assert differing(kernel, ["sin"]) == []
    assert differing(kernel, ["cos"])[0].startswith("cos at")


def test_an_operation_that_c_has_not_is_refused() -> None:
    """By name, so that another backend is taken."""
    program = program_of(["digamma"])
    with pytest.raises(NotCompiled, match="C has no function for digamma"):
        native(program, SCALARS, (0,))
    assert Floats(program)(SCALARS) is not None


def test_without_compilers_python_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """`native` asked for says what to install; `auto` goes on without it."""
    monkeypatch.setattr(native_code, "c_compiler", lambda: None)
    monkeypatch.setitem(__import__("sys").modules, "llvmlite.binding", None)
    f = lambda x: x**2 if x > 0 else x  # noqa: E731
    with pytest.raises(JacmagicError, match=r"pip install jacmagic\[native\]"):
        jacmagic.compile(f, 1.0, backend="native")
    assert jacmagic.compile(f, 1.0).backend == "python"


def test_a_compiler_that_fails_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says is shown."""
    monkeypatch.setattr(native_code, "c_compiler", lambda: "false")
    g = jacmagic.compile(lambda x: x**2, 3.0)
    assert g.backend in ("graph", "python")
    assert any(note.startswith("native: the C compiler failed") for note in g.notes)


@pytest.mark.parametrize("backend", ["native", "python", "graph"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_functions_as_people_write_them(case: Case, backend: str) -> None:
    """At a point nearby, the compiled Jacobian is that of plain backward passes, or refused."""
    tensors = case.tensors()
    try:
        g = jacmagic.compile(case.function, *tensors, backend=backend)
    except JacmagicError as refused:
        assert case.name in REFUSED[backend], str(refused)
        return
    generator = torch.Generator().manual_seed(0)
    point = tuple(
        x * (1 + 0.05 * torch.rand(x.shape, generator=generator, dtype=x.dtype)) for x in tensors
    )
    wanted = jacmagic.jacobian(case.function, point, strategy="rows").matrix
    scale = float(wanted.abs().nan_to_num().max())
    assert torch.allclose(g(*point), wanted, rtol=1e-7, atol=1e-12 * scale, equal_nan=True)


def test_a_result_that_is_not_finite_is_not_given_away() -> None:
    """One value at a pole, by every kind of code; `jacobian()` is asked there."""
    tape = Tape(1, (1.0,), (("div", 1, 0),), (2,))
    program, x = Straight(tape, (1,), 0, 1, 0), [torch.tensor(0.0, dtype=torch.float64)]
    kernels = [Floats(program), native(program, x, (0,))]
    points = [torch.tensor([0.0, 1.0, 0.0, 2.0, 4.0], dtype=torch.float64)]
    for kernel in kernels:
        assert kernel(x) is None
        _, values, holds = kernel.batch(points)
        assert holds.tolist() == [False, True, False, True, True]
        assert values[3:, 0].tolist() == [0.5, 0.25]


def test_compiling_loads_no_sympy() -> None:
    """A closed form is compiled without loading SymPy or what displays a result."""
    code = (
        "import sys, torch, jacmagic\n"
        "f = lambda x: torch.stack([x[0] + x[1], x[2] * x[0], x[1] ** 3])\n"
        "x = torch.tensor([3.0, 4.0, 5.0])\n"
        "assert jacmagic.compile(f, x, backend='python')(x).shape == (3, 3)\n"
        "print(*{'sympy', 'ipywidgets', 'jacmagic.view'} & {*sys.modules})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not done.stdout.split()
