"""A cache over a small district, with a clock that tests set."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from student_graph.adapters.answers import Answers, Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cache import AnswerCache, Cache, CachedFetch, Dependencies, Fleet, Limits
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.resolvers.operation import Operation, SourceTraffic, Staleness
from tests.gateway.small_district import DISTRICT, YEAR, Ledger, Sis, source

STUDENTS = lookup_of(Adapter.students_by_id)
EVENTS = lookup_of(Adapter.attendance_events_by_student)
ACTIONS = lookup_of(Adapter.discipline_actions_by_student)
PAGES = lookup_of(Adapter.students_by_district)
THIS_YEAR = {"school_year": YEAR}


async def wait_until(condition: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    """Wait until a condition holds, with a timeout in seconds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - the condition is about another process
            await asyncio.sleep(0.005)


@dataclass
class Clock:
    """A clock that tests set, in seconds."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class CacheHarness:
    """A cache, its vendor and its clock."""

    ledger: Ledger = field(default_factory=lambda: Ledger(students=[f"s{n}" for n in range(30)]))
    limits: Limits = field(default_factory=Limits)
    vendor_seconds: float = 0.0
    """How long a call to the vendor takes."""
    fleet: Fleet | None = None
    name: str = "sis"
    adapter_type: type[Sis] = Sis
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.source = source(self.adapter_type, self.ledger, self.name)
        object.__setattr__(self.source.adapter.settings, "timeout", 600.0)  # which no machine reaches
        district = District(DISTRICT, "Hill", (self.source,))
        districts = {DISTRICT: district}
        answers = AnswerCache(self._fetch, districts, self.limits, self.fleet, self.clock)
        self.cache = Cache(answers, districts, self.limits)
        self.operation = Operation(dependencies=Dependencies())
        """The last operation."""

    async def _fetch(self, source: Source, ask: Ask[Any], /) -> Answers:
        if self.vendor_seconds:
            await asyncio.sleep(self.vendor_seconds)
        return await fetch_from_vendor(source, ask)

    async def settle(self) -> None:
        """Wait until all requests have ended, those in the background too, and their answers are stored."""
        await self.cache.in_flight.finish(60.0)

    async def ask(
        self, ask: Ask[Any], *, preferred_age: float | None = None, seconds_left: float = 600.0
    ) -> Answers:
        """The answers to an ask in an operation of its own, which has `seconds_left` until its deadline."""
        dependencies = Dependencies()
        staleness = Staleness(None if preferred_age is None else timedelta(seconds=preferred_age))
        self.operation = Operation(staleness=staleness, dependencies=dependencies)
        deadline = asyncio.get_running_loop().time() + seconds_left
        traffic = self.operation.traffic
        return await CachedFetch(self.cache, traffic, staleness, dependencies, deadline)(self.source, ask)

    async def students(self, *ids: str, **options: Any) -> dict[str, bool]:
        """By id of each student that the vendor knows, whether the answer is stale."""
        answers = await self.ask(Ask(STUDENTS, ids), **options)
        return {key: answer.stale for key, answer in answers.items()}

    @property
    def calls(self) -> list[tuple[Any, ...]]:
        """The keys of each call to the vendor."""
        return [keys for _, keys in self.ledger.calls]

    @property
    def traffic(self) -> SourceTraffic:
        """The last operation's traffic with the source."""
        return self.operation.traffic.by_source["hill/sis"]
