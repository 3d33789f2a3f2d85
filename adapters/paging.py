"""
Reading long lists, one page at a time or all of them.

Vendors page in five styles. Each has a function for one page (`offset_page`), which a paging lookup answers a
`Window` with, and one for every page (`offset_pages`). `rows` turns a response into what a page holds: a list of
payloads, or `reading.Rows`.

What happens to a list while it is read depends on the style. By key (a keyset, a cursor that names a row) each
row that is there all the time comes once. By position (limit and offset, and the links and tokens of vendors
that count rows) a row inserted before the place reached has another come twice, which `everything` makes one
of, and a row deleted before it has at most one other be missed: no more are ever missed than were deleted. When
so many are inserted that a page comes again as it was, that is an error and not a list without end.

No style trusts the vendor: pages and items are capped, a cursor that comes back is an error, and a next link
is followed on its own origin only.
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
MAX_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Part(Generic[P]):
    """One page of a vendor's list."""

    rows: P
    after: str | None
    """The vendor's cursor of the next page; None at the end."""
    total: int | None = None
    """How many there are in all, where the vendor says so."""


async def collect_pages(pages: AsyncIterable[Iterable[T]], *, key: Callable[[T], Hashable]) -> list[T]:
    """All rows; of those with the same key the last counts, at the place of the first."""
    found: dict[Hashable, T] = {}
    async for page in pages:
        found.update((key(row), row) for row in page)
    return list(found.values())


async def offset_page(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    rows: Callable[[httpx.Response], P],
    window: Window,
    *,
    max_limit: int = 500,
    short_page_ends: bool = False,
    spelled: tuple[str, str] = ("limit", "offset"),
) -> Part[P]:
    """
    One page by limit and offset.

    Servers clamp the limit without a word, so a short page proves nothing unless `short_page_ends`; the list
    ends at the vendor's total or at an empty page.

    Raises:
        BadKeyError: the cursor of the window is none of this list.
    """
    offset, limit = _whole_number(window.after or "0"), min(window.first, max_limit)
    if offset is None:
        raise BadKeyError("not a cursor of this list")
    response = await http.get(url, params={**params, spelled[0]: limit, spelled[1]: offset})
    page, total = rows(response), total_of(response)
    reached = offset + len(page)
    ended = not len(page) or reached == total or (short_page_ends and len(page) < limit)
    return Part(page, None if ended else str(reached), total)


def offset_pages(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    rows: Callable[[httpx.Response], P],
    *,
    limit: int = 500,
    short_page_ends: bool = False,
    spelled: tuple[str, str] = ("limit", "offset"),
) -> AsyncIterator[P]:
    """Every page by limit and offset; see `offset_page` for where it ends."""
    return _every(
        lambda after: offset_page(
            http,
            url,
            params,
            rows,
            Window(limit, after),
            max_limit=limit,
            short_page_ends=short_page_ends,
            spelled=spelled,
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
) -> Part[P]:
    """
    One page of a list whose pages are chained by `Link: <...>; rel="next"` (RFC 8288).

    The cursor is path and query of the next link: it cannot lead elsewhere.

    Raises:
        BadKeyError: the cursor of the window is none of this list.
        PayloadError: the next link leads to another origin.
    """
    request = http.build_request("GET", url, params={**params, limit_param: min(window.first, max_limit)})
    if window.after is not None:
        if not (window.after.startswith("/") and window.after.isascii() and window.after.isprintable()):
            raise BadKeyError("not a cursor of this list")
        request = http.build_request("GET", request.url.copy_with(raw_path=window.after.encode()))
    response = await http.send(request)
    page = rows(response)
    return Part(page, _next_link(request.url, response), total_of(response))


def link_pages(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    rows: Callable[[httpx.Response], P],
    *,
    limit: int = 100,
    limit_param: str = "per_page",
) -> AsyncIterator[P]:
    """Every page of a list whose pages are chained by `Link` headers."""
    return _every(
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
) -> Part[P]:
    """One page of a list whose answers hold the cursor of the next one; `read` finds rows and cursor."""
    response = await http.get(url, params=params if after is None else {**params, param: after})
    page, onwards = read(response)
    return Part(page, onwards or None, total_of(response))


def cursor_pages(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    read: Callable[[httpx.Response], tuple[P, str | None]],
    *,
    param: str,
) -> AsyncIterator[P]:
    """Every page of a list whose answers hold the cursor of the next one; an empty page is not the end."""
    return _every(lambda after: cursor_page(http, url, params, read, after, param=param))


def token_pages(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    rows: Callable[[httpx.Response], P],
    *,
    header: str = "Next-Page-Token",
    param: str = "pageToken",
) -> AsyncIterator[P]:
    """Every page of a list whose answers name the next page's token in a header; an empty page is not the end."""
    return cursor_pages(
        http, url, params, lambda response: (rows(response), response.headers.get(header)), param=param
    )


def keyset_pages(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    rows: Callable[[httpx.Response], list[T]],
    *,
    last: Callable[[T], str],
    param: str = "starting_after",
) -> AsyncIterator[list[T]]:
    """Every page of a list that is asked for what comes after the last row seen; ends at an empty page."""

    def read(response: httpx.Response) -> tuple[list[T], str | None]:
        page = rows(response)
        return page, last(page[-1]) if page else None

    return cursor_pages(http, url, params, read, param=param)


def total_of(response: httpx.Response) -> int | None:
    """How many rows the vendor says there are; None when it does not say."""
    headers = response.headers
    return _whole_number(headers.get("total-count") or headers.get("x-total-count") or "")


def _next_link(home: httpx.URL, response: httpx.Response) -> str | None:
    """Path and query of the next page, which is on the origin of this one and is not this one."""
    links = response.links.items()
    link = next((target["url"] for rel, target in links if "next" in (rel or "").lower().split()), None)
    if link is None:
        return None
    target = resolve_link(home, link)
    if target.raw_path == home.raw_path:
        raise PayloadError("a page that links to itself")
    return target.raw_path.decode("ascii")


def _whole_number(text: str) -> int | None:
    """A number of at most twelve digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


async def _every(turn: Callable[[str | None], Awaitable[Part[P]]]) -> AsyncIterator[P]:
    """Turn pages until the end, within bounds."""
    seen: set[str | None] = {None}
    after, items, before = None, 0, None
    while True:
        part = await turn(after)
        if len(part.rows) and part.rows == before:
            raise PayloadError("the same page again")
        items += len(part.rows)
        if items > MAX_ROWS:
            raise PayloadError(f"more than {MAX_ROWS} rows")
        yield part.rows
        if part.after is None:
            return
        if part.after in seen:
            raise PayloadError("a cursor that comes back")
        if len(seen) >= MAX_PAGES:
            raise PayloadError(f"more than {MAX_PAGES} pages")
        seen.add(part.after)
        after, before = part.after, part.rows
