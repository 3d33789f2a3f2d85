"""`student-graph disclosures`: who saw a student, and whether the record of disclosures is intact."""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.parser import Commands, count, printable
from student_graph.gateway.cli.terminal import print_table
from student_graph.gateway.config import environment, settings_file
from student_graph.gateway.disclosure.keys import DisclosureKeys
from student_graph.gateway.disclosure.retention import Retirement, retire_files
from student_graph.gateway.disclosure.search import disclosures_of
from student_graph.gateway.disclosure.verification import Problem, Verification, verify_log

DAY_PATTERN = re.compile(r"\d{4}-\d\d-\d\d")
HEADINGS = ("WHEN", "WHO", "ROLE", "PURPOSE", "OPERATION", "RECORDS", "CLASSES")


class Record(NamedTuple):
    """A record of disclosures on this machine."""

    directory: Path
    keys: DisclosureKeys
    districts: list[str]
    """Ids of the gateway's districts."""


def add_command(commands: Commands) -> None:
    """Add `disclosures` to the command line."""
    command = commands.add_parser(
        "disclosures",
        description="Show who saw a student's data, and verify the record of disclosures: every edited, deleted, "
        "reordered or truncated line is reported. The exit status is 1 if the record is not intact.",
    )
    record = command.add_mutually_exclusive_group(required=True)
    record.add_argument("--config", type=Path, metavar="FILE", help="settings file of the gateway (TOML)")
    record.add_argument("--ready-file", type=Path, metavar="FILE", help="ready file of a running demo")
    command.add_argument("--student", metavar="NUMBER", help="show who saw this student; the district's number")
    command.add_argument("--district", metavar="ID", help="district of the student, if there are several")
    command.add_argument("--since", metavar="DATE", help="first day to show (UTC), such as 2026-11-01")
    command.add_argument(
        "--retire-before",
        metavar="DATE",
        help="remove the files that are intact and were closed before this day (UTC), and sign that they existed; "
        "34 CFR 99.32 requires you to keep the record as long as the students' education records",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Print who saw a student, and what is wrong with the record; return 1 if something is.

    Raises:
        SettingsError: an option is wrong, or there is no record.
    """
    if options.since and not DAY_PATTERN.fullmatch(options.since):
        raise SettingsError("--since: must be a day, such as 2026-11-01")
    if options.retire_before and not is_past_day(options.retire_before, datetime.now(UTC).date()):
        raise SettingsError("--retire-before: must be a day that is over (UTC), such as 2020-07-01")
    record = _demo_record(options.ready_file) if options.ready_file else _configured_record(options.config)
    if not record.directory.is_dir():
        raise SettingsError(f"{record.directory}: there is no record of disclosures")
    district = options.district or (record.districts[0] if len(record.districts) == 1 else None)
    if options.student and district not in record.districts:
        raise SettingsError(f"--district: must be one of {', '.join(record.districts)}")
    disclosures = None
    if options.student:
        pseudonym = record.keys.pseudonym(str(district), options.student)
        disclosures = list(disclosures_of(record.directory, pseudonym, options.since or ""))
    retirement = _retire(record, options.retire_before) if options.retire_before else None
    verification = verify_log(record.directory, record.keys.signing_key.public_key())
    if options.json:
        print(json.dumps(_as_json(disclosures or [], retirement, verification), indent=2))
    else:
        _print(disclosures, retirement, verification)
    return int(bool(verification.problems))


def is_past_day(text: str, today: date) -> bool:
    """Whether a text is a day before today, such as `2020-07-01`."""
    try:
        return bool(DAY_PATTERN.fullmatch(text)) and date.fromisoformat(text) < today
    except ValueError:
        return False


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


def _configured_record(path: Path) -> Record:
    settings = settings_file.load(path)
    keys = DisclosureKeys(environment.disclosure_key(settings, path, os.environ))
    directory = path.parent / settings.disclosure.directory
    return Record(directory, keys, [district.id for district in settings.districts])


def _demo_record(path: Path) -> Record:
    try:
        ready = json.loads(path.read_text(encoding="utf-8"))["disclosures"]
        keys = DisclosureKeys(base64.b64decode(ready["key"]))
        return Record(Path(ready["directory"]), keys, ready["districts"])
    except OSError as exc:
        raise SettingsError(f"--ready-file: {path}: {exc.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise SettingsError(f"--ready-file: {path} is not a ready file of the demo") from None


def _as_json(
    disclosures: Sequence[dict[str, Any]], retirement: Retirement | None, verification: Verification
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "disclosures": disclosures,
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
    disclosures: Sequence[dict[str, Any]] | None, retirement: Retirement | None, verification: Verification
) -> None:
    if disclosures is not None:
        print_table(HEADINGS, [*map(_row, disclosures)])
    for removed in retirement.removed_files if retirement is not None else ():
        print(printable(f"retired: {removed.file}, {count(removed.lines, 'line')}"))
    retired = f" ({verification.retired} more retired)" if verification.retired else ""
    problems = count(len(verification.problems), "problem")
    state = "intact" if not verification.problems else f"NOT INTACT, {problems}"
    print(f"{count(verification.files, 'file')}, {count(verification.lines, 'line')}{retired}: {state}")
    for title, listed in _problem_lists(retirement, verification):
        for problem in listed:
            line = f" line {problem.line}" if problem.line else ""
            print(printable(f"{title.removesuffix('s')}: {problem.file}{line}: {problem.message}"))


def _row(disclosure: dict[str, Any]) -> tuple[str, ...]:
    actor = disclosure["actor"]
    common = disclosure["ts"], actor["sub"][:17], actor["role"]
    classes = ", ".join(disclosure["categories"])
    if "opening" in disclosure:
        return *common, f"break-glass: {disclosure['opening']['reason']}", "-", "0", classes
    purpose, operation = disclosure.get("purpose") or "-", disclosure.get("opName") or "-"
    return *common, purpose, operation, str(disclosure["count"]), classes or "open"
