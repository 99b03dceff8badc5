"""The timed libraries: one process runs one of them and reads requests by line.

    python peers.py torch        then lines of JSON: {"case": "…", "way": "…", "seconds": 0.05}

The first question about a way answers the cold time: building the function and the first call,
tracing and compiling included. Each further one answers the mean of a few calls.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cases import CASES, Case
from rounds import CHECK

Way = Callable[[], object]


def torch_ways(case: Case) -> dict[str, Callable[[], Way]]:
    """Return torch's own five functions, and f itself."""
    import torch

    f, x = case.build(torch_ops()), torch.from_numpy(case.point())
    whole = torch.autograd.functional.jacobian
    forward = {"vectorize": True, "strategy": "forward-mode"}
    return {
        "f": lambda: lambda: f(x),
        "functional.jacobian": lambda: lambda: whole(f, x),
        "… vectorize": lambda: lambda: whole(f, x, vectorize=True),
        "… forward-mode": lambda: lambda: whole(f, x, **forward),
        "func.jacrev": lambda: lambda: torch.func.jacrev(f)(x),
        "func.jacfwd": lambda: lambda: torch.func.jacfwd(f)(x),
    }


def jacmagic_ways(case: Case) -> dict[str, Callable[[], Way]]:
    """Return `jacobian`, its check, `compile`, `.at` and `.evaluator()`."""
    import torch

    import jacmagic

    f, x = case.build(torch_ops()), torch.from_numpy(case.point())

    def another() -> Way:
        J = jacmagic.jacobian(f, x)
        name = next(iter(J.point))
        return lambda: J.at(**{name: x})

    def sparse() -> Way:
        return lambda: jacmagic.jacobian(f, x, strategy="sparse")

    def evaluator() -> Way:
        g, point = jacmagic.jacobian(f, x).evaluator(), x.tolist()
        for _ in range(4):  # compiled after the third
            g(*point)
        return lambda: g(*point)

    def compiled() -> Way:
        g = jacmagic.compile(f, x)
        return lambda: g(x)

    def compiled_array() -> Way:
        g, point = jacmagic.compile(f, x), x.numpy()
        return lambda: g(point)

    def check() -> Way:
        from jacmagic.numeric import dense_matrix, freivalds
        from jacmagic.numeric.evaluation import evaluate
        from jacmagic.numeric.modes import sparse

        run, found = evaluate(f, (x,), create_graph=False), jacmagic.jacobian(f, x).numbers
        leaves, entries = run.outputs.leaves, found.sparse

        def matrix() -> freivalds.Matrix:
            if entries is not None:
                return sparse.Entries(entries)
            return dense_matrix.Dense(found.blocks, leaves)

        return lambda: freivalds.check(leaves, run.inputs, matrix())

    return {
        "jacobian": lambda: lambda: jacmagic.jacobian(f, x),
        CHECK: check,
        "compile": compiled,
        "compile, arrays": compiled_array,
        ".at": another,
        "strategy sparse": sparse,
        ".evaluator()": evaluator,
    }


def torch_ops() -> SimpleNamespace:
    """torch's arithmetic."""
    import torch

    return SimpleNamespace(
        sin=torch.sin, cos=torch.cos, exp=torch.exp, tanh=torch.tanh, relu=torch.relu,
        sum=torch.sum, cat=torch.cat, flat=torch.flatten, constant=torch.from_numpy,
        shift=lambda x, k: torch.roll(x, k),
        matrix=lambda x, start, r, c: x[start : start + r * c].reshape(r, c),
    )  # fmt: skip


def _numpy_like(np: Any) -> SimpleNamespace:
    return SimpleNamespace(
        sin=np.sin, cos=np.cos, exp=np.exp, tanh=np.tanh, relu=lambda x: np.maximum(x, 0.0),
        sum=np.sum, cat=np.concatenate, flat=np.ravel, constant=np.array,
        shift=lambda x, k: np.concatenate([x[-k:], x[:-k]]),
        matrix=lambda x, start, r, c: np.reshape(x[start : start + r * c], (r, c)),
    )  # fmt: skip


def _jax(case: Case) -> tuple[Any, Any, Any]:
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax, case.build(_numpy_like(jax.numpy)), jax.numpy.array(case.point())


