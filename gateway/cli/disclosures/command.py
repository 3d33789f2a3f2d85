"""The command `disclosures`: its options, and what it prints."""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TextIO, TypeAlias

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.disclosures.record import Record
from student_graph.gateway.cli.disclosures.report import BASES, NOT_KNOWN, Disclosure, Person, report
from student_graph.gateway.cli.districts import districts_of, environ_of
from student_graph.gateway.cli.parser import Commands, add_district_options, count, printable
from student_graph.gateway.cli.query.csv_text import csv_of
from student_graph.gateway.cli.query.rows import SEPARATOR, Table
from student_graph.gateway.cli.terminal import print_table
from student_graph.gateway.config import environment, settings_file
from student_graph.gateway.disclosure.keys import DisclosureKeys
from student_graph.gateway.disclosure.retention import Retirement, retire_files
from student_graph.gateway.disclosure.verification import Problem, Verification
from student_graph.gateway.server.commands.people import names_of_people

DAY_PATTERN = re.compile(r"\d{4}-\d\d-\d\d")
HEADINGS = ("WHEN", "WHO", "ROLE", "PURPOSE", "OPERATION", "RECORDS", "CLASSES")
CSV_HEADINGS = (
    "when", "name", "subject", "issuer", "number", "role", "purpose", "basis", "operation", "records", "classes",
    "fields", "break_glass", "assistant", "request", "address",
)  # fmt: skip
Names: TypeAlias = Mapping[tuple[str, str], str]
"""Names of people by kind and number: see `names_of_people`."""


def add_command(commands: Commands) -> None:
    """Add `disclosures` to the command line."""
    command = commands.add_parser(
        "disclosures",
        description="Show who saw a student's data, as a parent may ask for it (34 CFR 99.32), and verify the "
        "record of disclosures: every edited, deleted, reordered or truncated line is reported. The exit status "
        "is 1 if the record is not intact.",
    )
    add_district_options(command)
    command.add_argument("--student", metavar="NUMBER", help="show who saw this student; the district's number")
    command.add_argument("--district", metavar="ID", help="district of the student, if there are several")
    command.add_argument(
        "--record",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="also read a copy of another gateway's record with the same key: each records its own disclosures",
    )
    command.add_argument(
        "--names",
        action="store_true",
        help="ask the district's sources for the names of staff, of the student and of the student's contacts",
    )
    command.add_argument("--since", metavar="DATE", help="first day to show (UTC), such as 2026-11-01")
    command.add_argument(
        "--retire-before",
        metavar="DATE",
        help="remove the files that are intact and were closed before this day (UTC), and sign that they existed; "
        "34 CFR 99.32 requires you to keep the record as long as the students' education records",
    )
    formats = command.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help="print JSON")
    formats.add_argument("--csv", action="store_true", help="print who saw the student as CSV")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Print who saw a student, and what is wrong with the record; return 1 if something is.

    Raises:
        SettingsError: an option is wrong, or there is no record.
    """
    if options.since and not is_day(options.since):
        raise SettingsError("--since: must be a day, such as 2026-11-01")
    if options.retire_before and not is_past_day(options.retire_before, datetime.now(UTC).date()):
        raise SettingsError("--retire-before: must be a day that is over (UTC), such as 2020-07-01")
    if not options.student and (options.names or options.csv):
        raise SettingsError("--student: name the student whose disclosures are to be shown")
    record = _demo_record(options) if options.ready_file else _configured_record(options)
    for directory in record.directories:
        if not directory.is_dir():
            raise SettingsError(f"{directory}: there is no record of disclosures")
    disclosures, names = _disclosures(options, record) if options.student else (None, {})
    retirement = _retire(record, options.retire_before) if options.retire_before else None
    verification = record.verify()
    if options.csv:
        sys.stdout.write(csv_of(_table(disclosures or [], names)))
        _print(None, {}, retirement, verification, file=sys.stderr)
    elif options.json:
        print(json.dumps(_as_json(disclosures or [], names, retirement, verification), indent=2))
    else:
        _print(disclosures, names, retirement, verification)
    return int(bool(verification.problems))


def _disclosures(options: argparse.Namespace, record: Record) -> tuple[list[Disclosure], Names]:
    """
    The disclosures of the student that the options name, and the names of people if they ask for them.

    Raises:
        SettingsError: the district is not known.
    """
    district = options.district or (record.districts[0] if len(record.districts) == 1 else None)
    has_left = district is not None and district not in record.districts
    if district is None or (has_left and not record.has_lines_of(district)):
        raise SettingsError(f"--district: must be one of {', '.join(record.districts)}")
    if has_left and options.names:
        raise SettingsError(f"--names: the settings have no sources of the district {district!r} any more")
    pseudonym = record.keys.pseudonym(district, options.student)
    lines = record.lines_about(pseudonym, options.since or "")
    disclosures = list(report(lines, pseudonym, district, record.keys))
    if not options.names:
        return disclosures, {}
    connected = next(connected for connected in districts_of(options) if connected.id == district)
    people = {disclosure.person for disclosure in disclosures}
    staff = {person.number for person in people if person.kind == "staff" and person.number is not None}
    return disclosures, asyncio.run(names_of_people(connected, staff, options.student))


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar, such as `2020-07-01`."""
    try:
        return bool(DAY_PATTERN.fullmatch(text)) and date.fromisoformat(text) is not None
    except ValueError:
        return False


