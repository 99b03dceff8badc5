"""Time jacmagic, torch's own functions and other libraries.

    python tools/bench              all cases; writes docs/benchmarks.md, its plot, the ratios
    python tools/bench --quick      the small cases, few rounds; writes nothing
    python tools/bench --check      compares jacmagic's ratios with the stored ones, exits with 1
                                    if one is much larger; with --quick the small cases only

`make bench` and `make bench QUICK=1` do the same. Never part of the tests: no test asserts a time.
"""

from __future__ import annotations

import argparse
import sys

import report
from cases import CASES
from rounds import run


def main() -> int:
    """Run, then write, check or print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small cases, few rounds")
    parser.add_argument("--check", action="store_true", help="compare with the stored ratios")
    parser.add_argument("--case", action="append", help="only cases whose name begins so")
    parser.add_argument("--python", default=sys.executable, help="interpreter with the peers")
    asked = parser.parse_args()
    cases = [case for case in CASES if case.quick or not asked.quick]
    if asked.case:
        cases = [case for case in cases if case.name.startswith(tuple(asked.case))]
    rounds, seconds = (5, 0.01) if asked.quick else (15, 0.05)
    found = run(cases, rounds=rounds, seconds=seconds, peers_python=asked.python)
    if asked.check:
        lines = report.slower(found)
        print("\n".join(lines) or f"no way is {report.BAND} times slower than stored")
        return 1 if lines else 0
    if asked.quick or asked.case:
        print(report.page(found, rounds))
    else:
        report.write(found, rounds)
        print(f"{report.PAGE.relative_to(report.ROOT)} and its picture are written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
