"""`python -m benchmarks NAME ...`: run benchmarks, print their table, keep their figures."""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from benchmarks.measuring import RESULTS, keep, machine, table

NAMES = (
    "soak",
    "page",
    "waiting",
    "http",
    "peers",
    "warm",
    "client",
    "stampede",
    "outage",
    "guard",
    "policy",
    "overload",
)
"""The benchmarks, each a module of its name; memory that others had used would hide what `soak` grows by."""


def main() -> None:
    """Run the benchmarks that are named; all of them when none is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(NAMES)}; all when left out")
    parser.add_argument(
        "--quick", action="store_true", help="a short run that proves that they work; keeps nothing"
    )
    parser.add_argument("--json", action="store_true", help="print rows as JSON instead of a table")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in NAMES]:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}")
    rows = []
    for name in options.names or NAMES:
        rows += asyncio.run(import_module(f"benchmarks.{name}").measure(quick=options.quick))
    if not options.quick:
        keep(rows, RESULTS)
    if options.json:
        print(json.dumps([{**asdict(row), "met": row.met} for row in rows], indent=1))
    else:
        print(f"{machine()}\n{table(rows)}")
    if not options.quick:
        print(f"kept in {RESULTS.relative_to(Path.cwd()) if RESULTS.is_relative_to(Path.cwd()) else RESULTS}")


if __name__ == "__main__":
    main()
