"""`student-graph aggregate`: a metric over all students of a district and over groups of them."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from graphql import GraphQLError

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import DistrictId, StudentId
from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sources import District
from student_graph.gateway.cli.districts import add_district_options, districts_of
from student_graph.gateway.cli.parser import Commands, format_table, printable
from student_graph.gateway.config import settings_file
from student_graph.gateway.server.counting import count_district
from student_graph.resolvers.cohorts.aggregates.checkpoint import Counted
from student_graph.resolvers.cohorts.aggregates.dimensions import Dimension
from student_graph.resolvers.cohorts.aggregates.request import TableRequest
from student_graph.resolvers.cohorts.measurement.requests import Choices
from student_graph.resolvers.fields.outcome import Partial
from student_graph.resolvers.metrics.facts import MetricSettings
from student_graph.resolvers.metrics.measure import Metric

INTERRUPTED_EXIT_STATUS = 130
"""Exit status of a command that Ctrl-C has ended."""
PRIVATE_MODE = 0o600
PAUSES_SECONDS = (5.0, 20.0, 60.0)
"""Seconds before students are read again because a source failed, by attempt."""
HEADINGS = ("GROUP", "STUDENTS", "AT RISK", "WATCH", "ON TRACK", "NOT EVALUATED", "RATE", "MEAN")


def add_command(commands: Commands) -> None:
    """Add `aggregate` to the command line."""
    command = commands.add_parser(
        "aggregate",
        help="count the students of a district by a metric",
        description="Print a metric over all students of a district and over groups of them, without small cells. "
        "With --keep, a count that was interrupted goes on, and a finished one is printed again on the same day. "
        "The file holds numbers of groups and no record of a student; only its owner can read it.",
    )
    add_district_options(command)
    command.add_argument("--district", metavar="ID", help="the district, if there are several")
    command.add_argument("--metric", required=True, metavar="NAME", help="such as CHRONIC_ABSENCE")
    command.add_argument("--preset", metavar="NAME", help="definition (default: that of the district)")
    command.add_argument(
        "--by", action="append", default=[], metavar="DIMENSION", help="such as SCHOOL; repeatable"
    )
    command.add_argument("--complete", action="store_true", help="with small cells, means and sums")
    command.add_argument("--keep", type=Path, metavar="FILE", help="where to keep the counts")
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Count, and print the table. Returns 1 if a source failed for some of the students.

    Raises:
        SettingsError: an option is wrong, or nothing could be counted.
    """
    district = _district(options)
    request = TableRequest(
        _member(Metric, options.metric, "--metric"),
        Choices(preset=options.preset),
        [_member(Dimension, name, "--by") for name in options.by],
    )
    stored = KeptCounts(options.keep, _digest(district, request, complete=options.complete))
    table = stored.table
    if table is None:
        try:
            table = asyncio.run(
                _count(district, request, stored, _metric_settings(options), complete=options.complete)
            )
        except KeyboardInterrupt:
            print("interrupted; with --keep, the same command goes on from here")
            return INTERRUPTED_EXIT_STATUS
        stored.finish(table)
    print(json.dumps(table, indent=1) if options.json else _as_text(table))
    return 1 if table["missing_sources"] else 0


async def _count(
    district: District,
    request: TableRequest,
    stored: KeptCounts,
    metric_settings: Mapping[DistrictId, MetricSettings],
    *,
    complete: bool,
) -> dict[str, Any]:
    """
    The table as JSON values.

    Raises:
        SettingsError: it cannot be computed.
    """
    try:
        outcome = await count_district(district, request, stored, settings=metric_settings, complete=complete)
    except GraphQLError as error:
        raise SettingsError(error.message) from None
    except AdapterError as error:
        raise SettingsError(f"{district.id}: the students cannot be counted ({error.code})") from None
    if isinstance(outcome, AdapterError):
        raise SettingsError(f"{district.id}: the students cannot be counted ({outcome.code})")
    table: dict[str, Any] = _plain(asdict(outcome.value if isinstance(outcome, Partial) else outcome))
    return table


