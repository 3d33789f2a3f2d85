"""`student-graph districts remove`: remove all stored data of a district that is no longer in the settings."""

from __future__ import annotations

import argparse
import json
import os
import re
from pathlib import Path

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.districts import environ_of
from student_graph.gateway.cli.parser import Commands, count
from student_graph.gateway.cli.removal.storage import DistrictData, Storage
from student_graph.gateway.config import environment
from student_graph.gateway.config.sections import NAME_PATTERN
from student_graph.gateway.disclosure.keys import DisclosureKeys
from student_graph.gateway.disclosure.removal.district_lines import exported, remove_lines

RETENTION = (
    "34 CFR 99.32 requires the district to keep its record as long as the education records of its students: hand "
    "it over with --export-record FILE, and remove it only if the district agrees"
)


def add_command(commands: Commands) -> None:
    """Add `districts` to the command line."""
    command = commands.add_parser("districts")
    actions = command.add_commands()
    remove = actions.add_parser(
        "remove",
        help="remove all stored data of a district that has left",
        description="List all data of a district that is no longer in the settings: cached answers, claims "
        "and events on Redis, counts for service levels, and its lines in the record of disclosures. With --yes, "
        "remove it and search again. The record stays unless --delete-record says otherwise. The exit status is 1 "
        "if something is left that should not be.",
    )
    remove.add_argument("--config", type=Path, metavar="FILE", required=True, help="settings file (TOML)")
    remove.add_argument(
        "--env-file", type=Path, metavar="FILE", help="file with environment variables, one NAME=value a line"
    )
    remove.add_argument("--district", metavar="ID", required=True, help="id of the district that has left")
    remove.add_argument(
        "--yes", action="store_true", help="remove the listed data; without this option nothing is changed"
    )
    remove.add_argument(
        "--export-record",
        type=Path,
        metavar="FILE",
        help="write the district's lines of the record of disclosures to a new file (JSON lines) for the district",
    )
    remove.add_argument(
        "--delete-record",
        action="store_true",
        help="also remove these lines, after --export-record has written them; 34 CFR 99.32 requires the district "
        "to keep them as long as its students' education records",
    )
    remove.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    List all data of a district, remove it if `--yes` says so, and return 1 if something is left of that.

    Raises:
        SettingsError: the settings still have the district, or something cannot be read, written or removed.
    """
    if not re.fullmatch(NAME_PATTERN, options.district):
        raise SettingsError("--district: must be the id of a district, such as grand-bend")
    if options.delete_record and options.export_record is None:
        raise SettingsError(f"--delete-record: needs --export-record. {RETENTION}")
    environ = environ_of(options)
    storage = Storage(options.config, environ, options.district)
    data = storage.find()
    print(f"kept of the district {options.district!r}:")
    _print(data)
    if not data.outside_record and not data.lines:
        print("nothing is kept of it. If you expected something, check the spelling and the settings file.")
        return 0
    if options.export_record is not None:
        keys = DisclosureKeys(environment.disclosure_key(storage.settings, options.config, environ))
        _export(options.export_record, storage, keys, data.lines)
    if not options.yes:
        print("nothing was removed: add --yes to remove it")
        return 0
    storage.remove_outside_record()
    if options.delete_record:
        _delete_record(storage, keys)
    elif data.lines:
        print(f"the record stays. {RETENTION}.")
    left = storage.find()
    print("searched again after the removal:")
    _print(left)
    return int(bool(left.outside_record or (options.delete_record and left.lines)))


def _print(data: DistrictData) -> None:
    if data.redis is not None:
        events = count(data.redis.events, "event")
        work = count(data.redis.claims + data.redis.work, "claim")
        print(f"  on Redis: {count(data.redis.answers, 'cached answer')}, {work}, {events}")
    if data.older_answers:
        older = count(data.older_answers, "cached answer")
        print(f"  on Redis, of any district: {older} of an earlier version, which expire by themselves")
    print(f"  counts for service levels: {count(data.level_files, 'file')}")
    print(f"  record of disclosures: {count(data.lines, 'line')} in {count(len(data.record), 'file')}")


def _export(path: Path, storage: Storage, keys: DisclosureKeys, lines: int) -> None:
    """
    Write the district's lines of the record to a new file that only its owner can read.

    Raises:
        SettingsError: the file exists or cannot be written, or has not all lines.
    """
    written = -1  # the first one says how to read the others
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            for line in exported(storage.record_folder, storage.district, keys):
                file.write(json.dumps(line) + "\n")
                written += 1
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        raise SettingsError(f"--export-record: {path}: {exc.strerror}") from None
    if written < lines:
        raise SettingsError(
            f"--export-record: {path}: has {written} of {count(lines, 'line')}; nothing was removed"
        )
    print(f"wrote {count(written, 'line')} of the record to {path}; keep it as safe as the record")


def _delete_record(storage: Storage, keys: DisclosureKeys) -> None:
    """
    Remove the district's lines from the record.

    Raises:
        SettingsError: a file cannot be written or removed.
    """
    try:
        removal = remove_lines(storage.record_folder, storage.district, keys)
    except OSError as exc:
        raise SettingsError(f"{storage.record_folder}: {exc.strerror}") from None
    print(f"removed {count(removal.lines, 'line')} from the record of disclosures")
    for problem in removal.kept_files:
        print(f"  {problem.file} stays: {problem.message}")
    if removal.kept_files:
        print("stop the gateways, or wait until they continue in a new file, and run the command again")
    if store := storage.settings.disclosure.store:
        print(f"copies in the bucket {store.bucket} stay until their retention of {store.retain_days} days ends")
