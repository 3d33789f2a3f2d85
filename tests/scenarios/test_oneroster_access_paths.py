"""
Vendor calls for each lookup of OneRoster on pages of different sizes, and that lists return what single reads do.

Each operation starts without cached answers. Calls for tokens, and those that find out what the server supports,
do not count.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.answers import Ask, Ref
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import SectionId, StudentId
from student_graph.adapters.oneroster.adapter import OneRoster
from student_graph.adapters.oneroster.sandbox.rows import class_of
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import SectionFact
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from tests.long_runs import size
from tests.scenarios.helpers.answers import without_fetch_time
from tests.scenarios.helpers.sandbox_district import SandboxDistrict, sandbox_district

pytestmark = pytest.mark.long_run

STUDENTS = size(30, 400)
FACTS = make_district(STUDENTS)
SCHOOL = FACTS.schools[0].id
BY_STUDENT = {
    "students_by_id": (2, 2),
    "student_identities_by_id": (4, 4),
    "demographics_by_student": (4, 4),
    "contacts_by_student": (7, 7),
    "school_enrollments_by_student": (4, 4),
    "section_enrollments_by_student": (12, 20),
    "course_grades_by_student": (32, 100),
    "assignment_work_by_student": (32, 110),
    "assessment_results_by_student": (18, 40),
}
"""Most calls for a class that is reached through its section, and for all students of a school."""
BY_SECTION = {
    "section_enrollments_by_section": (3, 12),
    "course_grades_by_section": (6, 24),
    "assignment_work_by_section": (6, 24),
    "sections_by_id": (4, 4),
    "courses_by_section": (2, 2),
}
"""Most calls for one section, and for six sections of a school."""


@pytest.fixture
async def district() -> AsyncIterator[SandboxDistrict]:
    """A district with one source, whose settings say about how large it is."""
    async with sandbox_district(FACTS, ("oneroster",)) as district:
        (source,) = district.district.sources
        adapter = source.adapter
        size = {"students": STUDENTS, "school_students": STUDENTS // 2}
        adapter = OneRoster(adapter.name, adapter.settings.model_copy(update=size), adapter.http)
        district.district = replace(district.district, sources=(replace(source, adapter=adapter),))
        yield district


def rosters() -> list[tuple[SectionFact, list[StudentId]]]:
    """The sections of the school with their students, the largest first."""
    by_key: dict[Any, tuple[SectionFact, set[StudentId]]] = {}
    for enrollment in FACTS.section_enrollments:
        if enrollment.section.school == SCHOOL:
            by_key.setdefault(enrollment.section.key, (enrollment.section, set()))[1].add(
                StudentId(enrollment.student)
            )
    return sorted(
        ((section, sorted(students)[:28]) for section, students in by_key.values()), key=lambda pair: -len(pair[1])
    )


def ask_for(name: str, keys: Sequence[Any], *reached_via: Ref) -> Ask[Any]:
    """An ask for some keys of a lookup."""
    lookup = lookup_of(getattr(Adapter, name))
    arguments = {"school_year": FACTS.year} if "school_year" in lookup.argument_names else {}
    return Ask(lookup, tuple(keys), arguments, reached_via=frozenset(reached_via))


async def calls_for(district: SandboxDistrict, ask: Ask[Any]) -> Counter[str]:
    """The calls of an ask in an operation of its own, by resource."""
    district.new_calls()
    answers = await district.start_operation().sources.fetch(district.source("oneroster"), ask)
    assert not [answer.value for answer in answers.values() if isinstance(answer.value, AdapterError)]
    return district.new_calls()


async def excess(
    district: SandboxDistrict, asks: dict[str, Sequence[Ask[Any]]], limits: dict[str, tuple[int, ...]]
) -> dict[str, list[dict[str, int]]]:
    """The lookups with more calls than their limits, with these calls."""
    for lookup_asks in asks.values():  # finds out what the server supports
        await asyncio.gather(*(calls_for(district, ask) for ask in lookup_asks))
    pages = {
        name: [dict(await calls_for(district, ask)) for ask in lookup_asks] for name, lookup_asks in asks.items()
    }
    return {
        name: counts
        for name, counts in pages.items()
        if any(sum(page.values()) > limit for page, limit in zip(counts, limits[name], strict=True))
    }


async def test_lookups_by_student_need_no_more_calls_than_their_limits(district: SandboxDistrict) -> None:
    """For a class that is reached through its section, and for all students of a school."""
    section, students = rosters()[0]
    in_school = sorted({StudentId(fact.student) for fact in FACTS.enrollments if fact.school == SCHOOL})
    asks = {
        name: (
            ask_for(name, students, Ref("section", class_of(section.key).id)),
            ask_for(name, in_school, Ref("school", str(SCHOOL))),
        )
        for name in BY_STUDENT
    }

    assert await excess(district, asks, BY_STUDENT) == {}


async def test_lookups_by_section_need_no_more_calls_than_their_limits(district: SandboxDistrict) -> None:
    """For one section, and for six sections of one school."""
    keys = [SectionId(class_of(section.key).id) for section, _ in rosters()[:6]]
    asks = {name: (ask_for(name, keys[:1]), ask_for(name, keys)) for name in BY_SECTION}

    assert await excess(district, asks, BY_SECTION) == {}


def test_every_access_path_is_in_a_table() -> None:
    """A new path gets a row, so that its calls are counted; schools are few and are read in one list anyway."""
    lookups = {lookup_of(method).name for method in OneRoster.paths}

    assert lookups - {"schools_by_id"} <= {*BY_STUDENT, *BY_SECTION}


async def test_lists_return_the_same_as_point_reads(district: SandboxDistrict) -> None:
    """For a class and all special cases, such as two schools and re-entry, whichever way the gateway takes."""
    special = {StudentId(student) for cases in FACTS.special_cases.values() for student in cases}
    keys = sorted(
        {*rosters()[0][1], *special} & set(map(StudentId, district.sandboxes["oneroster"].known_keys("student")))
    )
    source, differences = district.source("oneroster"), []
    for name in BY_STUDENT:
        ask = ask_for(name, keys)
        chosen = await district.start_operation().sources.fetch(source, ask)
        if without_fetch_time(chosen) != without_fetch_time(await fetch_from_vendor(source, ask)):
            differences.append(name)

    assert differences == []