class KeptCounts:
    """A file with the counts of one table: how far they are, or the finished table."""

    pauses: Sequence[float] = PAUSES_SECONDS

    def __init__(self, path: Path | None, digest: str) -> None:
        """Use the file at a path if it is about the table with a digest; keep nothing without a path."""
        self._path, self._digest = path, digest
        self._content: dict[str, Any] = {}
        if path is not None and path.exists():
            try:
                content = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                raise SettingsError(f"--keep: {path} is not a file of this command") from None
            if content.get("digest") == digest:
                self._content = content

    @property
    def table(self) -> dict[str, Any] | None:
        """The finished table; None if it is not finished."""
        table: dict[str, Any] | None = self._content.get("table")
        return table

    def load(self, students: Sequence[StudentId]) -> Counted | None:
        """How far the count of these students is; None if it has not begun, or was of other students."""
        if self._content.get("students") != _digest_of(students):
            return None
        return Counted(self._content["counted"], self._content["state"])

    def save(self, students: Sequence[StudentId], counted: Counted) -> None:
        """Print how far the count of these students is, and keep it unless a source failed."""
        print(f"{counted.students:,} of {len(students):,} students", file=sys.stderr, flush=True)
        if counted.state["total"]["failures"]:
            return
        self._write({"students": _digest_of(students), "counted": counted.students, "state": counted.state})

    async def may_read_again(self, attempts: int) -> bool:
        """Wait before students are read again because a source failed, longer each time; False after the last."""
        if attempts > len(self.pauses):
            return False
        seconds = self.pauses[attempts - 1]
        print(f"a source failed: reading these students again in {seconds:g} seconds", file=sys.stderr, flush=True)
        await asyncio.sleep(seconds)
        return True

    def finish(self, table: dict[str, Any]) -> None:
        """Keep the finished table, unless a source failed."""
        if not table["missing_sources"]:
            self._write({"table": table})

    def _write(self, content: dict[str, Any]) -> None:
        if self._path is None:
            return
        temporary = self._path.with_name(f".{self._path.name}.new")
        temporary.touch(mode=PRIVATE_MODE)
        temporary.write_text(json.dumps({"digest": self._digest, **content}), encoding="utf-8")
        temporary.replace(self._path)


def _district(options: argparse.Namespace) -> District:
    districts = districts_of(options)
    matches = [district for district in districts if options.district in (None, district.id)]
    if len(matches) != 1:
        raise SettingsError(f"--district: name one of {', '.join(district.id for district in districts)}")
    return matches[0]


def _metric_settings(options: argparse.Namespace) -> Mapping[DistrictId, MetricSettings]:
    """What the districts of a settings file say about their data; nothing for a demo."""
    if options.config is None:
        return {}
    return {DistrictId(d.id): d.metric_settings for d in settings_file.load(options.config).districts}


def _member(kind: type[Enum], name: str, option: str) -> Any:
    if name not in kind.__members__:
        raise SettingsError(f"{option}: there is no {printable(name)}; there are {', '.join(kind.__members__)}")
    return kind[name]


def _digest(district: District, request: TableRequest, *, complete: bool) -> str:
    """What a table is about, and the day."""
    names = [dimension.name for dimension in request.dimensions]
    about = [district.id, request.metric.name, request.choices.preset, names, complete, str(district.today())]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()


def _digest_of(students: Sequence[StudentId]) -> str:
    return hashlib.sha256("\n".join(students).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """JSON values of a table."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _as_text(table: dict[str, Any]) -> str:
    """A table in columns; `-` for what is hidden or does not exist."""
    window = table["window"] or {"first": "-", "last": "-"}
    definition = table["definition"]
    days = f"{window['first']} to {window['last']}, as of {table['as_of']}"
    head = f"{table['metric']} by {definition['preset']}, {days}"
    rows = [HEADINGS, *(_row(group) for group in [table["total"], *table["groups"]])]
    missing = [
        f"{source['source'] or 'no source'}: {source['code']}: missing for {_number(source['students'])} students"
        for source in table["missing_sources"]
    ]
    return "\n".join([head, definition["description"], format_table(rows), *missing])


def _row(group: dict[str, Any]) -> list[str]:
    counts = {entry["level"]: entry["students"] for entry in group["distribution"]}
    levels = [_number(counts.get(level)) for level in ("AT_RISK", "WATCH", "ON_TRACK", "NOT_EVALUATED")]
    name = ", ".join(key["group"] or "none" for key in group["keys"]) or "all"
    return [name, _number(group["population"]), *levels, _number(group["rate"]), _number(group["mean"])]


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
