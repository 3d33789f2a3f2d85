"""Lists by numbers of pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.lookup import Window
from student_graph.adapters.paging import PayloadPage
from student_graph.adapters.paging.pages import parse_count
from student_graph.adapters.reading import counting_page_rows
from student_graph.adapters.rest.client.requests import RowRequest
from student_graph.adapters.rest.declaration.models import NumberPaging

_FIXED = "fixed"
"""Last part of a cursor of a server that sends pages of its own size, whatever is requested."""
Rows = list[dict[str, Any]]
Count = Callable[[httpx.Response], int | None]


async def read_numbered_page(
    http: httpx.AsyncClient,
    request: RowRequest,
    rows: Callable[[httpx.Response], Rows],
    window: Window,
    *,
    style: NumberPaging,
    total: Count,
    page_count: Count,
) -> PayloadPage[Rows]:
    """
    Read one page of a list by numbers of pages.

    The cursor has the number of rows before the page, and the size of the previous page. A page of another size
    begins at the same row if that size divides the number of rows before it. A short page does not end the list,
    because many servers silently reduce the size. The list ends by its total, by the number of pages, or with an
    empty page. A server that sends more rows than requested has pages of that size: the cursor says so, and no
    other size is tried.

    Raises:
        BadKeyError: the cursor of the window is not a cursor of this list.
    """
    before, size, is_fixed = _position(window)
    number = before // size if size else 0
    sizes = {} if style.size is None else {style.size: str(size)}
    response = await request.send(http, {**sizes, style.page: str(number + style.first)})
    with counting_page_rows() as count:
        page = rows(response)
    sent = len(page) + count.unreadable
    length, pages = total(response), page_count(response)
    end = before + sent
    is_last = not sent or length == end or (pages is not None and number + 1 >= pages)
    # The server may have sent fewer rows than requested: then this is the size of its pages.
    after = None if is_last else f"{end}.{sent if not before else min(sent, size)}"
    if after is not None and (is_fixed or sent > size):
        after = f"{end}.{sent if not before else size}.{_FIXED}"
    return PayloadPage(page, after, length, count.unreadable)


def _position(window: Window) -> tuple[int, int, bool]:
    """The number of rows before the page, the size of the page, and whether the server has that size only."""
    if window.after is None:
        return 0, window.first, False
    parts = window.after.split(".")
    before, size = (parse_count(part) for part in (*parts, "")[:2])
    if not before or not size:
        raise BadKeyError("not a cursor of this list")
    if parts[2:] == [_FIXED]:
        return before, size, True
    largest = min(window.first, size)
    return before, next(number for number in range(largest, 0, -1) if before % number == 0), False
