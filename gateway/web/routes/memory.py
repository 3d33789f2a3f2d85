"""`GET /health/memory`: what the gateway remembers, in bytes, for operators of all districts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from student_graph.gateway.web.routes.operators import Operators


class BoundedCache(Protocol):
    """A cache that counts its memory and evicts what is too much."""

    @property
    def used_bytes(self) -> int:
        """Memory that it takes, by estimate."""

    @property
    def max_bytes(self) -> int:
        """Memory that it may take."""


@dataclass(frozen=True, slots=True)
class MemoryAccount:
    """All caches of a process whose size depends on its clients and vendors, by name."""

    caches: Mapping[str, BoundedCache]

    @property
    def used_bytes(self) -> int:
        """Memory that all of them take, by estimate."""
        return sum(cache.used_bytes for cache in self.caches.values())

    @property
    def max_bytes(self) -> int:
        """Memory that all of them may take."""
        return sum(cache.max_bytes for cache in self.caches.values())

    def report(self) -> dict[str, dict[str, int]]:
        """Return used and greatest memory of each cache and of all, as JSON."""
        rows: dict[str, BoundedCache] = {**self.caches, "total": self}
        return {name: {"bytes": row.used_bytes, "maxBytes": row.max_bytes} for name, row in rows.items()}


Report: TypeAlias = "Mapping[str, Mapping[str, int]]"
"""Used and greatest memory of each cache and of all, as JSON."""


@dataclass(frozen=True, slots=True)
class MemoryRoute:
    """The route that shows the memory of all workers to operators of all districts."""

    reports: Callable[[], Awaitable[Iterable[Report]]]
    """Returns the account of each worker."""
    operators: Operators

    def routes(self) -> list[Route]:
        """Return the route `/health/memory`."""
        return [Route("/health/memory", self._handle)]

    async def _handle(self, request: Request) -> JSONResponse:
        refusal = await self.operators.refusal_unless_of_all(request)
        return refusal or JSONResponse(_sum(await self.reports()))


def _sum(reports: Iterable[Report]) -> Report:
    """The memory of several workers together."""
    sums: dict[str, dict[str, int]] = {}
    for report in reports:
        for name, row in report.items():
            total = sums.setdefault(name, dict.fromkeys(row, 0))
            for key, number in row.items():
                total[key] += number
    return sums
