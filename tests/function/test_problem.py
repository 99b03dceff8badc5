"""Targets and points become problems: inputs, their values, notes."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy
import pytest
import sympy
import torch
from torch import nn

from jacmagic.errors import CellError, FunctionError, PointError
from jacmagic.function.problem import Problem
from jacmagic.function.python_call import problem_of
from jacmagic.function.targets import target_of
from jacmagic.function.tensor_call import problem_from_call
from jacmagic.notebook.binding import bind
from jacmagic.notebook.cell import read_cell, read_line
from jacmagic.notebook.expressions_target import expressions_target
from jacmagic.notebook.options import InputOptions
from jacmagic.notebook.ranges import limits_of

SPACE: Mapping[str, Any] = {"torch": torch, "numpy": numpy, "a": 2.5}
CARET = r"(?s)^[^\n]+\n  %%jacobian [^\n]*\n +\^+$"


def seed(x1, x2, x3):
    """Return the function every reader knows."""
    return (x1 + x2, x3 * x1, x2**3)


def growth(state, n=4, alpha=1.1):
    """One vector argument and two constants."""
    x, y = state
    return torch.stack([x * y, alpha * x**n])


def bound(value: Any, text: str = "", title: str = "f", **wishes: str) -> Problem:
    """Return the problem of a value and a line."""
    options = ("--at", "--wrt", "--dtype", "--device")
    typed = text + "".join(f" --{name} {wish}" for name, wish in wishes.items())
    line = read_line(typed, flags=(), valued=options, wants_target=False)
    return bind(target_of(value, title), line, SPACE, InputOptions(**wishes))


def cell(source: str, text: str = "", **names: Any) -> Problem:
    """Return the problem of an expression cell."""
    line = read_line(text, flags=(), valued=(), wants_target=False)
    named = frozenset(assignment.name for assignment in line.point)
    return bind(expressions_target(read_cell(source), names, named, "<cell>"), line, names)


def point(problem: Problem) -> dict[str, Any]:
    """Return the inputs as plain numbers and lists."""
    return {given.name: given.value.tolist() for given in problem.inputs}


def labels(problem: Problem) -> list[str]:
    """Return the texts of all labels."""
    return [label.text for given in problem.inputs for label in given.labels]


def value(problem: Problem) -> Any:
    """Return the function at the point, as plain numbers."""
    result = problem.function(*[given.value for given in problem.inputs])
    if isinstance(result, tuple):
        return tuple(part.tolist() for part in result)
    return result.tolist()


# --- which arguments are inputs -----------------------------------------------------------------


def test_the_point_gives_float64_scalars() -> None:
    """Bare numbers become float64; nothing needs a note."""
    problem = bound(seed, "x1=3 x2=4 x3=5")
    assert point(problem) == {"x1": 3.0, "x2": 4.0, "x3": 5.0}
    assert {given.value.dtype for given in problem.inputs} == {torch.float64}
    assert value(problem) == (7.0, 15.0, 64.0)
    assert (problem.title, problem.single, problem.notes) == ("f", False, ())
    assert problem.filename == __file__


def test_arguments_with_defaults_stay_constants() -> None:
    """A default that the point does not name is a parameter."""
    problem = bound(growth, "state=[1, 2]")
    assert point(problem) == {"state": [1.0, 2.0]}
    assert problem.parameters == {"n": 4, "alpha": 1.1}
    assert problem.single


def test_the_point_makes_a_default_an_input() -> None:
    """Naming an argument is enough."""
    problem = bound(growth, "alpha=2 state=[1, 2]")
    assert point(problem) == {"state": [1.0, 2.0], "alpha": 2.0}
    assert problem.parameters == {"n": 4}


def test_real_defaults_are_the_point_where_none_is_named() -> None:
    """`def f(x=3.0, y=4.0)` needs no point; integers stay what they are."""
    problem = bound(lambda x=3.0, y=4.0, n=2: x * y**n)
    assert point(problem) == {"x": 3.0, "y": 4.0}
    assert problem.parameters == {"n": 2}
    assert point(bound(lambda x=3, y=4: x * y)) == {"x": 3.0, "y": 4.0}


def test_a_switch_in_the_point_is_no_input() -> None:
    """`reduction="sum"` settles an argument that cannot be differentiated."""
    problem = bound(nn.functional.mse_loss, "input=[1., 2.] target=[0., 0.] reduction='sum'")
    assert point(problem) == {"input": [1.0, 2.0], "target": [0.0, 0.0]}
    assert value(problem) == 5.0


def test_wrt_narrows_the_inputs() -> None:
    """What `--wrt` leaves out keeps its value, integers as such."""
    problem = bound(seed, "x1=3 x2=4 x3=5", wrt="x3,x1")
    assert point(problem) == {"x1": 3.0, "x3": 5.0}
    assert list(problem.parameters) == ["x2"]
    assert value(problem) == (7.0, 15.0, 64.0)
    assert value(bound(growth, "state=[1, 2] n=3", wrt="state")) == [2.0, 1.1]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("(1, 2, 3)", {"x1": 1.0, "x2": 2.0, "x3": 3.0}),
        ("{'x3': 3, 'x1': 1, 'x2': 2}", {"x1": 1.0, "x2": 2.0, "x3": 3.0}),
        ("dict(x1=1, x2=a, x3=pi)", {"x1": 1.0, "x2": 2.5, "x3": math.pi}),
    ],
)
def test_at_takes_the_point_as_one_value(at: str, expected: dict[str, float]) -> None:
    """A dict by names, a tuple by position."""
    assert point(bound(seed, at=at)) == expected


def test_at_takes_a_single_value() -> None:
    """One argument takes the whole value, tuples included."""
    assert point(bound(growth, at="(1, 2)")) == {"state": [1.0, 2.0]}
    assert point(bound(lambda x: x, at="3")) == {"x": 3.0}


# --- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected", "dtype"),
    [
        ("3", 3.0, torch.float64),
        ("a", 2.5, torch.float64),
        ("pi/2", math.pi / 2, torch.float64),
        ("sqrt(4)", 2.0, torch.float64),
        ("[1, 2]", [1.0, 2.0], torch.float64),
        ("(1, 2)", [1.0, 2.0], torch.float64),
        ("[[1, 2], [3, 4]]", [[1.0, 2.0], [3.0, 4.0]], torch.float64),
        ("[]", [], torch.float64),
        ("[torch.tensor(1.), 2]", [1.0, 2.0], torch.float64),
        ("torch.ones(2)", [1.0, 1.0], torch.float32),
        ("torch.tensor(1., dtype=torch.float16)", 1.0, torch.float16),
        ("numpy.array([1., 2.])[::-1]", [2.0, 1.0], torch.float64),
        ("numpy.float32(3)", 3.0, torch.float32),
    ],
)
def test_values_become_floating_tensors(source: str, expected: Any, dtype: torch.dtype) -> None:
    """Numbers and lists become float64, tensors and arrays keep their dtype."""
    problem = bound(lambda x: x, f"x={source}")
    assert point(problem) == {"x": expected}
    assert problem.inputs[0].value.dtype == dtype
    assert problem.notes == ()


@pytest.mark.parametrize(
    ("source", "expected", "kind"),
    [
        ("torch.tensor([1, 2])", [1.0, 2.0], "integers"),
        ("numpy.arange(2)", [0.0, 1.0], "integers"),
        ("True", 1.0, "truth values"),
        ("[True, False]", [1.0, 0.0], "truth values"),
    ],
)
def test_integers_and_truth_values_are_converted_with_a_note(
    source: str, expected: Any, kind: str
) -> None:
    """The caption says that a value was converted."""
    problem = bound(lambda x: x, f"x={source}")
    assert point(problem) == {"x": expected}
    assert problem.inputs[0].value.dtype == torch.float64
    assert problem.notes == (f"x: {kind} converted to float64, as derivatives need real numbers",)


def test_missing_scalars_start_at_one_with_a_note() -> None:
    """The function is tried with 1 before that is believed."""
    problem = bound(seed, "x2=4")
    assert point(problem) == {"x1": 1.0, "x2": 4.0, "x3": 1.0}
    assert problem.notes == ("x1, x3 start at 1, as the point gives no value",)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (growth, "state=[1, 1]"),
        (lambda x: x[0] * x[1], "x=[1, 2]"),
        (lambda x: sum(part for part in x), "x=[1, 2]"),
        (lambda x: x.unbind()[0], "x=[1, 2]"),
        (nn.Linear(5, 2), "input=torch.ones(5)"),
    ],
)
def test_a_missing_vector_is_an_error_with_the_line_to_write(function: Any, words: str) -> None:
    """A shape is never guessed."""
    with pytest.raises(PointError, match=CARET) as caught:
        bound(function)
    assert "needs a value, as its shape cannot be known" in str(caught.value)
    assert words in str(caught.value)


def test_a_failure_of_the_users_own_is_left_to_the_user() -> None:
    """Trying a scalar does not hide an ordinary mistake in the function."""

    def broken(x):
        return x * undefined  # noqa: F821 the mistake that is meant

    with pytest.raises(NameError, match="undefined"):
        bound(broken)


@pytest.mark.parametrize(
    ("function", "text", "wishes", "message"),
    [
        (seed, "x4=3", {}, "f has no argument x4; its arguments are x1, x2, x3"),
        (seed, "x1=1 y2=2", {}, "write x2=…"),
        (seed, "", {"at": "{x1: 1}"}, "write keys in quotes, such as {'x1': 1}"),
        (seed, "x1=nothing", {}, "the value of x1 does not evaluate: NameError"),
        (seed, "x1=1/0", {}, "ZeroDivisionError: division by zero"),
        (seed, "x1='three'", {}, "found str"),
        (seed, "x1=1j", {}, "found complex"),
        (seed, "x1=torch.tensor(1j)", {}, "expected real values for x1; found torch.complex64"),
        (seed, "x1=[[1, 2], [3]]", {}, "expected rows of equal length for x1"),
        (seed, "x1=numpy.array(['a'])", {}, "expected an array of real numbers for x1"),
        (seed, "x1=1", {"at": "(1,2,3)"}, "the point names x1 twice, once by --at"),
        (seed, "", {"at": "(1,2)"}, "--at needs one value for each of x1, x2, x3; found 2"),
        (seed, "", {"at": "3"}, "found 1"),
        (seed, "", {"at": "{'q':3}"}, "f has no argument q"),
        (seed, "", {"at": "nothing"}, "the value of --at does not evaluate"),
        (seed, "x1=1", {"wrt": "q"}, "--wrt names q, which is not an input; there are x1, x2, x3"),
        (seed, "x1=1", {"dtype": "int64"}, "--dtype needs a floating dtype of torch; found int64"),
        (seed, "x1=1", {"dtype": "nonsense"}, "found nonsense"),
        (seed, "x1=1", {"device": "nonsense"}, "--device needs a device that torch can use here"),
        (lambda: 3, "", {}, "f has no input to differentiate with respect to"),
        (lambda flag=True: 3, "", {}, "f has no input"),
    ],
)
def test_a_point_that_does_not_fit_is_refused_with_a_caret(
    function: Any, text: str, wishes: dict[str, str], message: str
) -> None:
    """One line, what to write, and a caret into the magic's line."""
    with pytest.raises(PointError, match=CARET) as caught:
        bound(function, text, **wishes)
    assert message in str(caught.value)


