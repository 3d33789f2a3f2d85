"""
Lists of students of several districts, district by district.

A cursor holds the district in which a page ended, and the cursor of that district's list. A district that fails is
left out and named in `extensions.degraded`: its students are on no page, and it is unknown how many there are.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeAlias

from student_graph.adapters.errors import AdapterError, BadKeyError, translate
from student_graph.adapters.model import DistrictId
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.load import note_failure
from student_graph.resolvers.fields.paging import Cursors, PageInfo
from student_graph.resolvers.student_list.filter import ListEntry, ResolvedFilter, StudentPage

ReadPage: TypeAlias = Callable[[ResolvedFilter, int, str | None], Awaitable[StudentPage]]
"""Reads a page of one district: the filter, the number of students, and the cursor of that district's list."""


class DistrictEntry(NamedTuple):
    """One student of a list of several districts."""

    district: DistrictId
    cursor: str
    entry: ListEntry


class DistrictsPage(NamedTuple):
    """One page of a list of several districts."""

    entries: list[DistrictEntry]
    info: PageInfo
    total: int | None
    """Number of students on all pages, if it is known for every district."""
    undecided: int | None


async def list_by_district(
    info: Info, filters: Sequence[ResolvedFilter], first: int, after: str | None, read: ReadPage
) -> DistrictsPage:
    """
    Return a page of the students who match the filter of their district.

    Every district is read for each page, at once: for the number of its students, or for the students.

    Raises:
        AdapterError: the cursor is not one of this list, or all districts failed.
    """
    conditions = [(filter.district.id, filter.digest()) for filter in filters]
    digest = hashlib.sha256(repr(conditions).encode()).hexdigest()[:16]
    cursors = Cursors(info.context.signer, ("studentsOfDistricts", digest), parts=2)
    start, inner = 0, None
    if after is not None:
        district, inner = cursors.decode(after)
        start = [filter.district.id for filter in filters].index(DistrictId(district))
    pages = await asyncio.gather(
        *(
            _read(read, filter, first if index >= start else 1, inner if index == start else None)
            for index, filter in enumerate(filters)
        )
    )
    failures = [page for page in pages if isinstance(page, AdapterError)]
    if failures and len(failures) == len(pages):
        raise failures[0]
    for failure in failures:
        note_failure(info, failure)
    read_pages = [page for page in pages if isinstance(page, StudentPage)]
    entries, end, has_next = _fill(list(zip(filters, pages, strict=True))[start:], cursors, first)
    totals = [page.total for page in read_pages]
    undecided = [page.undecided for page in read_pages if page.undecided is not None]
    known = [total for total in totals if total is not None]
    return DistrictsPage(
        entries,
        PageInfo(
            has_next_page=has_next,
            has_previous_page=after is not None,
            start_cursor=entries[0].cursor if entries else None,
            end_cursor=end or after,
        ),
        sum(known) if len(known) == len(pages) else None,
        sum(undecided) if undecided else None,
    )


async def _read(
    read: ReadPage, filter: ResolvedFilter, first: int, after: str | None
) -> StudentPage | AdapterError:
    """A page of one district, or the error of the district; a wrong id is an error of the request."""
    try:
        return await read(filter, first, after)
    except BadKeyError:
        raise
    except AdapterError as error:
        return translate(error)


def _fill(
    pages: Sequence[tuple[ResolvedFilter, StudentPage | AdapterError]], cursors: Cursors, first: int
) -> tuple[list[DistrictEntry], str | None, bool]:
    """The first students of the pages, where they end, and whether there are more."""
    entries: list[DistrictEntry] = []
    end: str | None = None
    for filter, page in pages:
        if isinstance(page, AdapterError):
            continue
        for entry in page.entries:
            if len(entries) == first:
                return entries, end, True
            end = cursors.encode(filter.district.id, entry.cursor)
            entries.append(DistrictEntry(filter.district.id, end, entry))
        if page.info.has_next_page:
            if page.info.end_cursor is not None:
                end = cursors.encode(filter.district.id, page.info.end_cursor)
            return entries, end, True
    return entries, end, False
