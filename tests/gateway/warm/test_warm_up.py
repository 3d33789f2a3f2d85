"""A warm-up reads what pages will ask for, in the background, and goes on where it was interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest

from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.sandbox.serving import served
from student_graph.adapters.sources import District
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.gateway.warm.plan import WarmPart, WarmPlan, WarmTimes
from student_graph.gateway.warm.schedule import WarmSchedule
from student_graph.gateway.warm.warm_up import BY_SCHOOL, BY_SECTION, BY_STAFF, BY_STUDENT, WarmProgress, WarmUp
from student_graph.resolvers.fields.dates import is_active
from tests.scenarios.helpers.demo_gateway import demo_districts

PARTS = (WarmPart.ROSTERS, WarmPart.ATTENDANCE, WarmPart.ASSESSMENTS)
SCHOOL_YEAR_DAY = datetime(2026, 11, 30, 12, 44, tzinfo=UTC)


class Warmed:
    """A district with served sandboxes, and the pipeline of one process."""

    def __init__(self, demo: DemoDistrict, district: District) -> None:
        self.demo, self.district = demo, district
        self.pipeline = FetchPipeline([district], HmacSigner(b"k" * 32))

    def warm_up(self, plan: WarmPlan) -> WarmUp:
        """A warm-up of the district."""
        fetch, traffic = self.pipeline.background_fetch()
        return WarmUp(self.district, fetch, traffic, plan)

    async def run(self, plan: WarmPlan) -> list[WarmProgress]:
        """The progress of a whole warm-up."""
        return [progress async for progress in self.warm_up(plan).run()]

    def take_requests(self) -> int:
        """The requests that reached the vendors since the last time."""
        sandboxes = self.demo.sandboxes.values()
        count = sum(len(sandbox.requests) for sandbox in sandboxes)
        for sandbox in sandboxes:
            sandbox.requests.clear()
        return count


@asynccontextmanager
async def warmed(students: int = 30) -> AsyncIterator[Warmed]:
    """Serve a district's vendors, and close everything at the end."""
    [demo] = demo_districts("edfi", students)
    with served(*demo.sandboxes.values()):
        running = Warmed(demo, demo.connect())
        try:
            yield running
        finally:
            await running.pipeline.close()
            for source in running.district.sources:
                await source.adapter.http.aclose()


async def test_a_second_warm_up_reads_nothing() -> None:
    """What the first one read is fresh; its progress counts the same keys and no calls."""
    async with warmed() as running:
        first = await running.run(WarmPlan(PARTS))
        running.take_requests()
        second = await running.run(WarmPlan(PARTS))

        assert sum(progress.calls for progress in first) > 0
        assert [(p.school, p.part, p.keys, p.failed) for p in second] == [
            (p.school, p.part, p.keys, p.failed) for p in first
        ]
        assert sum(progress.calls for progress in second) == 0
        assert running.take_requests() == 0
        assert {progress.school for progress in first} == {str(s.id) for s in running.demo.facts.schools}


async def test_an_interrupted_warm_up_goes_on_where_it_was() -> None:
    """The parts that were read before the interruption are not read again."""
    async with warmed() as running:
        async with aclosing(running.warm_up(WarmPlan(PARTS)).run()) as steps:
            first = await anext(steps)
        again = await running.run(WarmPlan(PARTS))

        assert (again[0].school, again[0].part, again[0].calls) == (first.school, first.part, 0)
        assert again[1].calls > 0


async def test_an_unknown_school_is_named_in_the_log_and_the_others_are_warmed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A wrong number in the settings hides no other school."""
    async with warmed() as running:
        school = str(running.demo.facts.schools[0].id)
        progress = await running.run(WarmPlan((WarmPart.ROSTERS,), (school, "999")))

        assert [step.school for step in progress] == [school]
        assert "there is no school 999" in caplog.text


async def test_sections_of_other_terms_are_not_warmed() -> None:
    """The LMS is asked about the sections that somebody teaches today."""
    async with warmed() as running:
        school, today = running.demo.facts.schools[0].id, running.district.today()
        await running.run(WarmPlan((WarmPart.WORK,), (str(school),)))
        paths = " ".join(unquote(request) for request in running.demo.sandboxes["canvas"].requests)

    sections = [section for section in running.demo.facts.sections if section.school == school]
    taught = {s.identifier for s in sections if any(is_active(begin, end, today) for *_, begin, end in s.staff)}
    requested = {section.identifier for section in sections if section.identifier in paths}
    assert requested <= taught < {section.identifier for section in sections}
    assert bool(requested) == bool(taught)


async def test_the_days_of_a_school_are_warmed_with_its_attendance() -> None:
    """Metrics of attendance count days of instruction: the calendar and the sessions of the school are read."""
    async with warmed() as running:
        school = str(running.demo.facts.schools[0].id)
        await running.run(WarmPlan((WarmPart.ATTENDANCE,), (school,)))
        paths = [request.split()[1] for request in running.demo.sandboxes["edfi"].requests]

    assert any("/calendarDates" in path and f"schoolId={school}" in path for path in paths)
    assert any("/sessions" in path and f"schoolId={school}" in path for path in paths)


async def test_a_source_that_is_down_fails_its_keys_only() -> None:
    """The other sources are warmed, and the keys without an answer are counted."""
    async with warmed() as running:
        running.demo.sandboxes["canvas"].switches.down = True
        school = str(running.demo.facts.schools[0].id)
        plan = WarmPlan((WarmPart.ATTENDANCE, WarmPart.WORK), (school,))
        by_part = {progress.part: progress for progress in await running.run(plan)}

        assert by_part[WarmPart.ATTENDANCE].failed == 0
        assert by_part[WarmPart.WORK].failed > 0


def test_nothing_restricted_is_warmed() -> None:
    """No lookup of a warm-up has records of a restricted class."""
    methods = [
        method
        for by_part in (BY_STUDENT, BY_SECTION, BY_STAFF, BY_SCHOOL)
        for group in by_part.values()
        for method in group
    ]

    assert [lookup_of(method).name for method in methods if lookup_of(method).sensitivity.restricted] == []


async def test_one_process_of_a_fleet_warms_a_district_at_its_time() -> None:
    """Both processes wait for the time; the one that gets the claim warms, and the other does not."""
    async with warmed() as running:
        plan, district = WarmPlan((WarmPart.ROSTERS,)), running.district
        local = SCHOOL_YEAR_DAY.astimezone(district.time_zone)
        start = (local + timedelta(milliseconds=20)).time()
        claims: list[str] = []
        begun: list[int] = []
        finished = asyncio.Event()

        async def claim(name: str, _: int) -> bool:
            claims.append(name)
            if len(claims) == 2:
                finished.set()
            return len(claims) == 1

        def schedule(process: int) -> WarmSchedule:
            def warm_up(_: str, plan: WarmPlan) -> WarmUp:
                begun.append(process)
                return running.warm_up(plan)

            times = {district.id: WarmTimes((start,), frozenset(range(7)), plan)}
            return WarmSchedule(times, {district.id: district}, warm_up, claim, now=lambda: SCHOOL_YEAR_DAY)

        schedules = [schedule(1), schedule(2)]
        for process in schedules:
            process.start()
        await finished.wait()
        for process in schedules:
            await process.close()

        assert len(set(claims)) == 1
        assert len(begun) == 1
