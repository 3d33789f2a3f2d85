"""A vendor with one list of numbers, which it pages in every style, truthfully or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.sandbox.serving import Sandbox


class Lists(Sandbox):
    """A vendor with one list of numbers, in every style of paging."""

    kind = "lists"
    count = 0
    clamp = 1000
    link: str | None = None
    """What stands in every `Link` header, when not the truth."""

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
        styles = (self.offset, self.total, self.stuck, self.links, self.token, self.gaps, self.loop, self.keyset)
        return [Route(f"/{style.__name__}", style) for style in styles]

    def slice(self, request: Request, start: int, size: str = "limit") -> tuple[list[int], int]:
        """Rows from `start`, and where the next page begins."""
        end = start + min(int(request.query_params.get(size, "10")), self.clamp)
        return list(range(self.count))[start:end], end

    async def offset(self, request: Request) -> Response:
        """Limit and offset, no total."""
        return JSONResponse(self.slice(request, int(request.query_params["offset"]))[0])

    async def total(self, request: Request) -> Response:
        """Limit and offset, with a total."""
        rows, _ = self.slice(request, int(request.query_params["offset"]))
        return JSONResponse(rows, headers={"Total-Count": str(self.count)})

    async def stuck(self, request: Request) -> Response:
        """Limit and offset, the offset ignored."""
        return JSONResponse(self.slice(request, 0)[0])

    async def links(self, request: Request) -> Response:
        """Link headers, with a cursor of the server's own making."""
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
        """A token in the body; every other page is empty."""
        at = int(request.query_params.get("at", "0"))
        rows, end = self.slice(request, at // 2)
        if at % 2:
            return JSONResponse([[], str(at - 1)])
        return JSONResponse([rows, str(2 * end + 1) if end < self.count else None])

    async def loop(self, request: Request) -> Response:
        """Two pages whose cursors lead to each other."""
        at = request.query_params.get("at", "a")
        return JSONResponse([[ord(at)], {"a": "b", "b": "a"}[at]])

    async def keyset(self, request: Request) -> Response:
        """What comes after the last number seen."""
        return JSONResponse(self.slice(request, int(request.query_params.get("starting_after", "-1")) + 1)[0])