def test_dtype_casts_inputs_and_constants() -> None:
    """The whole call has the dtype asked for."""
    problem = bound(seed, "x1=3 x2=4 x3=torch.ones(2)", dtype="torch.float32", wrt="x1")
    assert problem.inputs[0].value.dtype == torch.float32
    assert problem.parameters["x3"].dtype == torch.float32
    assert bound(seed, "x1=3", device="cpu").inputs[0].value.device.type == "cpu"


# --- labels --------------------------------------------------------------------------------------


class ComplexNodes(NamedTuple):
    """Two numbers."""

    p: float
    q: float


def test_labels_are_indices_or_the_names_the_function_gives() -> None:
    """`x, y = state` names the components."""
    assert labels(bound(growth, "state=[1, 2]")) == ["x", "y"]
    assert labels(bound(lambda x: x, "x=[1, 2]")) == ["x[0]", "x[1]"]
    assert labels(bound(lambda x: x, "x=[[1, 2]]")) == ["x[0,0]", "x[0,1]"]
    assert labels(bound(lambda x: x, "x=[]")) == []


def test_names_that_would_clash_are_not_used() -> None:
    """Two components never carry one label."""

    def clash(state, x):
        x, y = state
        return x * y

    def doubled(state, other):
        x, y = state
        x, y = other
        return x * y

    assert labels(bound(clash, "state=[1, 2] x=3")) == ["state[0]", "state[1]", "x"]
    assert labels(bound(doubled, "state=[1, 2] other=[3, 4]")) == [
        *("x", "y", "other[0]", "other[1]"),
    ]
    assert labels(bound(growth, "state=[1., 2., 3.][:3]", wrt="state")) == [
        *("state[0]", "state[1]", "state[2]"),
    ]


