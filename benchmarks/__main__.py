"""`python -m benchmarks NAME ...`: run benchmarks, print a table and save the figures."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from benchmarks.support.figures import RESULTS_FILE, Row, describe_machine, format_table, save_rows
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
    parser.add_argument(
        "--reruns",
        type=int,
        default=0,
        metavar="N",
        help="run a benchmark that failed up to N times more; default: 0",
    )
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in NAMES]:
        parser.error(f"unknown benchmark {unknown[0]!r}; choose from {', '.join(NAMES)}")
    rows: list[Row] = []
    failed = _run(options.names or NAMES, rows, quick=options.quick)
    for _ in range(options.reruns):
        failed = _run(failed, rows, quick=options.quick)
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
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _run(names: Sequence[str], rows: list[Row], *, quick: bool) -> list[str]:
    """Run benchmarks, add their rows, and return the names of those that failed. Their errors are printed."""
    failed = []
    for name in names:
        try:
            rows += asyncio.run(import_module(f"benchmarks.{name}").measure(quick=quick))
        except Exception:  # noqa: BLE001 - the other benchmarks still run
            print(f"{name} failed:\n{traceback.format_exc()}", file=sys.stderr)
            failed.append(name)
    return failed


if __name__ == "__main__":
    main()
