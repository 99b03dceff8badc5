"""Python with torch: tensors in, a tensor out, differentiable again."""

from __future__ import annotations

from collections.abc import Sequence

from jacmagic.symbolic.codegen.language import COMMON, Language, calls, starred
from jacmagic.symbolic.codegen.languages.python import KEYWORDS
from jacmagic.symbolic.codegen.layout import indented


def _frame(
    name: str, arguments: Sequence[str], result: str, statements: list[str], rows: list[list[str]]
) -> str:
    m, n = len(rows), len(rows[0]) if rows else 0
    head = ["import torch", "", "", f"def {name}({', '.join(arguments)}):"]
    body = [*statements, f"{result} = {arguments[0]}.new_zeros({m}, {n})"]
    body += [
        f"{result}[{i}, {j}] = {entry}"
        for i, row in enumerate(rows)
        for j, entry in enumerate(row)
        if entry != "0"
    ]
    return "\n".join([*head, *indented(body), f"    return {result}", ""])


TORCH = Language(
    calls={
        **calls("torch.", COMMON + " floor ceil sign abs sigmoid relu digamma erfinv"),
        **calls("torch.special.", "i0 i1"),
        "mod": "torch.remainder({}, {})",
        "atan2": "torch.atan2({}, {})",
        "max": "torch.maximum({}, {})",
        "min": "torch.minimum({}, {})",
        "clamp": "torch.clamp({}, {}, {})",
        "polygamma": "torch.special.polygamma({}, {})",
        "j0": "torch.special.bessel_j0({})",
        "j1": "torch.special.bessel_j1({})",
        "y0": "torch.special.bessel_y0({})",
        "y1": "torch.special.bessel_y1({})",
        "k0": "torch.special.modified_bessel_k0({})",
        "k1": "torch.special.modified_bessel_k1({})",
        "zeta": "torch.special.zeta({}, {})",
        "gammainc": "torch.special.gammainc({}, {})",
        "gammaincc": "torch.special.gammaincc({}, {})",
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
    component=lambda name, index: f"{name}[{', '.join(map(str, index))}]" if index else name,
    keywords=KEYWORDS,
    tensor="{}.new_tensor({})",
    tensors=frozenset({"atan2", "max", "min", "gammainc", "gammaincc"}),
)
