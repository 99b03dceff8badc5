"""A differential fuzzer: compare all ways to the Jacobians of random programs.

    python tools/fuzz/fuzz.py --seconds 60 [--seed 0] [--length 6]

Every failure is made smaller and printed as a script. The exit status is 1 if there was one.
"""

from __future__ import annotations

import argparse
import time
import warnings

import torch
from compare import failure_of
from minimise import minimised
from programs import random_program


def main() -> int:
    """Run until the time is over."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0, help="of the first program")
    parser.add_argument("--length", type=int, default=6, help="lines of the longest programs")
    parser.add_argument("--programs", type=int, default=None, help="stop after so many")
    options = parser.parse_args()
    torch.set_default_dtype(torch.float64)
    warnings.simplefilter("ignore")
    began, seed, failures = time.monotonic(), options.seed, 0
    while time.monotonic() - began < options.seconds:
        if options.programs is not None and seed - options.seed >= options.programs:
            break
        program = random_program(seed, 1 + seed % options.length)
        failure = failure_of(program)
        if failure is not None:
            failures += 1
            smaller, failure = minimised(program, failure)
            print(f"── seed {seed}: {failure}\n{smaller.script}", flush=True)
        seed += 1
    print(f"{seed - options.seed} programs from seed {options.seed}; {failures} failures")
    return int(failures > 0)


if __name__ == "__main__":
    raise SystemExit(main())
