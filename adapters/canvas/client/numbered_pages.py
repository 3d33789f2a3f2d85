"""
Lists of Canvas whose pages have numbers, read in an order that notices rows that move meanwhile.

Canvas numbers the pages of most lists and links the first page to the last one, unless counting would be slow; the
other pages are then read at the same time. It sends no total: if a row is deleted while pages are read, a row of a
later page moves into a page that was read already, and nothing in the pages says so. So pages are read twice where
a deletion would show:

- The last page is read right after the first one and again at the end. A deletion before it in between moves its
  rows.
- The first page is read again: a deletion in it, before the last page was read, has moved its rows.
- Without a link to the last page, every page is read again.

Enrollments have bookmarks instead of numbers, which name a row: they are read page by page, once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import httpx

from student_graph.adapters.concurrency import gather_in_order
from student_graph.adapters.errors import NotOfferedError
from student_graph.adapters.lookup import Window
from student_graph.adapters.paging import MAX_PAGES, ListChangedError, Params, PayloadPage, link_page
from student_graph.adapters.paging.pages import all_pages

T = TypeVar("T")

ROWS_PER_PAGE = 100


async def numbered_pages(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    rows: Callable[[httpx.Response], list[T]],
    *,
    key: Callable[[T], Hashable],
    max_pages: int = MAX_PAGES,
    rows_per_page: int = ROWS_PER_PAGE,
    concurrency: int = 1,
) -> AsyncIterator[list[T]]:
    """
    Read all pages of a list, at most `concurrency` at the same time; `key` tells its rows apart.

    Raises:
        NotOfferedError: The list has more than `max_pages` pages.
        ListChangedError: Rows have moved while the list was read, so that others may be missing.
    """
    links: list[httpx.Response] = []

    def read_rows(response: httpx.Response) -> list[T]:
        if not links:
            links.append(response)
        return rows(response)

    async def read_page(after: str | None) -> PayloadPage[list[T]]:
        window = Window(rows_per_page, after)
        return await link_page(http, url, params, read_rows, window, max_limit=rows_per_page)

    reading = _Reading(read_page, key, max_pages, concurrency)
    first = await read_page(None)
    addresses = [] if first.after is None else _addresses(first.after, links[0])
    pages = reading.in_sequence(first) if not addresses else reading.by_number(first, addresses)
    async for page_rows in pages:
        yield page_rows


@dataclass(frozen=True, slots=True)
class _Reading(Generic[T]):
    """One reading of one list."""

    read_page: Callable[[str | None], Awaitable[PayloadPage[list[T]]]]
    """Reads the page with an address; the first page for None."""
    key: Callable[[T], Hashable]
    max_pages: int
    concurrency: int

    async def by_number(self, first: PayloadPage[list[T]], addresses: list[str]) -> AsyncIterator[list[T]]:
        """The rows of the first page, and of the pages after it, whose addresses are known."""
        self._require_few(len(addresses) + 1)
        yield first.rows
        last = await self.read_page(addresses[-1])
        for page_rows in await self._rows(addresses[:-1]):
            yield page_rows
        yield last.rows
        count, page = len(addresses) + 1, last
        while page.after is not None:  # the list has become longer
            count += 1
            self._require_few(count)
            page = await self.read_page(page.after)
            yield page.rows
        # Of two pages, nothing was read between the first one and the last one.
        again: list[str | None] = [None, addresses[-1]] if len(addresses) > 1 else [None]
        self._require_unchanged([first.rows, last.rows], await self._rows(again))

    async def in_sequence(self, first: PayloadPage[list[T]]) -> AsyncIterator[list[T]]:
        """The rows of the first page, and of the pages after it, each of which links to the next one."""
        addresses: list[str | None] = []
        pages: list[list[T]] = []

        async def read_page(after: str | None) -> PayloadPage[list[T]]:
            page = first if after is None else await self.read_page(after)
            addresses.append(after)
            pages.append(page.rows)
            self._require_few(len(pages) + (page.after is not None))
            return page

        async for page_rows in all_pages(read_page):
            yield page_rows
        if _is_numbered(first.after):
            self._require_unchanged(pages, await self._rows(addresses))

    async def _rows(self, addresses: Sequence[str | None]) -> list[list[T]]:
        """The rows of some pages."""
        return [page.rows for page in await gather_in_order(addresses, self.read_page, self.concurrency)]

    def _require_few(self, pages: int) -> None:
        if pages > self.max_pages:
            raise NotOfferedError("a list of too many pages")

    def _require_unchanged(self, before: Sequence[list[T]], now: Sequence[list[T]]) -> None:
        """
        Check that pages have the rows that they had; one may have become longer.

        Raises:
            ListChangedError: a row has moved.
        """
        for old, new in zip(before, now, strict=False):
            if [self.key(row) for row in old] != [self.key(row) for row in new[: len(old)]]:
                raise ListChangedError


def _is_numbered(after: str | None) -> bool:
    """Whether the address of the second page names it by its number."""
    return after is not None and httpx.URL(after).params.get("page") == "2"


def _addresses(second: str, response: httpx.Response) -> list[str]:
    """
    The addresses of the second page and all that follow; empty if the links do not say them.

    They differ only in the number of the page: from the address of the second page to that of the last one.
    """
    last = httpx.URL(response.links.get("last", {}).get("url", ""))
    base = httpx.URL(second)
    number, last_number = base.params.get("page", ""), last.params.get("page", "")
    if number != "2" or not (last_number.isascii() and last_number.isdigit() and len(last_number) <= 6):
        return []
    if last.path != base.path or last.copy_set_param("page", "2").params != base.params:
        return []
    return [
        base.copy_set_param("page", str(page)).raw_path.decode("ascii") for page in range(2, int(last_number) + 1)
    ]
