"""The cell's text: literal in, literal out."""

from __future__ import annotations

import ast

import pytest

from jacmagic.errors import CellError
from jacmagic.function.syntax.parameters import is_taken_apart, parameters_of, unpacked_names
from jacmagic.notebook.cell import function_of_expressions, read_cell

TWO = "def f(x):\n    return x\n\ndef g(x):\n    return -x\n"
NET = """
class Net(torch.nn.Module):
    def forward(self, x, y):
        return x * y
net = Net()
"""


@pytest.mark.parametrize(
    ("source", "function"),
    [
        ("def f(x): return x", "f"),
        (TWO, "g"),
        ("g = lambda x: x\nprint('hello')", "g"),
        ("h: object = lambda x: x", "h"),
        (NET, "net"),
        ("class A:\n    def __call__(self, x): return x", "A"),
        ("class P:\n    x: float\ndef f(x): return x", "f"),
        ("def f(x): return x\nclass P:\n    x: float", "f"),
        ("def f(x): return x\nf(3)", "f"),
        ("def f(x): return x\ndef g(x): return x\ndef f(x): return -x", "f"),
        ("@wrapped\ndef f(x): return x", "f"),
        ("f, g = lambda x: x, lambda x: -x", "g"),
        ("[f, g] = [lambda x: x, lambda x: -x]", "g"),
        ("f = g = lambda x: x", "g"),
        ("(f := lambda x: x)", "f"),
        ("class A:\n    def __call__(self, x): return x\na, b = A(), A()", "b"),
    ],
)
def test_the_last_function_like_definition_is_meant(source: str, function: str) -> None:
    """Functions, assigned lambdas, callable classes and their instances count."""
    assert read_cell(source).function == function


def test_assigned_calls_are_left_to_be_settled_once_run() -> None:
    """The text does not decide what a call returns."""
    cell = read_cell("def f(x): return x\nh = partial(f)\nx0 = 3\n")
    assert (cell.function, cell.assigned) == ("f", ("h",))
    cell = read_cell("net = nn.Linear(2, 3)")
    assert (cell.function, cell.assigned) == (None, ("net",))


@pytest.mark.parametrize(
    "source",
    [
        "if True:\n    def f(x): return x",
        "if False:\n    pass\nelse:\n    f = lambda x: x",
        "try:\n    def f(x): return x\nexcept ImportError:\n    pass",
        "try:\n    import nothing\nexcept ImportError:\n    def f(x): return x",
        "with suppress():\n    def f(x): return x",
        "for _ in range(2):\n    def f(x): return x",
        "while True:\n    def f(x): return x\n    break",
        "match 1:\n    case 1:\n        def f(x): return x",
        "f = (lambda x: x) if True else None",
        "f = table[0]",
    ],
)
def test_functions_inside_statements_are_settled_once_run(source: str) -> None:
    """Whether such a statement defines the function, only the run tells."""
    cell = read_cell(source)
    assert (cell.function, cell.assigned[-1]) == (None, "f")
    if "def " in source:
        assert parameters_of(source, "f") == ("x",)
    if "table" not in source:
        assert read_cell(f"{source}\nprint(f(2))").assigned[-1] == "f"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("async def f(x): return x", "found async def f, which returns a coroutine; write def f"),
        ("def g(x): return x\nasync def f(x): return x", "or --of g"),
        ("class A:\n    def area(self, x): return x", "write f = A(…).area below it"),
        ("d = {}\nd['f'] = lambda x: x", "a function on line 2 that has no name of its own"),
        ("fs = [lambda x: x]", "a function on line 1 that has no name of its own"),
    ],
)
def test_functions_that_cannot_be_meant_are_named(source: str, message: str) -> None:
    """The message says where they are and what to write."""
    with pytest.raises(CellError, match="write") as caught:
        read_cell(source)
    assert message in str(caught.value)


def test_of_chooses_among_the_names() -> None:
    """`--of` takes any function of the cell, and assigned calls."""
    assert read_cell(TWO, of="f").function == "f"
    assert read_cell("h = partial(f)", of="h").function == "h"
    assert read_cell(TWO).candidates == ("f", "g")


@pytest.mark.parametrize(
    ("source", "of", "message"),
    [
        (TWO, "h", "--of h names no function of the cell; it defines f, g; write --of g"),
        ("x = 3", "f", "it defines none"),
        ("x = 3", None, "expected a function or expressions in the cell; found neither"),
        ("'''only a docstring'''", None, "found neither"),
        ("", None, "found neither"),
        ("import torch", None, "found neither"),
    ],
)
def test_a_cell_without_the_function_is_refused(source: str, of: str | None, message: str) -> None:
    """The refusal says what was found and what to write."""
    with pytest.raises(CellError, match="write") as caught:
        read_cell(source, of=of)
    assert message in str(caught.value)


def test_a_syntax_error_passes_through() -> None:
    """A cell that is not Python is Python's to refuse, with the line of the cell."""
    with pytest.raises(SyntaxError, match=r"invalid syntax|expected") as caught:
        read_cell("x = 3\ndef f(x) return x")
    assert caught.value.lineno == 2


