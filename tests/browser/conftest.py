"""One server, browser and kernel for all browser tests; a fresh page and notebook for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import lab
import pytest
from playwright.sync_api import BrowserContext

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"
# The kernel goes on from test to test, as it takes longer to start than most of them run: without
# the names of the test before, and without where its sliders were left.
LOAD = """%reset -f
%reload_ext jacmagic
from jacmagic.view.explorer import last_points
last_points._LEFT.clear()"""


@pytest.fixture(scope="session")
def context() -> Iterator[BrowserContext]:
    """Debian's chromium, without a window."""
    with lab.chromium() as context:
        yield context


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """Return the folder that the server shows."""
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="session")
def address(folder) -> Iterator[str]:
    """Return a JupyterLab server."""
    with lab.serve(folder) as address:
        yield address


Opener = Callable[..., lab.Notebook]


@pytest.fixture
def opened(context, address, folder) -> Iterator[Opener]:
    """Open a notebook of some cells, run it and wait for the explorer."""
    pages = []

    def open_cells(*cells: str, address: str = address, app: str = "jupyterlab") -> lab.Notebook:
        pages.append(context.new_page())
        notebook = lab.Notebook(pages[-1], address, app=app)
        lab.write(folder / "test.ipynb", [LOAD, *cells])
        notebook.open("test.ipynb")
        notebook.run()
        notebook.explorer.wait_for()
        notebook.page.wait_for_selector(".jm-grid td")
        return notebook

    yield open_cells
    for page in pages:
        page.close()


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots are kept for a person to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    return PICTURES
