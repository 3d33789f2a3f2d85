"""A vendor with one list that changes between its pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.sandbox.serving import Sandbox

Change: TypeAlias = tuple[Literal["insert", "delete"], float]
"""An insertion or a deletion, and its position in the list as a share from 0 to 1."""
INITIAL_GAP = 2**20
"""Difference between two rows at the start, which leaves room for insertions."""


class ChangingListVendor(Sandbox):
    """Sorted numbers, paged by position or by key; the list changes after each page."""

    kind = "changing-list"

    def start(self, count: int, max_page_size: int, changes: list[list[Change]]) -> None:
        """Start with `count` rows. `changes` are the changes after each page."""
        self.rows = [number * INITIAL_GAP for number in range(count)]
        self.max_page_size, self.changes = max_page_size, iter(changes)
        self.unchanged = set(self.rows)
        """Rows that exist the whole time."""
        self.inserted = self.deleted = 0

    def settings(self) -> dict[str, Any]:
        """No settings are needed."""
        return {}

    def known_keys(self, kind: str) -> list[str]:
        """There are no keys."""
        return []

    def throttled_response(self) -> Response:
        """Not used by any test."""
        return Response(status_code=429)

    def routes(self) -> Sequence[BaseRoute]:
        """One route for each style."""
        styles = (self.offset, self.total, self.links, self.token, self.cursor, self.keyset)
        return [Route(f"/{style.__name__}", style) for style in styles]

    async def offset(self, request: Request) -> Response:
        """Limit and offset, without a total."""
        return self.respond(self.rows_at(request, "offset")[0])

    async def total(self, request: Request) -> Response:
        """Limit and offset, with a total."""
        return self.respond(self.rows_at(request, "offset")[0], {"Total-Count": str(len(self.rows))})

    async def links(self, request: Request) -> Response:
        """`Link` headers with a position."""
        page, end = self.rows_at(request, "page")
        link = f'</links?page={end}&limit={request.query_params["limit"]}>; rel="next"'
        return self.respond(page, {"Link": link} if end < len(self.rows) else {})

    async def token(self, request: Request) -> Response:
        """A token that is a position."""
        page, end = self.rows_at(request, "pageToken")
        return self.respond(page, {"Next-Page-Token": str(end)} if end < len(self.rows) else {})

    async def cursor(self, request: Request) -> Response:
        """A token that is the last row of the page."""
        page = self.rows_after(request, "pageToken")
        return self.respond(page, {"Next-Page-Token": str(page[-1])} if page and page[-1] < self.rows[-1] else {})

    async def keyset(self, request: Request) -> Response:
        """The rows after the last one that was read."""
        return self.respond(self.rows_after(request, "starting_after"))

    def rows_at(self, request: Request, param: str) -> tuple[list[int], int]:
        """Return the rows from a position, and the position after them."""
        start = int(request.query_params.get(param, "0"))
        end = start + min(int(request.query_params["limit"]), self.max_page_size)
        return self.rows[start:end], end

    def rows_after(self, request: Request, param: str) -> list[int]:
        """Return the rows after a number."""
        after = int(request.query_params.get(param, str(-(10**12))))
        size = min(int(request.query_params["limit"]), self.max_page_size)
        return [row for row in self.rows if row > after][:size]

    def respond(self, page: list[int], headers: dict[str, str] | None = None) -> Response:
        """Respond with a page, then apply the next changes."""
        response = JSONResponse(page, headers=headers)
        for change, share in next(self.changes, []):
            index = round(share * len(self.rows))
            if change == "insert":
                self.insert(index)
            elif index < len(self.rows):
                self.unchanged.discard(self.rows.pop(index))
                self.deleted += 1
        return response

    def insert(self, index: int) -> None:
        """Insert a new row, if there is a number left for it."""
        before = self.rows[index - 1] if index else (self.rows[0] if self.rows else 0) - INITIAL_GAP
        after = self.rows[index] if index < len(self.rows) else before + INITIAL_GAP
        if (row := (before + after) // 2) != before:
            self.rows.insert(index, row)
            self.inserted += 1
