"""Tab completion of the magic's line, through IPython's own completer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sympy
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from torch import nn

SEED = "def f(x1, x2, n=4):\n    return x1\ndef g(y): return y\n"


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """Return a new shell with the extension loaded."""
    shell = InteractiveShell()
    shell.Completer.use_jedi = False
    shell.run_line_magic("load_ext", "jacmagic")
    shell.push({"net": nn.Linear(2, 1), "M": sympy.Matrix([sympy.Symbol("t")])})
    shell.push({"h": lambda alpha, beta: alpha})
    yield shell
    shell.run_line_magic("unload_ext", "jacmagic")


def completed(shell: InteractiveShell, line: str, cell: str = "") -> list[str]:
    """Return what Tab offers at the end of the magic's line, above a cell."""
    text = line + ("\n" + cell if cell else "")
    with provisionalcompleter():
        return [found.text for found in shell.Completer.completions(text, len(line))]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%%jacobian --st", ["--steps", "--still", "--strict"]),
        ("%%jacobian --mode ", ["auto", "forward", "reverse", "rows", "sparse"]),
        ("%%jacobian --mode r", ["reverse", "rows"]),
        ("%%jacobian --mode=f", ["--mode=forward"]),
        ("%%jacobian x1=3 --layout d", ["denominator"]),
        ("%%jacobian --dtype float", ["float64", "float32", "float16"]),
        ("%%jacobian --of ", ["f", "g"]),
        ("%%jacobian ", ["y="]),
        ("%%jacobian --of f ", ["x1=", "x2=", "n="]),
        ("%%jacobian --of=f x1=3 ", ["x2=", "n="]),
        ("%%jacobian --of f x", ["x1=", "x2="]),
        ("%%jacobian --of f --wrt ", ["x1", "x2", "n"]),
        ("%%jacobian --of f --wrt x1,", ["x1,x2", "x1,n"]),
        ("%%jacobian --of f --range x", ["x1=", "x2="]),
    ],
)
def test_the_cell_s_names_complete_before_it_has_run(
    shell: InteractiveShell, line: str, expected: list[str]
) -> None:
    """Options, their values, and the names in the cell below."""
    assert completed(shell, line, SEED) == expected


def test_options_complete_from_one_dash(shell: InteractiveShell) -> None:
    """Every option of the parser is offered."""
    offered = completed(shell, "%%jacobian -", SEED)
    assert {"--of", "--wrt", "--at", "--range", "--no-formula", "-p", "-q", "-h"} <= set(offered)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%jacobian h ", ["alpha=", "beta="]),
        ("%jacobian h alpha=1 ", ["beta="]),
        ("%jacobian net i", ["input="]),
        ("%jacobian net --wrt ", ["input", "inputs", "parameters", "weight", "bias"]),
        ("%jacobian net.forward in", ["input="]),
        ("%jacobian M ", ["t="]),
    ],
)
def test_names_of_an_existing_target_complete(
    shell: InteractiveShell, line: str, expected: list[str]
) -> None:
    """The line form looks at the object itself."""
    assert completed(shell, line) == expected


def test_free_names_of_an_expression_cell_complete(shell: InteractiveShell) -> None:
    """Functions of the notebook are not inputs."""
    assert completed(shell, "%%jacobian ", "x**2 * y\nh(x, y)") == ["x=", "y="]


def test_a_cell_that_is_still_being_typed_offers_options_only(shell: InteractiveShell) -> None:
    """Broken Python below is no reason to fail."""
    assert completed(shell, "%%jacobian --str", "def f(x:") == ["--strict"]
    assert "x=" not in completed(shell, "%%jacobian ", "def f(x:")


@pytest.mark.parametrize(
    "text", ["%%jac", "%jacobian", "x = he", "%%time --", "%jacobian h alpha=n"]
)
def test_everything_else_is_left_to_ipython(shell: InteractiveShell, text: str) -> None:
    """Other lines, and values of the point, complete as ever."""
    matcher: Any = shell.Completer.custom_matchers[-1]
    before = completed(shell, text)
    shell.Completer.custom_matchers.remove(matcher)
    assert completed(shell, text) == before
