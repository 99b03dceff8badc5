"""Outputs of any nest: flattened, rebuilt, named, or refused in one line."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from jacmagic.errors import FunctionError
from jacmagic.function.outputs import flatten

ComplexNodes = namedtuple("Pair", "left right")


@dataclass(frozen=True)
class Pose:
    """A frozen dataclass whose constructor is choosy."""

    where: Any
    heading: Any

    def __post_init__(self):
        assert isinstance(self.heading, torch.Tensor)


SCALAR, VECTOR, MATRIX = torch.tensor(1.5), torch.arange(3.0), torch.ones(2, 2)

NESTS = {
    "tensor": (VECTOR, [()], ["f[0]", "f[1]", "f[2]"]),
    "scalar": (SCALAR, [()], ["f"]),
    "number": (2.5, [()], ["f"]),
    "tuple of scalars": ((SCALAR, 2, SCALAR), [(0,), (1,), (2,)], ["f1", "f2", "f3"]),
    "list of scalars": ([SCALAR, SCALAR], [(0,), (1,)], ["f1", "f2"]),
    "tuple of one": ((SCALAR,), [(0,)], ["f1"]),
    "tensors": ((VECTOR, SCALAR), [(0,), (1,)], ["f1[0]", "f1[1]", "f1[2]", "f2"]),
    "matrix": (MATRIX, [()], ["f[0,0]", "f[0,1]", "f[1,0]", "f[1,1]"]),
    "nested lists": (
        [[SCALAR, SCALAR], [SCALAR, 0.0]],
        [(0, 0), (0, 1), (1, 0), (1, 1)],
        ["f[0,0]", "f[0,1]", "f[1,0]", "f[1,1]"],
    ),
    "dict": (
        {"loss": SCALAR, "grad": VECTOR},
        [("loss",), ("grad",)],
        ["loss", "grad[0]", "grad[1]", "grad[2]"],
    ),
    "dict of dicts": (
        {"a": {"b": SCALAR}, "c": [SCALAR, {"d": SCALAR}]},
        [("a", "b"), ("c", 0), ("c", 1, "d")],
        ["a.b", "c[0]", "c[1].d"],
    ),
    "list of dicts": ([{"a": SCALAR}, {"a": SCALAR}], [(0, "a"), (1, "a")], ["f[0].a", "f[1].a"]),
    "named tuple": (ComplexNodes(SCALAR, SCALAR), [("left",), ("right",)], ["left", "right"]),
    "dataclass": (
        Pose(VECTOR, SCALAR),
        [("where",), ("heading",)],
        ["where[0]", "where[1]", "where[2]", "heading"],
    ),
    "empty": (torch.empty(0), [()], []),
    "empty among others": ((torch.empty(2, 0), SCALAR), [(0,), (1,)], ["f2"]),
    "ordered dict": (OrderedDict(b=SCALAR, a=SCALAR), [("b",), ("a",)], ["b", "a"]),
    "other keys": ({1: SCALAR, (2, 3): SCALAR}, [("1",), ("(2, 3)",)], ["1", "(2, 3)"]),
    "numpy number": (np.float64(2.0), [()], ["f"]),
    "numpy array": (np.ones(2), [()], ["f[0]", "f[1]"]),
}


@pytest.mark.parametrize(("value", "paths", "names"), NESTS.values(), ids=NESTS.keys())
def test_every_nest_has_leaves_paths_and_labels(value, paths, names):
    """Each nest gives its leaves in order, with their paths and row labels."""
    outputs = flatten(value)
    assert list(outputs.paths) == paths
    assert [label.text for label in outputs.labels()] == names
    assert outputs.numel == len(names) == len(set(names))
    assert all(leaf.is_floating_point() for leaf in outputs.leaves)


@pytest.mark.parametrize("value", [nest[0] for nest in NESTS.values()], ids=NESTS.keys())
def test_rebuilding_gives_the_same_structure(value):
    """A rebuilt nest has the same types and the new leaves in the same positions."""
    outputs = flatten(value)
    marks = [torch.tensor(float(k)) for k in range(len(outputs.leaves))]
    rebuilt = outputs.rebuild(marks)
    assert list(flatten(rebuilt).leaves) == marks
    assert flatten(rebuilt).paths == outputs.paths
    if isinstance(value, (tuple, list, Pose)):
        assert type(rebuilt) is type(value)


def test_torchs_structures_are_torchs():
    """Tensor to one value, tuple to tuple, list to list, dict to dict."""
    assert flatten(SCALAR).rebuild(["a"]) == "a"
    assert flatten((SCALAR, SCALAR)).rebuild("ab") == ("a", "b")
    assert flatten([SCALAR, (SCALAR,)]).rebuild("ab") == ["a", ("b",)]
    assert flatten(OrderedDict(k=SCALAR)).rebuild("a") == {"k": "a"}
    assert flatten(ComplexNodes(SCALAR, SCALAR)).rebuild("ab") == ComplexNodes("a", "b")
    assert flatten(Pose(SCALAR, SCALAR)).rebuild("ab").heading == "b"


def test_torchs_return_types_name_their_fields():
    """The named results of torch's own functions are nests like any other."""
    found = flatten(torch.linalg.slogdet(MATRIX + torch.eye(2)))
    assert [label.text for label in found.labels()] == ["sign", "logabsdet"]
    assert type(found.rebuild(found.leaves)).__name__ == "linalg_slogdet"
    with pytest.raises(FunctionError, match=r"integer \(int64\) tensor as output\['indices'\]"):
        flatten(torch.max(MATRIX, dim=1))


