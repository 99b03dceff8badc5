"""Measure the latency of a slider, beside ipywidgets' interact in the same run.

    make bench-widget

A real JupyterLab in a headless Chromium. Time begins with the trusted key event; "dom" is when the
right number stands in the page, "paint" the first task after the frame that draws it. A storm is a
hundred key events in about a second. "torch" is when the kernel's number has replaced the tape's,
"verdict" when the sources have been compared too, 0.15 s after the last event. Everything is
interleaved; what counts is the ratio.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

# The driver of the browser tests; the folder of this file has a `lab` of its own.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "browser"))
lab: Any = import_module("lab")

ROUNDS, KEYS, STORM, CONFIRMED_KEYS = 3, 40, 100, 10
FRAME_MS = 1000 / 60
SEED = """%%jacobian x1=3 x2=4 x3=5 OPTIONS
def f(x1, x2, x3):
    return (x1 + x2, x3*x1, x2**3)"""
INTERACT = """import torch, sympy
from IPython.display import Math, display
from ipywidgets import FloatSlider, interact
from torch.autograd.functional import jacobian

def f(x1, x2, x3):
    return (x1 + x2, x3*x1, x2**3)

def shown(x1, x2, x3):
    J = jacobian(f, tuple(map(torch.tensor, (x1, x2, x3))))
    display(Math(sympy.latex(sympy.Matrix([[round(float(v), 4) for v in row] for row in J]))))

