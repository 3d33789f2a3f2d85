"""Lists whose responses lead to the next page: by a link, a cursor, a token or the key of the last row."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sized
from typing import TypeVar

import httpx

from student_graph.adapters.errors import BadKeyError, PayloadError
from student_graph.adapters.lookup import Window
from student_graph.adapters.origins import resolve_link
from student_graph.adapters.paging.pages import Params, PayloadPage, all_pages, total_count
from student_graph.adapters.reading import counting_page_rows

P = TypeVar("P", bound=Sized)
T = TypeVar("T")


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
    with counting_page_rows() as count:
        page = rows(response)
    return PayloadPage(page, _next_link(request.url, response), total_count(response), count.unreadable)


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
    return all_pages(
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
    with counting_page_rows() as count:
        page, next_cursor = read(response)
    return PayloadPage(page, next_cursor or None, total_count(response), count.unreadable)


def cursor_pages(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    read: Callable[[httpx.Response], tuple[P, str | None]],
    *,
    param: str,
) -> AsyncIterator[P]:
    """Read all pages of a list whose responses hold the next cursor; an empty page does not end the list."""
    return all_pages(lambda after: cursor_page(http, url, params, read, after, param=param))


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
