"""
`day`: pages of a school's size at real latencies, and a morning at a school district.

The vendors are the Ed-Fi and Canvas sandboxes over real HTTP, with 150 ms and 30 ms of jitter. The gateway is a
process of its own. First each page is requested from a gateway with an empty cache, then again. Then the morning:
60 teachers, three principals and a superintendent open their pages and reload them while attendance is taken.
The same morning is measured on this gateway without coarse reads and change versions, and on a hand-written server
on Node with DataLoaders and a cache of 60 seconds.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from benchmarks.support.day_district import (
    ServedDistrict,
    choose_staff,
    current_sections,
    largest_school,
    least_calls,
    least_calls_at_once,
    least_calls_of_single_page,
    students_of,
)
from benchmarks.support.day_gateway import complete_district, demo_district
from benchmarks.support.day_pages import ALL_WORK, OWN_CLASSES, SCHOOL_LIST, SCHOOL_LIST_WITH_WORK
from benchmarks.support.day_servers import Server, gateway
from benchmarks.support.figures import Row
from benchmarks.support.morning import ORDINARY_CODES, morning_rows
from benchmarks.support.vendors import answer_again_from_memory, data_calls, slow_down, take_requests
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.resolvers.fields.ids import GlobalId, encode

LATENCY_MS, JITTER_MS = 150.0, 30.0
DISTRICT_STUDENTS, LARGE_DISTRICT_STUDENTS = 1_000, 20_000
TEACHERS_AT_ONCE = 10
MAX_CALLS_RATIO_AT_ONCE = 1.3
"""Goal for teachers at the same time, as a multiple of the fewest possible calls: the same as for other pages."""
MAX_REQUESTS_OF_PAGE = 5
"""Maximum number of requests until a page is complete: on a busy machine, the first ones end at a deadline."""
MORNING_STUDENTS, MORNING_TEACHERS = 1_500, 60
QUICK_STUDENTS, QUICK_TEACHERS = 300, 12
"""Students and teachers in all parts of a quick run."""
REQUESTS_PER_MINUTE = 100
QUOTA_PAUSE_SECONDS = 61.0


async def measure(*, quick: bool) -> list[Row]:
    """Return the rows of this benchmark."""
    if quick:
        with _served_district(demo_district(QUICK_STUDENTS), QUICK_TEACHERS) as district:
            return [*_own_classes(district), *_all_work(district), *await morning_rows(district, quick=quick)]
    with _served_district(demo_district(DISTRICT_STUDENTS), TEACHERS_AT_ONCE) as district:
        rows = _own_classes(district) + _all_work(district)
        rows += _teachers_at_once(district) + _school_list(district) + _quota(district)
    rows += _large_district()
    with _served_district(demo_district(MORNING_STUDENTS), MORNING_TEACHERS) as district:
        return [*rows, *await morning_rows(district, quick=quick)]


@contextmanager
def _served_district(demo: DemoDistrict, teachers: int, *, is_large: bool = False) -> Iterator[ServedDistrict]:
    """A district with slow vendors, and some of its teachers. The data of a large one do not change."""
    district = ServedDistrict(demo, choose_staff(demo.facts, teachers))
    if is_large:
        answer_again_from_memory(district.sandboxes)
    with served(*district.sandboxes):
        slow_down(district.sandboxes, LATENCY_MS, JITTER_MS)
        yield district


def _large_district() -> list[Row]:
    """A teacher's day where lists of the whole district are long."""
    where, goals = f", district of {LARGE_DISTRICT_STUDENTS:,}", (320, 4)
    with _served_district(demo_district(LARGE_DISTRICT_STUDENTS), 1, is_large=True) as district:
        rows = _own_classes(district, where, goals)
    facts = district.demo.facts
    sections = current_sections(facts)[district.staff["teacher-0"]]
    students, case = students_of(facts, sections), f"teacher, own classes' work{where}"
    least = least_calls_of_single_page(facts, students, sections)
    of_any_length = least_calls_of_single_page(facts, students, sections, math.inf)
    rows += [
        Row("day", case, "vendor calls over the least", rows[0].value / least, "x", MAX_CALLS_RATIO_AT_ONCE),
        Row("day", case, "least vendor calls", least, "calls"),
        Row("day", case, "least vendor calls if lists of any length were read", of_any_length, "calls"),
    ]
    where = f"{where} whose rows name all schools"
    with _served_district(complete_district(LARGE_DISTRICT_STUDENTS), 1, is_large=True) as district:
        rows += _own_classes(district, where, goals, schools_are_named=True)
        case, metric = f"teacher, own classes' work{where}", "pages that differ without this statement"
        return [*rows, Row("day", case, metric, _count_different_pages(district), "pages", 0)]


