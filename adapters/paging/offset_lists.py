"""Lists by limit and offset whose pages are read concurrently, in the largest pages that the server allows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

import httpx

from student_graph.adapters.concurrency import gather_in_order
from student_graph.adapters.errors import BadKeyError, BodyTooLargeError, PayloadError
from student_graph.adapters.lookup import Window
from student_graph.adapters.paging.page_sizes import MIN_PAGE_ROWS, PageSizes, allowed_rows
from student_graph.adapters.paging.pages import (
    MAX_PAGES,
    MAX_READS_OF_A_LIST,
    MAX_ROWS,
    ListChangedError,
    ListTooLongError,
    Params,
    PayloadPage,
    have_distinct_keys,
    parse_count,
    total_count,
)
from student_graph.adapters.paging.sequences import SequentialReading
from student_graph.adapters.reading import counting_page_rows

T = TypeVar("T")

LONG_LIST_PAGES = 10
"""A list of more pages is read by tokens if the server has them: two more requests, and no counting of rows."""
_USUAL_PAGE_ROWS = frozenset({10, 20, 25, 30, 40, 50, 100, 200, 250, 300, 400, 500, 1000, 2000, 5000, 10_000})
"""Lengths of pages of servers that have a page size of their own."""


class OffsetLists:
    """
    The lists of one server that are paged by limit and offset.

    It remembers how many rows the server allows in a page, which is an option of the server. A vendor that sends
    the total only on request needs that request in `params`. Without a total, pages are read one after the other.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        page_size: int = 500,
        concurrency: int = 8,
        param_names: tuple[str, str] = ("limit", "offset"),
        total: Callable[[httpx.Response], int | None] = total_count,
    ) -> None:
        """
        Read lists with `http`.

        Args:
            http: The client of the server.
            page_size: Rows in the largest page that is requested.
            concurrency: Maximum number of pages of one list that are requested at the same time.
            param_names: The vendor's names of limit and offset.
            total: The length of the complete list that a response reports, or None; by default from a header.
        """
        self._http = http
        self._concurrency = concurrency
        self._limit_name, self._offset_name = param_names
        self._sizes = PageSizes(page_size)
        self._total = total

    @property
    def page_rows(self) -> int:
        """Rows in the longest page that is requested: as set, or as many as the server allows if it refused it."""
        return self._sizes.server_rows

    async def read_page(
        self, url: str, params: Params, rows: Callable[[httpx.Response], list[T]], window: Window
    ) -> PayloadPage[list[T]]:
        """
        Read one page of a list. The list ends at the vendor's total or at an empty page.

        Raises:
            BadKeyError: the cursor of the window is not a cursor of this list.
        """
        offset = parse_count(window.after or "0")
        if offset is None:
            raise BadKeyError("not a cursor of this list")
        return await self._read_page(url, params, rows, offset, window.first)

    async def read_list(
        self,
        url: str,
        params: Params,
        rows: Callable[[httpx.Response], list[T]],
        *,
        key: Callable[[T], Hashable],
        read_otherwise: Callable[[int, int], Awaitable[list[T] | None]] | None = None,
        known_total: int | None = None,
        max_rows: int = MAX_ROWS,
        max_pages: int = MAX_PAGES,
    ) -> list[T]:
        """
        Read all pages of a list and return its rows, in the vendor's order and each `key` once.

        The first page has the total, and the other pages are read concurrently. If the rows are not as many as the
        total, or two have the same key, the list has changed while it was read, and is read once more. Rows that
        are added at its end after the first page are no change: they are not in the result. A row that moves
        because one was deleted and another one added between the same two pages is not noticed.

        `read_otherwise` is a way to read the list that does not count rows, such as by tokens. It gets the rows in
        a page and the total, and returns None if it cannot. It reads long lists, and lists that change. A list
        that is long by a `known_total`, which the server has just reported, is read so without a first page.

        A server without pages, which sends all rows whatever is requested, sends them twice if it sends no total.

        Raises:
            PayloadError: the list has changed again, or has more than `max_rows` rows or `max_pages` pages. Or the
                server ignores the offset and may have more rows.
        """
        if read_otherwise is not None and known_total is not None:
            size = self._sizes.rows(url)
            if size * LONG_LIST_PAGES < known_total <= min(max_rows, size * max_pages):
                result = await read_otherwise(size, known_total)
                if result is not None:
                    return result
        for _ in range(MAX_READS_OF_A_LIST):
            reading = _Reading(
                lambda offset, count: self._read_page(url, params, rows, offset, count),
                key,
                self._concurrency,
                self._sizes.rows(url),
                read_otherwise,
                max_rows,
                max_pages,
            )
            if (result := await reading.rows()) is not None:
                return result
        if read_otherwise is not None:
            result = await read_otherwise(self._sizes.rows(url), reading.smallest_total)
            if result is not None:
                return result
        raise ListChangedError

    async def _read_page(
        self, url: str, params: Params, rows: Callable[[httpx.Response], list[T]], offset: int, count: int
    ) -> PayloadPage[list[T]]:
        """Read at most `count` rows from an offset; fewer if the server allows no more in a page."""
        limit = server_limit = list_limit = min(count, self._sizes.rows(url))
        while True:
            try:
                response = await self._http.get(
                    url, params={**params, self._limit_name: limit, self._offset_name: offset}
                )
                with counting_page_rows() as page_rows:
                    page, total = rows(response), self._total(response)
            except httpx.HTTPStatusError as error:
                if (smaller := allowed_rows(error.response, limit, self._limit_name)) is None:
                    raise
                limit = server_limit = smaller
            except BodyTooLargeError:
                if limit // 2 < MIN_PAGE_ROWS:
                    raise
                limit = list_limit = limit // 2
            else:
                break
        # A size is remembered when a page of it was answered, so that other errors change nothing.
        if server_limit < min(count, self._sizes.rows(url)):
            self._sizes.limit_server(server_limit)
        if list_limit < min(count, self._sizes.rows(url)):
            self._sizes.limit_list(url, list_limit)
        sent = len(page) + page_rows.unreadable
        end = offset + sent
        return PayloadPage(page, None if not sent or end == total else str(end), total, page_rows.unreadable)


