"""One browser and one server for all browser tests; a fresh page and notebook for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import lab

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=lab.chromium(), args=list(lab.FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def root(tmp_path_factory) -> Path:
    """The folder that the servers show."""
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="session")
def address(root) -> Iterator[str]:
    """A JupyterLab server."""
    with lab.jupyter(root) as address:
        yield address


@pytest.fixture
def page(browser) -> Iterator[Page]:
    """A page that reaches nothing outside this machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield lab.guarded(context)
    context.close()


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots are kept for a person to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    return PICTURES
