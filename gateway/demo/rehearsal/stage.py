"""What a rehearsal consists of while it runs: the fleet, the vendors, the people, and what was counted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from student_graph.gateway.demo.rehearsal.fleet import Gateway
from student_graph.gateway.demo.rehearsal.load import Browser, Morning
from student_graph.gateway.demo.rehearsal.processes import Redis
from student_graph.gateway.demo.rehearsal.settings import FleetSettings
from student_graph.gateway.demo.rehearsal.vendors.district import Viewer
from student_graph.gateway.demo.rehearsal.verdicts.tally import Tally


@dataclass(frozen=True, slots=True)
class District:
    """A district as the rehearsal knows it."""

    id: str
    number: int
    name: str
    description: Mapping[str, Any]
    viewers: Sequence[Viewer]
    controls: Mapping[str, str]
    """Addresses at which the troubles of its vendors are switched, by source; folders have none."""

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> District:
        """The district that a process of vendors has described."""
        plan = description["plan"]
        viewers = [Viewer.from_json(viewer) for viewer in description["viewers"]]
        return cls(plan["id"], plan["number"], plan["name"], description, viewers, description["controls"])


@dataclass
class Stage:
    """Everything that a trouble can reach."""

    gateway: Gateway
    settings: FleetSettings
    districts: Sequence[District]
    """All districts but the one that is added later."""
    newcomer: District | None
    """A district that is added while the fleet runs; None if there are too few."""
    redis: Redis | None
    certificates: Path
    browser: Browser
    morning: Morning
    tally: Tally
    client: httpx.AsyncClient
    seconds: float
    """How long each trouble lasts."""
    workers: int
    reloads: int = 0
    """Settings that the gateway has applied so far."""
    notes: list[str] = field(default_factory=list)
    """What was done and seen, for the report."""
    failures: list[str] = field(default_factory=list)
    """What did not happen that should have."""

    def expect(self, holds: bool, failure: str) -> None:
        """Note a failure unless something holds."""
        if not holds:
            self.failures.append(failure)

    async def last(self, share: float = 1.0) -> None:
        """Wait while a trouble lasts, or for a share of that time."""
        await asyncio.sleep(self.seconds * share)

    def some(self, share: float = 0.34, first: int = 0) -> list[District]:
        """A part of the districts that have vendors with servers: every so many, from one position on."""
        able = [district for district in self.districts if district.controls]
        step = max(1, round(1 / share))
        return able[first % step :: step] or able[:1]

    async def switch(self, url: str, path: str, **values: Any) -> None:
        """Change switches or troubles of a vendor."""
        reply = await self.client.post(f"{url}/-/{path}", json=values)
        reply.raise_for_status()

    @contextlib.asynccontextmanager
    async def vendors(
        self, districts: Sequence[District], path: str, *, is_cold: bool = False, **values: Any
    ) -> AsyncIterator[None]:
        """
        Switch something on at the vendors of districts, and off when the block ends.

        With `is_cold`, the fleet forgets what it has cached of them: it must ask them now.
        """
        urls = [url for district in districts for url in district.controls.values()]
        await asyncio.gather(*(self.switch(url, path, **values) for url in urls))
        if is_cold:
            await asyncio.gather(*(self.gateway.purge(district.id) for district in districts))
        try:
            yield
        finally:
            off = {name: None if value is None else type(value)() for name, value in values.items()}
            if "requests_per_minute" in off:
                off["requests_per_minute"] = None
            await asyncio.gather(*(self.switch(url, path, **off) for url in urls))

    async def reload(self, settings: FleetSettings, *, is_refused: bool = False) -> None:
        """Let the gateway apply other settings, and wait until it has, or has refused them."""
        settings.write()
        self.gateway.reload()
        self.reloads += not is_refused
        done = await self.gateway.wait_for_reload(self.reloads, is_refused=is_refused)
        self.expect(done, "a reload was not " + ("refused" if is_refused else "applied"))
        if not is_refused:
            self.settings = self.gateway.settings = settings


async def vendor_calls(client: httpx.AsyncClient, districts: Sequence[District]) -> dict[str, int]:
    """Requests that the vendors of each district have got so far."""
    calls = {}
    for district in districts:
        replies = await asyncio.gather(*(client.get(f"{url}/-/trouble") for url in district.controls.values()))
        calls[district.id] = sum(reply.json()["requests"] for reply in replies)
    return calls
