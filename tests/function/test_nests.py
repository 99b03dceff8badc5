"""Nests of tensors as inputs; texts, flags and counts that stay fixed."""

from __future__ import annotations

import collections
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import torch

import jacmagic
from jacmagic.errors import PointError
from jacmagic.function.integer_arguments import keeping_integers
from jacmagic.function.nests import nest_of
from jacmagic.function.problem import Problem
from jacmagic.function.targets import target_of
from jacmagic.notebook.binding import bind
from jacmagic.notebook.cell import read_line
from jacmagic.notebook.options import InputOptions

F64 = torch.float64


def vector(*numbers: float) -> torch.Tensor:
    return torch.tensor(numbers, dtype=F64)


def scalar(number: float) -> torch.Tensor:
    return torch.tensor(number, dtype=F64)


def product(p):
    return p["w"] * p["b"], p["w"] ** 2


class Weights(NamedTuple):
    """Two tensors."""

    w: Any
    b: Any


@dataclass(frozen=True)
class Model:
    """Two tensors and a switch."""

    w: Any
    b: Any
    kind: str = "linear"


# ── Python calls ──────────────────────────────────────────────────────────────────────────────


def test_a_dict_labels_columns_by_its_keys_and_nests_the_blocks() -> None:
    """Blocks are those of the tensors, by key; other points are named by key too."""
    J = jacmagic.jacobian(product, {"w": scalar(2.0), "b": scalar(3.0)})
    assert J.column_labels == ["w", "b"]
    assert J.matrix.tolist() == [[3, 2], [4, 0]]
    assert [{key: float(one) for key, one in row.items()} for row in J.blocks] == [
        {"w": 3.0, "b": 2.0},
        {"w": 4.0, "b": 0.0},
    ]
    assert str(J.formula) == "Matrix([[b, w], [2*w, 0]])"
    assert J.agreement.verdict == "agree"
    assert J.at(w=5.0).matrix.tolist() == [[3, 5], [10, 0]]
    assert [float(part) for part in J.jvp({"w": scalar(1.0), "b": scalar(0.0)})] == [3, 4]
    assert set(J.vjp((scalar(1.0), scalar(0.0)))) == {"w", "b"}


def test_a_hessian_of_a_dict_nests_twice() -> None:
    """As `torch.func.hessian` nests it."""
    p = {"w": scalar(2.0), "b": scalar(3.0)}
    H = jacmagic.hessian(lambda p: p["w"] ** 2 * p["b"], p)
    assert {row: {key: float(one) for key, one in H.blocks[row].items()} for row in p} == {
        "w": {"w": 6.0, "b": 4.0},
        "b": {"w": 4.0, "b": 0.0},
    }


@pytest.mark.parametrize(
    ("function", "inputs", "labels"),
    [
        (lambda p: p.w * p.b, Weights(vector(1, 2), scalar(3)), ["w[0]", "w[1]", "b"]),
        (lambda w, b: w * b, Weights(vector(1, 2), scalar(3)), ["w[0]", "w[1]", "b"]),
        (lambda p: p.w * p.b, Model(vector(1, 2), scalar(3)), ["w[0]", "w[1]", "b"]),
        (lambda ws: ws[0] * ws[1], [scalar(1), scalar(2)], ["ws[0]", "ws[1]"]),
        (lambda ws: ws[0] @ ws[1], [vector(1, 2), vector(1, 2)], [
            "ws[0][0]", "ws[0][1]", "ws[1][0]", "ws[1][1]",
        ]),
        (lambda p, q: p["w"] * q["w"], ({"w": scalar(1)}, {"w": scalar(2)}), ["p.w", "q.w"]),
        (lambda p, w: p["w"] * w, ({"w": scalar(1)}, scalar(2)), ["p.w", "w"]),
        (lambda layers: layers[1]["w"] * layers[0]["w"], [{"w": scalar(1)}, {"w": scalar(2)}], [
            "layers[0].w", "layers[1].w",
        ]),
        (lambda p: p["a"]["b"] ** 2, {"a": {"b": scalar(1)}}, ["a.b"]),
        (lambda p: p[1] * p["1"], {1: scalar(2), "1": scalar(3)}, ["p.1", "p.1_"]),
    ],
)  # fmt: skip
def test_every_kind_of_nest_has_labels_that_tell_its_leaves_apart(
    function: Any, inputs: Any, labels: list[str]
) -> None:
    """The keys alone where they suffice, behind the argument's name where they do not."""
    J = jacmagic.jacobian(function, inputs)
    assert J.column_labels == labels
    assert J.agreement.verdict == "agree"


