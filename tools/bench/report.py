"""Write the page, the plot and the ratios of a run."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from cases import CASES
from rounds import TORCH, Timing

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "images" / "benchmarks.svg"
RATIOS = Path(__file__).with_name("ratios.json")
SLIDER = Path(__file__).with_name("slider.md")  # what `make bench-widget` measured last
BAND = 1.5  # times the stored ratio from which a way counts as slower

COMPILED = ("jax", "asdex", "casadi")  # libraries whose calls are compiled

Found = Mapping[str, Sequence[Timing]]

HEAD = """\
# Benchmarks

Written by `make bench`, on {machine}.
Each library runs in its own process, on one thread.
Every round runs all of them in a new order;
the medians of {rounds} rounds are compared, in processor time.
*Cold* is the first call after importing the library, including tracing and compiling, by the clock.
*Peak* is the additional memory of the first call.
All numbers are float64; every function is written once, with operations that all libraries have.

`×` is the time as a multiple of the fastest of torch's own five functions.
`jacobian` is `jacmagic.jacobian(f, x)` without the closed form, which is derived on access.
`check alone` is its comparison with one plain backward pass along a random vector,
which `jacobian` makes at every call in sparse mode, at the first two in batched modes,
and never for rows computed one by one.
The numbers of `jacobian` are those of plain backward passes, as `functional.jacobian` gives them
without `vectorize`: that is the function to compare it with. Torch's other four compute in
batches and check nothing; for a small or a tall Jacobian they can be faster.
`.evaluator()` is the compiled closed form;
`compile` is `jacmagic.compile(f, x)`, called with a tensor or with a NumPy array.

![Time of each library's fastest function, as a multiple of torch's fastest](images/benchmarks.svg)

"""


def machine() -> str:
    """Describe the machine without names."""
    import torch

    cores = os.cpu_count() or 1
    kind = "CPU" if not torch.version.cuda else "CUDA build, on the CPU"
    version = ".".join(torch.__version__.split("+")[0].split(".")[:2])
    system = f"{cores}-core {platform.machine().replace('_64', '')} {platform.system()} machine"
    return f"a {system} (torch {version} {kind}, Python {platform.python_version()})"


def best_of_torch(timings: Sequence[Timing]) -> float | None:
    """Return the time of torch's fastest function, in seconds."""
    known = [t.warm for t in timings if t.peer == "torch" and t.way in TORCH and t.warm]
    return min(known, default=None)


def ratios(found: Found) -> dict[str, dict[str, float]]:
    """By case and way, the time as a multiple of the best of torch's."""
    table: dict[str, dict[str, float]] = {}
    for case, timings in found.items():
        best = best_of_torch(timings)
        table[case] = {
            f"{t.peer} {t.way}": round(t.warm / best, 3) for t in timings if t.warm and best
        }
    return table


def slower(found: Found) -> list[str]:
    """jacmagic's ways that are `BAND` times slower than stored, one line each."""
    stored = json.loads(RATIOS.read_text(encoding="utf-8"))
    return [
        f"{case}, {way}: {now:.2f} × torch's best, stored {before:.2f}"
        for case, ways in ratios(found).items()
        for way, now in ways.items()
        if way.startswith("jacmagic")
        and (before := stored.get(case, {}).get(way)) is not None
        and now > BAND * before
    ]


def time_text(seconds: float | None) -> str:
    """Three digits and a unit."""
    if seconds is None:
        return "—"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def write(found: Found, rounds: int) -> None:
    """Store the page, the picture and the ratios."""
    RATIOS.write_text(json.dumps(ratios(found), indent=1, ensure_ascii=False) + "\n", "utf-8")
    PAGE.write_text(page(found, rounds), "utf-8")
    draw(found)


def page(found: Found, rounds: int) -> str:
    """Return the page as Markdown."""
    sizes = {case.name: f"{case.outputs:,} × {case.inputs:,}" for case in CASES}
    slider = SLIDER.read_text(encoding="utf-8") + "\n"
    parts = [HEAD.format(machine=machine(), rounds=rounds), slider, compiled(found)]
    for case, timings in found.items():
        best = best_of_torch(timings)
        parts.append(f"## {case}\n\nThe Jacobian is {sizes[case]}.\n\n")
        parts.append("| | way | warm | × | cold | peak |\n|---|---|---:|---:|---:|---:|\n")
        parts += [_row(timing, best) for timing in timings]
        parts.append("\n")
    return "".join(parts).rstrip() + "\n"


def compiled(found: Found) -> str:
    """Return a table of compiled Jacobians: jacmagic's beside the fastest of the others."""
    lines = [
        "## Compiled beside compiled\n",
        "`jacmagic.compile(f, x)` beside the fastest of JAX's `jit`, asdex and CasADi.\n",
        "| case | with a tensor | with an array | fastest other | | × |",
        "|---|---:|---:|---:|---|---:|",
    ]
    for case, timings in found.items():
        warm = {(t.peer, t.way): t.warm for t in timings if t.warm and t.way != "f"}
        others = {way: warm[way] for way in warm if way[0] in COMPILED}
        own = warm.get(("jacmagic", "compile"))
        if own is None or not others:
            continue
        array = warm.get(("jacmagic", "compile, arrays"))
        best = min(others, key=others.__getitem__)
        times = " | ".join(map(time_text, (own, array, others[best])))
        lines.append(f"| {case} | {times} | {' '.join(best)} | {own / others[best]:.2f} |")
    return "\n".join([*lines, "", ""])


def _row(timing: Timing, best: float | None) -> str:
    name, way = timing.peer, timing.way
    if timing.warm is None:
        return f"| {name} | {way} | — | | | {_why(timing.error)} |\n"
    times = f"{timing.warm / best:.2f}" if best else ""
    peak = "" if timing.peak is None else f"{timing.peak:,} MiB"
    cold = time_text(timing.cold)
    return f"| {name} | {way} | {time_text(timing.warm)} | {times} | {cold} | {peak} |\n"


def _why(error: str) -> str:
    return error.partition(";")[0].replace("|", "/")[:70]


def draw(found: Found) -> None:
    """Plot the fastest function of each library in each case, on a logarithmic scale."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "jacmagic"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 0.42 * len(found) + 1.4))
    shown = [("jacmagic", way) for way in ("jacobian", "compile", ".evaluator()")]
    others = sorted({t.peer for ts in found.values() for t in ts} - {"torch", "jacmagic"})
    for peer, way in [*shown, *((other, "") for other in others)]:
        xs, ys = [], []
        for row, timings in enumerate(found.values()):
            best = best_of_torch(timings)
            mine = [
                t.warm
                for t in timings
                if t.peer == peer and t.warm and t.way != "f" and way in ("", t.way)
            ]
            if best and mine:
                xs.append(min(mine) / best)
                ys.append(row)
        filled = peer == "jacmagic"
        axes.scatter(xs, ys, s=44 if filled else 26, label=f"{peer} {way}".strip(), zorder=3)
    axes.axvline(1, color="grey", linewidth=1, label="torch's best")
    axes.set_xscale("log")
    axes.set_yticks(range(len(found)), list(found))
    axes.invert_yaxis()
    axes.set_xlabel("time as a multiple of torch's best (less is faster)")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    figure.savefig(PICTURE, bbox_inches="tight", metadata={"Date": None})
