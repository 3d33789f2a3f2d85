"""`student-graph disclosures`: who saw a student, and whether the record is whole."""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.parser import Commands
from student_graph.gateway.config import environment, settings_file
from student_graph.gateway.disclosure.reading import Checked, Problem, check, seen
from student_graph.gateway.disclosure.retiring import Retirement, retire
from student_graph.gateway.disclosure.secrets import Secrets

DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Record(NamedTuple):
    """A record of disclosures on this machine."""

    directory: Path
    secrets: Secrets
    districts: list[str]


def add_command(commands: Commands) -> None:
    """Add `disclosures` to the command line."""
    command = commands.add_parser(
        "disclosures",
        help="who saw a student, and whether the record of it is whole",
        description="Print who saw a student since a day, by the record of disclosures, and verify the record: "
        "every edit, deletion, change of order and cut is found. Exit status 1 when it is not whole.",
    )
    place = command.add_mutually_exclusive_group(required=True)
    place.add_argument("--config", type=Path, metavar="FILE", help="settings of the gateway, in TOML")
    place.add_argument("--ready-file", type=Path, metavar="FILE", help="ready file of a running demo")
    command.add_argument("--student", metavar="NUMBER", help="the student, by the district's number")
    command.add_argument("--district", metavar="ID", help="id of the district, where there are several")
    command.add_argument("--since", metavar="DATE", help="first day (UTC), such as 2026-11-01")
    command.add_argument(
        "--retire-before",
        metavar="DATE",
        help="remove the files that are whole and ended before a day (UTC), and sign that they were there; "
        "the law (34 CFR 99.32) asks to keep the record for as long as the students' education records",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Print who saw a student since a day, and what is wrong with the record; 1 when something is.

    Raises:
        SettingsError: an option is not what it must be, or the record is not there.
    """
    if options.since and not DAY.fullmatch(options.since):
        raise SettingsError("--since: must be a day, such as 2026-11-01")
    if options.retire_before and not _past(options.retire_before):
        raise SettingsError("--retire-before: must be a day that is over (UTC), such as 2020-07-01")
    record = _demo(options.ready_file) if options.ready_file else _configured(options.config)
    if not record.directory.is_dir():
        raise SettingsError(f"{record.directory}: there is no record of disclosures")
    district = options.district or (record.districts[0] if len(record.districts) == 1 else None)
    if options.student and district not in record.districts:
        raise SettingsError(f"--district: must be one of {', '.join(record.districts)}")
    found = []
    if options.student:
        pseudonym = record.secrets.pseudonym(str(district), options.student)
        found = list(seen(record.directory, pseudonym, options.since or ""))
    retirement = _retired(record, options.retire_before) if options.retire_before else None
    checked = check(record.directory, record.secrets.signing.public_key())
    if options.json:
        print(json.dumps({"disclosures": found, **_told(retirement, checked)}, indent=2))
    else:
        _print(found, retirement, checked, asked=bool(options.student))
    return int(bool(checked.problems))


def _past(day: str) -> bool:
    try:
        return bool(DAY.fullmatch(day)) and date.fromisoformat(day) < datetime.now(UTC).date()
    except ValueError:
        return False


def _retired(record: Record, before: str) -> Retirement:
    """
    What became of the files that ended before a day.

    Raises:
        SettingsError: files cannot be written or removed there.
    """
    try:
        return retire(record.directory, record.secrets.signing, before)
    except OSError as exc:
        raise SettingsError(f"{record.directory}: {exc.strerror}") from None


def _configured(path: Path) -> Record:
    settings = settings_file.load(path)
    key = environment.disclosure_key(settings, path, os.environ)
    return Record(path.parent / settings.disclosure.directory, Secrets(key), [d.id for d in settings.districts])


def _demo(path: Path) -> Record:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))["disclosures"]
        return Record(Path(told["directory"]), Secrets(base64.b64decode(told["key"])), told["districts"])
    except OSError as exc:
        raise SettingsError(f"--ready-file: {path}: {exc.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise SettingsError(f"--ready-file: {path}: is no ready file of the demo") from None


def _told(retirement: Retirement | None, checked: Checked) -> dict[str, Any]:
    return {
        "files": checked.files,
        "lines": checked.lines,
        "retired": checked.retired,
        **({} if retirement is None else {"gone": [{"file": h.file, "lines": h.lines} for h in retirement.gone]}),
        **{
            name: [{"file": p.file, "line": p.line, "what": p.what} for p in those]
            for name, those in _lists(retirement, checked)
        },
    }


def _lists(retirement: Retirement | None, checked: Checked) -> Iterator[tuple[str, list[Problem]]]:
    if retirement is not None:
        yield "kept", retirement.kept
    yield "problems", checked.problems
    yield "notes", checked.notes


def _print(found: list[dict[str, Any]], retirement: Retirement | None, checked: Checked, *, asked: bool) -> None:
    if asked:
        rows = [("WHEN", "WHO", "ROLE", "PURPOSE", "OPERATION", "RECORDS", "CLASSES"), *map(_row, found)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            print("  ".join(map(str.ljust, row, widths)).rstrip())
    whole = "whole" if not checked.problems else f"NOT WHOLE: {len(checked.problems)} problems"
    for head in retirement.gone if retirement is not None else ():
        print(f"retired: {head.file}, {head.lines} lines")
    retired = f" ({checked.retired} more were retired)" if checked.retired else ""
    print(f"{checked.files} files, {checked.lines} lines{retired}: {whole}")
    for title, those in _lists(retirement, checked):
        for each in those:
            print(f"{title.removesuffix('s')}: {each.file} line {each.line}: {each.what}")


def _row(told: dict[str, Any]) -> tuple[str, ...]:
    actor = told["actor"]
    if "opening" in told:
        why = f"break-glass: {told['opening']['reason']}"
        return told["ts"], actor["sub"][:17], actor["role"], why, "-", "0", ", ".join(told["categories"])
    classes = ", ".join(told["categories"]) or "open"
    purpose, name = told.get("purpose") or "-", told.get("opName") or "-"
    return told["ts"], actor["sub"][:17], actor["role"], purpose, name, str(told["count"]), classes
