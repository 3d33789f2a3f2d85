"""Calendars of schools are read after the start, in the background, and again when they become old."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import AnyHttpUrl

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.contract import Adapter, AdapterSettings, Batch
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.lookup import lookup_of, nobody
from student_graph.adapters.model import CalendarDay, DistrictId, School, SchoolId, Session
from student_graph.adapters.sources import District, Freshness, Source
from student_graph.gateway.cli.serving.loader import ServiceLoader
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.http.priority import is_background_work
from student_graph.gateway.server.service import Application, Service
from student_graph.gateway.signing import HmacSigner
from student_graph.gateway.warm import calendars
from student_graph.gateway.warm.calendars import CALENDAR_LOOKUPS, CalendarReader
from student_graph.gateway.warm.schedule import claim_by
from student_graph.resolvers.operation import SourceTraffic, Traffic
from tests.clients import async_client
from tests.gateway.cli.serving.gateway import SettingsFiles
from tests.patience import OPERATION_SECONDS

DISTRICT = DistrictId("hill")
DAY_SECONDS = 86_400.0
DAYS, SESSIONS = "calendar days", "sessions"


@dataclass
class Vendor:
    """What the SIS has, and the calls that it received."""

    schools: list[str] = field(default_factory=lambda: ["1", "2"])
    calls: list[tuple[str, str]] = field(default_factory=list)
    """The lookup and the key of each call."""
    down: set[str] = field(default_factory=set)
    """Lookups that fail."""
    years: set[int] = field(default_factory=set)
    """School years whose days were read."""
    background: list[bool] = field(default_factory=list)
    """Whether each call was background work."""
    called: asyncio.Event = field(default_factory=asyncio.Event)
    """Set with the first call."""
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once sessions were answered."""
    hangs: bool = False
    """Whether it never answers."""

    async def answer(self, lookup: str, keys: Sequence[str]) -> None:
        """Record a call for each key; raises UnavailableError if the lookup is to fail."""
        self.calls += [(lookup, key) for key in keys]
        self.called.set()
        self.background.append(is_background_work())
        if self.hangs:
            await asyncio.Event().wait()
        if lookup in self.down:
            raise UnavailableError("not now")
        if lookup == SESSIONS:
            self.answered.set()


class Sis(Adapter):
    """A student information system with schools and calendars."""

    vendor: Vendor

    async def schools_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[School]]:
        await self.vendor.answer("schools", ids)
        return {
            ids[0]: [
                School(vendor_id=i, school_id=SchoolId(i), name=i, grade_levels=[]) for i in self.vendor.schools
            ]
        }

    async def sessions_by_school(self, ids: Sequence[SchoolId]) -> Batch[SchoolId, list[Session]]:
        await self.vendor.answer(SESSIONS, ids)
        return {i: [] for i in ids}

    async def calendar_days_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[CalendarDay]]:
        await self.vendor.answer(DAYS, ids)
        self.vendor.years.add(school_year)
        return {i: [] for i in ids}


def district(vendor: Vendor, fresh: timedelta | None = None, name: DistrictId = DISTRICT) -> District:
    """A district with this SIS; `fresh` is how long its settings keep calendars."""
    adapter = Sis("sis", AdapterSettings(base_url=AnyHttpUrl("https://sis.example")), async_client())
    adapter.vendor = vendor
    source = Source("sis", "sis", name, adapter)
    if fresh is not None:
        times = {lookup_of(method).name: Freshness(fresh, fresh) for method in CALENDAR_LOOKUPS}
        source = replace(source, freshness_by_lookup=times)
    return District(name, "Hill", (source,))


@asynccontextmanager
async def reader(hill: District) -> AsyncIterator[CalendarReader]:
    """A reader of a district with an empty cache."""
    pipeline = FetchPipeline([hill], HmacSigner(b"k" * 32))
    try:
        yield CalendarReader([hill], pipeline.background_fetch, claim_by(None))
    finally:
        await pipeline.close()
        for source in hill.sources:
            await source.adapter.http.aclose()


async def test_calendars_and_terms_of_all_schools_are_read_once_in_the_background() -> None:
    """A second read finds everything cached; the answers are old a day after they were fetched."""
    vendor = Vendor()
    hill = district(vendor)
    async with reader(hill) as calendars_of:
        first = await calendars_of.read(hill)
        calls = Counter(vendor.calls)
        second = await calendars_of.read(hill)

    assert calls == Counter([("schools", DISTRICT), *((kind, i) for kind in (DAYS, SESSIONS) for i in "12")])
    assert Counter(vendor.calls) == calls
    assert vendor.years == {hill.school_year(hill.today())}
    assert all(vendor.background)
    assert first == pytest.approx(DAY_SECONDS, abs=2)
    assert second is not None
    assert 0 < second <= first


async def test_a_read_ends_at_the_first_schools_without_an_answer() -> None:
    """The first schools without an answer end the read of a lookup; the other lookup is read."""
    vendor = Vendor([f"{number:02}" for number in range(25)], down={DAYS})
    hill = district(vendor)
    async with reader(hill) as calendars_of:
        assert await calendars_of.read(hill) is None
        failed = Counter(lookup for lookup, _ in vendor.calls)

    assert failed == {"schools": 1, DAYS: calendars.SCHOOLS_PER_READ, SESSIONS: 25}


