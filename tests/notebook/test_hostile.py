"""Misuse of the magic and of Python calls: one line, or the user's own traceback."""

from __future__ import annotations

import inspect
import re
import sys

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

F = "def f(x): return x**2"
G = "def f(x, y): return x * y"


def _mismatch() -> str:
    """Return torch's words on a wrong number of inputs, to which releases put others in front."""
    try:
        torch.nn.Linear(2, 2)(torch.ones(3))
    except RuntimeError as error:
        return str(error)
    raise AssertionError


@pytest.fixture(scope="module")
def shell(shell: InteractiveShell) -> InteractiveShell:
    """Add torch and a module to the shell."""
    shell.run_cell(
        "import math, torch, jacmagic, numpy as np\n"
        "net = torch.nn.Linear(2, 2).double()\n"
        "def square(x): return x**2\n"
        "J = jacmagic.jacobian(square, torch.tensor(2.0))"
    )
    return shell


def shown(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str
) -> tuple[BaseException | None, str]:
    """Return the exception of a cell, if any, and its output without colours."""
    capsys.readouterr()
    result = shell.run_cell(cell)
    error = result.error_in_exec or result.error_before_exec
    text = re.sub(r"\x1b\[[\d;]*m", "", "".join(capsys.readouterr()))
    assert "jacmagic/" not in text, text
    assert "site-packages/torch" not in text, text
    return error, text


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize(
    ("cell", "words"),
    [
        # values that are none
        (f"%%jacobian x=10**400\n{F}", "below 1.8e308"),
        ("%%jacobian t=[1.0, 2**2000]\nt[0]*t[1]", "below 1.8e308"),
        (f"%%jacobian x=1e400\n{F}", "below 1.8e308"),
        (f"%%jacobian x=[1, -1e400]\n{F}", "below 1.8e308"),
        (f"%%jacobian x=1 y='1'\n{G}", "found the text '1'; write y=1"),
        (f"%%jacobian x=1j\n{F}", "found complex"),
        (f"%%jacobian x=torch.ones(2, dtype=torch.complex64)\n{F}", "found torch.complex64"),
        (f"%%jacobian x=torch.eye(2).to_sparse()\n{F}", "write x.to_dense()"),
        (f"%%jacobian x=torch.eye(2).to('meta')\n{F}", "on the meta device"),
        (
            f"%%jacobian x=torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])\n{F}",
            "found a nested one",
        ),
        (f"%%jacobian x=np.ma.masked\n{F}", "found masked ones"),
        (f"%%jacobian x=np.datetime64('2020')\n{F}", "expected an array of real numbers"),
        (f"%%jacobian x='a'\n{F}", "found str"),
        (f"%%jacobian x=[1,'a']\n{F}", "found str"),
        (f"%%jacobian x=[1,None]\n{F}", "found NoneType"),
        (f"%%jacobian x=None\n{F}", "found NoneType"),
        (f"%%jacobian x=print\n{F}", "found builtin_function_or_method"),
        (f"%%jacobian x=square\n{F}", "found function"),
        (f"%%jacobian x={{}}\n{F}", "no input to differentiate"),
        (f"%%jacobian x=[1, [2]]\n{F}", "rows of equal length"),
        (f"%%jacobian x=[None]\n{F}", "x[0]; found NoneType"),
        (f"%%jacobian x=1/0\n{F}", "ZeroDivisionError"),
        (f"%%jacobian x=missing\n{F}", "NameError"),
        (f"%%jacobian x=missing()\n{F}", "NameError"),
        # the line as a student writes it
        (f"%%jacobian x = 1\n{F}", "no blanks around =; write x=1"),
        (f"%%jacobian x =1\n{F}", "no blanks around =; write x=1"),
        (f"%%jacobian x= 1\n{F}", "write x=1 without blanks"),
        (f"%%jacobian x=\n{F}", "needs a value for x"),
        (f"%%jacobian x=1,5\n{F}", "write x=1.5 for a decimal number"),
        (f"%%jacobian x=-1,25\n{F}", "write x=-1.25 for a decimal number"),
        (f"%%jacobian(x=3)\n{F}", "without brackets; found (x=3); write %%jacobian x=3"),
        (f"%%jacobian (x=3, y=4)\n{G}", "write %%jacobian x=3 y=4"),
        (f"%%jacobian x=1,y=2\n{G}", "with a blank between them"),
        (f"%%jacobian x:1\n{F}", "write x=1"),
        (f"%%jacobian x==1\n{F}", "write x=1"),
        (f"%%jacobian x:=1\n{F}", "write x=1"),
        (f"%%jacobian x=2y\n{F}", "write 2*y"),
        (f"%%jacobian x=−1\n{F}", "write - for −"),
        (f"%%jacobian x=“a”\n{F}", 'write " for “'),
        (f"%%jacobian x=√2\n{F}", "write sqrt(2)"),
        (f"%%jacobian x=2^3\n{F}", "not a power; ^ is exclusive or in Python: write 2**3"),
        (f"%%jacobian x=ln(2)\n{F}", "write log for ln"),
        (f"%%jacobian x=x=1\n{F}", "not a Python expression"),
        (f"%%jacobian x=lambda\n{F}", "not a Python expression"),
        (f"%%jacobian x=yield\n{F}", "not a Python expression"),
        (f"%%jacobian 1\n{F}", "found '1'"),
        (f"%%jacobian at x=1\n{F}", "found 'at'"),
        (f"%%jacobian x=(1\n{F}", "is not closed"),
        (f"%%jacobian x=1)\n{F}", "closes nothing"),
        (f"%%jacobian x='1\n{F}", "a quote is not closed"),
        (f"%%jacobian x=1 x=2\n{F}", "names x twice"),
        (f"%%jacobian y=1\n{F}", "no argument y"),
        (f"%%jacobian f=1\n{F}", "no argument f"),
        # options
        (f"%%jacobian x=1 --range x=0:inf\n{F}", "expected finite bounds"),
        (f"%%jacobian x=1 --range x=nan:1\n{F}", "expected finite bounds"),
        (f"%%jacobian x=1 --range x=-1e308:1e308\n{F}", "expected finite bounds"),
        (f"%%jacobian x=1 --range x=0:1:nan\n{F}", "with step nan"),
        (f"%%jacobian x=1 --range x=0:1:inf\n{F}", "with step inf"),
        (f"%%jacobian x=1 --range x=1:0\n{F}", "expected LO < HI"),
        (f"%%jacobian x=1 --range x\n{F}", "expected --range NAME=LO:HI"),
        (f"%%jacobian x=1 --range x=a:b\n{F}", "do not evaluate"),
        (f"%%jacobian x=1 --wrt ,\n{F}", "no input to differentiate"),
        (f"%%jacobian x=1 --wrt y\n{F}", "--wrt names y"),
        (f"%%jacobian x=1 y='a' --wrt y\n{G}", "found str"),
        (f"%%jacobian x=1 --at 3\n{F}", "names x twice"),
        (f"%%jacobian --at [1\n{F}", "is not closed"),
        (f"%%jacobian x=1 -p a\n{F}", "needs an integer"),
        (f"%%jacobian x=1 --chunk 1.5\n{F}", "needs an integer"),
        (f"%%jacobian x=1 --budget nan\n{F}", "--budget needs seconds"),
        (f"%%jacobian x=1 --dtype float8\n{F}", "--dtype needs a floating dtype"),
        (f"%%jacobian x=1 --device nowhere\n{F}", "--device needs a device"),
        (f"%%jacobian x=1 --layout\n{F}", "--layout needs a value"),
        (f"%%jacobian x=1 --mode Forward\n{F}", "found Forward; write --mode forward"),
        # cells without a function that can be meant
        ("%%jacobian x=1\nasync def f(x): return x", "found async def f"),
        ("%%jacobian x=1\nclass A:\n    def area(self, x): return x", "write f = A(…).area"),
        ("%%jacobian x=1\nd = {'f': lambda x: x}", "a function on line 2"),
        ("%%jacobian x=1\nif False:\n    def nowhere(x): return x", "not defined once the cell"),
        ("%%jacobian x=1\nx = 3", "found neither"),
        ("%%jacobian q=1\nr = q**2", "but r = q ** 2: write r alone on a line below it"),
        ("a = 1\n%%jacobian x=1\nx**2", "%%jacobian has to be the first line of its cell"),
        ("a = 1\n%%hessian x=1\nx**2", "%%hessian has to be the first line of its cell"),
        ("%%jacobian x=1\ndef f(x): yield x", "found a generator"),
        ("%%jacobian x=1\ndef f(x): return {x}", "a set has no order"),
        ("%%jacobian x=1\ndef f(x): x**2", "a missing return"),
        ("%%jacobian x=1\ndef f(x): return x, 'a'", "found the string 'a'"),
        ("%%jacobian x=1\ndef f(x): return x > 0", "a bool tensor"),
        # targets
        ("%jacobian", "needs a target"),
        ("%jacobian square(y)", "write %jacobian square x=…"),
        ("%jacobian square at x=1", "expected one target"),
        ("%jacobian np x=1", "found np of type module"),
        ("%jacobian int x=1", "the class int"),
        ("%jacobian torch.sin", "write a point, such as x=1"),
        ("%jacobian torch.mm x=[1, 2]", "mm raises TypeError"),
        ("%jacobian net input=[1, 2, 3]", f"net raises RuntimeError: {_mismatch()}"),
        ("%jacobian net", "input needs a value"),
    ],
)
def test_misuse_of_the_line_is_one_line(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, words: str
) -> None:
    """A usage error, with carets under the wrong part."""
    error, text = shown(shell, capsys, cell)
    assert type(error).__name__ == "UsageError", text
    assert words in str(error)
    assert len(text.strip().splitlines()) in (1, 3), text


