"""A morning at a school district: people open their pages and reload them, while attendance is being taken."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.support.day_district import ServedDistrict, largest_school
from benchmarks.support.day_pages import ALL_WORK, DISTRICT_LIST, OWN_CLASSES, SCHOOL_LIST
from benchmarks.support.day_servers import Server, can_run_node, gateway, node_server
from benchmarks.support.figures import Row
from benchmarks.support.vendors import data_calls, take_requests
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.facts.school_life import AttendanceFact
from student_graph.resolvers.fields.ids import GlobalId, encode

GATEWAY, POINT_READS, NODE = "morning, gateway", "morning, gateway without coarse reads", "morning, server on Node"
MORNING_SECONDS, QUICK_SECONDS = 300.0, 6.0
RELOAD_SECONDS = (20.0, 60.0)
"""Shortest and longest time until a person reloads a page."""
ARRIVAL_SHARE = 0.3
"""Share of the morning in which everybody opens their first page."""
FIRST_CALL_SECONDS, QUIET_SECONDS = 60.0, 5.0
"""Longest time until a warm-up begins, and the time without requests after which it has ended."""
PAGE_TIMEOUT_SECONDS = 60.0
"""How long a person waits for a page. A page that does not come counts as failed, and as taking this long."""
CHANGE_INTERVAL_SECONDS = 1.0
"""Time between two new attendance events at the vendor."""
MAX_AGE_SECONDS = 66.0
"""Maximum age of attendance: it is fresh for a minute, and a change is noticed at most five seconds later."""
ORDINARY_CODES = frozenset({"NO_IDENTITY_LINK", "IDENTITY_CONFLICT", "IDENTITY_UNCONFIRMED", "NOT_OFFERED"})
"""Codes of missing parts although every source answers."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that a person looks at."""

    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)


class AttendanceTaking:
    """Adds attendance events at the vendor, one at a call, and knows when each was added."""

    def __init__(self, district: ServedDistrict) -> None:
        """Take attendance at the largest school of a district."""
        facts = district.demo.facts
        edfi = district.demo.sandboxes["edfi"]
        assert isinstance(edfi, EdFiSandbox)
        self._edfi, self._facts = edfi, facts
        self._day = facts.now.date()
        self._session = next(e.session for e in reversed(facts.attendance) if e.section is None)
        self._students = [e for e in facts.enrollments if e.school == largest_school(facts) and e.exit is None]
        self._added: dict[str, list[float]] = {}
        self._counts: dict[str, int] = {}
        for event in facts.attendance:
            self._counts[event.student] = self._counts.get(event.student, 0) + 1
        self._next = 0

    def __call__(self) -> None:
        """Add one event."""
        enrollment = self._students[self._next % len(self._students)]
        self._next += 1
        event = AttendanceFact(
            student=enrollment.student,
            school=enrollment.school,
            year=self._facts.year,
            session=self._session,
            day=self._day,
            category="Tardy",
        )
        self._edfi.insert("studentSchoolAttendanceEvents", event)
        self._added.setdefault(event.student, []).append(time.time())

    def count_too_old(self, shown: Sequence[tuple[float, Any]]) -> int:
        """Return how many responses lack an event that they should show, and are not marked as stale."""
        return sum(self._is_too_old(at, answer) for at, answer in shown)

    def _is_too_old(self, requested_at: float, answer: Any) -> bool:
        sources = answer.get("extensions", {}).get("sources", {})
        if any(source.get("stale") for source in sources.values()):
            return False
        for student in _students_in(answer.get("data")):
            number = student["studentUniqueId"]
            added = self._added.get(number, ())
            expected = self._counts.get(number, 0) + sum(at < requested_at - MAX_AGE_SECONDS for at in added)
            events = student["attendanceEvents"]
            if events is not None and events["totalCount"] < expected:
                return True
        return False