async def test_a_large_district_is_read_in_part() -> None:
    """The first hundred schools are read; pages read those of the others."""
    vendor = Vendor([f"{number:03}" for number in range(130)])
    hill = district(vendor)
    async with reader(hill) as calendars_of:
        await calendars_of.read(hill)

    assert len(vendor.calls) == 1 + 2 * calendars.MAX_SCHOOLS_PER_DISTRICT


async def test_calendars_that_are_kept_only_for_minutes_are_not_read() -> None:
    """A district that keeps calendars for half an hour gets no calls for them all day long."""
    vendor = Vendor()
    hill = district(vendor, fresh=timedelta(minutes=30))
    async with reader(hill) as calendars_of:
        await calendars_of.read(hill)

    assert vendor.calls == [("schools", DISTRICT)]


async def test_a_district_without_schools_costs_no_call() -> None:
    """No source lists its schools: nothing is read."""
    hill = District(DISTRICT, "Hill", ())
    async with reader(hill) as calendars_of:
        assert await calendars_of.read(hill) is not None


async def test_a_source_that_is_down_at_the_start_is_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader waits twice as long after each failure, and as long as the answers are fresh after a success."""
    failures, pauses, ends = [True, True, True, False], list[float](), asyncio.Event()

    async def fetch(source: Source, ask: Ask[Any]) -> Answers:
        value = UnavailableError("not now") if failures[len(pauses) - 1] else []
        return {key: Answer(value, source.name, datetime.now(UTC)) for key in ask.keys}

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > len(failures):
            ends.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(calendars, "sleep", sleep)
    hill = district(Vendor())
    traffic = Traffic({"hill/sis": SourceTraffic()})
    calendars_of = CalendarReader([hill], lambda: (fetch, traffic), claim_by(None))
    async with asyncio.timeout(OPERATION_SECONDS):
        calendars_of.start()
        await ends.wait()
        calendars_of.stop()
        await calendars_of.finish()
    await hill.sources[0].adapter.http.aclose()

    shortest = calendars.MIN_PAUSE_SECONDS
    assert pauses[:4] == [calendars.START_SECONDS, shortest, 2 * shortest, 4 * shortest]
    assert pauses[4] == pytest.approx(DAY_SECONDS, abs=2)


async def test_one_process_of_a_fleet_reads_a_district(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that gets the claim reads, the other one does not."""
    vendor = Vendor()
    hill = district(vendor)
    pipeline = FetchPipeline([hill], HmacSigner(b"k" * 32))
    monkeypatch.setattr(calendars, "START_SECONDS", 0)
    claims: list[str] = []
    both_claimed = asyncio.Event()

    async def claim(name: str, _: int) -> bool:
        claims.append(name)
        if len(claims) == 2:
            both_claimed.set()
        return len(claims) == 1

    readers = [CalendarReader([hill], pipeline.background_fetch, claim) for _ in range(2)]
    async with asyncio.timeout(OPERATION_SECONDS):
        for process in readers:
            process.start()
        await both_claimed.wait()
        await vendor.answered.wait()
        for process in readers:
            process.stop()
            await process.finish()
    await pipeline.close()
    await hill.sources[0].adapter.http.aclose()

    assert claims == ["calendars/hill"] * 2
    assert vendor.calls.count(("schools", DISTRICT)) == 1


async def test_vendors_that_never_answer_do_not_delay_the_start_or_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An application over eighteen of them is ready at once, and closes while they are being read."""
    monkeypatch.setattr(calendars, "START_SECONDS", 0)
    vendors = [Vendor(hangs=True) for _ in range(18)]
    districts = [district(vendor, name=DistrictId(f"d{index}")) for index, vendor in enumerate(vendors)]
    application = Application(Service(districts, {}, calendars=True))
    async with asyncio.timeout(OPERATION_SECONDS):
        application.start()
        assert application.readiness.ready
        assert not any(vendor.calls for vendor in vendors)
        await asyncio.gather(*(vendor.called.wait() for vendor in vendors))
        await application.close()


async def test_a_service_reads_nothing_by_default() -> None:
    """Demos, benchmarks and tests that count calls build services: these read calendars for pages only."""
    vendor = Vendor()
    application = Application(Service([district(vendor)], {}))
    before = asyncio.all_tasks()
    application.start()
    started = asyncio.all_tasks() - before
    await application.close()

    assert not any("CalendarReader" in repr(task) for task in started)


@pytest.mark.parametrize(
    ("cache", "is_read"), [("", True), ("calendars = false", False), ("calendars = true\nmemory = 0", False)]
)
def test_a_gateway_with_settings_reads_unless_they_say_not_to(
    tmp_path: Path, cache: str, *, is_read: bool
) -> None:
    """It reads by default, and not without a cache: nothing would be kept."""
    files = SettingsFiles(tmp_path, [])
    files.sources["oneroster"] = {"base_url": "https://sis.example", "client_id": "id", "client_secret": "secret"}
    files.source_lines["oneroster"] = ""
    files.write()
    files.path.write_text(files.path.read_text().replace("calendars = false", cache))

    assert ServiceLoader(files.path, files.environment_file).start().calendars is is_read


def test_nothing_about_anybody_is_read() -> None:
    """No lookup of the reader returns records of people."""
    assert {lookup_of(method).about for method in (Adapter.schools_by_district, *CALENDAR_LOOKUPS)} == {nobody}
