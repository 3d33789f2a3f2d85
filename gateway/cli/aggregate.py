"""
`student-graph aggregate`: a metric over all students of a district and over groups of them.

A finished table is printed again without the modules that count: to import them takes most of the time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.parser import (
    INTERRUPTED_EXIT_STATUS,
    Commands,
    add_district_options,
    check_output_file,
    printable,
)
from student_graph.gateway.cli.terminal import print_table

PRIVATE_MODE = 0o600
HEADINGS = ("GROUP", "STUDENTS", "AT RISK", "WATCH", "ON TRACK", "NOT EVALUATED", "RATE", "MEAN")


def add_command(commands: Commands) -> None:
    """Add `aggregate` to the command line."""
    command = commands.add_parser(
        "aggregate",
        description="Print a metric over all students of a district and over groups of them, without small cells. "
        "With --keep, a count that was interrupted goes on, and a finished one is printed again on the same day. "
        "The file holds numbers of groups and no record of a student; only its owner can read it.",
    )
    add_district_options(command)
    command.add_argument("--district", metavar="ID", help="the district, if there are several")
    command.add_argument("--metric", required=True, metavar="NAME", help="such as CHRONIC_ABSENCE")
    command.add_argument("--preset", metavar="NAME", help="preset of the metric (default: that of the district)")
    command.add_argument(
        "--by", action="append", default=[], metavar="DIMENSION", help="such as SCHOOL; repeatable"
    )
    command.add_argument("--complete", action="store_true", help="also print small cells, means and sums")
    command.add_argument("--keep", type=Path, metavar="FILE", help="file that keeps the counts for the next run")
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Count, and print the table. Returns 1 if a source failed for some of the students.

    Raises:
        SettingsError: an option is wrong, or nothing could be counted.
    """
    check_output_file("--keep", options.keep)
    file = KeptFile(options.keep, _digest(options))
    table = file.table
    if table is None:
        from student_graph.gateway.cli.counting import count  # noqa: PLC0415 - a kept table does without it

        try:
            table = count(options, file)
        except KeyboardInterrupt:
            print("interrupted; with --keep, the same command goes on from here", file=sys.stderr)
            return INTERRUPTED_EXIT_STATUS
    if options.json:
        print(json.dumps(table, indent=1))
    else:
        _print(table)
    return 1 if table["missing_sources"] else 0


class KeptFile:
    """A file with the counts of one table: how far they are, or the finished table. It is valid for a day."""

    valid_until: float | None = None
    """When what is written becomes invalid, in seconds since 1970; None if the district's date stands still."""

    def __init__(self, path: Path | None, digest: str) -> None:
        """
        Use the file at a path if it is about the table with a digest; keep nothing without a path.

        Raises:
            SettingsError: it is another kind of file.
        """
        self._path, self._digest = path, digest
        self.content: dict[str, Any] = {}
        if path is not None and path.exists():
            try:
                content = json.loads(path.read_text(encoding="utf-8"))
                kept_digest = content["digest"]
            except (OSError, ValueError, KeyError, TypeError):
                raise SettingsError(f"--keep: {path} is not a file of this command") from None
            if kept_digest == digest and _is_valid(content.get("valid_until")):
                self.content = content

    @property
    def table(self) -> dict[str, Any] | None:
        """The finished table; None if it is not finished."""
        table: dict[str, Any] | None = self.content.get("table")
        return table

    def write(self, content: dict[str, Any]) -> None:
        """Keep counts or a table; only the owner of the file can read it."""
        if self._path is None:
            return
        temporary = self._path.with_name(f".{self._path.name}.new")
        temporary.touch(mode=PRIVATE_MODE)
        head = {"digest": self._digest, "valid_until": self.valid_until}
        temporary.write_text(json.dumps({**head, **content}), encoding="utf-8")
        temporary.replace(self._path)


def _is_valid(valid_until: float | None) -> bool:
    return valid_until is None or time.time() < valid_until


def _digest(options: argparse.Namespace) -> str:
    """What a table is about: the options, and the settings file or the districts of the demo."""
    about = [
        _settings_of(options),
        options.district,
        options.metric,
        options.preset,
        options.by,
        options.complete,
    ]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()


def _settings_of(options: argparse.Namespace) -> Any:
    """The text of a settings file, or names and dates of a demo's districts; None if the file cannot be read."""
    try:
        if options.config is not None:
            return options.config.read_text(encoding="utf-8")
        ready = json.loads(options.ready_file.read_text(encoding="utf-8"))
        return [[district["id"], district["now"]] for district in ready["districts"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None  # the command says so when it counts


def _print(table: dict[str, Any]) -> None:
    """Print a table with its definition; `-` for what is hidden or does not exist."""
    window = table["window"] or {"first": "-", "last": "-"}
    definition = table["definition"]
    days = f"{window['first']} to {window['last']}, as of {table['as_of']}"
    print(printable(f"{table['metric']} by {definition['preset']}, {days}"))
    print(printable(definition["description"]))
    print_table(HEADINGS, [_row(group) for group in [table["total"], *table["groups"]]])
    for line in _missing(table):
        print(printable(line))


def _missing(table: dict[str, Any]) -> list[str]:
    """Lines that say how many students lack a value, in which groups, and why; none if no source failed."""
    if not table["missing_sources"]:
        return []
    total = table["total"]
    groups = [f"{_group_name(group)}: {group['missing']:,}" for group in table["groups"] if group["missing"]]
    return [
        f"PARTIAL: no value for {_number(total['missing'])} of {_number(total['population'])} students",
        *([f"groups of these students: {'; '.join(groups)}"] if groups else []),
        *map(_missing_source, table["missing_sources"]),
    ]


def _missing_source(missing: dict[str, Any]) -> str:
    source, students = missing["source"] or "no source", _number(missing["students"])
    return f"{source}: {missing['code']}: missing for {students} students. {missing['reason']}"


def _row(group: dict[str, Any]) -> list[str]:
    counts = {entry["level"]: entry["students"] for entry in group["distribution"]}
    levels = [_number(counts.get(level)) for level in ("AT_RISK", "WATCH", "ON_TRACK", "NOT_EVALUATED")]
    return [
        _group_name(group),
        _number(group["population"]),
        *levels,
        _number(group["rate"]),
        _number(group["mean"]),
    ]


def _group_name(group: dict[str, Any]) -> str:
    return ", ".join(key["group"] or "none" for key in group["keys"]) or "all"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