REFUSED = {
    "nothing": (None, r"found None as the output; usually a missing return"),
    "nothing second": ((SCALAR, None), r"found None as output 2 \(index 1\); usually a missing"),
    "text": ({"a": "bar"}, r"found the string 'bar' as output\['a'\]; return only"),
    "integers": (torch.tensor([1, 2]), r"an integer \(int64\) tensor as the output; argmax"),
    "truth": (VECTOR > 1, r"a bool tensor as the output; a comparison has no derivative"),
    "one truth": ((SCALAR, True), r"found True as output 2 \(index 1\); a comparison"),
    "complex": (torch.tensor(1j), r"a complex64 tensor as the output; write torch.view_as_real"),
    "complex number": (1j, r"the complex number 1j as the output; return its real and imaginary"),
    "function": ([SCALAR, torch.sin], r"the function sin as output 2 .* without being called"),
    "generator": ((x for x in [SCALAR]), r"a generator as the output; .* write tuple\(...\)"),
    "set": ({SCALAR}, r"a set as the output; a set has no order: write a tuple"),
    "array": (np.array([1, 2]), r"an array of dtype int64 as the output; return real values"),
    "sparse": (MATRIX.to_sparse(), r"a sparse float32 tensor as the output; write .to_dense\(\)"),
    "object": (object(), r"an object as the output; return only what is to be differentiated"),
    "empty tuple": ((), r"found \(\) with nothing in it; return a value"),
}


@pytest.mark.parametrize(("value", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_has_no_jacobian_is_refused_in_one_line(value, words):
    """The refusal says which output, what it is, what to write, and torch's own sentence."""
    with pytest.raises(FunctionError, match=words) as refusal:
        flatten(value)
    assert "\n" not in str(refusal.value)
    assert isinstance(refusal.value, TypeError)
    assert str(refusal.value).startswith(
        "The outputs of the user-provided function given to jacobian must be either a Tensor or a "
        "tuple of Tensors"
    )


def test_detached_and_subclassed_tensors_are_accepted():
    """A cut graph is not an error here; tensor subclasses lose their class but not their graph."""
    x = torch.ones(2, requires_grad=True)
    assert not flatten(x.detach() * 2).leaves[0].requires_grad

    class Odd(torch.Tensor):
        pass

    leaf = flatten((x * 2).as_subclass(Odd)).leaves[0]
    assert type(leaf) is torch.Tensor and leaf.requires_grad
    parameter = torch.nn.Parameter(torch.ones(1))
    assert flatten(parameter).leaves[0] is parameter


tensors = st.builds(torch.zeros, st.lists(st.integers(0, 3), max_size=2).map(tuple))
nests = st.recursive(
    tensors | st.floats(-5, 5),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.lists(inner, min_size=1, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


@given(nests)
def test_any_nest_survives_the_round_trip(value):
    """Leaves, paths and shapes are the same after taking apart and putting together."""
    outputs = flatten(value)
    again = flatten(outputs.rebuild(outputs.leaves))
    assert again.paths == outputs.paths
    assert [leaf.shape for leaf in again.leaves] == [leaf.shape for leaf in outputs.leaves]
    assert len(outputs.labels()) == outputs.numel
