"""A cell magic of ours below the first line of its cell."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jacmagic.notebook.first_line import lifted

F = "def f(x):\n    return x**2\n"


@pytest.mark.parametrize(
    ("above", "magic"),
    [
        ("# a remark\n\n# another\n", "%%jacobian x=1\n"),
        ("\n", "%%hessian x=1\n"),
        ("# a remark\n", "%%jacobian_check x=1\n"),
        ("# a remark\n", "%%jacobian(x=1)\n"),
    ],
)
def test_comments_move_below_the_magic(above: str, magic: str) -> None:
    """The magic becomes the first line, and what stands below it keeps its lines."""
    cell = (above + magic + F).splitlines(keepends=True)
    assert "".join(lifted(cell)) == magic + above + F


def test_an_indented_cell_is_dedented() -> None:
    """Where a cell was pasted with an indentation below a comment, magic and body lose it."""
    cell = ["# a remark\n", "  %%jacobian x=1\n", "  x**2\n"]
    assert lifted(cell) == ["%%jacobian x=1\n", "# a remark\n", "x**2\n"]


@pytest.mark.parametrize(
    "cell",
    [
        "%%jacobian x=1\nx**2\n",
        "%%time\n%%jacobian x=1\nx**2\n",
        's = """\n%%jacobian x=1\n"""\n',
        "s = [\n%%jacobian\n",
        "# a remark\n%%jacobians x=1\n",
        "# a remark\n%jacobian f x=1\n",
        "",
    ],
)
def test_other_cells_are_unchanged(cell: str) -> None:
    """A magic in the first line, below another, in a string, or of another name is left alone."""
    lines = cell.splitlines(keepends=True)
    assert lifted(lines) == lines


def test_code_above_is_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    """One line says what to do, with carets, and no part of the cell runs, whatever is below."""
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "jacmagic")
    body = "\\begin{pmatrix} 2x \\end{pmatrix}\n"
    result = shell.run_cell(f"marker = 1\n%%jacobian_check f x=1\n{body}")
    shown = capsys.readouterr().err
    assert not result.success
    assert "%%jacobian_check has to be the first line of its cell; found code above it" in shown
    assert "\n  %%jacobian_check f x=1\n  ^^^^^^^^^^^^^^^^\n" in shown
    assert "marker" not in shell.user_ns
