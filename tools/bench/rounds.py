"""Run all ways of all peers in interleaved rounds, each peer in its own process.

A machine's speed drifts by more than what is measured. So nothing is timed on its own: in each
round all ways follow each other in a new order, and medians over the rounds are compared.
"""

from __future__ import annotations

import json
import os
import random
import select
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cases import Case

PEERS = ("torch", "jacmagic", "jax", "asdex", "autograd", "casadi")
PATIENCE = 20.0  # seconds for one answer
FEWER = ((3, 0.5), (1, 3.0))  # after so many rounds, calls of more seconds are left out
ONE_THREAD = {"OMP_NUM_THREADS": "1", "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
CHECK = "check alone"  # the part of a call that no caller asks for
TORCH = ("functional.jacobian", "… vectorize", "… forward-mode", "func.jacrev", "func.jacfwd")


@dataclass
class Timing:
    """What was learnt of one way of one case; times in seconds, memory in MiB."""

    peer: str
    way: str
    cold: float | None = None
    peak: int | None = None
    rounds: list[float] = field(default_factory=list)
    error: str = ""

    @property
    def warm(self) -> float | None:
        """The median of the rounds."""
        return statistics.median(self.rounds) if self.rounds else None


class Process:
    """One peer, asked line by line."""

    def __init__(self, peer: str, python: str) -> None:
        """Start it; `ways` is empty where it is not installed."""
        self.peer, self.python = peer, python
        self.ways: list[str] = []
        self.start()

    def start(self) -> None:
        """Start a process, also after one that took too long."""
        self.process = subprocess.Popen(
            [self.python, str(Path(__file__).with_name("peers.py")), self.peer],
            env={**os.environ, **ONE_THREAD},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        self.ways = self.read().get("ways", [])

    def read(self) -> dict[str, Any]:
        """One answer, or an error if there is none in time."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline() if ready else b""
        if line.strip():
            return json.loads(line)
        self.stop()
        return {"error": f"more than {PATIENCE:.0f} s" if not ready else "the process ended"}

    def ask(self, **question: Any) -> dict[str, Any]:
        """Question and answer; a process that took too long is replaced."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        found = self.read()
        if self.process.poll() is not None:
            self.start()
        return found

    def stop(self) -> None:
        """End this process."""
        self.process.kill()
        self.process.wait()


def run(
    cases: Sequence[Case], *, rounds: int, seconds: float, peers_python: str
) -> dict[str, list[Timing]]:
    """Time all ways of all peers on some cases.

    Args:
        cases: what to time.
        rounds: how many rounds.
        seconds: how long one way has its turn in a round.
        peers_python: the interpreter that has the peers; torch and jacmagic run in this one.
    """
    own = {"torch", "jacmagic"}
    processes = {p: Process(p, sys.executable if p in own else peers_python) for p in PEERS}
    found = {}
    try:
        for case in cases:
            found[case.name] = _case(case, processes, rounds, seconds)
            print(f"{case.name}: {_best(found[case.name])}", file=sys.stderr, flush=True)
    finally:
        for process in processes.values():
            process.stop()
    return found


def _case(case: Case, processes: dict[str, Process], rounds: int, seconds: float) -> list[Timing]:
    timings = [Timing(peer, way) for peer, one in processes.items() for way in one.ways]
    for timing in timings:
        question = {"case": case.name, "way": timing.way, "seconds": seconds}
        answer = processes[timing.peer].ask(**question)
        timing.cold, timing.peak = answer.get("cold"), answer.get("peak")
        timing.error = answer.get("error", "")
    for count in range(rounds):
        for timing in random.sample(timings, len(timings)):
            took = timing.warm or 0
            if timing.error or any(count >= after and took > most for after, most in FEWER):
                continue
            question = {"case": case.name, "way": timing.way, "seconds": seconds}
            answer = processes[timing.peer].ask(**question)
            timing.error = answer.get("error", "")
            if "warm" in answer:
                timing.rounds.append(answer["warm"])
            else:  # a replaced process forgot the way and answered its cold time
                timing.error = timing.error or ("" if "cold" in answer else "no answer")
    return timings


def _best(timings: Sequence[Timing]) -> str:
    """One line on the terminal."""
    known = [t for t in timings if t.warm is not None and t.way not in ("f", CHECK)]
    known.sort(key=lambda timing: timing.warm or 0)
    return ", ".join(f"{t.peer} {t.way} {1e6 * (t.warm or 0):,.0f} µs" for t in known[:5])
