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
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

import httpx

from student_graph.adapters.errors import PayloadError

P = TypeVar("P", bound=Sized)
T = TypeVar("T")
Params: TypeAlias = Mapping[str, str | int | bool | Sequence[str]]

MAX_PAGES = 200
"""Maximum number of pages of one list; a longer list is an error."""
MAX_ROWS = 20_000
"""Maximum number of rows of one list; a longer list is an error."""


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


async def collect_pages(pages: AsyncIterable[Iterable[T]], *, key: Callable[[T], Hashable]) -> list[T]:
    """Return the rows of all pages. Of rows with the same key, the last replaces the first at its position."""
    rows_by_key: dict[Hashable, T] = {}
    async for page in pages:
        rows_by_key.update((key(row), row) for row in page)
    return list(rows_by_key.values())


async def all_pages(read_page: Callable[[str | None], Awaitable[PayloadPage[P]]]) -> AsyncIterator[P]:
    """Read pages until the end of the list, within the limits."""
    cursors: set[str | None] = {None}
    cursor, row_count, previous_rows = None, 0, None
    while True:
        page = await read_page(cursor)
        if len(page.rows) and page.rows == previous_rows:
            raise PayloadError("the same page again")
        row_count += len(page.rows)
        if row_count > MAX_ROWS:
            raise PayloadError(f"more than {MAX_ROWS} rows")
        yield page.rows
        if page.after is None:
            return
        if page.after in cursors:
            raise PayloadError("a repeated cursor")
        if len(cursors) >= MAX_PAGES:
            raise PayloadError(f"more than {MAX_PAGES} pages")
        cursors.add(page.after)
        cursor, previous_rows = page.after, page.rows


def total_count(response: httpx.Response) -> int | None:
    """Return the length of the complete list as the vendor reports it, or None."""
    headers = response.headers
    return parse_count(headers.get("total-count") or headers.get("x-total-count") or "")


def parse_count(text: str) -> int | None:
    """Parse a number of at most twelve digits; None if the text is anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None
