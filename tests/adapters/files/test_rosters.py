"""Tests of OneRoster CSV: the conformance suite, and equality with a server of the same rows."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.files.sandbox import RosterFilesSandbox
from student_graph.adapters.files.sandbox.roster import ARCHIVE
from student_graph.adapters.lookup import Lookup, lookups_of
from student_graph.adapters.model import AssessmentResult, StudentId
from student_graph.adapters.reading import collecting_unreadable_rows
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing import AdapterSuite
from student_graph.adapters.testing.harness import open_adapter, run_lookup
from tests.adapters.files.exports import NEW, OLD
from tests.long_runs import size

LOOKUPS = [x for x in lookups_of(Adapter) if not x.paged]


@pytest.mark.long_run
class TestRosterFiles(AdapterSuite):
    """The conformance suite; what is about HTTP is inapplicable."""

    sandbox_type = RosterFilesSandbox
    students = 24
    case_step = size(15, 2)
    odd_values = size(2, 12)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RosterFilesSandbox]:
    """An export of a small district."""
    sandbox = RosterFilesSandbox(make_district(24))
    yield sandbox
    sandbox.remove()


@pytest.mark.parametrize("lookup", LOOKUPS, ids=lambda lookup: lookup.name)
async def test_files_and_a_server_with_the_same_rows_give_equal_records(
    lookup: Lookup, sandbox: RosterFilesSandbox
) -> None:
    """Every lookup of the OneRoster adapter has the same answers from CSV as from the server's API."""
    keys = sandbox.known_keys(lookup.key_kind)[:10]
    async with open_adapter(sandbox) as files, open_adapter(sandbox.server) as server:
        assert files.supports(lookup.method) == server.supports(lookup.method)
        if not files.supports(lookup.method):
            return
        from_files = await run_lookup(files, lookup, keys, sandbox.arguments())
        from_server = await run_lookup(server, lookup, keys, sandbox.arguments())

    assert from_files.keys() == from_server.keys()
    for key in from_server:
        assert _comparable(from_files[key]) == _comparable(from_server[key])


def _comparable(answer: Any) -> list[Any]:
    """The records of an answer, without scores for which the standard has no column."""
    return [
        replace(record, scores=[], school_year=None, grade_level_when_assessed=None)
        if isinstance(record, AssessmentResult)
        else record
        for record in records_in(answer)
    ]


def _export_of(at: float) -> RosterFilesSandbox:
    """An export that was written at a time."""
    sandbox = RosterFilesSandbox(make_district(24))
    os.utime(sandbox.folder / ARCHIVE, (at, at))
    return sandbox


def _changed(path: Path, name: str, change: Callable[[str], str | None], at: float) -> None:
    """Write an archive again, with one member changed, or removed if `change` returns None."""
    source, target = zipfile.ZipFile(path), io.BytesIO()
    with source, zipfile.ZipFile(target, "w") as archive:
        for info in source.infolist():
            text: str | None = source.read(info).decode()
            if info.filename == name:
                text = change(text or "")
            if text is not None:
                archive.writestr(info.filename, text)
    path.write_bytes(target.getvalue())
    os.utime(path, (at, at))


def _without_first_student(text: str) -> str:
    rows = list(csv.DictReader(io.StringIO(text)))
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    first = next(row["userSourcedId"] for row in rows if row["role"] == "student")
    writer.writerows(row for row in rows if row["userSourcedId"] != first)
    return out.getvalue()


@pytest.mark.parametrize("missing", ["users.csv", "enrollments.csv"])
async def test_an_incomplete_export_is_reported_and_the_last_complete_one_is_served(missing: str) -> None:
    """A manifest that names a missing file keeps the older export; without any complete export it is a failure."""
    sandbox = _export_of(OLD)
    path, key = sandbox.folder / ARCHIVE, sandbox.known_keys("student")[0]
    async with open_adapter(sandbox) as adapter:
        assert StudentId(key) in await adapter.students_by_id([StudentId(key)])
        _changed(path, missing, lambda _: None, at=NEW)
        assert StudentId(key) in await adapter.students_by_id([StudentId(key)])
        assert missing in str([file.problem for file in adapter.source_files])
    async with open_adapter(sandbox) as adapter:
        with pytest.raises(UnavailableError, match=missing):
            await adapter.students_by_id([StudentId(key)])
    sandbox.remove()


async def test_a_new_export_replaces_all_rows_of_the_last_one() -> None:
    """A student who is not in the newest export is unknown, and nothing of the older export is mixed in."""
    sandbox = _export_of(OLD)
    keys = [StudentId(key) for key in sandbox.known_keys("student")]
    async with open_adapter(sandbox) as adapter:
        before, version = await adapter.students_by_id(keys), await adapter.version()
        _changed(sandbox.folder / ARCHIVE, "roles.csv", _without_first_student, at=NEW)
        after = await adapter.students_by_id(keys)

        assert len(after) == len(before) - 1
        assert await adapter.version() != version
    sandbox.remove()


async def test_a_bad_row_of_a_roster_takes_no_other_away() -> None:
    """A row that is too long is left out, counted with its line, and reported with every list of all rows."""
    sandbox = RosterFilesSandbox(make_district(24))
    _changed(
        sandbox.folder / ARCHIVE, "enrollments.csv", lambda text: text + "x,active,,too,many," * 5 + "\r\n", at=1.0
    )
    async with open_adapter(sandbox) as adapter:
        lookup = next(x for x in LOOKUPS if x.name == "section_enrollments_by_district")
        with collecting_unreadable_rows() as unreadable:
            batch = await run_lookup(adapter, lookup, sandbox.known_keys("district"), sandbox.arguments())
        problems = [file.problem for file in adapter.source_files if file.problem]

    assert all(map(records_in, batch.values()))
    assert len(unreadable) == 1
    assert len(problems) == 1
    sandbox.remove()
