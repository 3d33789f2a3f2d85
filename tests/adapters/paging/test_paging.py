"""Tests of every style of paging over real HTTP, with correct and incorrect servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias

import httpx
import pytest
from pydantic import TypeAdapter

from student_graph.adapters import paging
from student_graph.adapters.errors import BadKeyError, PayloadError
from student_graph.adapters.lookup import Window
from student_graph.adapters.paging.pages import PayloadPage, all_pages
from student_graph.adapters.reading import read
from student_graph.adapters.sandbox.serving import served
from tests.adapters.helpers.list_vendor import ListVendor
from tests.clients import async_client

COUNTS = (0, 1, 9, 10, 11, 20, 37)
SIZES = (1, 3, 10, 50)
NUMBERS = TypeAdapter(list[int])


def numbers(response: httpx.Response) -> list[int]:
    """The rows of a page: numbers from 0."""
    return read(response, NUMBERS)


def same(number: int) -> int:
    """Use a number as its own key."""
    return number


@pytest.fixture
def lists() -> Iterator[ListVendor]:
    """The vendor, served."""
    sandbox = ListVendor()
    with served(sandbox):
        yield sandbox


@pytest.fixture
async def http(lists: ListVendor) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the vendor."""
    async with async_client(base_url=lists.url) as client:
        yield client


def rows_and_cursor(response: httpx.Response) -> tuple[list[int], str | None]:
    """The rows and the cursor of a response body."""
    rows, cursor = response.json()
    return rows, cursor


def read_pages(style: str, http: httpx.AsyncClient, size: int) -> AsyncIterator[list[int]]:
    """Read all pages of a list in one style."""
    match style:
        case "offset" | "total" | "stuck":
            return paging.offset_pages(http, style, {}, numbers, limit=size)
        case "links":
            return paging.link_pages(http, "links", {}, numbers, limit=size)
        case "token":
            return paging.token_pages(http, "token", {"pageSize": size}, numbers)
        case "gaps" | "circle":
            return paging.cursor_pages(http, style, {"limit": size}, rows_and_cursor, param="at")
        case _:
            return paging.keyset_pages(http, "keyset", {"limit": size}, numbers, cursor_of=str)


STYLES = ("offset", "total", "links", "token", "gaps", "keyset")


@pytest.mark.parametrize("style", STYLES)
async def test_no_row_is_missed_or_repeated(style: str, lists: ListVendor, http: httpx.AsyncClient) -> None:
    """In any style, with any length of the list and any page size, each row is read once and in order."""
    for lists.count in COUNTS:
        for size in SIZES:
            pages = [page async for page in read_pages(style, http, size)]

            assert list(range(lists.count)) == [row for page in pages for row in page]


@pytest.mark.parametrize("style", STYLES)
async def test_a_reduced_page_size_loses_no_row(style: str, lists: ListVendor, http: httpx.AsyncClient) -> None:
    """A page that is smaller than requested is not the end of the list."""
    lists.count, lists.max_page_size = 37, 10

    assert list(range(37)) == await paging.collect_pages(lambda: read_pages(style, http, 500), key=same)


@pytest.mark.row("B10")
async def test_a_total_saves_the_last_request(lists: ListVendor, http: httpx.AsyncClient) -> None:
    """With a total the list ends when it is reached; without one it ends at an empty page."""
    lists.count = 20
    for style, expected in (("total", 2), ("offset", 3)):
        lists.requests.clear()
        await paging.collect_pages(partial(read_pages, style, http, 10), key=same)

        assert expected == len(lists.requests)


async def test_a_short_page_can_end_the_list(lists: ListVendor, http: httpx.AsyncClient) -> None:
    """With `short_page_ends` the empty page is not requested."""
    lists.count = 15
    await paging.collect_pages(
        lambda: paging.offset_pages(http, "offset", {}, numbers, limit=10, short_page_ends=True), key=same
    )

    assert len(lists.requests) == 2


