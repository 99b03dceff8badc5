"""No two symbols of one formula read alike, and parameters of layers have short names."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import jacmagic
from jacmagic.labels import Label, apart, labels_of

F64 = torch.float64
X = torch.tensor([1.0, 2.0], dtype=F64)
x1 = 2.5  # a constant under the name that x[1] reads as


@pytest.mark.parametrize(
    ("name", "text", "unicode", "tex"),
    [
        ("2.weight", "2.weight[0,1]", "W₂[0,1]", "W_{2,01}"),
        ("10.bias", "10.bias[0,1]", "b₁₀[0,1]", "b_{10,01}"),
        ("net.0.weight", "net.0.weight[0,1]", "net.0.weight[0,1]", r"W_{\mathrm{net},0,01}"),
        ("fc.weight", "fc.weight[0,1]", "fc.weight[0,1]", r"W_{\mathrm{fc},01}"),
        ("weight", "weight[0,1]", "weight₀₁", r"\mathrm{weight}_{01}"),
    ],
)
def test_parameters_of_layers(name, text, unicode, tex):
    """2.weight is not a product of 2 and a weight."""
    label = Label(name, (0, 1))
    assert label.text == text
    assert label.tex == tex
    assert label.unicode == unicode


def test_a_sequential_by_its_parameters():
    """The formula is that of the books, W₂ and b₂."""
    net = nn.Sequential(nn.Linear(2, 1), nn.Tanh(), nn.Linear(1, 1)).double()
    J = jacmagic.jacobian(net, X, wrt=["2.weight", "2.bias"])
    assert "∂W₂[0,0]" in repr(J) and "∂b₂[0]" in repr(J)
    assert r"\partial W_{2,00}" in J.derivation.definition
    assert "2.weight" not in J._repr_mimebundle_()["text/latex"]
    assert "∂/∂W₂[0,0] (" in str(J.steps(0, 0))


def test_labels_that_would_read_alike_are_written_out():
    """x1 beside x[1]; y beside the Greek letter's name."""
    x = labels_of("x", (2,))
    assert [one.tex for one in apart([*x, Label("x1")])] == ["x_{0}", "x_{1}", r"\mathrm{x1}"]
    assert [one.unicode for one in apart([Label("x1"), *x])] == ["x1", "x₀", "x₁"]
    assert [one.tex for one in apart([Label("θ"), Label("theta")])] == [
        r"\theta",
        r"\mathrm{theta}",
    ]
    assert apart(x) == list(x)


def test_arguments_beside_components():
    """An argument x1, a component x[1] and a symbol each."""
    J = jacmagic.jacobian(lambda x, x1: x[1] * x1 + x[0], (X, torch.tensor(3.0, dtype=F64)))
    assert "[1  x1  x₁]" in repr(J)
    matrix = r"\begin{array}{cc|c} 1 & \mathrm{x1} & x_{1} \end{array}"
    assert J.derivation.closed_form == rf"\left[ {matrix} \right]"
    assert str(J.steps(0, 0)).startswith("∂/∂x₀ (x₁*x1 + x₀)")


def test_constants_and_variables_beside_components():
    """A global x1 and a local x1 look like no component of x."""
    J = jacmagic.jacobian(lambda x: x1 * x[1] ** 2, X)
    assert "2⋅x1⋅x₁" in repr(J) and "x1 = 2.5" in repr(J)
    assert J.derivation.where == (r"\mathrm{x1} = 2.5",)


def test_outputs_beside_components():
    """Keys of a dict are distinguished as arguments are."""
    J = jacmagic.jacobian(lambda x: {"y1": x[0], "y": x * x}, X)
    assert [label.unicode for label in J.rows] == ["y1", "y₀", "y₁"]


def test_atan2_is_one_word():
    """No index 2 of an arctangent."""
    J = jacmagic.jacobian(
        lambda x, y: torch.atan2(y, x) ** 2, tuple(torch.tensor(v, dtype=F64) for v in (1.0, 3.0))
    )
    assert r"\operatorname{atan2}\left(y, x\right)" in J._repr_mimebundle_()["text/latex"]
    assert r"\operatorname{atan2}^{2}\left(y, x\right)" in J.steps(0, 0).latex


def test_steps_name_components_as_the_table_does():
    """x₀ and no x_0, constants and named parts included."""
    scale = torch.tensor([2.0, 3.0], dtype=F64)
    text = str(jacmagic.jacobian(lambda x: (scale * x).sin().sum(), X).steps(0, 1))
    assert "∂/∂x₁" in text and "scale₁*x₁" in text and "_" not in text
