"""What is asked about an operation before it is followed: which rule, which dtype, how random."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._pytree import tree_flatten

from jacmagic.symbolic.trace.rules import COMPLEX, RULES, Rule, Unsupported

_SWITCHES = {  # of random operations: which argument, and its value when nothing is drawn
    **dict.fromkeys(
        "native_dropout dropout dropout_ alpha_dropout alpha_dropout_ feature_dropout "
        "feature_dropout_ feature_alpha_dropout feature_alpha_dropout_".split(),
        (2, False),
    ),
    "rrelu_with_noise": (4, False),
    "_scaled_dot_product_flash_attention_for_cpu": (3, 0.0),
    "_scaled_dot_product_attention_math": (4, 0.0),
}


def rule_for(key: str, args: tuple, kwargs: dict) -> Rule | None:
    """Return the rule for real or for complex arguments; None if there is none for them."""
    leaves = tree_flatten((args, kwargs))[0]
    tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
    if key.startswith("bitwise") and any(tensor.dtype != torch.bool for tensor in tensors):
        raise Unsupported(key, "of whole numbers has no closed form")
    target = kwargs.get("dtype")
    if (
        key not in RULES
        or any(tensor.is_complex() for tensor in tensors)
        or any(isinstance(leaf, complex) for leaf in leaves)
        or (target is not None and target.is_complex)
    ):
        return COMPLEX.get(key)
    return RULES[key]


def check_view(name: str, args: tuple) -> None:
    """The same memory as another dtype: fine for complex numbers and their parts only."""
    if name == "view" and isinstance(args[1], torch.dtype):
        parts = {torch.complex128: torch.float64, torch.complex64: torch.float32}
        here, there = args[0].dtype, args[1]
        if here != there and parts.get(here) != there and parts.get(there) != here:
            raise Unsupported("view", "of the same memory as another dtype has no closed form")


def draws_nothing(func: Any, args: tuple) -> bool:
    """Whether a random operation is switched off: dropout while evaluating, or with p = 0."""
    switch = _SWITCHES.get(func._schema.name.partition("::")[2])
    if switch is None:
        return False
    place, off = switch
    return len(args) <= place or args[place] == off
