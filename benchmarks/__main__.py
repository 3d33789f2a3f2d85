"""`python -m benchmarks NAME ...`: run benchmarks, print a table and save the figures."""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from benchmarks.support.figures import RESULTS_FILE, describe_machine, format_table, save_rows
from benchmarks.support.summary import write_readme

NAMES = (
    "soak",
    "page",
    "waiting",
    "http",
    "peers",
    "warm",
    "client",
    "declared",
    "day",
    "stampede",
    "outage",
    "files",
    "guard",
    "policy",
    "telemetry",
    "population",
    "aggregate",
    "overload",
    "fleet",
)
"""
The benchmarks, one module for each. `soak` is first, because memory freed by other benchmarks would hide its
growth.
"""


def main() -> None:
    """Run the named benchmarks, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}; default: all")
    parser.add_argument(
        "--quick", action="store_true", help="run each for a short time to check that it works; save nothing"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in NAMES]:
        parser.error(f"unknown benchmark {unknown[0]!r}; choose from {', '.join(NAMES)}")
    rows = []
    for name in options.names or NAMES:
        rows += asyncio.run(import_module(f"benchmarks.{name}").measure(quick=options.quick))
    if not options.quick:
        save_rows(rows)
        write_readme()
    if options.json:
        print(json.dumps([{**asdict(row), "met": row.met} for row in rows], indent=1))
    else:
        print(f"{describe_machine()}\n{format_table(rows)}")
    if not options.quick:
        shown = RESULTS_FILE.relative_to(Path.cwd()) if RESULTS_FILE.is_relative_to(Path.cwd()) else RESULTS_FILE
        print(f"saved in {shown}; its main figures are in README.md")


if __name__ == "__main__":
    main()
