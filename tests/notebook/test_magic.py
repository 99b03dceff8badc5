"""The magic in a real shell: input, result, display, errors, and unloading."""

from __future__ import annotations

import inspect
import math
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
import sympy
import torch
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from torch import nn
from traitlets.config import Config

import jacmagic

SEED = "def f(x1, x2, x3):\n    return (x1 + x2, x3*x1, x2**3)\n"


@pytest.fixture
def shell(new_shell: InteractiveShell) -> InteractiveShell:
    """Return a shell for each test."""
    return new_shell


def run(shell: InteractiveShell, text: str) -> Any:
    """Return the value of a cell that succeeds."""
    done = shell.run_cell(text, store_history=True)
    done.raise_error()
    return done.result


def fail(shell: InteractiveShell, text: str) -> BaseException:
    """Return the exception of a cell that fails."""
    done = shell.run_cell(text, store_history=True)
    error = done.error_in_exec or done.error_before_exec
    assert error is not None
    return error


def numbers(jacobian: Any) -> list[list[float]]:
    """Return the matrix as plain numbers."""
    return jacobian.matrix.tolist()


# --- the two forms -----------------------------------------------------------------------------


def test_a_fixed_tensor_on_the_line_is_a_copy(shell: InteractiveShell) -> None:
    """Later in-place changes of the tensor do not affect the result."""
    run(shell, "import torch\nb = torch.tensor(3.0)\ndef f(a, b):\n    return a * b**2")
    run(shell, "%jacobian f a=2.0 b=b --wrt a")
    assert numbers(run(shell, "J = _\nb.fill_(10.0)\nJ.at(a=5.0)")) == [[9.0]]


def test_the_seed_s_example(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """The article's function at the article's point, shown once."""
    result = run(shell, f"%%jacobian x1=3 x2=4 x3=5\n{SEED}")
    assert isinstance(result, jacmagic.Jacobian)
    assert numbers(result) == [[1, 1, 0], [5, 0, 3], [0, 48, 0]]
    assert result.formula is not None
    assert str(result.formula.tolist()) == "[[1, 1, 0], [x3, 0, x1], [0, 3*x2**2, 0]]"
    shown = capsys.readouterr().out
    assert shown.count("Jacobian of f") == 1
    assert "Out[1]:" in shown


def test_the_result_is_out_and_underscore(shell: InteractiveShell) -> None:
    """The magic returns the Jacobian as any expression would."""
    result = run(shell, f"%%jacobian x1=3\n{SEED}")
    assert shell.user_ns["_"] is result
    assert shell.user_ns["Out"][1] is result
    assert run(shell, "J = %jacobian f") is None
    assert shell.user_ns["J"].title == "f"


def test_the_definitions_of_the_cell_stay(shell: InteractiveShell) -> None:
    """The cell runs in the user's namespace, and its source is known."""
    run(shell, f"%%jacobian x1=3\nimport math\nscale = 2\n{SEED}")
    assert shell.user_ns["scale"] == 2
    assert inspect.getsource(shell.user_ns["f"]) == SEED
    assert shell.user_ns["f"](1, 2, 3) == (3, 3, 8)


def test_a_function_of_an_earlier_cell_is_not_that_of_the_cell(shell: InteractiveShell) -> None:
    """Where a branch that defines it is not taken; one that is imported or assigned there is."""
    run(shell, "def f(x): return x\ng = f")
    skipped = "if not True:\n    def f(x): return 2*x"
    alone = fail(shell, f"%%jacobian x=1\n{skipped}")
    assert "found f, which only an earlier cell has defined" in str(alone)
    assert "found that of an earlier cell" in str(fail(shell, f"%%jacobian x=1 --of f\n{skipped}"))
    assert numbers(run(shell, f"%%jacobian x=1\ndef h(x): return 3*x\n{skipped}")) == [[3.0]]
    other = skipped.replace("if not", "if")
    assert numbers(run(shell, f"%%jacobian x=1\n{other}")) == [[2.0]]
    assert numbers(run(shell, f"%%jacobian x=1\n{skipped}\nelse:\n    f = g")) == [[1.0]]
    assert numbers(run(shell, f"%%jacobian x=1\n{skipped}\nelse:\n    f = g")) == [[1.0]]


def test_a_trailing_semicolon_silences(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """As `%%time` does."""
    assert run(shell, "%%jacobian x=3\ndef f(x): return x**2;") is None
    assert run(shell, "%jacobian f x=3;") is None
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("%jacobian g x=2", [[4.0]]),
        ("%jacobian instance.method x=2", [[3.0]]),
        ("%jacobian net input=[1, 2]", [[1.0, 1.0]]),
        ("%jacobian net input=[1, 2] --wrt bias", [[1.0]]),
        ("%jacobian partial(product, 5) y=2", [[5.0]]),
        ("%jacobian M x=2", [[4.0], [1.0]]),
        ("%jacobian sympy.sin(x) x=0", [[1.0]]),
        ("%jacobian torch.exp x=0", [[1.0]]),
        ("%jacobian lambda x: x**2 --at 2", [[4.0]]),
    ],
)
def test_the_line_form_takes_what_exists(
    shell: InteractiveShell, target: str, expected: list[list[float]]
) -> None:
    """Functions, methods, modules, partials, SymPy and expressions of them."""
    net = nn.Linear(2, 1)
    nn.init.ones_(net.weight)
    shell.push({"net": net, "torch": torch, "sympy": sympy, "x": sympy.Symbol("x")})
    run(shell, "from functools import partial\ng = lambda x: x**2\ndef product(x, y): return x * y")
    run(shell, "class C:\n    def method(self, x): return 3*x\ninstance = C()")
    run(shell, "M = sympy.Matrix([x**2, x])")
    assert numbers(run(shell, target)) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%%jacobian x=1 y=0\nx**2 * y\n5*x + sin(y)", [[0.0, 1.0], [5.0, 1.0]]),
        ("%%jacobian x=2\ng = lambda x: x**2", [[4.0]]),
        ("%%jacobian x=2\nclass S:\n    def __call__(self, x): return 3*x\ns = S()", [[3.0]]),
        ("%%jacobian x=2\ndef f(x): return x\nh = partial(pow, exp=2)", [[4.0]]),
        ("%%jacobian x=2 --of f\ndef f(x): return x\ndef g(x): return x**2", [[1.0]]),
        ("%%jacobian x=2 --mode forward --chunk 1\ndef f(x): return x**2", [[4.0]]),
        ("%%jacobian\ndef f(x=3.0): return x**2", [[6.0]]),
        ("%%jacobian state=[1, 2]\ndef f(state):\n    x, y = state\n    return x*y", [[2.0, 1.0]]),
        ("%%jacobian x=2\n%time 1\ndef f(x): return x**2", [[4.0]]),
        ("%%jacobian x=2\nfrom __future__ import annotations\ndef f(x: nope): return x", [[1.0]]),
    ],
)
def test_the_cell_form_takes_every_kind_of_cell(
    shell: InteractiveShell, cell: str, expected: list[list[float]]
) -> None:
    """Expressions, lambdas, instances, partials and choices among functions."""
    run(shell, "from functools import partial\ndef pow(x, exp): return x**exp")
    assert numbers(run(shell, cell)) == expected


