"""Tests of paging while rows are inserted and deleted between pages."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from student_graph.adapters import paging
from student_graph.adapters.errors import PayloadError
from student_graph.adapters.lookup import Window
from student_graph.adapters.reading import read
from student_graph.adapters.testing.transports import InProcessTransport
from tests import long_runs
from tests.adapters.helpers.changing_list_vendor import Change, ChangingListVendor

NUMBERS = TypeAdapter(list[int])
COUNTS, SIZES = st.integers(0, 30), st.sampled_from([1, 2, 3, 7, 10, 50])
MAX_PAGE_SIZES = st.sampled_from([1, 4, 10, 100])
CHANGES = st.tuples(st.sampled_from(["insert", "delete"]), st.floats(0, 1))
CHANGE_LISTS = st.lists(st.lists(CHANGES, max_size=4), max_size=6)
INSERT_LISTS = st.lists(st.lists(st.tuples(st.just("insert"), st.floats(0, 1)), max_size=4), max_size=6)

BY_POSITION = ("offset", "total", "links", "token", "offset windows", "link windows")
BY_KEY = ("cursor", "keyset")
repeatable = settings(derandomize=True, max_examples=long_runs.size(10, 100), deadline=None)


@pytest.fixture(scope="module")
def vendor() -> ChangingListVendor:
    """The vendor."""
    return ChangingListVendor()


def numbers(response: httpx.Response) -> list[int]:
    """The rows of a page."""
    return read(response, NUMBERS)


def read_pages(style: str, http: httpx.AsyncClient, size: int) -> AsyncIterator[list[int]]:
    """Read all pages of the list in one style."""
    match style:
        case "offset" | "total":
            return paging.offset_pages(http, style, {}, numbers, limit=size)
        case "links":
            return paging.link_pages(http, "links", {}, numbers, limit=size, limit_param="limit")
        case "token" | "cursor":
            return paging.token_pages(http, style, {"limit": size}, numbers)
        case "keyset":
            return paging.keyset_pages(http, "keyset", {"limit": size}, numbers, cursor_of=str)
        case _:
            return read_windows(style, http, size)


async def read_windows(style: str, http: httpx.AsyncClient, size: int) -> AsyncIterator[list[int]]:
    """Read a list as a paged lookup does, one window at a time."""
    window = Window(size)
    while True:
        if style == "link windows":
            page = await paging.link_page(http, "links", {}, numbers, window, limit_param="limit")
        else:
            page = await paging.offset_page(http, "offset", {}, numbers, window)
        yield page.rows
        if page.after is None:
            return
        window = Window(size, page.after)


def client_of(vendor: ChangingListVendor) -> httpx.AsyncClient:
    """A client that calls the vendor in this process."""
    transport = InProcessTransport(vendor)
    return httpx.AsyncClient(base_url=vendor.url, transport=transport)


async def read_rows(vendor: ChangingListVendor, style: str, size: int) -> list[int]:
    """Read all rows, page after page."""
    async with client_of(vendor) as http:
        return [row async for page in read_pages(style, http, size) for row in page]


@pytest.mark.row("B09")
@pytest.mark.long_run
@pytest.mark.parametrize("style", BY_KEY)
@repeatable
@given(count=COUNTS, size=SIZES, max_page_size=MAX_PAGE_SIZES, changes=CHANGE_LISTS)
async def test_paging_by_key_misses_and_repeats_no_row(
    *,
    style: str,
    count: int,
    size: int,
    max_page_size: int,
    changes: list[list[Change]],
    vendor: ChangingListVendor,
) -> None:
    """Each row that exists the whole time is read once and in order."""
    vendor.start(count, max_page_size, changes)
    rows = await read_rows(vendor, style, size)

    assert rows == sorted(set(rows))
    assert vendor.unchanged <= set(rows)


@pytest.mark.row("B09")
@pytest.mark.long_run
@pytest.mark.parametrize("style", BY_POSITION)
@repeatable
@given(count=COUNTS, size=SIZES, max_page_size=MAX_PAGE_SIZES, changes=CHANGE_LISTS)
@example(count=9, size=3, max_page_size=100, changes=[[("delete", 0.0)]])
async def test_paging_by_position_misses_no_more_rows_than_were_deleted(
    *,
    style: str,
    count: int,
    size: int,
    max_page_size: int,
    changes: list[list[Change]],
    vendor: ChangingListVendor,
) -> None:
    """A deletion moves at most one row onto a page that has been read already."""
    vendor.start(count, max_page_size, changes)
    try:
        rows = await read_rows(vendor, style, size)
    except PayloadError:
        # A repeated page, or a total that became smaller, is an error and not a shorter list.
        assert vendor.inserted or (style == "total" and vendor.deleted)
    else:
        assert len(vendor.unchanged - set(rows)) <= vendor.deleted


@pytest.mark.row("B09")
@pytest.mark.long_run
@pytest.mark.parametrize("style", BY_POSITION)
@repeatable
@given(count=COUNTS, size=SIZES, max_page_size=MAX_PAGE_SIZES, changes=INSERT_LISTS)
async def test_paging_by_position_misses_no_row_after_insertions(
    *,
    style: str,
    count: int,
    size: int,
    max_page_size: int,
    changes: list[list[Change]],
    vendor: ChangingListVendor,
) -> None:
    """Insertions make rows be read twice, and none is missed."""
    vendor.start(count, max_page_size, changes)
    try:
        rows = await read_rows(vendor, style, size)
    except PayloadError:
        assert vendor.inserted
    else:
        assert vendor.unchanged <= set(rows)


@pytest.mark.row("B08")
@pytest.mark.long_run
@pytest.mark.parametrize("style", [*BY_POSITION, *BY_KEY])
@repeatable
@given(count=COUNTS, size=SIZES, max_page_size=MAX_PAGE_SIZES, changes=CHANGE_LISTS)
async def test_collected_pages_hold_every_row_once(
    *,
    style: str,
    count: int,
    size: int,
    max_page_size: int,
    changes: list[list[Change]],
    vendor: ChangingListVendor,
) -> None:
    """A list with a row that was read twice is read again, and has no row twice."""
    vendor.start(count, max_page_size, changes)
    async with client_of(vendor) as http:
        try:
            collected = await paging.collect_pages(lambda: read_pages(style, http, size), key=lambda row: row)
        except PayloadError:
            assert style not in BY_KEY
        else:
            assert len(set(collected)) == len(collected)


@pytest.mark.long_run
@pytest.mark.parametrize("style", [*BY_POSITION, *BY_KEY])
@repeatable
@given(count=COUNTS, size=SIZES, max_page_size=MAX_PAGE_SIZES)
async def test_an_unchanged_list_is_complete(
    *, style: str, count: int, size: int, max_page_size: int, vendor: ChangingListVendor
) -> None:
    """Each row is read once, in the vendor's order, with any page size."""
    vendor.start(count, max_page_size, [])

    assert await read_rows(vendor, style, size) == vendor.rows
