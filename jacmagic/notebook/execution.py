"""Run the magic's cell in the notebook, with its own line numbers."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jacmagic.errors import CellError
from jacmagic.notebook.cell import Cell, Line, is_import, read_cell

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def run_cell(shell: InteractiveShell, line: Line, cell: str, *, of: str | None) -> tuple[Cell, str]:
    """Run the cell in the user's namespace; its definitions stay.

    A comment replaces the magic's line in the compiled text, so that line numbers are those of the
    cell as the user sees it. Of a cell of bare expressions only the imports run.

    Returns:
        The parsed cell, and the file name of its code object.

    Raises:
        SyntaxError: the cell is not Python.
        CellError: the cell holds no function.
    """
    __tracebackhide__ = True
    source = f"#{line.head}{line.text}\n{shell.transform_cell(cell)}"
    typed = f"{line.head}{line.text}\n{cell}".removesuffix("\n")  # as debuggers know the cell
    filename = shell.compile.cache(source, _number(shell), raw_code=typed)
    tree = shell.transform_ast(shell.compile.ast_parse(source, filename=filename))
    read: Cell | CellError
    try:
        read = read_cell(source, of=of)
    except CellError as refusal:
        read = refusal
    earlier: dict[str, Any] = {}
    if isinstance(read, Cell):
        earlier = {name: shell.user_ns.get(name) for name in read.branched}
        if read.expressions:
            tree.body = [node for node in tree.body if is_import(node)]
    try:
        _execute(shell, tree, filename)
    except NameError as error:  # y = x**2 with the x of the line: the CellError names what to write
        if isinstance(read, Cell) or error.name not in {
            assignment.name for assignment in line.point
        }:
            raise
    if isinstance(read, CellError):
        raise read
    older = {name for name, value in earlier.items() if shell.user_ns.get(name) is value}
    return replace(read, older=frozenset(older & shell.user_ns.keys())), filename


def _number(shell: InteractiveShell) -> int:
    """Return n of the running cell's In[n]; newer shells increment before running."""
    running = getattr(shell.displayhook, "exec_result", None)
    return int(getattr(running, "execution_count", None) or shell.execution_count)


def _execute(shell: InteractiveShell, tree: ast.Module, filename: str) -> None:
    __tracebackhide__ = True
    code = shell.compile(tree, filename, "exec")  # type: ignore[arg-type]  # codeop takes trees too
    exec(code, shell.user_ns)


def resolve_name(cell: Cell, namespace: Mapping[str, Any], *, of: str | None) -> str:
    """Return the name of a cell's function, once the cell has run.

    Raises:
        CellError: no name of the cell is bound to a function.
    """
    namespace = {name: namespace[name] for name in namespace.keys() - cell.older}
    if of is None:
        alone = cell.function is None
        for name in reversed(cell.assigned):
            if _is_function(namespace.get(name), expressions=alone):
                return name
    function = cell.function
    if function is None:
        defined = [name for name in cell.assigned if name in namespace]
        why = "none of which can be called" if defined else "not defined once the cell has run"
        if cell.older and not defined:
            why = "which only an earlier cell has defined"
        raise CellError(
            f"expected a function or expressions in the cell; found {', '.join(cell.assigned)}, "
            f"{why}; write for example def f(x): return x**2"
        )
    if function not in namespace:
        raise CellError(
            f"expected {function} to be defined once the cell has run; "
            f"found {'that of an earlier cell' if function in cell.older else 'no such name'}; "
            f"write def {function}(…) where it is always run"
        )
    return function


def _is_function(value: Any, *, expressions: bool) -> bool:
    """Whether a value can be differentiated; `expressions` includes SymPy's scalars."""
    if callable(value) or callable(getattr(value, "forward", None)):
        return True
    sympy = sys.modules.get("sympy")
    if sympy is None:
        return False
    kinds = (sympy.MatrixBase, sympy.Expr) if expressions else sympy.MatrixBase
    return isinstance(value, kinds)
