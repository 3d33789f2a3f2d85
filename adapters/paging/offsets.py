"""Lists by limit and offset, page after page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sized
from typing import TypeVar

import httpx

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.lookup import Window
from student_graph.adapters.paging.pages import Params, PayloadPage, all_pages, parse_count, total_count
from student_graph.adapters.reading import counting_page_rows

P = TypeVar("P", bound=Sized)


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
    offset, limit = parse_count(window.after or "0"), min(window.first, max_limit)
    if offset is None:
        raise BadKeyError("not a cursor of this list")
    response = await http.get(url, params={**params, param_names[0]: limit, param_names[1]: offset})
    with counting_page_rows() as count:
        page, total = rows(response), total_count(response)
    sent = len(page) + count.unreadable
    next_offset = offset + sent
    is_last = not sent or next_offset == total or (short_page_ends and sent < limit)
    return PayloadPage(page, None if is_last else str(next_offset), total, count.unreadable)


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
    return all_pages(
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
