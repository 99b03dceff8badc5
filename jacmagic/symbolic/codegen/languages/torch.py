"""Python with torch: tensors in, tensors out; differentiable, and nothing is written in place.

So `torch.func.vmap`, `torch.export`, TorchScript and the ONNX exporter take the function as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from jacmagic.symbolic.codegen.function import Function
from jacmagic.symbolic.codegen.language import COMMON, Language, calls, starred
from jacmagic.symbolic.codegen.languages.python import KEYWORDS, constants, head
from jacmagic.symbolic.codegen.layout import indented

_NUMBER = re.compile(r"-?(torch\.(inf|nan)|[\d.]+(e[+-]?\d+)?(/[\d.]+)?)")


def _frame(f: Function) -> str:
    value, matrix = f.results
    m, n = f.shape
    first = next(argument.first for argument in f.arguments if argument.first)
    shape = "" if f.indexes else f".reshape({m}, {n})"
    body = [f"zero = torch.zeros_like({first})", *constants(f, "{} = zero + {}"), *f.statements]
    if f.values is not None:
        body += _stacked(value, f.values, "")
    body += _stacked(matrix, f.entries, shape)
    returned = matrix if f.values is None else f"{value}, {matrix}"
    lines = [*head(f, "import torch"), *indented(body), f"    return {returned}"]
    return "\n".join([*lines, ""])


def _stacked(name: str, entries: Sequence[str], shape: str) -> list[str]:
    """Return statements that make one tensor of its components."""
    if not entries:
        return [f"{name} = zero.new_zeros(0){shape}"]
    tensors = [f"{_tensor(entry)}," for entry in entries]
    return [f"{name} = torch.stack([", *indented(tensors), f"]){shape}"]


def _tensor(entry: str) -> str:
    """Return an entry as a tensor, where it is a number of Python."""
    if entry == "0":
        return "zero"
    return f"zero + {entry}" if _NUMBER.fullmatch(entry) else entry


TORCH = Language(
    calls={
        **calls("torch.", COMMON + " floor ceil sign abs sigmoid relu digamma erfinv"),
        **calls("torch.special.", "i0 i1"),
        "mod": "torch.remainder({}, {})",
        "atan2": "torch.atan2({}, {})",
        "max": "torch.maximum({}, {})",
        "min": "torch.minimum({}, {})",
        "clamp": "torch.clamp({}, {}, {})",
        **{name: f"torch.special.bessel_{name}({{}})" for name in ("j0", "j1", "y0", "y1")},
        **{name: f"torch.special.modified_bessel_{name}({{}})" for name in ("k0", "k1")},
        **calls("torch.special.", "polygamma zeta gammainc gammaincc", 2),
        "and": "({} & {})",
        "or": "({} | {})",
        "not": "(~{})",
    },
    power=starred,
    choice="torch.where({}, {}, {})",
    infinity="torch.inf",
    nan="torch.nan",
    frame=_frame,
    assign="{} = {}",
    component=lambda name, index, _: f"{name}[{', '.join(map(str, index))}]" if index else name,
    keywords=KEYWORDS | {"zero"},
    tensor="(zero + {})",
    tensors=frozenset({"atan2", "max", "min", "gammainc", "gammaincc"}),
)
