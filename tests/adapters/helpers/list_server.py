"""A server with one list of numbers, by limit and offset."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
from pydantic import TypeAdapter

from student_graph.adapters.errors import BodyTooLargeError
from student_graph.adapters.paging import OffsetLists
from student_graph.adapters.reading import read

NUMBERS = TypeAdapter(list[int])
URL = "http://vendor.test/rows"
PAGE_SIZE = 500


class ListServer(httpx.AsyncBaseTransport):
    """A server with one list of numbers, which may change between pages."""

    def __init__(self, count: int) -> None:
        self.rows = list(range(count))
        self.max_rows = PAGE_SIZE
        """Rows that it sends in a page at most, whatever is requested."""
        self.refuse: Callable[[int], httpx.Response | None] = lambda _: None
        """The response that refuses a limit, or None."""
        self.with_total = True
        self.ignores_offset = self.ignores_limit = False
        self.max_numbers_in_body = 10**9
        """Rows that fit into a body that is not too large."""
        self.changes: list[Callable[[list[int]], None]] = []
        """Changes of the rows, each before another page is sent that is not the first of the list."""
        self.limits: list[int] = []
        """The limit of each request."""
        self.running = self.most_running = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request for a page."""
        limit, offset = (int(request.url.params[name]) for name in ("limit", "offset"))
        self.limits.append(limit)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        if offset and self.changes:
            self.changes.pop(0)(self.rows)
        if (refusal := self.refuse(limit)) is not None:
            return refusal
        start = 0 if self.ignores_offset else offset
        page = self.rows[start : start + min(len(self.rows) if self.ignores_limit else limit, self.max_rows)]
        if len(page) > self.max_numbers_in_body:
            raise BodyTooLargeError("too large")
        headers = {"Total-Count": str(len(self.rows))} if self.with_total else {}
        return httpx.Response(200, json=page, headers=headers)


def lists_of(server: ListServer, *, page_size: int = PAGE_SIZE, concurrency: int = 8) -> OffsetLists:
    """The lists of a server."""
    return OffsetLists(httpx.AsyncClient(transport=server), page_size=page_size, concurrency=concurrency)


async def read_all(lists: OffsetLists, **limits: int) -> list[int]:
    """All rows of the list, which may have as many rows and pages as `limits` say."""
    return await lists.read_list(
        URL, {}, lambda response: read(response, NUMBERS), key=lambda number: number, **limits
    )


def message(text: str) -> httpx.Response:
    """A 400 with a message, in the form of Ed-Fi."""
    return httpx.Response(400, json={"status": 400, "errors": [text], "correlationId": "11"})
