"""The functions of the gallery: fifty, and each Jacobian is torch's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from test_docs import blocks_of, run
from test_docs import shell as shell

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(path for path in (ROOT / "docs" / "gallery").glob("*.md") if path.stem != "index")
MAGIC = "%%jacobian "
F64 = torch.float64


def magics_of(page: Path) -> list[str]:
    """Return the cells of a page that show a Jacobian."""
    sources = [block.source for block in blocks_of(page.read_text(encoding="utf-8"))]
    return [source for source in sources if source.startswith(MAGIC)]


def test_there_are_fifty() -> None:
    """Each with a heading of its own, which the first page of the gallery links to."""
    index = (ROOT / "docs" / "gallery" / "index.md").read_text(encoding="utf-8")
    headings = [re.findall("^## ", page.read_text("utf-8"), re.M) for page in PAGES]
    cells = [magics_of(page) for page in PAGES]
    assert sum(map(len, cells)) == 50 == len(re.findall(r"\.md#[\w–-]+\)", index))
    assert [len(found) for found in headings] == [len(found) for found in cells]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_function_agrees_with_torch(page: Path, shell: InteractiveShell) -> None:
    """The matrix is that of `torch.autograd.functional.jacobian`, and the closed form agrees."""
    for block in blocks_of(page.read_text(encoding="utf-8")):
        run(shell, block.source)
        if not block.source.startswith(MAGIC):
            continue
        J = shell.user_ns["_"]
        function = shell.user_ns[re.findall(r"^def (\w+)", block.source, re.M)[-1]]
        point = {name: torch.as_tensor(value, dtype=F64) for name, value in J.point.items()}
        matrix = by_torch(function, point)
        torch.testing.assert_close(J.matrix, matrix, rtol=1e-12, atol=1e-300)
        assert J.formula is not None
        assert (block.source, J.agreement.verdict) == (block.source, "agree")


def by_torch(function, point: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return torch's own Jacobian (m, n) of a function of named inputs."""

    def flat(*values: torch.Tensor) -> torch.Tensor:
        output = function(**dict(zip(point, values, strict=True)))
        parts = output if isinstance(output, tuple) else (output,)
        return torch.cat([torch.as_tensor(part, dtype=F64).reshape(-1) for part in parts])

    blocks = torch.autograd.functional.jacobian(flat, tuple(point.values()))
    return torch.cat([block.reshape(len(block), -1) for block in blocks], dim=1)
