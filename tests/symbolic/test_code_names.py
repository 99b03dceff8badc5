"""Every function of the corpus, exported under hostile names, runs in its language and is right."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from functools import cache

import pytest
import torch
from corpus import CORPUS
from test_corpus import attempt, reference

from jacmagic.errors import JacmagicError
from jacmagic.labels import Label
from jacmagic.symbolic.codegen.languages import LANGUAGES
from jacmagic.symbolic.codegen.scope import Scope
from jacmagic.symbolic.formula import ClosedForm
from jacmagic.symbolic.graph import differentiate

F64 = torch.float64
HOSTILE = """
t1 t2 t3 J J_ J_2 math torch numpy np self cls arguments eval exec NaN nan inf Infinity INFINITY NAN
undefined double float int long char void const let var new function typeof async await yield static
default lambda lambda_ def class return import from None True False not is in and or global print
sin cos exp log sqrt pow fabs fmax floor abs max min sum main printf errno linux unix I M_PI
HUGE_VAL Math window document Array Object constructor __proto__ __debug__ __class__ _
__x _Bool a0 void_ x θ̇ x̂ v⃗ θ Θ λ ſin ﬁ x₁ x1 变量 ж é ñ π ∂x β_1 Ωm ℏ 𝐱
layer.weight x[0] a-b 2nd two\u00a0words x' */ // ; " \\ </script>
""".split()
KNOWN = [case for case in CORPUS if not case.refuses]
SIZES = [len(case.point) for case in KNOWN]
STARTS = [0, *itertools.accumulate(SIZES)]
SHIFTS = pytest.mark.parametrize("shift", [0, 37, 74])


@cache
def exported(index: int) -> tuple[ClosedForm, torch.Tensor]:
    """Return the closed form of a case, and torch's Jacobian."""
    case = KNOWN[index]
    found = attempt(case)
    rows = differentiate(found.graph, found.outputs, found.inputs)
    columns = tuple(Label(f"v{k}") for k in range(len(found.inputs)))
    return ClosedForm(found, columns, tuple(rows)), reference(case, case.tensors())[1]


def names_for(index: int, shift: int) -> list[str]:
    """Hostile names for the inputs of a case: the next ones of the list, round and round."""
    return [HOSTILE[(STARTS[index] + shift + k) % len(HOSTILE)] for k in range(SIZES[index])]


def sources(language: str, shift: int) -> dict[int, str]:
    """By index the source of every case that a language has the functions for."""
    written = {}
    for index, case in enumerate(KNOWN):
        form, _ = exported(index)
        shapes = [tuple(tensor.shape) for tensor in case.tensors()]
        reached = {form.graph.operations[node] for node in form.graph.reach(form.entries)}
        known = {*LANGUAGES[language].operations, "number", "variable"}
        inputs = list(zip(names_for(index, shift), shapes, strict=True))
        if reached <= known:
            written[index] = form.source(language, f"jacobian_{index}", inputs)
        else:
            with pytest.raises(JacmagicError, match=f"{language} has no function for"):
                form.source(language, "refused", inputs)
    return written


def assert_right(found: dict[int, torch.Tensor]) -> None:
    """Every matrix is torch's to nine digits."""
    wrong = []
    for index, matrix in found.items():
        _, truth = exported(index)
        scale = float(truth.abs().max().clamp(max=1))
        if not torch.allclose(matrix.reshape(truth.shape), truth, rtol=1e-9, atol=1e-9 * scale):
            wrong.append(KNOWN[index].name)
    assert wrong == []


def run_python(source: str, name: str):
    """Return a function that generated Python or torch defines."""
    namespace: dict = {}
    exec(compile(source, f"<{name}>", "exec"), namespace)
    return namespace[name]