ranges = [FloatSlider(value=v, min=-9, max=9, step=0.1) for v in (3, 4, 5)]
interact(shown, x1=ranges[0], x2=ranges[1], x3=ranges[2])"""
# The least that a handler can do, in the same page: what it takes is the browser's.
FLOOR = """from IPython.display import HTML
HTML(\'\'\'<div class="jm-slider"><input type="range" min="-90"
max="150" value="30" data-lm-suppress-shortcuts="true">
<input type="text" title="3"></div>
<table class="jm-grid"><tbody><tr></tr><tr><td></td><td></td><td>3</td></tr></tbody></table>
<script>{
  const [handle, field] = document.querySelectorAll(".jm-slider input");
  const cell = document.querySelector(".jm-grid td:last-child").firstChild;
  handle.addEventListener("input", () => { field.title = cell.data = handle.value / 10; });
}</script>\'\'\')"""
DESIGNS = {
    "one text is set": FLOOR,
    "interact + torch + MathJax": INTERACT,
    "jacmagic, from the kernel": SEED.replace("OPTIONS", "--no-formula"),
    "jacmagic, with its tape": SEED.replace(" OPTIONS", ""),
}
# The number that is x₁: entry (2, 3) of the table, or of the typeset matrix.
HANDLE = ".noUi-handle, .jm-slider input[type=range]"
OBSERVE = """() => {
  const number = (text) => Number((text ?? "NaN").replace("−", "-"));
  const read = () => {
    const rows = document.querySelectorAll(".jm-grid tbody tr");
    if (rows.length) return number(rows[1].querySelectorAll("td")[2].textContent);
    const cells = document.querySelectorAll(".widget-interact mjx-assistive-mml mtd");
    return cells.length ? number(cells[5].textContent) : NaN;
  };
  const stands = () => {
    const own = document.querySelector(".jm-slider input[type=text]");
    const theirs = document.querySelector(".noUi-handle");
    return Number(own ? own.title : theirs.getAttribute("aria-valuenow"));
  };
  const seen = { read, stands, pending: null, done: [], values: new Set(), blanks: 0, frames: 0 };
  window.seen = seen;
  document.addEventListener("keydown", (event) => {
    seen.pending = { start: event.timeStamp, before: read() };
  }, true);
  new MutationObserver(() => {
    const value = read();
    if (!Number.isNaN(value)) seen.values.add(value);
    const { pending } = seen;
    if (!pending || value === pending.before || Math.abs(value - stands()) > 1e-3) return;
    pending.before = value;
    pending.dom = performance.now() - pending.start;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        pending.paint = performance.now() - pending.start;
        seen.done.push(pending);
      };
      channel.port2.postMessage(0);
    });
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
  new MutationObserver(() => {
    const root = document.querySelector(".jm-root");
    const { pending } = seen;
    if (!root || !pending?.paint || root.classList.contains("jm-ahead")) return;
    pending.torch ??= performance.now() - pending.start;
    const verdict = root.querySelector(".jm-agreement").textContent;
    if (verdict.startsWith("✓")) pending.verdict ??= performance.now() - pending.start;
  }).observe(document.body, {
    subtree: true, childList: true, attributes: true, characterData: true,
  });
  const frame = () => {
    seen.frames += 1;
    if (Number.isNaN(read())) seen.blanks += 1;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
READY = "() => !Number.isNaN(window.seen.read())"
RIGHT = "() => Math.abs(window.seen.read() - window.seen.stands()) < 1e-3"


def single(page: Any) -> tuple[list[float], list[float]]:
    """Return the milliseconds from a key to the page and to the screen."""
    page.evaluate("() => { window.seen.done = []; }")
    for k in range(KEYS):
        page.keyboard.press("ArrowRight" if k % 2 else "ArrowLeft")
        page.wait_for_function("(n) => window.seen.done.length > n", arg=k)
        page.wait_for_timeout(30 + random.uniform(0, FRAME_MS))  # in no step with the frames
    done = page.evaluate("() => window.seen.done")
    return [one["dom"] for one in done], [one["paint"] for one in done]


def confirmations(page: Any) -> list[dict[str, float]]:
    """Return the milliseconds from a key to torch's number and to the verdict, of ten keys."""
    page.evaluate("() => { window.seen.done = []; }")
    for k in range(CONFIRMED_KEYS):
        page.keyboard.press("ArrowRight" if k % 2 else "ArrowLeft")
        page.wait_for_function("() => window.seen.pending.verdict !== undefined")
    return page.evaluate("() => window.seen.done")


def storm(page: Any) -> dict[str, float]:
    """Press a hundred keys in a second; return frames, blank frames, the last lag."""
    page.keyboard.press("Home")
    page.wait_for_function(RIGHT)
    page.evaluate(
        "() => Object.assign(window.seen, { values: new Set(), blanks: 0, frames: 0, done: [] })"
    )
    for _ in range(STORM):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(5)
    page.wait_for_function(RIGHT)
    page.wait_for_function("() => window.seen.done.length > 0")
    return page.evaluate(
        "() => ({ values: window.seen.values.size, blanks: window.seen.blanks,"
        " frames: window.seen.frames, lag: window.seen.done.at(-1).dom })"
    )


def measure(context: Any, address: str, folder: Path, design: str) -> dict[str, Any]:
    """Open one design in a notebook of its own."""
    lab.write(folder / "bench.ipynb", ["%load_ext jacmagic", DESIGNS[design]])
    page = context.new_page()
    notebook = lab.Notebook(page, address)
    notebook.open("bench.ipynb")
    notebook.run()
    page.wait_for_selector(HANDLE)
    page.evaluate(OBSERVE)
    page.wait_for_function(READY)
    page.locator(HANDLE).first.focus()
    dom, paint = single(page)
    found: dict[str, Any] = {"dom": dom, "paint": paint}
    found["confirmed"] = confirmations(page) if "with its tape" in design else []
    found["storm"] = storm(page)
    page.close()
    lab.stop_kernels(address)
    return found


def share(values: Sequence[float], part: float) -> float:
    """Return a quantile of a sample."""
    ordered = sorted(values)
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


def main() -> None:
    """Measure every design several times, interleaved, and print one table."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in DESIGNS}
    with tempfile.TemporaryDirectory() as name, lab.chromium() as context:
        folder = Path(name)
        with lab.serve(folder) as address:
            for _ in range(ROUNDS):
                for design in DESIGNS:
                    found[design].append(measure(context, address, folder, design))
    print("| design | dom p50 | p95 | paint p50 | p95 | storm: values | blank frames | lag |")
    print("|---|---|---|---|---|---|---|---|")
    notes: list[str] = []
    for design, rounds in found.items():
        dom = [value for one in rounds for value in one["dom"]]
        paint = [value for one in rounds for value in one["paint"]]
        storms = [one["storm"] for one in rounds]
        numbers = [share(dom, 0.5), share(dom, 0.95), share(paint, 0.5), share(paint, 0.95)]
        cells = [f"{number:.1f}" for number in numbers]
        cells.append("/".join(str(one["values"]) for one in storms))
        blank, frames = (sum(one[key] for one in storms) for key in ("blanks", "frames"))
        cells.append(f"{blank} of {frames}")
        cells.append(f"{statistics.median(one['lag'] for one in storms):.1f}")
        print(f"| {design} | {' | '.join(cells)} |")
        if confirmed := [one for each in rounds for one in each["confirmed"]]:
            quantiles = {
                key: [share([each[key] for each in confirmed], part) for part in (0.5, 0.95)]
                for key in ("torch", "verdict")
            }
            notes += [
                f"{design}, {key}: p50 {a:.0f}, p95 {b:.0f}" for key, (a, b) in quantiles.items()
            ]
    print("\n".join(["", *notes]))


if __name__ == "__main__":
    main()