def test_named_tuples_keep_their_type_and_lists_take_unpacked_names() -> None:
    """Blocks come in the nest of the inputs; a field that stays fixed is left out."""
    J = jacmagic.jacobian(lambda p: p.w * p.b, Weights(scalar(1), scalar(2)))
    assert isinstance(J.blocks, Weights)
    J = jacmagic.jacobian(lambda p: p.w * p.b, Model(scalar(1), scalar(2)))
    assert set(J.blocks) == {"w", "b"}

    def affine(params):
        W, b = params
        return W * b

    assert jacmagic.jacobian(affine, [scalar(1), scalar(2)]).column_labels == ["W", "b"]


def test_mappings_keep_their_type_for_the_function() -> None:
    """The function sees an ordered dict where one was given."""

    def ordered(p):
        assert type(p) is collections.OrderedDict
        return p["a"] ** 2

    assert float(jacmagic.jacobian(ordered, collections.OrderedDict(a=scalar(3))).matrix) == 6


@pytest.mark.parametrize(
    ("function", "inputs", "expected"),
    [
        (lambda x, a, n: getattr(torch, a)(x) ** n, (scalar(2), "relu", 3), [12.0]),
        (lambda x, m: x**2 if m is None else x, (scalar(2), None), [4.0]),
        (lambda x, flag: x**2 if flag else x, (scalar(2), True), [4.0]),
        (lambda x, g: g(x) * 2, (scalar(0), torch.sin), [2.0]),
        (lambda x, g: g(x) * 2, (scalar(0), math.sin), [2.0]),
        (lambda x, i: x[i] ** 2, (vector(1, 2), torch.tensor(1)), [0.0, 4.0]),
        (lambda x, n: sum(x**k for k in range(n)), (scalar(2), torch.tensor(3)), [5.0]),
        (lambda x, y: x * y, (scalar(2), 3.0), [3.0, 2.0]),
    ],
)
def test_what_cannot_vary_stays_as_it_is(function: Any, inputs: Any, expected: Any) -> None:
    """Texts, None, flags, functions and counts; a float varies."""
    J = jacmagic.jacobian(function, inputs)
    assert J.matrix.tolist() == [expected]
    assert len(J.blocks) == (2 if isinstance(inputs[1], float) else 1)


def test_wrt_takes_leaves_parts_and_arguments() -> None:
    """A leaf by its short or its long name, everything below a part, an integer if named."""
    inputs = ({"w": scalar(2), "b": scalar(3)}, scalar(5))

    def f(p, x):
        return p["w"] * x + p["b"]

    assert jacmagic.jacobian(f, inputs, wrt="w").column_labels == ["w"]
    assert jacmagic.jacobian(f, inputs, wrt="p.w").column_labels == ["w"]
    assert jacmagic.jacobian(f, inputs, wrt="p").column_labels == ["w", "b"]
    assert jacmagic.jacobian(f, inputs, wrt=["x", "b"]).column_labels == ["b", "x"]
    assert float(jacmagic.jacobian(lambda x, n: x * n, (scalar(2), 3), wrt="n").matrix) == 2
    with pytest.raises(PointError, match="expected names of inputs in wrt; found 'q'"):
        jacmagic.jacobian(f, inputs, wrt="q")


