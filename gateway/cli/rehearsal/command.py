"""`student-graph rehearse`: made-up districts on one fleet, a school morning, and a script of trouble."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from student_graph.gateway.cli.parser import Commands, check_output_file, printable
from student_graph.gateway.cli.terminal import print_table

if TYPE_CHECKING:
    from student_graph.gateway.demo.rehearsal.sizes import Sizes
    from student_graph.gateway.demo.rehearsal.verdicts.result import Result


def add_command(commands: Commands) -> None:
    """Add `rehearse` to the command line."""
    command = commands.add_parser(
        "rehearse",
        description="Build made-up districts, run them on one fleet of this machine, let people look at pages "
        "while vendors fail and processes die, and compare each page with that of a gateway without trouble. "
        "The exit status is 1 if a page was wrong or showed what its viewer may not see.",
    )
    command.add_argument(
        "--districts", type=_Number(1, 60), default=18, metavar="N", help="number of districts (default: 18)"
    )
    command.add_argument(
        "--largest",
        type=_Number(100, 100_000),
        metavar="N",
        help="students of the largest district; the others are in proportion "
        "(default: 100000 beside others of 200 to 3500, or fewer if this machine has too little memory)",
    )
    command.add_argument(
        "--others",
        type=_Number(100, 100_000),
        metavar="N",
        help="give the other districts as many students as if the largest had N "
        "(default: as many as it has, if --largest is given)",
    )
    command.add_argument(
        "--smallest",
        type=_Number(60, 100_000),
        metavar="N",
        help="students of the smallest districts (default: 60, or 200 beside a district of 100000)",
    )
    command.add_argument(
        "--minutes", type=_minutes, default=10.0, metavar="M", help="how long the morning lasts (default: 10)"
    )
    command.add_argument(
        "--pages",
        type=_Number(1, 500),
        default=6,
        metavar="N",
        help="pages that are opened each second (default: 6)",
    )
    command.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the made-up data (default: 1)")
    command.add_argument(
        "--json", type=Path, metavar="FILE", help="also write everything that was counted as JSON"
    )
    command.add_argument("--report", type=Path, metavar="FILE", help="also write the tables as Markdown")
    command.add_argument(
        "--evidence", type=Path, metavar="DIR", help="folder for each wrong page, as expected and as seen"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Rehearse, and print what was seen.

    Raises:
        SettingsError: something did not start, a package is missing, or a report cannot be written.
    """
    check_output_file("--json", options.json)
    check_output_file("--report", options.report)
    from student_graph.gateway.demo.rehearsal.run import (  # noqa: PLC0415 - help must not wait for all of this
        Options,
        rehearse,
    )
    from student_graph.gateway.demo.rehearsal.verdicts.report import (  # noqa: PLC0415 - as above
        markdown,
    )

    sizes = _sizes(options)
    chosen = Options(
        districts=options.districts,
        minutes=options.minutes,
        seed=options.seed,
        largest=sizes.largest,
        others=sizes.others,
        smallest=sizes.smallest,
        pages_per_second=options.pages,
        evidence=options.evidence,
    )

    async def until_stopped() -> Result:
        """Rehearse; SIGTERM ends it with all its processes, as Ctrl+C does."""
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await rehearse(chosen, lambda line: print(line, file=sys.stderr, flush=True))

    try:
        result = asyncio.run(until_stopped())
    except (asyncio.CancelledError, KeyboardInterrupt):
        print("stopped", file=sys.stderr)
        return 1
    report = result.as_json()
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if options.report is not None:
        options.report.write_text(markdown(report), encoding="utf-8")
    print_report(report)
    return 0 if result.is_good else 1


def print_report(report: Mapping[str, Any]) -> None:
    """Print the tables of a report, what happened, and what failed."""
    from student_graph.gateway.demo.rehearsal.verdicts.report import (  # noqa: PLC0415 - help must not wait for this
        lines_below,
        short_tables,
    )

    for title, headings, rows in short_tables(report):
        print(f"{title}\n")
        print_table(headings, rows)
        print()
    for line in lines_below(report):
        print(printable(line))


def _sizes(options: argparse.Namespace) -> Sizes:
    """The sizes of the districts; says so if the memory of this machine decides them."""
    from student_graph.gateway.demo.rehearsal.sizes import (  # noqa: PLC0415 - help must not wait for all of this
        SCALED,
        Sizes,
        free_bytes,
        sizes_that_fit,
    )

    if options.largest is not None:
        sizes = SCALED._replace(largest=options.largest)
    else:
        free = free_bytes()
        sizes = sizes_that_fit(options.districts, free)
        if sizes.largest < Sizes().largest:
            memory = (
                "this machine does not say how much memory is free"
                if free is None
                else (f"{free / 2**30:.1f} GiB of memory are free")
            )
            print(
                f"{memory}: the largest district has {sizes.largest:,} students and not {Sizes().largest:,}; "
                "--largest says how many it has whatever is free",
                file=sys.stderr,
            )
    return sizes._replace(
        others=sizes.others if options.others is None else options.others,
        smallest=sizes.smallest if options.smallest is None else options.smallest,
    )


class _Number:
    """Reads a whole number between two bounds."""

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def __call__(self, text: str) -> int:
        """
        The number.

        Raises:
            ArgumentTypeError: it is none, or outside of the bounds.
        """
        if not text.isdecimal() or not self._least <= int(text) <= self._most:
            raise argparse.ArgumentTypeError(f"must be a number from {self._least} to {self._most}")
        return int(text)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0.1 <= minutes <= 24 * 60:
        raise argparse.ArgumentTypeError("must be a number of minutes from 0.1 to 1440")
    return minutes
