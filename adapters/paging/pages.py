"""Pages of a vendor's list: the limits, the form of a page, and reading page after page to the end."""

from __future__ import annotations

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Hashable,
    Iterable,
    Mapping,
    Sequence,
    Sized,
)
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import httpx

from student_graph.adapters.errors import PayloadError

P = TypeVar("P", bound=Sized)
T = TypeVar("T")
Params: TypeAlias = Mapping[str, str | int | bool | Sequence[str]]

MAX_PAGES = 200
"""Maximum number of pages of one list; a longer list is an error."""
MAX_ROWS = 40_000
"""
Maximum number of rows of one list; a longer list is an error. It is some tens of megabytes.

The grades of a high school of 2,000 have some rows less than that.
"""


def max_pages_of(max_rows: int) -> int:
    """Maximum number of pages of a list of so many rows at most: a list that may be longer may have more pages."""
    return MAX_PAGES * max(max_rows, MAX_ROWS) // MAX_ROWS


MAX_READS_OF_A_LIST = 2
"""How often a list is read that changes while it is read; after that it is an error."""


class ListChangedError(PayloadError):
    """The rows that were read are not the complete list: it changed meanwhile, or its rows have no fixed order."""

    def __init__(self) -> None:
        super().__init__("a list that changes while it is read")


class ListTooLongError(PayloadError):
    """A list has more rows or pages than are read."""

    def __init__(self, limit: int, unit: str) -> None:
        super().__init__(f"more than {limit} {unit}")


@dataclass(frozen=True, slots=True)
class PayloadPage(Generic[P]):
    """One page of a vendor's list, as payloads."""

    rows: P
    after: str | None
    """The vendor's cursor of the next page; None at the end of the list."""
    total: int | None = None
    """Length of the complete list as the vendor reports it, or None."""
    unreadable: int = 0
    """Rows that the vendor sent in this page and that cannot be read; offsets and totals count them."""

    @property
    def sent(self) -> int:
        """How many rows the vendor sent in this page."""
        return len(self.rows) + self.unreadable


async def collect_pages(
    read_pages: Callable[[], AsyncIterable[Iterable[T]]], *, key: Callable[[T], Hashable]
) -> list[T]:
    """
    Return the rows of all pages, each `key` once. `read_pages` starts to read the list.

    A second row with the same key, or fewer rows than the vendor's total, says that rows moved between two pages,
    and others may be missing: the list is read once more.

    Raises:
        PayloadError: the list has changed again.
    """
    for _ in range(MAX_READS_OF_A_LIST):
        with suppress(ListChangedError):
            rows = [row async for page in read_pages() for row in page]
            if have_distinct_keys(rows, key):
                return rows
    raise ListChangedError


def have_distinct_keys(rows: Sequence[T], key: Callable[[T], Hashable]) -> bool:
    """Whether no two rows have the same key."""
    return len({key(row) for row in rows}) == len(rows)


class Totals:
    """The rows of the pages of a list, counted against the vendor's total."""

    def __init__(self) -> None:
        self._sent = 0
        self._total: int | None = None
        """The total of the first page; None without one."""
        self._is_smaller = False

    def add(self, page: PayloadPage[Any]) -> None:
        """Count a page. A first page that has as many rows as its total, and leads to another, has no total."""
        if not self._sent and page.total is not None and page.total > page.sent:
            self._total = page.total
        self._sent += page.sent
        if self._total is not None and page.total is not None and page.total < self._total:
            self._is_smaller = True

    def check(self) -> None:
        """
        Check that the pages are the complete list. Rows that were added after the first page are no change.

        Raises:
            ListChangedError: they are not.
        """
        if self._total is not None and (self._is_smaller or self._sent < self._total):
            raise ListChangedError


async def all_pages(read_page: Callable[[str | None], Awaitable[PayloadPage[P]]]) -> AsyncIterator[P]:
    """
    Read pages until the end of the list, within the limits.

    Raises:
        ListChangedError: the pages have fewer rows than the vendor's total says, or the total becomes smaller.
        PayloadError: the list has too many pages or rows, or its pages repeat.
    """
    cursors: set[str | None] = {None}
    cursor, row_count, previous_rows = None, 0, None
    totals = Totals()
    while True:
        page = await read_page(cursor)
        totals.add(page)
        if len(page.rows) and page.rows == previous_rows:
            raise PayloadError("the same page again")
        row_count += len(page.rows)
        if row_count > MAX_ROWS:
            raise ListTooLongError(MAX_ROWS, "rows")
        yield page.rows
        if page.after is None:
            totals.check()
            return
        if page.after in cursors:
            raise PayloadError("a repeated cursor")
        if len(cursors) >= MAX_PAGES:
            raise ListTooLongError(MAX_PAGES, "pages")
        cursors.add(page.after)
        cursor, previous_rows = page.after, page.rows


def total_count(response: httpx.Response) -> int | None:
    """Return the length of the complete list as the vendor reports it, or None."""
    headers = response.headers
    return parse_count(headers.get("total-count") or headers.get("x-total-count") or "")


def parse_count(text: str) -> int | None:
    """Parse a number of at most twelve digits; None if the text is anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None
