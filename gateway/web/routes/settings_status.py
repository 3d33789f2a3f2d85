"""`GET /health/settings`: which settings the process uses, and why it refused newer ones, for operators."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from student_graph.gateway.web.routes.operators import Operators

K = TypeVar("K")


class Changes(NamedTuple):
    """How many districts, or how many sources, a reload adds, removes and changes."""

    added: int
    removed: int
    changed: int

    @classmethod
    def between(cls, before: Mapping[K, object], now: Mapping[K, object]) -> Changes:
        """Compare what settings say, by name, before a reload and after it."""
        common = before.keys() & now.keys()
        changed = sum(before[name] != now[name] for name in common)
        return cls(len(now) - len(common), len(before) - len(common), changed)

    def __str__(self) -> str:
        return f"{self.added} added, {self.removed} removed, {self.changed} changed"


@dataclass(slots=True)
class SettingsStatus:
    """Whether the settings of a process were applied. It outlives each of them."""

    applied_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When the present settings were applied: at the start, or at the last reload that was not refused."""
    reloads: int = 0
    """Reloads that were applied since the start."""
    seconds: float | None = None
    """How long the last of them took, from its beginning until it took effect; None before the first."""
    changes: Sequence[str] = ()
    """What the last reload changed about sources, such as `north/sis: added`."""
    refused_at: datetime | None = None
    """When the newest settings were refused; None if the newest settings are the present ones."""
    refusal: str | None = None
    """Why they were refused, without the value of any setting; None as above."""
    retired: int = 0
    """Earlier settings under which requests still run."""

    def apply(self, changes: Sequence[str], seconds: float) -> None:
        """Record that newer settings were applied, `seconds` after the reload began."""
        self.applied_at = datetime.now(UTC)
        self.reloads += 1
        self.changes, self.seconds = changes, seconds
        self.refused_at = self.refusal = None

    def refuse(self, reason: str) -> None:
        """Record that newer settings were refused."""
        self.refused_at, self.refusal = datetime.now(UTC), reason

    def report(self) -> dict[str, Any]:
        """What operators of all districts see, as JSON."""
        return {
            "since": self.applied_at.isoformat(),
            "reloads": self.reloads,
            "seconds": self.seconds,
            "changes": list(self.changes),
            "refusedAt": None if self.refused_at is None else self.refused_at.isoformat(),
            "refusal": self.refusal,
            "retired": self.retired,
        }

    def report_of(self, districts: Collection[str]) -> dict[str, Any]:
        """What operators of some districts see, as JSON: a refusal may be about a setting of another district."""
        changes = [change for change in self.changes if change.partition("/")[0] in districts]
        return {
            **self.report(),
            "changes": changes,
            "refusal": None if self.refusal is None else REFUSAL_OF_ALL,
        }


REFUSAL_OF_ALL = "An operator of all districts can see the reason."


@dataclass(frozen=True, slots=True)
class SettingsRoute:
    """The route that shows the status to operators."""

    status: SettingsStatus
    operators: Operators

    def routes(self) -> list[Route]:
        """Return the route `/health/settings`."""
        return [Route("/health/settings", self._handle)]

    async def _handle(self, request: Request) -> JSONResponse:
        viewer = await self.operators.viewer(request)
        if isinstance(viewer, JSONResponse):
            return viewer
        is_of_all = self.operators.operates_all(viewer)
        return JSONResponse(self.status.report() if is_of_all else self.status.report_of(viewer.districts))