def test_the_names_are_many_and_each_is_used():
    """At least 60 names, keywords of all four languages among them; every one is an input's."""
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60
    assert sum(SIZES) > len(HOSTILE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_distinct_names_stay_distinct(language):
    """All hostile names at once are as many identifiers, none of them reserved."""
    words = LANGUAGES[language]
    names = Scope(words.reserved, ascii_only=words.ascii_only).names(HOSTILE)
    assert len(set(names)) == len(names)
    assert not set(names) & words.reserved
    assert all(name.isidentifier() for name in names)
    free = dict(zip(HOSTILE, names, strict=True))
    assert (free["x"], free["x1"], free["t1"]) == ("x", "x1", "t1")


def test_names_in_ascii_are_spelt():
    """In C a Greek letter and an accent are written by their names."""
    scope = Scope(LANGUAGES["c"].reserved, ascii_only=True)
    assert scope.names(["θ̇", "Θ", "double", "_x"]) == ["theta_dot", "Theta", "double_", "v_x"]


@SHIFTS
def test_python(shift):
    """Every function that Python has words for, called with numbers and nested lists."""
    written = sources("python", shift)
    assert len(written) >= 0.95 * len(KNOWN)
    found = {}
    for index, source in written.items():
        call = run_python(source, f"jacobian_{index}")
        arguments = [tensor.tolist() for tensor in KNOWN[index].tensors()]
        found[index] = torch.tensor(call(*arguments), dtype=F64)
    assert_right(found)


@SHIFTS
def test_torch(shift):
    """Every function in torch, in float64 throughout."""
    written = sources("torch", shift)
    assert len(written) == len(KNOWN)
    found = {}
    for index, source in written.items():
        found[index] = run_python(source, f"jacobian_{index}")(*KNOWN[index].tensors())
    assert_right(found)


@SHIFTS
def test_javascript(tmp_path, shift):
    """Every function in one module that node runs."""
    node = shutil.which("node")
    assert node, "node is needed: apt-get install nodejs"
    written = sources("javascript", shift)
    assert len(written) >= 0.9 * len(KNOWN)
    calls = []
    for index in written:
        arguments = json.dumps([tensor.tolist() for tensor in KNOWN[index].tensors()])
        calls.append(f"jacobian_{index}(...{arguments}).flat().map(String).join(' ')")
    module = tmp_path / "all.mjs"
    module.write_text(
        "\n".join([*written.values(), *(f"console.log({call});" for call in calls)]), "utf-8"
    )
    printed = subprocess.run([node, module], capture_output=True, text=True, check=True).stdout
    assert_right(read(written, printed.replace("Infinity", "inf")))


def read(written: dict[int, str], printed: str) -> dict[int, torch.Tensor]:
    """Return the matrices that a program has printed, one a line."""
    lines = [[float(word) for word in line.split()] for line in printed.splitlines()]
    return {
        index: torch.tensor(line, dtype=F64) for index, line in zip(written, lines, strict=True)
    }


@SHIFTS
def test_c(tmp_path, shift):
    """Every function in one program, compiled without a warning."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler, "a C compiler is needed: apt-get install gcc libc6-dev"
    written = sources("c", shift)
    assert len(written) >= 0.95 * len(KNOWN)
    main = [
        "#include <stdio.h>",
        *written.values(),
        "static double J[100000];",
        "int main(void) {",
        *(line for index in written for line in called_in_c(index)),
        "return 0; }",
    ]
    source, program = tmp_path / "all.c", tmp_path / "all"
    source.write_text("\n".join(main))
    flags = "-O0 -std=c99 -D_DEFAULT_SOURCE -Wall -Wextra -Werror -Wno-unused-parameter".split()
    subprocess.run([compiler, *flags, source, "-o", program, "-lm"], check=True)
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    assert_right(read(written, printed))


def called_in_c(index: int) -> list[str]:
    """Statements that call a function at its point and print the matrix in one line."""
    arrays, arguments = [], []
    for k, tensor in enumerate(KNOWN[index].tensors()):
        sizes = "".join(f"[{size}]" for size in tensor.shape)
        numbers = str(tensor.tolist()).replace("[", "{").replace("]", "}")
        arrays.append(f"const double a{k}{sizes} = {numbers};")
        arguments.append(f"a{k}")
    m, n = exported(index)[1].shape
    call = f"jacobian_{index}({', '.join([*arguments, 'J'])});"
    return [
        f"{{ {' '.join(arrays)} {call}",
        f'for (int k = 0; k < {m * n}; k++) printf("%.17g ", J[k]);',
        'printf("\\n"); }',
    ]
