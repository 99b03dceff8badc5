"""Running the magic's cell in the user's notebook, so that tracebacks and sources point into it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from jacmagic.cell import Cell, Line, is_import, read_cell
from jacmagic.errors import CellError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_LIBRARIES = frozenset(sys.stdlib_module_names | {"IPython", "jacmagic", "numpy", "sympy", "torch"})
_LIFT = "jacmagic.lift"  # what it calls fails as the user's own call would


def run_cell(shell: InteractiveShell, line: Line, cell: str, *, of: str | None) -> tuple[Cell, str]:
    """Run the cell in the user's namespace; its definitions stay.

    The text is compiled below a comment in the place of the magic's line, so that line numbers are
    those of the cell as the user sees it. Of a cell of bare expressions only the imports run.

    Returns:
        The cell as read, and the file name under which its lines are known.

    Raises:
        SyntaxError: the cell is no Python.
        CellError: the cell holds no function.
    """
    __tracebackhide__ = True
    source = f"#{line.head}{line.text}\n{shell.transform_cell(cell)}"
    typed = f"{line.head}{line.text}\n{cell}".removesuffix("\n")  # as debuggers know the cell
    filename = shell.compile.cache(source, _number(shell), raw_code=typed)
    tree = shell.transform_ast(shell.compile.ast_parse(source, filename=filename))
    try:
        read = read_cell(source, of=of)
    except CellError:
        _execute(shell, tree, filename)
        raise
    if read.expressions:
        tree.body = [node for node in tree.body if is_import(node)]
    _execute(shell, tree, filename)
    return read, filename


def _number(shell: InteractiveShell) -> int:
    """The number n of the running cell's In[n]; newer shells count on before they run it."""
    running = getattr(shell.displayhook, "exec_result", None)
    return int(getattr(running, "execution_count", None) or shell.execution_count)


def _execute(shell: InteractiveShell, tree: ast.Module, filename: str) -> None:
    __tracebackhide__ = True
    code = shell.compile(tree, filename, "exec")  # type: ignore[arg-type]  # codeop takes trees too
    exec(code, shell.user_ns)


def settled_name(cell: Cell, namespace: Mapping[str, Any], *, of: str | None) -> str:
    """The function's name, now that it is known which assigned names are callable.

    Raises:
        CellError: none of them is.
    """
    if of is None:
        for name in reversed(cell.assigned):
            value = namespace.get(name)
            if callable(value) or callable(getattr(value, "forward", None)) or _is_sympy(value):
                return name
    if cell.function is None:
        raise CellError(
            f"expected a function or expressions in the cell; found {', '.join(cell.assigned)}, "
            "none of which can be called; write for example def f(x): return x**2"
        )
    return cell.function


def _is_sympy(value: object) -> bool:
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(value, sympy.MatrixBase)


def without_our_frames(error: SyntaxError) -> SyntaxError:
    """A syntax error of the cell as IPython would raise it; another one, of a module, untouched."""
    is_of_cell = _package(_frames(error)[-1]) in ("IPython", "codeop")
    return error.with_traceback(None) if is_of_cell else error


def from_users_frame(error: BaseException) -> BaseException:
    """The exception with its traceback from the user's first frame on.

    Untouched where no frame is the user's, or where the last one is ours: then it is our bug.
    """
    frames = _frames(error)
    first = next((frame for frame in frames[1:] if _package(frame) not in _LIBRARIES), None)
    is_ours = _package(frames[-1]) == "jacmagic" and not _room(frames[-1]).startswith(_LIFT)
    return error if first is None or is_ours else error.with_traceback(first)


def _frames(error: BaseException) -> list[TracebackType]:
    frames, part = [], error.__traceback__
    while part is not None:
        frames.append(part)
        part = part.tb_next
    return frames


def _room(frame: TracebackType) -> str:
    return str(frame.tb_frame.f_globals.get("__name__", ""))


def _package(frame: TracebackType) -> str:
    return _room(frame).partition(".")[0]