@pytest.mark.row("B06")
@pytest.mark.parametrize("style", ["stuck", "circle"])
async def test_a_loop_of_pages_is_an_error(style: str, lists: ListVendor, http: httpx.AsyncClient) -> None:
    """A server that ignores the offset, or whose cursors form a loop, is an error after a few requests."""
    lists.count = 30
    with pytest.raises(PayloadError):
        await paging.collect_pages(lambda: read_pages(style, http, 10), key=same)

    assert len(lists.requests) <= 3


@pytest.mark.row("B07")
@pytest.mark.parametrize(
    "link",
    [
        "http://evil.example/links",
        "https://127.0.0.1/links",
        "http://127.0.0.1:1/links",
        "//evil.example/links",
        "http://127.0.0.1.evil.example/links",
        "http://{home}@evil.example/links",
        "http://user:secret@{home}/links",
        "file:///etc/passwd",
        "http://[",
    ],
)
async def test_a_next_link_to_another_origin_is_not_followed(
    link: str, lists: ListVendor, http: httpx.AsyncClient
) -> None:
    """A next link to another origin is an error, and no request is sent to it."""
    lists.count, lists.link = 30, link.format(home=lists.url.removeprefix("http://"))
    with pytest.raises(PayloadError, match="address"):
        await paging.collect_pages(lambda: read_pages("links", http, 10), key=same)

    assert len(lists.requests) == 1


@pytest.mark.row("B06")
async def test_a_page_that_links_to_itself_is_an_error(lists: ListVendor, http: httpx.AsyncClient) -> None:
    """A next link to the same address is an error, and it is not followed."""
    lists.count, lists.link = 30, "/links?per_page=10"
    with pytest.raises(PayloadError, match="itself"):
        await paging.collect_pages(lambda: read_pages("links", http, 10), key=same)

    assert len(lists.requests) == 1


@pytest.mark.row("B06")
async def test_no_more_than_200_pages_are_read(lists: ListVendor, http: httpx.AsyncClient) -> None:
    """A list with too many pages is an error and not a shorter list."""
    lists.count = 201
    with pytest.raises(PayloadError, match="200 pages"):
        await paging.collect_pages(lambda: read_pages("token", http, 1), key=same)

    assert len(lists.requests) == paging.MAX_PAGES


@pytest.mark.row("B06")
async def test_no_more_than_40000_rows_are_read(lists: ListVendor, http: httpx.AsyncClient) -> None:
    """A list with too many rows is an error and not a shorter list."""
    lists.count, lists.max_page_size = 40_001, 10_000
    with pytest.raises(PayloadError, match="40000 rows"):
        await paging.collect_pages(lambda: read_pages("offset", http, 10_000), key=same)


Pages: TypeAlias = Sequence[tuple[list[int], int | None]]
"""The rows and the total of each page of a list."""


class Readings:
    """The pages of each reading of a list, one reading after the other."""

    def __init__(self, *readings: Pages) -> None:
        self.left = list(readings)

    def __call__(self) -> AsyncIterator[list[int]]:
        """Start the next reading: rows and total of each page."""
        pages = self.left.pop(0)

        async def read_page(after: str | None) -> PayloadPage[list[int]]:
            index = int(after or 0)
            rows, total = pages[index]
            return PayloadPage(rows, str(index + 1) if index + 1 < len(pages) else None, total)

        return all_pages(read_page)


REPEATED_ROW = [([1, 2], None), ([2, 3], None)]
FEWER_THAN_TOTAL = [([1, 2], 5), ([3, 4], 5)]
SMALLER_TOTAL = [([1, 2], 5), ([4, 5], 4)]
COMPLETE = [([1, 2], 4), ([3, 4], 4)]


