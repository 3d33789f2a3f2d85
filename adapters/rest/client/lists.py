"""Reads the lists of a declared vendor, in the style of paging that the declaration names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import TypeAdapter
from pydantic_core import to_json

from student_graph.adapters.errors import BadKeyError, PayloadError
from student_graph.adapters.keys import query_text
from student_graph.adapters.lookup import Window
from student_graph.adapters.origins import resolve_link
from student_graph.adapters.paging import (
    OffsetLists,
    PayloadPage,
    collect_pages,
    cursor_page,
    link_page,
    total_count,
)
from student_graph.adapters.paging.pages import all_pages
from student_graph.adapters.reading import counting_page_rows, read, report_unreadable_row
from student_graph.adapters.reading.unreadable import SCHEMA_CODE
from student_graph.adapters.rest.client.numbered_pages import read_numbered_page
from student_graph.adapters.rest.client.requests import RowRequest
from student_graph.adapters.rest.declaration.models import (
    CursorPaging,
    LinkPaging,
    NoPaging,
    NumberPaging,
    OffsetPaging,
    PagingStyle,
)
from student_graph.adapters.rest.mapping.paths import Getter, UnreadableValueError, compile_path

_ANY: TypeAdapter[Any] = TypeAdapter(Any)
_DOCUMENT = "student_graph.document"
_MAX_TOTAL = 10**12


def document_of(response: httpx.Response) -> Any:
    """
    Return the parsed body of a response, which is parsed once.

    Raises:
        PayloadError: it is not JSON, too large, or an error object.
        httpx.HTTPStatusError: the status is not a success.
    """
    if _DOCUMENT not in response.extensions:
        response.extensions[_DOCUMENT] = read(response, _ANY)
    return response.extensions[_DOCUMENT]


def value_at(get: Getter, document: Any) -> Any:
    """
    Return the value at a path of a response.

    Raises:
        PayloadError: the expression cannot be evaluated.
    """
    try:
        return get(document)
    except UnreadableValueError:
        raise PayloadError("a response without what the declaration looks for", code=SCHEMA_CODE) from None


@dataclass(frozen=True, slots=True)
class RowSource:
    """Where the rows are in a response, and how two rows are distinguished."""

    get: Getter
    key: Callable[[dict[str, Any]], Hashable]
    is_single: bool = False
    """Whether the response may be one object instead of a list of them."""

    def with_rows(self, get: Getter) -> RowSource:
        """The source of other rows of a response, which have no id to compare; the response may be one row."""
        return RowSource(get, to_json, is_single=True)

    def distinct(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows, each once: some servers send a row twice in one response."""
        by_key: dict[Hashable, dict[str, Any]] = {}
        for row in rows:
            by_key.setdefault(self.key(row), row)
        return list(by_key.values())

    def rows(self, response: httpx.Response) -> list[dict[str, Any]]:
        """
        Return the rows of a response. An element that is no object is left out and reported.

        Raises:
            PayloadError: there is no list where the rows should be.
        """
        elements = value_at(self.get, document_of(response))
        if self.is_single and type(elements) is dict:
            return [elements]
        if type(elements) is not list:
            raise PayloadError("unexpected shape (no list of rows)", code=SCHEMA_CODE)
        rows = []
        for row in elements:
            if type(row) is dict:
                rows.append(row)
            else:
                error = PayloadError("unexpected shape (a row that is no object)", code=SCHEMA_CODE)
                report_unreadable_row(to_json(row), error, of_page=True)
        return rows


Rows = list[dict[str, Any]]


