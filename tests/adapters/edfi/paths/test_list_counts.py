"""How the adapter counts the rows of long lists, and what it does with the counts."""

from __future__ import annotations

import math
from typing import Any

import pytest

from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.edfi.adapter.list_counts import COUNTED_LISTS
from student_graph.adapters.edfi.api.people import MAX_ENROLLMENTS
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.lookup import Page, lookup_of
from student_graph.adapters.model import DistrictId
from student_graph.adapters.paging import MAX_PAGES, MAX_ROWS
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.edfi.scripted_sandbox import connected

DISTRICT = DistrictId("hill")


def arguments_of(method: LookupMethod, sandbox: EdFiSandbox) -> dict[str, Any]:
    """The arguments of a lookup, for the school year of the sandbox."""
    return {"school_year": sandbox.facts.year} if "school_year" in lookup_of(method).argument_names else {}


@pytest.mark.parametrize("method", COUNTED_LISTS, ids=lambda method: method.__name__)
async def test_a_list_is_counted_in_one_request_without_its_rows(method: LookupMethod) -> None:
    """The count is the number of records that reading the list returns."""
    sandbox = EdFiSandbox(make_district(60))
    arguments = arguments_of(method, sandbox)
    async with connected(sandbox, page_size=500) as adapter:
        [answer] = (await getattr(adapter, method.__name__)([DISTRICT], **arguments)).values()
        sandbox.requests.clear()
        [page] = (await adapter.count_rows(lookup_of(method), [DISTRICT], arguments)).values()

    assert isinstance(page, Page)
    assert (list(page.items), page.total) == ([], len(answer))
    assert page.total
    assert len(sandbox.requests) == 1
    assert "limit=0" in sandbox.requests[0]


async def test_other_lists_are_not_counted() -> None:
    """The list of all courses is made from three resources, so that no number of rows tells its calls."""
    sandbox = EdFiSandbox(make_district(20))
    async with connected(sandbox) as adapter:
        assert await adapter.count_rows(lookup_of(Adapter.courses_by_district), [DISTRICT], {}) == {}
    assert not [request for request in sandbox.requests if "limit=0" in request]


async def test_a_list_of_so_many_rows_needs_its_pages_and_a_too_long_one_cannot_be_read() -> None:
    """A page has as many rows as the setting says."""
    async with connected(EdFiSandbox(make_district(20)), page_size=100) as adapter:
        events = lookup_of(Adapter.attendance_events_by_district)
        assert [adapter.calls_of_list(events, rows) for rows in (0, 1, 100, 101, 100 * MAX_PAGES)] == [
            1,
            1,
            1,
            2,
            MAX_PAGES,
        ]
        assert adapter.calls_of_list(events, 100 * MAX_PAGES + 1) == math.inf


async def test_enrollments_in_schools_may_be_a_longer_list_than_others() -> None:
    """They are the smallest records of students. Each district has more of them than students."""
    enrollments = lookup_of(Adapter.school_enrollments_by_district)
    others = [lookup_of(method) for method in COUNTED_LISTS if method is not enrollments.method]
    async with connected(EdFiSandbox(make_district(20))) as adapter:
        assert adapter.calls_of_list(enrollments, MAX_ENROLLMENTS) == 400
        assert adapter.calls_of_list(enrollments, MAX_ENROLLMENTS + 1) == math.inf
        assert [adapter.calls_of_list(lookup, MAX_ROWS) for lookup in others] == [80] * len(others)
        assert {adapter.calls_of_list(lookup, MAX_ROWS + 1) for lookup in others} == {math.inf}


async def test_a_long_list_that_was_counted_is_read_by_page_tokens_at_once() -> None:
    """Its first page by offset would only tell the total once more."""
    sandbox = EdFiSandbox(make_district(120))
    lookup = lookup_of(Adapter.school_enrollments_by_district)
    async with connected(sandbox, page_size=10) as adapter:
        expected = await adapter.school_enrollments_by_district([DISTRICT])
        calls = len(sandbox.requests)
        await adapter.count_rows(lookup, [DISTRICT], {})
        sandbox.requests.clear()
        answer = await adapter.school_enrollments_by_district([DISTRICT])

    assert repr(answer) == repr(expected)
    assert not [request for request in sandbox.requests if "offset=0" in request]
    assert len(sandbox.requests) < calls