# --- kinds of targets --------------------------------------------------------------------------


class Scaled:
    """An instance with `forward` and a method."""

    factor = 2.0

    def forward(self, x):
        """Scale."""
        return self.factor * x

    def product(self, a, b):
        """Multiply."""
        return self.factor * a * b


class Called:
    """An instance with `__call__`."""

    def __call__(self, x):
        return math.sin(x)


@pytest.mark.parametrize(
    ("target", "text", "expected"),
    [
        (lambda x: math.exp(x), "x=0", 1.0),
        (functools.partial(seed, 2), "x2=1 x3=3", (3.0, 6.0, 1.0)),
        (functools.partial(seed, x3=3.0), "x1=2 x2=1", (3.0, 6.0, 1.0)),
        (Scaled(), "x=3", 6.0),
        (Scaled, "x=3", 6.0),
        (Scaled().product, "a=3 b=4", 24.0),
        (Called(), "x=0", 0.0),
        (math.sin, "x=0", 0.0),
        (numpy.cos, "x=0", 1.0),
        (torch.exp, "x=0", 1.0),
        (lambda *parts: parts[0] - parts[1], "p=3 q=1", 2.0),
        (lambda **named: named["p"] - named["q"], "p=3 q=1", 2.0),
        (lambda x, /, *, scale: x * scale, "scale=3 x=2", 6.0),
    ],
)
def test_every_kind_of_callable_is_called_by_names(target: Any, text: str, expected: Any) -> None:
    """Functions, partials, instances, classes, methods and builtins."""
    assert value(bound(target, text)) == expected


