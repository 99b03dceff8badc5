"""A real JupyterLab or Notebook 7 and a real Chromium, driven as a reader drives them.

    with serve(folder) as address, chromium() as context:
        notebook = Notebook(context.new_page(), address)
        notebook.open("seed.ipynb")
        notebook.run()

The server keeps its settings in a folder of its own and answers on this machine only. Whatever the
page asks of any other machine is refused and remembered.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import BrowserContext, Locator, Page, Route, sync_playwright

HERE = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:", "about:")
PATIENCE = 90  # seconds before a hang is called one; nothing is measured against it

# No news, no virtualised cells, no saving while a test runs.
OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}
SERVER = [
    "--no-browser",
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--IdentityProvider.token=",
    "--PasswordIdentityProvider.password_required=False",
    "--ServerApp.disable_check_xsrf=True",
    "--KernelManager.transport=ipc",  # no port that another run on this machine may take
]
APPS = {
    "jupyterlab": [
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    ],
    "notebook": ["--JupyterNotebookApp.expose_app_in_browser=True"],
}


# ── the server ────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def serve(root: Path, app: str = "jupyterlab") -> Iterator[str]:
    """Yield the address of a server for the notebooks in a folder; `app` is in APPS."""
    with tempfile.TemporaryDirectory(prefix="jacmagic-lab-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        settings = home / "config" / "labconfig"
        settings.mkdir(parents=True)
        (settings / "default_setting_overrides.json").write_text(json.dumps(OVERRIDES))
        port = _free_port()
        command = [sys.executable, "-m", app, *SERVER, *APPS[app]]
        command += [f"--ServerApp.port={port}", f"--ServerApp.root_dir={root}"]
        log = home / "server.log"
        with log.open("wb") as out:
            server = subprocess.Popen(
                command,
                env=_environment(home),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            address = f"http://127.0.0.1:{port}"
            _await_answer(f"{address}/api/status", server, log)
            yield address
        finally:
            _stop(server)


def _environment(home: Path) -> dict[str, str]:
    names = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    own = {variable: str(home / folder) for variable, folder in names.items()}
    return {**os.environ, **own, "JUPYTER_PLATFORM_DIRS": "1", "OMP_NUM_THREADS": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_answer(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        if server.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the server did not start:\n{log.read_text()[-4000:]}")
        time.sleep(0.05)


def stop_kernels(address: str) -> None:
    """End every kernel of a server."""
    with urllib.request.urlopen(f"{address}/api/sessions") as answer:
        sessions = json.load(answer)
    for session in sessions:
        url = f"{address}/api/sessions/{session['id']}"
        urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server; it shuts its kernels down."""
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


# ── the browser ───────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def chromium(width: int = 1280, height: int = 1000, **options: Any) -> Iterator[BrowserContext]:
    """Yield a browser context for localhost; `context.refused` lists other requests."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise RuntimeError(
            "the browser tests need Chromium on the PATH; none was found; "
            "on Debian, install it with: apt-get install chromium"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        size: Any = {"width": width, "height": height}
        context = browser.new_context(viewport=size, **options)
        refused: list[str] = []

        def gate(route: Route) -> None:
            if route.request.url.startswith(HERE):
                route.continue_()
            else:
                refused.append(route.request.url)
                route.abort()

        context.route("**/*", gate)
        context.refused = refused  # type: ignore[attr-defined] # read by the tests
        try:
            yield context
        finally:
            browser.close()


# ── the notebook ──────────────────────────────────────────────────────────────────────────────

_KERNEL = """() => {
  const session = window.jupyterapp.shell.currentWidget?.context?.sessionContext?.session;
  const kernel = session?.kernel;
  return kernel ? `${kernel.status}/${kernel.connectionStatus}` : "none";
}"""
_ERRORS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter((cell) => cell.model.type === "code")
  .flatMap((cell) => cell.model.sharedModel.getOutputs())
  .filter((output) => output.output_type === "error")
  .map((output) => `${output.ename}: ${output.evalue}`)"""


def write(path: Path, cells: Sequence[str]) -> None:
    """Return a notebook with these code cells."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(book, path)


class Notebook:
    """One notebook in one page."""

    def __init__(self, page: Page, address: str, *, app: str = "jupyterlab") -> None:
        """Listen to the page before anything is loaded."""
        self.page, self.address, self.app = page, address, app
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE * 1000)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        page.on("console", self._heard)

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def open(self, name: str) -> None:
        """Load a notebook and wait for its kernel."""
        place = "doc/tree" if self.app == "jupyterlab" else "notebooks"
        self.page.goto(f"{self.address}/{place}/{name}?reset", wait_until="domcontentloaded")
        self.page.wait_for_function("() => window.jupyterapp !== undefined")
        self.page.evaluate("() => window.jupyterapp.restored")
        self.page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
        self.settle()

    def settle(self) -> None:
        """Wait until the kernel is connected and idle."""
        end = time.monotonic() + PATIENCE
        while (state := self.page.evaluate(_KERNEL)) != "idle/connected":
            if time.monotonic() > end:
                raise TimeoutError(f"the kernel is {state}")
            self.page.wait_for_timeout(25)

    def run(self) -> None:
        """Run all cells; an error in any of them is raised here."""
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
        self.settle()
        errors = self.page.evaluate(_ERRORS)
        assert errors == [], errors

    def theme(self, name: str) -> None:
        """Switch to a theme, such as "JupyterLab Dark"."""
        self.page.evaluate(
            "(theme) => jupyterapp.commands.execute('apputils:change-theme', {theme})", name
        )
        light = str("Dark" not in name).lower()
        self.page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")

    def cells(self) -> int:
        """How many cells the notebook has."""
        return int(self.page.evaluate("jupyterapp.shell.currentWidget.content.widgets.length"))

    # ── the explorer on the page ──────────────────────────────────────────────────────────────

    @property
    def explorer(self) -> Locator:
        """The first explorer."""
        return self.page.locator(".jm-explorer").first

    def slider(self, place: int = 0) -> Locator:
        """Return the handle of a slider."""
        return self.explorer.locator(".jm-slider input[type=range]").nth(place)

    def field(self, place: int = 0) -> Locator:
        """Return the field beside a slider, for a number to be typed."""
        return self.explorer.locator(".jm-slider .jm-number").nth(place)

    def number(self, place: int = 0) -> float:
        """Return the number that a slider holds, every digit of it."""
        return float(self.field(place).get_attribute("title").replace("−", "-").replace("∞", "inf"))

    def table(self) -> list[list[str]]:
        """Return what the table shows."""
        rows = self.explorer.locator("table[role=grid] tbody tr")
        read = "rows => rows.map(row => [...row.querySelectorAll('td')].map(td => td.innerText))"
        return rows.evaluate_all(read)

    def await_cell(self, row: int, column: int, text: str) -> None:
        """Wait until a cell of the table shows a text."""
        self.page.wait_for_function(
            """([row, column, text]) => {
              const rows = document.querySelectorAll(".jm-explorer table[role=grid] tbody tr");
              const cells = rows[row]?.querySelectorAll("td");
              return cells?.[column]?.innerText === text;
            }""",
            arg=[row, column, text],
        )
