"""A vendor with one list of numbers in every style of paging, with correct and incorrect responses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.sandbox.serving import Sandbox


class ListVendor(Sandbox):
    """A vendor with one list of numbers, in every style of paging."""

    kind = "lists"
    count = 0
    max_page_size = 1000
    link: str | None = None
    """The next link of every response; None for the correct one."""

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
        styles = (self.offset, self.total, self.stuck, self.links, self.token, self.gaps, self.circle, self.keyset)
        return [Route(f"/{style.__name__}", style) for style in styles]

    def slice(self, request: Request, start: int, size: str = "limit") -> tuple[list[int], int]:
        """Return the rows from `start`, and the start of the next page."""
        end = start + min(int(request.query_params.get(size, "10")), self.max_page_size)
        return self.switches.shown(range(self.count))[start:end], end

    async def offset(self, request: Request) -> Response:
        """Limit and offset, without a total."""
        return JSONResponse(self.slice(request, int(request.query_params["offset"]))[0])

    async def total(self, request: Request) -> Response:
        """Limit and offset, with a total."""
        rows, _ = self.slice(request, int(request.query_params["offset"]))
        return JSONResponse(rows, headers={"Total-Count": str(self.count)})

    async def stuck(self, request: Request) -> Response:
        """Limit and offset, but the offset is ignored."""
        return JSONResponse(self.slice(request, 0)[0])

    async def links(self, request: Request) -> Response:
        """`Link` headers with the server's own cursor."""
        rows, end = self.slice(request, int(request.query_params.get("page", "0")), "per_page")
        size = request.query_params["per_page"]
        link = self.link or (f"{self.url}/links?page={end}&per_page={size}" if end < self.count else None)
        first = f'<{self.url}/links?per_page={size}>; rel="first"'
        return JSONResponse(rows, headers={"Link": f'{first}, <{link}>; rel="next"' if link else first})

    async def token(self, request: Request) -> Response:
        """A token in a header."""
        rows, end = self.slice(request, int(request.query_params.get("pageToken", "t0")[1:]), "pageSize")
        return JSONResponse(rows, headers={"Next-Page-Token": f"t{end}"} if end < self.count else {})

    async def gaps(self, request: Request) -> Response:
        """A token in the body; every second page is empty."""
        at = int(request.query_params.get("at", "0"))
        rows, end = self.slice(request, at // 2)
        if at % 2:
            return JSONResponse([[], str(at - 1)])
        return JSONResponse([rows, str(2 * end + 1) if end < self.count else None])

    async def circle(self, request: Request) -> Response:
        """Two pages whose cursors lead to each other."""
        at = request.query_params.get("at", "a")
        return JSONResponse([[ord(at)], {"a": "b", "b": "a"}[at]])

    async def keyset(self, request: Request) -> Response:
        """The numbers after the last one that was read."""
        return JSONResponse(self.slice(request, int(request.query_params.get("starting_after", "-1")) + 1)[0])
