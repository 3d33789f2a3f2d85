"""
The adapter for files of assessment vendors: MAP Growth, STAR, i-Ready, DIBELS 8, PSAT and SAT, ACCESS.

Files are read in place and are indexed in memory. A district's own column maps add other vendors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

import httpx

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, BadKeyError, PayloadError
from student_graph.adapters.files.adapter.settings import FileSettings
from student_graph.adapters.files.api.layouts import read_families
from student_graph.adapters.files.client.refreshing import SharedRefresh
from student_graph.adapters.files.mapping.results import DateReading, assessment_results
from student_graph.adapters.files.mapping.rows import Row
from student_graph.adapters.identity import IdentityRule, IdentityRules
from student_graph.adapters.interface import Interface, SourceFile
from student_graph.adapters.keys import query_text
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import Assessment, AssessmentId, AssessmentResult, DistrictId, StudentId
from student_graph.adapters.reading import reading_key, report_unreadable_row
from student_graph.adapters.reading.unreadable import SCHEMA_CODE

if TYPE_CHECKING:
    from student_graph.adapters.files.client.index import FileIndex, Snapshot

__all__ = ["FileSettings", "Files"]

HIDDEN_FILE = "a file of the source that cannot be read"
"""What an answer says if results may be missing from it because of a whole file."""


class Files(Adapter):
    """Files of assessment vendors in a folder or a bucket."""

    settings: FileSettings
    uses_http: ClassVar[bool] = False
    identity: ClassVar[IdentityRules | None] = IdentityRules(
        students=(IdentityRule(field="district_id"), IdentityRule(field="state_id", system="State")),
        confirm=("birth_date", "family_name"),
        requires_confirmation=True,
    )

    def __init__(self, name: str, settings: FileSettings, http: httpx.AsyncClient) -> None:
        super().__init__(name, settings, http)
        self._dates = DateReading(ZoneInfo(settings.time_zone), settings.date_formats)
        self._families = read_families(settings.column_maps)
        self._index: FileIndex | None = None
        self._refresh: SharedRefresh[Snapshot]

    @classmethod
    def files_of_source(cls, settings: Mapping[str, Any], folder: Path) -> Sequence[Path]:
        """Return the files with column maps of the district's own."""
        maps = settings.get("column_maps")
        return [folder / file for file in maps if isinstance(file, str)] if isinstance(maps, list) else ()

    @property
    def interface(self) -> Interface:
        """Files of vendors: no standard, and a version by which cached answers are confirmed."""
        return Interface(
            standard="CSV exports of assessment vendors",
            version=None,
            is_published_standard=False,
            is_declared=False,
            states_changes=True,
        )

    @property
    def source_files(self) -> list[SourceFile]:
        """The files of the last listing, the newest first, and after them those that are not served."""
        if self._index is None:
            return []
        snapshot = self._index.snapshot
        served = [
            SourceFile(
                name=table.name,
                content=table.layout.name,
                modified_at=table.modified_at,
                rows=table.row_count,
                unreadable_rows=dict(table.faults.counts),
                problem="; ".join(table.faults.describe()) or None,
            )
            for table in snapshot.tables
        ]
        return served + [SourceFile(name=item.name, problem=item.reason) for item in snapshot.problems]

    async def check(self) -> str:
        """List the location and read its files, and say how many rows they have and what is wrong with them."""
        snapshot = await self._snapshot()
        rows = sum(table.row_count for table in snapshot.tables)
        problems = [f"{file.name}: {file.problem}" for file in self.source_files if file.problem]
        return "; ".join([f"{len(snapshot.tables)} files with {rows} rows", *problems])

    async def version(self) -> str | None:
        """Return a digest of the names, sizes and times of all files."""
        return (await self._snapshot()).version

    async def assessment_results_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[AssessmentResult]]:
        """The rows of each student in all files; see `mapping.results` for rows that are repeated or corrected."""
        snapshot = await self._snapshot()
        return await asyncio.to_thread(self._results, snapshot, ids)

    async def assessments_by_id(self, ids: Sequence[AssessmentId]) -> Batch[AssessmentId, Assessment]:
        """The tests of the rows in all files."""
        known = await self._assessments()
        return {id: known[id] for id in ids if id in known}

    async def assessments_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Assessment]]:
        """The tests of the rows in all files, by id."""
        known = await self._assessments()
        tests = [known[id] for id in sorted(known)]
        return dict.fromkeys(ids, tests)

    async def _snapshot(self) -> Snapshot:
        """The present tables. A cancelled lookup does not interrupt the thread that reads files."""
        if self._index is None:
            from student_graph.adapters.files.client.index import FileIndex  # noqa: PLC0415 - pyarrow is an extra

            self._index = FileIndex(self.settings, self._families, self._dates)
            self._refresh = SharedRefresh(self._index.refresh, self._index.current)
        return await self._refresh()

    async def _assessments(self) -> dict[AssessmentId, Assessment]:
        from student_graph.adapters.files.client.queries import assessments  # noqa: PLC0415 - pyarrow is an extra

        return await asyncio.to_thread(assessments, (await self._snapshot()).tables)

    def _results(
        self, snapshot: Snapshot, ids: Sequence[StudentId]
    ) -> dict[StudentId, list[AssessmentResult] | AdapterError]:
        from student_graph.adapters.files.client.queries import rows_by_key  # noqa: PLC0415 - pyarrow is an extra

        batch: dict[StudentId, list[AssessmentResult] | AdapterError] = {}
        valid: list[StudentId] = []
        for key in ids:
            try:
                query_text(key)
                valid.append(key)
            except BadKeyError as error:
                batch[key] = error
        if any(problem.hides_results for problem in snapshot.problems):
            report_unreadable_row(HIDDEN_FILE.encode(), PayloadError(HIDDEN_FILE, code=SCHEMA_CODE))
        rows = rows_by_key(snapshot.tables, valid)
        for key in valid:
            with reading_key(key):
                faults = [
                    (table.name, line, reason)
                    for table in snapshot.tables
                    for reason, line in table.faults.by_student.get(key, ())
                ]
                for name, line, reason in faults:
                    _report(name, line, reason)
                if (own := rows.get(key)) is not None:
                    batch[key] = assessment_results(own, key, self._dates, _report_row)
        return batch


def _report_row(row: Row, reason: str) -> None:
    _report(row.file, row.line, reason)


def _report(name: str, line: int, reason: str) -> None:
    """Report a row that is left out. Its place makes it one row; only the reason is shown."""
    report_unreadable_row(f"{name}:{line}".encode(), PayloadError(reason, code=SCHEMA_CODE))
