"""Install the project into an environment, with one line of progress.

    python3 tools/install.py .venv lab        installs jacmagic[lab], leaves the stamp .venv/.lab
    python3 tools/install.py .venv dev newest   with the newest releases instead of the pinned ones
    python3 tools/install.py .venv dev oldest   with the oldest that pyproject.toml declares
    python3 tools/install.py --pins .venv     prints what is installed there as a constraints file

Runs before anything is installed, so it uses the standard library only. pip's own settings
(`PIP_INDEX_URL`, `PIP_EXTRA_INDEX_URL`, a proxy) apply as usual.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOG = ROOT / "build" / "install.log"
OLDEST = (3, 11)
EXTRAS = {"lab": ("lab",), "dev": ("lab", "dev"), "bench": ("bench",)}  # what each installs
HEADER = """\
# The versions that CI runs with; pyproject.toml declares the range that is meant to work.
# Renew with `make pins`, then run `make test`.
"""


def main(arguments: list[str]) -> int:
    """Install an extra, or print an environment's pins; return the exit status."""
    if arguments[0] == "--pins":
        print(pins(Path(arguments[1])), end="")
        return 0
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"jacmagic needs Python 3.11 or newer; found {found}; write make PYTHON=…")
        return 1
    environment, extra, *releases = Path(arguments[0]), *arguments[1:]
    python = environment / "bin" / "python"
    if not python.exists():
        say(f"creating {environment}")
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    status = install(python, extra, RELEASES[releases[0] if releases else "pinned"]())
    if status == 0:
        for name in EXTRAS[extra]:
            (environment / f".{name}").touch()
    return status


def install(python: Path, extra: str, releases: list[str]) -> int:
    """Run pip with one line of progress; on failure print the end of its log."""
    pip = [str(python), "-m", "pip", "install", "--no-input", "--progress-bar=off"]
    pip += [*releases, "--editable", f"{ROOT}[{extra}]"]
    settings = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    LOG.parent.mkdir(exist_ok=True)
    start = time.monotonic()
    with LOG.open("w") as log:
        environment = {**os.environ, **settings}
        none = subprocess.DEVNULL
        process = subprocess.Popen(
            pip, env=environment, stdin=none, stdout=log, stderr=subprocess.STDOUT
        )
        report_progress(process, start)
    took = f"{time.monotonic() - start:.0f} s"
    if process.returncode != 0:
        end = "\n".join(LOG.read_text().splitlines()[-25:])
        say(f"installing jacmagic[{extra}] failed after {took}; {LOG} holds the whole log:\n{end}")
        return 1
    say(f"installed jacmagic[{extra}] in {took}")
    return 0


def oldest() -> list[str]:
    """Write what pyproject.toml declares as constraints; return pip's options.

    The tools of development may be of any release.
    """
    users, _, _ = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("\ndev = [")
    bounds = re.findall(r'^    "([\w-]+)(?:\[\w+\])?>=([\d.]+)', users, re.MULTILINE)
    written = ROOT / "build" / "oldest.txt"
    written.parent.mkdir(exist_ok=True)
    written.write_text("".join(f"{name}=={bound}.*\n" for name, bound in bounds), encoding="utf-8")
    return ["--constraint", str(written)]


RELEASES = {
    "pinned": lambda: ["--constraint", str(ROOT / "constraints.txt")],
    "newest": lambda: ["--upgrade", "--upgrade-strategy=eager"],
    "oldest": oldest,
}


def report_progress(process: subprocess.Popen[bytes], start: float) -> None:
    """Print pip's current activity now and then, as its log tells it."""
    live = sys.stdout.isatty()
    while True:
        try:
            process.wait(1.0 if live else 15.0)
            break
        except subprocess.TimeoutExpired:
            lines = LOG.read_text().splitlines()
            doing = next(filter(None, map(activity, lines[::-1])), "asking the package index")
            seen = sum(line.startswith("Collecting ") for line in lines)
            took = time.monotonic() - start
            text = f"installing: {doing} · {seen} packages found · {took:.0f} s"
            print(f"\r\033[K{text}" if live else text, end="" if live else "\n", flush=True)
    if live:
        print("\r\033[K", end="")


def activity(line: str) -> str:
    """Return the activity that a line of pip's output reports, or ""."""
    if match := re.match(r"\s*Downloading (?:\S*/)?([\w.]+?)-\S+(?:\.metadata)? ?(\(.*\))?", line):
        return f"downloading {match[1]} {match[2] or ''}".rstrip()
    if line.startswith("Installing collected packages"):
        return "unpacking"
    return ""


def pins(environment: Path) -> str:
    """Return an environment's packages as a constraints file, without local versions."""
    pip = [str(environment / "bin" / "python"), "-m", "pip", "freeze", "--exclude-editable"]
    frozen = subprocess.run(pip, check=True, capture_output=True, text=True).stdout
    return HEADER + re.sub(r"(?m)\+\w+$", "", frozen)


def say(text: str) -> None:
    """Print one line at once."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
