"""Tests of lists by limit and offset: concurrent pages, the check against the total, and learned page sizes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import pairwise

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from student_graph.adapters.errors import BadKeyError, BodyTooLargeError, PayloadError
from student_graph.adapters.lookup import Window
from student_graph.adapters.paging import MAX_PAGES, MAX_ROWS, OffsetLists
from student_graph.adapters.paging.page_sizes import allowed_rows
from student_graph.adapters.reading import read

NUMBERS = TypeAdapter(list[int])
URL = "http://vendor.test/rows"
PAGE_SIZE = 500


class ListServer(httpx.AsyncBaseTransport):
    """A server with one list of numbers, which may change between pages."""

    def __init__(self, count: int) -> None:
        self.rows = list(range(count))
        self.max_rows = PAGE_SIZE
        """Rows that it sends in a page at most, whatever is requested."""
        self.refuse: Callable[[int], httpx.Response | None] = lambda _: None
        """The response that refuses a limit, or None."""
        self.with_total = True
        self.ignores_offset = False
        self.max_numbers_in_body = 10**9
        """Rows that fit into a body that is not too large."""
        self.changes: list[Callable[[list[int]], None]] = []
        """Changes of the rows, each before another page is sent that is not the first of the list."""
        self.limits: list[int] = []
        """The limit of each request."""
        self.running = self.most_running = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request for a page."""
        limit, offset = (int(request.url.params[name]) for name in ("limit", "offset"))
        self.limits.append(limit)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        if offset and self.changes:
            self.changes.pop(0)(self.rows)
        if (refusal := self.refuse(limit)) is not None:
            return refusal
        start = 0 if self.ignores_offset else offset
        page = self.rows[start : start + min(limit, self.max_rows)]
        if len(page) > self.max_numbers_in_body:
            raise BodyTooLargeError("too large")
        headers = {"Total-Count": str(len(self.rows))} if self.with_total else {}
        return httpx.Response(200, json=page, headers=headers)


def lists_of(server: ListServer, *, page_size: int = PAGE_SIZE, concurrency: int = 8) -> OffsetLists:
    """The lists of a server."""
    return OffsetLists(httpx.AsyncClient(transport=server), page_size=page_size, concurrency=concurrency)


async def read_all(lists: OffsetLists) -> list[int]:
    """All rows of the list."""
    return await lists.read_list(URL, {}, lambda response: read(response, NUMBERS), key=lambda number: number)


def message(text: str) -> httpx.Response:
    """A 400 with a message, in the form of Ed-Fi."""
    return httpx.Response(400, json={"status": 400, "errors": [text], "correlationId": "11"})


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    count=st.integers(0, 60),
    page_size=st.integers(1, 70),
    max_rows=st.integers(1, 70),
    concurrency=st.integers(1, 5),
    with_total=st.booleans(),
)
def test_an_unchanged_list_is_read_completely(
    *, count: int, page_size: int, max_rows: int, concurrency: int, with_total: bool
) -> None:
    """Each row is read once and in order, also if the server shortens pages or sends no total."""
    server = ListServer(count)
    server.max_rows, server.with_total = max_rows, with_total

    rows = asyncio.run(read_all(lists_of(server, page_size=page_size, concurrency=concurrency)))

    assert rows == list(range(count))
    assert server.most_running <= concurrency


async def test_pages_after_the_first_are_read_concurrently() -> None:
    """The first page has the total, and the other pages need one more round; no empty page is requested."""
    server = ListServer(3300)

    assert await read_all(lists_of(server)) == server.rows
    assert server.limits == [500] * 6 + [300]
    assert server.most_running == 6


async def test_shortened_pages_are_read_concurrently_in_their_real_size() -> None:
    """If the server sends at most 100 rows, the other pages are requested by 100."""
    server = ListServer(950)
    server.max_rows = 100

    assert await read_all(lists_of(server)) == server.rows
    assert server.limits == [500, *[100] * 8, 50]


