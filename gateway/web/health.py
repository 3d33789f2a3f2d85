"""Whether the gateway is alive, and whether it may be sent requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


@dataclass(slots=True)
class Readiness:
    """A vendor that is down changes none of it: the gateway answers with what it has."""

    started: bool = False
    draining: bool = False
    fleet: Callable[[], bool] | None = None
    """Whether the other processes can be reached; None for a process without any. Ready it is in any case."""

    @property
    def ready(self) -> bool:
        """Whether requests are welcome."""
        return self.started and not self.draining

    def routes(self) -> list[Route]:
        """`/health/live` and `/health/ready`."""

        async def live(_: Request) -> JSONResponse:
            return JSONResponse({"status": "alive"})

        async def ready(_: Request) -> JSONResponse:
            status = "ready" if self.ready else "draining" if self.draining else "starting"
            told = {} if self.fleet is None else {"fleet": "joined" if self.fleet() else "away"}
            return JSONResponse({"status": status, **told}, status_code=200 if self.ready else 503)

        return [Route("/health/live", live), Route("/health/ready", ready)]