def test_a_module_takes_nests_beside_its_parameters() -> None:
    """Keyword-like inputs of a forward method, with exchanged weights."""

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 1).double()

        def forward(self, data, activation):
            return getattr(torch, activation)(self.layer(data["x"]))

    net, inputs = Net(), ({"x": vector(0.1, 0.2)}, "tanh")
    assert jacmagic.jacobian(net, inputs).column_labels == ["x[0]", "x[1]"]
    assert jacmagic.jacobian(net, inputs, wrt="layer.bias").column_labels == ["layer.bias[0]"]


def test_a_batch_of_nests() -> None:
    """Every tensor of the nest has the leading dimension."""
    stacked = {"w": vector(2, 3), "b": vector(3, 4)}
    batch = jacmagic.jacobian(lambda p: p["w"] * p["b"], stacked, batch=True)
    assert batch.matrix.tolist() == [[[3, 2]], [[4, 3]]]
    assert batch.blocks["w"].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ("abc", "the given inputs has type <class 'str'>"),
        (None, "the given inputs has type <class 'NoneType'>"),
        ({}, "the given inputs has type <class 'dict'>"),
        (("a", 3), "the value at index 0 has type <class 'str'>"),
    ],
)
def test_inputs_without_anything_that_varies_are_refused(inputs: Any, words: str) -> None:
    """In torch's words."""
    with pytest.raises(TypeError, match=words):
        jacmagic.jacobian(lambda *parts: parts, inputs)


def test_a_nest_that_contains_itself_is_refused() -> None:
    """With what to write."""
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(PointError, match="contains itself or is too deep; write a flat dict"):
        nest_of({"p": endless})


# ── scripted, traced and compiled functions ───────────────────────────────────────────────────


@pytest.mark.parametrize(
    "convert", [torch.jit.script, lambda net: torch.jit.trace(net, vector(0, 0))]
)
@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_scripted_and_traced_modules_have_the_numbers_of_their_originals(convert: Any) -> None:
    """By inputs and by parameters, again after the executor has optimised them."""
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh()).double()
    converted, x = convert(net), vector(0.1, 0.2)
    for _ in range(3):
        J = jacmagic.jacobian(converted, x)
        assert torch.allclose(J.matrix, jacmagic.jacobian(net, x).matrix, rtol=1e-14)
    weights = jacmagic.jacobian(converted, x, wrt="parameters").matrix
    assert torch.allclose(weights, jacmagic.jacobian(net, x, wrt="parameters").matrix, rtol=1e-14)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's compiler while it loads
def test_a_compiled_function_is_the_function_that_was_compiled() -> None:
    """But a wrapper that copied its attributes is a function of its own."""
    import functools

    def plain(x):
        return x.sin() * 2

    compiled = torch.compile(plain)

    @functools.wraps(compiled)
    def doubled(x):
        return 2 * plain(x)

    assert float(jacmagic.jacobian(compiled, scalar(0)).matrix) == 2
    assert jacmagic.jacobian(compiled, scalar(0)).formula is not None
    assert float(jacmagic.jacobian(doubled, scalar(0)).matrix) == 4


# ── the line ──────────────────────────────────────────────────────────────────────────────────


def bound(function: Any, text: str, **wishes: str) -> Problem:
    """Return the problem of a function and a line, integers kept where they must be."""
    typed = text + "".join(f" --{name} {wish}" for name, wish in wishes.items())
    line = read_line(typed, flags=(), valued=("--wrt", "--at"), wants_target=False)
    space = {"torch": torch, "math": math}

    def make(fixed: Any) -> Problem:
        return bind(target_of(function, "f"), line, space, InputOptions(**wishes), fixed)

    def answer(problem: Problem) -> Problem:
        problem.function(*problem.tensors)
        return problem

    return keeping_integers(make, answer)


def names(problem: Problem) -> list[str]:
    return [label.text for one in problem.inputs for label in one.labels]


