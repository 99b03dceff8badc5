"""Sizes, repetitions and uses of torch's private names in the source."""

from __future__ import annotations

import ast
import functools
import io
import re
import statistics
import tokenize
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "jacmagic"

MAX_LINES = 300  # of a file, Python or JavaScript
MAX_MEDIAN_LINES = 120  # of all Python files
MAX_CODE_LINES = 40  # of a function, without its docstring, comments and blank lines
SHORT = 15  # code lines of a short function
MIN_SHORT = 0.88  # of all functions
REPEATED = 6  # code lines in a row that may not occur twice

TORCH_INTERNALS = "jacmagic/function/torch_internals.py"

Sources = Mapping[str, str]  # path → text
_LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def read(folder: Path, pattern: str) -> dict[str, str]:
    """Return the text of all files below a folder, by their path."""
    paths = sorted(folder.rglob(pattern))
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}


PYTHON = read(PACKAGE, "*.py")
JAVASCRIPT = read(PACKAGE, "*.mjs")
TESTS = read(ROOT / "tests", "*.py")


# Measures.


def too_long(files: Sources) -> dict[str, int]:
    """Return the files with more than `MAX_LINES` lines."""
    lines = {path: len(text.splitlines()) for path, text in files.items()}
    return {path: count for path, count in lines.items() if count > MAX_LINES}


@functools.cache
def parsed(source: str) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(source)


@functools.cache
def code_lines(source: str) -> frozenset[int]:
    """Return the numbers of lines with code: no blanks, comments or docstrings."""
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _LAYOUT and token.type != tokenize.ENDMARKER:
            code |= {*range(token.start[0], token.end[0] + 1)}
    for node in ast.walk(parsed(source)):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            docstring = node.body[0]
            code -= {*range(docstring.lineno, (docstring.end_lineno or 0) + 1)}
    return frozenset(code)


def functions(files: Sources) -> dict[str, int]:
    """Return the code lines of every function, by path, line and name."""
    sizes = {}
    for path, source in files.items():
        code = code_lines(source)
        for node in ast.walk(parsed(source)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                body = code & {*range(node.lineno, (node.end_lineno or 0) + 1)}
                sizes[f"{path}:{node.lineno} {node.name}"] = len(body)
    return sizes


def repetitions(files: Sources) -> list[list[str]]:
    """Return the positions of runs of `REPEATED` code lines that occur repeatedly."""
    positions: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path, source in files.items():
        lines = source.splitlines()
        numbers = sorted(code_lines(source))
        code = [(number, lines[number - 1].strip()) for number in numbers]
        code = [(n, text) for n, text in code if text and not text.startswith(("import ", "from "))]
        for start in range(len(code) - REPEATED + 1):
            run = code[start : start + REPEATED]
            positions[tuple(text for _, text in run)].append(f"{path}:{run[0][0]}")
    return [where for where in positions.values() if len(where) > 1]


def unmatched_raises(files: Sources) -> list[str]:
    """Return the calls of `pytest.raises` without `match`."""
    return [
        f"{path}:{node.lineno}"
        for path, source in files.items()
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.Call)
        and dotted(node.func) == "pytest.raises"
        and not any(keyword.arg == "match" for keyword in node.keywords)
    ]


def private_names(files: Sources) -> list[str]:
    """Return the uses of torch's private names, such as `torch._C`; operations are not names."""
    return [
        f"{path}:{line} {name}"
        for path, source in files.items()
        for line, name in torch_names(parsed(source))
        if re.search(r"\._(?!_)", name) and not name.startswith("torch.ops.")
    ]


def torch_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the dotted names of torch that a module imports or uses."""
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            names = [dotted(node)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name) for name in names if name.split(".")[0] == "torch")


def dotted(node: ast.expr) -> str:
    """Return the text of a name with attributes, or "" for other expressions."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


# The package.


def test_no_file_is_long() -> None:
    """A file holds one idea: at most 300 lines, in Python and JavaScript."""
    assert too_long({**PYTHON, **JAVASCRIPT}) == {}


def test_most_files_are_short() -> None:
    """The median file has at most 120 lines."""
    assert statistics.median(len(text.splitlines()) for text in PYTHON.values()) <= MAX_MEDIAN_LINES


def test_functions_are_short() -> None:
    """No function has more than 40 code lines, and at least 88 % have 15 or fewer."""
    sizes = functions(PYTHON)
    assert {name: size for name, size in sizes.items() if size > MAX_CODE_LINES} == {}
    assert sum(size <= SHORT for size in sizes.values()) >= MIN_SHORT * len(sizes)


def test_no_code_is_repeated() -> None:
    """No six code lines in a row occur twice."""
    assert repetitions(PYTHON) == []


def test_every_expected_exception_is_matched() -> None:
    """`pytest.raises` names the message too."""
    assert unmatched_raises(TESTS) == []


def test_private_names_of_torch_are_used_in_one_module() -> None:
    """`function/torch_internals.py` alone depends on names that torch may change."""
    names = private_names(PYTHON)
    assert [name for name in names if not name.startswith(TORCH_INTERNALS)] == []


# That the checks above can fail.


def test_a_long_file_is_found() -> None:
    """One line more than allowed is too many."""
    assert too_long({"long": "x\n" * 301, "short": "x\n" * 300}) == {"long": 301}


def test_code_lines_are_counted_without_comments_and_docstrings() -> None:
    """Blank lines, comments and docstrings are free; a text in the code is not."""
    source = 'def f():\n    """Do.\n\n    More.\n    """\n    # why\n\n    x = """a\n    b"""\n'
    assert functions({"m": source}) == {"m:1 f": 3}


def test_a_repetition_is_found() -> None:
    """Comments and indentation do not hide it; five lines are too few."""
    lines = [f"x{k} = {k}" for k in range(6)]
    once, again = "\n".join(lines), "if x:\n    # why\n" + "\n".join(f"    {x}" for x in lines)
    assert repetitions({"a": once, "b": again}) == [["a:1", "b:3"]]
    assert repetitions({"a": "\n".join(lines[:5]), "b": again}) == []


def test_an_unmatched_exception_is_found() -> None:
    """Several lines and several exceptions are calls like any other."""
    source = "pytest.raises(A, match='a')\npytest.raises(\n    (A, B)\n)"
    assert unmatched_raises({"m": source}) == ["m:2"]


@pytest.mark.parametrize(
    "source",
    [
        "torch._C._len_torch_dispatch_stack()",
        "from torch.utils._pytree import tree_map",
        "import torch._subclasses",
        "from torch import _VF",
    ],
)
def test_a_private_name_of_torch_is_found(source: str) -> None:
    """Attributes and every kind of import are noticed, once."""
    assert len(private_names({"m": source})) == 1


def test_public_names_and_operations_are_no_private_names() -> None:
    """Dunder names, names of other objects and ATen operations are allowed."""
    source = "torch.__version__\nfrom torch.utils import data\nx._C\ntorch.ops.aten._softmax"
    assert private_names({"m": source}) == []
