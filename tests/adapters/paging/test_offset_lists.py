"""Tests of lists by limit and offset: concurrent pages, and the check against the total."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from student_graph.adapters.errors import PayloadError
from student_graph.adapters.paging import MAX_PAGES, MAX_ROWS
from tests.adapters.helpers.list_server import ListServer, lists_of, read_all


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


@pytest.mark.row("B09")
@pytest.mark.parametrize("position", [0, 499, 500, 501, 999, 1000, 1198, 1199])
@pytest.mark.parametrize("request_number", [0, 1, 2, 3])
async def test_a_deleted_row_hides_no_other_one_without_a_total(position: int, request_number: int) -> None:
    """Each page begins with the last row of the page before, unless a row before it has moved."""
    server = ListServer(1200)
    server.with_total = False
    server.changes = [*[lambda _: None] * request_number, lambda rows: rows.__delitem__(position)]

    assert set(server.rows) - {position} <= set(await read_all(lists_of(server)))
    server.rows, server.changes = list(range(1200)), [delete_first] * 20
    with pytest.raises(PayloadError, match="changes"):
        await read_all(lists_of(server))


async def test_rows_that_are_added_at_the_end_are_no_change() -> None:
    """The list is complete as of its first page, and read once."""
    server = ListServer(1200)
    server.changes = [append] * 2

    assert await read_all(lists_of(server)) == list(range(1200))
    assert len(server.limits) == 3


@pytest.mark.row("B06")
@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    count=st.integers(0, 130),
    page_size=st.integers(2, 110),
    max_rows=st.sampled_from([10, 25, 100, 1000]),
    ignores_limit=st.booleans(),
    with_total=st.booleans(),
)
def test_a_server_that_ignores_the_offset_hides_no_row(
    *, count: int, page_size: int, max_rows: int, ignores_limit: bool, with_total: bool
) -> None:
    """All rows are read, or it is an error: a full page, or a larger total, may mean that there are more."""
    server = ListServer(count)
    server.ignores_offset, server.ignores_limit = True, ignores_limit
    server.max_rows, server.with_total = max_rows, with_total
    try:
        rows = asyncio.run(read_all(lists_of(server, page_size=page_size)))
    except PayloadError:
        assert count in {page_size, max_rows, 10, 20, 25, 30, 40, 50, 100} or count > min(page_size, max_rows)
    else:
        assert rows == server.rows


@pytest.mark.row("B06")
@pytest.mark.parametrize("count", [1, 4, 28, 501, 1234])
async def test_a_server_without_pages_has_sent_all_rows(count: int) -> None:
    """It ignores limit and offset and sends no total: the first page again means that there are no more."""
    server = ListServer(count)
    server.ignores_offset = server.ignores_limit = True
    server.with_total, server.max_rows = False, count

    assert await read_all(lists_of(server)) == server.rows


@pytest.mark.row("B06")
@pytest.mark.parametrize("max_rows", [10, 100, 500])
async def test_a_full_page_again_is_an_error(max_rows: int) -> None:
    """A server that ignores only the offset has more rows, which cannot be read."""
    server = ListServer(1200)
    server.ignores_offset, server.with_total, server.max_rows = True, False, max_rows
    with pytest.raises(PayloadError, match="ignores the offset"):
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


@pytest.mark.parametrize(("limits", "longest"), [({"max_rows": 1200}, 1200), ({"max_pages": 2}, 1000)])
async def test_the_reader_of_a_list_limits_its_length(limits: dict[str, int], longest: int) -> None:
    """In rows, as of small records, or in pages, as of a list that replaces a few calls."""
    complete, longer = ListServer(longest), ListServer(longest + 1)

    assert await read_all(lists_of(complete), **limits) == complete.rows
    with pytest.raises(PayloadError, match="more than"):
        await read_all(lists_of(longer), **limits)
    assert len(longer.limits) == 1


async def test_a_list_may_have_more_rows_than_others() -> None:
    """Whoever reads small records may read more than the usual number of them."""
    server = ListServer(MAX_ROWS + 1)

    assert len(await read_all(lists_of(server), max_rows=MAX_ROWS + 1)) == MAX_ROWS + 1