def test_a_class_that_needs_arguments_is_refused() -> None:
    """Only the user knows them."""
    with pytest.raises(FunctionError, match=r"expected an instance of Pair; .* needs p, q; write"):
        target_of(ComplexNodes, "Pair")
    with pytest.raises(FunctionError, match="expected a function; found x of type int"):
        target_of(3, "x")


def test_a_module_is_differentiated_by_its_inputs() -> None:
    """The point takes the module's dtype."""
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    problem = bound(net, "input=[1, 2]", title="net")
    assert problem.inputs[0].value.dtype == torch.float32
    assert problem.title == "net"
    assert value(problem) == pytest.approx(net(torch.tensor([1.0, 2.0])).tolist())


def test_a_module_is_differentiated_by_its_parameters() -> None:
    """`--wrt parameters`, or names of them, beside inputs; the module is left as it is."""
    net = nn.Linear(2, 1)
    before = {name: part.clone() for name, part in net.named_parameters()}
    problem = bound(net, "input=[1, 2]", wrt="parameters")
    assert [given.name for given in problem.inputs] == ["weight", "bias"]
    assert labels(problem) == ["weight[0,0]", "weight[0,1]", "bias[0]"]
    moved = problem.function(torch.tensor([[1.0, 1.0]]), torch.tensor([5.0]))
    assert moved.tolist() == [8.0]
    assert list(point(bound(net, "input=[1, 2]", wrt="bias,input"))) == ["input", "bias"]
    assert list(point(bound(net, "input=[1, 2]", wrt="inputs"))) == ["input"]
    assert all(torch.equal(before[name], part) for name, part in net.named_parameters())