def test_an_expression_cell_leaves_only_its_imports(shell: InteractiveShell) -> None:
    """The components are not bound in the notebook."""
    run(shell, "%%jacobian x=1\nfrom math import sin\nr = x**2\nsin(r)")
    assert "sin" in shell.user_ns
    assert "r" not in shell.user_ns


# --- options -------------------------------------------------------------------------------------


def test_the_help_is_printed_and_nothing_runs(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """`-h` shows both usages, the examples and every option."""
    assert run(shell, "%%jacobian -h\nraise SystemError") is None
    shown = capsys.readouterr().out
    for part in ("%%jacobian [name", "%jacobian TARGET", "--no-formula", "5*x + sin(y)", "-v NAME"):
        assert part in shown
    run(shell, "%jacobian?")
    assert "%jacobian TARGET" in (shell.find_line_magic("jacobian").__doc__ or "")


def test_quiet_shows_nothing_and_returns_the_value(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next display of the same object is shown again."""
    result = run(shell, f"%%jacobian x1=3 -q\n{SEED}")
    assert capsys.readouterr().out == ""
    assert shell.user_ns["_"] is shell.user_ns["Out"][1] is result
    assert run(shell, "_") is result
    shown = capsys.readouterr().out
    assert "Out[2]:" in shown
    assert "Jacobian of f" in shown


def test_a_name_stores_the_result(shell: InteractiveShell) -> None:
    """`-v` is an assignment."""
    result = run(shell, f"%%jacobian x1=3 -v K\n{SEED}")
    assert shell.user_ns["K"] is result


def test_digits_come_from_the_option_or_the_configuration(shell: InteractiveShell) -> None:
    """`-p` for once, `%config` for good."""
    cell = "def f(x): return x / 3"
    assert "0.333333 " in repr(run(shell, f"%%jacobian x=1 -p 6\n{cell}"))
    run(shell, "%config JacobianMagics.precision = 2")
    assert "0.33 " in repr(run(shell, f"%%jacobian x=1\n{cell}"))


def test_the_view_follows_the_options(shell: InteractiveShell) -> None:
    """Options of display are attributes of the result's view."""
    line = "x=[1, 2] --layout denominator --still --steps --range x[1]=0:pi --range x[0]=-1:1:0.5"
    view = run(shell, f"%%jacobian {line}\ndef f(x): return x**2").view
    assert (view.layout, view.live, view.steps, view.digits) == ("denominator", False, True, 4)
    assert view.ranges["x[0]"] == (-1.0, 1.0, 0.5)
    assert view.ranges["x[1]"] == (0.0, pytest.approx(3.14159, abs=1e-4), None)
    run(shell, "%config JacobianMagics.live = False")
    assert run(shell, "%jacobian f x=1").view.live is False


def test_the_computation_follows_the_options(shell: InteractiveShell) -> None:
    """Mode, chunk, graph, dtype and formula have their effect."""
    cell = "def f(x): return x**3"
    result = run(shell, f"%%jacobian x=[1, 2] --mode reverse --no-formula --create-graph\n{cell}")
    assert (result.mode, result.formula) == ("reverse", None)
    assert result.matrix.requires_grad
    assert run(shell, "%jacobian f x=2 --mode forward").mode == "forward"
    assert run(shell, "%jacobian f x=2 --dtype float32").matrix.dtype == torch.float32
    assert run(shell, "%jacobian f x=2 --mode rows --chunk 1").options.chunk_size == 1
    assert run(shell, "%jacobian f x=2 --budget 0.5").forms.budget == 0.5
    run(shell, "%config JacobianMagics.budget = 0.25")
    assert run(shell, "%jacobian f x=2").forms.budget == 0.25


# --- mistakes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%%jacobian x4=3\n" + SEED, "f has no argument x4"),
        ("%%jacobian x1=3 x1=4\n" + SEED, "the point names x1 twice"),
        ("%%jacobian x1=nothing\n" + SEED, "the value of x1 does not evaluate: NameError"),
        ("%%jacobian\ndef f(x): return x[0]", "x needs a value, as its shape cannot be known"),
        ("%%jacobian --nonsense\n" + SEED, "there is no option --nonsense"),
        ("%%jacobian --of g\n" + SEED, "--of g names no function of the cell; it defines f"),
        ("%%jacobian\nx = 3", "found neither"),
        ("%%jacobian\nx = list((1, 2))", "found x, none of which can be called"),
        ("%%jacobian --mode quick\n" + SEED, "sparse; found quick; write --mode auto"),
        ("%%jacobian --mode sparse --strict\n" + SEED, "write --strict --mode reverse"),
        ("%%jacobian --chunk 0\n" + SEED, "--chunk needs a number of at least 1; found 0"),
        ("%%jacobian -p 99\n" + SEED, "-p needs a number from 1 to 17; found 99"),
        ("%%jacobian --budget -1\n" + SEED, "--budget needs seconds"),
        (
            "%%jacobian --mode forward --create-graph\n" + SEED,
            "write --create-graph --mode reverse",
        ),
        ("%%jacobian -v 3J\n" + SEED, "-v needs a name; found '3J'"),
        ("%%jacobian x1=1 --range z=0:1\n" + SEED, "--range names z, which is not an input"),
        ("%%jacobian x=1 --strict\ndef f(x): return x, 3.0 + 0*x.detach()", "strict"),
        ("%%jacobian x=1\ndef f(x): return None", "found None"),
        ("%%jacobian x=1\ndef f(x): return 'text'", "found the string 'text'"),
        ("%jacobian", "%jacobian needs a target"),
        ("%jacobian nothing", "the target nothing does not evaluate: NameError"),
        ("%jacobian 3", "expected a function; found 3 of type int"),
        ("%jacobian max(1, 2)", "found max(…), its value; write %jacobian max x=…"),
        ("%jacobian x*y x=1 y=2", "write %jacobian lambda x, y: x*y x=…"),
    ],
)
def test_a_mistake_is_one_line(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, message: str
) -> None:
    """A usage error without a traceback, with carets under the wrong part."""
    error = fail(shell, cell)
    assert type(error).__name__ == "UsageError"
    assert message in str(error)
    shown = "".join(capsys.readouterr())
    assert "Traceback" not in shown
    _, *carets = str(error).splitlines()
    assert len(carets) in (0, 2)
    if carets:
        assert carets[0].startswith("  %")
        assert re.fullmatch(r" +\^+", carets[1])


