"""Run every Python block of the README and of docs/, as a reader would.

The blocks of a page are cells of one IPython session, in order. A ```text block that directly
follows a Python block is what this block shows, word for word: printed lines, then the text of the
last cell's value.
"""

from __future__ import annotations

import atexit
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<kind>\w*)[^\n]*\n(?P<body>.*?)^(?P=indent)```[ ]*$",
    flags=re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One Python block of a page and the text that the page says it shows."""

    line: int
    source: str
    shows: str | None


def blocks_of(text: str) -> list[Block]:
    """Return the Python blocks of a page, in order."""
    fences = list(FENCE.finditer(text))
    blocks = []
    for fence, after in zip(fences, [*fences[1:], None], strict=False):
        if fence["kind"] not in {"python", "ipython"}:
            continue
        follows = (
            after is not None
            and after["kind"] == "text"
            and not text[fence.end() : after.start()].strip()
        )
        blocks.append(
            Block(
                text[: fence.start()].count("\n") + 1,
                unindented(fence),
                unindented(after).rstrip() if follows and after is not None else None,
            )
        )
    return blocks


def unindented(fence: re.Match[str]) -> str:
    """Return the body of a block without the indentation of the block itself."""
    return re.sub(rf"^{fence['indent']}", "", fence["body"], flags=re.MULTILINE)


def run(shell: InteractiveShell, source: str) -> str:
    """Run a block as one cell, as a reader pastes it, and return what it shows."""
    with capture_output() as captured:
        result = shell.run_cell(source, store_history=True)
    if not result.success:
        raise AssertionError(f"{source}\nfailed:\n{captured.stdout}{captured.stderr}")
    shown = re.sub(r"^Out\[\d+\]: ?\n?", "", captured.stdout, flags=re.MULTILINE)
    return shown + "".join(plain(output.data) for output in captured.outputs)


def plain(data: dict[str, Any]) -> str:
    """Return the text form of one output."""
    return data.get("text/plain", "") + "\n"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """Return an IPython session in an empty folder, without a history or a profile."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config)
    yield shell
    shell.atexit_operations()
    atexit.unregister(shell.atexit_operations)  # it cannot run twice
    InteractiveShell.clear_instance()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_runs_and_shows_what_the_page_says(page: Path, shell: InteractiveShell) -> None:
    """The Python blocks of a page run in one session, with the printed outputs."""
    for block in blocks_of(page.read_text(encoding="utf-8")):
        shown = run(shell, block.source)
        if block.shows is not None:
            where = f"{page.relative_to(ROOT)}:{block.line}"
            assert (where, block.shows) == (where, stripped(shown))


def stripped(shown: str) -> str:
    """Remove blanks at the ends of lines."""
    return "\n".join(line.rstrip() for line in shown.rstrip().splitlines())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_files_lead_somewhere(page: Path) -> None:
    """A relative link names a file of this repository."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = re.findall(r"(?<!!)\[[^\]]*\]\(([^)#\s]+)[^)]*\)", text)
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


def missing_paths(text: str) -> list[str]:
    """Return the paths in inline code with which no path of the repository ends."""
    folders = ("jacmagic", "tests", "docs", "tools")
    existing = [f"/{path.relative_to(ROOT)}" for one in folders for path in (ROOT / one).rglob("*")]
    existing += [path.removesuffix(".py") for path in existing]
    named = re.findall(r"`([a-z_]+/[\w./]*)`", FENCE.sub("", text))
    return [
        path for path in named if not any(one.endswith(f"/{path.rstrip('/')}") for one in existing)
    ]


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/explanation/architecture.md"])
def test_named_files_exist(page: str) -> None:
    """Pages for contributors name files that exist."""
    assert missing_paths((ROOT / page).read_text(encoding="utf-8")) == []


def test_a_missing_file_is_found() -> None:
    """A module may be named with or without `.py`; other code is not a path."""
    text = (
        "`view/jacobian`, `tests/js/`, `view/jacobian.py`, `a/b`, `x / y`, `J.at`, `static/x.mjs`"
    )
    assert missing_paths(text) == ["a/b", "static/x.mjs"]


def test_the_options_page_is_current() -> None:
    """The page of options is what the magic's arguments say today."""
    import runpy

    written = runpy.run_path(str(ROOT / "tools" / "options_page.py"))
    assert written["page"]() == written["PAGE"].read_text(encoding="utf-8")


def test_the_documentation_has_blocks_to_run() -> None:
    """The pages and their blocks are found, so that the tests above are not empty."""
    count = {page.name: len(blocks_of(page.read_text(encoding="utf-8"))) for page in PAGES}
    assert count["README.md"] >= 2
    assert count["first-jacobian.md"] >= 3


def test_a_wrong_page_is_found(shell: InteractiveShell) -> None:
    """A failing block raises, and what a block shows is compared with its own text."""
    page = "```python\nprint(1 + 1)\n3 * 2\n```\n\n```text\n2\n6\n```\n```python\n1 / 0\n```\n"
    first, second = blocks_of(page)
    assert run(shell, first.source).split() == ["2", "6"]
    assert first.shows == "2\n6"
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        run(shell, second.source)


def test_a_cell_magic_stands_at_the_top(shell: InteractiveShell) -> None:
    """A cell magic below the first line of a block is an error."""
    with pytest.raises(AssertionError, match="%%jacobian has to be the first line of its cell"):
        run(shell, "%load_ext jacmagic\n\n%%jacobian x=1\nx**2\n")
