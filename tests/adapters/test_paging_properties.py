"""What each kind of paging promises while rows are inserted and deleted between pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from student_graph.adapters import paging
from student_graph.adapters.errors import PayloadError
from student_graph.adapters.lookup import Window
from student_graph.adapters.reading import read
from student_graph.adapters.sandbox.serving import served
from student_graph.adapters.testing.transports import tls_context
from tests.adapters.helpers.moving_list_vendor import Change, Moving

NUMBERS = TypeAdapter(list[int])
COUNTS, SIZES = st.integers(0, 30), st.sampled_from([1, 2, 3, 7, 10, 50])
CLAMPS = st.sampled_from([1, 4, 10, 100])
CHANGES = st.tuples(st.sampled_from(["insert", "delete"]), st.floats(0, 1))
PLANS = st.lists(st.lists(CHANGES, max_size=4), max_size=6)
INSERTS = st.lists(st.lists(st.tuples(st.just("insert"), st.floats(0, 1)), max_size=4), max_size=6)

BY_POSITION = ("offset", "total", "links", "token", "offset windows", "link windows")
BY_KEY = ("cursor", "keyset")
often = settings(derandomize=True, max_examples=40, deadline=None)


@pytest.fixture(scope="module")
def vendor() -> Iterator[Moving]:
    """The vendor, served."""
    made = Moving()
    with served(made):
        yield made


def numbers(response: httpx.Response) -> list[int]:
    """The rows of a page."""
    return read(response, NUMBERS)


def reading(style: str, http: httpx.AsyncClient, size: int) -> AsyncIterator[list[int]]:
    """Every page of the list by one style."""
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
            return windows(style, http, size)


async def windows(style: str, http: httpx.AsyncClient, size: int) -> AsyncIterator[list[int]]:
    """A list as a paging lookup reads it: a window at a time."""
    window = Window(size)
    while True:
        if style == "link windows":
            part = await paging.link_page(http, "links", {}, numbers, window, limit_param="limit")
        else:
            part = await paging.offset_page(http, "offset", {}, numbers, window)
        yield part.rows
        if part.after is None:
            return
        window = Window(size, part.after)


async def walk(vendor: Moving, style: str, size: int) -> list[int]:
    """All rows as they came, page after page."""
    async with httpx.AsyncClient(base_url=vendor.url, trust_env=False, verify=tls_context()) as http:
        return [row async for page in reading(style, http, size) for row in page]


@pytest.mark.row("B09")
@pytest.mark.parametrize("style", BY_KEY)
@often
@given(count=COUNTS, size=SIZES, clamp=CLAMPS, plan=PLANS)
async def test_paging_by_key_loses_and_doubles_nothing(
    *, style: str, count: int, size: int, clamp: int, plan: list[list[Change]], vendor: Moving
) -> None:
    """Whatever comes and goes: who is there all the time is seen once, in order."""
    vendor.start(count, clamp, plan)
    seen = await walk(vendor, style, size)

    assert seen == sorted(set(seen))
    assert vendor.steady <= set(seen)


@pytest.mark.row("B09")
@pytest.mark.parametrize("style", BY_POSITION)
@often
@given(count=COUNTS, size=SIZES, clamp=CLAMPS, plan=PLANS)
@example(count=9, size=3, clamp=100, plan=[[("delete", 0.0)]])
async def test_paging_by_position_loses_no_more_than_was_deleted(
    *, style: str, count: int, size: int, clamp: int, plan: list[list[Change]], vendor: Moving
) -> None:
    """A row that moves up into a page already read is missed: one at most for each row deleted before it."""
    vendor.start(count, clamp, plan)
    try:
        seen = await walk(vendor, style, size)
    except PayloadError:
        assert vendor.inserted  # as if the vendor stood still: an error, no short list
    else:
        assert len(vendor.steady - set(seen)) <= vendor.deleted


@pytest.mark.row("B09")
@pytest.mark.parametrize("style", BY_POSITION)
@often
@given(count=COUNTS, size=SIZES, clamp=CLAMPS, plan=INSERTS)
async def test_paging_by_position_loses_nothing_to_inserts(
    *, style: str, count: int, size: int, clamp: int, plan: list[list[Change]], vendor: Moving
) -> None:
    """Rows that move down are seen again, and none is missed."""
    vendor.start(count, clamp, plan)
    try:
        seen = await walk(vendor, style, size)
    except PayloadError:
        assert vendor.inserted
    else:
        assert vendor.steady <= set(seen)


@pytest.mark.row("B08")
@pytest.mark.parametrize("style", [*BY_POSITION, *BY_KEY])
@often
@given(count=COUNTS, size=SIZES, clamp=CLAMPS, plan=PLANS)
async def test_everything_holds_each_row_once(
    *, style: str, count: int, size: int, clamp: int, plan: list[list[Change]], vendor: Moving
) -> None:
    """A row that came twice is one row."""
    vendor.start(count, clamp, plan)
    async with httpx.AsyncClient(base_url=vendor.url, trust_env=False, verify=tls_context()) as http:
        try:
            found = await paging.collect_pages(reading(style, http, size), key=lambda row: row)
        except PayloadError:
            assert style not in BY_KEY
        else:
            assert len(set(found)) == len(found)


@pytest.mark.parametrize("style", [*BY_POSITION, *BY_KEY])
@often
@given(count=COUNTS, size=SIZES, clamp=CLAMPS)
async def test_a_list_that_stands_still_comes_whole(
    *, style: str, count: int, size: int, clamp: int, vendor: Moving
) -> None:
    """Every row once, in the vendor's order, whatever the size of a page and whatever the vendor makes of it."""
    vendor.start(count, clamp, [])

    assert await walk(vendor, style, size) == vendor.rows