def test_a_module_can_run_in_another_dtype() -> None:
    """`--dtype` casts the weights of the call, not the module."""
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).eval()
    problem = bound(net, "input=[[1, 2]]", dtype="float64")
    assert problem.function(problem.inputs[0].value).dtype == torch.float64
    assert net[0].weight.dtype == torch.float32


def test_a_module_in_training_mode_is_noted() -> None:
    """Dropout makes a Jacobian random."""
    net = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
    notes = bound(net, "input=[1, 2]", title="net").notes
    assert notes == (
        "net is in training mode, so Dropout acts, always with the draw of seed 0 "
        "(the random state is put back); write net.eval()",
    )
    assert bound(net.eval(), "input=[1, 2]").notes == ()


def test_math_works_inside_a_module_whose_weights_are_inputs() -> None:
    """The module's own code is lifted although its weights are exchanged."""

    class Wave(nn.Module):
        def __init__(self):
            super().__init__()
            self.rate = nn.Parameter(torch.tensor(2.0))

        def forward(self, x):
            return math.sin(self.rate * x)

    problem = bound(Wave(), "x=3", wrt="rate")
    rate = torch.tensor(2.0, requires_grad=True)
    problem.function(rate).backward()
    assert rate.grad is not None
    assert rate.grad.item() == pytest.approx(3 * math.cos(6))


def test_sympy_matrices_and_expressions_are_functions_of_their_symbols() -> None:
    """Symbols are ordered as people count; vectors stay vectors."""
    x2, x10, lam = sympy.symbols("x2 x10 lambda")
    problem = bound(sympy.Matrix([x10 * x2, sympy.sin(x2) + sympy.pi]), "x2=0 x10=3")
    assert list(point(problem)) == ["x2", "x10"]
    assert value(problem) == pytest.approx([0.0, math.pi])
    assert value(bound(sympy.Matrix([[x2, 2], [3, x10]]), "x2=1 x10=4")) == [[1, 2], [3, 4]]
    assert value(bound(x2 / 3, "x2=6")) == pytest.approx(2.0)
    assert value(bound(sympy.Piecewise((x2, x2 > 0), (-x2, True)), "x2=-3")) == 3.0
    assert value(bound(lam**2, at="{'lambda': 3}")) == 9.0
    with pytest.raises(FunctionError, match="expected functions that torch has; found besselj"):
        target_of(sympy.besselj(0, x2), "f")
    with pytest.raises(PointError, match="f has no input to differentiate"):
        bound(sympy.Integer(3))


# --- cells of expressions ------------------------------------------------------------------------


def test_an_expression_cell_is_a_function_of_its_free_names() -> None:
    """One component a line; `math` is known."""
    problem = cell("x**2 * y\n5*x + sin(y)", "y=0 x=2")
    assert point(problem) == {"x": 2.0, "y": 0.0}
    assert value(problem) == (0.0, 10.0)
    assert (problem.title, problem.filename) == ("f", "<cell>")