@dataclass(slots=True)
class _Reading(Generic[T]):
    """One reading of one list."""

    read_page: Callable[[int, int], Awaitable[PayloadPage[list[T]]]]
    """Reads a page from an offset (first argument) with at most a number of rows (second argument)."""
    key: Callable[[T], Hashable]
    concurrency: int
    page_size: int
    """Rows that are requested in a page at most."""
    read_otherwise: Callable[[int, int], Awaitable[list[T] | None]] | None = None
    """Reads a long list in another way, from the rows in a page and the total."""
    max_rows: int = MAX_ROWS
    max_pages: int = MAX_PAGES
    """Rows and pages of the longest list that is read."""
    page_count: int = 0
    smallest_total: int = 0
    unreadable: int = 0
    """Rows of all pages that cannot be read."""

    async def rows(self) -> list[T] | None:
        """The rows; None if the list has changed while it was read."""
        first = await self.page(0, self.max_rows)
        total = first.total
        if total is None or total < first.sent:  # a number smaller than the page is no total
            reading = SequentialReading(
                lambda offset: self.page(offset, self.max_rows), self.key, self.require_complete
            )
            return await reading.rows(first)
        self.smallest_total = total
        if total > self.max_rows:
            raise ListTooLongError(self.max_rows, "rows")
        size, self.unreadable = first.sent, first.unreadable
        if total and not size:
            return None
        if total > size * self.max_pages:
            raise ListTooLongError(self.max_pages, "pages")
        if self.read_otherwise is not None and total > size * LONG_LIST_PAGES:
            rows = await self.read_otherwise(size, total)
            if rows is not None:
                return rows
        rest = await gather_in_order(
            range(size, total, size or 1),
            lambda start: self.span(start, min(size, total - start)),
            self.concurrency,
        )
        rows = [row for page in (first.rows, *rest) for row in page]
        is_complete = len(rows) + self.unreadable == total and have_distinct_keys(rows, self.key)
        return rows if is_complete and self.smallest_total == total else None

    def require_complete(self, page: PayloadPage[list[T]]) -> None:
        """
        Check that the first page of a server that ignores the offset has all rows.

        A server without pages sends all rows whatever is requested. A page as long as requested, or of a usual
        length, may be the first of several.

        Raises:
            PayloadError: the list may have more rows, which cannot be read.
        """
        if page.sent == self.page_size or page.sent in _USUAL_PAGE_ROWS:
            raise PayloadError("the same page again: the server ignores the offset and may have more rows")

    async def span(self, start: int, count: int) -> list[T]:
        """`count` rows from `start`, fewer at the end of a list; in several pages if the server shortens them."""
        rows: list[T] = []
        sent = 0
        while sent < count:
            page = await self.page(start + sent, count - sent)
            if page.total is not None:
                self.smallest_total = min(self.smallest_total, page.total)
            if not page.sent:
                break
            sent += page.sent
            rows += page.rows
            self.unreadable += page.unreadable
        return rows if sent <= count else rows[:count]

    async def page(self, offset: int, count: int) -> PayloadPage[list[T]]:
        """One page of the list; raises PayloadError after too many pages."""
        if self.page_count >= self.max_pages:
            raise ListTooLongError(self.max_pages, "pages")
        self.page_count += 1
        return await self.read_page(offset, count)
