"""Every paging style, against a server that pages so over real HTTP, and servers that do not keep to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from student_graph.adapters import paging
from student_graph.adapters.errors import BadKeyError, PayloadError
from student_graph.adapters.lookup import Window
from student_graph.adapters.reading import read
from student_graph.adapters.sandbox.serving import served
from tests.adapters.helpers.list_vendor import Lists

COUNTS = (0, 1, 9, 10, 11, 20, 37)
SIZES = (1, 3, 10, 50)
NUMBERS = TypeAdapter(list[int])


def numbers(response: httpx.Response) -> list[int]:
    """The rows of a page: numbers from 0."""
    return read(response, NUMBERS)


def itself(number: int) -> int:
    """A number is its own key."""
    return number


@pytest.fixture
def lists() -> Iterator[Lists]:
    """The vendor, served."""
    sandbox = Lists()
    with served(sandbox):
        yield sandbox


@pytest.fixture
async def http(lists: Lists) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the vendor."""
    async with httpx.AsyncClient(base_url=lists.url, trust_env=False) as client:
        yield client


def pair(response: httpx.Response) -> tuple[list[int], str | None]:
    """Rows and cursor of a body that holds both."""
    rows, cursor = response.json()
    return rows, cursor


def reading(style: str, http: httpx.AsyncClient, size: int) -> AsyncIterator[list[int]]:
    """Every page of a list by one style."""
    match style:
        case "offset" | "total" | "stuck":
            return paging.offset_pages(http, style, {}, numbers, limit=size)
        case "links":
            return paging.link_pages(http, "links", {}, numbers, limit=size)
        case "token":
            return paging.token_pages(http, "token", {"pageSize": size}, numbers)
        case "gaps" | "loop":
            return paging.cursor_pages(http, style, {"limit": size}, pair, param="at")
        case _:
            return paging.keyset_pages(http, "keyset", {"limit": size}, numbers, cursor_of=str)


STYLES = ("offset", "total", "links", "token", "gaps", "keyset")


@pytest.mark.parametrize("style", STYLES)
async def test_no_row_is_lost_or_doubled(style: str, lists: Lists, http: httpx.AsyncClient) -> None:
    """Whatever the style, the length of the list and the size of a page: each row comes once, in order."""
    for lists.count in COUNTS:
        for size in SIZES:
            pages = [page async for page in reading(style, http, size)]

            assert list(range(lists.count)) == [row for page in pages for row in page]


@pytest.mark.parametrize("style", STYLES)
async def test_a_server_that_clamps_in_silence_loses_nothing(
    style: str, lists: Lists, http: httpx.AsyncClient
) -> None:
    """A page smaller than asked for is not the end of the list."""
    lists.count, lists.clamp = 37, 10

    assert list(range(37)) == await paging.collect_pages(reading(style, http, 500), key=itself)


@pytest.mark.row("B10")
async def test_a_total_saves_the_last_request(lists: Lists, http: httpx.AsyncClient) -> None:
    """With a total the list ends when it is reached; without one an empty page must be seen."""
    lists.count = 20
    for style, expected in (("total", 2), ("offset", 3)):
        lists.requests.clear()
        await paging.collect_pages(reading(style, http, 10), key=itself)

        assert expected == len(lists.requests)


async def test_a_short_page_ends_the_list_of_a_server_known_for_it(lists: Lists, http: httpx.AsyncClient) -> None:
    """A vendor that never clamps need not be asked for the empty page."""
    lists.count = 15
    await paging.collect_pages(
        paging.offset_pages(http, "offset", {}, numbers, limit=10, short_page_ends=True), key=itself
    )

    assert len(lists.requests) == 2


@pytest.mark.row("B06")
@pytest.mark.parametrize("style", ["stuck", "loop"])
async def test_going_in_circles_is_an_error(style: str, lists: Lists, http: httpx.AsyncClient) -> None:
    """A server that ignores the offset, or whose cursors form a ring, is caught after a few requests."""
    lists.count = 30
    with pytest.raises(PayloadError):
        await paging.collect_pages(reading(style, http, 10), key=itself)

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
    link: str, lists: Lists, http: httpx.AsyncClient
) -> None:
    """Credentials go to the configured origin and nowhere else."""
    lists.count, lists.link = 30, link.format(home=lists.url.removeprefix("http://"))
    with pytest.raises(PayloadError, match="address"):
        await paging.collect_pages(reading("links", http, 10), key=itself)

    assert len(lists.requests) == 1