def test_an_expression_cell_without_a_point_starts_at_one() -> None:
    """Every free name is a scalar input then."""
    assert point(cell("x*y")) == {"x": 1.0, "y": 1.0}


def test_constants_of_math_give_way_to_the_point_and_to_the_notebook() -> None:
    """`e` is Euler's number until the user says otherwise."""
    assert point(cell("e*x", "x=1")) == {"x": 1.0}
    assert value(cell("e*x", "x=1")) == pytest.approx(math.e)
    assert point(cell("e*x", "x=1 e=2")) == {"e": 2.0, "x": 1.0}
    assert cell("e*x", "x=1", e=3.0).parameters == {"e": 3.0}


def test_numbers_of_the_notebook_are_constants_as_defaults_are() -> None:
    """Named ones are inputs; if the point names none, all of them are."""
    problem = cell("k * x", "x=2", k=3.0)
    assert (point(problem), problem.parameters) == ({"x": 2.0}, {"k": 3.0})
    assert problem.notes == ("taken from the notebook: k",)
    assert value(problem) == 6.0
    assert point(cell("k * x", "", k=3.0, x=2.0)) == {"k": 3.0, "x": 2.0}
    assert point(cell("k * x", "k=1 x=1", k=3.0)) == {"k": 1.0, "x": 1.0}


def test_functions_and_symbols_of_the_notebook_are_no_numbers() -> None:
    """A helper is called; a SymPy symbol of the same name is an input all the same."""
    symbol = sympy.Symbol("x")
    problem = cell("double(x)", "x=2", double=lambda v: 2 * v, x=symbol)
    assert (point(problem), value(problem)) == ({"x": 2.0}, 4.0)


def test_statements_of_an_expression_cell_run_inside_the_function() -> None:
    """Intermediate names depend on the inputs."""
    assert value(cell("r = sqrt(x**2 + y**2)\nx / r\ny / r", "x=3 y=4")) == (0.6, 0.8)


def test_an_unknown_function_is_python_s_own_error() -> None:
    """A name that is only called is not an input."""
    with pytest.raises(NameError, match="nonsense"):
        value(cell("nonsense(x)", "x=1"))


# --- Python calls ----------------------------------------------------------------------------


def test_a_call_means_what_it_means_in_torch() -> None:
    """Names come from the signature; dtypes are untouched."""
    one = problem_from_call(seed, (torch.tensor(3.0), torch.tensor(4.0), torch.tensor(5.0)))
    assert point(one) == {"x1": 3.0, "x2": 4.0, "x3": 5.0}
    assert one.inputs[0].value.dtype == torch.float32
    assert (one.single, one.title, one.filename) == (False, "seed", __file__)
    assert value(one) == (7.0, 15.0, 64.0)
    bare = problem_from_call(torch.sin, torch.zeros(2))
    assert (bare.single, labels(bare)) == (True, ["x[0]", "x[1]"])
    pair = problem_from_call(lambda *v: v[0] * v[1], (torch.tensor(3.0), torch.tensor(4.0)))
    assert list(point(pair)) == ["x1", "x2"]


