"""`%jacobian_check`: its line, its cells, its errors and its completion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

SETUP = """
from math import *
def f(x, y): return x**2*y, sin(x)
def hand(x, y): return [[2*x*y, x**2], [-cos(x), 0]]
"""


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """Return a new shell with the extension loaded and two functions."""
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "jacmagic")
    shell.run_cell(SETUP)
    yield shell
    shell.run_line_magic("unload_ext", "jacmagic")


def test_two_functions_on_the_line(shell: InteractiveShell) -> None:
    """The first is checked against the second at the point; `-v` stores the comparison."""
    found: Any = shell.run_line_magic("jacobian_check", "hand f x=2 y=3 -p 6 -v c")
    assert shell.user_ns["c"] is found
    assert [one.cause for one in found.wrong] == ["the other sign"]
    assert "0.416147" in repr(found)
    assert shell.run_line_magic("jacobian_check", "f f x=2 y=3 --functions").ok
    assert shell.run_line_magic("jacobian_check", "[[12, 4], [-0.42, 0]] f x=2 y=3").ok


def test_a_cell_of_both_functions(shell: InteractiveShell) -> None:
    """The last function is the Jacobian of the one before it, or names stand on the line."""
    cell = "def g(x, k=2): return x**k\ndef by_hand(x): return 2*x\n"
    assert shell.run_cell_magic("jacobian_check", "x=3", cell).ok
    assert shell.run_cell_magic("jacobian_check", "by_hand g x=3", cell).ok
    with pytest.raises(UsageError, match="expected two functions in the cell"):
        shell.run_cell_magic("jacobian_check", "x=3", "def g(x): return x\n")


def test_a_cell_of_latex(shell: InteractiveShell) -> None:
    """The LaTeX of a paper is compared with the function on the line."""
    source = r"\begin{pmatrix} 2xy & x^2 \\ \cos x & 0 \end{pmatrix}"
    found: Any = shell.run_cell_magic("jacobian_check", "f x=2 y=3", source)
    assert found.ok and "by LaTeX" in repr(found)
    with pytest.raises(UsageError, match=r"found z in the LaTeX\n.*\n *\^"):
        shell.run_cell_magic("jacobian_check", "f x=2 y=3", source.replace("xy", "xz"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "needs a Jacobian and its function; write %jacobian_check by_hand f x=1"),
        ("hand x=2 y=3", "needs a target"),
        ("nothing f x=2 y=3", "the target nothing does not evaluate"),
        ("hand f z=2", "z"),
        ("hand f x=2 y=3 --steps", "--steps"),
    ],
)
def test_mistakes_on_the_line_are_one_line(
    shell: InteractiveShell, line: str, message: str
) -> None:
    """What is missing, unknown or wrong is named."""
    with pytest.raises(UsageError, match=re.escape(message)):
        shell.run_line_magic("jacobian_check", line)


def test_the_line_completes(shell: InteractiveShell) -> None:
    """Tab offers the options and the inputs that are left."""
    assert shell.Completer is not None
    shell.Completer.use_jedi = False
    for line, expected in (
        ("%jacobian_check hand f x=2 ", ["y="]),
        ("%jacobian_check hand f --f", ["--functions"]),
        ("%jacobian_check hand f --wrt ", ["x", "y"]),
    ):
        with provisionalcompleter():
            assert [c.text for c in shell.Completer.completions(line, len(line))] == expected


def test_the_magic_is_unloaded(shell: InteractiveShell) -> None:
    """`%unload_ext` leaves no magic and no setting behind."""
    shell.run_line_magic("unload_ext", "jacmagic")
    names = [name for kind in shell.magics_manager.magics.values() for name in kind]
    assert not [name for name in names if "jacobian" in str(name)]
    assert not {"JacobianMagics", "CheckMagics"} & shell.magics_manager.registry.keys()
    shell.run_line_magic("load_ext", "jacmagic")