def _count_different_pages(district: ServedDistrict) -> int:
    """
    1 if a teacher's page differs when the district does not state that its rows name all schools; otherwise 0.
    """
    pages = []
    for schools_are_named in (False, True):
        with gateway(district.plan(schools_are_named=schools_are_named)) as running:
            pages.append(_complete_page(running)["data"])
    return int(pages[0] != pages[1])


def _complete_page(running: Server) -> dict[str, Any]:
    """A teacher's page, requested again as long as it ends at a deadline."""
    for _ in range(MAX_REQUESTS_OF_PAGE):
        body, _ = running.page("teacher-0", OWN_CLASSES)
        if not _failures(body):
            break
    return body


def _own_classes(
    district: ServedDistrict, where: str = "", goals: tuple[int, float] = (110, 2.5), **options: bool
) -> list[Row]:
    """
    A teacher's day with the work of their own classes, with an empty cache and again.

    `goals` are calls and seconds.
    """
    case, (max_calls, max_seconds) = f"teacher, own classes' work{where}", goals
    with gateway(district.plan(**options)) as running:
        # The sandboxes build their indexes at the first request. A vendor's database has its indexes already.
        _complete_page(running)
    with gateway(district.plan(**options)) as running:
        take_requests(district.sandboxes)
        body, seconds = running.page("teacher-0", OWN_CLASSES)
        failed = _failures(body)
        if failed:
            _complete_page(running)
        calls = data_calls(take_requests(district.sandboxes))
        _, again = min((running.page("teacher-0", OWN_CLASSES) for _ in range(5)), key=lambda page: page[1])
        calls_again = data_calls(take_requests(district.sandboxes))
    return [
        Row("day", case, "vendor calls, cold", calls, "calls", max_calls),
        Row("day", case, "cold", seconds, "s", max_seconds),
        Row("day", case, "parts that a deadline cut, cold", failed, "parts", 0),
        Row("day", case, "vendor calls, again", calls_again, "calls", 0),
        Row("day", case, "again", again * 1000, "ms", 15),
    ]


def _all_work(district: ServedDistrict) -> list[Row]:
    """A teacher's day with the work of each student in all classes."""
    case, facts = "teacher, all work of each student", district.demo.facts
    with gateway(district.plan()) as running:
        take_requests(district.sandboxes)
        body, seconds = running.page("teacher-0", ALL_WORK)
        calls = data_calls(take_requests(district.sandboxes))
    sections = current_sections(facts)[district.staff["teacher-0"]]
    students = students_of(facts, sections)
    least = least_calls(facts, students)
    return [
        Row("day", case, "vendor calls over the least", calls / least, "x", 1.3),
        Row("day", case, "vendor calls, cold", calls, "calls"),
        Row("day", case, "cold", seconds, "s", 6),
        Row("day", case, "parts that failed", _failures(body), "parts", 0),
    ]


