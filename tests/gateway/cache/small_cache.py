"""A cache over a small district, with a clock that tests turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cache import Based, Cache, Limits, Others, Reading
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from tests.gateway.small_district import DISTRICT, YEAR, Ledger, Sis, source

STUDENTS = lookup_of(Adapter.students_by_id)
EVENTS = lookup_of(Adapter.attendance_events_by_student)
ACTIONS = lookup_of(Adapter.discipline_actions_by_student)
PAGES = lookup_of(Adapter.students_by_district)
THIS_YEAR = {"school_year": YEAR}


async def until(come: Callable[[], Awaitable[bool]], seconds: float = 5.0) -> None:
    """Wait until something has come to be, so many seconds at most."""
    async with asyncio.timeout(seconds):
        while not await come():  # noqa: ASYNC110 - what comes is seen from outside
            await asyncio.sleep(0.005)


@dataclass
class Clock:
    """Seconds, as many as a test says."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Kept:
    """A cache, the vendor behind it, and the clock that it goes by."""

    ledger: Ledger = field(default_factory=lambda: Ledger(students=[f"s{n}" for n in range(30)]))
    limits: Limits = field(default_factory=Limits)
    seconds: float = 0.0
    """How long the vendor takes."""
    others: Others | None = None
    name: str = "sis"
    kind: type[Sis] = Sis
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.sis = source(self.kind, self.ledger, self.name)
        district = District(DISTRICT, "Hill", (self.sis,))
        self.cache = Cache(self._vendor, {DISTRICT: district}, self.limits, self.others, self.clock)
        self.operation = Based()

    async def _vendor(self, source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        if self.seconds:
            await asyncio.sleep(self.seconds)
        return await fetch_from_vendor(source, ask)

    async def ask(
        self, ask: Ask[Any], *, liked: float | None = None, left: float = 10.0
    ) -> Mapping[Any, Answer[Any]]:
        """What an operation of its own is answered; `liked` and `left` are its seconds."""
        self.operation = Based(max_age=None if liked is None else timedelta(seconds=liked))
        deadline = asyncio.get_running_loop().time() + left
        return await Reading(self.cache, self.operation, deadline)(self.sis, ask)

    async def students(self, *numbers: str, **options: Any) -> dict[str, bool]:
        """Students that were found, and whether each answer was stale."""
        told = await self.ask(Ask(STUDENTS, numbers), **options)
        return {key: answer.stale for key, answer in told.items()}

    @property
    def calls(self) -> list[tuple[Any, ...]]:
        """The keys of each call to the vendor."""
        return [keys for _, keys in self.ledger.calls]

    @property
    def traffic(self) -> Any:
        """What the last operation was told of the source."""
        return self.operation.traffic["hill/sis"]