async def test_without_a_total_pages_are_read_one_after_the_other() -> None:
    """A list without a total ends at an empty page."""
    server = ListServer(1200)
    server.with_total = False

    assert await read_all(lists_of(server)) == server.rows
    assert (len(server.limits), server.most_running) == (4, 1)


def delete_first(rows: list[int]) -> None:
    """Delete the first row, so that all others move to the front."""
    del rows[0]


def insert_first(rows: list[int]) -> None:
    """Insert a row at the start, so that all others move to the end."""
    rows.insert(0, min(rows) - 1)


def append(rows: list[int]) -> None:
    """Add a row at the end."""
    rows.append(max(rows) + 1)


@pytest.mark.row("B09")
@pytest.mark.parametrize("change", [delete_first, insert_first])
async def test_a_list_that_has_changed_is_read_again(change: Callable[[list[int]], None]) -> None:
    """A deletion makes a row be missed and an insertion makes one appear twice; the second reading is complete."""
    server = ListServer(1200)
    server.changes = [change]

    assert await read_all(lists_of(server)) == server.rows
    assert len(server.limits) == 6 + (change is delete_first)  # the row that is missing at the end is requested


@pytest.mark.row("B09")
async def test_a_deletion_and_an_addition_are_noticed() -> None:
    """The rows are as many as the total, but one has moved to a page that was read; a later total is smaller."""
    server = ListServer(1500)
    server.changes = [delete_first, append]

    assert await read_all(lists_of(server)) == server.rows
    assert len(server.limits) == 6


@pytest.mark.row("B09")
@pytest.mark.parametrize("change", [delete_first, insert_first])
async def test_a_list_that_keeps_changing_is_an_error(change: Callable[[list[int]], None]) -> None:
    """A list that changes at each reading is an error and not a list without a row."""
    server = ListServer(1200)
    server.changes = [change] * 10
    with pytest.raises(PayloadError, match="changes"):
        await read_all(lists_of(server))

    assert len(server.limits) <= 10


@pytest.mark.row("B09")
async def test_a_row_that_appears_twice_is_noticed_without_a_total() -> None:
    """A list without a total is read again, too, and is an error if a row appears twice again."""
    server = ListServer(1200)
    server.with_total = False
    server.changes = [insert_first]

    assert await read_all(lists_of(server)) == server.rows
    server.changes = [insert_first] * 10
    with pytest.raises(PayloadError, match=r"changes|again"):
        await read_all(lists_of(server))


async def test_rows_that_are_added_at_the_end_are_no_change() -> None:
    """The list is complete as of its first page, and read once."""
    server = ListServer(1200)
    server.changes = [append] * 2

    assert await read_all(lists_of(server)) == list(range(1200))
    assert len(server.limits) == 3


@pytest.mark.row("B06")
async def test_a_server_that_ignores_the_offset_is_an_error() -> None:
    """Pages with the same rows are no list."""
    server = ListServer(1200)
    server.ignores_offset = True
    with pytest.raises(PayloadError):
        await read_all(lists_of(server))


@pytest.mark.row("B10")
async def test_a_total_that_is_smaller_than_the_page_is_ignored() -> None:
    """A server may send the wrong number; the list then ends at an empty page."""

    class WrongTotal(ListServer):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await super().handle_async_request(request)
            response.headers["Total-Count"] = "1"
            return response

    server = WrongTotal(700)

    assert await read_all(lists_of(server)) == server.rows


@pytest.mark.row("B06")
@pytest.mark.parametrize(("rows", "max_rows", "limit"), [(MAX_ROWS + 1, 500, "rows"), (MAX_PAGES + 1, 1, "pages")])
async def test_a_list_that_is_too_long_takes_one_request(rows: int, max_rows: int, limit: str) -> None:
    """The total says that a list has too many rows or pages, so that no more pages are requested."""
    server = ListServer(rows)
    server.max_rows = max_rows
    with pytest.raises(PayloadError, match=limit):
        await read_all(lists_of(server))

    assert len(server.limits) == 1


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("'limit' must be between 1 and 100.", [500, 100, 100, 50]),
        ("Limit must be omitted or set to a value between 1 and max value defined in configuration.", [500, 250]),
        ("The page size is too large.", [500, 250]),
    ],
)
@pytest.mark.row("B17")
async def test_a_refused_page_size_is_learned(text: str, limits: list[int]) -> None:
    """The size is the number in the message or the half, and it is remembered for all lists of the server."""
    server = ListServer(250)
    server.refuse = lambda limit: message(text) if limit > limits[1] else None
    lists = lists_of(server)

    assert await read_all(lists) == server.rows
    assert server.limits == limits
    server.limits.clear()
    await lists.read_page("http://vendor.test/others", {}, lambda r: read(r, NUMBERS), Window(400))
    assert server.limits == [limits[1]]


