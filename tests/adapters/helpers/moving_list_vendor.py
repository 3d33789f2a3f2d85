"""A vendor with one list whose rows come and go between its pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.sandbox.serving import Sandbox

Change: TypeAlias = tuple[Literal["insert", "delete"], float]
"""What happens to the list, and how far down it."""
APART = 2**20
"""How far rows are from each other at first: room for others between them."""


class Moving(Sandbox):
    """Numbers in order, paged by position or by key; after each page the next changes happen."""

    kind = "moving"

    def start(self, count: int, clamp: int, plan: list[list[Change]]) -> None:
        """Begin with so many rows, pages of at most `clamp`, and these changes after each of them."""
        self.rows = [number * APART for number in range(count)]
        self.clamp, self.plan = clamp, iter(plan)
        self.steady = set(self.rows)
        self.inserted = self.deleted = 0

    def settings(self) -> dict[str, Any]:
        """None are needed."""
        return {}

    def known_keys(self, kind: str) -> list[str]:
        """There are no keys."""
        return []

    def throttled_response(self) -> Response:
        """Never used."""
        return Response(status_code=429)

    def routes(self) -> Sequence[BaseRoute]:
        """One address a style."""
        styles = (self.offset, self.total, self.links, self.token, self.cursor, self.keyset)
        return [Route(f"/{style.__name__}", style) for style in styles]

    async def offset(self, request: Request) -> Response:
        """Limit and offset, no total."""
        return self.answer(self.at(request, "offset")[0])

    async def total(self, request: Request) -> Response:
        """Limit and offset, with a total."""
        return self.answer(self.at(request, "offset")[0], {"Total-Count": str(len(self.rows))})

    async def links(self, request: Request) -> Response:
        """Link headers that name a position."""
        page, end = self.at(request, "page")
        link = f'</links?page={end}&limit={request.query_params["limit"]}>; rel="next"'
        return self.answer(page, {"Link": link} if end < len(self.rows) else {})

    async def token(self, request: Request) -> Response:
        """A token that names a position."""
        page, end = self.at(request, "pageToken")
        return self.answer(page, {"Next-Page-Token": str(end)} if end < len(self.rows) else {})

    async def cursor(self, request: Request) -> Response:
        """A token that names the last row of the page."""
        page = self.beyond(request, "pageToken")
        return self.answer(page, {"Next-Page-Token": str(page[-1])} if page and page[-1] < self.rows[-1] else {})

    async def keyset(self, request: Request) -> Response:
        """What comes after the last row seen."""
        return self.answer(self.beyond(request, "starting_after"))

    def at(self, request: Request, param: str) -> tuple[list[int], int]:
        """Rows from a position on, and the position after them."""
        start = int(request.query_params.get(param, "0"))
        end = start + min(int(request.query_params["limit"]), self.clamp)
        return self.rows[start:end], end

    def beyond(self, request: Request, param: str) -> list[int]:
        """Rows that are greater than a number."""
        after = int(request.query_params.get(param, str(-(10**12))))
        size = min(int(request.query_params["limit"]), self.clamp)
        return [row for row in self.rows if row > after][:size]

    def answer(self, page: list[int], headers: dict[str, str] | None = None) -> Response:
        """A page; then the next changes happen."""
        response = JSONResponse(page, headers=headers)
        for change, where in next(self.plan, []):
            place = round(where * len(self.rows))
            if change == "insert":
                self.insert(place)
            elif place < len(self.rows):
                self.steady.discard(self.rows.pop(place))
                self.deleted += 1
        return response

    def insert(self, place: int) -> None:
        """A new row at that place."""
        before = self.rows[place - 1] if place else (self.rows[0] if self.rows else 0) - APART
        after = self.rows[place] if place < len(self.rows) else before + APART
        if (made := (before + after) // 2) != before:
            self.rows.insert(place, made)
            self.inserted += 1