def test_an_error_in_the_function_points_into_the_user_s_cell(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ordinary traceback with line numbers of the whole cell; definitions stay."""
    error = fail(shell, "%%jacobian x=1\ndef f(x):\n    y = x\n    return y / [1]\n")
    assert isinstance(error, TypeError)
    shown = "".join(capsys.readouterr())
    assert re.search(r"(line 4, |:4, )in f\(x\)", shown)
    assert "----> 4     return y / [1]" in shown
    assert "magic.py" not in shown
    assert callable(shell.user_ns["f"])


def test_an_error_of_the_cell_itself_points_into_it(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Top-level code fails as in any cell, and what ran before stays."""
    error = fail(shell, "%%jacobian x=1\nz = 1\nz / 0\ndef f(x): return x")
    assert isinstance(error, ZeroDivisionError)
    shown = "".join(capsys.readouterr())
    assert "----> 3 z / 0" in shown
    assert "running.py" not in shown
    assert shell.user_ns["z"] == 1


def test_an_error_in_an_expression_points_at_its_line(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Expression cells have line numbers as well."""
    error = fail(shell, "%%jacobian x=1\nx**2\nnonsense(x)")
    assert isinstance(error, NameError)
    assert "----> 3 nonsense(x)" in "".join(capsys.readouterr())


def test_a_syntax_error_has_its_caret_in_the_cell(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python's own error, on the line of the whole cell."""
    error = fail(shell, "%%jacobian x=1\nz = 1\ndef f(x) return x")
    assert isinstance(error, SyntaxError)
    shown = "".join(capsys.readouterr())
    assert re.search(r"(line |:)3\n    def f\(x\) return x\n             \^", shown)
    assert "running.py" not in shown


def test_a_bug_of_jacmagic_has_its_traceback(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A failure inside jacmagic is not disguised as the user's mistake."""
    from jacmagic.view.jacobian import Jacobian

    def broken(*_: object, **__: object) -> None:
        raise AssertionError("ours")

    monkeypatch.setattr(Jacobian, "of", broken)
    error = fail(shell, f"%%jacobian x1=1\n{SEED}")
    assert isinstance(error, AssertionError)
    assert "in broken(*_, **__)" in re.sub(
        r"<locals>\.|test_\w+\.", "", "".join(capsys.readouterr())
    )


# --- loading, unloading, other front ends ------------------------------------------------------


def snapshot(shell: InteractiveShell) -> tuple[object, ...]:
    """Return what an extension could have changed in a shell."""
    assert shell.Completer is not None
    magics = {kind: dict(table) for kind, table in shell.magics_manager.magics.items()}
    registry = dict(shell.magics_manager.registry)
    events = {name: list(found) for name, found in shell.events.callbacks.items()}
    matchers = list(shell.Completer.custom_matchers)
    return magics, registry, list(shell.configurables), events, matchers, dict(shell.user_ns)


def test_unloading_restores_the_shell_exactly() -> None:
    """Magics, completion and configuration are gone, also after a reload."""
    settings = Config()
    settings.HistoryManager.hist_file = ":memory:"
    shell = InteractiveShell(config=settings)
    shell.run_cell("1")
    shell.find_line_magic("load_ext")  # newer shells load their own magics on first use
    before = snapshot(shell)
    shell.run_line_magic("load_ext", "jacmagic")
    assert snapshot(shell)[0] != before[0]
    assert snapshot(shell)[2] != before[2]
    assert snapshot(shell)[4] != before[4]
    run(shell, "%jacobian max x=1 -h")
    run(shell, "%%jacobian x=1 -q\ndef f(x): return x")
    shell.run_line_magic("reload_ext", "jacmagic")
    assert [type(one).__name__ for one in shell.configurables].count("JacobianMagics") == 1
    shell.run_line_magic("unload_ext", "jacmagic")
    after = snapshot(shell)
    assert after[:5] == before[:5]


def test_loading_is_light(tmp_path: Path) -> None:
    """`%load_ext` imports neither torch, sympy nor ipywidgets; a cell only what it uses."""
    cell = f"%%jacobian x1=3 x2=4 x3=5\n{SEED}"
    code = (
        "import sys\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.run_line_magic('load_ext', 'jacmagic')\n"
        "print(*{'torch', 'sympy', 'ipywidgets'} & {*sys.modules})\n"
        f"shell.run_cell({cell!r})\n"
        "unused = 'jacmagic.result.compiled', 'jacmagic.symbolic.export', 'sympy.physics.units'\n"
        "print(*{*unused} & {*sys.modules})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, env=environment(tmp_path),
    )  # fmt: skip
    first, *shown, last = done.stdout.splitlines()
    assert not first and "closed form" in shown and not last


def environment(folder: Path) -> dict[str, str]:
    """Return a fresh home for IPython and Jupyter."""
    return {**os.environ, "IPYTHONDIR": str(folder / "ipython"), "NO_COLOR": "1"}


def test_terminal_ipython_shows_text(tmp_path: Path) -> None:
    """The same cell in a terminal: a text matrix, and `_` afterwards."""
    typed = f"%load_ext jacmagic\n%%jacobian x1=3 x2=4 x3=5\n{SEED}\n\n_.matrix.shape\n"
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--no-confirm-exit"],
        input=typed, capture_output=True, text=True, check=True, env=environment(tmp_path),
    )  # fmt: skip
    assert "Jacobian of f at x₁ = 3, x₂ = 4, x₃ = 5" in done.stdout
    assert "torch.Size([3, 3])" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def notebook(*cells: str) -> nbformat.NotebookNode:
    """Return a notebook of code cells."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


def test_a_notebook_kernel_gets_one_display(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One execute_result has every form; quiet cells have none."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    cells = notebook(
        "%load_ext jacmagic",
        f"%%jacobian x1=3 x2=4 x3=5 --still\n{SEED}",
        "%jacobian f x1=3 -q",
        "_.title",
        "%%jacobian x=3\ndef g(x):\n    return x / [1]",
        "%%jacobian x=3\nx**2\nnonsense(x)",
    )
    NotebookClient(cells, timeout=120, allow_errors=True).execute()
    outputs = [cell.outputs for cell in cells.cells]
    (shown,) = outputs[1]
    assert shown.output_type == "execute_result"
    assert {"text/plain", "text/html", "text/latex"} <= set(shown.data)
    assert outputs[2] == []
    assert outputs[3][0].data["text/plain"] == "'f'"
    tracebacks = ["\n".join(one[0].traceback) for one in outputs[4:]]
    inside, expression = (re.sub(r"\x1b\[[\d;]*m", "", text) for text in tracebacks)
    assert "Cell In[5], line 3, in g(x)" in inside
    assert "----> 3     return x / [1]" in inside
    assert "----> 3 nonsense(x)" in expression
    assert "jacmagic/" not in inside + expression


def test_an_interrupt_reaches_the_user(shell: InteractiveShell) -> None:
    """An interrupt during the computation is raised as itself."""
    shell.push({"sleep": time.sleep})
    error = fail(shell, "%%jacobian x=1\ndef f(x): raise KeyboardInterrupt")
    assert isinstance(error, KeyboardInterrupt)
    assert numbers(run(shell, "%%jacobian x=1\ndef f(x): return 2*x")) == [[2.0]]


def test_names_with_marks_work_everywhere(shell) -> None:
    """Names with combining marks work in the line, in ranges, tables and LaTeX."""
    line = "θ̇=1.5 v⃗=[1.,2.] --range θ̇=0:3 --still"
    J = shell.run_cell_magic("jacobian", line, "def f(θ̇, v⃗):\n    return θ̇**3 * v⃗[0]\n")
    assert J.columns[0].text == "θ̇" and list(J.view.ranges) == ["θ̇"]
    assert r"3 \dot{\theta}^{2} \vec{v}_{0}" in J.to_latex()
    assert "�" not in str(J)


def test_pi_may_be_written_as_a_letter(shell: InteractiveShell) -> None:
    """π is pi in the line and in expressions, unless it is defined."""
    assert run(shell, "%%jacobian x=π/6\nπ*x").matrix.item() == math.pi
    assert [*run(shell, "%%jacobian x=1 π=2\nπ*x").column_labels] == ["π", "x"]


def test_a_compiled_jacobian_from_the_line(shell: InteractiveShell) -> None:
    """`--compile` returns and stores a function of the inputs, also of a Hessian."""
    run(shell, SEED)
    g = run(shell, "%jacobian f x1=3 x2=4 x3=5 --compile -v g")
    assert shell.user_ns["g"] is g
    assert g(1.0, 2.0, 3.0).tolist() == [[1, 1, 0], [3, 0, 1], [0, 12, 0]]
    assert "compiled Jacobian of f, 3 × 3, by x1, x2, x3" in repr(g)
    h = run(shell, "%%hessian x=[1.,2.] --compile\ndef p(x):\n    return (x**3).sum()\n")
    assert h(torch.tensor([2.0, 1.0], dtype=torch.float64)).tolist() == [[12, 0], [0, 6]]