def _teachers_at_once(district: ServedDistrict) -> list[Row]:
    """Ten teachers of one school open their day at the same time."""
    case = f"{TEACHERS_AT_ONCE} teachers of one school at once"
    names = [name for name in district.staff if name.startswith("teacher")]
    with gateway(district.plan()) as running:
        running.page("teacher-0", "{ viewer { role } }")
        take_requests(district.sandboxes)
        running.page("teacher-0", OWN_CLASSES)
        single = data_calls(take_requests(district.sandboxes))
    with gateway(district.plan()) as running, ThreadPoolExecutor(len(names)) as threads:
        take_requests(district.sandboxes)
        list(threads.map(lambda name: _own_client(running).page(name, OWN_CLASSES), names))
        together = data_calls(take_requests(district.sandboxes))
    taught = current_sections(district.demo.facts)
    sections = set().union(*(taught[district.staff[name]] for name in names))
    least = least_calls_at_once(district.demo.facts, sections)
    return [
        Row("day", case, "vendor calls over the least", together / least, "x", MAX_CALLS_RATIO_AT_ONCE),
        Row("day", case, "vendor calls over those of one", together / single, "x"),
        Row("day", case, "least vendor calls over those of one", least / single, "x"),
        Row("day", case, "vendor calls", together, "calls"),
        Row("day", case, "vendor calls of one", single, "calls"),
    ]


def _own_client(running: Server) -> Server:
    """The same gateway with a separate client for a thread."""
    return Server(running.url, running.headers_by_person, running.process)


def _school_list(district: ServedDistrict) -> list[Row]:
    """A principal's list of the largest school, with and without the work of all classes."""
    facts = district.demo.facts
    school_id = encode(GlobalId("School", district.demo.id, str(largest_school(facts))))
    in_school = {e.student for e in facts.enrollments if e.school == largest_school(facts)}
    rows = []
    with gateway(district.plan()) as running:
        take_requests(district.sandboxes)
        _, seconds = running.all_pages("superintendent", SCHOOL_LIST, school=school_id)
        calls = data_calls(take_requests(district.sandboxes))
        case = "principal, list of 450"
        rows += [
            Row("day", case, "vendor calls, cold", calls, "calls", 100),
            Row("day", case, "cold, all pages", seconds, "s", 4),
        ]
    with gateway(district.plan()) as running:
        take_requests(district.sandboxes)
        first, _ = running.all_pages("superintendent", SCHOOL_LIST_WITH_WORK, school=school_id)
        second, seconds = running.all_pages("superintendent", SCHOOL_LIST_WITH_WORK, school=school_id)
        calls = data_calls(take_requests(district.sandboxes))
    least = least_calls(facts, in_school)
    case = "principal, list of 450 with all work"
    return [
        *rows,
        Row("day", case, "parts that failed, first request", sum(map(_failures, first)), "parts"),
        Row("day", case, "parts that failed, second request", sum(map(_failures, second)), "parts", 0),
        Row("day", case, "vendor calls over the least", calls / least, "x", 1.3),
        Row("day", case, "second request, all pages", seconds, "s"),
    ]


def _quota(district: ServedDistrict) -> list[Row]:
    """A page of a source that allows 100 requests a minute: it is complete after two requests, a minute apart."""
    case = "100 requests a minute"
    for sandbox in district.sandboxes:
        sandbox.switches.requests_per_minute = REQUESTS_PER_MINUTE
    with gateway(district.plan(requests_per_minute=REQUESTS_PER_MINUTE)) as running:
        running.page("teacher-0", OWN_CLASSES)
        time.sleep(QUOTA_PAUSE_SECONDS)
        body, _ = running.page("teacher-0", OWN_CLASSES)
    refused = sum(sandbox.refused for sandbox in district.sandboxes)
    for sandbox in district.sandboxes:
        sandbox.switches.requests_per_minute = None
    return [
        Row("day", case, "parts that failed, second request", _failures(body), "parts", 0),
        Row("day", case, "requests that a vendor refused", refused, "requests", 0),
    ]


def _failures(body: Mapping[str, Any]) -> int:
    """The number of parts of a response that are missing for another reason than an ordinary absence."""
    codes = [error.get("extensions", {}).get("code") for error in body.get("errors", ())]
    codes += [part["code"] for part in body.get("extensions", {}).get("degraded", ())]
    return sum(code not in ORDINARY_CODES for code in codes)
