"""Health checks: whether the process is alive, and whether it accepts requests."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from student_graph.gateway.web.routes.settings_status import SettingsStatus


class Readiness:
    """Whether this process accepts requests. An outage of a vendor does not change it."""

    def __init__(
        self, fleet_joined: Callable[[], bool] | None = None, settings: SettingsStatus | None = None
    ) -> None:
        """
        Begin as not ready.

        `fleet_joined` says whether the fleet's Redis is reachable, and `settings` whether the settings were
        applied. Both are only reported.
        """
        self._fleet_joined = fleet_joined
        self.settings = settings or SettingsStatus()
        self._started = False
        self._draining = False

    @property
    def ready(self) -> bool:
        """Whether the process accepts new requests."""
        return self._started and not self._draining

    @property
    def draining(self) -> bool:
        """Whether the process is stopping and only finishes the requests it has."""
        return self._draining

    @property
    def status(self) -> str:
        """`ready`, `draining` or `starting`."""
        return "ready" if self.ready else "draining" if self._draining else "starting"

    def start(self) -> None:
        """Become ready: everything that a request needs is running."""
        self._started = True

    def drain(self) -> None:
        """Become unready for good, so that load balancers send new requests elsewhere."""
        self._draining = True

    def routes(self) -> list[Route]:
        """Return the routes `/health/live` and `/health/ready`."""
        return [Route("/health/live", self._live), Route("/health/ready", self._ready)]

    async def _live(self, _: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def _ready(self, _: Request) -> JSONResponse:
        content = {"status": self.status}
        if self._fleet_joined is not None:
            content["fleet"] = "joined" if self._fleet_joined() else "away"
        if self.settings.refusal is not None:  # `/health/settings` says why, to operators
            content["settings"] = "refused"
        return JSONResponse(content, status_code=200 if self.ready else 503)
