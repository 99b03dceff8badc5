"""Results are pickled and copied: what one process computes, another one reads."""

from __future__ import annotations

import copy
import io
import pickle
import sys
from types import ModuleType

import pytest
import torch
from torch import nn

import jacmagic
from jacmagic import FunctionError

F64 = torch.float64


def product(x, y):
    return torch.stack([x * y, torch.sin(x)])


def cubes(x):
    return (x**3).sum()


def of_dict(p):
    return {"a": p["k"] * 2, "b": p["k"].sum()}


class Scaled:
    """A callable with a state."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, x):
        return self.factor * x**2


def again(J):
    """Return a result after a round trip."""
    return pickle.loads(pickle.dumps(J))


def pair():
    """Return the Jacobian of `product` at (1.5, 2)."""
    return jacmagic.jacobian(product, (torch.tensor(1.5, dtype=F64), torch.tensor(2.0, dtype=F64)))


def test_a_result_is_the_same_after_a_round_trip() -> None:
    """Numbers, labels, formula and verdict, and other points can still be asked for."""
    J = pair()
    K = again(J)
    assert type(K) is type(J) and torch.equal(K.matrix, J.matrix)
    assert repr(K) == repr(J) and K.formula == J.formula
    assert K.agreement.verdict == "agree"
    assert torch.equal(K.at(x=3.0).matrix, J.at(x=3.0).matrix)


@pytest.mark.parametrize(
    ("function", "inputs", "keywords"),
    [
        (of_dict, {"k": torch.ones(2)}, {}),
        (torch.sin, torch.ones(2), {}),
        (Scaled(3.0), torch.ones(2), {}),
        (Scaled(3.0).__call__, torch.ones(2), {}),
        (product, (torch.tensor(1.0), torch.tensor(2.0)), {"wrt": "y"}),
        (nn.Linear(2, 1), torch.ones(2), {"wrt": "parameters"}),
        (nn.Linear(2, 1), torch.ones(2), {}),
    ],
)
def test_all_kinds_of_functions(function, inputs, keywords) -> None:
    """Functions of modules, methods, callable objects and networks keep point and labels."""
    J = jacmagic.jacobian(function, inputs, **keywords)
    K = again(J.at())
    assert torch.equal(K.matrix, J.matrix)
    assert [one.unicode for one in K.columns] == [one.unicode for one in J.columns]
    assert str(K.formula) == str(J.formula)


def test_a_hessian_and_another_point() -> None:
    """A Hessian is one again, at the point it was moved to."""
    H = jacmagic.hessian(cubes, torch.tensor([1.0, 2.0], dtype=F64)).at(x=[3.0, 4.0])
    K = again(H)
    assert torch.equal(K.matrix, torch.diag(torch.tensor([18.0, 24.0], dtype=F64)))
    assert str(K.formula) == str(H.formula) and "Hessian" in repr(K)


def test_torch_saves_a_result() -> None:
    """torch.save and torch.load take the same way."""
    J, file = pair(), io.BytesIO()
    torch.save(J, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=False).matrix, J.matrix)


def test_a_function_that_pickle_cannot_find_is_refused() -> None:
    """The error names the function and what holds none."""
    J = jacmagic.jacobian(lambda x: x**2, torch.ones(2))
    with pytest.raises(FunctionError, match=r"expected a function that pickle finds .*J\.matrix"):
        pickle.dumps(J)


def test_a_pickler_that_writes_functions_out_takes_any(monkeypatch) -> None:
    """cloudpickle's kind is asked to store the function itself."""
    J = jacmagic.jacobian(lambda x: x**2, torch.ones(2))
    writer = ModuleType("cloudpickle.fake")
    exec("def reduce(J): return J.__reduce_ex__(4)[1][1].__reduce__()", vars(writer))
    monkeypatch.setitem(sys.modules, "cloudpickle.fake", writer)
    make, arguments = writer.reduce(J)
    assert torch.equal(make(*arguments).tensors[0], torch.ones(2))


def test_a_deep_copy_has_numbers_of_its_own() -> None:
    """Writing into a copy's matrix leaves the original; a function of any kind is shared."""
    J = jacmagic.jacobian(lambda x: x**2, torch.ones(2))
    for other in (copy.deepcopy(J), copy.deepcopy({"result": J})["result"]):
        other.matrix[0, 0] = 7.0
        assert J.matrix[0, 0] == 2.0 and other.formula == J.formula
    assert torch.equal(copy.copy(J).matrix, J.matrix)
    kept = jacmagic.jacobian(torch.sin, torch.ones(2), create_graph=True)
    assert torch.equal(copy.deepcopy(kept).matrix, kept.matrix)


def test_a_batch_is_stored_with_its_samples() -> None:
    """Numbers are kept; the Jacobian of one sample is derived again."""
    batch = jacmagic.jacobian(torch.sin, torch.rand(3, 2), batch=True)
    other = pickle.loads(pickle.dumps(batch))
    assert torch.equal(other.matrix, batch.matrix)
    assert other[1].formula == batch[1].formula
