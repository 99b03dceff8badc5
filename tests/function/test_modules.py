"""Modules: inputs and parameters by name, tied weights, modes, no side effects."""

from __future__ import annotations

import pytest
import sympy
import torch
from torch import nn

import jacmagic
from jacmagic.errors import PointError
from jacmagic.symbolic.formula.sympy_names import NamedNumber

F64 = torch.float64


def net():
    """Two layers in float64."""
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2)).double()


class Tied(nn.Module):
    """Encoder and decoder share one weight."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(2, 2, bias=False)
        self.decoder = nn.Linear(2, 2, bias=False)
        self.decoder.weight = self.encoder.weight
        self.double()

    def forward(self, x):
        return self.decoder(torch.tanh(self.encoder(x)))


def expected_blocks(module, x):
    """torch's own Jacobians by parameter name."""
    weights = {name: part.detach() for name, part in module.named_parameters()}
    return torch.func.jacrev(lambda w: torch.func.functional_call(module, w, (x,)))(weights)


X = torch.tensor([0.5, -1.0], dtype=F64)


def test_parameters_by_name():
    """`wrt="parameters"` gives every parameter's block under its name, as torch.func does."""
    module = net()
    J = jacmagic.jacobian(module, X, wrt="parameters")
    expected = expected_blocks(module, X)
    assert list(J.by_name) == list(expected) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    for name, block in expected.items():
        torch.testing.assert_close(J.by_name[name], block, rtol=1e-12, atol=1e-12)
    assert J.agreement.verdict == "agree" and J.formula is not None
    assert J.matrix.shape == (2, 17)


def test_only_what_is_asked_for_is_computed():
    """Names choose parameters and inputs; the others have no block and no column."""
    module = net()
    J = jacmagic.jacobian(module, X, wrt=["2.bias", "input"])
    assert list(J.by_name) == ["input", "2.bias"] and J.matrix.shape == (2, 4)
    assert J.by_name["2.bias"].tolist() == [[1, 0], [0, 1]]
    single = jacmagic.jacobian(module, X, wrt="2.bias")
    assert single.blocks.shape == (2, 2)
    assert jacmagic.jacobian(module, X, wrt="inputs").matrix.shape == (2, 2)
    both = jacmagic.jacobian(module, X, wrt="input,parameters")
    assert list(both.by_name) == ["input", *dict(module.named_parameters())]


def test_inputs_are_the_default_and_keep_the_graph_of_the_parameters():
    """Without `wrt` a module is a function of its inputs; create_graph reaches its weights."""
    module = net()
    J = jacmagic.jacobian(module, X, create_graph=True)
    torch.testing.assert_close(J.blocks, torch.autograd.functional.jacobian(module, X))
    J.matrix.square().sum().backward()
    assert module[0].weight.grad is not None and module[0].weight.grad.abs().sum() > 0


def test_the_result_does_not_follow_later_training():
    """What is computed on first use belongs to the weights at the time of the call."""
    module = net()
    J = jacmagic.jacobian(module, X, wrt="0.bias")
    before = J.point["0.bias"].clone()
    with torch.no_grad():
        module[0].bias.add_(1.0)
    assert torch.equal(J.point["0.bias"], before)


def test_a_tied_weight_counts_once():
    """Both uses are summed under the first name, the second name leads there, a note says so."""
    module = Tied()
    expected = expected_blocks(module, X)["encoder.weight"]
    for wrt in ("parameters", "decoder.weight", ["encoder.weight"]):
        J = jacmagic.jacobian(module, X, wrt=wrt)
        assert list(J.by_name) == ["encoder.weight"]
        torch.testing.assert_close(J.by_name["encoder.weight"], expected)
        assert J.agreement.verdict == "agree"
        assert J.notes[0] == (
            "encoder.weight, decoder.weight are one tied tensor: it counts once, all uses summed"
        )


def test_dropout_draws_the_same_in_every_run():
    """In training mode the draw is fixed, a note names it, and the random state comes back."""
    module = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.Linear(8, 1)).double()
    state = torch.get_rng_state()
    J = jacmagic.jacobian(module, X)
    assert J.agreement.verdict == "agree"
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(J.matrix, jacmagic.jacobian(module, X).matrix)
    assert "Dropout acts, always with the draw of seed 0" in J.notes[0]
    still = jacmagic.jacobian(module.eval(), X)
    assert not torch.allclose(still.matrix, J.matrix)
    assert not any("seed" in note for note in still.notes)


def test_batchnorm_in_training_leaves_its_statistics():
    """The batch is normalised by itself, and the module's buffers are not touched."""
    module = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).double()
    before = {name: buffer.clone() for name, buffer in module.named_buffers()}
    x = torch.randn(3, 2, dtype=F64)
    J = jacmagic.jacobian(module, x, wrt="parameters")
    assert J.agreement.verdict == "agree"
    assert all(torch.equal(before[name], buffer) for name, buffer in module.named_buffers())
    assert "BatchNorm1d normalises by this batch" in J.notes[0]
    weights = {name: part.detach() for name, part in module.named_parameters()}
    buffers = {name: part.clone() for name, part in module.named_buffers()}
    expected = torch.autograd.functional.jacobian(
        lambda w: torch.func.functional_call(module, {**buffers, "0.weight": w}, (x,)),
        weights["0.weight"],
    )
    torch.testing.assert_close(J.by_name["0.weight"], expected)


def test_indices_stay_indices():
    """An input that is not differentiated by keeps its dtype."""
    table = nn.Embedding(4, 2).double()
    J = jacmagic.jacobian(table, torch.tensor([2, 0]), wrt="parameters")
    assert J.matrix.shape == (4, 8) and J.matrix.sum() == 4


def test_an_unknown_name_is_refused():
    """One line says which names there are."""
    with pytest.raises(PointError, match=r"found '3\.bias'; there are input, inputs, parameters"):
        jacmagic.jacobian(net(), X, wrt="3.bias")
    with pytest.raises(PointError, match="found no parameters in Tanh"):
        jacmagic.jacobian(nn.Tanh(), X, wrt="parameters")


def test_the_hessian_of_a_loss_by_parameters():
    """Hessians take the same names."""

    class Loss(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 1).double()

        def forward(self, x):
            return torch.tanh(self.layer(x)).square().sum()

    module = Loss()
    H = jacmagic.hessian(module, X, wrt="parameters")
    assert H.matrix.shape == (3, 3) and H.agreement.verdict == "agree"
    torch.testing.assert_close(H.matrix, H.matrix.T)
    assert H.column_labels == ["layer.weight[0,0]", "layer.weight[0,1]", "layer.bias[0]"]


def test_the_magic_knows_tied_weights(new_shell):
    """`--wrt` takes either name, and the note is shown."""
    new_shell.user_ns["net"] = Tied()
    J = new_shell.run_cell("%jacobian net x=[0.5, -1.0] --wrt decoder.weight").result
    assert list(J.point) == ["encoder.weight"]
    expected = expected_blocks(new_shell.user_ns["net"], X)["encoder.weight"]
    torch.testing.assert_close(J.blocks, expected)
    assert "one tied tensor" in J.notes[0]


def test_constants_keep_their_names_beside_parameters_that_are_inputs():
    """A parameter that is an input is not a constant; the others keep their names."""
    J = jacmagic.jacobian(nn.Linear(2, 1).double(), X, wrt=["weight"])
    assert J.reading is not None and J.agreement.verdict == "agree"
    names = {str(leaf) for leaf in J.reading.written[0].atoms(sympy.Symbol, NamedNumber)}
    assert names == {"weight_0_0", "weight_0_1", "input_0", "input_1", "b_0"}
