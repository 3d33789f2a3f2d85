"""
Lists of all students of a district, read through the vendor's own paging.

Conditions that the vendor does not apply are applied here, over a limited number of vendor pages per request. A
cursor holds the vendor's cursor and how many students of its page were read, so that a page of ours may end inside
one of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, BadKeyError, NotOfferedError
from student_graph.adapters.lookup import Page, Window, lookup_of
from student_graph.adapters.sources import Key
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.load import load_page, note_failure
from student_graph.resolvers.fields.paging import MAX_PAGE_SIZE, Cursors, PageInfo
from student_graph.resolvers.student_list.filter import ListEntry, ResolvedFilter, StudentPage
from student_graph.resolvers.student_list.matching import grade_levels_on, matches_name

MAX_VENDOR_PAGES = 20
"""Maximum number of vendor pages read for one page of ours."""
VENDOR_PAGE_SIZE = 500
"""Students requested at once when a filter selects some of all. A vendor with smaller pages sends fewer."""


async def list_by_vendor_page(info: Info, filter: ResolvedFilter, first: int, after: str | None) -> StudentPage:
    """
    Return a page of the students of a district who match a filter, in the vendor's order.

    Raises:
        AdapterError: the cursor is not one of this list, or the source failed before a student was found.
    """
    reader = _open_reader(info, filter, first, after)
    for _ in range(MAX_VENDOR_PAGES):
        try:
            page = await reader.load_page()
        except AdapterError as error:
            if not reader.entries:
                raise
            note_failure(info, error)
            break
        reader.total = page.total if _vendor_applied_all(filter, page) else None
        if not await reader.read(page):
            return reader.result(has_next_page=True)
        if page.after is None:
            return reader.result(has_next_page=False)
        reader.next_page(page)
        if len(reader.entries) == first:
            break
    return reader.result(has_next_page=True)


@dataclass(slots=True)
class _PageReader:
    """Reads vendor pages until a page of ours is full."""

    info: Info
    filter: ResolvedFilter
    first: int
    cursors: Cursors
    source: str
    after: str
    """The vendor's cursor of the page being read; empty for the first page."""
    position: int
    """How many students of that page have been read."""
    has_previous_page: bool
    """Whether students were read before this page."""
    total: int | None = None
    entries: list[ListEntry] = field(default_factory=list)

    def cursor(self) -> str:
        """Return the cursor of the current position."""
        return self.cursors.encode(self.source, self.after, str(self.position))

    def result(self, *, has_next_page: bool) -> StudentPage:
        """Return the students found so far; the next page continues at the current position."""
        info = PageInfo(
            has_next_page=has_next_page,
            has_previous_page=self.has_previous_page,
            start_cursor=self.entries[0].cursor if self.entries else None,
            end_cursor=self.cursor(),
        )
        return StudentPage(self.entries, info, self.total)

    async def load_page(self) -> Page[model.Student]:
        """Load the vendor's page at the current position; students of a stale page are noted as stale."""
        vendor_filter = self.filter.vendor_filter()
        size = VENDOR_PAGE_SIZE if vendor_filter else min(MAX_PAGE_SIZE, self.first + self.position)
        return await load_page(
            self.info,
            Adapter.students_by_district,
            Key(self.filter.district.id, self.filter.district.id),
            Window(size, self.after or None),
            filter=vendor_filter,
        )

    async def read(self, page: Page[model.Student]) -> bool:
        """Read the rest of a page; return False if our page was full before its end."""
        unread = page.items[self.position :]
        matches = await self._matches(page, unread)
        for position, (student, match) in enumerate(zip(unread, matches, strict=True), self.position + 1):
            if match and len(self.entries) == self.first:
                return False
            self.position = position
            if match:
                self.entries.append(ListEntry(self.cursor(), student.student_id, student))
        return True

    def next_page(self, page: Page[model.Student]) -> None:
        """Go to the next page. The position may be after the end of a page that is shorter than it was before."""
        self.position = max(0, self.position - len(page.items))
        self.after = page.after or ""

    async def _matches(self, page: Page[model.Student], students: Sequence[model.Student]) -> list[bool]:
        """Return for each student whether the conditions match that the vendor has not applied."""
        filter = self.filter
        words = () if "name" in page.applied else filter.words
        matches = [matches_name(student, words) for student in students]
        levels = filter.grade_levels
        if levels is None or "grade_levels" in page.applied:
            return matches
        candidates = [student for student, match in zip(students, matches, strict=True) if match]
        level_by_student = await grade_levels_on(self.info, candidates, filter.as_of)
        return [level_by_student.get(student.student_id) in levels for student in students]


def _open_reader(info: Info, filter: ResolvedFilter, first: int, after: str | None) -> _PageReader:
    """Return a reader at the position of a cursor."""
    sources = filter.district.sources_for(lookup_of(Adapter.students_by_district))
    if not sources:
        raise NotOfferedError("no source of the district lists its students")
    cursors = filter.cursors(info, 3)
    source, vendor_cursor, position = cursors.decode(after) if after is not None else (sources[0].name, "", "0")
    if source != sources[0].name:
        raise BadKeyError("a cursor of another source")
    return _PageReader(info, filter, first, cursors, source, vendor_cursor, int(position), after is not None)


def _vendor_applied_all(filter: ResolvedFilter, page: Page[model.Student]) -> bool:
    """Return whether the vendor applied every condition, so that its total counts the matching students."""
    conditions = {"name": filter.words, "grade_levels": filter.grade_levels}
    return all(name in page.applied for name, value in conditions.items() if value)
