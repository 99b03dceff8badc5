"""torch's private names are in one module, `jacmagic/function/torch_internals.py`."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import jacmagic
from jacmagic.function import torch_internals

PACKAGE = Path(jacmagic.__file__).parent
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "torch_internals.py")
# Private attributes of torch's tensors, storages and operations, whatever variable holds these.
ATTRIBUTES = {
    "_backward_hooks", "_can_decompose", "_cdata", "_execution_engine", "_grad_fn", "_is_view",
    "_overloadname", "_overloadpacket", "_schema", "_sequence_nr", "_version",
}  # fmt: skip


def private_names(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of everything private below torch: imports and chains of attributes."""
    tree = ast.parse(source)
    torch_names = {"torch": "torch"}
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            torch_names |= {a.asname: a.name for a in node.names if a.asname}
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            torch_names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        yield from ((node.lineno, name) for name in names if is_private(name))  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            root, *parts = chain(node)
            full = ".".join([torch_names.get(root, root), *parts])
            if is_private(full) or (node.attr in ATTRIBUTES and root not in ("self", "cls")):
                yield node.lineno, full


def chain(node: ast.expr) -> list[str]:
    """Return the names of `a.b.c`; a root that is not a name counts as ``""``."""
    if isinstance(node, ast.Attribute):
        return [*chain(node.value), node.attr]
    return [node.id if isinstance(node, ast.Name) else ""]


def is_private(name: str) -> bool:
    """Whether a dotted name is below torch and has a private part; operators have names of ATen."""
    is_torch = name.startswith("torch.") and not name.startswith("torch.ops.")
    return is_torch and any(
        part.startswith("_") and not part.startswith("__") for part in name.split(".")
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_other_module_touches_private_names(path: Path) -> None:
    """Imports and attributes below torch are public ones, outside of the one module."""
    assert list(private_names(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch._C._functorch",
        "from torch.utils._pytree import tree_map",
        "from torch.overrides import _get_current_function_mode_stack",
        "from torch import _C",
        "import torch._dynamo",
        "import torch.utils as u\nu._python_dispatch",
        "from torch import utils\nutils._pytree",
        "def f(op):\n    return op._schema.name",
        "def f(x):\n    return x.untyped_storage()._cdata",
    ],
)
def test_a_private_name_is_noticed(source: str) -> None:
    """The check can fail: for each way in which a private name may be written."""
    assert list(private_names(source))


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.ops.aten._softmax.default",
        "from torch.func import vmap",
        "import numpy\nnumpy._core",
        "class A:\n    def f(self):\n        return self._version",
    ],
)
def test_public_names_are_not_reported(source: str) -> None:
    """Operators of ATen, other libraries and own attributes are not private names of torch."""
    assert list(private_names(source)) == []


FORWARD_PASSES = """
import sys, torch
from jacmagic.function.torch_internals import forward_pass

def loads(function):
    x = torch.ones(3)
    for _ in range(3):
        forward_pass(lambda x: [function(x)], [x], [x], of=function)
    return "torch._dynamo" in sys.modules

weights = torch.ones(4, 3)
print(loads(lambda x: weights @ x), loads(lambda x: torch.cat([2 * x, torch.ones(3)])))
torch.func.jvp(lambda x: torch.cat([2 * x, torch.ones(3)]), (torch.ones(3),), (torch.ones(3),))
print("torch._dynamo" in sys.modules)
"""


def test_forward_passes_do_not_load_the_compiler() -> None:
    """Repeated forward passes load no compiler, which `torch.func.jvp` does for zero tangents."""
    ran = subprocess.run(
        [sys.executable, "-c", FORWARD_PASSES], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["False", "False", "True"]


def test_every_alias_is_exported_and_public() -> None:
    """What the module offers is listed, sorted, and has no underscore in front."""
    listed = torch_internals.__all__
    assert listed == sorted(listed)
    assert not [name for name in listed if name.startswith("_")]
    defined = {
        name
        for name, value in vars(torch_internals).items()
        if inspect.isfunction(value) and value.__module__ == torch_internals.__name__
    }
    assert {name for name in defined if not name.startswith("_")} <= set(listed)
