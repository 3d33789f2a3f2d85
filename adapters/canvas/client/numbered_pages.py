"""
Lists whose first page links to the last one by number: the other pages are read at the same time.

Canvas numbers the pages of users and courses of an account, and counts them unless that would be slow. Enrollments
have bookmarks instead, and every list may come without a last link; such lists are read page by page.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import httpx

from student_graph.adapters.concurrency import gather_in_order
from student_graph.adapters.errors import NotOfferedError
from student_graph.adapters.lookup import Window
from student_graph.adapters.paging import Params, PayloadPage, link_page

T = TypeVar("T")

ROWS_PER_PAGE = 100


async def numbered_pages(
    http: httpx.AsyncClient,
    url: str,
    params: Params,
    rows: Callable[[httpx.Response], list[T]],
    *,
    max_pages: int,
    concurrency: int,
) -> AsyncIterator[list[T]]:
    """
    Read all pages of a list, at most `concurrency` at the same time.

    Raises:
        NotOfferedError: The list has more than `max_pages` pages.
    """
    responses: list[httpx.Response] = []

    def read_rows(response: httpx.Response) -> list[T]:
        responses.append(response)
        return rows(response)

    async def read_page(after: str | None) -> PayloadPage[list[T]]:
        return await link_page(http, url, params, read_rows, Window(ROWS_PER_PAGE, after))

    page = await read_page(None)
    yield page.rows
    count = 1
    addresses = [] if page.after is None else _addresses(page.after, responses[0])
    if len(addresses) >= max_pages:
        raise NotOfferedError("a list of too many pages")
    if addresses:
        pages = await gather_in_order(addresses, read_page, concurrency)
        for page in pages:
            yield page.rows
        count += len(pages)
    while page.after is not None:  # no last link, or the list has become longer
        if count >= max_pages:
            raise NotOfferedError("a list of too many pages")
        page = await read_page(page.after)
        yield page.rows
        count += 1


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