@pytest.mark.row("B08")
@pytest.mark.parametrize("changed", [REPEATED_ROW, FEWER_THAN_TOTAL, SMALLER_TOTAL])
async def test_a_list_that_changes_is_read_once_more_and_is_then_an_error(changed: Any) -> None:
    """A repeated row, fewer rows than the total and a smaller total say that rows may be missing."""
    assert await paging.collect_pages(Readings(changed, COMPLETE), key=same) == [1, 2, 3, 4]
    readings = Readings(changed, changed, COMPLETE)
    with pytest.raises(PayloadError, match="a list that changes while it is read"):
        await paging.collect_pages(readings, key=same)

    assert readings.left == [COMPLETE]


@pytest.mark.parametrize(
    "pages",
    [
        [([1, 2], 3), ([3, 4], 4)],  # a row was added at the end
        [([1, 2], 2), ([3, 4], 2)],  # the total of a page, and not of the list
        [([1, 2], None), ([3, 4], None)],
    ],
)
async def test_a_list_without_evidence_of_a_change_is_read_once(pages: Any) -> None:
    """Rows that are added at the end are no reason to read the list again, and neither is a total of a page."""
    assert await paging.collect_pages(Readings(pages), key=same) == [1, 2, 3, 4]


@pytest.mark.parametrize("style", ["offset", "total", "links", "token"])
async def test_rows_without_an_order_are_complete_or_an_error(
    style: str, lists: ListVendor, http: httpx.AsyncClient
) -> None:
    """A server that sends the rows in another order in each response never hides a row without an error."""
    lists.count, lists.switches.shuffled = 37, True
    with pytest.raises(PayloadError, match="a list that changes while it is read"):
        await paging.collect_pages(lambda: read_pages(style, http, 10), key=same)

    assert sorted(await paging.collect_pages(lambda: read_pages(style, http, 50), key=same)) == list(range(37))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("read_page", [paging.offset_page, paging.link_page])
async def test_windows_read_the_list_page_by_page(
    read_page: Any, size: int, lists: ListVendor, http: httpx.AsyncClient
) -> None:
    """A paged lookup reads one page at a time, with the cursor of the page before."""
    lists.count, after = 37, None
    style = "total" if read_page is paging.offset_page else "links"
    rows: list[int] = []
    while True:
        page = await read_page(http, style, {}, numbers, Window(size, after))
        rows += page.rows
        if (after := page.after) is None:
            break

    assert list(range(37)) == rows


@pytest.mark.row("B10")
async def test_a_page_has_the_vendors_total(lists: ListVendor, http: httpx.AsyncClient) -> None:
    """A page has the vendor's total, or None if the vendor sends none."""
    lists.count = 37
    totals = [(await paging.offset_page(http, s, {}, numbers, Window(5))).total for s in ("total", "offset")]

    assert totals == [37, None]


@pytest.mark.parametrize("after", ["-1", "1e3", "x", "٣", "1" * 30])
async def test_an_invented_offset_is_refused(after: str, lists: ListVendor, http: httpx.AsyncClient) -> None:
    """A cursor that is not from this list is an error, and nothing is sent."""
    with pytest.raises(BadKeyError):
        await paging.offset_page(http, "offset", {}, numbers, Window(5, after))

    assert lists.requests == []


@pytest.mark.parametrize("after", ["http://evil.example/", "links", "/lin\nks", "/é"])
async def test_an_invented_link_is_refused(after: str, lists: ListVendor, http: httpx.AsyncClient) -> None:
    """A cursor is a path and cannot lead to another host."""
    with pytest.raises(BadKeyError):
        await paging.link_page(http, "links", {}, numbers, Window(5, after))

    assert lists.requests == []


async def test_a_cursor_with_two_slashes_does_not_leave_the_origin(
    lists: ListVendor, http: httpx.AsyncClient
) -> None:
    """A cursor that looks like another host is a path on the vendor's own host."""
    with pytest.raises(httpx.HTTPStatusError):
        await paging.link_page(http, "links", {}, numbers, Window(5, "//evil.example/links"))

    assert lists.requests == ["GET //evil.example/links"]
