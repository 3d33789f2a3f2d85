"""
Reading a vendor's lists: one page, or all pages.

There are five styles of paging. Each has a function for all pages, such as `offset_pages`; the styles with
which a paged lookup can answer a `Window` also have one for a single page, such as `offset_page`. The argument
`rows` turns a response into the rows of a page: a list of payloads, or `reading.Rows`.

What happens if the list changes while it is read depends on the style. By key (a keyset, or a cursor that names
a row), each row that exists the whole time is read once. By position (limit and offset, and the links and
tokens of vendors that count rows), an insertion before the current position makes another row appear twice,
which `collect_pages` merges; a deletion before it makes at most one other row be missed. If so many rows are
inserted that a page is returned again unchanged, that is an error and not an endless list.

The vendor is not trusted: pages and rows are limited, a repeated cursor is an error, and a next link is
followed only on its own origin.
"""

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

from student_graph.adapters.errors import BadKeyError, PayloadError
from student_graph.adapters.lookup import Window
from student_graph.adapters.origins import resolve_link

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


async def collect_pages(pages: AsyncIterable[Iterable[T]], *, key: Callable[[T], Hashable]) -> list[T]:
    """Return the rows of all pages. Of rows with the same key, the last replaces the first at its position."""
    rows_by_key: dict[Hashable, T] = {}
    async for page in pages:
        rows_by_key.update((key(row), row) for row in page)
    return list(rows_by_key.values())


async def offset_page(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    rows: Callable[[httpx.Response], P],
    window: Window,
    *,
    max_limit: int = 500,
    short_page_ends: bool = False,
    param_names: tuple[str, str] = ("limit", "offset"),
) -> PayloadPage[P]:
    """
    Read one page by limit and offset. `param_names` are the vendor's names of these two query parameters.

    The list ends at the vendor's total or at an empty page. A short page ends it only with `short_page_ends`,
    because many servers silently reduce the limit.

    Raises:
        BadKeyError: the cursor of the window is not a cursor of this list.
    """
    offset, limit = _parse_int(window.after or "0"), min(window.first, max_limit)
    if offset is None:
        raise BadKeyError("not a cursor of this list")
    response = await http.get(url, params={**params, param_names[0]: limit, param_names[1]: offset})
    page, total = rows(response), total_count(response)
    next_offset = offset + len(page)
    is_last = not len(page) or next_offset == total or (short_page_ends and len(page) < limit)
    return PayloadPage(page, None if is_last else str(next_offset), total)


def offset_pages(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    rows: Callable[[httpx.Response], P],
    *,
    limit: int = 500,
    short_page_ends: bool = False,
    param_names: tuple[str, str] = ("limit", "offset"),
) -> AsyncIterator[P]:
    """Read all pages by limit and offset; see `offset_page` for the arguments and the end of the list."""
    return _all_pages(
        lambda after: offset_page(
            http,
            url,
            params,
            rows,
            Window(limit, after),
            max_limit=limit,
            short_page_ends=short_page_ends,
            param_names=param_names,
        )
    )


async def link_page(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    rows: Callable[[httpx.Response], P],
    window: Window,
    *,
    max_limit: int = 100,
    limit_param: str = "per_page",
) -> PayloadPage[P]:
    """
    Read one page of a list whose responses link to the next page: `Link: <...>; rel="next"` (RFC 8288).

    The cursor is the path and query of the next link, so that it cannot lead to another origin.

    Raises:
        BadKeyError: the cursor of the window is not a cursor of this list.
        PayloadError: the next link leads to another origin.
    """
    request = http.build_request("GET", url, params={**params, limit_param: min(window.first, max_limit)})
    if window.after is not None:
        if not (window.after.startswith("/") and window.after.isascii() and window.after.isprintable()):
            raise BadKeyError("not a cursor of this list")
        request = http.build_request("GET", request.url.copy_with(raw_path=window.after.encode()))
    response = await http.send(request)
    page = rows(response)
    return PayloadPage(page, _next_link(request.url, response), total_count(response))


def link_pages(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    rows: Callable[[httpx.Response], P],
    *,
    limit: int = 100,
    limit_param: str = "per_page",
) -> AsyncIterator[P]:
    """Read all pages of a list whose responses link to the next page; see `link_page`."""
    return _all_pages(
        lambda after: link_page(
            http, url, params, rows, Window(limit, after), max_limit=limit, limit_param=limit_param
        )
    )


async def cursor_page(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    read: Callable[[httpx.Response], tuple[P, str | None]],
    after: str | None,
    *,
    param: str,
) -> PayloadPage[P]:
    """Read one page of a list whose responses hold the next cursor; `read` returns the rows and that cursor."""
    response = await http.get(url, params=params if after is None else {**params, param: after})
    page, next_cursor = read(response)
    return PayloadPage(page, next_cursor or None, total_count(response))


def cursor_pages(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    read: Callable[[httpx.Response], tuple[P, str | None]],
    *,
    param: str,
) -> AsyncIterator[P]:
    """Read all pages of a list whose responses hold the next cursor; an empty page does not end the list."""
    return _all_pages(lambda after: cursor_page(http, url, params, read, after, param=param))


def token_pages(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    rows: Callable[[httpx.Response], P],
    *,
    header: str = "Next-Page-Token",
    param: str = "pageToken",
) -> AsyncIterator[P]:
    """Read all pages of a list whose responses hold the next token in a header; an empty page does not end it."""
    return cursor_pages(
        http, url, params, lambda response: (rows(response), response.headers.get(header)), param=param
    )


def keyset_pages(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    rows: Callable[[httpx.Response], list[T]],
    *,
    cursor_of: Callable[[T], str],
    param: str = "starting_after",
) -> AsyncIterator[list[T]]:
    """Read all pages of a list by asking for the rows after the last one; an empty page ends the list."""

    def read(response: httpx.Response) -> tuple[list[T], str | None]:
        page = rows(response)
        return page, cursor_of(page[-1]) if page else None

    return cursor_pages(http, url, params, read, param=param)


def total_count(response: httpx.Response) -> int | None:
    """Return the length of the complete list as the vendor reports it, or None."""
    headers = response.headers
    return _parse_int(headers.get("total-count") or headers.get("x-total-count") or "")


def _next_link(current: httpx.URL, response: httpx.Response) -> str | None:
    """Return path and query of the next page, or None; check that it is another page on the same origin."""
    links = response.links.items()
    link = next((target["url"] for rel, target in links if "next" in (rel or "").lower().split()), None)
    if link is None:
        return None
    target = resolve_link(current, link)
    if target.raw_path == current.raw_path:
        raise PayloadError("a page that links to itself")
    return target.raw_path.decode("ascii")


def _parse_int(text: str) -> int | None:
    """Parse a number of at most twelve digits; None if the text is anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


async def _all_pages(read_page: Callable[[str | None], Awaitable[PayloadPage[P]]]) -> AsyncIterator[P]:
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