@pytest.mark.filterwarnings("ignore::SyntaxWarning")  # Python's own hint at 2(x + 1)
@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("x^2", "NotImplementedError", "write x**2"),
        ("def f(x): return (x + 1)^2", "NotImplementedError", "write (x + 1)**2"),
        ("e^x", "NotImplementedError", "write e**x"),
        ("ln(x)", "NameError", "write log for ln"),
        ("torch.ones(1) @ x.reshape(1)", "RuntimeError", "write dtype=torch.float64 where"),
        ("sum(range(x))", "TypeError", "give a count a default"),
        ("def f(x): return arctan(x)", "NameError", "write atan for arctan"),
        ("def f(x): return sin(x)", "NameError", "write from math import sin"),
        ("2(x + 1)", "TypeError", "write 2*(…) for a product"),
        ("x(x + 1)", "TypeError", "write x*(…) for a product"),
        ("def f(x): return x.nothing", "AttributeError", "nothing"),
        ("def f(x): return x[3]", "IndexError", "dimension"),
        ("def f(x): return torch.zeros(x)", "TypeError", "size"),
        ("def f(x): assert x > 2", "AssertionError", ""),
        ("def f(x): raise StopIteration", "StopIteration", ""),
        ("def f(x): return x / [1]", "TypeError", "unsupported operand"),
    ],
)
def test_a_mistake_in_the_function_keeps_the_user_s_traceback(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], body: str, kind: str, words: str
) -> None:
    """The last arrow points into the cell, and a hint follows if there is one."""
    error, text = shown(shell, capsys, f"%%jacobian x=1\n{body}")
    assert type(error).__name__ == kind
    assert "----> 2 " + body.splitlines()[0] in text
    assert words in text.rpartition("----> ")[2]


