"""
Everybody of a district, a page at a time, over the vendor's own paging.

What the vendor does not filter is filtered here, over so many vendor pages a request at most. A cursor holds the
vendor's own and how many of its page were read, so that a page of ours may end within one of theirs.
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
from student_graph.resolvers.fields.load import note_failure, load_page
from student_graph.resolvers.fields.paging import MAX_PAGE_SIZE, Cursors, PageInfo
from student_graph.resolvers.student_list.filter import Listing, Place, Scope
from student_graph.resolvers.student_list.matching import grades_on, named

MOST_PAGES = 20
"""Vendor pages read for one page of ours at most."""
VENDOR_PAGE = 500
"""Students asked for at once while looking for some among all; a vendor with smaller pages answers with fewer."""


@dataclass(slots=True)
class Scan:
    """How far one request has come."""

    info: Info
    scope: Scope
    first: int
    cursors: Cursors
    source: str
    after: str
    """The vendor's cursor of the page being read; empty for the first."""
    read: int
    """How many of that page are done with."""
    total: int | None = None
    places: list[Place] = field(default_factory=list)

    def cursor(self) -> str:
        """Where the scan stands."""
        return self.cursors.encode(self.source, self.after, str(self.read))

    def listing(self, *, more: bool) -> Listing:
        """What the scan has found; it can go on where it stands."""
        return Listing(self.places, PageInfo(has_next_page=more, end_cursor=self.cursor()), self.total)

    async def page(self) -> Page[model.Student]:
        """The vendor's page where the scan stands; students of a stale one are noted as such."""
        wanted = self.scope.vendor_filter()
        size = VENDOR_PAGE if wanted else min(MAX_PAGE_SIZE, self.first + self.read)
        return await load_page(
            self.info,
            Adapter.students_by_district,
            Key(self.scope.district.id, self.scope.district.id),
            Window(size, self.after or None),
            filter=wanted,
        )

    async def take(self, page: Page[model.Student]) -> bool:
        """Read the rest of a page; False when ours was full before its end."""
        fresh = page.items[self.read :]
        kept = await self._kept(page, fresh)
        start = self.read
        for index, (student, keep) in enumerate(zip(fresh, kept, strict=True), start + 1):
            if keep and len(self.places) == self.first:
                return False
            self.read = index
            if keep:
                self.places.append(Place(self.cursor(), student.student_id, student))
        return True

    def turn(self, page: Page[model.Student]) -> None:
        """Go to the next page; a cursor may stand behind the end of a page that came shorter than before."""
        self.read = max(0, self.read - len(page.items))
        self.after = page.after or ""

    async def _kept(self, page: Page[model.Student], students: Sequence[model.Student]) -> list[bool]:
        """For each student whether it is looked for, save what the vendor has filtered."""
        scope = self.scope
        words = () if "name" in page.applied else scope.words
        kept = [named(student, words) for student in students]
        levels = scope.grade_levels
        if levels is None or "grade_levels" in page.applied:
            return kept
        asked = [student for student, keep in zip(students, kept, strict=True) if keep]
        grades = await grades_on(self.info, asked, scope.as_of)
        return [grades.get(student.student_id) in levels for student in students]


async def scan(info: Info, scope: Scope, first: int, after: str | None) -> Listing:
    """
    Students of a district, from a cursor on.

    Raises:
        AdapterError: the cursor is not one of this list, or the source failed before anything was found.
    """
    running = _started(info, scope, first, after)
    for _ in range(MOST_PAGES):
        try:
            page = await running.page()
        except AdapterError as error:
            if not running.places:
                raise
            note_failure(info, error)
            break
        running.total = page.total if _all_applied(scope, page) else None
        if not await running.take(page):
            return running.listing(more=True)
        if page.after is None:
            return running.listing(more=False)
        running.turn(page)
        if len(running.places) == first:
            break
    return running.listing(more=True)


def _started(info: Info, scope: Scope, first: int, after: str | None) -> Scan:
    """A scan that stands where a cursor says."""
    offering = scope.district.sources_for(lookup_of(Adapter.students_by_district))
    if not offering:
        raise NotOfferedError("no source of the district lists its students")
    cursors = scope.cursors(info, 3)
    source, cursor, read = cursors.decode(after) if after is not None else (offering[0].name, "", "0")
    if source != offering[0].name:
        raise BadKeyError("a cursor of another source")
    return Scan(info, scope, first, cursors, source, cursor, int(read))


def _all_applied(scope: Scope, page: Page[model.Student]) -> bool:
    """Whether the vendor's total counts what was asked for."""
    wanted = {"name": scope.words, "grade_levels": scope.grade_levels}
    return all(name in page.applied for name, value in wanted.items() if value)