@pytest.mark.row("B06")
async def test_a_page_that_links_to_itself_is_an_error(lists: Lists, http: httpx.AsyncClient) -> None:
    """The same address is not asked twice."""
    lists.count, lists.link = 30, "/links?per_page=10"
    with pytest.raises(PayloadError, match="itself"):
        await paging.collect_pages(reading("links", http, 10), key=itself)

    assert len(lists.requests) == 1


@pytest.mark.row("B06")
async def test_no_more_than_200_pages_are_read(lists: Lists, http: httpx.AsyncClient) -> None:
    """A list without end is given up, as an error and not as a short list."""
    lists.count = 201
    with pytest.raises(PayloadError, match="200 pages"):
        await paging.collect_pages(reading("token", http, 1), key=itself)

    assert len(lists.requests) == paging.MAX_PAGES


@pytest.mark.row("B06")
async def test_no_more_than_20000_rows_are_read(lists: Lists, http: httpx.AsyncClient) -> None:
    """A list too long to hold is given up, as an error and not as a short list."""
    lists.count, lists.clamp = 20_001, 10_000
    with pytest.raises(PayloadError, match="20000 rows"):
        await paging.collect_pages(reading("offset", http, 10_000), key=itself)


@pytest.mark.row("B08")
async def test_of_equal_keys_the_last_row_counts_at_the_place_of_the_first() -> None:
    """Rows that move while a list is read come twice; the younger one is kept."""

    async def pages() -> AsyncIterator[list[tuple[int, str]]]:
        yield [(1, "old"), (2, "only")]
        yield [(1, "new")]

    assert await paging.collect_pages(pages(), key=lambda row: row[0]) == [(1, "new"), (2, "only")]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("turn", [paging.offset_page, paging.link_page])
async def test_windows_walk_the_list_page_by_page(
    turn: Any, size: int, lists: Lists, http: httpx.AsyncClient
) -> None:
    """A paging lookup asks for one page at a time, by the cursor of the page before."""
    lists.count, after = 37, None
    style = "total" if turn is paging.offset_page else "links"
    found: list[int] = []
    while True:
        part = await turn(http, style, {}, numbers, Window(size, after))
        found += part.rows
        if (after := part.after) is None:
            break

    assert list(range(37)) == found


@pytest.mark.row("B10")
async def test_a_page_tells_the_vendors_total(lists: Lists, http: httpx.AsyncClient) -> None:
    """The total is told where the vendor says it, and None where it does not."""
    lists.count = 37
    told = [(await paging.offset_page(http, s, {}, numbers, Window(5))).total for s in ("total", "offset")]

    assert told == [37, None]


@pytest.mark.parametrize("after", ["-1", "1e3", "x", "٣", "1" * 30])
async def test_a_made_up_offset_is_refused(after: str, lists: Lists, http: httpx.AsyncClient) -> None:
    """A cursor that this list did not give is the asker's error, and nothing is sent."""
    with pytest.raises(BadKeyError):
        await paging.offset_page(http, "offset", {}, numbers, Window(5, after))

    assert lists.requests == []


@pytest.mark.parametrize("after", ["http://evil.example/", "links", "/lin\nks", "/é"])
async def test_a_made_up_link_is_refused(after: str, lists: Lists, http: httpx.AsyncClient) -> None:
    """A cursor is a path: it cannot name another host."""
    with pytest.raises(BadKeyError):
        await paging.link_page(http, "links", {}, numbers, Window(5, after))

    assert lists.requests == []


async def test_a_cursor_of_two_slashes_stays_at_home(lists: Lists, http: httpx.AsyncClient) -> None:
    """What looks like another host is a path here, and one that the vendor does not have."""
    with pytest.raises(httpx.HTTPStatusError):
        await paging.link_page(http, "links", {}, numbers, Window(5, "//evil.example/links"))

    assert lists.requests == ["GET //evil.example/links"]
