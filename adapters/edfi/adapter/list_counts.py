"""
Counts the rows of long lists: `limit=0&totalCount=true` answers with the length of a list and without its rows.

Districts differ too much in how much they record for each student: a list that is expected to take 400 calls may
take 70. One request is enough to know.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.edfi.adapter.list_sizes import list_calls
from student_graph.adapters.edfi.adapter.lookups import EdFiLookups
from student_graph.adapters.edfi.api import academics, people, school_life
from student_graph.adapters.edfi.api.payload import Filters, Resource
from student_graph.adapters.lookup import Batch, Lookup, Page
from student_graph.adapters.paging import MAX_ROWS

COUNTED_LISTS: Mapping[LookupMethod, Resource[Any]] = {
    Adapter.school_enrollments_by_district: people.STUDENT_SCHOOLS,
    Adapter.section_enrollments_by_district: people.STUDENT_SECTIONS,
    Adapter.attendance_events_by_district: school_life.SCHOOL_ATTENDANCE,
    Adapter.section_attendance_events_by_district: school_life.SECTION_ATTENDANCE,
    Adapter.academic_records_by_district: academics.ACADEMIC_RECORDS,
    Adapter.assessment_results_by_district: academics.STUDENT_ASSESSMENTS,
}
"""The resource of each list of the district that can be counted: it consists of this resource alone."""


class ListCounts(EdFiLookups):
    """Counts lists of the district."""

    async def count_rows(
        self, lookup: Lookup, keys: Sequence[Any], arguments: Mapping[str, Hashable]
    ) -> Batch[Any, Page[Any]]:
        """An empty page with the total of the list for each key; none for a list that is not counted."""
        resource = COUNTED_LISTS.get(lookup.method)
        if resource is None or not keys:
            return {}
        year = arguments.get("school_year")
        filters: Filters = {"schoolYear": year} if isinstance(year, int) else {}
        total = await self.client.count_rows(resource, filters)
        return {} if total is None else dict.fromkeys(keys, Page([], None, total))

    def calls_of_list(self, lookup: Lookup, rows: int) -> float:
        """The pages of a list of so many rows."""
        resource = COUNTED_LISTS.get(lookup.method)
        max_rows = MAX_ROWS if resource is None else resource.max_rows
        return list_calls(self.client.page_rows, rows, max_rows)
