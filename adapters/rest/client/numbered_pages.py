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

    The cursor is the number of rows before the page, and the rows of the page before it: a page of another size
    begins at the same row if its size divides the number of rows before it. A short page does not end the list,
    because many servers silently reduce the size; the total, the number of pages or an empty page does.

    Raises:
        BadKeyError: the cursor of the window is not a cursor of this list.
    """
    before, size = _position(window)
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
    return PayloadPage(page, after, length, count.unreadable)


def _position(window: Window) -> tuple[int, int]:
    """The number of rows before the page, and the size of the page."""
    if window.after is None:
        return 0, window.first
    before, size = (parse_count(part) for part in (*window.after.split("."), "")[:2])
    if not before or not size:
        raise BadKeyError("not a cursor of this list")
    largest = min(window.first, size)
    return before, next(number for number in range(largest, 0, -1) if before % number == 0)