def is_past_day(text: str, today: date) -> bool:
    """Whether a text is a day before today, such as `2020-07-01`."""
    return is_day(text) and date.fromisoformat(text) < today


def _retire(record: Record, before: str) -> Retirement:
    """
    Remove the files that were closed before a day.

    Raises:
        SettingsError: files cannot be written or removed in the directory.
    """
    try:
        return retire_files(record.directory, record.keys.signing_key, before)
    except OSError as exc:
        raise SettingsError(f"{record.directory}: {exc.strerror}") from None


def _configured_record(options: argparse.Namespace) -> Record:
    path, environ = options.config, environ_of(options)
    settings = settings_file.load(path, environ)
    keys = DisclosureKeys(environment.disclosure_key(settings, path, environ))
    directory = path.parent / settings.disclosure.directory
    return Record(directory, options.record, keys, [district.id for district in settings.districts])


def _demo_record(options: argparse.Namespace) -> Record:
    path: Path = options.ready_file
    try:
        ready = json.loads(path.read_text(encoding="utf-8"))["disclosures"]
        keys = DisclosureKeys(base64.b64decode(ready["key"]))
        return Record(Path(ready["directory"]), options.record, keys, ready["districts"])
    except OSError as exc:
        raise SettingsError(f"--ready-file: {path}: {exc.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise SettingsError(f"--ready-file: {path} is not a ready file of the demo") from None


def _as_json(
    disclosures: Sequence[Disclosure],
    names: Names,
    retirement: Retirement | None,
    verification: Verification,
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "disclosures": [disclosure.as_json(_name(disclosure.person, names)) for disclosure in disclosures],
        "files": verification.files,
        "lines": verification.lines,
        "retired": verification.retired,
    }
    if retirement is not None:
        document["gone"] = [{"file": removed.file, "lines": removed.lines} for removed in retirement.removed_files]
    for title, problems in _problem_lists(retirement, verification):
        document[title] = [{"file": p.file, "line": p.line, "what": p.message} for p in problems]
    return document


def _problem_lists(
    retirement: Retirement | None, verification: Verification
) -> Iterator[tuple[str, list[Problem]]]:
    if retirement is not None:
        yield "kept", retirement.kept_files
    yield "problems", verification.problems
    yield "notes", verification.notes


def _print(
    disclosures: Sequence[Disclosure] | None,
    names: Names,
    retirement: Retirement | None,
    verification: Verification,
    file: TextIO | None = None,
) -> None:
    """Print a report for people, on standard output unless a file is named."""
    if disclosures is not None:
        print_table(HEADINGS, [_row(disclosure, names) for disclosure in disclosures])
    for removed in retirement.removed_files if retirement is not None else ():
        print(printable(f"retired: {removed.file}, {count(removed.lines, 'line')}"), file=file)
    retired = f" ({verification.retired} more retired)" if verification.retired else ""
    problems = count(len(verification.problems), "problem")
    state = "intact" if not verification.problems else f"NOT INTACT, {problems}"
    summary = f"{count(verification.files, 'file')}, {count(verification.lines, 'line')}{retired}: {state}"
    print(summary, file=file)
    for title, listed in _problem_lists(retirement, verification):
        for problem in listed:
            line = f" line {problem.line}" if problem.line else ""
            text = f"{title.removesuffix('s')}: {problem.file}{line}: {problem.message}"
            print(printable(text), file=file)


def _name(person: Person, names: Names) -> str | None:
    """The person's name; None if it is not known."""
    return None if person.kind is None or person.number is None else names.get((person.kind, person.number))


def _row(disclosure: Disclosure, names: Names) -> tuple[str, ...]:
    person, purpose = disclosure.person, disclosure.purpose or "-"
    return (
        disclosure.when,
        _name(person, names) or person.subject or person.pseudonym[:17],
        disclosure.role,
        f"break-glass: {purpose}" if disclosure.break_glass else purpose,
        disclosure.operation or "-",
        NOT_KNOWN if disclosure.records is None else str(disclosure.records),
        ", ".join(_class_texts(disclosure)) or "open",
    )


def _class_texts(disclosure: Disclosure) -> list[str]:
    """Each class of data with its number of records, such as `MEAL 1`; without the number if it is not known."""
    return [name if count is None else f"{name} {count}" for name, count in disclosure.classes.items()]


def _table(disclosures: Sequence[Disclosure], names: Names) -> Table:
    rows = [
        (
            disclosure.when,
            _name(disclosure.person, names),
            disclosure.person.subject or disclosure.person.pseudonym,
            disclosure.person.issuer,
            disclosure.person.number,
            disclosure.role,
            disclosure.purpose,
            f"34 CFR {disclosure.basis}: {BASES.get(disclosure.basis, NOT_KNOWN)}",
            disclosure.operation,
            disclosure.records,
            SEPARATOR.join(_class_texts(disclosure)),
            SEPARATOR.join(disclosure.fields),
            disclosure.break_glass,
            disclosure.assistant,
            disclosure.request,
            disclosure.address,
        )
        for disclosure in disclosures
    ]
    return Table(CSV_HEADINGS, rows)