def test_a_call_keeps_the_graph_of_its_inputs() -> None:
    """What requires a gradient still does, for `create_graph`."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (found,) = torch.autograd.grad(problem_from_call(torch.sin, x).inputs[0].value.sum(), x)
    assert found.tolist() == [1.0, 1.0]


def test_a_call_takes_names_and_wrt() -> None:
    """`wrt` leaves inputs out, `names` renames them."""
    tensors = (torch.tensor(3.0), torch.tensor(4.0), torch.tensor(5.0))
    problem = problem_from_call(seed, tensors, wrt="b", names=["a", "b", "c"])
    assert point(problem) == {"b": 4.0}
    assert value(problem) == (7.0, 15.0, 64.0)
    assert list(problem.parameters) == ["a", "c"]
    both = problem_from_call(seed, tensors, wrt=("x3", "x1"))
    assert (list(point(both)), both.single) == (["x1", "x3"], False)


def test_a_call_converts_integers_with_a_note() -> None:
    """torch's own jacobian would refuse them."""
    problem = problem_from_call(torch.sin, torch.tensor([1, 2]))
    assert problem.inputs[0].value.dtype == torch.float64
    assert problem.notes == ("x: integers converted to float64, as derivatives need real numbers",)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (3.0, "a Tensor or a tuple of Tensors but the given inputs has type <class 'float'>"),
        ([torch.zeros(1)], "but the given inputs has type <class 'list'>"),
        (("relu",), "but the value at index 0 has type <class 'str'>"),
    ],
)
def test_a_call_refuses_other_inputs_in_torch_s_words(inputs: Any, message: str) -> None:
    """TypeError, as in torch."""
    with pytest.raises(TypeError, match=r"^The inputs given to jacobian must be either") as caught:
        problem_of(seed, inputs)
    assert message in str(caught.value)


@pytest.mark.parametrize("names", ["a", "a,a", "a,b,c"])
def test_a_call_refuses_names_that_do_not_fit(names: str) -> None:
    """One distinct name per input."""
    with pytest.raises(PointError, match="expected 2 distinct names, one per input; found a"):
        problem_from_call(seed, (torch.zeros(1), torch.zeros(1)), names=names)


def test_a_call_refuses_an_unknown_wrt() -> None:
    """The inputs are listed."""
    with pytest.raises(PointError, match=r"expected names of inputs in wrt; found 'q'; .* x1"):
        problem_from_call(seed, (torch.zeros(1),) * 3, wrt="q")


# --- slider ranges -----------------------------------------------------------------------------


def limits(problem: Problem, *texts: str) -> dict[str, Any]:
    """Return the ranges of a problem, by component."""
    typed = " ".join(f"--range {text}" for text in texts)
    line = read_line(typed, flags=(), valued=("--range",), wants_target=False)
    return limits_of(texts, problem, SPACE, line)


def test_ranges_name_inputs_and_components() -> None:
    """A whole input spreads over its components."""
    problem = bound(growth, "state=[1, 2] alpha=1.1")
    assert limits(problem, "alpha=0:a") == {"alpha": (0.0, 2.5, None)}
    assert limits(problem, "state=-pi:pi:0.5") == {
        "x": (-math.pi, math.pi, 0.5),
        "y": (-math.pi, math.pi, 0.5),
    }
    assert limits(problem, "state=0:1", "y=0:2", "state[0]=0:3") == {
        "x": (0.0, 3.0, None),
        "y": (0.0, 2.0, None),
    }


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("z=0:1", PointError, "--range names z, which is not an input; the components are x, y"),
        ("state[2]=0:1", PointError, "--range names state\\[2\\], which is not an input"),
        ("x=1:0", PointError, "expected LO < HI and a positive step; found 1 and 0; write"),
        ("x=0:1:0", PointError, "with step 0"),
        ("x=0:nothing", PointError, "the bounds of --range x do not evaluate: NameError"),
        ("x=0", CellError, "expected --range NAME=LO:HI"),
    ],
)
def test_ranges_that_do_not_fit_are_refused(text: str, kind: type[Exception], message: str) -> None:
    """With a caret into the line."""
    with pytest.raises(kind, match=message) as caught:
        limits(bound(growth, "state=[1, 2]"), text)
    assert "^" in str(caught.value)


def test_integers_differ_from_real_numbers_as_they_are_given():
    """Only those may have to stay whole, where the function needs a count or an index."""
    pair = torch.tensor(2.0), torch.tensor(3)
    assert problem_from_call(lambda x, n: x * n, pair).integers == ("n",)
    assert problem_from_call(lambda x, n: x * n, pair, wrt="x").integers == ()
    assert problem_from_call(lambda x: x, torch.ones(3)).integers == ()
