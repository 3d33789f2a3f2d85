"""A list with numbered pages and without a total: no row is missed when others come and go while it is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product

import httpx
import pytest

from student_graph.adapters.canvas.client.numbered_pages import numbered_pages
from student_graph.adapters.errors import NotOfferedError
from student_graph.adapters.paging import ListChangedError, collect_pages
from tests.long_runs import LONG_RUNS

ROWS_PER_PAGE = 2
NEW = 99
"""A row that is inserted."""
URL = "https://canvas.example/api/v1/accounts/self/users"

Change = Callable[[list[int]], None]


class NumberedList:
    """A server with one list, which changes before its request of a number."""

    def __init__(
        self, rows: int, *, last_link: bool, change: Change | None = None, before_request: int = 0
    ) -> None:
        self.rows = list(range(rows))
        self.requests = 0
        self._last_link = last_link
        self._change = change
        self._before_request = before_request

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request for a page."""
        if self._change is not None and self.requests == self._before_request:
            self._change(self.rows)
        self.requests += 1
        number = int(request.url.params.get("page", "1"))
        last = max(-(-len(self.rows) // ROWS_PER_PAGE), 1)
        pages = {"next": number + 1} if number < last else {}
        pages |= {"last": last} if self._last_link else {}
        links = [f'<{request.url.copy_set_param("page", str(page))}>; rel="{rel}"' for rel, page in pages.items()]
        start = (number - 1) * ROWS_PER_PAGE
        return httpx.Response(
            200, json=self.rows[start : start + ROWS_PER_PAGE], headers={"Link": ",".join(links)}
        )


async def read(server: NumberedList, *, reads: int = 1, max_pages: int = 60) -> list[int]:
    """The rows of the list; it is read `reads` times at most."""
    started = 0
    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as http:

        def pages() -> object:
            nonlocal started
            started += 1
            if started > reads:
                raise ListChangedError
            return numbered_pages(
                http,
                URL,
                {},
                lambda response: json.loads(response.content),
                key=lambda row: row,
                max_pages=max_pages,
                rows_per_page=ROWS_PER_PAGE,
            )

        return await collect_pages(pages, key=lambda row: row)  # type: ignore[arg-type]


@pytest.mark.parametrize("last_link", [True, False])
@pytest.mark.parametrize(("rows", "pages", "checks"), [(0, 1, 0), (2, 1, 0), (3, 2, 1), (7, 4, 2)])
async def test_an_unchanged_list_takes_two_more_requests(
    rows: int, pages: int, checks: int, last_link: bool
) -> None:
    """A page alone needs no check, and two pages need one; without a link to the last page all are read again."""
    server = NumberedList(rows, last_link=last_link)

    assert sorted(await read(server)) == list(range(rows))
    assert server.requests == pages + (checks if last_link else pages * (pages > 1))


def delete(position: int) -> Change:
    """The deletion of a row."""
    return lambda rows: rows.__delitem__(position % len(rows))


def insert(position: int) -> Change:
    """The insertion of a row, which is not one of the others."""
    return lambda rows: rows.insert(position, NEW)


@pytest.mark.long_run
@pytest.mark.parametrize("last_link", [True, False])
async def test_no_row_is_missed_whenever_another_one_goes_or_comes(last_link: bool) -> None:
    """For every row and every moment: all rows that are there the whole time are read, or it is an error."""
    outcomes = set()
    lengths = range(3, 8) if LONG_RUNS else (5,)
    for length, change, position in product(lengths, (delete, insert), range(max(lengths))):
        for moment in range(1, length + 1):
            server = NumberedList(length, last_link=last_link, change=change(position), before_request=moment)
            try:
                rows = await read(server)
            except ListChangedError:
                outcomes.add("error")
            else:
                outcomes.add("complete")
                assert set(server.rows) - {NEW} <= set(rows), (length, change, position, moment)

    assert outcomes == {"error", "complete"}


@pytest.mark.parametrize("last_link", [True, False])
async def test_a_list_that_has_changed_is_read_again(last_link: bool) -> None:
    """The second reading is complete."""
    server = NumberedList(7, last_link=last_link, change=lambda rows: rows.remove(0), before_request=2)

    assert sorted(await read(server, reads=2)) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("last_link", [True, False])
async def test_rows_that_are_added_at_the_end_are_no_change(last_link: bool) -> None:
    """A list that grows while it is read is read once."""
    server = NumberedList(7, last_link=last_link, change=lambda rows: rows.extend([7, 8]), before_request=3)

    assert set(range(7)) <= set(await read(server))


@pytest.mark.parametrize(("last_link", "requests"), [(True, 1), (False, 3)])
async def test_a_list_of_too_many_pages_is_not_offered(last_link: bool, requests: int) -> None:
    """The link to the last page says so at once; without it the pages are counted."""
    server = NumberedList(7, last_link=last_link)

    with pytest.raises(NotOfferedError):
        await read(server, max_pages=3)
    assert server.requests == requests