def _students_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every student with attendance in a response."""
    if isinstance(value, list):
        for item in value:
            yield from _students_in(item)
    elif isinstance(value, dict):
        if "attendanceEvents" in value:
            yield value
        else:
            for item in value.values():
                yield from _students_in(item)


@dataclass(slots=True)
class Morning:
    """The measurements of a morning."""

    seconds: list[float] = field(default_factory=list)
    """Seconds that each page took."""
    failed_pages: int = 0
    """Pages that did not come, show no student, or have an error that is not an ordinary absence."""
    shown: list[tuple[float, Any]] = field(default_factory=list)
    """Every response, with the time at which it was requested."""

    @property
    def p95(self) -> float:
        """Seconds within which 95 % of the pages came."""
        return statistics.quantiles(self.seconds, n=20)[-1] if len(self.seconds) > 1 else sum(self.seconds)

    def share_within(self, seconds: float) -> float:
        """Return the share of pages that came within so many seconds."""
        return sum(page_seconds <= seconds for page_seconds in self.seconds) / max(len(self.seconds), 1)

    def add(self, requested_at: float, seconds: float, response: httpx.Response) -> None:
        """Add one page."""
        answer = response.json()
        codes = {error.get("extensions", {}).get("code") for error in answer.get("errors", ())}
        codes |= {part["code"] for part in answer.get("extensions", {}).get("degraded", ())}
        self.seconds.append(seconds)
        is_empty = next(_students_in(answer.get("data")), None) is None
        self.failed_pages += response.status_code != 200 or is_empty or not codes <= ORDINARY_CODES
        self.shown.append((requested_at, answer))

    def add_missing(self, seconds: float) -> None:
        """Add a page that did not come within so many seconds."""
        self.seconds.append(seconds)
        self.failed_pages += 1


async def morning_rows(district: ServedDistrict, *, quick: bool) -> list[Row]:
    """Measure the same morning on each server."""
    seconds = QUICK_SECONDS if quick else MORNING_SECONDS
    rows, calls, p95 = [], {}, {}
    for name, server in _servers(district, quick=quick):
        with server as running:
            if name == GATEWAY:
                rows.append(
                    Row("day", name, "vendor calls of the warm-up", await _warm_up_calls(district), "calls")
                )
            take_requests(district.sandboxes)
            taking = AttendanceTaking(district)
            cpu = running.cpu_seconds
            morning = await _spend(running, _pages(district, name), seconds, taking)
            cpu = running.cpu_seconds - cpu
        pages = len(morning.seconds)
        calls[name], p95[name] = data_calls(take_requests(district.sandboxes)) / pages, morning.p95
        has_goals = name == GATEWAY
        rows += [
            Row("day", name, "pages", pages, "pages"),
            Row(
                "day",
                name,
                "pages within 300 ms",
                100 * morning.share_within(0.3),
                "%",
                99 if has_goals else None,
                "higher",
            ),
            Row("day", name, "vendor calls a page", calls[name], "calls", 0.5 if has_goals else None),
            Row("day", name, "p95 of a page", morning.p95 * 1000, "ms"),
            Row("day", name, "processor time a page", 1000 * cpu / pages, "ms"),
            Row("day", name, "pages with failed parts", morning.failed_pages, "pages"),
        ]
        too_old = taking.count_too_old(morning.shown)
        rows.append(Row("day", name, "pages too old and not marked", too_old, "pages", 0 if has_goals else None))
    if NODE in p95:
        ratio = calls[NODE] / max(calls[GATEWAY], 0.001)
        rows.append(Row("day", GATEWAY, "calls of the server on Node over ours", ratio, "x", 5, "higher"))
        ratio = p95[NODE] / p95[GATEWAY]
        rows.append(Row("day", GATEWAY, "p95 of the server on Node over ours", ratio, "x", 5, "higher"))
    return rows


async def _warm_up_calls(district: ServedDistrict) -> int:
    """
    Wait until the warm-up has ended, and return its calls: the vendors get no requests for a while then.

    Raises:
        RuntimeError: no warm-up began, so the morning that follows would not be the one that is described.
    """
    seen, quiet_since = 0, time.monotonic() + FIRST_CALL_SECONDS
    while time.monotonic() < quiet_since + QUIET_SECONDS:
        await asyncio.sleep(0.1)
        requests = sum(len(sandbox.requests) for sandbox in district.sandboxes)
        if requests != seen:
            seen, quiet_since = requests, time.monotonic()
    if not seen:
        message = f"day: no warm-up began within {FIRST_CALL_SECONDS:.0f} s"
        raise RuntimeError(message)
    return data_calls(take_requests(district.sandboxes))


def _servers(district: ServedDistrict, *, quick: bool) -> Iterator[tuple[str, AbstractContextManager[Server]]]:
    """The servers by name; only the gateway for a quick run."""
    yield GATEWAY, gateway(district.plan(warm=True))
    if quick:
        return
    yield POINT_READS, gateway(district.plan(coarse=False))
    if can_run_node():
        yield NODE, node_server(district)
    else:
        print("day: the server on Node is not measured: run make bench, which installs its packages")


def _pages(district: ServedDistrict, server: str) -> dict[str, list[Page]]:
    """The pages of each person; the first one is opened first."""
    own_school = {member.id: member.organization for member in district.demo.facts.staff}
    teacher = [Page(OWN_CLASSES), Page(OWN_CLASSES), Page(ALL_WORK)]

    def principal(staff: str) -> list[Page]:
        number = str(own_school[staff])
        school_id = number if server == NODE else encode(GlobalId("School", district.demo.id, number))
        return [Page(SCHOOL_LIST, {"school": school_id})]

    return {
        **{
            name: teacher if name.startswith("teacher") else principal(staff)
            for name, staff in district.staff.items()
        },
        "superintendent": [Page(DISTRICT_LIST)],
    }


async def _spend(
    server: Server, pages: Mapping[str, Sequence[Page]], seconds: float, change: Callable[[], None]
) -> Morning:
    """Let people look at their pages for so many seconds, while something changes every second."""
    morning, rng = Morning(), random.Random(1)  # noqa: S311 - not used for security
    end = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=len(pages))
    async with httpx.AsyncClient(timeout=PAGE_TIMEOUT_SECONDS, trust_env=False, limits=limits) as client:

        async def spend(person: str, own: Sequence[Page], delay: float, choice: random.Random) -> None:
            await asyncio.sleep(delay)
            page = own[0]
            while time.monotonic() < end:
                body = {"query": page.query, "variables": dict(page.variables)}
                requested_at, started = time.time(), time.perf_counter()
                try:
                    response = await client.post(server.url, json=body, headers=dict(server.headers(person)))
                except httpx.TimeoutException:
                    morning.add_missing(time.perf_counter() - started)
                else:
                    morning.add(requested_at, time.perf_counter() - started, response)
                await asyncio.sleep(min(choice.uniform(*RELOAD_SECONDS), max(end - time.monotonic(), 0.0)))
                page = choice.choice(own)

        changes = asyncio.create_task(_repeat(change))
        try:
            await asyncio.gather(
                *(
                    spend(person, own, rng.uniform(0, seconds * ARRIVAL_SHARE), random.Random(person))  # noqa: S311
                    for person, own in pages.items()
                )
            )
        finally:
            changes.cancel()
    return morning


async def _repeat(change: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(CHANGE_INTERVAL_SECONDS)
        change()