def jax_ways(case: Case) -> dict[str, Callable[[], Way]]:
    """Compiled reverse and forward mode."""
    jax, f, x = _jax(case)

    def compiled(g: Any) -> Callable[[], Way]:
        def build() -> Way:
            quick = jax.jit(g)
            return lambda: quick(x).block_until_ready()

        return build

    return {
        "f": compiled(f),
        "jit jacrev": compiled(jax.jacrev(f)),
        "jit jacfwd": compiled(jax.jacfwd(f)),
    }


def asdex_ways(case: Case) -> dict[str, Callable[[], Way]]:
    """Sparse by colouring, over jax; the pattern is found once."""
    jax, f, x = _jax(case)
    import asdex

    def build() -> Way:
        quick = jax.jit(asdex.jacobian(f, x))
        return lambda: jax.block_until_ready(quick(x).data)

    return {"jacobian": build}


def autograd_ways(case: Case) -> dict[str, Callable[[], Way]]:
    """Reverse mode over NumPy."""
    import autograd
    import autograd.numpy

    f, x = case.build(_numpy_like(autograd.numpy)), case.point()
    quick = autograd.jacobian(f)
    return {"f": lambda: lambda: f(x), "jacobian": lambda: lambda: quick(x)}


def casadi_ways(case: Case) -> dict[str, Callable[[], Way]]:
    """Symbolic scalars, differentiated sparsely, run by its virtual machine."""
    import casadi as ca

    ops = SimpleNamespace(
        sin=ca.sin, cos=ca.cos, exp=ca.exp, tanh=ca.tanh, relu=lambda x: ca.fmax(x, 0),
        sum=ca.sum1, cat=lambda parts: ca.vertcat(*parts), flat=lambda x: ca.vec(x.T),
        constant=ca.DM, shift=lambda x, k: ca.vertcat(x[-k:], x[:-k]),
        matrix=lambda x, start, r, c: ca.reshape(x[start : start + r * c], c, r).T,
    )  # fmt: skip

    def built(jacobian: bool) -> Callable[[], Way]:
        def build() -> Way:
            x = ca.SX.sym("x", case.inputs)
            y = case.build(ops)(x)
            quick = ca.Function("g", [x], [ca.jacobian(y, x) if jacobian else y])
            point = ca.DM(case.point())
            return lambda: quick(point)

        return build

    return {"f": built(False), "jacobian": built(True)}


PEERS: dict[str, Callable[[Case], dict[str, Callable[[], Way]]]] = {
    "torch": torch_ways,
    "jacmagic": jacmagic_ways,
    "jax": jax_ways,
    "asdex": asdex_ways,
    "autograd": autograd_ways,
    "casadi": casadi_ways,
}


def forget_peak() -> None:
    """Let the peak of memory begin anew, where the system can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def memory(field: str) -> int:
    """`VmHWM` (peak) or `VmRSS` (now) of this process in MiB."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(field)).split()[1]) // 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def answer(question: dict[str, Any], made: dict[tuple[str, str], Way]) -> dict[str, Any]:
    """Time one way of one case."""
    name, way, seconds = question["case"], question["way"], question["seconds"]
    if (name, way) not in made:
        for other in [key for key in made if key[0] != name]:
            del made[other]
        case = next(case for case in CASES if case.name == name)
        build = PEERS[sys.argv[1]](case)[way]
        before = memory("VmRSS")
        forget_peak()
        start = time.perf_counter()
        call = build()
        call()
        made[name, way] = call
        cold = time.perf_counter() - start
        return {"cold": cold, "peak": max(0, memory("VmHWM") - before)}
    return {"warm": seconds_of(made[name, way], seconds)}


def seconds_of(call: Way, least: float) -> float:
    """Processor time of one call, from as many as together take at least half of `least`."""
    count = 1
    while True:
        start = time.process_time()  # all threads', whatever else the machine does
        for _ in range(count):
            call()
        took = time.process_time() - start
        if took >= least / 2:
            return took / count
        count *= 2


def main() -> None:
    """Answer until there are no more questions."""
    made: dict[tuple[str, str], Way] = {}
    try:
        PEERS[sys.argv[1]](CASES[0])
    except ImportError as missing:
        print(json.dumps({"missing": str(missing)}), flush=True)
        return
    print(json.dumps({"ways": list(PEERS[sys.argv[1]](CASES[0]))}), flush=True)
    for line in sys.stdin:
        try:
            found = answer(json.loads(line), made)
        except Exception as error:  # noqa: BLE001 - another library's; it is an entry of the table
            found = {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
