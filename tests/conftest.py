"""Fixtures of all tests: reproducible random numbers, one worker per browser."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

pytest_plugins = ["ipc_kernels"]

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the browser on one worker: two at once would starve each other."""
    for item in items:
        if item.path.is_relative_to(HERE / "browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to run where xdist 3.8 would ignore the groups of tests."""
    grouped = getattr(config.option, "dist", "no") == "loadgroup"
    if grouped and not hasattr(pytest.Item, "_nodeid"):
        raise pytest.UsageError("pytest-xdist cannot keep groups of tests together: use pytest<9.2")


@pytest.fixture
def new_shell() -> Iterator[InteractiveShell]:
    """Return a shell of the test's own with the extension loaded; its history is in memory."""
    settings = Config()
    settings.HistoryManager.hist_file = ":memory:"
    settings.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell(config=settings)
    shell.run_line_magic("load_ext", "jacmagic")
    yield shell
    shell.run_line_magic("unload_ext", "jacmagic")


@pytest.fixture(autouse=True)
def reproducible() -> None:
    """Begin every test from the same random state."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def unchanged_process() -> Iterator[None]:
    """Notice a test after which torch's own state is not what it was."""
    yield
    was = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
    torch.set_grad_enabled(True)
    assert was == (True, False)


@pytest.fixture(autouse=True)
def no_running_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hide the loop that Playwright leaves running in a worker which has driven a browser."""
    loop = asyncio._get_running_loop()
    if loop is None or request.path.is_relative_to(HERE / "browser"):
        yield
        return
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)