class Lists:
    """The lists of a vendor in one style of paging."""

    def __init__(self, http: httpx.AsyncClient, style: PagingStyle, concurrency: int) -> None:
        self._http, self._style = http, style
        self._total_path = None if isinstance(style, NoPaging) or not style.total else compile_path(style.total)
        names = (style.size, style.offset) if isinstance(style, OffsetPaging) else ("limit", "offset")
        self._offsets = OffsetLists(
            http,
            page_size=1 if isinstance(style, NoPaging) else style.rows,
            concurrency=min(concurrency, 8),
            param_names=names,
            total=self.total,
        )
        next_path = style.next if isinstance(style, LinkPaging | CursorPaging) else None
        self._next = compile_path(next_path) if next_path else None
        row_path = style.row if isinstance(style, CursorPaging) else None
        self._row_cursor = compile_path(row_path) if row_path else None
        self._pages = compile_path(style.pages) if isinstance(style, NumberPaging) and style.pages else None

    def total(self, response: httpx.Response) -> int | None:
        """The length of the complete list as a response reports it, or None."""
        if self._total_path is None:
            return total_count(response)
        return _count(value_at(self._total_path, document_of(response)))

    async def read_all(self, request: RowRequest, source: RowSource) -> Rows:
        """Return all rows of a list, each once."""
        match self._style:
            case NoPaging():
                return source.distinct(source.rows(await request.send(self._http, {})))
            case OffsetPaging():
                return await self._offsets.read_list(
                    request.url, dict(request.params), source.rows, key=source.key
                )
            case _:
                rows = self._style.rows

                def pages() -> AsyncIterator[Rows]:
                    return all_pages(lambda after: self.read_page(request, source, Window(rows, after)))

                return await collect_pages(pages, key=source.key)

    async def read_page(self, request: RowRequest, source: RowSource, window: Window) -> PayloadPage[Rows]:
        """
        Return one page of a list.

        Raises:
            BadKeyError: the cursor of the window is not a cursor of this list.
        """
        style = self._style
        if isinstance(style, NoPaging):
            return await self._part_of_list(request, source, window)
        url, params = request.url, dict(request.params)
        if isinstance(style, OffsetPaging):
            return await self._offsets.read_page(url, params, source.rows, window)
        window = Window(min(window.first, style.rows), window.after)
        if isinstance(style, NumberPaging):
            return await read_numbered_page(
                self._http,
                request,
                source.rows,
                window,
                style=style,
                total=self.total,
                page_count=self._page_count,
            )
        if style.size is not None:
            params = {**params, style.size: str(window.first)}
        if isinstance(style, LinkPaging):
            return await self._linked_page(url, params, source, window)
        after = None if window.after is None else query_text(window.after)

        def rows_and_cursor(response: httpx.Response) -> tuple[Rows, str | None]:
            rows = source.rows(response)
            return rows, self._cursor_after(style, response, rows)

        page = await cursor_page(self._http, url, params, rows_and_cursor, after, param=style.parameter)
        total = page.total if self._total_path is None else None
        return PayloadPage(page.rows, page.after, total, page.unreadable)

    async def _part_of_list(self, request: RowRequest, source: RowSource, window: Window) -> PayloadPage[Rows]:
        """A part of a list that the vendor sends at once; the cursor is a number of rows."""
        start = window.after or "0"
        if not (start.isascii() and start.isdigit() and len(start) < 10):
            raise BadKeyError("not a cursor of this list")
        rows = await self.read_all(request, source)
        end = int(start) + window.first
        return PayloadPage(rows[int(start) : end], str(end) if end < len(rows) else None, len(rows))

    async def _linked_page(
        self, url: str, params: dict[str, str], source: RowSource, window: Window
    ) -> PayloadPage[Rows]:
        if self._next is None:
            return await link_page(
                self._http, url, params, source.rows, window, limit_param=self._size_name, max_limit=window.first
            )
        request = self._http.build_request("GET", url, params=params)
        if window.after is not None:
            if not (window.after.startswith("/") and window.after.isascii() and window.after.isprintable()):
                raise BadKeyError("not a cursor of this list")
            request = self._http.build_request("GET", request.url.copy_with(raw_path=window.after.encode()))
        response = await self._http.send(request)
        with counting_page_rows() as count:
            rows = source.rows(response)
        link = value_at(self._next, document_of(response))
        after = None if not link else resolve_link(request.url, str(link)).raw_path.decode("ascii")
        if after == request.url.raw_path.decode("ascii"):
            raise PayloadError("a page that links to itself")
        return PayloadPage(rows, after, self.total(response), count.unreadable)

    @property
    def _size_name(self) -> str:
        return getattr(self._style, "size", None) or "per_page"

    def _page_count(self, response: httpx.Response) -> int | None:
        return None if self._pages is None else _count(value_at(self._pages, document_of(response)))

    def _cursor_after(self, style: CursorPaging, response: httpx.Response, rows: Rows) -> str | None:
        """The cursor of the next page; None at the end of the list."""
        if style.header is not None:
            header: str | None = response.headers.get(style.header)
            return header
        if self._next is not None:
            cursor = value_at(self._next, document_of(response))
        else:
            assert self._row_cursor is not None, "a cursor is in the body, in a header or in a row"
            cursor = value_at(self._row_cursor, rows[-1]) if rows else None
        if cursor is not None and (type(cursor) not in (str, int) or len(str(cursor)) > 2000):
            raise PayloadError("a cursor that is no text", code=SCHEMA_CODE)
        return None if cursor is None or cursor == "" else str(cursor)


def _count(value: Any) -> int | None:
    """A number of rows or pages; None for anything else."""
    if type(value) is str and value.isascii() and value.isdigit() and len(value) <= 12:
        return int(value)
    return value if type(value) is int and 0 <= value <= _MAX_TOTAL else None
