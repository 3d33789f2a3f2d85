"""
Vendor calls for each lookup on pages of different sizes: the table of access paths of the design, extended.

Each operation starts without cached answers. Calls for credentials and for change versions do not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, TypeAlias

import pytest

from student_graph.adapters.answers import Answers, Ask, Ref
from student_graph.adapters.contract import Adapter
from student_graph.adapters.edfi.client.keys import section_id
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import SectionId, StudentId
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts, SectionFact
from student_graph.adapters.sources import Fetch, Source, Sources
from student_graph.gateway.cache import Limits
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.gateway.signing import HmacSigner
from tests.long_runs import LONG_RUNS
from tests.scenarios.helpers.answers import without_fetch_time
from tests.scenarios.helpers.sandbox_district import VIEWER, SandboxDistrict, sandbox_district

ELEMENTARY_SCHOOL = 390042201
"""The elementary school of 450."""
SIZES = {"students": 1000, "school_students": 450}
"""Settings that say how large the district is; a source without such a setting ignores them."""
PATIENT_SECONDS = 300.0
"""For an operation and for a batch: calls are counted here, not time."""
MAX_ATTEMPTS = 4
UNCOUNTED = {"token", "", "availableChangeVersions"}
"""Requests that are no reads of a page: for credentials, discovery and change versions."""

BY_STUDENT = {
    "edfi": {
        "students_by_id": (5, 2, 2),
        "student_identities_by_id": (4, 4, 4),
        "demographics_by_student": (4, 4, 4),
        "english_proficiency_by_student": (4, 4, 4),
        "addresses_by_student": (4, 4, 4),
        "contacts_by_student": (6, 6, 6),
        "school_enrollments_by_student": (3, 3, 3),
        "section_enrollments_by_student": (5, 10, 10),
        "attendance_events_by_student": (5, 4, 4),
        "section_attendance_events_by_student": (5, 1, 1),
        "discipline_incidents_by_student": (2, 2, 2),
        "discipline_actions_by_student": (1, 1, 1),
        "course_grades_by_student": (5, 14, 16),
        "academic_records_by_student": (5, 2, 2),
        "assessment_results_by_student": (5, 5, 5),
        "program_participations_by_student": (4, 4, 4),
        "special_education_by_student": (1, 1, 1),
        "homelessness_by_student": (1, 1, 1),
        "food_service_by_student": (1, 1, 1),
        "transportation_by_student": (1, 1, 1),
    },
    "canvas": {
        "lms_accounts_by_student": (9, 32, 28),
        "course_grades_by_student": (15, 38, 36),
        "assignment_work_by_student": (17, 40, 63),
    },
}
"""By source and lookup: most calls for 5 students of a class, for the class of 28, and for the school of 450."""
NOT_OFFERED = {"section_504_by_student"}
"""Lookups of a newer Data Standard than that of these districts; the conformance suite counts their calls."""
SAMPLE = {
    "students_by_id",
    "attendance_events_by_student",
    "assignment_work_by_section",
    "courses_by_section",
}
"""The rows that `make test` plays."""

BY_SECTION = {
    "edfi": {
        "sections_by_id": (1, 1),
        "section_enrollments_by_section": (1, 6),
        "course_grades_by_section": (1, 6),
        "section_attendance_events_by_section": (1, 6),
        "courses_by_section": (3, 3),
    },
    "canvas": {"assignment_work_by_section": (9, 20), "lms_courses_by_section": (4, 9)},
}
"""By source and lookup: most calls for one section, and for six sections of a school."""


TableLimits: TypeAlias = Mapping[str, Mapping[str, tuple[int, ...]]]


def rows(limits: TableLimits) -> list[tuple[str, str]]:
    """The sources and lookups of a table; in a long run all of them."""
    return [(kind, name) for kind, names in limits.items() for name in names if LONG_RUNS or name in SAMPLE]


@pytest.fixture
async def district() -> AsyncIterator[SandboxDistrict]:
    """A district of a thousand students, whose sources know about how large it is."""
    async with sandbox_district(large_district()) as district:
        sources = []
        for source in district.district.sources:
            adapter, settings = source.adapter, source.adapter.settings
            known = {name: size for name, size in SIZES.items() if name in type(settings).model_fields}
            settings = settings.model_copy(update={**known, "timeout": PATIENT_SECONDS})
            adapter = type(adapter)(adapter.name, settings, adapter.http)
            sources.append(replace(source, adapter=adapter))
        district.district = replace(district.district, sources=tuple(sources))
        yield district


@cache
def large_district() -> DistrictFacts:
    """A thousand students, built when a test first needs them and not in each process of the tests."""
    return make_district(1000)


def sections(facts: DistrictFacts) -> list[tuple[SectionFact, list[StudentId]]]:
    """The sections of the elementary school that have a course in the LMS, with their students."""
    in_lms = {course.section.key for course in facts.lms_courses if course.section}
    rosters: dict[Any, tuple[SectionFact, list[StudentId]]] = {}
    for enrollment in facts.section_enrollments:
        section = enrollment.section
        if section.school == ELEMENTARY_SCHOOL and section.key in in_lms:
            rosters.setdefault(section.key, (section, []))[1].append(StudentId(enrollment.student))
    return [(section, sorted(students)) for section, students in rosters.values()]


def id_of(section: SectionFact) -> SectionId:
    """The id of a section in the graph."""
    return section_id(section.school, section.year, section.session, section.course, section.identifier)


def school_students(facts: DistrictFacts) -> list[StudentId]:
    """All students who are or were enrolled at the elementary school, and the one with two schools."""
    enrolled = {enrollment.student for enrollment in facts.enrollments if enrollment.school == ELEMENTARY_SCHOOL}
    return sorted(StudentId(student) for student in enrolled | set(facts.special_cases["dual_enrollment"]))


def sources_of(district: SandboxDistrict) -> Sources:
    """The sources of a district for a new operation, without a cache and without hurry."""
    pipeline = FetchPipeline(
        [district.district], HmacSigner(b"0" * 32), Limits(memory=0), operation_seconds=PATIENT_SECONDS
    )
    return pipeline.start_operation(VIEWER).sources


async def answers_of(
    district: SandboxDistrict, source: Source, ask: Ask[Any], fetch: Fetch | None = None
) -> Answers:
    """The answers of a new operation, or of `fetch`; repeated if a busy machine let a request run out of time."""
    for _ in range(MAX_ATTEMPTS):
        district.new_calls()
        answers = await (fetch or sources_of(district).fetch)(source, ask)
        if not any(isinstance(answer.value, UnavailableError) for answer in answers.values()):
            break
    return answers


async def calls_for(
    district: SandboxDistrict, kind: str, name: str, keys: Sequence[Any], *reached_via: Ref
) -> Counter[str]:
    """The calls of a lookup for some keys in an operation of its own, by source and resource."""
    lookup = lookup_of(getattr(Adapter, name))
    arguments = {"school_year": large_district().year} if "school_year" in lookup.argument_names else {}
    ask = Ask(lookup, tuple(keys), arguments, reached_via=frozenset(reached_via))
    answers = await answers_of(district, district.source(kind), ask)
    failures = {getattr(answer.value, "code", None) for answer in answers.values()} - {None, "NO_IDENTITY_LINK"}
    assert not failures, (name, failures)
    calls = district.new_calls()
    return Counter({key: count for key, count in calls.items() if key.partition(" ")[2] not in UNCOUNTED})


def excess(table: dict[tuple[str, str], list[Counter[str]]], limits: TableLimits) -> dict[tuple[str, str], Any]:
    """The rows of a table with more calls than their limits, with these calls."""
    return {
        row: [dict(page) for page in pages]
        for row, pages in table.items()
        if any(page.total() > limit for page, limit in zip(pages, limits[row[0]][row[1]], strict=True))
    }


@pytest.mark.long_run
async def test_lookups_by_student_need_no_more_calls_than_their_limits(district: SandboxDistrict) -> None:
    """For five students, for a class that is reached through its section, and for all students of a school."""
    section, students = next((s, roster) for s, roster in sections(large_district()) if len(roster) == 28)
    in_class, in_school = Ref("section", id_of(section)), Ref("school", str(ELEMENTARY_SCHOOL))
    table = {
        (kind, name): [
            await calls_for(district, kind, name, students[:5], in_class),
            await calls_for(district, kind, name, students, in_class),
            await calls_for(district, kind, name, school_students(large_district()), in_school),
        ]
        for kind, name in rows(BY_STUDENT)
    }
    assert excess(table, BY_STUDENT) == {}


@pytest.mark.long_run
async def test_lookups_by_section_need_no_more_calls_than_their_limits(district: SandboxDistrict) -> None:
    """For one section, and for six sections of one school."""
    keys = [id_of(section) for section, _ in sections(large_district())[:6]]
    table = {
        (kind, name): [
            await calls_for(district, kind, name, keys[:1]),
            await calls_for(district, kind, name, keys),
        ]
        for kind, name in rows(BY_SECTION)
    }
    assert excess(table, BY_SECTION) == {}


@pytest.mark.parametrize("kind", BY_STUDENT)
def test_every_access_path_of_a_student_is_in_the_table(kind: str) -> None:
    """A new path gets a row, so that its calls are counted."""
    lookups = map(lookup_of, find_adapter(kind).paths)
    names = {lookup.name for lookup in lookups if lookup.key_kind == "student"}
    assert names - NOT_OFFERED == BY_STUDENT[kind].keys()


@pytest.mark.long_run
async def test_coarse_reads_return_the_same_as_point_reads(district: SandboxDistrict) -> None:
    """For a class with special cases, all lookups of the SIS return the same records in the same order."""
    students = next(roster for _, roster in sections(large_district()) if len(roster) == 28)
    special = [student for cases in large_district().special_cases.values() for student in cases]
    source, differences = district.source("edfi"), []
    for name in [name for kind, name in rows(BY_STUDENT) if kind == "edfi"]:
        lookup = lookup_of(getattr(Adapter, name))
        arguments = {"school_year": large_district().year} if "school_year" in lookup.argument_names else {}
        ask: Ask[Any] = Ask(lookup, tuple(sorted({*students, *map(StudentId, special)})), arguments)
        chosen = await answers_of(district, source, ask)
        point = await answers_of(district, source, ask, fetch_from_vendor)
        if without_fetch_time(chosen) != without_fetch_time(point):
            differences.append(name)
    assert differences == []
