"""Passes over a traced graph: dead, repeated and constant steps.

What is known of a step's result (shape, dtype) is what torch's tracer noted in `meta["val"]`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, fx

from jacmagic.function.torch_internals import OpOverload, schema_of

MAX_CONSTANT_SCALARS = 2**24  # scalars in a constant that is computed beforehand
_aten = torch.ops.aten
_ALIASES = frozenset({_aten.alias.default, _aten.detach.default})
_FRESH = frozenset(
    "zeros new_zeros zeros_like full new_full full_like empty new_empty empty_like empty_permuted "
    "empty_strided new_empty_strided _new_zeros_with_same_feature_meta".split()
)


def cleaned(module: fx.GraphModule) -> fx.GraphModule:
    """Return the same computation without dead, repeated and constant steps."""
    clean = _copied(module, 2)
    _drop_copies(clean)
    if not any(map(mutates, clean.graph.nodes)):
        _fold(clean)
        _merge(clean)
    clean.graph.lint()
    clean.recompile()
    return clean


def without_values(module: fx.GraphModule) -> fx.GraphModule:
    """Return a cleaned computation of entries and values with the entries alone."""
    return _copied(module, 1)


def _copied(module: fx.GraphModule, outputs: int) -> fx.GraphModule:
    """Return a copy with the first outputs only, and without what they do not need."""
    graph = fx.Graph()
    results = graph.graph_copy(module.graph, {})
    assert isinstance(results, (tuple, list))
    graph.output(tuple(results[:outputs]))
    graph.eliminate_dead_code()
    return fx.GraphModule(module, graph)


def mutates(node: fx.Node) -> bool:
    """Whether a step writes to memory of another."""
    is_operation = isinstance(node.target, OpOverload)
    return is_operation and bool(schema_of(node.target).is_mutable)


def _fold(module: fx.GraphModule) -> None:
    """Fold what does not depend on the inputs; skip steps that change nothing."""
    known: dict[fx.Node, Any] = {}
    for node in list(module.graph.nodes):
        if node.op == "get_attr":
            known[node] = getattr(module, str(node.target))
        elif node.op == "call_function" and node.target in _ALIASES:
            node.replace_all_uses_with(node.args[0])
        elif node.op == "call_function" and all(one in known for one in node.all_input_nodes):
            value = _computed(node, known)
            if value is not None:
                known[node] = value
    for number, (node, value) in enumerate(known.items()):
        if node.op == "call_function" and any(user not in known for user in node.users):
            name = f"_folded{number}"
            module.register_buffer(name, value)
            with module.graph.inserting_before(node):
                constant = module.graph.get_attr(name)
            constant.meta["val"] = value
            node.replace_all_uses_with(constant)
    module.graph.eliminate_dead_code()


def _computed(node: fx.Node, known: dict[fx.Node, Any]) -> Tensor | None:
    """Return the value of a constant step; None if it is large, random or no tensor."""
    target: Any = node.target
    if torch.Tag.nondeterministic_seeded in getattr(target, "tags", ()):
        return None
    arguments = fx.map_arg((node.args, dict(node.kwargs)), known.__getitem__)
    value = target(*arguments[0], **arguments[1])
    if (
        not isinstance(value, Tensor)
        or value.device.type == "meta"
        or value.numel() > MAX_CONSTANT_SCALARS
    ):
        return None
    # torch's tensors of zeros that take no memory do not go through every operation
    return torch.zeros_like(value) if value._is_zerotensor() else value


def _merge(module: fx.GraphModule) -> None:
    """Compute equal steps once."""
    from torch.fx.passes.dialect.common.cse_pass import CSEPass, get_CSE_banned_ops

    first: dict[str, fx.Node] = {}
    for node in module.graph.nodes:
        if node.op == "get_attr" and first.setdefault(str(node.target), node) is not node:
            node.replace_all_uses_with(first[str(node.target)])
    module.graph.eliminate_dead_code()
    result = CSEPass(banned_ops=get_CSE_banned_ops())(module)
    assert result is not None
    module.graph = result.graph_module.graph


def _like(a: Any, b: Any, *, strides: bool = True) -> bool:
    """Whether two steps have results of the same shape, dtype, device and strides."""
    one, other = (node.meta.get("val") if isinstance(node, fx.Node) else None for node in (a, b))
    if not isinstance(one, Tensor) or not isinstance(other, Tensor):
        return False
    same = one.shape == other.shape and one.dtype == other.dtype and one.device == other.device
    return same and (not strides or one.stride() == other.stride())


def _name(node: fx.Node) -> str:
    """Return the operation of a step, without its overload."""
    packet = getattr(node.target, "overloadpacket", None)
    return "" if packet is None else str(packet.__name__)


def _drop_copies(module: fx.GraphModule) -> None:
    """Use a tensor instead of its copy, if its memory was allocated for it alone.

    Where something else is written to, a copy may be there to be kept from that.
    """
    writing = [node for node in module.graph.nodes if mutates(node)]
    if not all(map(_fills, writing)):
        return
    for node in writing:
        source = node.args[1]
        if not _like(node, source):
            with module.graph.inserting_before(node):
                keywords: dict[str, Any] = {"memory_format": torch.contiguous_format}
                source = module.graph.call_function(_aten.clone.default, (source,), keywords)
                source.meta = dict(node.meta)
        node.replace_all_uses_with(source)
        module.graph.erase_node(node)
    module.graph.eliminate_dead_code()


def _fills(node: fx.Node) -> bool:
    """Whether a step copies a tensor of the same shape into contiguous memory."""
    if node.target is not _aten.copy_.default:
        return False
    to, source = node.args[:2]
    if not isinstance(to, fx.Node) or _name(to) not in _FRESH or len(to.users) != 1:
        return False
    return _like(to, source, strides=False) and bool(to.meta["val"].is_contiguous())
