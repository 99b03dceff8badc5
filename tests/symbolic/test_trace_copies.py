"""Operations that may copy carry their expressions into the copy, or refuse: never a constant."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from traces import F64, agree, attempt, matrix_at, refused, vector

import jacmagic
from jacmagic.symbolic.trace import Trace

LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "contiguous": lambda x: x.clone(),
    "strided": lambda x: x.repeat_interleave(2, 0)[::2],
    "transposed": lambda x: x.transpose(0, 1),
    "expanded": lambda x: x[:1].expand(3, 3),
    "sliced": lambda x: x[1:, 1:],
    "with four axes": lambda x: x.reshape(1, 2, 1, 3).transpose(1, 2),
}
MODES = {"grad": torch.enable_grad, "no grad": torch.no_grad, "inference": torch.inference_mode}


COPIES: dict[str, Callable[[Tensor], Tensor]] = {
    "contiguous": lambda x: x.contiguous(),
    "channels last": lambda x: x.reshape(1, 1, -1, 1).contiguous(memory_format=torch.channels_last),
    "clone": lambda x: x.clone(memory_format=torch.contiguous_format),
    "reshape": lambda x: x.reshape(x.shape[::-1]),
    "reshape_as": lambda x: x.reshape_as(torch.zeros(x.shape[::-1])),
    "flatten": lambda x: x.flatten(),
    "ravel": lambda x: x.ravel(),
    "unflatten": lambda x: x.flatten().unflatten(0, (1, -1)),
    "view_as": lambda x: x.contiguous().view_as(x),
    "to float32": lambda x: x.to(torch.float32),
    "to half and back": lambda x: x.half().double(),
    "to itself": lambda x: x.to(F64),
    "to a copy": lambda x: x.to(F64, copy=True),
    "to another": lambda x: x.to(torch.ones(1)),
    "to a device": lambda x: x.to("cpu").cpu(),
    "type": lambda x: x.type(torch.float32),
    "type_as": lambda x: x.type_as(torch.ones(1)),
    "positive": lambda x: x.positive(),
    "resolve_conj": lambda x: x.resolve_conj(),
    "resolve_neg": lambda x: (x * 1j).imag.resolve_neg(),
    "view_as_real": lambda x: torch.view_as_real(torch.complex(x, x)).reshape(-1),
    "movedim": lambda x: x.movedim(0, -1).reshape(-1),
    "swapaxes": lambda x: x.swapaxes(0, -1).contiguous(),
    "chunk": lambda x: torch.cat([c.contiguous() for c in x.chunk(2, -1)], -1),
    "tensor_split": lambda x: torch.cat([c.reshape(-1) for c in x.tensor_split(2, -1)]),
    "unsafe_split": lambda x: torch.cat([c.reshape(-1) for c in x.unsafe_split(1, 0)]),
    "broadcast_to": lambda x: x.broadcast_to((2, *x.shape)).reshape(-1),
    "repeat": lambda x: x.repeat(*([2] * x.dim())),
    "repeat_interleave": lambda x: x.repeat_interleave(2),
    "narrow_copy": lambda x: x.narrow_copy(0, 0, 1),
    "view_copy": lambda x: torch.view_copy(x.contiguous(), (-1,)),
    "expand_copy": lambda x: torch.expand_copy(x, (2, *x.shape)),
    "slice_copy": lambda x: torch.slice_copy(x, 0, 0, 1),
    "select_copy": lambda x: torch.select_copy(x, 0, 0),
    "split_copy": lambda x: torch.cat(torch.split_copy(x, 1)),
    "detach_copy": lambda x: torch.detach_copy(x),
    "dropout that is off": lambda x: F.dropout(x, 0.5, training=False),
    "asarray": lambda x: torch.asarray(x.detach(), copy=True),
    "new_tensor": lambda x: x.new_tensor(x.detach()),
    "deepcopy": lambda x: copy.deepcopy(x.detach()),
    "copy_": lambda x: torch.zeros(x.shape, dtype=F64).copy_(x),
    "set_": lambda x: torch.zeros(1, dtype=F64).set_(x.detach()),
    "meshgrid": lambda x: torch.meshgrid(x.flatten(), x.flatten(), indexing="ij")[0].reshape(-1),
    "vmap": lambda x: torch.func.vmap(lambda row: row.contiguous().reshape(-1) * 1)(x),
    "sparse": lambda x: x.to_sparse().to_dense(),
    "nested": lambda x: torch.nested.nested_tensor([x.flatten()]).to_padded_tensor(0.0),
    "mkldnn": lambda x: x.float().to_mkldnn().to_dense(),
    "pickle": lambda x: pickle.loads(pickle.dumps(x.detach())),
    "dlpack": lambda x: torch.from_dlpack(x.detach()),
}
REFUSED = {"set_", "sparse", "nested", "mkldnn", "pickle", "dlpack"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", COPIES)
@pytest.mark.filterwarnings("ignore")  # torch's remarks on copies and nested tensors
def test_a_copy_has_the_expressions_of_its_source(name: str, layout: str, mode: str) -> None:
    """The Jacobian of a copy is the 0 and 1 that copying unit vectors gives, or it is refused."""

    def function(x: Tensor) -> Tensor:
        with MODES[mode]():
            return COPIES[name](LAYOUTS[layout](x))

    point = torch.arange(1.0, 7.0, dtype=F64).reshape(2, 3)
    found = attempt(function, point)
    if name in REFUSED:
        assert not isinstance(found, Trace)
        return
    assert isinstance(found, Trace), str(found)
    units = torch.eye(6, dtype=F64).reshape(6, 2, 3)
    columns = [function(unit).detach().double().reshape(-1) for unit in units]
    assert torch.equal(matrix_at(found, *point.reshape(-1).tolist()), torch.stack(columns, 1))


def test_new_memory_of_unknown_contents_is_refused() -> None:
    """A tensor rebuilt from bytes is not a constant."""
    found = refused(lambda x: pickle.loads(pickle.dumps(x.detach())) * x, vector(1.0, 2.0))
    assert "bytes" in found.reason


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("need_weights", [False, True])
def test_multihead_attention_has_a_closed_form(heads: int, need_weights: bool) -> None:
    """Attention whose heads are split by view and transpose agrees with torch."""
    torch.manual_seed(0)
    layer = torch.nn.MultiheadAttention(4, heads, batch_first=True).double()
    x = torch.randn(1, 2, 4, dtype=F64)
    found = agree(lambda v: layer(v, v, v, need_weights=need_weights)[0], x)
    assert matrix_at(found, *x.reshape(-1).tolist()).all()


def test_inference_mode_is_named_as_the_cut() -> None:
    """Torch gives 0, the closed form does not, and the cause is named."""

    @torch.inference_mode()
    def function(a: Tensor) -> Tensor:
        return (a * a).T.reshape(-1) * 2

    J = jacmagic.jacobian(function, torch.arange(1.0, 7.0, dtype=F64).reshape(2, 3))
    assert not J.matrix.any()
    assert not J.formula.is_zero_matrix
    assert "inference_mode" in str(J.agreement)