@pytest.mark.parametrize(
    ("function", "text", "wishes", "inputs", "constants"),
    [
        (lambda x, kind: x**2, "x=2 kind='cubic'", {}, ["x"], {"kind": "cubic"}),
        (lambda x, kind: x**2, "kind='cubic'", {}, ["x"], {"kind": "cubic"}),
        (lambda x, flag: x**2, "x=2 flag=True", {}, ["x"], {"flag": True}),
        (lambda x, mask: x**2, "x=2 mask=None", {}, ["x"], {"mask": None}),
        (lambda x, g: g(x), "x=2 g=math.sin", {}, ["x"], {"g": "sin"}),
        (lambda x, n: sum(x for _ in range(n)), "x=2 n=3", {}, ["x"], {"n": 3}),
        (lambda n, x, k: sum(x for _ in range(n)) + torch.eye(k)[0, 0], "n=3 x=2 k=1", {}, ["x"],
         {"n": 3, "k": 1}),
        (lambda x, i: x[i] * 1.0, "x=[1, 2] i=1", {}, ["x[0]", "x[1]"], {"i": 1}),
        (lambda x, n: x * n, "x=2 n=3", {}, ["x", "n"], {}),
        (lambda p, x: p["w"] * x, "p={'w': 2, 'b': 3} x=1", {}, ["w", "b", "x"], {}),
        (lambda p, x: p["w"] * x, "p={'w': 2, 'b': 3} x=1", {"wrt": "w"}, ["w"], None),
        (lambda p: p["w"] * p["b"], "", {"at": "{'w': 2, 'b': [1, 2]}"}, ["w", "b[0]", "b[1]"], {}),
        (lambda p, x: p["w"] * x, "p={'w': 2}", {}, ["w", "x"], {}),
        (lambda p: p["w"] ** 2, "p={'w': 2, 'act': 'relu'}", {}, ["w"], {"act": "relu"}),
        (lambda a, *rest: a * sum(rest), "a=1 rest=2", {}, ["a", "rest"], {}),
        (lambda a, *rest: a * sum(rest), "a=1 rest=[2, 3]", {}, ["a", "rest[0]", "rest[1]"], {}),
        (lambda a, b=5.0, *rest: a * b * sum(rest), "a=1 c=2", {}, ["a", "c"], {"b": 5.0}),
        (lambda **kw: kw["a"] * kw["b"], "kw={'a': 2, 'b': 3}", {}, ["a", "b"], {}),
    ],
)  # fmt: skip
def test_the_line_takes_nests_and_what_stays_fixed(
    function: Any, text: str, wishes: dict[str, str], inputs: list[str], constants: Any
) -> None:
    """What cannot be differentiated is a constant that is shown; the rest are inputs."""
    problem = bound(function, text, **wishes)
    assert names(problem) == inputs
    if constants is not None:
        assert dict(problem.parameters) == constants


def test_a_count_that_must_be_whole_says_so() -> None:
    """One sentence in the notes."""
    problem = bound(lambda x, n: sum(x for _ in range(n)), "x=2 n=3")
    assert problem.notes == ("n stays 3: the function takes it as an integer only",)


def test_a_mistake_of_the_user_s_is_not_taken_for_a_count() -> None:
    """The function's own exception comes back."""
    with pytest.raises(TypeError, match="unsupported operand"):
        bound(lambda x, n: x * n / [1], "x=2 n=3")
    with pytest.raises(TypeError, match="size"):
        bound(lambda x: torch.zeros(x), "x=3")


@pytest.mark.parametrize("name", ["θ̇", "x̂", "v⃗", "ẋ", "x́", "𝛼"])
def test_names_that_tab_writes_are_names_of_inputs(name: str) -> None:
    """In the point, in `--wrt` and in ranges, in whichever form they are typed."""
    import unicodedata

    from jacmagic.notebook.ranges import limits_of

    space: dict[str, Any] = {}
    exec(f"def f({name}, y): return {name} * y", space)
    typed = unicodedata.normalize("NFD", name)
    problem = bound(space["f"], f"{typed}=1 y=2", wrt=typed)
    (label,) = names(problem)
    assert label == unicodedata.normalize("NFKC", name)
    line = read_line("", flags=(), valued=(), wants_target=False)
    assert limits_of([f"{typed}=0:1"], problem, {}, line) == {label: (0.0, 1.0, None)}