async def test_a_refusal_that_smaller_pages_do_not_help_changes_nothing() -> None:
    """The error of the last request is raised, and the next list is requested in the usual size."""
    server = ListServer(250)
    server.refuse = lambda _: message("rate limit exceeded")
    lists = lists_of(server)
    with pytest.raises(httpx.HTTPStatusError):
        await read_all(lists)
    assert all(second <= first // 2 for first, second in pairwise(server.limits))
    server.limits.clear()
    server.refuse = lambda _: None

    assert await read_all(lists) == server.rows
    assert server.limits == [500]


@pytest.mark.parametrize("status", [400, 403, 500])
async def test_other_errors_are_not_repeated(status: int) -> None:
    """Only a 400 about the size of the page is requested again."""
    server = ListServer(10)
    server.refuse = lambda _: httpx.Response(status, json={"message": "the filter is not known"})
    with pytest.raises(httpx.HTTPStatusError):
        await read_all(lists_of(server))

    assert len(server.limits) == 1


@pytest.mark.row("B17")
async def test_a_page_that_is_too_large_is_read_in_halves() -> None:
    """The smaller size is remembered for this list only."""
    server = ListServer(600)
    server.max_numbers_in_body = 130
    lists = lists_of(server)

    assert await read_all(lists) == server.rows
    assert server.limits == [500, 250, 125, 125, 125, 125, 100]
    server.limits.clear()
    assert await read_all(lists) == server.rows
    assert server.limits == [125] * 4 + [100]
    server.max_numbers_in_body, server.limits = 10**9, []
    await lists.read_page("http://vendor.test/others", {}, lambda r: read(r, NUMBERS), Window(PAGE_SIZE))
    assert server.limits == [500]


@pytest.mark.row("B17")
async def test_rows_that_are_too_large_are_an_error() -> None:
    """A page of a few rows that is still too large is not requested in ever smaller pages."""
    server = ListServer(600)
    server.max_numbers_in_body = 1
    with pytest.raises(BodyTooLargeError):
        await read_all(lists_of(server))

    assert min(server.limits) >= 10


@pytest.mark.parametrize(
    ("body", "size"),
    [
        ({"message": "limit: at most 200, default 25"}, 200),
        ({"message": "The maximum limit is 5.0."}, 250),
        ({"message": "limit 500 is more than 500"}, 250),
        ({"message": "no such parameter: schoolId"}, None),
        ({"detail": {"limit": ["Must be 50 or less than the limit."]}}, 50),
        (["Page size exceeds 300"], 300),
    ],
)
def test_the_size_is_read_from_the_message(body: object, size: int | None) -> None:
    """It is the largest number below the refused size in a text about limits; the half if there is none."""
    assert allowed_rows(httpx.Response(400, text=json.dumps(body)), 500, "limit") == size


def test_a_very_long_message_is_not_searched() -> None:
    """An error response of a megabyte is not about the size of a page."""
    assert allowed_rows(httpx.Response(400, text="limit " * 200_000), 500, "limit") is None


@pytest.mark.parametrize("after", ["-1", "1e3", "x", "٣"])
async def test_an_invented_cursor_is_refused(after: str) -> None:
    """A cursor that is not from this list is an error, and nothing is sent."""
    server = ListServer(10)
    with pytest.raises(BadKeyError):
        await lists_of(server).read_page(URL, {}, lambda r: read(r, NUMBERS), Window(5, after))

    assert server.limits == []
