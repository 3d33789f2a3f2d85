"""
Lists by limit and offset without a total, read page after page.

Nothing counts the rows of such a list. If one is deleted while the pages are read, a row of a later page moves
into a page that was read already, and would be missing without a word. So each page is requested from the last row
of the page before: if that row is its first one, nothing before it has moved.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from student_graph.adapters.paging.pages import ListChangedError, PayloadPage, all_pages, have_distinct_keys

T = TypeVar("T")


@dataclass(slots=True)
class SequentialReading(Generic[T]):
    """One reading of one list without a total."""

    read_page: Callable[[int], Awaitable[PayloadPage[list[T]]]]
    """Reads the page from an offset, in the largest size that the server allows."""
    key: Callable[[T], Hashable]
    require_complete: Callable[[PayloadPage[list[T]]], None]
    """Raises an error unless the only page of a server that ignores the offset is surely the whole list."""

    async def rows(self, first: PayloadPage[list[T]]) -> list[T] | None:
        """The rows of the first page and of those after it; None if the list has changed meanwhile."""
        previous = first

        async def read_page(after: str | None) -> PayloadPage[list[T]]:
            nonlocal previous
            if after is None:
                return _page_to(first, first.sent)
            end = int(after)
            # One row alone leaves no room for another one, and an unreadable row cannot be compared.
            overlap = 1 if previous.sent > 1 and not previous.unreadable else 0
            page = await self.read_page(end - overlap)
            if end == first.sent and page.rows and page.rows == first.rows:
                self.require_complete(first)
                return PayloadPage([], None)
            if overlap and (not page.rows or self.key(page.rows[0]) != self.key(previous.rows[-1])):
                raise ListChangedError
            previous = page
            new = PayloadPage(page.rows[overlap:], None, unreadable=page.unreadable)
            return _page_to(new, end + new.sent)

        with suppress(ListChangedError):
            rows = [row async for page in all_pages(read_page) for row in page]
            if have_distinct_keys(rows, self.key):
                return rows
        return None


def _page_to(page: PayloadPage[list[T]], end: int) -> PayloadPage[list[T]]:
    """The page with the offset of the next one as its cursor; without a cursor if it is empty."""
    return PayloadPage(page.rows, str(end) if page.sent else None)
