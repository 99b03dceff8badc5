"""Generated torch code goes through torch's exporters, and ONNX Runtime gives torch's numbers."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest
import torch

import jacmagic

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "export-to-onnx.md"


def f(x, A):
    """Branches that torch decides by `where`, constants, a matrix, structural zeros."""
    y = torch.where(x > 0, torch.sin(x), 0.5 * x**3)
    return torch.cat([A @ y, x[:1] * 2, torch.ones(1)])


class WithJacobian(torch.nn.Module):
    """The generated function as a module."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.namespace: dict = {}
        exec(compile(source, "<generated>", "exec"), self.namespace)

    def forward(self, x, A):
        """Return value and Jacobian."""
        return self.namespace["value_and_jacobian_of_f"](x, A)


POINT = (torch.tensor([0.3, -0.8]), torch.tensor([[1.0, 2.0], [3.0, -4.0]]))
OTHER = (torch.tensor([-0.5, 0.9]), torch.tensor([[0.5, 2.0], [-3.0, 1.0]]))


@pytest.fixture
def module() -> WithJacobian:
    """Return a module made of generated code."""
    return WithJacobian(jacmagic.jacobian(f, POINT).to_code("torch")).eval()


def is_right(value, matrix) -> bool:
    """Whether results at the other point are torch's, to the digits of float32."""
    truth = jacmagic.jacobian(f, OTHER)
    both = torch.allclose(torch.as_tensor(matrix), truth.matrix, rtol=1e-5, atol=1e-6)
    return both and torch.allclose(torch.as_tensor(value), truth.value, rtol=1e-5, atol=1e-6)


def test_torch_export(module):
    """An exported program gives value and Jacobian at another point."""
    assert is_right(*torch.export.export(module, POINT).module()(*OTHER))


@pytest.mark.filterwarnings("ignore:`torch.jit.trace")
def test_torchscript(module):
    """So does a traced module."""
    assert is_right(*torch.jit.trace(module, POINT)(*OTHER))


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_onnx(module, tmp_path):
    """ONNX Runtime gives the numbers of torch."""
    runtime = pytest.importorskip("onnxruntime", reason="pip install jacmagic[dev]")
    path = tmp_path / "f.onnx"
    names = {"input_names": ["x", "A"], "output_names": ["value", "jacobian"]}
    torch.onnx.export(module, POINT, dynamo=True, verbose=False, **names).save(path)
    session = runtime.InferenceSession(path)
    given = {"x": OTHER[0].numpy(), "A": OTHER[1].numpy()}
    assert is_right(*session.run(None, given))


def test_the_page_runs_with_onnx(tmp_path, monkeypatch):
    """The page's blocks run in order, those for ONNX included."""
    pytest.importorskip("onnxruntime", reason="pip install jacmagic[dev]")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```(?:py|python)\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    assert len(blocks) == 5 and "onnxruntime" in blocks[3]
    namespace: dict = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's exporter
        for block in blocks:
            exec(compile(block, str(PAGE), "exec"), namespace)
    assert (tmp_path / "f_with_jacobian.onnx").exists()
