"""What every test shares: reproducible numbers, and the browser on one worker."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the browser on one worker: two at once would starve each other."""
    for item in items:
        if item.path.is_relative_to(HERE / "browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to run where xdist did not read the mark, as it has no other way to say so."""
    if not getattr(session.config.option, "loadgroup", False):
        return
    lost = [i for i in session.items if i.get_closest_marker("xdist_group") and "@" not in i.nodeid]
    if lost:
        raise pytest.UsageError(f"pytest-xdist would spread {lost[0].nodeid} and its like")


@pytest.fixture(autouse=True)
def reproducible() -> None:
    """Begin every test from the same random state."""
    torch.manual_seed(0)