@pytest.mark.parametrize(
    ("source", "expressions", "free"),
    [
        ("x**2 * y\n5*x + sin(y)", ("x**2 * y", "5*x + sin(y)"), ("x", "y")),
        ("x", ("x",), ("x",)),
        ("r = sqrt(x**2 + y**2)\nx / r\ny / r", ("x / r", "y / r"), ("x", "y")),
        ("b + a", ("b + a",), ("b", "a")),
        ("sum(a*x**k for k in range(3))", ("sum(a*x**k for k in range(3))",), ("a", "x")),
        ("from math import sin\nsin(x)", ("sin(x)",), ("x",)),
        ("x = x + 1\nx * 2", ("x * 2",), ("x",)),
        ("x += 1\nx", ("x",), ("x",)),
        ("torch.exp(x)", ("torch.exp(x)",), ("torch", "x")),
        ("(\n  x\n  + y\n)", ("x\n  + y",), ("x", "y")),
        ("abs(x) + max(x, y)", ("abs(x) + max(x, y)",), ("x", "y")),
        ("(lambda t: t * x)(y)", ("(lambda t: t * x)(y)",), ("x", "y")),
    ],
)
def test_bare_expressions_are_components(
    source: str, expressions: tuple[str, ...], free: tuple[str, ...]
) -> None:
    """One component a line; free names in order of appearance."""
    cell = read_cell(source)
    assert (cell.function, cell.expressions, cell.free_names) == (None, expressions, free)


def test_statements_between_the_expressions_are_kept() -> None:
    """Assignments belong to the function, imports to the notebook."""
    source = "from math import sin\nr = x**2\nr * y\ns = sin(r)\ns"
    assert read_cell(source).expressions == ("r * y", "s")
    body = ast.unparse(function_of_expressions(source, ("x", "y")))
    assert "r = x ** 2\n" in body and "s = sin(r)\n" in body and "import" not in body


def test_expressions_become_one_function_on_the_lines_of_the_cell() -> None:
    """The function of an expression cell fails on the user's own line."""
    module = function_of_expressions("\nr = x + y\nr * x\n1 / y", ("x", "y"))
    space: dict[str, object] = {}
    exec(compile(module, "<cell>", "exec"), space)
    function = space["f"]
    assert callable(function)
    assert function(3.0, 2.0) == (15.0, 0.5)
    with pytest.raises(ZeroDivisionError, match="division") as caught:
        function(1.0, 0)
    assert caught.traceback[-1].lineno + 1 == 4
    alone = function_of_expressions("x * 2", ("x",))
    exec(compile(alone, "<cell>", "exec"), space)
    assert callable(space["f"])
    assert space["f"](4) == 8


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("x, y = state", ("x", "y")),
        ("(x, y) = state", ("x", "y")),
        ("x, y = state.unbind()", ("x", "y")),
        ("x, y = state.unbind(0)", ("x", "y")),
        ("x, y = torch.unbind(state)", ("x", "y")),
        ("x, y = state[0], state[1]", ("x", "y")),
        ("y, x = state[1], state[0]", ("x", "y")),
        ("x = state[0]; y = state[1]", ("x", "y")),
        ("x = state[0]; z = state[2]", None),
        ("x, *rest = state", None),
        ("x, y = other", None),
        ("(a, b), c = state", None),
        ("x = state", None),
        ("x, y = state.tolist()", None),
    ],
)
def test_names_given_to_components_are_found(body: str, names: tuple[str, ...] | None) -> None:
    """Unpacking names the components."""
    source = f"def f(state, other):\n    {body}\n    return 0\n"
    assert unpacked_names(source, "state") == names


def test_indented_sources_and_lambdas_are_read() -> None:
    """`inspect.getsource` returns indented methods, and lambdas with their line."""
    assert unpacked_names("    def f(self, s):\n        x, y = s\n", "s") == ("x", "y")
    assert unpacked_names("f = lambda s: s[0]", "s") is None
    assert unpacked_names("  lambda s: s[0])", "s") is None


@pytest.mark.parametrize(
    ("body", "apart"),
    [
        ("x[0] * x[1]", True),
        ("sum(v for v in x)", True),
        ("len(x)", True),
        ("A @ x", True),
        ("g(*x)", True),
        ("x**2", False),
        ("sin(x) + y[0]", False),
    ],
)
def test_taking_an_argument_apart_shows_in_the_text(body: str, apart: bool) -> None:
    """An argument that is indexed or iterated is not a scalar."""
    assert is_taken_apart(f"def f(x, y): return {body}", "x") is apart
    assert is_taken_apart(f"f = lambda x, y: {body}", "x") is apart


@pytest.mark.parametrize(
    ("source", "function", "names"),
    [
        ("def f(x, /, y, *, n=4): ...", "f", ("x", "y", "n")),
        ("f = lambda a, b: a", "f", ("a", "b")),
        (NET, "net", ("x", "y")),
        (NET, "Net", ("x", "y")),
        ("x = 3", "x", ()),
        ("def f(x): ...", "g", ()),
    ],
)
def test_parameters_are_known_before_running(
    source: str, function: str, names: tuple[str, ...]
) -> None:
    """Tab completion needs the names while the cell is still being typed."""
    assert parameters_of(source, function) == names
