"""A long list is held as records: the rows of a page are released before the last page is read."""

from __future__ import annotations

from weakref import WeakSet

from student_graph.adapters.edfi.api import people as api
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.edfi.scripted_sandbox import connected

STUDENTS, PAGE_SIZE, CONCURRENCY = 90, 5, 2


async def test_only_rows_of_pages_that_are_read_now_are_in_memory() -> None:
    """The rows of a page are released once they are records, and each row becomes a record."""
    rows: WeakSet[api.StudentSchoolAssociation] = WeakSet()
    most = 0

    def to_record(row: api.StudentSchoolAssociation) -> str:
        nonlocal most
        rows.add(row)
        most = max(most, len(rows))
        return row.id

    sandbox = EdFiSandbox(make_district(STUDENTS))
    async with connected(sandbox, page_size=PAGE_SIZE, concurrency=CONCURRENCY) as adapter:
        ids = await adapter.client.read_records(api.STUDENT_SCHOOLS, {}, to_record)
        expected = [row.id for row in await adapter.client.read_rows(api.STUDENT_SCHOOLS)]

    assert sorted(ids) == sorted(expected)
    assert len(ids) > 10 * PAGE_SIZE * CONCURRENCY / 2
    assert most <= 2 * PAGE_SIZE * CONCURRENCY


async def test_records_satisfy_the_filters_as_rows_do() -> None:
    """A server that ignores a filter sends rows of other schools; none of them becomes a record."""
    sandbox = EdFiSandbox(make_district(STUDENTS))
    school = sandbox.facts.enrollments[0].school
    async with connected(sandbox) as adapter:
        filters = {"schoolId": school}
        records = await adapter.client.read_records(api.STUDENT_SCHOOLS, filters, lambda row: row.id)
        rows = await adapter.client.read_rows(api.STUDENT_SCHOOLS, filters)

    assert records == [row.id for row in rows]
    assert 0 < len(records) < len(sandbox.facts.enrollments)