def test_a_recursion_without_end_keeps_the_user_s_traceback(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """It points into the cell; IPython takes seconds for a thousand frames, so here are fewer."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 150)
    try:
        error, text = shown(shell, capsys, "%%jacobian x=1\ndef f(x): return f(x)")
    finally:
        sys.setrecursionlimit(limit)
    assert isinstance(error, RecursionError)
    assert "----> 2 def f(x): return f(x)" in text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("def f(x):\n    return (x + 1", "incomplete input"),
        ("def f(x) return x", "expected ':'"),
        ("def f(x):\nreturn x", "expected an indented block"),
        ("return x", "'return' outside function; write x alone"),
        ("2x", "write 2*x"),
        ("sin²(x)", "write sin(x)**2"),
        ("|x|", "write abs(x)"),
        ("√x", "write sqrt(x)"),
        ("x × 2", "write * for ×"),
        ("sin x", "write sin(x)"),
        ("f(x) = x**2", "write def f(x): return x**2"),
        ("x = = 2", "invalid syntax"),
    ],
)
def test_a_syntax_error_shows_what_ipython_shows(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], body: str, words: str
) -> None:
    """The line, the caret and the message, with a hint in the same line."""
    error, text = shown(shell, capsys, f"%%jacobian x=1\n{body}")
    assert isinstance(error, SyntaxError)
    assert len(text.strip().splitlines()) == 4, text
    assert words in text.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("J.steps(1, 0)", "expected an entry of the 1 × 1 Jacobian; found (1, 0); count from 0"),
        ("jacmagic.jacobian(square, 3.0)", "<class 'float'>. Write a tuple: (3.0,)"),
        ("jacmagic.jacobian(square, np.ones(2))", "Write torch.as_tensor(…) around it"),
        ("jacmagic.jacobian(square, (3.0,), strategy='fast')", "found 'fast'; write strategy="),
        ("jacmagic.jacobian(square, (3.0,), chunk_size=0)", "greater than 0; found 0"),
        ("J.at(q=3)", "expected inputs among x; found 'q'"),
        ("J.at(x=[1, 2])", "expected x of shape ()"),
        ("J.jvp(torch.ones(3))", "expected"),
        ("J.save_html('/nowhere/at/all.html')", "expected a file to write"),
        ("jacmagic.jacobian(square, torch.ones(2), wrt='q')", "expected names of inputs in wrt"),
        ("jacmagic.hessian(square, torch.ones(2))", "a Hessian needs a function of one number"),
    ],
)
def test_our_errors_from_python_are_the_user_s_line_and_one_more(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], call: str, words: str
) -> None:
    """No frame stands between the call and the message."""
    _, text = shown(shell, capsys, call)
    assert text.strip().splitlines()[0].endswith(call)
    assert words in text.strip().splitlines()[1]


def test_exceptions_of_the_function_pass_through_python_calls(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the call straight into the function, at the first point and at others."""
    shell.run_cell("def picky(x):\n    if x > 3: raise ValueError('too far')\n    return x**2")
    error, text = shown(shell, capsys, "jacmagic.jacobian(picky, torch.tensor(4.0))")
    assert isinstance(error, ValueError)
    assert "raise ValueError('too far')" in text
    error, _ = shown(shell, capsys, "jacmagic.jacobian(picky, torch.tensor(1.0)).at(x=4.0)")
    assert isinstance(error, ValueError)


def test_ten_million_numbers_are_read_at_once() -> None:
    """A long list is one tensor, without a label or a tensor for each number."""
    from jacmagic.function.inputs import labelled
    from jacmagic.function.values import as_tensor

    value = as_tensor([0] * 10**7, "x", [])
    assert (value.shape, value.dtype) == (torch.Size([10**7]), torch.float64)
    (given,) = labelled({"x": value}, "")
    assert len(given.labels) == 10**7
    assert given.labels[-1].text == "x[9999999]"
